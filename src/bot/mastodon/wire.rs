//! The server's JSON as plain data. Ids are opaque texts.

use super::{html, http::moment, local};
use crate::mentions::{Account, Mention, Moment, Person, names};
use serde_json::Value;

/// A post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Its id.
    pub id: String,
    /// When it was written.
    pub created: Moment,
    /// The post that it replies to.
    pub in_reply_to_id: Option<String>,
    author: Person,
    /// Its text, without markup.
    pub text: String,
    visibility: String,
    warning: String,
    sensitive: bool,
    quotes: bool,
    /// The ids and handles of the accounts that it mentions.
    mentions: Vec<(String, String)>,
}

/// The thread that a post belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// The id of its first post.
    root: String,
    /// Whether our handle comes from the post above, which we wrote or which mentions us.
    inherits: bool,
}

impl Thread {
    /// The thread of a post that replies to none.
    pub fn of(id: &str) -> Self {
        Self { root: id.to_owned(), inherits: false }
    }

    /// The thread of `status`, from the posts around it.
    pub fn read(context: &Value, status: &Status, me: &Account) -> Self {
        let above = context["ancestors"].as_array().map_or(&[][..], Vec::as_slice);
        let above: Vec<_> = above.iter().filter_map(|value| self::status(value).ok()).collect();
        let parent = above.iter().find(|other| Some(&other.id) == status.in_reply_to_id.as_ref());
        let inherits = parent.or(above.last()).is_some_and(|parent| {
            parent.author.id == me.id
                || parent.mentions.iter().any(|(id, _)| *id == me.id)
                || names(&parent.text, &me.handle)
        });
        let root = above.first().map_or(&status.id, |first| &first.id);
        Self { root: root.clone(), inherits }
    }
}

/// Whether a text may be an id. Ids from a server are put into addresses only after this check.
pub fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn id(value: &Value) -> Option<String> {
    value.as_str().filter(|id| is_id(id)).map(str::to_owned)
}

/// Our account.
pub fn account(value: &Value) -> Option<Account> {
    Some(Account {
        id: id(&value["id"])?,
        handle: local(value["username"].as_str().or(value["acct"].as_str())?),
        description: html::plain(&text(&value["note"])),
        read_only: false,
        is_bot: value["bot"].as_bool(),
    })
}

fn person(value: &Value) -> Option<Person> {
    Some(Person {
        id: id(&value["id"])?,
        handle: text(&value["acct"]),
        protected: false,
        automated: value["bot"] == true || wants_no_bots(&html::plain(&text(&value["note"]))),
    })
}

/// Whether a profile asks bots to keep away.
fn wants_no_bots(profile: &str) -> bool {
    let words = profile.to_lowercase();
    let mut words = words.split(|c: char| !c.is_alphanumeric() && c != '#');
    words.any(|word| word == "#nobot" || word == "#nobots")
}

/// A post.
///
/// # Errors
/// A name for the post, and what is wrong with it.
pub fn status(value: &Value) -> Result<Status, (String, String)> {
    let name = || {
        let unnamed = || format!("unread-{:08x}", crc32fast::hash(value.to_string().as_bytes()));
        id(&value["id"]).unwrap_or_else(unnamed)
    };
    let lacks = |what: &str| (name(), format!("it has no {what}"));
    let mentions = value["mentions"].as_array().map_or(&[][..], Vec::as_slice);
    Ok(Status {
        id: id(&value["id"]).ok_or_else(|| lacks("id"))?,
        created: value["created_at"].as_str().and_then(moment).ok_or_else(|| lacks("time"))?,
        in_reply_to_id: id(&value["in_reply_to_id"]),
        author: person(&value["account"]).ok_or_else(|| lacks("author"))?,
        text: html::plain(&text(&value["content"])),
        visibility: text(&value["visibility"]),
        warning: html::plain(&text(&value["spoiler_text"])),
        sensitive: value["sensitive"] == true,
        quotes: value["quote"].is_object() || value["quote_id"].is_string(),
        mentions: mentions
            .iter()
            .filter_map(|other| Some((id(&other["id"])?, text(&other["acct"]))))
            .collect(),
    })
}

