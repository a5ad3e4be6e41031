//! Samplers and penalties that only some servers have. They are sent if they are on and the server knows them; the others
//! are named, so that nobody believes that they work.

use super::kind::Kind;
use crate::token::{SamplingParams, Step};
use serde_json::{Value, json};

/// A sampler: the name of its setting, whether it is on, the servers that have it, and what is sent for it.
type Extra = (&'static str, bool, &'static [Kind], Vec<(&'static str, Value)>);

const LLAMA: &[Kind] = &[Kind::LlamaCpp];
/// The two penalties of OpenAI's API.
const ALL: &[Kind] =
    &[Kind::Vllm, Kind::LlamaCpp, Kind::Tgi, Kind::Ollama, Kind::LmStudio, Kind::Other];

fn extras(params: &SamplingParams) -> Vec<Extra> {
    let (frequency, presence) = (params.frequency_penalty, params.presence_penalty);
    vec![
        ("frequency_penalty", frequency != 0.0, ALL, vec![("frequency_penalty", json!(frequency))]),
        ("presence_penalty", presence != 0.0, ALL, vec![("presence_penalty", json!(presence))]),
        (
            "typical_p",
            params.active_typical_p().is_some(),
            &[Kind::LlamaCpp, Kind::Ollama],
            vec![("typical_p", json!(params.typical_p))],
        ),
        ("tail_free", params.active_tail_free().is_some(), &[], Vec::new()),
        ("top_a", params.top_a > 0.0, &[], Vec::new()),
        (
            "xtc_probability",
            params.xtc_probability > 0.0,
            LLAMA,
            vec![
                ("xtc_probability", json!(params.xtc_probability)),
                ("xtc_threshold", json!(params.xtc_threshold)),
            ],
        ),
        (
            "mirostat_tau",
            params.mirostat_tau > 0.0,
            LLAMA,
            vec![
                ("mirostat", json!(2)),
                ("mirostat_tau", json!(params.mirostat_tau)),
                ("mirostat_eta", json!(params.mirostat_eta)),
            ],
        ),
        ("no_repeat_ngram", params.no_repeat_ngram > 0, &[], Vec::new()),
        (
            "dry_multiplier",
            params.dry_multiplier > 0.0,
            LLAMA,
            vec![
                ("dry_multiplier", json!(params.dry_multiplier)),
                ("dry_base", json!(params.dry_base)),
                ("dry_allowed_length", json!(params.dry_allowed_length)),
                ("dry_penalty_last_n", json!(65_536)),
            ],
        ),
        ("bias", !params.bias.is_empty(), LLAMA, Vec::new()),
        ("order", params.order != Step::ALL, LLAMA, Vec::new()),
    ]
}

/// What is sent to this kind of server, beside what every request has.
pub fn sent(kind: Kind, params: &SamplingParams) -> Vec<(&'static str, Value)> {
    let known = extras(params).into_iter().filter(|extra| extra.1 && extra.2.contains(&kind));
    known.flat_map(|extra| extra.3).collect()
}

/// The settings that are on and that this kind of server doesn't have.
pub fn ignored(kind: Kind, params: &SamplingParams) -> Vec<&'static str> {
    let unknown = extras(params).into_iter().filter(|extra| extra.1 && !extra.2.contains(&kind));
    unknown.map(|extra| extra.0).collect()
}

/// The steps in their order, by llama.cpp's names.
pub fn llama_order(params: &SamplingParams) -> Vec<&'static str> {
    let name = |step: &Step| match step {
        Step::Temperature => Some("temperature"),
        Step::TopK => Some("top_k"),
        Step::TopP => Some("top_p"),
        Step::MinP => Some("min_p"),
        Step::TypicalP => Some("typ_p"),
        Step::Xtc => Some("xtc"),
        Step::TailFree | Step::TopA | Step::Mirostat => None,
    };
    ["penalties", "dry"].into_iter().chain(params.order.iter().filter_map(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_gets_what_it_has_and_the_rest_is_named() {
        let params = SamplingParams {
            frequency_penalty: 0.5,
            typical_p: 0.9,
            top_a: 0.1,
            dry_multiplier: 0.8,
            ..SamplingParams::default()
        };
        let names = |kind| sent(kind, &params).into_iter().map(|sent| sent.0).collect::<Vec<_>>();
        assert_eq!(names(Kind::Vllm), ["frequency_penalty"]);
        assert_eq!(names(Kind::Ollama), ["frequency_penalty", "typical_p"]);
        assert!(names(Kind::LlamaCpp).contains(&"dry_base"));
        assert_eq!(ignored(Kind::LlamaCpp, &params), ["top_a"]);
        assert_eq!(ignored(Kind::Vllm, &params), ["typical_p", "top_a", "dry_multiplier"]);
        assert_eq!(ignored(Kind::Vllm, &SamplingParams::default()), [""; 0]);
        assert_eq!(sent(Kind::LlamaCpp, &SamplingParams::default()), []);
        let order = llama_order(&SamplingParams::default());
        assert_eq!(order[..4], ["penalties", "dry", "temperature", "top_k"]);
    }
}
