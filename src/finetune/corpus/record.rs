//! Finds the text in a JSON object by the field names that archives use. Other fields are skipped without being copied.

use super::table::{is_retweet_mark, is_true};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// Names of text fields, most specific first.
const TEXTS: &[&str] =
    &["full_text", "fullText", "text", "content", "body", "message", "tweet", "post", "status"];
/// Fields with an object that has the full text, when the outer one is truncated.
const INSIDE: &[&str] = &["tweet", "note_tweet", "noteTweet", "extended_tweet", "core"];

/// What is read from an object.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Record<'a> {
    /// The text, if there is any.
    pub text: Option<Cow<'a, str>>,
    /// Whether it is marked as a retweet.
    pub retweet: bool,
}

/// Read an object, or a string by itself. With `column`, only the field of this name is text.
///
/// # Errors
/// When it isn't valid JSON.
pub fn read<'a>(json: &'a str, column: Option<&str>) -> serde_json::Result<Record<'a>> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let value = Wanted { column }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(match value {
        Value::Text(text) => Record { text: Some(text), retweet: false },
        Value::Record(tweet) => tweet,
        Value::Other { .. } => Record::default(),
    })
}

/// A JSON value: a string, an object, or anything else, of which only `true` and 1 matter.
enum Value<'a> {
    Text(Cow<'a, str>),
    Record(Record<'a>),
    Other { yes: bool },
}

/// Reads a value. `column` is the wanted field's name, if it was given.
#[derive(Clone, Copy)]
struct Wanted<'n> {
    column: Option<&'n str>,
}

impl Wanted<'_> {
    /// The priority of a text field's name; higher is better. `None` for other fields.
    fn priority(self, name: &str) -> Option<usize> {
        match self.column {
            Some(column) => (name == column).then_some(1),
            None => TEXTS.iter().position(|text| *text == name).map(|at| TEXTS.len() - at),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value<'de>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(text.to_owned().into()))
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other { yes })
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Other { yes: number == 1 })
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Value<'de>, E> {
        Ok(Value::Other { yes: false })
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other { yes: false })
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Other { yes: false })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other { yes: false })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut best = 0;
        let mut tweet = Record::default();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let priority = self.priority(&name);
            let is_mark = is_retweet_mark(&name);
            if name == "retweeted_status" {
                let value = map.next_value_seed(self)?;
                tweet.retweet |= matches!(value, Value::Record(_));
                continue;
            }
            if priority.is_none() && !is_mark && !INSIDE.contains(&&*name) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            match map.next_value_seed(self)? {
                Value::Text(text) if is_mark => tweet.retweet |= is_true(&text),
                Value::Other { yes } => tweet.retweet |= is_mark && yes,
                Value::Record(inside) => {
                    tweet.retweet |= inside.retweet;
                    if inside.text.is_some() {
                        best = usize::MAX;
                        tweet.text = inside.text;
                    }
                }
                Value::Text(text) => {
                    if let Some(priority) = priority.filter(|priority| *priority > best) {
                        best = priority;
                        tweet.text = Some(text);
                    }
                }
            }
        }
        Ok(Value::Record(tweet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_archive_has_its_names() {
        let read = |json, column| {
            let tweet = read(json, column).unwrap();
            (tweet.text.map(Cow::into_owned), tweet.retweet)
        };
        let ash = || Some("ash".to_owned());
        for json in [
            r#"{"tweet":{"id":"1","full_text":"ash","entities":{"urls":[{"text":"x"}]}}}"#,
            r#"{"text":"cut…","full_text":"ash","lang":null}"#,
            r#"{"full_text":"ash","text":"cut…"}"#,
            r#"{"text":"cut…","extended_tweet":{"full_text":"ash"}}"#,
            r#"{"noteTweet":{"core":{"text":"ash"}}}"#,
            r#"{"tweet":"ash","user":{"status":"no"}}"#,
            r#"{"id":1,"text":"ash","isRetweet":"f","is_retweet":false}"#,
            r#""ash""#,
        ] {
            assert_eq!(read(json, None), (ash(), false), "{json}");
        }
        for json in [
            r#"{"text":"ash","isRetweet":"t"}"#,
            r#"{"is_retweet":true,"text":"ash"}"#,
            r#"{"text":"ash","retweeted_status":{"text":"ash"}}"#,
        ] {
            assert_eq!(read(json, None), (ash(), true), "{json}");
        }
        assert_eq!(read(r#"{"text":"elm","words":"ash"}"#, Some("words")), (ash(), false));
        assert_eq!(read(r#"{"text":7,"x":[1]}"#, None), (None, false));
        assert!(super::read("{\"text\":}", None).is_err());
    }
}
