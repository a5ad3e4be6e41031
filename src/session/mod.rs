//! The draft: text, authors, history and file. No terminal, no tensors.
//! All positions are char indices into [`Session::text`]; edits return whether they changed anything.
//!
//! # One tree of revisions
//!
//! The history is one tree of revisions. Each revision is a delta that can be applied in both directions, with the
//! authors of the removed and of the inserted text. Offers, takes and changes by other programs are revisions like the
//! writer's own edits. Undo and redo move along the timeline, the order in which revisions were on the page, so a jump to
//! another branch is one step like an edit. When an offer is extended, the
//! extension is a child of the first part; the branch map leaves out an offer whose whole text is also on another
//! branch.
//!
//! # Nothing is lost
//!
//! [`Session::resume`] opens a draft together with its journal. The text comes from the last snapshot in the journal
//! and the events since. A snapshot is written on save, once the events since the last one are larger than the text.
//! The file is then compared with what the journal last knew of it. So `resume` can tell unsaved text, which stays on
//! the page with one question to the writer, from another program's edits, which become a revision of their own: text
//! that matches keeps its authors, the rest has an unknown author. A version by another program that the writer doesn't
//! want becomes a branch before the page is written over it. Only pruning, which writes the journal again, and `unstuck
//! forget` delete anything.

mod attributes;
mod author;
mod branch_map;
mod branches;
mod draft;
mod edit;
mod encoding;
mod ends;
mod file;
mod film;
mod history;
mod journal;
mod line;
mod look;
mod matching;
mod motion;
mod notes;
mod origins;
mod outline;
mod paragraph;
mod replace;
mod save;
mod timeline;
mod tree;
mod unseen;

pub use author::Author;
pub use branch_map::Branch;
pub use branches::Asked;

pub use draft::{Shares, begins_word, percent, words};
pub use file::{AlreadyThere, ChangedOnDisk, NoFolder, words_in};
pub use film::{Film, Player, Scene, What};
pub use history::{History, Recovery, forget, is_same_draft, journal_path};
pub use look::{Look, Reach, look};
pub use matching::{Change, difference};
pub use motion::{Motion, Part};
pub use notes::{Notes, WRITER};
pub use origins::{MachineSpan, Offered};
pub use outline::{Heading, SCENE, heading};
pub use tree::{Kind, Request, Revision, Source};
pub use unseen::unseen;

use anyhow::Result;
use draft::Draft;
use file::{Form, Found, Stamp};
use journal::Journal;
use ropey::Rope;
use std::{
    cell::RefCell,
    ops::Range,
    path::{Path, PathBuf},
    time::SystemTime,
};
use tree::{Place, Tree};

/// A draft being written: one text, one history, one cursor.
pub struct Session {
    draft: Draft,
    place: Place,
    tree: Tree,
    /// How the text began that the history began with: the branch map's first row.
    opening: String,
    /// The step on the page may still grow by what is typed next.
    growing: bool,
    path: Option<PathBuf>,
    form: Form,
    /// The file as last read or written; `None` when there is none.
    stamp: Option<Stamp>,
    /// The saved text. Shares its memory with the current text.
    saved: Rope,
    is_saved: bool,
    /// The revision that is saved in the file.
    saved_at: Revision,
    read_only: Option<String>,
    /// Read-only because another desk has the draft.
    is_open_elsewhere: bool,
    journal: Option<Journal>,
    /// The folder of the journals, when the draft was opened with one.
    state: Option<(PathBuf, History)>,
    recovery: Option<Recovery>,
    notes: Notes,
    /// How many changes were made: of the text, the history or the notes.
    changes: u64,
    /// The places of the bookmarks after so many changes.
    bookmarked: RefCell<Option<(u64, Vec<usize>)>>,
    notices: Vec<String>,
    clock: Box<dyn Fn() -> SystemTime + Send>,
}

/// How much of a branch's text its row in the map shows, in characters.
const SHOWN: usize = 80;

