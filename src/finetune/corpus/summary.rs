//! The counts of a run: what was read, what was dropped and why, what was changed. Goes to `corpus.json` as it is.

use super::{END, Settings, Tags, wash::Changes};
use indicatif::HumanCount;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};
use strum::{EnumIter, IntoEnumIterator};

/// All counts of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The program that made it.
    pub made_by: String,
    /// With which settings; the same ones and the same inputs give the same corpus.
    pub settings: Settings,
    /// What stands behind each document in the text files; `None` when its end can't be told for certain.
    pub separator: Option<String>,
    /// What was given, in order.
    pub inputs: Vec<Given>,
    /// Files.
    pub files: Files,
    /// Documents.
    pub documents: Documents,
    /// How many documents were dropped, by reason.
    pub dropped: Dropped,
    /// How many of the documents that were kept were changed, by what.
    pub changed: Changed,
    /// `train.txt`.
    pub train: Part,
    /// `validation.txt`.
    pub validation: Part,
}

impl Summary {
    /// Nothing yet.
    pub fn new(settings: &Settings) -> Self {
        Self {
            made_by: concat!("unstuck ", env!("CARGO_PKG_VERSION")).into(),
            settings: settings.clone(),
            separator: (settings.tags != Tags::None).then(|| format!("{END}\n")),
            inputs: Vec::new(),
            files: Files::default(),
            documents: Documents::default(),
            dropped: Dropped::default(),
            changed: Changed::default(),
            train: Part::default(),
            validation: Part::default(),
        }
    }
}

/// One input as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Its path.
    pub path: String,
    /// Documents found in it.
    pub read: u64,
    /// Documents of it that are in the corpus.
    pub kept: u64,
}

/// Files that were read, and those of folders that were passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// Read.
    pub read: u64,
    /// No text.
    pub binary: u64,
    /// Text, by the name's ending, but not of a kind that is read.
    pub other: u64,
    /// Tables without a column that is known for its text.
    pub unclear: u64,
    /// Not to be opened.
    pub unreadable: u64,
}

/// Why a file of a folder was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOver {
    /// No text.
    Binary,
    /// Of another kind.
    Other,
    /// A table without a known column.
    Unclear,
    /// Not to be opened.
    Unreadable,
}

impl Files {
    pub(super) fn of(&mut self, why: PassedOver) -> &mut u64 {
        match why {
            PassedOver::Binary => &mut self.binary,
            PassedOver::Other => &mut self.other,
            PassedOver::Unclear => &mut self.unclear,
            PassedOver::Unreadable => &mut self.unreadable,
        }
    }

    /// How many were passed over.
    pub fn passed_over(&self) -> u64 {
        self.binary + self.other + self.unclear + self.unreadable
    }
}

impl Display for Files {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed over", count(self.passed_over(), "file"))?;
        let parts = [
            (self.binary, "binary"),
            (self.other, "of other kinds"),
            (self.unclear, "tables without a known column"),
            (self.unreadable, "not to be opened"),
        ];
        let parts = parts.into_iter().filter(|(n, _)| *n > 0);
        let parts: Vec<_> = parts.map(|(n, what)| format!("{} {what}", HumanCount(n))).collect();
        if parts.is_empty() { Ok(()) } else { write!(f, " ({})", parts.join(", ")) }
    }
}

/// Documents in and out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documents {
    /// Found in the inputs.
    pub read: u64,
    /// In the corpus.
    pub kept: u64,
    /// Not in it.
    pub dropped: u64,
}

/// Why a document was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing but space.
    Empty,
    /// Others' words, in one of two forms, or marked so by the archive.
    Retweet,
    /// Nothing but links.
    OnlyLinks,
    /// No word that isn't a handle.
    NoWords,
    /// The same as another, character for character.
    Duplicate,
    /// The same as another but for case, punctuation, handles or a few words.
    NearDuplicate,
    /// A row with more or fewer fields than the header.
    Ragged,
    /// A record that isn't JSON.
    Broken,
    /// A record without a field that has text.
    NoText,
    /// A record longer than 4 MiB.
    TooLong,
}

impl Reason {
    fn name(self, n: u64) -> String {
        let (one, more) = match self {
            Self::Empty => ("empty", "empty"),
            Self::Retweet => ("retweet", "retweets"),
            Self::OnlyLinks => ("with nothing but links", "with nothing but links"),
            Self::NoWords => ("without words", "without words"),
            Self::Duplicate => ("duplicate", "duplicates"),
            Self::NearDuplicate => ("near duplicate", "near duplicates"),
            Self::Ragged => ("ragged row", "ragged rows"),
            Self::Broken => ("broken record", "broken records"),
            Self::NoText => ("without a text field", "without a text field"),
            Self::TooLong => ("longer than 4 MiB", "longer than 4 MiB"),
        };
        format!("{} {}", HumanCount(n), if n == 1 { one } else { more })
    }
}

/// Counts by reason; every reason has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dropped(pub BTreeMap<Reason, u64>);

impl Default for Dropped {
    fn default() -> Self {
        Self(Reason::iter().map(|reason| (reason, 0)).collect())
    }
}

impl Display for Dropped {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<_> = self.0.iter().filter(|(_, n)| **n > 0).collect();
        parts.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        let parts: Vec<_> = parts.into_iter().map(|(reason, n)| reason.name(*n)).collect();
        let parts = if parts.is_empty() { "nothing".into() } else { parts.join(", ") };
        write!(f, "dropped: {parts}")
    }
}

/// How many documents had what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Links.
    pub links: u64,
    /// Character references.
    pub entities: u64,
    /// Characters that weren't composed.
    pub composed: u64,
    /// Controls, escapes, invisible characters.
    pub invisible: u64,
    /// Training tags.
    pub tags: u64,
    /// Rows whose quotes were no CSV, read as they stand. Dropped ones count too.
    pub quotes: u64,
    /// Places that weren't UTF-8. Dropped documents' count too.
    pub invalid_utf8: u64,
}

impl Changed {
    pub(super) fn add(&mut self, changes: Changes) {
        self.links += u64::from(changes.links);
        self.entities += u64::from(changes.entities);
        self.composed += u64::from(changes.composed);
        self.invisible += u64::from(changes.invisible);
        self.tags += u64::from(changes.tags);
    }
}

/// One of the text files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Documents in it.
    pub documents: u64,
    /// Its size.
    pub bytes: u64,
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Documents { read, kept, .. } = self.documents;
        write!(f, "{} read, {} kept: ", count(read, "document"), HumanCount(kept))?;
        write!(f, "{} to train on, ", HumanCount(self.train.documents))?;
        write!(f, "{} to validate with; {}", HumanCount(self.validation.documents), self.dropped)?;
        if self.changed.invalid_utf8 > 0 {
            write!(f, "; replaced: {}", count(self.changed.invalid_utf8, "place"))?;
            write!(f, " that weren't UTF-8")?;
        }
        if self.files.passed_over() > 0 {
            write!(f, "; {}", self.files)?;
        }
        Ok(())
    }
}

/// "1 file", "2 files".
pub(super) fn count(n: u64, what: &str) -> String {
    format!("{} {what}{}", HumanCount(n), if n == 1 { "" } else { "s" })
}
