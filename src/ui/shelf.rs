//! The models to choose from in the desk: those on this machine, and published ones on the hub. Threads of their own
//! list and download models, and report the results.

use super::remembered::Remembered;
use crate::{
    catalogue::Catalogue,
    generate::{Engine, remote},
    hub::{self, Conditions, Hub, KNOWN, Pulled, Step},
    weights::Checkpoint,
};
use anyhow::{Context, Result, bail};
use std::{
    collections::VecDeque,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::Receiver,
    },
    thread,
    time::{Duration, Instant},
};

/// The models of this machine and the hub.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shelf {
    /// The models of this machine.
    pub catalogue: Catalogue,
    /// The hub's settings, if they are valid.
    pub hub: Option<hub::Settings>,
    /// The state folder, which remembers licences and measured speeds.
    pub state: Option<PathBuf>,
}

/// One model in the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Its name, which opens it.
    pub name: String,
    /// Parameters, if known.
    pub parameters: Option<usize>,
    /// Bytes on disk, or to download.
    pub bytes: Option<u64>,
    /// Its licence, if known.
    pub licence: Option<String>,
    /// Its measured speed on this machine in tokens per second, if it was used.
    pub tok_s: Option<f32>,
    /// Whether it is on this machine.
    pub here: bool,
    /// Why it can't be opened.
    pub broken: Option<String>,
    /// The kind of server that runs it; `None` if it runs on this machine.
    pub server: Option<&'static str>,
}

/// A request to the shelf's thread.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    /// List all models.
    List,
    /// Download this model from the hub.
    Fetch(String),
    /// Stop the download.
    Stop,
    /// Remember the measured speed: the model, the form of its weights, tokens per second.
    Measured(String, String, f32),
}

/// A report of the shelf's thread.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// All models.
    Listed(Vec<Entry>),
    /// The progress of a download.
    Fetching(Fetching),
    /// A download is complete.
    Came(String),
    /// A download ended early: the error, or `None` if it was stopped.
    Ended(String, Option<String>),
}

/// The progress of a download.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fetching {
    /// The model's name.
    pub name: String,
    /// Bytes downloaded, and bytes in total; both 0 until the hub has answered.
    pub bytes: (u64, u64),
    /// Bytes per second, once enough has arrived to estimate it.
    pub rate: Option<f64>,
    /// Why it is waiting, and for how long.
    pub waiting: Option<(String, Duration)>,
}

impl Fetching {
    /// The estimated time left, in seconds.
    pub fn left(&self) -> Option<u64> {
        let rate = self.rate.filter(|rate| *rate >= 1.0)?;
        Some(((self.bytes.1 - self.bytes.0) as f64 / rate).ceil() as u64)
    }

    /// The percentage downloaded.
    pub fn share(&self) -> u64 {
        self.bytes.0 * 100 / self.bytes.1.max(1)
    }
}

impl Shelf {
    /// All models on this machine, then the published ones that are not.
    pub fn list(&self) -> Vec<Entry> {
        let remembered = Remembered::load(self.state.as_deref());
        let mut entries: Vec<_> =
            self.catalogue.names().into_iter().map(|name| self.entry(name, &remembered)).collect();
        for known in KNOWN {
            if !entries.iter().any(|entry| entry.name == known.name) {
                entries.push(Entry {
                    name: known.name.into(),
                    parameters: Some(known.parameters),
                    bytes: Some(known.bytes),
                    licence: Some(known.licence.into()),
                    ..Entry::default()
                });
            }
        }
        entries
    }

    /// The models of servers. It takes as long as the slowest server.
    fn served(&self) -> Vec<Entry> {
        let remembered = Remembered::load(self.state.as_deref());
        let entry = |(name, asked): (String, Result<(remote::Kind, remote::Served)>)| {
            let tok_s = remembered.speed(&name, remote::FORM);
            let mut entry = Entry { name, tok_s, here: true, ..Entry::default() };
            match asked {
                Ok((kind, model)) => {
                    entry.parameters = model.parameters;
                    entry.server = Some(kind.name());
                }
                Err(error) => entry.broken = Some(format!("{error:#}")),
            }
            entry
        };
        self.catalogue.served().into_iter().map(entry).collect()
    }

