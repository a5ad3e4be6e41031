//! Persistence of a draft: opened with its journal, recovered after a crash, deleted on request.

use super::{
    Revision, Session,
    author::{Author, Run},
    draft::Draft,
    file::Ends,
    journal::{self, Encoder, Journal, Past, Record},
    matching,
    timeline::How,
    tree::{Kind, Node},
};
use anyhow::Result;
use ropey::Rope;
use serde::{Deserialize, Serialize};
use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Whether the history of a draft is kept on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum History {
    /// In a journal in the state folder.
    #[default]
    On,
    /// Only while the draft is open. A journal from before is neither read nor removed.
    Off,
}

/// Text that the journal has and the file doesn't. It is on the page until the writer decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Words on the page that are not in the file; 0 when something was only deleted.
    pub words: usize,
    /// When the page was last changed.
    pub since: SystemTime,
    /// Another program has changed the file since, too.
    pub outside: bool,
}

impl Session {
    /// Open a draft and its history. Without a path: an untitled one, first of all one that a crash left.
    /// `state` is the folder of the journals; it is made when it isn't there. When the history can't be
    /// kept or the draft is open elsewhere, it still opens, with a notice ([`Session::notices`],
    /// [`Session::read_only`]). Text that was never saved is on the page and in [`Session::recovery`].
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn resume(path: Option<&Path>, state: &Path, history: History) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::resume_untitled(state, history)) };
        let mut session = Session::open(path)?;
        if session.read_only.is_some() {
            return Ok(session);
        }
        session.state = Some((state.to_path_buf(), history));
        let journal = journal::path_of(state, &journal::stem(path));
        match Journal::open(journal, history == History::On) {
            Ok(Some((journal, past))) => session.remember(journal, past),
            Ok(None) => {
                session.is_open_elsewhere = true;
                session.read_only = Some(format!(
                    "{} is open in another unstuck, so this one only shows it; close the other one and \
                     open it again, or save it under another name",
                    session.title()
                ));
            }
            Err(error) => session.notices.push(unkept(&error)),
        }
        Ok(session)
    }

    /// The first untitled draft with unsaved text that no one has open, else the first that is free.
    fn resume_untitled(state: &Path, history: History) -> Self {
        let mut free = None;
        let mut known = journal::untitled(state);
        // Add the first unused number, which is always free.
        known.extend((1..).find(|number| !known.contains(number)));
        for number in known {
            let mut session = Session::new();
            session.state = Some((state.to_path_buf(), history));
            let path = journal::path_of(state, &format!("untitled-{number}"));
            match Journal::open(path, history == History::On) {
                Ok(Some((journal, past))) => session.remember(journal, past),
                Ok(None) => continue,
                Err(error) => session.notices.push(unkept(&error)),
            }
            if session.recovery.is_some() {
                return session;
            }
            free.get_or_insert(session);
        }
        free.unwrap_or_default()
    }

    /// Combine the journal with the file.
    fn remember(&mut self, mut journal: Journal, past: Option<Past>) {
        let pages = past.and_then(|past| {
            let page = past.draft(past.tree.current());
            let saved = past.draft(past.saved.0);
            // The journal contradicts itself; keep it under another name and start a new one.
            if page.is_none() || saved.is_none() {
                journal.begin_anew();
            }
            Some((page?, saved?, past))
        });
        self.journal = Some(journal);
        let Some((page, saved, past)) = pages else { return };
        let (saved_at, known) = past.saved;
        self.tree = past.tree;
        self.tree.timeline.settle();
        self.opening = past.opening;
        self.notes = past.notes;
        self.saved_at = saved_at;
        let file = self.file_state();
        // The last line that ended otherwise was changed, so the file now reads as one with CR LF in every line. The
        // history goes on with the line ends that it has.
        let has_ends = |text: &Rope| text.chars().any(|c| c == '\r');
        if file == known && self.form.ends == Ends::CrLf && has_ends(saved.text()) {
            self.form.ends = Ends::Mixed;
            self.saved = saved.text().clone();
        }
        if *page.text() == self.saved {
            self.draft = page;
            // A crash happened between writing the file and the journal, or another program wrote the same text.
            if file != known {
                self.note_saved();
            }
        } else {
            self.draft = page;
            let outside = file != known;
            let text = self.saved.to_string();
            if outside {
                self.note_outside(&saved, &text);
            }
            if self.text() == saved.text() {
                self.go(self.saved_at);
                self.notices.push(format!(
                    "{} was changed by another program; what it was before is one undo away",
                    self.title()
                ));
            } else {
                let words = matching::added_words(&text, &self.text().to_string());
                self.recovery = Some(Recovery { words, since: past.changed, outside });
            }
        }
        self.move_to(self.tree.here().after.cursor, false);
        self.compare();
    }

    /// Add the text that another program wrote to the file as a branch; `saved` is the file's text
    /// before.
    pub(crate) fn note_outside(&mut self, saved: &Draft, text: &str) {
        self.saved_at = self.add_outside(self.saved_at, saved, text).unwrap_or(self.saved_at);
        self.note(Record::Saved { revision: self.saved_at, file: self.file_state() });
    }

    /// Add a text that was not written here as a branch of a revision, whose draft is `before`.
    pub(crate) fn add_outside(
        &mut self,
        parent: Revision,
        before: &Draft,
        text: &str,
    ) -> Option<Revision> {
        let (range, inserted) = matching::replacement(before, text);
        let removed = before.piece(range.clone());
        let (at, time, kind) = (range.start, (self.clock)(), Kind::Outside);
        let node = Node { parent, kind, time, at, removed, inserted, ..Node::default() };
        self.note(Record::Step { visit: false, node: Cow::Borrowed(&node) });
        self.tree.add(node)
    }

    /// What a crash left unsaved, until the writer has answered ([`Session::keep`], [`Session::discard`]).
    pub fn recovery(&self) -> Option<Recovery> {
        self.recovery
    }

    /// Keep the recovered text: it is on the page already, and still unsaved. Any edit has the same effect.
    pub fn keep(&mut self) {
        self.recovery = None;
    }

    /// Go back to the saved text: after a crash, or to leave without saving. The unsaved text stays in
    /// the history as a branch, and the next start doesn't ask for it.
    pub fn discard(&mut self) {
        self.recovery = None;
        self.go(self.saved_at);
    }

    /// Whether the page's text doesn't come from the text in the file: saving would replace a text that isn't on the
    /// way to the page's, for example after a jump to an older branch.
    pub fn departs_from_file(&self) -> bool {
        let at = self.tree.current();
        self.stamp.is_some() && !self.is_saved && !self.tree.descends(at, self.saved_at)
    }

    /// The revision that the page showed before the last jump, if undo leads to it.
    pub fn before_jump(&self) -> Option<Revision> {
        self.tree.timeline.before_jump()
    }

    /// The revision that is saved in the file.
    pub fn saved_revision(&self) -> Revision {
        self.saved_at
    }

    /// Messages about the history since the last call; each is returned once.
    pub fn notices(&mut self) -> Vec<String> {
        let trouble = self.journal.as_mut().and_then(Journal::trouble);
        let mut notices = std::mem::take(&mut self.notices);
        notices.extend(trouble);
        notices
    }

    /// Wait until every edit is on disk. The journal writes at once by itself, so this is for a closing
    /// terminal and for tests; dropping the session does the same.
    ///
    /// # Errors
    /// The disk is full or gone.
    pub fn flush(&mut self) -> Result<()> {
        self.journal.as_mut().map_or(Ok(()), Journal::flush)
    }

    /// Write an event to the journal, when there is one. The first event is preceded by the text as it was
    /// opened.
    pub(crate) fn note(&mut self, record: Record) {
        self.changes += 1;
        self.begin_journal();
        let now = (self.clock)();
        let Some(journal) = self.journal.as_mut().filter(|journal| journal.keeps()) else { return };
        journal.put(now, record);
    }

    /// Write the text as it was opened to a journal that has nothing yet. `saved` still is that text.
    pub(crate) fn begin_journal(&mut self) {
        let now = (self.clock)();
        let Some(journal) = self.journal.as_mut().filter(|journal| journal.keeps()) else { return };
        if journal.is_empty() {
            let file = self.stamp.map(|stamp| (stamp.len, stamp.hash));
            let draft = self.path.as_deref().unwrap_or(Path::new("")).to_string_lossy();
            let runs = vec![Run { len: self.saved.len_chars(), author: Author::Unknown }];
            let root = Record::Snapshot { revision: 0, text: self.saved.clone(), runs };
            journal.put(now, Record::Begin { draft });
            journal.put(now, root);
            journal.put(now, Record::Saved { revision: 0, file });
        }
    }

    /// Length and hash of the file as last read or written.
    fn file_state(&self) -> Option<(u64, u64)> {
        self.stamp.map(|stamp| (stamp.len, stamp.hash))
    }

    /// Mark the current text as saved.
    pub(crate) fn note_saved(&mut self) {
        self.saved_at = self.tree.current();
        self.note(Record::Saved { revision: self.saved_at, file: self.file_state() });
        let len = self.text().len_bytes();
        if self.journal.as_ref().is_some_and(|journal| journal.wants_snapshot(len)) {
            self.note(Record::snapshot(self.tree.current(), &self.draft));
        }
    }

    /// Write the journal anew from the history in memory.
    pub(crate) fn write_journal_anew(&mut self) -> Result<()> {
        let now = (self.clock)();
        let mut root = self.draft.clone();
        let Some(journal) = self.journal.as_mut().filter(|journal| journal.keeps()) else {
            return Ok(());
        };
        if self.tree.carry(&mut root, self.tree.current(), 0).is_none() {
            return Ok(());
        }
        let draft = self.path.as_deref().unwrap_or(Path::new("")).to_string_lossy();
        let mut encoder = Encoder::default();
        let mut frames = encoder.frame(now, &Record::Begin { draft });
        let file = self.stamp.map(|stamp| (stamp.len, stamp.hash));
        let saved = Record::Saved { revision: self.saved_at, file };
        journal::rewrite(&self.tree, &root, &self.notes, saved, |time, record| {
            frames.extend(encoder.frame(time, &record));
        });
        journal.replace(frames, encoder)
    }

    /// Continue the history under the draft's new name. An untitled history is moved, one
    /// that had another name is copied, and the old one returns to its file's text.
    pub(crate) fn rename_journal(&mut self, path: &Path, was_saved_at: Revision, had_name: bool) {
        let now = (self.clock)();
        let stem = journal::stem(path);
        let done = match (&mut self.journal, &self.state) {
            // The journal is only a lock: lock the new name; the old lock is released with the old journal.
            (Some(journal), Some((state, _))) if !journal.keeps() => {
                let lock = Journal::open(journal::path_of(state, &stem), false);
                lock.map(|lock| self.journal = lock.map(|(journal, _)| journal))
            }
            (Some(journal), _) => {
                let (how, left) = (How::Jump, self.place);
                let last = Record::Go { revision: was_saved_at, how, left };
                let last = had_name.then_some((now, last));
                journal.go_on_as(&stem, last)
            }
            // The old name was open in another process, so this draft had no journal. It starts its own under the new
            // name.
            (None, Some((state, History::On))) => {
                match Journal::open(journal::path_of(state, &stem), true) {
                    Ok(Some((journal, _))) => {
                        self.journal = Some(journal);
                        self.write_journal_anew()
                    }
                    Ok(None) => Ok(()),
                    Err(error) => Err(error),
                }
            }
            _ => Ok(()),
        };
        if let Err(error) = done {
            self.notices.push(unkept(&error));
        }
    }
}

fn unkept(error: &anyhow::Error) -> String {
    format!("{error:#}. You can go on writing; save often")
}

/// Delete a draft's history: the journal is removed, the draft is kept. False when there was no journal.
///
/// # Errors
/// The draft is open in a desk, or the journal can't be removed.
pub fn forget(draft: &Path, state: &Path) -> Result<bool> {
    journal::forget(state, &journal::stem(draft))
}

/// Where the journal of a draft is kept, whether or not there is one.
pub fn journal_path(draft: &Path, state: &Path) -> PathBuf {
    journal::path_of(state, &journal::stem(draft))
}

/// Whether two paths lead to the same draft, whether its file exists or not.
pub fn is_same_draft(one: &Path, other: &Path) -> bool {
    journal::stem(one) == journal::stem(other)
}
