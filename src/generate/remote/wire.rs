//! What servers send: the JSON of a completion's events, of lists of models and of errors. Every field may be missing,
//! and text may be invalid UTF-8, since some servers split characters.

use crate::{clean::for_terminal, token::Alternative};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use std::{cmp::Ordering, collections::BTreeMap, fmt};

/// Bytes of a JSON string, which need not be UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

/// An event of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// New text and ends of continuations.
    pub pieces: Vec<Piece>,
    /// How many tokens the prompt has, once the server tells.
    pub prompt_tokens: Option<usize>,
    /// The server's error.
    pub error: Option<String>,
}

/// New text of one continuation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Piece {
    /// Which of the request's continuations, from 0.
    pub index: usize,
    /// The text, which may end within a character.
    pub text: Vec<u8>,
    /// Its tokens, if the server reports them.
    pub tokens: Vec<Told>,
    /// Why the continuation has ended, if it has.
    pub finish: Option<Finish>,
}

/// A token as a server reports it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Its id.
    pub id: Option<u32>,
    /// Its text.
    pub text: String,
    /// The logarithm of its probability.
    pub logprob: Option<f32>,
    /// Its rank, if it follows from the alternatives.
    pub rank: Option<u32>,
    /// The most likely tokens at its position.
    pub top: Vec<Alternative>,
}

/// Why a continuation has ended, as far as the server tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// The maximum number of tokens.
    Length,
    /// A stop text.
    Stop,
    /// The end of the text.
    Eot,
    /// A stop text or the end of the text.
    Either,
    /// The server gave up.
    Aborted,
}

