//! The counts of a corpus: what was read, what was dropped and why, what was changed. `corpus.json` is this structure.

use super::{END, Settings, Tags, cleaning::Changes};
use indicatif::HumanCount;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};
use strum::{EnumIter, IntoEnumIterator};

/// All counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Name and version of the program that made the corpus.
    pub made_by: String,
    /// The settings. The same settings and inputs give the same corpus.
    pub settings: Settings,
    /// What follows each document in the text files; `None` when there are no tags, so that ends are ambiguous.
    pub separator: Option<String>,
    /// The inputs, in the order in which they were given.
    pub inputs: Vec<Input>,
    /// What the writer should know: how a file was read, and what looks wrong in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// Counts of files.
    pub files: Files,
    /// Counts of documents.
    pub documents: Documents,
    /// How many documents were dropped, by reason.
    pub dropped: Dropped,
    /// What cleaning changed.
    pub changed: Changed,
    /// What `train.txt` contains.
    pub train: TextFile,
    /// What `validation.txt` contains.
    pub validation: TextFile,
}

impl Summary {
    /// All counts zero.
    pub fn new(settings: &Settings) -> Self {
        Self {
            made_by: concat!("unstuck ", env!("CARGO_PKG_VERSION")).into(),
            settings: settings.clone(),
            separator: (settings.tags != Tags::None).then(|| format!("{END}\n")),
            inputs: Vec::new(),
            notices: Vec::new(),
            files: Files::default(),
            documents: Documents::default(),
            dropped: Dropped::default(),
            changed: Changed::default(),
            train: TextFile::default(),
            validation: TextFile::default(),
        }
    }
}

/// A file or folder that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its path.
    pub path: String,
    /// Documents found in it.
    pub read: u64,
    /// Documents of it that were kept.
    pub kept: u64,
}

/// How many files were read, and how many files in folders were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// Files that were read.
    pub read: u64,
    /// Skipped: binary files.
    pub binary: u64,
    /// Skipped: files of unsupported types.
    pub other: u64,
    /// Skipped: tables without a known text column.
    pub unclear: u64,
    /// Skipped: files that could not be opened.
    pub unreadable: u64,
}

/// Why a file in a folder was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// It is binary.
    Binary,
    /// Its type is not supported.
    Other,
    /// It is a table without a known text column.
    Unclear,
    /// It could not be opened.
    Unreadable,
}

impl Files {
    /// The count of files skipped for this reason.
    pub(super) fn of(&mut self, why: SkipReason) -> &mut u64 {
        match why {
            SkipReason::Binary => &mut self.binary,
            SkipReason::Other => &mut self.other,
            SkipReason::Unclear => &mut self.unclear,
            SkipReason::Unreadable => &mut self.unreadable,
        }
    }

    /// How many files were skipped.
    pub fn skipped(&self) -> u64 {
        self.binary + self.other + self.unclear + self.unreadable
    }
}

impl Display for Files {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} skipped", count(self.skipped(), "file"))?;
        let parts = [
            (self.binary, "binary"),
            (self.other, "of other types"),
            (self.unclear, "tables without a known text column"),
            (self.unreadable, "unreadable"),
        ];
        let parts = parts.into_iter().filter(|(n, _)| *n > 0);
        let parts: Vec<_> = parts.map(|(n, what)| format!("{} {what}", HumanCount(n))).collect();
        if parts.is_empty() { Ok(()) } else { write!(f, " ({})", parts.join(", ")) }
    }
}

/// How many documents were read, kept and dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documents {
    /// Found in the inputs.
    pub read: u64,
    /// Written to the corpus.
    pub kept: u64,
    /// Not written.
    pub dropped: u64,
}

/// Why a document was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Blank.
    Empty,
    /// A retweet, by its text or because the archive marks it as one.
    Retweet,
    /// Only links.
    OnlyLinks,
    /// No words besides handles.
    NoWords,
    /// Identical to an earlier document.
    Duplicate,
    /// The same as an earlier document except for case, punctuation, handles or a few words.
    NearDuplicate,
    /// A row with more or fewer fields than the first row.
    Ragged,
    /// A record that isn't valid JSON.
    Broken,
    /// A record without a text field.
    NoText,
    /// A record longer than 4 MiB.
    TooLong,
    /// Addressed to followers or single people, and not to the public.
    Private,
    /// Deleted or thrown away by its author.
    Deleted,
    /// A message by somebody else than the wanted author.
    OtherAuthor,
    /// The beginning of a longer post.
    Cut,
}

impl Reason {
    /// The reason in words for `n` documents, such as "retweet" or "retweets".
    pub(super) fn name(self, n: u64) -> &'static str {
        let (one, more) = match self {
            Self::Empty => ("empty", "empty"),
            Self::Retweet => ("retweet", "retweets"),
            Self::OnlyLinks => ("with only links", "with only links"),
            Self::NoWords => ("without words", "without words"),
            Self::Duplicate => ("duplicate", "duplicates"),
            Self::NearDuplicate => ("near duplicate", "near duplicates"),
            Self::Ragged => ("ragged row", "ragged rows"),
            Self::Broken => ("broken record", "broken records"),
            Self::NoText => ("without a text field", "without a text field"),
            Self::TooLong => ("longer than 4 MiB", "longer than 4 MiB"),
            Self::Private => ("private", "private"),
            Self::Deleted => ("deleted", "deleted"),
            Self::OtherAuthor => ("by somebody else", "by somebody else"),
            Self::Cut => ("cut copy of a longer one", "cut copies of longer ones"),
        };
        if n == 1 { one } else { more }
    }
}

/// Counts of dropped documents by reason. Every reason has an entry.
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
        let parts: Vec<_> = parts
            .into_iter()
            .map(|(reason, n)| format!("{} {}", HumanCount(*n), reason.name(*n)))
            .collect();
        let parts = if parts.is_empty() { "nothing".into() } else { parts.join(", ") };
        write!(f, "dropped: {parts}")
    }
}

/// How many kept documents were changed by cleaning, for each kind of change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Documents with links removed.
    pub links: u64,
    /// Documents with character references decoded.
    pub entities: u64,
    /// Documents with characters composed (NFC).
    pub composed: u64,
    /// Documents with control characters, escape sequences or invisible characters removed.
    pub invisible: u64,
    /// Documents with training tags removed.
    pub tags: u64,
    /// Rows with invalid quotes, which were read literally. Includes dropped rows.
    pub quotes: u64,
    /// Invalid UTF-8 sequences that were replaced. Includes those in dropped documents.
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

/// What one of the text files contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextFile {
    /// Documents in it.
    pub documents: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Documents { read, kept, .. } = self.documents;
        write!(f, "{} read, {} kept: ", count(read, "document"), HumanCount(kept))?;
        write!(f, "{} for training, ", HumanCount(self.train.documents))?;
        write!(f, "{} for validation; {}", HumanCount(self.validation.documents), self.dropped)?;
        if self.changed.invalid_utf8 > 0 {
            write!(f, "; replaced {}", count(self.changed.invalid_utf8, "byte sequence"))?;
            write!(f, " that weren't valid UTF-8")?;
        }
        if self.files.skipped() > 0 {
            write!(f, "; {}", self.files)?;
        }
        Ok(())
    }
}

/// "1 file", "2 files".
pub(super) fn count(n: u64, what: &str) -> String {
    format!("{} {what}{}", HumanCount(n), if n == 1 { "" } else { "s" })
}
