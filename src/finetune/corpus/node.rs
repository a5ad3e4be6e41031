//! A JSON value as a tree whose strings borrow from the file, and two repairs: control characters that Telegram writes as
//! `\x0C`, and UTF-8 that Facebook and Instagram write byte by byte as if it were Latin-1.

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// A JSON value. Names may occur twice in an object, as they do in some archives.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Self>),
    /// An object.
    Map(Vec<(Cow<'a, str>, Self)>),
    /// A number. Only whole ones matter.
    Number(i64),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

impl<'a> Node<'a> {
    /// Parse a value. `json` may have the escapes of Telegram.
    ///
    /// # Errors
    /// When it isn't JSON.
    pub fn parse(json: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str(json).or_else(|error| {
            let Some(repaired) = without_hex_escapes(json) else { return Err(error) };
            Node::deserialize(&mut serde_json::Deserializer::from_str(&repaired))
                .map(Node::into_owned)
        })
    }

    fn into_owned(self) -> Node<'static> {
        match self {
            Self::Text(text) => Node::Text(text.into_owned().into()),
            Self::List(all) => Node::List(all.into_iter().map(Self::into_owned).collect()),
            Self::Map(fields) => {
                let owned = |(name, value): (Cow<str>, Self)| {
                    (name.into_owned().into(), value.into_owned())
                };
                Node::Map(fields.into_iter().map(owned).collect())
            }
            Self::Number(n) => Node::Number(n),
            Self::Bool(yes) => Node::Bool(yes),
            Self::Null => Node::Null,
        }
    }

    /// The string, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The fields, if it is an object.
    pub fn fields(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Map(fields) => fields,
            _ => &[],
        }
    }

    /// The field of exactly this name.
    pub fn field(&self, name: &str) -> Option<&Self> {
        self.fields().iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The elements, if it is a list.
    pub fn elements(&self) -> &[Self] {
        match self {
            Self::List(all) => all,
            _ => &[],
        }
    }

    /// All strings in it, at any depth.
    pub fn strings(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::List(all) => all.iter().flat_map(Self::strings).collect(),
            Self::Map(fields) => fields.iter().flat_map(|(_, value)| value.strings()).collect(),
            _ => Vec::new(),
        }
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Nodes)
    }
}

struct Nodes;

impl<'de> Visitor<'de> for Nodes {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(text.into()))
    }

    /// Only strings with escapes come here.
    fn visit_str<E: Error>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(without_mojibake(text).into_owned().into()))
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(yes))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node<'de>, E> {
        Ok(i64::try_from(number).map_or(Node::Null, Node::Number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(number))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node<'de>, A::Error> {
        let mut all = Vec::new();
        while let Some(value) = list.next_element()? {
            all.push(value);
        }
        Ok(Node::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<Node>()? {
            let value = map.next_value()?;
            if let Node::Text(name) = name {
                fields.push((name, value));
            }
        }
        Ok(Node::Map(fields))
    }
}

/// JSON in which control characters are written as `\x0C`, as Telegram does. `None` if there are none.
fn without_hex_escapes(json: &str) -> Option<String> {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    let mut found = false;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let hex = rest[at..].strip_prefix("\\x").and_then(|rest| rest.get(..2));
        if let Some(hex) = hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            found = true;
            out.push_str("\\u00");
            out.push_str(hex);
            rest = &rest[at + 4..];
        } else {
            // the escaped character is copied with it, so that `\\x` stays
            let end = rest[at + 1..].chars().next().map_or(1, |c| 1 + c.len_utf8());
            out.push_str(&rest[at..at + end]);
            rest = &rest[at + end..];
        }
    }
    out.push_str(rest);
    found.then_some(out)
}

/// Repairs UTF-8 whose bytes were written as the characters of Latin-1. A text is repaired as a whole or not at all.
pub fn without_mojibake(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().all(|c| c <= '\u{ff}') {
        return text.into();
    }
    let bytes: Vec<u8> = text.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()).collect();
    match String::from_utf8(bytes) {
        Ok(repaired) => repaired.into(),
        Err(_) => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn broken_writers_are_repaired() {
        let repaired = without_hex_escapes(r#"{"a":"x\x0Cy\\x41\n"}"#).unwrap();
        assert_eq!(repaired, r#"{"a":"x\u000Cy\\x41\n"}"#);
        assert_eq!(without_hex_escapes(r#"{"a":"\\x0C"}"#), None);
        assert_eq!(without_hex_escapes("\\"), None);
        assert_eq!(without_mojibake("CafÃ© â\u{80}\u{94} x"), "Café — x");
        for whole in ["Café", "naïve Ã", "plain", "日本 Ã©"] {
            assert_eq!(without_mojibake(whole), whole);
        }
        let node = Node::parse(r#"{"a":"Caf\u00c3\u00a9","a":"CafÃ©","b":["x\x0C"]}"#).unwrap();
        assert_eq!(node.strings(), ["Café", "CafÃ©", "x\u{c}"]);
        assert!(Node::parse("{\"a\":}").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_tree_or_an_error(json in r#"(\{|\}|\[|\]|"|:|,|\\|\\x0C|\\u00e9|1|true|é|a){0,60}"#) {
            if let Ok(node) = Node::parse(&json) {
                prop_assert!(node.strings().len() <= json.len());
            }
        }
    }
}