/// The post of a notification; `None` if it is none of a mention.
///
/// # Errors
/// A name for it, and what is wrong with it.
pub fn notification(value: &Value) -> Result<Option<Status>, (String, String)> {
    if value["type"] != "mention" {
        return Ok(None);
    }
    status(&value["status"]).map(Some)
}

/// The visibility of a reply: never wider than that of the mention, and not in public timelines. Followers of the bot are
/// not those of the author, so a post for followers is answered directly.
pub fn narrower(visibility: &str) -> &'static str {
    match visibility {
        "public" | "unlisted" => "unlisted",
        _ => "direct",
    }
}

impl Status {
    /// The id of its author.
    pub fn author_id(&self) -> &str {
        &self.author.id
    }

    /// The post as a mention of `me`.
    pub fn mention(self, me: &Account, thread: &Thread) -> Mention {
        let explicit = match self.in_reply_to_id.is_some() && thread.inherits {
            false => true,
            // the handles at the beginning were put there by the author's program
            true => names(behind_handles(&self.text), &me.handle),
        };
        let mut others: Vec<_> = self.mentions.into_iter().map(|(id, _)| id).collect();
        others.retain(|id| *id != me.id && *id != self.author.id);
        Mention {
            key: self.id.clone(),
            id: self.id,
            created: self.created,
            text: self.text,
            conversation: thread.root.clone(),
            explicit,
            repost: false,
            quote: self.quotes,
            // a content warning is kept, so what it is about may be answered
            sensitive: self.sensitive && self.warning.is_empty(),
            others,
            author: self.author,
            visibility: self.visibility,
            warning: self.warning,
        }
    }
}

/// A text after the handles at its beginning.
fn behind_handles(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with('@') {
        rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reply_is_never_wider_than_its_mention() {
        for (mention, reply) in [
            ("public", "unlisted"),
            ("unlisted", "unlisted"),
            ("private", "direct"),
            ("direct", "direct"),
            ("mutuals_only", "direct"),
            ("", "direct"),
        ] {
            assert_eq!(narrower(mention), reply, "{mention}");
        }
    }

    #[test]
    fn a_handle_that_a_thread_brings_along_is_not_explicit() {
        let me = Account { id: "7".into(), handle: "robo".into(), ..Account::default() };
        let post = |id: &str, author: &str, to: Option<&str>, content: &str, mentions: &[&str]| {
            let mentions: Vec<_> =
                mentions.iter().map(|id| json!({"id": id, "acct": "x"})).collect();
            json!({"id": id, "created_at": "2026-11-29T02:16:00.000Z", "in_reply_to_id": to,
                "account": {"id": author, "acct": "ash"}, "content": content, "mentions": mentions})
        };
        let mention = |value: &Value, above: &[Value]| {
            let status = status(value).unwrap();
            let thread = Thread::read(&json!({"ancestors": above}), &status, &me);
            status.mention(&me, &thread)
        };
        let ours = post("1", "7", None, "@ash <p>words</p>", &["9"]);
        let answer = post("2", "9", Some("1"), "<p>@robo ha</p>", &["7"]);
        assert!(!mention(&answer, std::slice::from_ref(&ours)).explicit);
        let typed = post("2", "9", Some("1"), "<p>@robo ha, @robo go on</p>", &["7"]);
        assert!(mention(&typed, &[ours]).explicit);
        let other = post("1", "8", None, "<p>words</p>", &[]);
        let called = post("2", "9", Some("1"), "<p>@elm @robo what now</p>", &["7", "8"]);
        let called = mention(&called, &[other]);
        assert!(called.explicit);
        assert_eq!((&*called.conversation, &called.others[..]), ("1", &["8".to_owned()][..]));
    }

    #[test]
    fn what_lacks_a_part_is_named() {
        assert_eq!(status(&json!({"id": "5"})).unwrap_err().0, "5");
        assert!(status(&json!({"id": "../5"})).unwrap_err().0.starts_with("unread-"));
        assert_eq!(notification(&json!({"type": "favourite"})), Ok(None));
        assert!(wants_no_bots("I write. #nobot please") && !wants_no_bots("no botany"));
    }
}
