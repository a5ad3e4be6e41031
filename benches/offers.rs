//! Benchmark of latencies that a writer notices: `cargo bench --bench offers [-- embedded]`. It measures the time to
//! the first token, to a useful line and to three whole sentences with a warm cache; and from a key to its frame
//! while four branches stream. Prints medians and 99th percentiles, since a mean would hide slow cases.

use crossterm::event::{Event as Terminal, KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal as Screen, backend::TestBackend};
use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use unstuck::{
    clean::{Level, sentence_ends},
    generate::{Ask, Engine, Guide, Output, Prefix},
    model::{Precision, Shape, kernels},
    session::Session,
    token::SamplingParams,
    tui::{App, Event, Settings},
    ui::worker::{self, News},
    weights,
};

type Load = fn() -> anyhow::Result<Engine>;

const PROSE: &str = include_str!("prose.txt");
/// The number of requests, and of pressed keys.
const ASKED: usize = 15;
const KEYS: usize = 500;
/// The length of a useful line in characters.
const LINE: usize = 40;

fn main() -> anyhow::Result<()> {
    kernels::start(None, true);
    let only = std::env::args().nth(1).filter(|name| !name.starts_with('-'));
    let random = || {
        Ok(Engine::new(weights::random(
            "124m".parse::<Shape>().map_err(anyhow::Error::msg)?,
            Precision::Q8_0,
        )?))
    };
    let models: [(&str, Load); 2] =
        [("embedded", || Engine::embedded(Precision::Q8_0)), ("random 124M", random)];
    for (name, load) in models {
        if only.as_ref().is_none_or(|only| only == name) {
            waits(name, &mut load()?)?;
            note(name, load)?;
            keys(name, load)?;
        }
    }
    Ok(())
}

fn ask(branch: u64, prompt: &str, seed: u64) -> Ask {
    let params = SamplingParams { seed, ..Settings::default().sampling };
    Ask {
        branch,
        prompt: prompt.into(),
        guide: Guide::default(),
        params,
        clean: Level::Prose,
        prefix: Prefix::Characters,
    }
}

