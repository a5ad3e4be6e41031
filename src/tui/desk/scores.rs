//! How the model reads the draft: the scores of its tokens, each at its place on the page.
//!
//! While scores are wanted, each change of the draft is sent to the model's thread, which reads only what changed and
//! reports the scores window by window. Until they are there, the scores from before stay: they move with the text behind
//! the change, and those within it are dropped.

use super::{Desk, hand::Hand, moved::Moved};
use crate::{
    generate::{DraftScores, Likelihood, Measure, ScoreDraft},
    session::{Session, begins_word},
    token::BranchId,
    ui::{
        asking::{Model, quotes, seen},
        worker::Request,
    },
};
use ropey::Rope;
use std::{cell::RefCell, ops::Range};

/// What the page shows of its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Nothing.
    #[default]
    Off,
    /// Who wrote what.
    Authors,
    /// How likely the model finds each token.
    Scores(Measure),
}

impl Shown {
    /// The next one.
    fn next(self) -> Self {
        match self {
            Self::Off => Self::Authors,
            Self::Authors => Self::Scores(Measure::Rank),
            Self::Scores(Measure::Rank) => Self::Scores(Measure::Surprise),
            Self::Scores(Measure::Surprise) => Self::Off,
        }
    }
}

/// A token of the draft with its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Its characters in the draft.
    pub place: Range<usize>,
    /// How likely the model found it.
    pub score: Likelihood,
}

/// What was sent to the model's thread.
struct Sent {
    number: BranchId,
    draft: Rope,
    text: String,
    /// Whether the model's thread has answered.
    told: bool,
    /// How many characters of the draft are left out before which characters of the text.
    gaps: Vec<(usize, usize)>,
}

/// The scores of the draft.
#[derive(Default)]
pub struct Scores {
    /// The tokens in their order.
    tokens: Vec<Token>,
    /// The text that their places are in.
    draft: Rope,
    sent: Option<Sent>,
    /// How many tokens are read, of how many.
    progress: (usize, usize),
    /// Why there are no scores.
    failed: Option<String>,
    /// The totals of each hand by a measure, as of the last answer.
    totals: RefCell<Option<(Measure, [Hand; 3])>>,
}

impl Scores {
    /// The tokens that have a part in a range of the draft.
    pub fn within(&self, range: Range<usize>) -> &[Token] {
        let first = self.tokens.partition_point(|token| token.place.end <= range.start);
        let last = self.tokens.partition_point(|token| token.place.start < range.end);
        &self.tokens[first..last.max(first)]
    }

    /// How much of the draft is read, in percent; `None` if all of it is, or nothing was asked.
    pub fn percent(&self) -> Option<usize> {
        let (read, all) = self.progress;
        (read < all).then(|| read * 100 / all)
    }

    /// Whether all of the draft, as it was sent last, is read.
    pub fn is_read(&self) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.told) && self.progress.0 == self.progress.1
    }

    /// Why there are no scores.
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// The totals of each hand. They are counted again after each answer, not after each key.
    pub fn hands(&self, session: &Session, measure: Measure) -> [Hand; 3] {
        let mut totals = self.totals.borrow_mut();
        match &*totals {
            Some((known, hands)) if *known == measure => *hands,
            _ => totals.insert((measure, self.count(session, measure))).1,
        }
    }

    fn count(&self, session: &Session, measure: Measure) -> [Hand; 3] {
        let mut hands = [Hand::default(); 3];
        let mut runs = session.authors(0..session.text().len_chars()).peekable();
        let (mut chars, mut at) = (session.text().chars(), 0);
        let mut before = [None; 2];
        for token in &self.tokens {
            // A token begins with the space before its word, so its last character tells whose it is.
            while runs.next_if(|(run, _)| run.end < token.place.end).is_some() {}
            let Some((_, author)) = runs.peek() else { break };
            let hand = &mut hands[Hand::of(*author)];
            hand.add(measure, token.score);
            while at < token.place.end {
                let Some(char) = chars.next() else { break };
                let counts = at >= token.place.start && begins_word(before, char);
                hand.words += usize::from(counts);
                before = [before[1], Some(char)];
                at += 1;
            }
        }
        hands
    }

    /// Moves the tokens to their places in the draft as it is now.
    fn follow(&mut self, now: &Rope) {
        let moved = Moved::between(&self.draft, now);
        self.tokens.retain_mut(|token| moved.apply(&mut token.place));
        self.draft = now.clone();
    }

    /// The model's thread has scored parts of the draft.
    fn hear(&mut self, scores: &DraftScores, now: &Rope) {
        let Some(sent) = &mut self.sent else { return };
        sent.told = true;
        let moved = Moved::between(&sent.draft, now);
        let (mut tokens, covered) = sent.places(scores);
        tokens.retain_mut(|token| moved.apply(&mut token.place));
        let covered: Vec<_> = covered.into_iter().map(|part| moved.around(part)).collect();
        self.follow(now);
        let mut next = 0;
        self.tokens.retain(|token| {
            while covered.get(next).is_some_and(|part| part.end <= token.place.start) {
                next += 1;
            }
            covered.get(next).is_none_or(|part| part.start >= token.place.end)
        });
        self.tokens.append(&mut tokens);
        self.tokens.sort_by_key(|token| token.place.start);
        self.progress = (scores.read, scores.tokens);
        *self.totals.get_mut() = None;
    }
}

