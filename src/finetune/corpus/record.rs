//! Finds the texts in a JSON value, at any depth, by the field names that archives use, and what these fields say about
//! a text: who wrote it, whether it is somebody else's first, whether it is private.

use super::{
    Reason,
    names::{
        is, is_author, is_inside, is_of_author, is_others, is_prose, is_shared, is_speaker,
        is_true, rank,
    },
    node::Node,
    pieces::{joined, labelled},
    strip,
};
use std::borrow::Cow;

type Fields<'n> = [(Cow<'n, str>, Node<'n>)];

/// A text that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record<'n> {
    /// The text.
    pub text: Cow<'n, str>,
    /// Why it is dropped whatever it says.
    pub drop: Option<Reason>,
    /// The names of its author.
    pub authors: Vec<String>,
    /// Whether it is a message in a chat, where others speak too.
    pub chat: bool,
}

/// The texts in a value, in their order. An element of a list without a text, among others with one, is a `None`. With
/// `column`, only fields of this name are texts; `a.b` is the field `b` of the object `a`.
pub fn find<'n>(node: &'n Node<'n>, column: Option<&str>) -> Vec<Option<Record<'n>>> {
    let mut search = Search { column, found: Vec::new() };
    if let (Node::Text(text), None) = (node, column) {
        search.found.push(Some(Record { text: (&**text).into(), ..Record::default() }));
    } else {
        search.walk(node, "");
    }
    search.found
}

/// How many bytes of a value look like prose. Other people's words don't count.
pub fn prose_bytes(node: &Node) -> usize {
    match node {
        Node::Text(text) if is_prose(text) => text.len(),
        Node::List(all) => all.iter().map(prose_bytes).sum(),
        Node::Map(fields) => {
            fields.iter().filter(|(name, _)| !is_others(name)).map(|(_, n)| prose_bytes(n)).sum()
        }
        _ => 0,
    }
}

struct Search<'n, 's> {
    column: Option<&'s str>,
    found: Vec<Option<Record<'n>>>,
}

impl<'n> Search<'n, '_> {
    /// Search a value that is in a field of this name.
    fn walk(&mut self, node: &'n Node<'n>, name: &str) {
        match node {
            Node::List(all) => self.list(all, name),
            Node::Map(fields) => self.map(fields, false),
            _ => {}
        }
    }

    fn list(&mut self, all: &'n [Node<'n>], name: &str) {
        let before = self.found.len();
        let texts = all.iter().all(|one| one.text().is_some());
        if texts && self.column.is_none() && (name.is_empty() || is_plural(name)) {
            let texts = all.iter().filter_map(Node::text);
            self.found
                .extend(texts.map(|text| Some(Record { text: text.into(), ..Record::default() })));
            return;
        }
        let mut without = 0;
        for one in all {
            let before = self.found.len();
            match one {
                Node::Map(fields) => self.map(fields, name == "media"),
                _ => self.walk(one, name),
            }
            without += usize::from(self.found.len() == before && !one.fields().is_empty());
        }
        if self.found.len() > before {
            self.found.extend(std::iter::repeat_n(None, without));
        }
    }

    /// Search an object. `media` = it is in a list of media.
    fn map(&mut self, fields: &'n Fields<'n>, media: bool) {
        if let Some(column) = self.column {
            let mut texts = Vec::new();
            fields.iter().for_each(|(key, value)| reach(key, value, column, &mut texts));
            if texts.is_empty() {
                fields.iter().for_each(|(name, value)| self.walk(value, name));
            }
            let marks = marks(fields);
            self.found.extend(texts.into_iter().map(|text| Some(Record { text, ..marks.clone() })));
            return;
        }
        let found = record(fields, media);
        let weak = found.as_ref().is_none_or(|(_, weak)| *weak);
        let before = self.found.len();
        if weak {
            let own = |name: &str| is_others(name) || found.is_some() && rank(name).is_some();
            let others = fields.iter().filter(|(name, _)| !own(name));
            others.for_each(|(name, value)| self.walk(value, name));
        }
        if self.found.len() == before {
            let shared = || Some(marks(fields)).filter(|marks| marks.drop == Some(Reason::Retweet));
            self.found.extend(found.map(|(record, _)| record).or_else(shared).map(Some));
        }
    }
}

