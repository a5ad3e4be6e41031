//! From a prompt to a reply: the model's text, cleaned step by step and checked by the gate.

use super::{Begin, Gate, Mention, Objection, Settings, Voice};
use crate::{
    clean::{self, PostRules},
    judge::is_balanced,
};
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// The text after one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// `mention`, `prompt`, `model`, `phrase` (the prompt and the model's text, if a reply begins so), then the names of
    /// [`clean::post_steps`], and `quotes` if one was closed.
    pub step: String,
    /// The text after it.
    pub text: String,
}

/// The name of the step with the model's text.
pub const MODEL: &str = "model";

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsaid {
    /// Cleaning left nothing of the model's text.
    #[error("nothing left to say")]
    Nothing,
    /// The mention itself does not pass the gate.
    #[error("the mention does not pass the gate: {0}")]
    Mention(Objection),
    /// A quote or bracket is opened and not closed, or the other way round.
    #[error("its quotes or brackets are not balanced")]
    Unbalanced,
    /// Tokens are copied from the training text.
    #[error("copied from the training text")]
    Copied,
    /// The same text was posted within a day; platforms refuse duplicates.
    #[error("said already today")]
    Said,
    /// The gate refuses it.
    #[error("the reply can't be posted: {0}")]
    Refused(Objection),
}

impl Unsaid {
    /// Whether another seed may give a text that can be posted.
    pub fn may_change(&self) -> bool {
        !matches!(self, Self::Mention(_))
    }
}

/// The result of drafting a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The reply, or why there is none.
    pub reply: Result<String, Unsaid>,
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
    if let Some(objection) = gate.filtered(prompt) {
        return Ok(Draft { reply: Err(Unsaid::Mention(objection)), seed, model, steps });
    }
    let said = voice.say(prompt, seed)?;
    let (cleaned, mut reply) = finish(&said, prompt, gate);
    steps.extend(cleaned);
    if reply.is_ok() && voice.copied() > 0 {
        reply = Err(Unsaid::Copied);
    }
    // the steps must not show what a reply must not contain
    for step in &mut steps {
        for secret in gate.secrets.iter().filter(|secret| !secret.is_empty()) {
            step.text = step.text.replace(secret, "…");
        }
    }
    Ok(Draft { reply, seed, model, steps })
}

/// Turns the model's text into a reply. Returns the text after each step, beginning with the step `model`, and the reply
/// or the reason why there is no reply.
pub fn finish(said: &str, prompt: &str, gate: &Gate<'_>) -> (Vec<Step>, Result<String, Unsaid>) {
    let mut steps = vec![step(MODEL, said)];
    let (said, echo) = match gate.begin {
        Begin::Phrase => (format!("{prompt}{said}"), ""),
        Begin::Continuation => (said.to_owned(), prompt),
    };
    if gate.begin == Begin::Phrase {
        steps.push(step("phrase", &said));
    }
    let rules = PostRules { limit: gate.limit, prompt: echo.to_owned() };
    steps.extend(
        clean::post_steps(&said, &rules).into_iter().map(|done| step(done.step, &done.text)),
    );
    let mut text = steps.last().map(|last| last.text.clone()).unwrap_or_default();
    let balanced = balanced(&text, prompt, gate);
    if let Some(closed) = balanced.clone().filter(|closed| *closed != text) {
        steps.push(step("quotes", &closed));
        text = closed;
    }
    let only_phrase = gate.begin == Begin::Phrase && text.len() <= prompt.len();
    let reply = if text.is_empty() || only_phrase {
        Err(Unsaid::Nothing)
    } else if balanced.is_none() {
        Err(Unsaid::Unbalanced)
    } else {
        gate.refuse(&text, prompt).map_or(Ok(text), |why| Err(Unsaid::Refused(why)))
    };
    (steps, reply)
}

/// A reply whose quotes and brackets are closed, if it fits; `None` if it can't be balanced. What the author left unbalanced
/// is not held against the model.
fn balanced(text: &str, prompt: &str, gate: &Gate<'_>) -> Option<String> {
    const MARKS: [(char, char); 8] = [
        ('„', '“'),
        ('“', '”'),
        ('«', '»'),
        ('‘', '’'),
        ('"', '"'),
        ('\'', '\''),
        ('(', ')'),
        ('[', ']'),
    ];
    let closed = |text: &str| {
        let opened = MARKS.iter().filter(|(opening, _)| text.contains(*opening));
        let one = opened.map(|(_, closing)| format!("{text}{closing}"));
        let mut all = std::iter::once(text.to_owned()).chain(one);
        all.find(|closed| is_balanced("", closed, ""))
    };
    if gate.begin == Begin::Continuation && is_balanced(prompt, text, "") {
        return Some(text.to_owned());
    }
    match closed(text) {
        Some(closed) => (clean::weight(&closed) <= gate.limit).then_some(closed),
        None => (gate.begin == Begin::Phrase && closed(prompt).is_none()).then(|| text.to_owned()),
    }
}

/// The help text. It contains a counter, since platforms refuse duplicates.
pub fn help(settings: &Settings, asked: i64, limit: usize) -> Option<String> {
    let varied = format!("{} (Help no. {asked}.)", settings.help);
    [varied, settings.help.clone()].into_iter().find(|text| clean::weight(text) <= limit)
}

/// Why a reply that a person wrote or changed can't be posted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is empty.
    #[error("the reply is empty")]
    Empty,
    /// It is too long.
    #[error("the reply weighs {weight}, and {limit} is the limit")]
    TooLong {
        /// Its weight.
        weight: usize,
        /// The maximum.
        limit: usize,
    },
    /// Cleaning would change it.
    #[error("the reply has a link, a handle or a tag, or spaces that cleaning would take")]
    Unclean,
    /// The gate refuses it.
    #[error("the reply can't be posted: {0}")]
    Gate(Objection),
}

/// Check a reply that a person wrote or changed. It is refused with a reason where the model's would be cleaned. With
/// `anyway`, a word that the gate objects to is let through.
///
/// # Errors
/// What is wrong with it.
pub fn revise(text: &str, prompt: &str, gate: &Gate<'_>, anyway: bool) -> Result<String, Refused> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Refused::Empty);
    }
    let weight = clean::weight(text);
    if weight > gate.limit {
        return Err(Refused::TooLong { weight, limit: gate.limit });
    }
    if clean::without_links(text) != text {
        return Err(Refused::Unclean);
    }
    match gate.refuse(text, prompt).filter(|why| !(anyway && why.is_matter_of_taste())) {
        Some(why) => Err(Refused::Gate(why)),
        None => Ok(text.to_owned()),
    }
}

fn step(step: &str, text: &str) -> Step {
    Step { step: step.into(), text: text.into() }
}