impl Sent {
    /// The tokens with their places in the draft that was sent, and the places that the parts cover.
    fn places(&self, scores: &DraftScores) -> (Vec<Token>, Vec<Range<usize>>) {
        let mut parts: Vec<_> = scores.parts.iter().collect();
        parts.sort_by_key(|part| part.start);
        let mut walk = Walk { sent: self, byte: 0, char: 0, gap: 0, left_out: 0 };
        let (mut tokens, mut covered) = (Vec::new(), Vec::new());
        for part in parts {
            let mut byte = part.start;
            let first = walk.place(byte, true);
            let mut start = first;
            for mark in part.tokens.iter() {
                byte += mark.bytes;
                let end = walk.place(byte, false);
                // Two tokens that share a character are both at it.
                let from = start.min(end.saturating_sub(1));
                if let Some(score) = mark.score.filter(|_| mark.bytes > 0) {
                    tokens.push(Token { place: from..end.max(from + 1), score });
                }
                start = walk.place(byte, true);
            }
            covered.push(first..start.max(first));
        }
        (tokens, covered)
    }
}

/// A walk through the text that was sent: from bytes to places of the draft.
struct Walk<'a> {
    sent: &'a Sent,
    byte: usize,
    char: usize,
    gap: usize,
    left_out: usize,
}

impl Walk<'_> {
    /// The place of a byte, not before that of the last call. With `behind`, what is left out there is before it.
    fn place(&mut self, byte: usize, behind: bool) -> usize {
        let to = self.sent.text.ceil_char_boundary(byte.min(self.sent.text.len()));
        if to > self.byte {
            self.char += self.sent.text[self.byte..to].chars().count();
            self.byte = to;
        }
        let gaps = &self.sent.gaps;
        while let Some((at, count)) = gaps.get(self.gap)
            && (*at < self.char || behind && *at == self.char)
        {
            self.left_out += count;
            self.gap += 1;
        }
        self.char + self.left_out
    }
}

impl Desk {
    /// Shows who wrote what; after that how the model ranks each token; then how surprising it is; then nothing.
    pub fn show_next(&mut self) {
        self.look.shown = self.look.shown.next();
        let is_first = self.look.shown == Shown::Scores(Measure::Rank);
        if is_first && !self.may_score() {
            self.look.shown = Shown::Off;
        }
    }

    /// Whether the model can score the draft, or will when it is loaded. If not, tells the writer why.
    pub fn may_score(&mut self) -> bool {
        match &self.asking.model {
            Model::Gone(why) => self.notices.warn(why.clone()),
            Model::Ready(info) if info.server.is_some() => {
                let (name, models) = (info.name.clone(), self.key("models"));
                self.notices.say(format!(
                    "{name} is on a server, which doesn't score a given text. {models} offers models on this machine."
                ));
            }
            _ => return !self.says_model_is_off(),
        }
        false
    }

    /// Whether scores are wanted.
    fn wants_scores(&self) -> bool {
        matches!(self.look.shown, Shown::Scores(_)) || self.world.critic.marks
    }