    fn entry(&self, name: String, remembered: &Remembered) -> Entry {
        let found = self.catalogue.find(Some(&name));
        let opened = found.and_then(|found| Ok((found.checkpoint()?, found.place)));
        let tok_s = remembered.speed(&name, &self.catalogue.precision.to_string());
        let known = hub::known(&name).map(|known| known.licence.to_owned());
        let mut entry = Entry { tok_s, here: true, ..Entry::default() };
        match opened {
            Ok((model, place)) => {
                let length = |path: &PathBuf| fs::metadata(path).map_or(0, |facts| facts.len());
                let bytes: u64 = model.files().iter().map(length).sum();
                entry.parameters = Some(model.config.parameters());
                entry.bytes = (bytes > 0).then_some(bytes);
                entry.licence = match place {
                    // it is part of the program and has the program's licence
                    None => Some("MIT OR Apache-2.0".into()),
                    Some(place) => {
                        remembered.licence(&name).or(known).or_else(|| licence_in(&place))
                    }
                };
            }
            Err(error) => entry.broken = Some(format!("{error:#}")),
        }
        entry.name = name;
        entry
    }

    /// Download a model and report the progress.
    fn fetch(
        &self,
        name: &str,
        stop: &AtomicBool,
        tell: &dyn Fn(Word) -> bool,
    ) -> Result<Option<String>> {
        let hub = self.hub.clone().context("the hub's settings are invalid; see the log")?;
        let mut pace = Pace::default();
        let mut now = Fetching { name: name.to_owned(), ..Fetching::default() };
        let pulled = Hub::new(hub, Conditions::default()).pull(name, &mut |step| {
            now.waiting = None;
            match step {
                Step::Sizes { total, here } => now.bytes = (here, total),
                Step::Bytes(bytes) => now.bytes.0 = bytes,
                Step::Checking(_) => {}
                Step::Waiting(left, why) => now.waiting = Some((why, left)),
            }
            let at = Instant::now();
            now.rate = pace.rate(now.bytes.0, at);
            let heard = !pace.is_due(at) || tell(Word::Fetching(now.clone()));
            match heard && !stop.load(Ordering::Relaxed) {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        })?;
        let Pulled::Here { name, licence, snapshot, .. } = pulled else { return Ok(None) };
        Checkpoint::open(&snapshot)?;
        if let Some(licence) = licence {
            Remembered::load(self.state.as_deref()).note_licence(&name, &licence);
        }
        Ok(Some(name))
    }

    /// Start the thread that lists and downloads. It ends when `tell` returns false, because the receiver is gone.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn serve(
        self,
        errands: Receiver<Errand>,
        tell: impl Fn(Word) -> bool + Clone + Send + 'static,
    ) -> Result<()> {
        let work = move || {
            let stop = Arc::new(AtomicBool::new(false));
            for errand in errands {
                match errand {
                    Errand::List => {
                        let mut entries = self.list();
                        if !tell(Word::Listed(entries.clone())) {
                            break;
                        }
                        // Servers may be slow to answer, so their models come in a second list.
                        let served = self.served();
                        if served.is_empty() {
                            continue;
                        }
                        let here = entries.iter().take_while(|entry| entry.here).count();
                        entries.splice(here..here, served);
                        if !tell(Word::Listed(entries)) {
                            break;
                        }
                    }
                    Errand::Stop => stop.store(true, Ordering::Relaxed),
                    Errand::Measured(name, form, tok_s) => {
                        Remembered::load(self.state.as_deref()).note_speed(&name, &form, tok_s);
                    }
                    Errand::Fetch(name) => {
                        stop.store(false, Ordering::Relaxed);
                        let (shelf, stop, tell) = (self.clone(), stop.clone(), tell.clone());
                        let begun = thread::Builder::new().name("fetch".into()).spawn(move || {
                            tell(match shelf.fetch(&name, &stop, &tell) {
                                Ok(Some(name)) => Word::Came(name),
                                Ok(None) => Word::Ended(name, None),
                                Err(error) => Word::Ended(name, Some(format!("{error:#}"))),
                            })
                        });
                        if let Err(error) = begun {
                            tracing::warn!(%error, "nothing can be fetched");
                        }
                    }
                }
            }
            stop.store(true, Ordering::Relaxed);
        };
        thread::Builder::new()
            .name("shelf".into())
            .spawn(work)
            .map(drop)
            .context("the thread that lists models can't be started")
    }
}

/// An opener that opens no model, for a desk that was started with a fixed engine and no shelf.
///
/// # Errors
/// Always.
pub fn none(_: Option<&str>) -> Result<Engine> {
    bail!("no other model can be opened here")
}

