//! A take: a continuation of a prompt, how many of its tokens are shown, and which words of it are bleeped.

use super::pace::{Credit, Pace, words};
use crate::{
    clean::{Bleeps, Judged, hanging, sentence_ends},
    session::Source,
    token::{BranchId, StopReason, Token},
    ui::asking::{Pass, Receipt},
};
use serde_json::Value;
use std::{ops::Range, time::Duration};

/// The state of generation of a take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The prompt is being read.
    Reading,
    /// Tokens are being generated.
    Coming,
    /// Generation is complete.
    Done,
    /// The host or an error stopped it.
    Stopped,
}

/// One take.
#[derive(Clone, Debug)]
pub struct Take {
    /// Its branch of the last request.
    pub branch: BranchId,
    /// The seed.
    pub seed: u64,
    /// The state of generation.
    pub state: State,
    /// All tokens. The first ones may be shared with the take it was rolled from.
    pub said: Vec<Token>,
    /// The number of shared tokens.
    pub shared: usize,
    /// The number of tokens that are shown.
    pub shown: usize,
    /// The end of the prompt, then the text of all tokens.
    text: String,
    /// The length of the prompt's end in `text`, in bytes.
    lead: usize,
    /// The end of each token in `text`, in bytes.
    ends: Vec<usize>,
    judged: Judged,
    credit: Credit,
    /// What is recorded of the questions that led to it, each with the number of its first token.
    pub passes: Vec<(usize, Pass)>,
    /// Its request in the history.
    pub source: Option<Source>,
    /// What the history has of it.
    pub kept: Kept,
}

/// What the history has of a take.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kept {
    /// The length of its text, in bytes.
    pub text: usize,
    /// The number of the questions that led to it.
    passes: usize,
}

impl Take {
    /// A take after `lead`, the end of its prompt, that begins with the tokens `opening` of another take.
    pub fn new(
        branch: BranchId,
        seed: u64,
        lead: &str,
        opening: &[Token],
        bleeps: &Bleeps,
    ) -> Self {
        let mut take = Self {
            branch,
            seed,
            state: State::Reading,
            said: Vec::new(),
            shared: opening.len(),
            shown: 0,
            text: lead.to_owned(),
            lead: lead.len(),
            ends: Vec::new(),
            judged: Judged::default(),
            credit: Credit::default(),
            passes: Vec::new(),
            source: None,
            kept: Kept::default(),
        };
        opening.iter().for_each(|token| take.put(token.clone()));
        take.shown = opening.len();
        take.judge(bleeps);
        take
    }

    fn put(&mut self, token: Token) {
        self.text.push_str(&token.text);
        self.ends.push(self.text.len());
        self.said.push(token);
    }

    /// Adds a generated token.
    pub fn push(&mut self, token: Token, bleeps: &Bleeps) {
        self.state = State::Coming;
        self.put(token);
        self.judge(bleeps);
    }

    /// Generation has ended. If it was cut by length, the incomplete sentence at the end is removed, except for tokens
    /// that are already shown.
    pub fn end(&mut self, why: StopReason, bleeps: &Bleeps) {
        self.state = State::Done;
        if why == StopReason::Length {
            let whole = self.lead + hanging(self.said_text()).len();
            let keep = self
                .ends
                .iter()
                .filter(|end| **end <= whole)
                .count()
                .max(self.shown)
                .max(self.shared);
            if keep > self.shared {
                self.said.truncate(keep);
                self.ends.truncate(keep);
                self.text.truncate(self.ends.last().copied().unwrap_or(self.lead));
            }
        }
        self.judge(bleeps);
    }

    /// Generation was stopped.
    pub fn stop(&mut self, bleeps: &Bleeps) {
        if self.is_live() {
            self.state = State::Stopped;
            self.judge(bleeps);
        }
    }

    /// Generation continues after the end, on another branch.
    pub fn go_on(&mut self, branch: BranchId, bleeps: &Bleeps) {
        (self.branch, self.state) = (branch, State::Reading);
        self.judge(bleeps);
    }

    /// It was saved by a show that is resumed: so many tokens are shared with another take, and so many are shown.
    pub fn resume(&mut self, shared: usize, shown: usize, bleeps: &Bleeps) {
        self.state = State::Done;
        self.shared = shared.min(self.said.len());
        self.shown = shown.min(self.said.len());
        self.judge(bleeps);
    }

    /// The receipt of what the history doesn't have yet of it, for a request with these details.
    pub fn receipt(&mut self, details: &Value) -> Option<String> {
        let ends = self.passes[1.min(self.passes.len())..].iter().map(|(at, _)| *at);
        let ends: Vec<usize> = ends.chain([self.said.len()]).collect();
        let of = |((at, pass), end): (&(usize, Pass), &usize)| {
            let tokens = self.said.get(*at..*end).unwrap_or_default();
            let draws = tokens.iter().flat_map(|token| token.drawn.iter().cloned()).collect();
            Pass { draws, ..pass.clone() }
        };
        let new: Vec<Pass> = self.passes.iter().zip(&ends).skip(self.kept.passes).map(of).collect();
        self.kept.passes = self.passes.len();
        (!new.is_empty()).then(|| Receipt::write(&new, details))
    }

