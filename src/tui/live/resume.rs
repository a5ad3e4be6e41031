//! What is needed to resume a show after a crash: a file in the state folder, rewritten when something has changed. The
//! same draft with the same rundown finds it. A show that is quit removes it.

use super::{
    Live,
    item::{Item, Origin, Section},
    markers::{Marker, clock},
    rundown::Prompt,
    take::Take,
};
use crate::{
    session::{Session, Source, journal_path},
    token::Token,
    whole,
};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver, Sender},
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

/// A show that crashed longer ago is not resumed.
const AGE: Duration = Duration::from_secs(12 * 3600);
/// How often a show that runs is saved.
const OFTEN: Duration = Duration::from_secs(1);

/// A show as it is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// When it was saved.
    at: SystemTime,
    /// The rundown's file.
    rundown: Option<PathBuf>,
    /// The index of the current prompt.
    prompt: usize,
    /// The usual pace, in words a minute.
    pace: u16,
    /// The recording clock when it was last started, paused or set, and since when it runs.
    tape: (Duration, Option<SystemTime>),
    /// The chapters file, and what is in it.
    chapters: (Option<PathBuf>, Vec<Marker>),
    /// The words that the host bleeped.
    bleeped: Vec<String>,
    items: Vec<SavedItem>,
}

/// A prompt and its takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SavedItem {
    guest: bool,
    name: String,
    text: String,
    pace: Option<u32>,
    takes: Vec<SavedTake>,
    chosen: usize,
    sides: Vec<usize>,
    written: Vec<String>,
    revealed: bool,
    noted: bool,
    /// Where it is in the draft: the start, the length of the generated text, and of the writer's.
    section: Option<[usize; 3]>,
}

/// A take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SavedTake {
    seed: u64,
    /// The texts of its tokens.
    said: Vec<String>,
    shared: usize,
    shown: usize,
    /// Its request in the history, and its number there.
    source: Option<(usize, usize)>,
    kept: usize,
}

/// Saves a show on a thread of its own, so that the show never waits for a disk.
pub struct Keeper {
    file: PathBuf,
    rundown: Option<PathBuf>,
    texts: Option<Sender<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
    last: Option<Saved>,
    /// When it was saved last, on the show's clock.
    saved: Duration,
    /// The file stays when the show ends.
    stays: bool,
}

impl Keeper {
    /// The keeper of a draft's show. `None` without a state folder, and for a draft that another program has open.
    pub fn new(state: Option<&Path>, session: &Session, rundown: Option<&Path>) -> Option<Self> {
        if session.read_only().is_some() {
            return None;
        }
        let rundown = rundown.and_then(|path| std::path::absolute(path).ok());
        // Beside the journal, so that it is forgotten with it.
        let file = match session.path() {
            Some(draft) => journal_path(draft, state?).with_extension("show"),
            None => state?.join("untitled.show"),
        };
        let (texts, inbox) = mpsc::channel();
        let to = file.clone();
        let write = move || write(&to, &inbox);
        let thread = thread::Builder::new().name("show's keeper".into()).spawn(write).ok()?;
        let (texts, thread) = (Some(texts), Some(thread));
        Some(Self { file, rundown, texts, thread, last: None, saved: Duration::ZERO, stays: false })
    }

    /// The show that crashed, if it is recent. A file that can't be read is no show.
    pub fn found(&self, now: SystemTime) -> Option<Saved> {
        let saved: Saved = serde_json::from_slice(&whole::read(&self.file).ok()?).ok()?;
        let age = now.duration_since(saved.at).unwrap_or_default();
        (age <= AGE && saved.rundown == self.rundown).then_some(saved)
    }

    /// Saves a show, if it has changed.
    fn save(&mut self, saved: Saved) {
        let same = |last: &Saved| Saved { at: saved.at, ..last.clone() } == saved;
        if self.last.as_ref().is_some_and(same) {
            return;
        }
        if let (Some(texts), Ok(text)) = (&self.texts, serde_json::to_vec(&saved)) {
            let _ = texts.send(text);
        }
        self.last = Some(saved);
    }

    /// The terminal is gone: the show can be resumed.
    pub fn stay(&mut self) {
        self.stays = true;
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.texts = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if !self.stays && !thread::panicking() {
            let _ = fs::remove_file(&self.file);
        }
    }
}

/// Writes the newest text each time. A disk that is full loses the way back, and nothing else.
fn write(file: &Path, inbox: &Receiver<Vec<u8>>) {
    while let Ok(first) = inbox.recv() {
        let newest = inbox.try_iter().last().unwrap_or(first);
        let written = whole::private_folder(whole::folder_of(file))
            .and_then(|()| whole::write_private(file, &newest));
        if let Err(error) = written {
            tracing::warn!("the show can't be saved: {error}");
        }
    }
}