/// An event of `/v1/completions` or of Ollama's `/api/generate`.
#[derive(Deserialize)]
#[serde(default)]
struct Raw {
    choices: Vec<Choice>,
    usage: Option<Usage>,
    error: Value,
    detail: Value,
    object: Value,
    message: Value,
    // Ollama
    response: Option<Bytes>,
    done: bool,
    done_reason: Option<String>,
    prompt_eval_count: Option<usize>,
    logprobs: Vec<Content>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            choices: Vec::new(),
            usage: None,
            error: Value::Null,
            detail: Value::Null,
            object: Value::Null,
            message: Value::Null,
            response: None,
            done: false,
            done_reason: None,
            prompt_eval_count: None,
            logprobs: Vec::new(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage {
    prompt_tokens: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Choice {
    index: usize,
    text: Option<Bytes>,
    finish_reason: Option<String>,
    stop_reason: Value,
    logprobs: Option<Logprobs>,
}

/// The most likely tokens at a position.
type Tops = BTreeMap<String, Option<f32>>;

/// Both shapes: OpenAI's legacy one, and the one of chats, which llama.cpp uses.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Logprobs {
    tokens: Vec<String>,
    token_logprobs: Vec<Option<f32>>,
    top_logprobs: Option<Vec<Option<Tops>>>,
    content: Option<Vec<Content>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Content {
    id: Option<u32>,
    token: String,
    logprob: Option<f32>,
    top_logprobs: Vec<Content>,
}

/// Parse one event. `None`: it isn't JSON, or not of this kind.
pub fn event(json: &[u8]) -> Option<Event> {
    // A list would be read as an object without fields.
    if !json.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let raw: Raw = serde_json::from_slice(json).ok()?;
    let error = says(&raw.error).or_else(|| says(&raw.detail)).or_else(|| {
        (raw.object == "error")
            .then(|| says(&raw.message).unwrap_or_else(|| "no reason given".into()))
    });
    let prompt_tokens = raw.usage.and_then(|usage| usage.prompt_tokens).or(raw.prompt_eval_count);
    let mut pieces: Vec<_> = raw.choices.into_iter().map(Choice::into_piece).collect();
    if let Some(Bytes(text)) = raw.response {
        let finish =
            raw.done.then(|| finish(raw.done_reason.as_deref().unwrap_or("stop"), &Value::Null));
        let tokens = raw.logprobs.into_iter().map(Content::into_told).collect();
        pieces.push(Piece { index: 0, text, tokens, finish: finish.flatten() });
    }
    Some(Event { pieces, prompt_tokens: prompt_tokens.filter(|count| *count > 0), error })
}

impl Choice {
    fn into_piece(self) -> Piece {
        let tokens = self.logprobs.map(Logprobs::into_told).unwrap_or_default();
        let finish = self.finish_reason.as_deref().and_then(|why| finish(why, &self.stop_reason));
        Piece { index: self.index, text: self.text.unwrap_or_default().0, tokens, finish }
    }
}

/// `reason` is what vLLM adds: the stop text, the id of the token that ended the text, or nothing.
fn finish(why: &str, reason: &Value) -> Option<Finish> {
    Some(match why {
        "" => return None, // TGI, until the end
        "length" => Finish::Length,
        "stop_sequence" => Finish::Stop,
        "eos_token" => Finish::Eot,
        "abort" | "error" => Finish::Aborted,
        _ if reason.is_string() => Finish::Stop,
        _ if reason.is_number() => Finish::Eot,
        _ => Finish::Either,
    })
}

impl Logprobs {
    fn into_told(self) -> Vec<Told> {
        if let Some(content) = self.content {
            return content.into_iter().map(Content::into_told).collect();
        }
        let mut tops = self.top_logprobs.unwrap_or_default().into_iter();
        let logprobs = self.token_logprobs.into_iter().chain(std::iter::repeat(None));
        let told = self.tokens.into_iter().zip(logprobs).map(|(text, logprob)| {
            let top = tops.next().flatten().unwrap_or_default().into_iter();
            let top = top.filter_map(|(text, logprob)| {
                Some(Alternative { id: None, text, logprob: logprob?, after: None })
            });
            Told { text, logprob, top: top.collect(), ..Told::default() }.ranked()
        });
        told.collect()
    }
}

impl Content {
    fn into_told(self) -> Told {
        let top = self.top_logprobs.into_iter().filter_map(|other| {
            let logprob = other.logprob?;
            Some(Alternative { id: other.id, text: other.token, logprob, after: None })
        });
        let top = top.collect();
        Told { id: self.id, text: self.token, logprob: self.logprob, rank: None, top }.ranked()
    }
}

impl Told {
    /// With its alternatives in order. It is ranked by them if it is not the last one: vLLM appends a token that isn't
    /// among the most likely ones, so the last may have any higher rank.
    fn ranked(mut self) -> Self {
        self.logprob = self.logprob.filter(|logprob| logprob.is_finite());
        self.top.retain(|other| other.logprob.is_finite());
        self.top.sort_by(|a, b| b.logprob.partial_cmp(&a.logprob).unwrap_or(Ordering::Equal));
        let place = self.top.iter().position(|other| other.text == self.text);
        let is_sure = |at: &usize| *at == 0 || at + 1 < self.top.len();
        self.rank = place.filter(is_sure).map(|at| at as u32 + 1);
        self
    }
}

/// The message in an error of any shape: text, an object with a message, or a list of such objects.
fn says(error: &Value) -> Option<String> {
    let text = match error {
        Value::Null | Value::Bool(false) => return None,
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let text = ["message", "msg", "error", "detail"]
                .iter()
                .find_map(|name| says(fields.get(*name)?));
            text.unwrap_or_else(|| "no reason given".into())
        }
        Value::Array(all) => all.iter().filter_map(says).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    };
    Some(short(&text))
}

/// The message in the body of a response with an error status.
pub fn message(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    ["error", "detail", "message"].iter().find_map(|name| says(value.get(*name)?))
}

/// At most 200 characters of a server's text, safe for a terminal, in one line.
pub fn short(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = words.chars().take(200).collect();
    let more = if cut.len() < words.len() { "…" } else { "" };
    format!("{}{more}", for_terminal(&cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_every_server_are_read() {
        let piece = |json: &str| event(json.as_bytes()).expect(json).pieces.remove(0);
        let vllm = piece(
            r#"{"choices":[{"index":1,"text":" a b","logprobs":{"text_offset":[0,2],"token_logprobs":[-0.5,-1.0],
            "tokens":[" a"," b"],"top_logprobs":[{" a":-0.5," c":-2.0},{" d":-0.1," e":-0.2," b":-1.0}]},
            "finish_reason":"stop","stop_reason":"\n"}]}"#,
        );
        assert_eq!((vllm.index, &*vllm.text, vllm.finish), (1, &b" a b"[..], Some(Finish::Stop)));
        let ranks: Vec<_> = vllm.tokens.iter().map(|t| (t.rank, t.logprob, t.top.len())).collect();
        assert_eq!(ranks, [(Some(1), Some(-0.5), 2), (None, Some(-1.0), 3)]);
        let llama = piece(
            r#"{"choices":[{"text":" on","index":0,"logprobs":{"content":[{"id":322,"token":" on","bytes":[32,111,110],
            "logprob":-1.7,"top_logprobs":[{"id":9,"token":" it","logprob":-1.0},{"id":322,"token":" on","logprob":-1.7},
            {"id":447,"token":" out","logprob":-1.8}]}]},"finish_reason":null}]}"#,
        );
        assert_eq!((llama.tokens[0].id, llama.tokens[0].rank), (Some(322), Some(2)));
        let tgi =
            piece(r#"{"choices":[{"index":0,"text":"x","logprobs":null,"finish_reason":""}]}"#);
        assert_eq!(tgi.finish, None);
        let ollama = piece(
            r#"{"model":"m","response":"","done":true,"done_reason":"length","prompt_eval_count":7}"#,
        );
        assert_eq!(ollama.finish, Some(Finish::Length));
        let usage = event(br#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3}}"#);
        assert_eq!(usage.expect("an event").prompt_tokens, Some(12));
        for broken in ["", "{", "[]", "[1]", "null", "data", "{\"choices\":7}"] {
            assert_eq!(event(broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn half_characters_in_a_string_are_kept() {
        let half = event(b"{\"choices\":[{\"text\":\"\xc3\",\"index\":0}]}").expect("an event");
        assert_eq!(half.pieces[0].text, b"\xc3");
    }

    #[test]
    fn errors_of_every_shape_are_found() {
        for (json, says) in [
            (r#"{"error":{"message":"no  \u001b[31mroom","code":400}}"#, "no ␛[31mroom"),
            (r#"{"error":"overloaded","error_type":"overloaded"}"#, "overloaded"),
            (r#"{"object":"error","message":"too long","code":400}"#, "too long"),
            (r#"{"detail":[{"msg":"bad n","loc":["n"]},{"msg":"bad k"}]}"#, "bad n; bad k"),
        ] {
            assert_eq!(event(json.as_bytes()).expect(json).error.as_deref(), Some(says));
        }
        assert!(
            event(br#"{"error":null,"choices":[]}"#).is_some_and(|event| event.error.is_none())
        );
        assert_eq!(message(b"<html>"), None);
        assert_eq!(short(&"x ".repeat(500)).chars().count(), 201);
    }
}
