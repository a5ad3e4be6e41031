//! One take: what the model said behind a prompt, how much of it has been shown, and what of that may be seen.

use super::pace::{Credit, Pace, words};
use crate::{
    clean::{Bleeps, Judged, hanging, sentence_ends},
    session::Source,
    token::{BranchId, StopReason, Token},
};
use std::{ops::Range, time::Duration};

/// How far the model has come with a take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The prompt is being read.
    Reading,
    /// Tokens come.
    Coming,
    /// The model came to an end.
    Done,
    /// The host or an error ended it.
    Stopped,
}

/// One take.
#[derive(Clone, Debug)]
pub struct Take {
    /// The branch that is or was decoded for it.
    pub branch: BranchId,
    /// What it was rolled with.
    pub seed: u64,
    /// How far the model has come.
    pub state: State,
    /// The tokens, those that it shares with the take it was rolled from first.
    pub said: Vec<Token>,
    /// How many of them are shared.
    pub shared: usize,
    /// How many are shown.
    pub shown: usize,
    /// The end of the prompt, then all that was said.
    text: String,
    /// Bytes of the prompt's end in `text`.
    lead: usize,
    /// Where each token ends in `text`.
    ends: Vec<usize>,
    judged: Judged,
    credit: Credit,
    /// Where in the history it is.
    pub source: Option<Source>,
    /// How much of it the history has.
    pub kept: usize,
}

impl Take {
    /// A take that begins behind `lead`, the end of its prompt, with tokens of another one.
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
            source: None,
            kept: 0,
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

    /// The model has said another token.
    pub fn push(&mut self, token: Token, bleeps: &Bleeps) {
        self.state = State::Coming;
        self.put(token);
        self.judge(bleeps);
    }

    /// The model has come to an end; the clause that hangs behind the last whole sentence goes, as far as nobody
    /// has seen it.
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

    /// Nothing more comes.
    pub fn stop(&mut self, bleeps: &Bleeps) {
        if self.is_live() {
            self.state = State::Stopped;
            self.judge(bleeps);
        }
    }

    /// More is to come behind what there is.
    pub fn go_on(&mut self, branch: BranchId, bleeps: &Bleeps) {
        (self.branch, self.state) = (branch, State::Reading);
        self.judge(bleeps);
    }

    /// The model is at it.
    pub fn is_live(&self) -> bool {
        matches!(self.state, State::Reading | State::Coming)
    }

    /// All that was said is shown, and nothing more comes.
    pub fn is_over(&self) -> bool {
        !self.is_live() && self.shown == self.said.len()
    }

    /// Finds anew what must not be shown.
    pub fn judge(&mut self, bleeps: &Bleeps) {
        self.judged = bleeps.judge(&self.text, !self.is_live());
    }

    /// Time has passed: shows what may be shown by now. Says whether anything was.
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

    /// How long until the next token may be shown; `None` when there is none.
    pub fn left(&self, pace: Pace) -> Option<Duration> {
        self.is_ready().then(|| self.credit.left(self.cost(), pace))
    }

    /// The next token is there, and it is certain that it may be seen, or that it may not.
    fn is_ready(&self) -> bool {
        self.ends.get(self.shown).is_some_and(|end| *end <= self.judged.certain)
    }

    /// How many words the next token begins.
    fn cost(&self) -> usize {
        let place = self.place(self.shown);
        words(&self.text[..place.start], &self.text[place])
    }

    /// Shows one token more, with those that have no text of their own. False when there is none.
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

    /// Shows one token less. False when none is shown.
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

    /// Shows none of it, or all that has come and is certain.
    pub fn jump(&mut self, to_end: bool) {
        self.shown = if to_end { self.shown } else { 0 };
        while to_end && self.is_ready() {
            self.shown += 1;
        }
    }

    /// Where a token stands in the text.
    fn place(&self, number: usize) -> Range<usize> {
        let start = match number {
            0 => self.lead,
            _ => self.ends.get(number - 1).copied().unwrap_or(self.text.len()),
        };
        start..self.ends.get(number).copied().unwrap_or(start)
    }

    /// What the model said, unmasked: for the history and for going on, never for a screen.
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

    /// What may be seen: the prompt's end, and what was said of the take.
    pub fn seen(&self) -> [String; 2] {
        let [lead, before, token, after] = self.seen_around(self.said.len());
        [lead, before + &token + &after]
    }

    /// What may be seen: the prompt's end, what was said before a token, that token, and what was said behind it.
    pub fn seen_around(&self, number: usize) -> [String; 4] {
        let to = self.shown_to().min(self.judged.certain);
        let lead = self.lead.min(to);
        let place = self.place(number);
        let (start, end) = (place.start.clamp(lead, to), place.end.clamp(lead, to));
        [0..lead, lead..start, start..end, end..to].map(|part| self.judged.masked(&self.text, part))
    }

    /// Whole sentences of what may be seen of the model's words, from a byte of them on; and the byte behind them.
    /// What is bleeped is said as such.
    pub fn sentences(&self, from: usize) -> (String, usize) {
        let to = self.shown_to().min(self.judged.certain);
        let Some(text) = self.text.get(self.lead + from..to.max(self.lead + from)) else {
            return (String::new(), from);
        };
        // The end of what is shown looks like the end of a sentence: only what follows it tells, or the end of all.
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

    /// The word that was shown last, as it stands there.
    pub fn last_word(&self) -> Option<String> {
        let word = self.text[..self.shown_to()].split_whitespace().next_back()?;
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        (!word.is_empty()).then(|| word.to_owned())
    }

    /// A token that might have stood in the place of a shown one, as it may be seen there.
    pub fn alternative(&self, number: usize, text: &str, bleeps: &Bleeps) -> String {
        let start = self.place(number).start;
        let whole = format!("{}{text}", &self.text[..start]);
        bleeps.judge(&whole, true).masked(&whole, start..whole.len())
    }

    /// The last token that is shown and has a text.
    pub fn cursor(&self) -> Option<usize> {
        (0..self.shown).rev().find(|number| !self.place(*number).is_empty())
    }

    /// The one before, or after, a token.
    pub fn beside(&self, number: usize, after: bool) -> Option<usize> {
        let is_text = |number: &usize| !self.place(*number).is_empty();
        if after { (number + 1..self.shown).find(is_text) } else { (0..number).rev().find(is_text) }
    }
}
