//! Looking at a draft and its history without opening them for writing: nothing is locked, written or asked. For commands
//! that read a draft that may be open in a desk.

use super::{
    Change, Session,
    journal::{self, Past, Tail},
    matching,
};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// How far the history of a draft could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// There is no history.
    None,
    /// All of it.
    Whole,
    /// The journal ends in the middle of a record: what came after is missing.
    Cut,
    /// A newer version wrote the rest.
    Newer,
    /// Something that no version writes: the rest is damaged.
    Damaged,
}

impl Reach {
    /// Its name in a report.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Whole => "whole",
            Self::Cut => "cut",
            Self::Newer => "newer",
            Self::Damaged => "damaged",
        }
    }

    /// What is missing of the history, as the end of a sentence; `None` if nothing is.
    pub fn lack(&self) -> Option<&'static str> {
        match self {
            Self::None | Self::Whole => None,
            Self::Cut => Some("ends in the middle of a record; what came after it is missing"),
            Self::Newer => {
                Some("goes on with records of a newer unstuck, which this one can't read")
            }
            Self::Damaged => Some("is damaged; what comes after the damage can't be read"),
        }
    }
}

/// A draft and its history, read only.
pub struct Look {
    /// The draft, at the text of its file.
    pub session: Session,
    /// How far its history could be read.
    pub reach: Reach,
    /// The bytes of its journal up to there.
    pub journal: Vec<u8>,
    /// How many characters another program has written since the draft was saved here.
    pub outside: usize,
}

/// Why a draft that is only looked at can't be changed.
const ONLY_LOOKS: &str = "this is a look at the draft; open it to change it";

/// Read a draft and its history. A missing file is no draft, even if there is a history of that name.
///
/// # Errors
/// The file is missing or isn't text, or the journal can't be read.
pub fn look(path: &Path, state: &Path) -> Result<Look> {
    if !path.exists() {
        bail!("{}: there is no such file", path.display());
    }
    let mut session = Session::open(path)?;
    if let Some(why) = session.read_only.take() {
        bail!("{why}");
    }
    let place = journal::path_of(state, &journal::stem(path));
    let bytes = read(&place)?;
    let mut look =
        Look { reach: Reach::None, journal: Vec::new(), outside: 0, session: Session::new() };
    if let Some(bytes) = bytes {
        look.reach = session.recall(&bytes, &mut look.outside, &mut look.journal);
    }
    session.read_only = Some(ONLY_LOOKS.into());
    look.session = session;
    Ok(look)
}

/// The bytes of a journal; `None` when there is none.
fn read(place: &PathBuf) -> Result<Option<Vec<u8>>> {
    let said = || format!("the history {} can't be read", place.display());
    match place.try_exists().with_context(said)? {
        false => Ok(None),
        true => {
            crate::whole::is_free_or_file(place).with_context(said)?;
            fs::read(place).map(Some).with_context(said)
        }
    }
}

impl Session {
    /// Takes the history from the bytes of a journal, and goes to the text of the file.
    fn recall(&mut self, bytes: &[u8], outside: &mut usize, good: &mut Vec<u8>) -> Reach {
        let (past, tail) = Past::read(bytes);
        let Some(past) = past else {
            return if bytes.is_empty() { Reach::None } else { Reach::Damaged };
        };
        good.extend(&bytes[..past.good]);
        let reach = match tail {
            Tail::Newer => Reach::Newer,
            Tail::Damaged => Reach::Damaged,
            Tail::Torn if past.good < bytes.len() => Reach::Cut,
            Tail::Torn => Reach::Whole,
        };
        let (saved_at, known) = past.saved;
        let (Some(saved), Some(page)) = (past.draft(saved_at), past.draft(past.tree.current()))
        else {
            good.clear();
            return Reach::Damaged;
        };
        let text = self.saved.to_string();
        self.tree = past.tree;
        self.tree.timeline.settle();
        (self.opening, self.notes, self.saved_at) = (past.opening, past.notes, saved_at);
        let is_known = self.stamp.map(|stamp| (stamp.len, stamp.hash)) == known;
        let on_page = *page.text() == self.saved;
        // The page is at the text of the file, or at the last one that was saved.
        self.draft = page;
        if !on_page {
            self.go(saved_at);
        }
        if !on_page && !is_known && saved.text() != &self.saved {
            *outside = matching::difference(&saved.text().to_string(), &text)
                .iter()
                .map(|change| match change {
                    Change::Added(text) => text.chars().count(),
                    _ => 0,
                })
                .sum::<usize>()
                .max(1);
            let added: Option<usize> = self.add_outside(saved_at, &saved, &text);
            added.map(|added| self.go(added));
        }
        reach
    }
}