    /// The model is working on it.
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::Reading | State::Coming)
    }

    /// It is complete and completely shown.
    pub fn is_over(&self) -> bool {
        !self.is_live() && self.shown == self.said.len()
    }

    /// Finds the words to bleep again.
    pub fn judge(&mut self, bleeps: &Bleeps) {
        self.judged = bleeps.judge(&self.text, !self.is_live());
    }

    /// Shows the tokens that are due after `time`. Returns whether there were any.
    pub fn advance(&mut self, time: Duration, pace: Pace) -> bool {
        self.credit.earn(time, pace);
        let before = self.shown;
        while self.is_ready() {
            if !self.credit.pay(self.cost()) {
                return self.shown > before;
            }
            self.shown += 1;
        }
        self.credit.starve();
        self.shown > before
    }

    /// The time until the next token is due; `None` if none is ready.
    pub fn left(&self, pace: Pace) -> Option<Duration> {
        self.is_ready().then(|| self.credit.left(self.cost(), pace))
    }

    /// The next token was generated, and it is certain whether it must be bleeped.
    fn is_ready(&self) -> bool {
        self.ends.get(self.shown).is_some_and(|end| *end <= self.judged.certain)
    }

    /// The number of words that start in the next token.
    fn cost(&self) -> usize {
        let place = self.place(self.shown);
        words(&self.text[..place.start], &self.text[place])
    }

    /// Shows the next token with a text. False if none is ready.
    pub fn step(&mut self) -> bool {
        let before = self.shown;
        while self.is_ready() {
            self.shown += 1;
            if !self.place(self.shown - 1).is_empty() {
                break;
            }
        }
        self.credit = Credit::default();
        self.shown > before
    }

    /// Hides the last token with a text. False if none is shown.
    pub fn rewind(&mut self) -> bool {
        let before = self.shown;
        while self.shown > 0 {
            self.shown -= 1;
            if !self.place(self.shown).is_empty() {
                break;
            }
        }
        self.shown < before
    }

    /// Shows all tokens that are ready, or none.
    pub fn jump(&mut self, to_end: bool) {
        self.shown = if to_end { self.shown } else { 0 };
        while to_end && self.is_ready() {
            self.shown += 1;
        }
    }

    /// The bytes of a token in the text.
    fn place(&self, number: usize) -> Range<usize> {
        let start = match number {
            0 => self.lead,
            _ => self.ends.get(number - 1).copied().unwrap_or(self.text.len()),
        };
        start..self.ends.get(number).copied().unwrap_or(start)
    }

    /// The generated text, unmasked: for the history and for continuing, never for a screen.
    pub fn said_text(&self) -> &str {
        &self.text[self.lead..]
    }

    /// The same up to the last token that is shown.
    pub fn shown_text(&self) -> &str {
        &self.text[self.lead..self.shown_to()]
    }

    fn shown_to(&self) -> usize {
        self.place(self.shown).start
    }

    /// The prompt's end and the shown text, with bleeped words masked.
    pub fn seen(&self) -> [String; 2] {
        let [lead, before, token, after] = self.seen_around(self.said.len());
        [lead, before + &token + &after]
    }

    /// The prompt's end, the shown text before a token, the token, and the text after it, with bleeped words masked.
    pub fn seen_around(&self, number: usize) -> [String; 4] {
        let to = self.shown_to().min(self.judged.certain);
        let lead = self.lead.min(to);
        let place = self.place(number);
        let (start, end) = (place.start.clamp(lead, to), place.end.clamp(lead, to));
        [0..lead, lead..start, start..end, end..to].map(|part| self.judged.masked(&self.text, part))
    }

    /// The complete sentences of the shown text from a byte on, and the byte after them. Bleeped words are replaced by
    /// "bleep".
    pub fn sentences(&self, from: usize) -> (String, usize) {
        let to = self.shown_to().min(self.judged.certain);
        let Some(text) = self.text.get(self.lead + from..to.max(self.lead + from)) else {
            return (String::new(), from);
        };
        // A full stop at the end of the shown text may be an abbreviation's. The next text decides, or the end of the
        // take.
        let over = self.is_over();
        let ends = sentence_ends(text).filter(|end| over || *end < text.len());
        let end = if over { Some(text.len()) } else { ends.last() };
        let Some(end) = end.filter(|end| !text[..*end].trim().is_empty()) else {
            return (String::new(), from);
        };
        let start = self.lead + from;
        (self.aloud(start..start + end), from + end)
    }

    fn aloud(&self, part: Range<usize>) -> String {
        let mut out = String::new();
        let mut at = part.start;
        for hidden in &self.judged.bleeped {
            if hidden.start < at || hidden.end > part.end {
                continue;
            }
            out.push_str(&self.text[at..hidden.start]);
            out.push_str("bleep");
            at = hidden.end;
        }
        out.push_str(&self.text[at..part.end]);
        out
    }

    /// The last shown word, without punctuation.
    pub fn last_word(&self) -> Option<String> {
        let word = self.text[..self.shown_to()].split_whitespace().next_back()?;
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        (!word.is_empty()).then(|| word.to_owned())
    }

    /// The text of a candidate for a token, with bleeped words masked.
    pub fn alternative(&self, number: usize, text: &str, bleeps: &Bleeps) -> String {
        let start = self.place(number).start;
        let whole = format!("{}{text}", &self.text[..start]);
        bleeps.judge(&whole, true).masked(&whole, start..whole.len())
    }

    /// The last shown token that has a text.
    pub fn cursor(&self) -> Option<usize> {
        (0..self.shown).rev().find(|number| !self.place(*number).is_empty())
    }

    /// The shown token with a text before, or after, a token.
    pub fn beside(&self, number: usize, after: bool) -> Option<usize> {
        let is_text = |number: &usize| !self.place(*number).is_empty();
        if after { (number + 1..self.shown).find(is_text) } else { (0..number).rev().find(is_text) }
    }
}
