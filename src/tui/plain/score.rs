//! How the model reads the draft, in lines: `/score` says totals and the most surprising words, `/critic` what the critic
//! would mark. Both wait until the model has read all of it.

use super::Plain;
use crate::{
    generate::Measure,
    tui::{
        critic::Kind,
        desk::{Hand, Shown},
        text::count,
    },
    ui::asking::Model,
};

/// What is said once the draft is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Totals and surprising words.
    Scores,
    /// What the critic would mark.
    Critic,
}

/// How many surprising words are named.
const NAMED: usize = 5;

impl Plain {
    /// Asks for the scores of the draft.
    pub(super) fn score(&mut self, wanted: Wanted) {
        let desk = self.app.desk_mut();
        let may = desk.may_score();
        if may {
            desk.look.shown = Shown::Scores(Measure::Surprise);
            self.wanted_scores = Some(wanted);
            self.tidy();
            if self.is_reading() {
                self.say("Reading.");
            }
        } else if wanted == Wanted::Critic {
            // Weak and repeated words need no model.
            self.tidy();
            self.say_criticism();
        }
    }

    /// Whether the model is to read the draft and hasn't.
    pub(super) fn is_reading(&self) -> bool {
        let desk = self.app.desk();
        self.wanted_scores.is_some()
            && desk.world.scores.failed().is_none()
            && !desk.world.scores.is_read()
            && !matches!(desk.asking.model, Model::Gone(_))
    }

    /// Doesn't wait for the scores any more.
    pub(super) fn forget_scores(&mut self) {
        self.wanted_scores = None;
        self.app.desk_mut().look.shown = Shown::Off;
    }

    /// Says what was wanted, once the draft is read.
    pub(super) fn report_scores(&mut self) {
        if self.is_reading() {
            return;
        }
        let Some(wanted) = self.wanted_scores.take() else { return };
        if self.app.desk().world.scores.is_read() {
            match wanted {
                Wanted::Scores => self.say_scores(),
                Wanted::Critic => self.say_criticism(),
            }
        }
        self.forget_scores();
    }

    fn say_scores(&mut self) {
        let desk = self.app.desk();
        let session = &desk.session;
        let all = desk.world.scores.hands(session, Measure::Rank);
        let mut lines = Vec::new();
        for (name, hand) in Hand::NAMES.iter().zip(all).filter(|(_, hand)| hand.tokens() > 0) {
            let bits = hand.bits / hand.words.max(1) as f64;
            let all = hand.tokens();
            let percent = |level: usize| (hand.levels[level] * 200 + all) / (2 * all);
            let words = count(hand.words, "word");
            let ranks = Measure::Rank.labels();
            lines.push(format!(
                "{name}: {words}, {bits:.1} bits a word; {} % {}, {} % {}.",
                percent(0),
                ranks[0],
                percent(3),
                ranks[3]
            ));
        }
        let end = session.text().len_chars();
        let mut tokens: Vec<_> = desk.world.scores.within(0..end).iter().collect();
        tokens.sort_by(|a, b| a.score.logprob.total_cmp(&b.score.logprob));
        let named = tokens.iter().map(|token| {
            let text = session.text().slice(token.place.clone()).to_string();
            // A token begins with the space before its word.
            let space = text.chars().take_while(|c| c.is_whitespace()).count();
            let line = session.text().char_to_line(token.place.start + space) + 1;
            format!("{} in line {line}, {:.0} bits", text.trim(), token.score.bits())
        });
        let named: Vec<_> = named.filter(|one| !one.starts_with(" in")).take(NAMED).collect();
        if lines.is_empty() {
            lines.push("The draft is empty.".to_owned());
        } else if !named.is_empty() {
            lines.push(format!("Most surprising: {}.", named.join("; ")));
        }
        lines.into_iter().for_each(|line| self.say(line));
    }

    fn say_criticism(&mut self) {
        let desk = self.app.desk();
        let text = desk.session.text();
        let found = desk.criticism(0..text.len_chars());
        let mut lines: Vec<_> = found
            .into_iter()
            .map(|found| {
                let words = text.slice(found.place.clone()).to_string();
                let line = text.char_to_line(found.place.start) + 1;
                let why = match found.kind {
                    Kind::Weak => "weak".to_owned(),
                    kind => kind.say(),
                };
                format!("Line {line}: {}: {why}.", super::one_line(&words))
            })
            .collect();
        if lines.is_empty() {
            lines.push("The critic marks nothing.".to_owned());
        }
        self.say_all(lines);
    }
}
