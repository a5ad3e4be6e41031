//! The last check of a reply. What fails it, or can't be checked, isn't posted.

use super::Settings;
use crate::clean::{Bleeps, Phrases, Severity, sentence_ends};
use serde::{Deserialize, Serialize};
use std::{panic::catch_unwind, sync::LazyLock};

/// Finds a word of at least this severity in a text.
pub type Filter = fn(&str, Severity) -> Option<String>;

/// Why a reply must not be posted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// It contains a word of the built-in list.
    #[error("it says \"{0}\"")]
    Word(String),
    /// It contains a word of the operator's list.
    #[error("it says \"{0}\", which is in blocked_words")]
    Blocked(String),
    /// It contains a secret.
    #[error("it contains a secret")]
    Secret,
    /// It repeats what the author wrote.
    #[error("it repeats the author's own words")]
    Echo,
    /// The filter failed, so the reply can't be checked.
    #[error("the filter failed")]
    Failed,
}

impl Objection {
    /// Whether the operator may post the reply all the same.
    pub fn is_matter_of_taste(&self) -> bool {
        matches!(self, Self::Word(_) | Self::Blocked(_) | Self::Echo)
    }
}

/// What a reply has to pass.
#[derive(Clone, Copy)]
pub struct Gate<'a> {
    /// The operator's blocked words and limits.
    pub settings: &'a Settings,
    /// The maximum weight of a reply.
    pub limit: usize,
    /// Texts that no reply may contain.
    pub secrets: &'a [&'a str],
    /// The profanity filter: [`filter`], except in tests.
    pub filter: Filter,
    /// How a reply begins.
    pub begin: Begin,
}

/// How a reply begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Begin {
    /// With the author's words, so that phrase and continuation are one text.
    #[default]
    Phrase,
    /// With the continuation.
    Continuation,
}

/// Finds profanity, slurs and threats, also with spacing and look-alike letters: the list that is bleeped on air. Each
/// sentence is judged alone, so that the end of one and the start of the next don't make a word.
pub fn filter(text: &str, from: Severity) -> Option<String> {
    static LISTS: LazyLock<[Bleeps; 4]> = LazyLock::new(|| {
        [Severity::Mild, Severity::Strong, Severity::Slur, Severity::Threat]
            .map(Bleeps::from_severity)
    });
    let list = &LISTS[from as usize];
    let mut start = 0;
    let ends: Vec<usize> = sentence_ends(text).chain([text.len()]).collect();
    ends.into_iter().find_map(|end| {
        let sentence = &text[start.min(end)..end];
        start = end;
        let judged = list.judge(sentence, true);
        judged.bleeped.first().map(|range| sentence[range.clone()].trim().to_owned())
    })
}

/// A reply that repeats this many consecutive words of the prompt is rejected.
const ECHO: usize = 8;

impl Gate<'_> {
    /// Why `reply` to `prompt` must not be posted; `None` if it may.
    pub fn refuse(&self, reply: &str, prompt: &str) -> Option<Objection> {
        if self.secrets.iter().any(|secret| !secret.is_empty() && reply.contains(secret)) {
            return Some(Objection::Secret);
        }
        let plain = plain(reply);
        let words = &self.settings.blocked_words;
        let blocked = words.iter().find(|word| Phrases::new([word]).find(reply).is_some());
        if let Some(word) = blocked {
            return Some(Objection::Blocked(word.clone()));
        }
        // A reply may begin with the author's words, but not repeat them after that.
        let own = match self.begin {
            Begin::Phrase => reply.strip_prefix(prompt).map(self::plain),
            Begin::Continuation => None,
        };
        if echoes(own.as_ref().unwrap_or(&plain), &self::plain(prompt)) {
            return Some(Objection::Echo);
        }
        self.filtered(reply)
    }

    /// Why `text` must not be posted, the author's or the model's. A filter that panics counts as an objection.
    pub fn filtered(&self, text: &str) -> Option<Objection> {
        let (filter, from, owned) = (self.filter, self.settings.refuse_from, text.to_owned());
        match catch_unwind(move || filter(&owned, from)) {
            Ok(word) => word.map(Objection::Word),
            Err(_) => Some(Objection::Failed),
        }
    }
}

/// Whether a plain text contains a phrase as whole words.
fn has(plain: &str, phrase: &str) -> bool {
    let phrase = self::plain(phrase);
    !phrase.is_empty() && format!(" {plain} ").contains(&format!(" {phrase} "))
}

/// Lower-case words separated by single spaces.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

fn echoes(reply: &str, prompt: &str) -> bool {
    let words: Vec<_> = prompt.split(' ').collect();
    words.windows(ECHO).any(|run| has(reply, &run.join(" ")))
}
