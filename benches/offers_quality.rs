//! Benchmark of what writers are shown: `cargo bench --bench offers_quality`. It asks for three offers at 300 places of
//! `places.txt`, with the desk itself and the built-in model, and counts faults that a machine can count, per thousand
//! offers: first as they come, then chosen from candidates. It also measures the time until something is shown, and
//! until the list is complete. `--every N` takes every Nth place, `--kind NAME` those of one kind, and `--print` prints
//! the offers and their faults.
//!
//! `-- --pairs FOLDER [--count 100] [--seed 1]` writes pairs for a blind reading instead: `pairs.txt` has an offer as it
//! comes and a chosen one for each place, in random order, and `key.txt` says which is which.

use anyhow::{Context, Result};
use crossterm::event::{Event as Terminal, KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal as Screen, backend::TestBackend};
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::mpsc,
    time::{Duration, Instant},
};
use unstuck::{
    clean::sentence_ends,
    generate::Engine,
    judge::{self, Criterion},
    model::{Precision, kernels},
    session::Session,
    splitmix,
    tui::{App, Event, Settings},
    ui::{
        asking,
        worker::{self, News},
    },
};

/// How many places of each kind are taken.
const KINDS: [(&str, usize); 7] = [
    ("prose", 100),
    ("dialogue", 50),
    ("verse", 40),
    ("list", 30),
    ("indent", 20),
    ("mid-draft", 40),
    ("french", 20),
];

/// A place in a text.
struct Place {
    kind: &'static str,
    before: String,
    after: String,
}

/// What was shown at a place.
struct Shown {
    offers: Vec<String>,
    first: Option<Duration>,
    complete: Duration,
}

fn main() -> Result<()> {
    kernels::start(None, true);
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1).cloned()
    };
    let places = places();
    let number = |name: &str, usual: usize| -> Result<usize> {
        option(name).map_or(Ok(usual), |text| text.parse().with_context(|| name.to_owned()))
    };
    let seed = number("--seed", 1)? as u64;
    if let Some(folder) = option("--pairs") {
        return pairs(&places, Path::new(&folder), number("--count", 100)?, seed);
    }
    for (name, settings) in [("as they come", as_they_come()), ("chosen", Settings::default())] {
        let every = number("--every", 1)?.max(1);
        let kind = option("--kind");
        let wanted = |place: &&Place| kind.as_deref().is_none_or(|kind| kind == place.kind);
        let some: Vec<&Place> = places.iter().filter(wanted).step_by(every).collect();
        let shown = some
            .iter()
            .enumerate()
            .map(|(at, place)| ask(place, &settings, seed + at as u64 * 100));
        let shown: Vec<Shown> = shown.collect::<Result<_>>()?;
        tell(name, &some, &shown);
        if args.iter().any(|arg| arg == "--print") {
            for (place, shown) in some.iter().zip(&shown) {
                let end: String = place.before.chars().rev().take(60).collect();
                println!("[{}] …{:?}", place.kind, end.chars().rev().collect::<String>());
                for offer in &shown.offers {
                    println!("      {offer:?} {}", faults(place, offer).join(", "));
                }
            }
        }
    }
    Ok(())
}

/// Settings for offers that are neither filtered nor ranked.
fn as_they_come() -> Settings {
    let choosing =
        asking::Settings { candidates: 1, filter: Vec::new(), ..asking::Settings::default() };
    Settings { choosing, ..Settings::default() }
}

/// The places of the texts, as many of each kind as are wanted, spread evenly.
fn places() -> Vec<Place> {
    let mut found: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
    for text in include_str!("places.txt").split("\n== ").skip(1) {
        let (kind, text) = text.split_once('\n').unwrap_or_default();
        let Some((kind, _)) = KINDS.iter().find(|(known, _)| *known == kind) else { continue };
        let text = text.trim_end();
        let keep = *kind == "mid-draft";
        let all = found.entry(kind).or_default();
        for (before, at) in cuts(kind, text) {
            let after = if keep { text[at..].to_owned() } else { String::new() };
            all.push(Place { kind, before, after });
        }
    }
    let mut places = Vec::new();
    for (kind, count) in KINDS {
        let mut all = found.remove(kind).unwrap_or_default();
        let step = all.len() as f64 / count as f64;
        let wanted: Vec<usize> = (0..count).map(|n| (n as f64 * step) as usize).collect();
        let mut at = 0;
        all.retain(|_| {
            at += 1;
            wanted.contains(&(at - 1))
        });
        places.append(&mut all);
    }
    places
}

