//! The body of a request. Every value is written out, since servers have defaults of their own, and each server gets
//! only what it knows.

use super::{extras, kind::Kind};
use crate::{generate::sampler::forms, token::SamplingParams};
use serde_json::{Map, Value, json};

/// What a request may contain; less is tried after a server has rejected more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Log-probabilities are requested.
    pub logprobs: bool,
    /// Values that OpenAI doesn't define are sent to an unknown server.
    pub extras: bool,
    /// A grammar makes the answer begin with the word that the prompt ends in.
    pub grammar: bool,
}

/// A prompt as it is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent<'a> {
    /// The text.
    pub text: &'a str,
    /// What the answer has to begin with: the last word of the prompt, which isn't sent.
    pub word: Option<&'a str>,
    /// Whether that word is finished.
    pub is_finished: bool,
    /// Tokens that the answer must not have, because a banned phrase began with them.
    pub excluded: &'a [u32],
}

impl Sent<'_> {
    /// A grammar in llama.cpp's notation (GBNF): the word, then anything, or nothing that continues a finished word.
    fn grammar(&self) -> Option<String> {
        let word = self.word?.replace('\\', "\\\\").replace('"', "\\\"");
        Some(match self.is_finished {
            false => format!("root ::= \"{word}\" .*"),
            // no ASCII letter or digit, apostrophe, or letter of the Latin, Greek and Cyrillic blocks
            true => format!(
                "root ::= \"{word}\" ([^0-9A-Za-z'\\u2019\\u00C0-\\u024F\\u0370-\\u052F] .*)?"
            ),
        })
    }
}

/// The path of completions below an address: of the API, or of Ollama's own.
pub fn path(kind: Kind, api: &str, root: &str) -> String {
    match kind {
        Kind::Ollama => format!("{root}/api/generate"),
        _ => format!("{api}/completions"),
    }
}

/// A seed as servers accept them: from 0 to 2^31 - 1.
pub fn seed(seed: u64) -> u64 {
    seed & 0x7fff_ffff
}

