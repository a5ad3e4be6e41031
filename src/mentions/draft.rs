//! From a prompt to a reply: the model's text, cleaned step by step and checked by the gate.

use super::{Gate, Mention, Settings, Voice};
use crate::clean::{self, PostRules};
use anyhow::Result;
use serde::Serialize;

/// The text after one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// `mention`, `prompt`, `model`, then the names of [`clean::post_steps`].
    pub step: String,
    /// The text after it.
    pub text: String,
}

/// Why there is no reply: cleaning left nothing of the model's text.
pub const NOTHING: &str = "nothing left to say";
/// Why there is no reply: the mention itself does not pass the gate.
const FOUL: &str = "the mention does not pass the gate";

/// The result of drafting a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The reply, or why there is none.
    pub reply: Result<String, &'static str>,
    /// The seed that reproduces it.
    pub seed: u64,
    /// The model's name.
    pub model: String,
    /// The text after each step.
    pub steps: Vec<Step>,
}

/// Draft a reply with `voice`. A text that the gate rejects is refused, not repaired, and a mention that it rejects
/// is not answered.
///
/// # Errors
/// When the model fails.
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
    // the steps must not show what a reply must not contain
    for step in &mut steps {
        for secret in gate.secrets.iter().filter(|secret| !secret.is_empty()) {
            step.text = step.text.replace(secret, "…");
        }
    }
    Ok(Draft { reply, seed, model, steps })
}

/// The help text. It contains a counter, since platforms refuse duplicates.
pub fn help(settings: &Settings, asked: i64, limit: usize) -> Option<String> {
    let varied = format!("{} (Help no. {asked}.)", settings.help);
    [varied, settings.help.clone()].into_iter().find(|text| clean::weight(text) <= limit)
}

/// Check a reply that a person wrote or changed. It is refused with a reason where the model's would be cleaned.
///
/// # Errors
/// What is wrong with it, as a sentence.
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
