//! Benchmark of long drafts: the latency of a key in a draft of up to 5 MB, the time to open it, and memory. `cargo
//! bench --bench draft`; figures are in `benches/RESULTS.md`.

use criterion::{BatchSize, Criterion};
use crossterm::event::{Event as Terminal, KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal as Screen, backend::TestBackend};
use std::{
    fs,
    hint::black_box,
    path::Path,
    sync::mpsc,
    time::{Duration, Instant},
};
use unstuck::{
    session::{History, Session},
    tui::{App, Event, Settings},
};

const SENTENCE: &str = "He had been writing the same page, for eleven days in a row.\n\n";

/// Creates a draft of about this many bytes in a folder.
fn draft(folder: &Path, bytes: usize) -> std::path::PathBuf {
    write(folder, &SENTENCE.repeat(bytes / SENTENCE.len() + 1))
}

fn write(folder: &Path, text: &str) -> std::path::PathBuf {
    let path = folder.join(format!("{}.md", text.len()));
    fs::write(&path, text).expect("a draft");
    path
}

fn open(path: &Path, folder: &Path) -> Session {
    Session::resume(Some(path), &folder.join("state"), History::On).expect("a session")
}

/// A desk with a draft and its journal, drawn for a terminal of 160x45.
struct Desk {
    app: App,
    screen: Screen<TestBackend>,
    _requests: mpsc::Receiver<unstuck::ui::worker::Request>,
}

impl Desk {
    fn new(session: Session) -> Self {
        let (sender, _requests) = mpsc::channel();
        let app = App::new(session, &Settings::default(), Vec::new(), 1, sender).expect("a desk");
        let screen = Screen::new(TestBackend::new(160, 45)).expect("a screen");
        Self { app, screen, _requests }
    }

    /// Handles a key and draws the frame.
    fn key(&mut self, code: KeyCode) {
        self.chord(code, KeyModifiers::NONE);
    }

    fn chord(&mut self, code: KeyCode, held: KeyModifiers) {
        self.app.handle(Event::Terminal(Terminal::Key(KeyEvent::new(code, held))));
        self.screen.draw(|frame| self.app.draw(frame)).expect("a frame");
    }
}

/// Resident memory in bytes; 0 where it is unknown.
fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kilobytes.unwrap_or(0) << 10
}