/// The licence in the model card beside a model.
fn licence_in(place: &Path) -> Option<String> {
    let folder = if place.is_dir() { place } else { place.parent()? };
    let card = fs::read_to_string(folder.join("README.md")).ok()?;
    let head = card.strip_prefix("---")?.split("\n---").next()?;
    let line = head.lines().find_map(|line| line.strip_prefix("license:"))?;
    let said = line.trim().trim_matches(['"', '\'']);
    (!said.is_empty() && said.len() <= 60).then(|| said.to_owned())
}

/// The download rate over the last seconds, and when to report again.
#[derive(Default)]
struct Pace {
    seen: VecDeque<(Instant, u64)>,
    told: Option<Instant>,
}

/// The minimum time between two reports, so that they can be read.
const PAUSE: Duration = Duration::from_millis(250);
/// The window over which the rate is measured.
const LATELY: Duration = Duration::from_secs(5);

impl Pace {
    fn rate(&mut self, bytes: u64, now: Instant) -> Option<f64> {
        while self.seen.len() > 1 && self.seen.front().is_some_and(|(then, _)| now - *then > LATELY)
        {
            self.seen.pop_front();
        }
        // bytes of an earlier download do not count towards the rate
        if self.seen.back().is_none_or(|(then, _)| now - *then >= PAUSE / 5) {
            self.seen.push_back((now, bytes));
        }
        let (then, before) = *self.seen.front()?;
        let passed = (now - then).as_secs_f64();
        (passed >= 0.5).then(|| bytes.saturating_sub(before) as f64 / passed)
    }

    fn is_due(&mut self, now: Instant) -> bool {
        let due = self.told.is_none_or(|told| now - told >= PAUSE);
        if due {
            self.told = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::EMBEDDED;

    #[test]
    fn the_rate_is_of_late() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let at = |tenths: u64| start + Duration::from_millis(100 * tenths);
        assert_eq!(pace.rate(1000, at(0)), None, "what was here before is no pace");
        for tenth in 1..=10 {
            pace.rate(1000 + tenth * 100, at(tenth));
        }
        assert_eq!(pace.rate(2000, at(10)), Some(1000.0));
        for tenth in 11..=100 {
            pace.rate(2000, at(tenth));
        }
        assert_eq!(pace.rate(2000, at(100)), Some(0.0), "nothing came for long");
        assert!(pace.is_due(at(0)) && !pace.is_due(at(1)) && pace.is_due(at(3)));
        let half = Fetching { bytes: (250, 1000), rate: Some(100.0), ..Fetching::default() };
        assert_eq!((half.left(), half.share()), (Some(8), 25));
        assert_eq!(Fetching::default().left(), None);
    }

    #[test]
    fn what_is_here_comes_before_what_could_be() {
        let home = tempfile::tempdir().expect("a folder");
        let (folder, models) = (home.path().join("models/mine"), home.path().join("models"));
        fs::create_dir_all(&folder).expect("made");
        for name in ["config.json", "vocab.json", "merges.txt", "model.safetensors"] {
            fs::copy(Path::new("tests/fixtures/micro").join(name), folder.join(name))
                .expect("copied");
        }
        fs::write(folder.join("README.md"), "---\nlicense: cc0-1.0\n---\n# x").expect("written");
        fs::create_dir_all(models.join("torn")).expect("made");
        fs::write(models.join("torn/config.json"), "{").expect("written");
        let state = Some(home.path().join("state"));
        let mut remembered = Remembered::load(state.as_deref());
        remembered.note_speed("mine", "q8_0", 321.0);
        let catalogue = Catalogue { folders: vec![models], ..Catalogue::default() };
        let shelf = Shelf { catalogue, state, hub: None };
        let entries = shelf.list();
        let names: Vec<_> = entries.iter().map(|entry| (&*entry.name, entry.here)).collect();
        assert_eq!(names[..3], [(EMBEDDED, true), ("mine", true), ("torn", true)]);
        assert_eq!(names[3..].iter().filter(|(_, here)| !here).count(), KNOWN.len());
        let mine = &entries[1];
        assert_eq!((mine.licence.as_deref(), mine.tok_s), (Some("cc0-1.0"), Some(321.0)));
        assert!(mine.parameters.is_some() && mine.bytes.is_some());
        assert!(entries[2].broken.as_ref().is_some_and(|why| why.contains("config.json")));
        assert_eq!(entries[0].tok_s, None, "nothing is made up");
        assert_eq!(shelf.catalogue.open(Some("mine")).expect("it opens").info().name, "mine");
        assert!(shelf.catalogue.open(Some("ghost")).is_err());
    }
}
