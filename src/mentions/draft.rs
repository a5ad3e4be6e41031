//! From a prompt to a reply that may be posted: the model's words, cleaned step by step, past the gate.

use super::{Gate, Mention, Settings, Voice};
use crate::clean::{self, PostRules};
use anyhow::Result;
use serde::Serialize;

/// The text after one step on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// `mention`, `prompt`, `model`, then the names that [`clean::post_steps`] gives.
    pub step: String,
    /// What it was then.
    pub text: String,
}

/// Why there is no reply: nothing of the model's words was fit.
pub const NOTHING: &str = "nothing left to say";
/// Why there is no reply: the mention itself is not fit to be gone on from.
const FOUL: &str = "the mention does not pass the gate";

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Fit to be posted, or why there is nothing.
    pub reply: Result<String, &'static str>,
    /// With what it can be made again.
    pub seed: u64,
    /// Who said it.
    pub model: String,
    /// How it came about.
    pub steps: Vec<Step>,
}

/// Let `voice` answer. The reply is refused rather than mended when the gate finds fault; what is foul to begin with
/// is not gone on from at all.
///
/// # Errors
/// When the voice fails.
pub fn draft(
    mention: &Mention,
    prompt: &str,
    seed: u64,
    voice: &mut dyn Voice,
    gate: &Gate<'_>,
) -> Result<Draft> {
    let model = voice.name()?;
    let mut steps = vec![step("mention", &mention.text), step("prompt", prompt)];
    if gate.filtered(prompt).is_some() {
        return Ok(Draft { reply: Err(FOUL), seed, model, steps });
    }
    let said = voice.say(prompt, seed)?;
    steps.push(step("model", &said));
    let rules = PostRules { limit: gate.limit, prompt: prompt.to_owned() };
    steps.extend(
        clean::post_steps(&said, &rules).into_iter().map(|done| step(done.step, &done.text)),
    );
    let text = steps.last().map(|last| last.text.clone()).unwrap_or_default();
    let reply = if text.is_empty() {
        Err(NOTHING)
    } else if voice.copied() > 0 {
        Err("copied from the text that the model was taught")
    } else {
        gate.refuse(&text, prompt).map_or(Ok(text), Err)
    };
    // what a reply must not contain must not be shown on the way to it either
    for step in &mut steps {
        for secret in gate.secrets.iter().filter(|secret| !secret.is_empty()) {
            step.text = step.text.replace(secret, "…");
        }
    }
    Ok(Draft { reply, seed, model, steps })
}

/// The help text. It says how often it was asked for, since platforms refuse to hear the same words twice.
pub fn help(settings: &Settings, asked: i64, limit: usize) -> Option<String> {
    let varied = format!("{} (Help no. {asked}.)", settings.help);
    [varied, settings.help.clone()].into_iter().find(|text| clean::weight(text) <= limit)
}

/// A reply that a person wrote or changed: it is refused, with the reason, where ours would be cleaned.
///
/// # Errors
/// What is wrong with it, in a sentence.
pub fn revise(text: &str, prompt: &str, gate: &Gate<'_>) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("the reply is empty".into());
    }
    let weight = clean::weight(text);
    if weight > gate.limit {
        return Err(format!("the reply weighs {weight}, and {} is the limit", gate.limit));
    }
    if clean::without_links(text) != text {
        return Err(
            "the reply has a link, a handle or a tag, or spaces that cleaning would take".into()
        );
    }
    match gate.refuse(text, prompt) {
        Some(reason) => Err(format!("the reply can't be posted: {reason}")),
        None => Ok(text.to_owned()),
    }
}

fn step(step: &str, text: &str) -> Step {
    Step { step: step.into(), text: text.into() }
}