/// The body of a request for `n` continuations of a prompt.
pub fn body(
    kind: Kind,
    model: &str,
    context: usize,
    sent: Sent,
    params: &SamplingParams,
    n: usize,
    extent: Extent,
) -> Value {
    let top_p = params.active_top_p().unwrap_or(1.0);
    let min_p = params.active_min_p().unwrap_or(0.0);
    let top_k = params.active_top_k().unwrap_or(0);
    let penalty = match params.repetition_window {
        0 => 1.0,
        _ => params.active_penalty().unwrap_or(1.0),
    };
    let most = if kind == Kind::Other { 5 } else { 20 };
    let logprobs = params.logprobs.clamp(1, most);
    let logprobs = (extent.logprobs && kind.has_logprobs()).then_some(logprobs);
    let seed = seed(params.seed);
    // An empty prompt means "load the model" to Ollama, and is an error to others.
    let prompt = if sent.text.is_empty() { "\n" } else { sent.text };
    let stop: Vec<_> = params.stop.iter().take(4).collect();
    if kind == Kind::Ollama {
        let mut body = json!({
            "model": model, "prompt": prompt, "raw": true, "stream": true,
            "options": {
                "num_predict": params.max_tokens, "num_ctx": context, "seed": seed,
                "temperature": params.temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p,
                "repeat_penalty": penalty, "repeat_last_n": params.repetition_window, "stop": stop,
            },
        });
        if let Some(logprobs) = logprobs {
            body["logprobs"] = true.into();
            body["top_logprobs"] = logprobs.into();
        }
        for (name, value) in extras::sent(kind, params) {
            body["options"][name] = value;
        }
        return body;
    }
    let mut body = Map::new();
    let mut add = |name: &str, value: Value| drop(body.insert(name.into(), value));
    // TGI takes any other name for that of an adapter.
    add("model", if kind == Kind::Tgi { "tgi" } else { model }.into());
    add("prompt", prompt.into());
    add("stream", true.into());
    add("max_tokens", params.max_tokens.into());
    add("temperature", json!(params.temperature));
    add("seed", seed.into());
    if kind != Kind::Tgi || top_p < 1.0 {
        add("top_p", json!(top_p));
    }
    if !stop.is_empty() {
        add("stop", json!(stop));
    }
    if n > 1 {
        add("n", n.into());
    }
    if let Some(logprobs) = logprobs {
        add("logprobs", logprobs.into());
    }
    if kind == Kind::LlamaCpp {
        // llama.cpp's server makes tokens of words by itself.
        let words = params
            .bias
            .iter()
            .flat_map(|(word, bias)| forms(word).into_iter().map(move |form| json!([form, bias])));
        let bias: Vec<Value> =
            words.chain(sent.excluded.iter().map(|id| json!([id, -100]))).collect();
        if !bias.is_empty() {
            add("logit_bias", bias.into());
        }
    } else if !sent.excluded.is_empty() && extent.extras && kind != Kind::Tgi {
        let bias = sent.excluded.iter().map(|id| (id.to_string(), json!(-100)));
        add("logit_bias", bias.collect::<Map<_, _>>().into());
    }
    match kind {
        Kind::Vllm => {
            if !params.ban.is_empty() {
                add("bad_words", json!(params.ban));
            }
            add("top_k", if top_k == 0 { json!(-1) } else { top_k.into() });
            add("min_p", json!(min_p));
            add("repetition_penalty", json!(penalty));
            add("stream_options", json!({ "include_usage": true }));
        }
        Kind::LlamaCpp => {
            add("top_k", top_k.into());
            add("min_p", json!(min_p));
            add("repeat_penalty", json!(penalty));
            add("repeat_last_n", params.repetition_window.into());
            add("samplers", json!(extras::llama_order(params)));
            if let Some(grammar) = sent.grammar() {
                add("grammar", grammar.into());
            }
        }
        Kind::Tgi if penalty != 1.0 => add("repetition_penalty", json!(penalty)),
        Kind::LmStudio | Kind::Other if extent.extras => {
            for (name, value, off) in [
                ("top_k", json!(top_k), top_k == 0),
                ("min_p", json!(min_p), min_p == 0.0),
                ("repeat_penalty", json!(penalty), penalty == 1.0),
                ("repetition_penalty", json!(penalty), penalty == 1.0 || kind == Kind::LmStudio),
            ] {
                if !off {
                    add(name, value);
                }
            }
        }
        _ => {}
    }
    for (name, value) in extras::sent(kind, params) {
        add(name, value);
    }
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Extent = Extent { logprobs: true, extras: true, grammar: true };

    fn text(text: &str) -> Sent<'_> {
        Sent { text, ..Sent::default() }
    }

    #[test]
    fn each_server_gets_what_it_knows() {
        let params =
            SamplingParams { stop: vec!["###".into()], seed: 1 << 40 | 5, ..Default::default() };
        let of = |kind, n| body(kind, "m", 2048, text("Once"), &params, n, ALL);
        let vllm = of(Kind::Vllm, 3);
        assert_eq!(
            (&vllm["n"], &vllm["seed"], &vllm["stop"]),
            (&json!(3), &json!(5), &json!(["###"]))
        );
        assert_eq!((&vllm["top_k"], &vllm["repetition_penalty"]), (&json!(100), &json!(1.05f32)));
        let llama = of(Kind::LlamaCpp, 1);
        assert_eq!((&llama["n"], &llama["repeat_last_n"]), (&Value::Null, &json!(256)));
        let tgi = of(Kind::Tgi, 1);
        assert_eq!(
            (&tgi["model"], &tgi["top_k"], &tgi["logprobs"]),
            (&json!("tgi"), &Value::Null, &Value::Null)
        );
        let ollama = of(Kind::Ollama, 1);
        assert_eq!((&ollama["raw"], &ollama["options"]["num_ctx"]), (&json!(true), &json!(2048)));
        let plain = Extent { logprobs: false, extras: false, grammar: false };
        let other = body(Kind::Other, "m", 2048, text(""), &params, 1, plain);
        assert_eq!(
            (&other["top_k"], &other["logprobs"], &other["prompt"]),
            (&Value::Null, &Value::Null, &json!("\n"))
        );
    }

    #[test]
    fn what_is_off_is_off_on_the_server_too() {
        let off = SamplingParams {
            temperature: 0.0,
            top_k: 0,
            top_p: 0.0,
            min_p: 0.0,
            repetition_penalty: 0.0,
            ..Default::default()
        };
        let vllm = body(Kind::Vllm, "m", 1, text("x"), &off, 1, ALL);
        assert_eq!((&vllm["top_k"], &vllm["top_p"]), (&json!(-1), &json!(1.0)));
        assert_eq!((&vllm["repetition_penalty"], &vllm["temperature"]), (&json!(1.0), &json!(0.0)));
        let unseen = SamplingParams { repetition_window: 0, ..Default::default() };
        assert_eq!(
            body(Kind::Vllm, "m", 1, text("x"), &unseen, 1, ALL)["repetition_penalty"],
            json!(1.0)
        );
    }
    #[test]
    fn a_word_that_is_not_sent_becomes_a_grammar() {
        let params = SamplingParams::default();
        let of = |kind, is_finished| {
            let sent = Sent { text: "Once", word: Some(" \"up"), is_finished, excluded: &[] };
            body(kind, "m", 2048, sent, &params, 1, ALL)["grammar"].clone()
        };
        assert_eq!(of(Kind::LlamaCpp, false), json!(r#"root ::= " \"up" .*"#));
        assert!(of(Kind::LlamaCpp, true).as_str().unwrap().ends_with("] .*)?"));
        assert_eq!(of(Kind::Vllm, false), Value::Null);
    }
}