/// The slowest keys matter, so each key is measured, in the middle of the draft.
fn keys(folder: &Path) {
    let paragraph = |bytes: usize| SENTENCE.replace('\n', " ").repeat(bytes / SENTENCE.len());
    for (name, path) in [
        ("10 KB", draft(folder, 10_000)),
        ("1 MB", draft(folder, 1_000_000)),
        ("5 MB", draft(folder, 5_000_000)),
        ("1 MB in one paragraph", write(folder, &paragraph(1_000_000))),
        ("5 MB in one paragraph", write(folder, &paragraph(5_000_000))),
    ] {
        let mut desk = Desk::new(open(&path, folder));
        let start = Instant::now();
        desk.key(KeyCode::Left);
        println!("first frame, at the end of {name}: {:?}", start.elapsed());
        // The desk starts with the cursor at the end: move it up into the draft.
        (0..40).for_each(|_| desk.key(KeyCode::PageUp));
        let mut times: Vec<Duration> = (0..4000)
            .map(|n| {
                let codes =
                    [KeyCode::Char('x'), KeyCode::Char(' '), KeyCode::Backspace, KeyCode::Up];
                let start = Instant::now();
                desk.key(codes[n % codes.len()]);
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!(
            "key to frame, {name}: median {:?}, p99 {:?}, worst {:?}",
            at(0.5),
            at(0.99),
            at(1.0)
        );
        drop(desk);
        fs::remove_file(path).expect("gone");
    }
}

/// Typing a search word: each letter searches the whole draft. `e` occurs everywhere in it.
fn finding(folder: &Path) {
    for (name, bytes) in [("1 MB", 1_000_000), ("5 MB", 5_000_000)] {
        let path = draft(folder, bytes);
        let mut desk = Desk::new(open(&path, folder));
        desk.chord(KeyCode::Char('f'), KeyModifiers::CONTROL);
        let mut time = |code| {
            let mut times: Vec<Duration> = (0..40)
                .map(|_| {
                    let start = Instant::now();
                    desk.key(code);
                    let time = start.elapsed();
                    desk.key(if code == KeyCode::Enter { code } else { KeyCode::Backspace });
                    time
                })
                .collect();
            times.sort_unstable();
            times[times.len() / 2]
        };
        let (rare, common) = (time(KeyCode::Char('z')), time(KeyCode::Char('e')));
        println!("a letter looked for, {name}: absent {rare:?}, everywhere {common:?}");
        "page".chars().for_each(|c| desk.key(KeyCode::Char(c)));
        let mut time = |code, held| {
            let start = Instant::now();
            desk.chord(code, held);
            start.elapsed()
        };
        let next = time(KeyCode::Enter, KeyModifiers::NONE);
        time(KeyCode::Tab, KeyModifiers::NONE);
        time(KeyCode::Char('x'), KeyModifiers::NONE);
        let one = time(KeyCode::Enter, KeyModifiers::NONE);
        let all = time(KeyCode::Enter, KeyModifiers::ALT);
        let undo = time(KeyCode::Char('z'), KeyModifiers::CONTROL);
        println!(
            "  the next {next:?}, one replaced {one:?}, every sentence's {all:?}, undone {undo:?}"
        );
        drop(desk);
        fs::remove_file(path).expect("gone");
    }
}

/// The branch map of a long history: half of its branches are offers at one of many places, half are texts that were
/// left for another.
fn map(folder: &Path) {
    for branches in [500, 5_000] {
        let path = draft(folder, 20_000);
        let mut session = open(&path, folder);
        session.move_to(usize::MAX, false);
        for place in 0..branches / 6 {
            let at = session.text().len_chars();
            let request = session.ask(at, serde_json::Value::Null);
            for number in 1..=3 {
                session.offer(request, number, &format!(" Nobody spoke, {place}, {number}."));
            }
            let here = session.revision();
            for left in 0..3 {
                session.go(here);
                session.move_to(at, false);
                session.paste(&format!(" Rain fell on the boats, {place}, {left}."));
            }
        }
        let rows = session.branches().len();
        let mut desk = Desk::new(session);
        desk.key(KeyCode::Left);
        let mut time = |code| {
            let start = Instant::now();
            desk.key(code);
            start.elapsed()
        };
        let opened = time(KeyCode::F(3));
        let mut moved: Vec<Duration> = (0..200).map(|_| time(KeyCode::Up)).collect();
        moved.sort_unstable();
        time(KeyCode::Char('/'));
        let first = time(KeyCode::Char('b'));
        let next = time(KeyCode::Char('o'));
        time(KeyCode::Esc);
        let gone = time(KeyCode::Enter);
        println!(
            "the map, {rows} rows: opened {opened:?}, a row up {:?} (worst {:?}), the first letter of a filter \
             {first:?}, the next {next:?}, gone there {gone:?}",
            moved[100], moved[199]
        );
        drop(desk);
        fs::remove_file(path).expect("gone");
    }
}

fn weight(folder: &Path) {
    let bytes = 5_000_000;
    let path = draft(folder, bytes);
    let before = memory();
    let mut session = open(&path, folder);
    session.type_text("x");
    session.flush().expect("a disk");
    let after = memory();
    println!(
        "memory: {:.1} bytes for each byte of a draft of 5 MB, opened, one key typed",
        after.saturating_sub(before) as f64 / bytes as f64
    );
    drop(session);
    let session = open(&path, folder);
    println!(
        "reopened from its journal: {} words, asks about a recovery: {}",
        session.shares().all_words(),
        session.recovery().is_some()
    );
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    weight(folder.path());
    keys(folder.path());
    finding(folder.path());
    map(folder.path());
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let path = draft(folder.path(), 5_000_000);
    criterion.bench_function("open 5 MB, no journal yet", |bench| {
        bench.iter(|| {
            black_box(
                Session::resume(Some(&path), &folder.path().join("none"), History::Off).map(drop),
            )
        });
    });
    let mut session = open(&path, folder.path());
    session.type_text("x");
    drop(session);
    criterion.bench_function("open 5 MB, recovered from its journal", |bench| {
        bench.iter(|| black_box(open(&path, folder.path())));
    });
    let path = draft(folder.path(), 1_000_000);
    let mut desk = Desk::new(open(&path, folder.path()));
    criterion.bench_function("key to frame, 1 MB", |bench| {
        bench.iter_batched(|| (), |()| desk.key(KeyCode::Char('x')), BatchSize::SmallInput);
    });
    criterion.final_summary();
}
