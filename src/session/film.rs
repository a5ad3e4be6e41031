//! The history of a draft as a film: every change of the page at its time, to be played, searched and exported.

use super::{
    Author, Revision, Session, Source,
    draft::{Draft, Piece},
    journal,
};
use ropey::Rope;
use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// A pause of this length ends a sitting.
const SITTING: Duration = Duration::from_secs(30 * 60);

/// What happened in a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The writer typed.
    Typed,
    /// The writer pasted.
    Pasted,
    /// The writer deleted.
    Deleted,
    /// Text of the model was taken.
    Taken(Option<Source>),
    /// Another program changed the file.
    Outside,
    /// The last change was undone.
    Undone,
    /// It was done again.
    Redone,
    /// The writer went to another branch.
    Went,
    /// The model was asked: the number of the request.
    Asked(usize),
    /// The model offered a text.
    Offered(Source, Box<str>),
    /// The draft was saved.
    Saved,
}

impl What {
    /// In a word, for a line about the scene.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Pasted => "pasted",
            Self::Deleted => "deleted",
            Self::Taken(_) => "taken",
            Self::Outside => "changed by another program",
            Self::Undone => "undone",
            Self::Redone => "redone",
            Self::Went => "another branch",
            Self::Asked(_) => "asked",
            Self::Offered(..) => "offered",
            Self::Saved => "saved",
        }
    }
}

/// A moment of a film.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// When it was. Never before the scene before it.
    pub time: SystemTime,
    /// The revision on the page.
    pub revision: Revision,
    /// What happened.
    pub what: What,
    /// How the page changed, if it did: where, what was there, and what is there now.
    pub(crate) change: Option<(usize, Piece, Piece)>,
    /// Where the change ends on the page, in characters.
    pub cursor: Option<usize>,
}

impl Scene {
    /// Whether the page changed.
    pub fn changes(&self) -> bool {
        self.change.is_some()
    }

    /// The text that came onto the page.
    pub fn inserted(&self) -> &str {
        self.change.as_ref().map_or("", |(_, _, inserted)| &inserted.text)
    }

    /// Where the change begins on the page, in characters.
    pub fn at(&self) -> Option<usize> {
        self.change.as_ref().map(|(at, ..)| *at)
    }
}

/// The film of a draft.
#[derive(Clone, Debug)]
pub struct Film {
    pub(crate) start: Draft,
    /// When the history began.
    pub begun: SystemTime,
    /// All scenes, in order.
    pub scenes: Vec<Scene>,
}

impl Film {
    /// The film of a journal, as far as it can be read; `None` when not even its beginning can.
    pub fn read(journal: &[u8]) -> Option<Self> {
        journal::film(journal)
    }

    /// The sittings: ranges of scenes without a pause of half an hour.
    pub fn sittings(&self) -> Vec<Range<usize>> {
        let mut sittings = Vec::new();
        let mut from = 0;
        for at in 1..self.scenes.len() {
            if self.gap(at) >= SITTING {
                sittings.push(from..at);
                from = at;
            }
        }
        if from < self.scenes.len() {
            sittings.push(from..self.scenes.len());
        }
        sittings
    }

    /// The time between a scene and the one before it.
    fn gap(&self, at: usize) -> Duration {
        let before = at.checked_sub(1).map_or(self.begun, |before| self.scenes[before].time);
        self.scenes[at].time.duration_since(before).unwrap_or_default()
    }

    /// When each scene of a range is, from the beginning of the range. No pause is longer than `idle`, and those between
    /// sittings are left out.
    pub fn times(&self, range: Range<usize>, idle: Duration) -> Vec<Duration> {
        let mut time = Duration::ZERO;
        let times = range.clone().map(|at| {
            let gap = if at == range.start { Duration::ZERO } else { self.gap(at) };
            time += if gap >= SITTING { Duration::ZERO } else { gap.min(idle) };
            time
        });
        times.collect()
    }
}

impl Session {
    /// The film of this draft; `None` when no history is kept, or nothing has happened yet.
    pub fn film(&mut self) -> Option<Film> {
        let journal = self.journal.as_mut().and_then(|journal| journal.bytes())?;
        Film::read(&journal).filter(|film| !film.scenes.is_empty())
    }
}

/// The page of a film at one of its moments.
pub struct Player {
    film: Arc<Film>,
    page: Draft,
    /// How many scenes were played.
    at: usize,
}

impl Player {
    /// At the beginning, before the first scene.
    pub fn new(film: Arc<Film>) -> Self {
        Self { page: film.start.clone(), film, at: 0 }
    }

    /// The film.
    pub fn film(&self) -> &Film {
        &self.film
    }

    /// How many scenes were played.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes to the page as it is after the first `to` scenes, or after all of them if there are fewer.
    pub fn seek(&mut self, to: usize) {
        let to = to.min(self.film.scenes.len());
        while self.at < to {
            if let Some((at, removed, inserted)) = &self.film.scenes[self.at].change {
                self.page.replace(*at..at + removed.len(), inserted);
            }
            self.at += 1;
        }
        while self.at > to {
            self.at -= 1;
            if let Some((at, removed, inserted)) = &self.film.scenes[self.at].change {
                self.page.replace(*at..at + inserted.len(), removed);
            }
        }
    }

    /// The last scene that was played.
    pub fn scene(&self) -> Option<&Scene> {
        self.film.scenes.get(self.at.checked_sub(1)?)
    }

    /// The text on the page.
    pub fn text(&self) -> &Rope {
        self.page.text()
    }

    /// The authors in a range of the page, as runs in order.
    pub fn authors(
        &self,
        range: Range<usize>,
    ) -> impl Iterator<Item = (Range<usize>, Author)> + '_ {
        self.page.authors().iter(range)
    }

    /// Where the last change that was played ends, in characters.
    pub fn cursor(&self) -> usize {
        let played = self.film.scenes[..self.at].iter().rev();
        let cursor = played.filter_map(|scene| scene.cursor).next();
        cursor.unwrap_or(0).min(self.text().len_chars())
    }
}