/// The beginnings of a text that are asked about, and where each ends in the text.
fn cuts(kind: &str, text: &str) -> Vec<(String, usize)> {
    let mut cuts = Vec::new();
    if matches!(kind, "verse" | "list") {
        let lines: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        for at in lines.into_iter().skip(2).filter(|at| !text[..*at].ends_with('\n')) {
            cuts.push((text[..at].to_owned(), at));
            cuts.push((format!("{}\n", &text[..at]), at));
            if kind == "list" {
                let line = text[..at].rsplit('\n').next().unwrap_or_default();
                let mark = line.split(' ').next().unwrap_or_default();
                let number = mark.trim_end_matches('.').parse::<u32>().ok();
                let mark = number.map_or(mark.to_owned(), |number| format!("{}.", number + 1));
                cuts.push((format!("{}\n{mark} ", &text[..at]), at));
            }
        }
        return cuts;
    }
    let mut from = 0;
    for end in sentence_ends(text) {
        // In the middle of the sentence, after a finished word.
        let words: Vec<usize> =
            text[from..end].match_indices(' ').map(|(at, _)| from + at).collect();
        if let Some(&middle) = words.get(words.len() / 2).filter(|at| **at > 20) {
            cuts.push((text[..middle].to_owned(), middle));
        }
        if kind != "mid-draft" || end < text.len() {
            cuts.push((text[..end].to_owned(), end));
        }
        if text[end..].starts_with("\n\n") && kind != "mid-draft" {
            cuts.push((format!("{}\n\n", &text[..end]), end));
        }
        from = end;
    }
    cuts
}

/// Asks at a place as a writer does: with a desk, a key and the model's thread.
fn ask(place: &Place, settings: &Settings, seed: u64) -> Result<Shown> {
    let (events, inbox) = mpsc::channel::<Event>();
    let (requests, jobs) = mpsc::channel();
    let session = Session::from_text(&format!("{}{}", place.before, place.after));
    let mut app = App::new(session, settings, Vec::new(), seed, requests)?;
    let mut screen = Screen::new(TestBackend::new(120, 40))?;
    let load = || Engine::embedded(Precision::Q8_0);
    worker::spawn(load, jobs, move |told| events.send(Event::News(told)).is_ok())?;
    let press = |code| Event::Terminal(Terminal::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    loop {
        let event = inbox.recv()?;
        let loaded = matches!(event, Event::News(News::Loaded(_)));
        app.handle(event);
        if loaded {
            break;
        }
    }
    place.after.chars().for_each(|_| app.handle(press(KeyCode::Left)));
    screen.draw(|frame| app.draw(frame))?;
    let begun = Instant::now();
    app.handle(press(KeyCode::F(2)));
    let mut first = None;
    loop {
        let event = inbox.recv_timeout(Duration::from_secs(60)).context("the model is silent")?;
        std::iter::once(event).chain(inbox.try_iter()).for_each(|event| app.handle(event));
        screen.draw(|frame| app.draw(frame))?;
        let list = app.offers().list().context("no list")?;
        let is_shown = |offer: &&asking::Offer| {
            !matches!(offer.state, asking::State::Dropped(_)) && !offer.text.trim().is_empty()
        };
        if list.offers.iter().any(|offer| is_shown(&offer)) {
            first = first.or_else(|| Some(begun.elapsed()));
        }
        if !list.offers.iter().any(|offer| offer.is_live()) {
            let offers = list.offers.iter().filter(is_shown).map(|offer| offer.text.clone());
            let offers = offers.collect();
            return Ok(Shown { offers, first, complete: begun.elapsed() });
        }
    }
}

/// The faults of an offer, by their names in the table.
fn faults(place: &Place, text: &str) -> Vec<&'static str> {
    let word = judge::last_word(&place.before);
    let lengthens = !word.is_empty() && text.starts_with(char::is_alphanumeric);
    let half = if lengthens { word } else { "" };
    let lines = matches!(place.kind, "verse" | "list");
    let here = judge::Place::new(&place.before, &place.after, half).with_lines(lines);
    let has = |criterion| here.fault(text, &[criterion]).is_some();
    let mut found = Vec::new();
    for (criterion, name) in [
        (Criterion::Balanced, "open quotes"),
        (Criterion::Ends, "cut"),
        (Criterion::Loops, "loops"),
        (Criterion::Doubled, "doubled words"),
        (Criterion::Names, "unknown names"),
        (Criterion::Words, "non-words"),
        (Criterion::Repeats, "repeated sentences"),
    ] {
        if has(criterion) {
            found.push(name);
        }
    }
    if lengthens {
        found.push("finished words lengthened");
    }
    found
}