    /// Asks for the scores of a draft that has changed, or stops asking.
    pub fn tend_scores(&mut self) {
        let can = matches!(&self.asking.model, Model::Ready(info) if info.server.is_none())
            && !self.session.notes().model_off;
        if !self.wants_scores() || !can {
            if let Some(sent) = self.world.scores.sent.take() {
                self.asking.stop(sent.number);
                self.world.scores = Scores::default();
            }
            return;
        }
        let draft = self.session.text();
        if self.world.scores.sent.as_ref().is_some_and(|sent| sent.draft.is_instance(draft)) {
            return;
        }
        let draft = draft.clone();
        self.world.scores.follow(&draft);
        let (text, gaps) = seen(&draft, 0..draft.len_chars());
        // The model gets straight quotes, as in prompts; each is one character.
        let text = quotes::straight(&text).into_owned();
        // What is left out before the cursor doesn't matter for what is read first.
        let at = draft.char_to_byte(self.session.cursor()).min(text.len());
        let number = self.asking.next_branch();
        self.asking.send(Request::Score(number, ScoreDraft { text: text.clone(), at }));
        self.world.scores.failed = None;
        self.world.scores.sent = Some(Sent { number, draft, text, told: false, gaps });
    }

    /// Scores have come. Those of an earlier text are of no use.
    pub fn hear_scores(&mut self, number: BranchId, scores: &DraftScores) {
        if self.world.scores.sent.as_ref().is_some_and(|sent| sent.number == number) {
            self.world.scores.hear(scores, self.session.text());
        }
    }

    /// A request has failed. Returns whether it was the one for scores.
    pub fn scores_failed(&mut self, number: BranchId, why: &str) -> bool {
        let is_mine = self.world.scores.sent.as_ref().is_some_and(|sent| sent.number == number);
        if is_mine {
            self.notices.warn(format!("The draft isn't scored: {why}."));
            self.world.scores.failed = Some(why.to_owned());
            self.world.scores.progress = (0, 0);
        }
        is_mine
    }

    /// Another model reads the draft anew.
    pub fn forget_scores(&mut self) {
        self.world.scores = Scores::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Mark, Part};

    const SCORE: Likelihood = Likelihood { logprob: -1.0, rank: 1, entropy: 1.0 };

    fn sent(draft: &str, text: &str, gaps: &[(usize, usize)]) -> Sent {
        let (draft, text) = (Rope::from_str(draft), text.to_owned());
        Sent { number: 1, draft, text, told: false, gaps: gaps.to_vec() }
    }

    fn scores(start: usize, bytes: &[usize]) -> DraftScores {
        let mark = |&bytes: &usize| Mark { bytes, score: Some(SCORE) };
        let tokens = bytes.iter().map(mark).collect();
        DraftScores { parts: vec![Part { start, tokens }], tokens: 9, read: 9 }
    }

    fn places(scores: &Scores) -> Vec<Range<usize>> {
        scores.tokens.iter().map(|token| token.place.clone()).collect()
    }

    #[test]
    fn bytes_of_the_text_that_was_sent_are_places_of_the_draft() {
        // `é` has two bytes, and the emoji's four are two tokens.
        let sent = sent("% a\né 🙂 x", "é 🙂 x", &[(0, 4)]);
        let (tokens, covered) = sent.places(&scores(0, &[2, 3, 2, 2]));
        let places: Vec<_> = tokens.into_iter().map(|token| token.place).collect();
        assert_eq!(places, [4..5, 5..7, 6..7, 7..9]);
        assert_eq!(covered.len(), 1);
        assert_eq!(covered[0], 4..9);
    }

    #[test]
    fn scores_move_with_the_text_and_new_ones_replace_them() {
        let old = Rope::from_str("one two six");
        let mut all =
            Scores { sent: Some(sent("one two six", "one two six", &[])), ..Scores::default() };
        all.hear(&scores(0, &[3, 4, 4]), &old);
        assert_eq!(places(&all), [0..3, 3..7, 7..11]);
        let new = Rope::from_str("one three six");
        all.follow(&new);
        assert_eq!(places(&all), [0..3, 9..13]);
        // An answer about the text before the edit comes late.
        all.hear(&scores(3, &[4, 4]), &new);
        assert_eq!(places(&all), [0..3, 9..13]);
        all.sent = Some(sent("one three six", "one three six", &[]));
        all.hear(&scores(3, &[6, 4]), &new);
        assert_eq!(places(&all), [0..3, 3..9, 9..13]);
        assert_eq!(all.within(3..4).len(), 1);
        assert_eq!(all.percent(), None);
    }
}