/// Three offers for a draft of 500 tokens that is in the cache except for its last word.
fn waits(name: &str, engine: &mut Engine) -> anyhow::Result<()> {
    let mut draft = String::new();
    for word in PROSE.split_inclusive(' ').cycle() {
        draft.push_str(word);
        if engine.count(&draft)? >= 500 {
            break;
        }
    }
    let (mut first, mut line, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for (n, word) in PROSE.split_whitespace().take(ASKED + 1).enumerate() {
        draft = format!("{}{word}", draft.trim_end().to_owned() + " ");
        let begun = Instant::now();
        for branch in 0..3 {
            engine.start(ask(branch, &draft, 3 * n as u64 + branch))?;
        }
        let mut texts = [const { String::new() }; 3];
        let (mut to_first, mut to_line) = (None, None);
        while !engine.is_idle() {
            for (branch, output) in engine.step()? {
                if let Output::Token(token) = output {
                    texts[branch as usize].push_str(&token.text);
                    to_first = to_first.or(Some(begun.elapsed()));
                }
            }
            if texts.iter().any(|text| text.len() >= LINE) {
                to_line = to_line.or(Some(begun.elapsed()));
            }
        }
        // The first time, the cache is cold.
        if n > 0 {
            first.extend(to_first);
            line.extend(to_line);
            whole.push(begun.elapsed());
        }
    }
    tell(name, "first token", first);
    tell(name, "a line of 40 characters", line);
    tell(name, "three whole offers", whole);
    Ok(())
}

/// The first token without and with an author's note, asked for after each word of a draft that grows. As on the desk, the
/// engine reads ahead after each sentence.
fn note(name: &str, load: Load) -> anyhow::Result<()> {
    let guide = Guide {
        memory: "Mara keeps the light at Ness, and has for thirty years.".into(),
        note: "[Style: quiet, wry. The boat is late.]".into(),
    };
    let guides = [Guide::default(), guide];
    let mut engines = [load()?, load()?];
    let mut draft = String::new();
    let (mut first, mut ahead) = ([const { Vec::new() }; 2], [const { Vec::new() }; 2]);
    let mut ratios = Vec::new();
    let mut last_end = None;
    for (n, word) in PROSE.split_inclusive(' ').cycle().take(600).enumerate() {
        draft.push_str(word);
        let prompt = draft.trim_end();
        let question = |arm: usize| Ask { guide: guides[arm].clone(), ..ask(1, prompt, n as u64) };
        let end = sentence_ends(prompt).last();
        if end != last_end {
            last_end = end;
            for arm in 0..2 {
                let begun = Instant::now();
                engines[arm].read_ahead(&question(arm))?;
                while engines[arm].is_reading_ahead() {
                    engines[arm].read_on()?;
                }
                ahead[arm].push(begun.elapsed());
            }
        }
        if n < 450 {
            continue;
        }
        let mut times = [Duration::ZERO; 2];
        // Each arm goes first in every other round.
        for arm in [n % 2, 1 - n % 2] {
            let begun = Instant::now();
            engines[arm].start(question(arm))?;
            while !engines[arm].step()?.iter().any(|(_, output)| matches!(output, Output::Token(_)))
            {
            }
            times[arm] = begun.elapsed();
            engines[arm].stop(1);
        }
        if n > 450 {
            ratios.push(times[1].as_secs_f64() / times[0].as_secs_f64());
            (0..2).for_each(|arm| first[arm].push(times[arm]));
        }
    }
    let [without, with] = first;
    tell(name, "first token without a note", without);
    tell(name, "first token with a note", with);
    let [without, with] = ahead;
    tell(name, "read ahead without a note", without);
    tell(name, "read ahead with a note", with);
    ratios.sort_by(f64::total_cmp);
    let above = ratios.iter().filter(|ratio| **ratio > 1.5).count();
    let below = ratios.iter().filter(|ratio| **ratio < 1.0 / 1.5).count();
    let (median, worst) = (ratios[ratios.len() / 2], ratios[ratios.len() - 1]);
    println!(
        "{name:<12} with to without: median {median:.2}, worst {worst:.2}, above 1.5 in {above}, below 1 : 1.5 in {below} \
         of {}",
        ratios.len()
    );
    Ok(())
}

/// Keys every few milliseconds while four branches stream, through the desk's own event loop.
fn keys(name: &str, load: Load) -> anyhow::Result<()> {
    let (events, inbox) = mpsc::channel::<(Instant, Event)>();
    let (requests, jobs) = mpsc::channel();
    let settings = Settings { offers: 4, ..Settings::default() };
    let session = Session::from_text(&PROSE[..2000]);
    let mut app = App::new(session, &settings, Vec::new(), 1, requests)?;
    let mut screen = Screen::new(TestBackend::new(160, 45))?;
    let news = events.clone();
    worker::spawn(load, jobs, move |told| news.send((Instant::now(), Event::News(told))).is_ok())?;
    let press = |code, held| Event::Terminal(Terminal::Key(KeyEvent::new(code, held)));
    // The keys are pressed after the model is loaded.
    loop {
        let (_, event) = inbox.recv()?;
        let loaded = matches!(event, Event::News(News::Loaded(_)));
        app.handle(event);
        if loaded {
            break;
        }
    }
    thread::spawn(move || {
        for n in 0..KEYS {
            // Ask, then keep writing; ask again twenty keys later.
            let event = match n % 20 {
                0 => press(KeyCode::F(2), KeyModifiers::NONE),
                n => press(KeyCode::Char(if n % 5 == 0 { ' ' } else { 'e' }), KeyModifiers::NONE),
            };
            if events.send((Instant::now(), event)).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(30));
        }
    });
    let mut times = Vec::new();
    while times.len() < KEYS {
        let first = inbox.recv()?;
        let mut pressed = Vec::new();
        for (at, event) in std::iter::once(first).chain(inbox.try_iter()) {
            if matches!(event, Event::Terminal(_)) {
                pressed.push(at);
            }
            app.handle(event);
        }
        screen.draw(|frame| app.draw(frame))?;
        times.extend(pressed.into_iter().map(|at| at.elapsed()));
    }
    tell(name, "key to frame, four branches", times);
    Ok(())
}

fn tell(name: &str, what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at =
        |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    let millis = |time: Option<&Duration>| time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
    println!(
        "{name:<12} {what:<28} median {:>8.1} ms   p99 {:>8.1} ms   of {}",
        millis(at(50)),
        millis(at(99)),
        times.len()
    );
}
