//! X's JSON as plain data. Fields are being renamed from `tweet` to `post`: both names are understood, and missing
//! fields are left empty.

use crate::{
    clean::decode,
    mentions::{Account, Mention, Moment, Person, names},
};
use serde::Deserialize;
use serde_json::Value;

/// The time of id 0, in Unix milliseconds.
const EPOCH: Moment = 1_288_834_974_657;

/// New field names, and the old ones used here.
const RENAMED: [(&str, &str); 6] = [
    ("edit_history_post_ids", "edit_history_tweet_ids"),
    ("referenced_posts", "referenced_tweets"),
    ("note_post", "note_tweet"),
    ("in_reply_to_post_id", "in_reply_to_tweet_id"),
    ("posts", "tweets"),
    ("reposted", "retweeted"),
];

/// Posts with the objects that they refer to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Many {
    /// The posts, parsed one by one so that an unreadable one does not hide the others.
    pub data: Vec<Value>,
    includes: Includes,
    /// The page's metadata.
    pub meta: Meta,
}

/// A page's metadata.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// The token of the next page.
    pub next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Includes {
    users: Vec<Value>,
}

/// An account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct User {
    id: String,
    username: String,
    description: String,
    protected: bool,
    affiliation: Affiliation,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Affiliation {
    description: String,
}

/// A post.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Post {
    /// Its id.
    pub id: String,
    text: String,
    author_id: String,
    conversation_id: String,
    in_reply_to_user_id: Option<String>,
    edit_history_tweet_ids: Vec<String>,
    referenced_tweets: Vec<Reference>,
    entities: Entities,
    display_text_range: Vec<usize>,
    note_tweet: Note,
    possibly_sensitive: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    r#type: String,
    id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entities {
    mentions: Vec<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Note {
    text: String,
}

/// The body as JSON, with new names replaced by old ones. `None` when it isn't an object.
pub fn parse(body: &[u8]) -> Option<Value> {
    let mut value = crate::bot::json::parse(body)?;
    rename(&mut value);
    value.is_object().then_some(value)
}

fn rename(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(rename),
        Value::Object(fields) => {
            for (new, old) in RENAMED {
                if let Some(inner) = fields.remove(new) {
                    fields.entry(old).or_insert(inner);
                }
            }
            for (name, inner) in fields.iter_mut() {
                if name == "type" && inner == "reposted" {
                    *inner = "retweeted".into();
                }
                rename(inner);
            }
        }
        _ => {}
    }
}

/// The creation time encoded in a post's id.
pub fn time_of(id: &str) -> Option<Moment> {
    is_id(id).then(|| id.parse::<i64>().ok()).flatten().map(|id| (id >> 22) + EPOCH)
}

/// The smallest id with this creation time.
pub fn id_at(moment: Moment) -> String {
    ((moment - EPOCH).max(0) << 22).to_string()
}

/// Whether this has the form of an id; nothing else may become part of an address.
pub fn is_id(id: &str) -> bool {
    (1..=19).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

impl User {
    /// As the bot's own account.
    pub fn account(self) -> Account {
        let (id, handle, description) = (self.id, self.username, self.description);
        Account { id, handle, description, ..Account::default() }
    }

    fn person(self) -> Person {
        let label = self.affiliation.description.to_lowercase();
        Person {
            id: self.id,
            handle: self.username,
            protected: self.protected,
            automated: label.contains("automated"),
        }
    }
}

impl Many {
    /// The posts as mentions of `me`, and those that can't be read: a name for each, and what is wrong.
    pub fn mentions(&self, me: &Account) -> (Vec<Mention>, Vec<(String, String)>) {
        let users: Vec<User> =
            self.includes.users.iter().filter_map(|user| User::deserialize(user).ok()).collect();
        let (mut mentions, mut unread) = (Vec::new(), Vec::new());
        for value in &self.data {
            let read = Post::deserialize(value).map_err(|error| error.to_string());
            let read = read
                .and_then(|post| post.mention(me, &users).ok_or_else(|| "it has no id".to_owned()));
            match read {
                Ok(mention) => mentions.push(mention),
                Err(why) => {
                    let id = value["id"].as_str().filter(|id| is_id(id)).map(str::to_owned);
                    let name =
                        || format!("unread-{:08x}", crc32fast::hash(value.to_string().as_bytes()));
                    unread.push((id.unwrap_or_else(name), why.chars().take(120).collect()));
                }
            }
        }
        (mentions, unread)
    }

    /// Pairs of the answered post and the replying post.
    pub fn pairs(&self) -> Vec<(String, String)> {
        self.posts()
            .filter_map(|post| {
                let to =
                    post.referenced_tweets.iter().find(|other| other.r#type == "replied_to")?;
                Some((to.id.clone(), post.id.clone()))
            })
            .collect()
    }

    /// Pairs of the text and the id of posts that reply to none.
    pub fn own(&self) -> Vec<(String, String)> {
        let own = self.posts().filter(|post| post.referenced_tweets.is_empty());
        own.map(|post| (decode(&post.text), post.id)).collect()
    }

    fn posts(&self) -> impl Iterator<Item = Post> + '_ {
        self.data.iter().filter_map(|post| Post::deserialize(post).ok())
    }
}

impl Post {
    fn mention(self, me: &Account, users: &[User]) -> Option<Mention> {
        let created = time_of(&self.id)?;
        let refers = |kind: &str| self.referenced_tweets.iter().any(|other| other.r#type == kind);
        let author = users.iter().find(|user| user.id == self.author_id).cloned();
        let author = author.map_or_else(
            || Person { id: self.author_id.clone(), ..Person::default() },
            User::person,
        );
        let first = self.edit_history_tweet_ids.first().filter(|id| is_id(id)).unwrap_or(&self.id);
        let whole =
            if self.note_tweet.text.is_empty() { &self.text } else { &self.note_tweet.text };
        let is_reply = refers("replied_to") || self.in_reply_to_user_id.is_some();
        let mut others: Vec<_> =
            self.entities.mentions.iter().map(|named| named.id.clone()).collect();
        others.retain(|id| is_id(id) && *id != me.id && *id != author.id);
        others.dedup();
        Some(Mention {
            key: first.clone(),
            created,
            text: decode(whole),
            conversation: match &*self.conversation_id {
                "" => first.clone(),
                thread => thread.to_owned(),
            },
            explicit: self.is_explicit(&me.handle, is_reply),
            repost: refers("retweeted"),
            quote: refers("quoted"),
            sensitive: self.possibly_sensitive,
            others,
            id: self.id.clone(),
            author,
            ..Mention::default()
        })
    }

    /// In a reply, leading handles are inherited from the thread and do not count.
    fn is_explicit(&self, handle: &str, is_reply: bool) -> bool {
        if !is_reply {
            return names(&self.text, handle) || names(&self.note_tweet.text, handle);
        }
        let own: String = match self.display_text_range.first() {
            Some(from) => self.text.chars().skip(*from).collect(),
            None => {
                let mut rest = self.text.trim_start();
                while rest.starts_with('@') {
                    rest = rest
                        .split_once(char::is_whitespace)
                        .map_or("", |(_, rest)| rest.trim_start());
                }
                rest.to_owned()
            }
        };
        names(&own, handle)
    }
}