fn tell(name: &str, places: &[&Place], shown: &[Shown]) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut offers, mut full) = (0, 0);
    let mut by_kind: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (place, shown) in places.iter().zip(shown) {
        full += usize::from(shown.offers.len() == 3);
        for text in &shown.offers {
            offers += 1;
            let found = faults(place, text);
            let kind = by_kind.entry(place.kind).or_default();
            *kind = (kind.0 + 1, kind.1 + usize::from(!found.is_empty()));
            found.iter().for_each(|fault| *counts.entry(fault).or_default() += 1);
        }
    }
    println!("{name}: {} places, {offers} offers, {full} places with three", places.len());
    let thousand = |count: usize| count as f64 * 1e3 / offers.max(1) as f64;
    for fault in [
        "open quotes",
        "cut",
        "loops",
        "doubled words",
        "unknown names",
        "non-words",
        "repeated sentences",
        "finished words lengthened",
    ] {
        let count = counts.get(fault).copied().unwrap_or_default();
        println!("  {fault:<28} {:>6.1} per thousand", thousand(count));
    }
    let kinds: Vec<String> =
        by_kind.iter().map(|(kind, (all, bad))| format!("{kind} {bad} of {all}")).collect();
    println!("  offers with a fault: {}", kinds.join(", "));
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    };
    let first = median(shown.iter().filter_map(|shown| shown.first).collect());
    let complete = median(shown.iter().map(|shown| shown.complete).collect());
    println!("  something shown {first:.0} ms, list complete {complete:.0} ms (medians)");
}

/// Writes pairs for a blind reading.
fn pairs(places: &[Place], folder: &Path, count: usize, seed: u64) -> Result<()> {
    fs::create_dir_all(folder)?;
    let english: Vec<&Place> = places.iter().filter(|place| place.kind != "french").collect();
    let (mut text, mut key) = (String::new(), String::new());
    let step = (english.len() as f64 / count as f64).max(1.0);
    let mut number = 0;
    for n in 0..count.min(english.len()) {
        let place = english[(n as f64 * step) as usize % english.len()];
        let one = |settings: &Settings| -> Result<Option<String>> {
            let shown = ask(place, settings, seed + n as u64 * 100)?;
            Ok(shown.offers.into_iter().next())
        };
        let (Some(plain), Some(chosen)) = (one(&as_they_come())?, one(&Settings::default())?)
        else {
            continue;
        };
        number += 1;
        let first = splitmix::mix(seed ^ (n as u64) << 20) & 1 == 0;
        let (a, b) = if first { (&plain, &chosen) } else { (&chosen, &plain) };
        let from = place.before.char_indices().rev().nth(400).map_or(0, |(at, _)| at);
        let after: String = place.after.chars().take(120).collect();
        text += &format!("=== {number} ({})\n{}[HERE]{after}\n", place.kind, &place.before[from..]);
        text += &format!("--- A\n{a}\n--- B\n{b}\n\n");
        key += &format!(
            "{number} {}\n",
            if first { "A plain, B chosen" } else { "A chosen, B plain" }
        );
    }
    fs::write(folder.join("pairs.txt"), text)?;
    fs::write(folder.join("key.txt"), key)?;
    println!("{number} pairs are in {}", folder.display());
    Ok(())
}