/// Names of lists whose strings are texts of their own, and not pieces of one.
fn is_plural(name: &str) -> bool {
    ["tweets", "posts", "texts", "messages", "documents", "comments", "poems", "stories"]
        .iter()
        .any(|plural| is(name, plural))
}

/// The texts at the end of a path such as `a.b`, from the field `key` on.
fn reach<'n>(key: &str, value: &'n Node<'n>, path: &str, out: &mut Vec<Cow<'n, str>>) {
    if key.eq_ignore_ascii_case(path) {
        match joined(value) {
            Some(text) => out.push(text),
            None => out.extend(value.elements().iter().filter_map(joined)),
        }
        return;
    }
    let rest = path.split_at_checked(key.len()).and_then(|(first, rest)| {
        rest.strip_prefix('.').filter(|_| first.eq_ignore_ascii_case(key))
    });
    let Some(rest) = rest else { return };
    let inside = std::slice::from_ref(value);
    for one in if value.elements().is_empty() { inside } else { value.elements() } {
        one.fields().iter().for_each(|(key, value)| reach(key, value, rest, out));
    }
}

/// The record that an object is, and whether objects in it are preferred because its text is hardly one. `media` = the
/// object is in a list of media, where the title is the text.
fn record<'n>(fields: &'n Fields<'n>, media: bool) -> Option<(Record<'n>, bool)> {
    let mut record = marks(fields);
    let mut best = 0;
    let mut weak = false;
    let mut found = false;
    for (name, value) in fields {
        let rank = rank(name);
        if matches!(value, Node::Map(_)) && (rank.is_some() || is_inside(name)) {
            if let Some((inside, _)) = self::record(value.fields(), false) {
                (best, found, weak) = (usize::MAX, true, false);
                record.text = inside.text;
                record.drop = record.drop.or(inside.drop);
                record.chat |= inside.chat;
                record.authors.extend(inside.authors);
            }
            continue;
        }
        let text = match (&**name, value) {
            ("string_map_data" | "label_values", _) => labelled(value),
            ("title", _) if media || fields.iter().any(|(name, _)| name == "media") => {
                value.text().map(|text| (rank.unwrap_or(1), text.into()))
            }
            ("description", _) if fields.iter().any(|(name, _)| name == "uri") => {
                value.text().map(|text| (1, text.into()))
            }
            _ if rank.is_some() && !is_plural(name) => {
                joined(value).map(|text| (rank.unwrap_or_default(), text))
            }
            _ => None,
        };
        let Some((rank, text)) = text else { continue };
        let better = rank > best || record.text.trim().is_empty();
        if !found || better && !text.trim().is_empty() {
            (best, found) = (rank, true);
            weak = text.trim().is_empty()
                || ["status", "message"].iter().any(|weak| is(name, weak)) && !is_prose(&text);
            record.text = text;
        }
    }
    if fields.iter().any(|(name, _)| name.starts_with("subreddit")) {
        record.text = strip::quotes(record.text);
    }
    found.then_some((record, weak))
}

