//! The critic on the desk: its marks in the viewport, when they are asked for.

use super::{Desk, Hand};
use crate::{
    session::Author,
    tui::critic::{Found, Kind, Settings, Words, cliches},
};
use std::ops::Range;

/// The critic, and what it has found.
pub struct Critic {
    /// Its marks are shown.
    pub marks: bool,
    /// The marks in the viewport, in characters of the draft.
    pub found: Vec<Found>,
    /// How many tokens make a cliché.
    run: usize,
    words: Words,
}

/// How much text around the viewport is read, in characters: words repeated across its edge are marked, too.
const AROUND: usize = 2_000;

impl Critic {
    /// A critic that is not asked yet.
    pub fn new(settings: &Settings) -> Self {
        let words = Words::new(settings);
        Self { marks: false, found: Vec::new(), run: settings.run, words }
    }

    /// How many marks of each kind there are: clichés, weak words, repeated words.
    pub fn counts(&self) -> [usize; 3] {
        let count = |is: fn(&Kind) -> bool| self.found.iter().filter(|f| is(&f.kind)).count();
        [
            count(|kind| matches!(kind, Kind::Cliche(_))),
            count(|kind| matches!(kind, Kind::Weak)),
            count(|kind| matches!(kind, Kind::Repeated(_))),
        ]
    }

    /// The mark at a place, or just before it.
    pub fn at(&self, place: usize) -> Option<&Found> {
        self.found.iter().find(|found| found.place.start <= place && place <= found.place.end)
    }
}

impl Desk {
    /// Shows the critic's marks, or hides them. Weak and repeated words need no model.
    pub fn toggle_critic(&mut self) {
        self.world.critic.marks = !self.world.critic.marks;
        if !self.world.critic.marks {
            self.notices.say("The critic is silent.");
        } else if self.may_score() {
            self.notices.say("The critic marks, and changes nothing.");
        }
    }

    /// The parts of a range that are the writer's own, as far as that is known.
    fn own_runs(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let is_own = |author| Hand::of(author) == 0 || author == Author::Unknown;
        let mut own: Vec<Range<usize>> = Vec::new();
        for (run, _) in self.session.authors(range).filter(|(_, author)| is_own(*author)) {
            match own.last_mut() {
                Some(last) if last.end == run.start => last.end = run.end,
                _ => own.push(run),
            }
        }
        own
    }

    /// Finds what is to be marked in the viewport, if anything is.
    pub fn criticize(&mut self) {
        let window = self.page.window().filter(|_| self.world.critic.marks);
        self.world.critic.found = window.map(|window| self.criticism(window)).unwrap_or_default();
    }

    /// What the critic marks in a part of the draft. The text around it is read too, so that words repeated across its
    /// edge are found.
    pub fn criticism(&self, window: Range<usize>) -> Vec<Found> {
        let end = self.session.text().len_chars();
        let near = window.start.saturating_sub(AROUND)..(window.end + AROUND).min(end);
        let own = self.own_runs(near.clone());
        let is_own = |place: &Range<usize>| {
            let run = own.partition_point(|run| run.end <= place.start);
            own.get(run).is_some_and(|run| run.start <= place.start && place.end <= run.end)
        };
        let critic = &self.world.critic;
        let tokens = self.world.scores.within(near.clone()).iter();
        let ranks = tokens.map(|token| {
            let rank = if is_own(&token.place) { token.score.rank } else { 0 };
            (token.place.clone(), rank)
        });
        let text = self.session.text().slice(near.clone()).to_string();
        let mut found = cliches(ranks, critic.run);
        // A token begins with the space before its word.
        for run in &mut found {
            let spaces = self.session.text().chars_at(run.place.start);
            let spaces = spaces.take_while(|c| c.is_whitespace()).count();
            run.place.start = (run.place.start + spaces).min(run.place.end - 1);
        }
        let (mut byte, mut place) = (0, near.start);
        for word in critic.words.find(&text) {
            place += text[byte..word.place.start].chars().count();
            byte = word.place.start;
            let chars = text[word.place.clone()].chars().count();
            found.push(Found { place: place..place + chars, kind: word.kind });
        }
        let hidden = self.hidden_near(&near);
        found.retain(|found| {
            let is_seen = found.place.end > window.start && found.place.start < window.end;
            let byte = self.session.text().char_to_byte(found.place.start);
            is_seen && is_own(&found.place) && !hidden.iter().any(|part| part.contains(&byte))
        });
        found.sort_by_key(|found| found.place.start);
        found
    }
}
