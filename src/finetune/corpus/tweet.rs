//! The text in a JSON object, by the names that archives give it, without a copy of what isn't wanted.

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// Names of the text, best first.
const TEXTS: &[&str] =
    &["full_text", "fullText", "text", "content", "body", "message", "tweet", "post", "status"];
/// Objects that hold the whole of what the one around them has cut short.
const INSIDE: &[&str] = &["tweet", "note_tweet", "noteTweet", "extended_tweet", "core"];
/// What tells that the words are another's.
const RETWEETS: &[&str] = &["is_retweet", "isRetweet"];

/// What an object says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tweet<'a> {
    /// Its text.
    pub text: Option<Cow<'a, str>>,
    /// Whether it is marked as a retweet.
    pub retweet: bool,
}

/// Reads one object, or a text that stands by itself.
///
/// # Errors
/// When it isn't JSON.
pub fn read<'a>(json: &'a str, column: Option<&str>) -> serde_json::Result<Tweet<'a>> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let value = Wanted { column }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(match value {
        Value::Text(text) => Tweet { text: Some(text), retweet: false },
        Value::Tweet(tweet) => tweet,
        Value::Other { .. } => Tweet::default(),
    })
}

enum Value<'a> {
    Text(Cow<'a, str>),
    Tweet(Tweet<'a>),
    Other { yes: bool },
}

#[derive(Clone, Copy)]
struct Wanted<'n> {
    column: Option<&'n str>,
}

impl Wanted<'_> {
    /// How much a name is worth; more is better.
    fn worth(self, name: &str) -> Option<usize> {
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
        let mut tweet = Tweet::default();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let worth = self.worth(&name);
            let tells = RETWEETS.contains(&&*name);
            if name == "retweeted_status" {
                let value = map.next_value_seed(self)?;
                tweet.retweet |= matches!(value, Value::Tweet(_));
                continue;
            }
            if worth.is_none() && !tells && !INSIDE.contains(&&*name) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            match map.next_value_seed(self)? {
                Value::Text(text) if tells => tweet.retweet |= super::table::is_true(&text),
                Value::Other { yes } => tweet.retweet |= tells && yes,
                Value::Tweet(inside) => {
                    tweet.retweet |= inside.retweet;
                    if inside.text.is_some() {
                        best = usize::MAX;
                        tweet.text = inside.text;
                    }
                }
                Value::Text(text) => {
                    if let Some(worth) = worth.filter(|worth| *worth > best) {
                        best = worth;
                        tweet.text = Some(text);
                    }
                }
            }
        }
        Ok(Value::Tweet(tweet))
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