/// What an object says about its text.
fn marks<'n>(fields: &Fields<'n>) -> Record<'n> {
    let mut record = Record::default();
    let (mut audience, mut public) = (false, false);
    for (name, value) in fields {
        let texts = || value.strings().into_iter();
        let drop = match (&**name, value) {
            ("to" | "cc", _) => {
                audience |= texts().any(|name| name.contains("://"));
                public |=
                    texts().any(|name| name.ends_with("#Public") || name.ends_with(":Public"));
                None
            }
            ("visibility", Node::Text(kind)) => {
                matches!(&**kind, "private" | "direct").then_some(Reason::Private)
            }
            ("type", Node::Text(kind)) if kind == "Announce" => Some(Reason::Retweet),
            ("reason", Node::Map(_)) => {
                texts().any(|text| text.ends_with("Repost")).then_some(Reason::Retweet)
            }
            ("isTrashed" | "is_unsent" | "isUnsent" | "deleted", Node::Bool(true)) => {
                Some(Reason::Deleted)
            }
            _ if is_shared(name) => is_set(name, value).then_some(Reason::Retweet),
            _ if is_author(name) => {
                record.authors.extend(authors(value));
                record.chat |= is_speaker(name);
                None
            }
            _ => None,
        };
        record.drop = record.drop.or(drop);
    }
    if audience && !public {
        record.drop = record.drop.or(Some(Reason::Private));
    }
    record
}

/// Whether a mark is set.
fn is_set(name: &str, value: &Node) -> bool {
    match value {
        Node::Text(text) if is(name, "forwardedfrom") || is(name, "forwardedfromid") => {
            !text.is_empty()
        }
        Node::Text(text) => is_true(text),
        Node::Number(n) => *n == 1,
        Node::Bool(yes) => *yes,
        Node::Map(fields) => !fields.is_empty(),
        _ => false,
    }
}