impl Live {
    /// Saves the show. `now`: at once, because something was decided; otherwise at most once a second.
    pub(super) fn keep(&mut self, now: bool, session: &Session) {
        let time = self.time.now();
        let due = |keeper: &Keeper| now || time.saturating_sub(keeper.saved) >= OFTEN;
        if !self.keeper.as_ref().is_some_and(due) {
            return;
        }
        let saved = Saved {
            at: session.now(),
            rundown: None,
            prompt: self.prompts.at(),
            pace: self.play.usual,
            tape: self.time.saved_tape(session.now()),
            chapters: self.markers.saved(),
            bleeped: self.bleeps.late().map(str::to_owned).collect(),
            items: self.prompts.iter().map(SavedItem::from).collect(),
        };
        if let Some(keeper) = &mut self.keeper {
            keeper.saved = time;
            keeper.save(Saved { rundown: keeper.rundown.clone(), ..saved });
        }
    }

    /// Resumes a show that crashed, frozen where it was.
    pub(super) fn resume(&mut self, saved: Saved, session: &Session) {
        for word in saved.bleeped {
            // A word that is no entry any more is left out.
            self.bleeps.add_late(&word).ok();
        }
        self.play.usual = saved.pace;
        let (measured, since) = saved.tape;
        let passed = since.map(|since| session.now().duration_since(since).unwrap_or_default());
        self.time.resume_tape(measured + passed.unwrap_or_default(), since.is_some());
        let (file, list) = saved.chapters;
        self.markers.resume(file, list);
        let mut current = None;
        for (number, item) in saved.items.into_iter().enumerate() {
            let at = self.restore(item, session);
            if number == saved.prompt {
                current = at;
            }
        }
        if let Some(at) = current {
            self.prompts.go_to(at);
        }
        let tape = if self.time.has_tape() {
            format!(" at {}", clock(self.time.on_tape()))
        } else {
            String::new()
        };
        let key = self.key(super::Cue::Quit);
        self.say(format!("The show is resumed{tape}. To begin anew, press {key} and start again."));
    }

    /// Restores a prompt and its takes. Returns its index; `None` if the rundown doesn't have it any more.
    fn restore(&mut self, saved: SavedItem, session: &Session) -> Option<usize> {
        if saved.guest {
            self.prompts.insert(Item::guest(&saved.text));
        }
        let at = self.prompts.find(|item| {
            item.prompt.text == saved.text
                && item.prompt.name == saved.name
                && (item.origin == Origin::Guest) == saved.guest
        })?;
        self.prompts.go_to(at);
        let lead = self.item().lead().to_owned();
        let mut takes = Vec::new();
        for take in saved.takes {
            let branch = self.asking.next_branch();
            let said: Vec<_> = take.said.into_iter().map(token).collect();
            let mut restored = Take::new(branch, take.seed, &lead, &said, &self.bleeps);
            restored.resume(take.shared, take.shown, &self.bleeps);
            let is_known = |(request, _): &(usize, usize)| {
                let details = session.request(*request).map(|request| &request.details);
                let seeds = details.and_then(|details| details["seeds"].as_array());
                seeds.is_some_and(|seeds| seeds.iter().any(|seed| seed.as_u64() == Some(take.seed)))
            };
            if let Some((request, number)) = take.source.filter(is_known) {
                restored.source = Some(Source { request, number });
                restored.kept.text = take.kept;
            }
            takes.push(restored);
        }
        let item = self.prompts.current_mut();
        item.prompt.pace = saved.pace;
        item.chosen = saved.chosen.min(takes.len().saturating_sub(1));
        item.sides = saved.sides.into_iter().filter(|side| *side < takes.len()).collect();
        (item.takes, item.written) = (takes, saved.written);
        (item.revealed, item.noted) = (saved.revealed, saved.noted);
        // The draft may have been edited since.
        item.section = saved.section.map(|[at, taken, written]| Section { at, taken, written });
        let is_there = |section: &Section| {
            let before = section.at.checked_sub(saved.text.chars().count());
            let (text, end) = (session.text(), section.at + section.taken + section.written);
            before.is_some_and(|before| {
                end <= text.len_chars() && text.slice(before..section.at) == saved.text.as_str()
            })
        };
        item.section = item.section.filter(is_there);
        Some(at)
    }
}

/// A token of which only the text was saved.
fn token(text: String) -> Token {
    Token {
        id: None,
        text,
        logprob: None,
        rank: None,
        top: Vec::new(),
        copied: 0,
        drawn: Vec::new(),
    }
}

impl From<&Item> for SavedItem {
    fn from(item: &Item) -> Self {
        let Prompt { name, text, pace, .. } = &item.prompt;
        Self {
            guest: item.origin == Origin::Guest,
            name: name.clone(),
            text: text.clone(),
            pace: *pace,
            takes: item.takes.iter().map(SavedTake::from).collect(),
            chosen: item.chosen,
            sides: item.sides.clone(),
            written: item.written.clone(),
            revealed: item.revealed,
            noted: item.noted,
            section: item.section.map(|Section { at, taken, written }| [at, taken, written]),
        }
    }
}

impl From<&Take> for SavedTake {
    fn from(take: &Take) -> Self {
        Self {
            seed: take.seed,
            said: take.said.iter().map(|token| token.text.clone()).collect(),
            shared: take.shared,
            shown: take.shown,
            source: take.source.map(|Source { request, number }| (request, number)),
            kept: take.kept.text,
        }
    }
}