/// The beginning of a text, as a row shows it.
fn opening(text: &Rope) -> String {
    text.chars().take(SHOWN).collect()
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// An empty draft without a file.
    pub fn new() -> Self {
        Self::from_text("")
    }

    /// A text without a file; its authors are unknown.
    pub fn from_text(text: &str) -> Self {
        let draft = Draft::new(text, Author::Unknown);
        let now = SystemTime::now();
        Self {
            is_saved: text.is_empty(),
            opening: opening(draft.text()),
            draft,
            place: Place::default(),
            tree: Tree::new(now),
            growing: false,
            path: None,
            form: Form::default(),
            stamp: None,
            saved: Rope::new(),
            saved_at: 0,
            read_only: None,
            is_open_elsewhere: false,
            journal: None,
            state: None,
            recovery: None,
            notes: Notes::default(),
            changes: 0,
            bookmarked: RefCell::default(),
            notices: Vec::new(),
            clock: Box::new(SystemTime::now),
        }
    }

    /// Open a draft without its history (see [`Session::resume`]). A missing file is an empty draft bound to the path,
    /// in a missing folder too. A file that isn't text in UTF-8 or marked UTF-16 opens read-only, with a notice.
    ///
    /// # Errors
    /// A folder, a file that can't be read.
    pub fn open(path: &Path) -> Result<Self> {
        let Found { text, form, stamp, wrong } = file::read(path)?;
        let mut session = Self::from_text(&text);
        session.saved = session.draft.text().clone();
        session.is_saved = true;
        session.path = Some(path.to_path_buf());
        session.form = form;
        session.stamp = stamp;
        session.read_only = wrong.map(|wrong| wrong.say(path));
        Ok(session)
    }

    /// Where the times of the history come from, that of its beginning too while nothing else is in it; tests give
    /// their own.
    pub fn set_clock(&mut self, clock: impl Fn() -> SystemTime + Send + 'static) {
        if self.tree.len() == 1 {
            self.tree = Tree::new(clock());
        }
        self.clock = Box::new(clock);
    }

    /// The current time of the history's clock.
    pub fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// The text on the page.
    pub fn text(&self) -> &Rope {
        self.draft.text()
    }

    /// The file, existing or not yet.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The file's name, or "untitled".
    pub fn title(&self) -> String {
        let name = self.path.as_deref().and_then(Path::file_name);
        name.map_or("untitled".into(), |name| name.to_string_lossy().into_owned())
    }

    /// Why the draft can't be changed, in a sentence with the way out. Edits then do nothing.
    pub fn read_only(&self) -> Option<&str> {
        self.read_only.as_deref()
    }

    /// Whether the text equals the file; an empty draft without a file counts as saved.
    pub fn is_saved(&self) -> bool {
        self.is_saved
    }

    /// The authors in a range: runs in order that cover it exactly.
    pub fn authors(
        &self,
        range: Range<usize>,
    ) -> impl Iterator<Item = (Range<usize>, Author)> + '_ {
        self.draft.authors().iter(range)
    }

    /// The number of characters and words by author. Updated with every edit, so this is cheap.
    pub fn shares(&self) -> Shares {
        self.draft.shares()
    }

    /// The text on the page as a node of the history. The step being typed may still grow: before
    /// something refers to this text, say [`Session::seal`].
    pub fn revision(&self) -> Revision {
        self.tree.current()
    }

    /// End the step being typed, so that the revision given names exactly this text for ever.
    pub fn seal(&mut self) -> Revision {
        self.growing = false;
        self.tree.current()
    }

    /// The revision that this one was made from; `None` for the first revision and for an unknown number.
    pub fn parent(&self, revision: Revision) -> Option<Revision> {
        self.tree.node(revision).filter(|_| revision != 0).map(|node| node.parent)
    }

    /// When a revision was begun; `None` when there is none of that number.
    pub fn time(&self, revision: Revision) -> Option<SystemTime> {
        self.tree.node(revision).map(|node| node.time)
    }

    /// The current position of a position in an earlier (or sibling) revision; `None` when it was deleted. A position
    /// stays before what was inserted at it.
    pub fn map(&self, at: usize, from: Revision) -> Option<usize> {
        self.tree.map(at, from)
    }
}