/// The names in a field that names the author.
fn authors(value: &Node) -> Vec<String> {
    match value {
        Node::Text(name) => vec![name.to_string()],
        Node::Number(id) => vec![id.to_string()],
        Node::Map(fields) => {
            let named = fields.iter().filter(|(name, _)| is_of_author(name));
            named.flat_map(|(_, value)| authors(value)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts in a value; `-` = dropped, `?` = an element without text.
    fn texts(json: &str, column: Option<&str>) -> Vec<String> {
        let node = Node::parse(json).unwrap();
        let all = find(&node, column).into_iter();
        all.map(|one| match one {
            Some(Record { drop: Some(_), .. }) => "-".into(),
            Some(record) => record.text.into_owned(),
            None => "?".into(),
        })
        .collect()
    }

    #[test]
    fn every_archive_has_its_names() {
        for json in [
            r#"{"tweet":{"id":"1","full_text":"ash","entities":{"urls":[{"text":"x"}]}}}"#,
            r#"{"text":"cut…","full_text":"ash","lang":null}"#,
            r#"{"full_text":"ash","text":"cut…"}"#,
            r#"{"text":"cut…","extended_tweet":{"full_text":"ash"}}"#,
            r#"{"noteTweet":{"core":{"text":"ash"}}}"#,
            r#"{"tweet":"ash","user":{"status":"no"}}"#,
            r#"{"id":1,"text":"ash","isRetweet":"f","is_retweet":false}"#,
            r#""ash""#,
            r#"{"Contents":"ash","ID":1}"#,
            r#"{"rawContent":"ash","renderedContent":"x","retweetedTweet":null}"#,
            r#"{"title":"x","selftext":"ash","body":""}"#,
            r#"{"uri":"at://x","record":{"$type":"app.bsky.feed.post","text":"ash"}}"#,
            r#"{"type":"Create","to":[],"object":{"type":"Note","content":"ash","to":["https://w3.org/ns#Public"]}}"#,
            r#"{"text":["a",{"type":"bold","text":"s"},"h"]}"#,
            r#"{"text":"","text_entities":[{"type":"plain","text":"ash"}]}"#,
            r#"{"data":[{"post":"ash"},{"update_timestamp":1}],"title":"x did y."}"#,
            r#"{"comments_v2":[{"title":"x","data":[{"comment":{"comment":"ash","author":"y"}}]}]}"#,
            r#"{"media":[{"uri":"a.jpg","title":"ash"}]}"#,
            r#"{"media":[{"uri":"a.jpg","title":""}],"title":"ash"}"#,
            r#"{"string_map_data":{"Kommentar":{"value":"ash"},"Zeit":{"timestamp":1}}}"#,
            r#"{"label_values":[{"label":"URL","value":"https://x"},{"label":"Message","value":"ash"}]}"#,
            r#"{"status":"ok","items":[{"text":"ash"}]}"#,
            r#"{"kind":"Listing","data":{"children":[{"kind":"t1","data":{"body":"ash"}}]}}"#,
        ] {
            let found = texts(json, None);
            let found: Vec<_> = found.iter().filter(|text| *text != "?").collect();
            assert_eq!(found, ["ash"], "{json}");
        }
        for json in [
            r#"{"text":"ash","forwarded_from":"Elm"}"#,
            r#"{"text":"ash","isRetweet":"t"}"#,
            r#"{"is_retweet":true,"text":"ash"}"#,
            r#"{"text":"ash","retweeted_status":{"text":"ash"}}"#,
            r#"{"post":{"record":{"text":"ash"}},"reason":{"$type":"app.bsky.feed.defs#reasonRepost"}}"#,
            r#"{"to":["https://x/followers"],"cc":[],"object":{"content":"x"}}"#,
            r#"{"visibility":"direct","content":"x"}"#,
            r#"{"type":"Announce","object":"https://x/1"}"#,
        ] {
            assert_eq!(texts(json, None), ["-"], "{json}");
        }
        for json in [
            r#"{"to":["https://x/f"],"cc":["https://w3.org/ns#Public"],"text":"ash"}"#,
            r#"{"to":"bob","text":"ash"}"#,
        ] {
            assert_eq!(texts(json, None), ["ash"], "{json}");
        }
    }

    #[test]
    fn texts_are_found_at_any_depth() {
        assert_eq!(texts(r#"{"text":["one","two"]}"#, None), ["one\ntwo"]);
        assert_eq!(texts(r#"{"tweets":["one","two"]}"#, None), ["one", "two"]);
        assert_eq!(texts(r#"{"tweets":[{"text":"one"},{"id":1}]}"#, None), ["one", "?"]);
        assert_eq!(texts(r#"{"a":[[{"b":{"c":[{"body":"one"}]}}]]}"#, None), ["one"]);
        assert_eq!(texts(r#"{"text":7,"x":[1]}"#, None), [""; 0]);
        assert_eq!(texts(r#"{"likes":[{"text":"not mine"}]}"#, None), [""; 0]);
    }

    #[test]
    fn a_column_may_be_inside() {
        for (json, column, found) in [
            (r#"{"text":"elm","words":"ash"}"#, "words", vec!["ash"]),
            (r#"{"Words":"ash"}"#, "words", vec!["ash"]),
            (r#"{"a":{"b":"ash","text":"elm"},"b":"x"}"#, "a.b", vec!["ash"]),
            (r#"{"a":[{"b":"ash"},{"b":"elm"}]}"#, "A.b", vec!["ash", "elm"]),
            (r#"{"a.b":"ash"}"#, "a.b", vec!["ash"]),
            (r#"{"list":[{"a":{"b":{"c":"ash"}}}]}"#, "a.b.c", vec!["ash"]),
            (r#"{"text":"ash"}"#, "words", vec![]),
        ] {
            assert_eq!(texts(json, Some(column)), found, "{json}");
        }
    }

    #[test]
    fn authors_are_named() {
        let node = Node::parse(
            r#"[{"from":"Ash","from_id":"user7","text":"x"},{"user":{"username":"ash","id":7},"text":"x"},{"author":{"handle":"ash","avatar":"y"},"text":"x"}]"#,
        )
        .unwrap();
        let found: Vec<_> = find(&node, None).into_iter().flatten().collect();
        assert_eq!(found[0].authors, ["Ash", "user7"]);
        assert_eq!(found[1].authors, ["ash", "7"]);
        assert_eq!(found[2].authors, ["ash"]);
        assert!(found[0].chat && !found[1].chat);
    }
}
