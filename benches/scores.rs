//! Benchmark of scoring a draft in the background with the built-in model: a draft of 2,000 words from nothing, and again
//! after an edit. `cargo bench --bench scores`; figures are in `benches/RESULTS.md`.

use std::time::{Duration, Instant};
use unstuck::{
    clean::sentence_ends,
    generate::{Engine, ScoreDraft},
    model::Precision,
    session::words,
    splitmix,
};

const PROSE: &str = include_str!("prose.txt");
/// Words of the draft, and sentences of a paragraph.
const WORDS: usize = 2_000;
const SENTENCES: u64 = 6;
/// How often each edit is made, each time at another word.
const EDITS: usize = 15;

/// A draft: sentences of the prose in changing order, so that no two windows are the same.
fn draft() -> String {
    let mut from = 0;
    let all: Vec<&str> = sentence_ends(PROSE)
        .map(|end| PROSE[std::mem::replace(&mut from, end)..end].trim())
        .collect();
    let (mut text, mut seed, mut count) = (String::new(), 1, 0);
    while words(&text) < WORDS {
        let next = splitmix::next(&mut seed) as usize % all.len();
        count += 1;
        text.push_str(all[next]);
        text.push_str(if count % SENTENCES == 0 { "\n\n" } else { " " });
    }
    text.trim_end().to_owned()
}

/// Scores a text until all of it is known. Returns how long that took, and the longest step.
fn read(engine: &mut Engine, text: &str) -> (Duration, Duration) {
    let begun = Instant::now();
    let at = text.len();
    engine.score_draft(&ScoreDraft { text: text.to_owned(), at }).expect("tokens");
    let mut longest = begun.elapsed();
    while engine.is_scoring() {
        let step = Instant::now();
        engine.score_on().expect("scores");
        longest = longest.max(step.elapsed());
    }
    (begun.elapsed(), longest)
}

fn report(name: &str, mut times: Vec<(Duration, Duration)>) {
    let longest = times.iter().map(|(_, step)| *step).max().unwrap_or_default();
    times.sort_unstable();
    let median = times[times.len() / 2].0;
    let worst = times[times.len() - 1].0;
    println!("{name}: median {median:.0?}, worst {worst:.0?}; longest step {longest:.0?}");
}

fn main() {
    let text = draft();
    let engine = || Engine::embedded(Precision::default()).expect("the built-in model");
    let tokens = engine().count(&text).expect("tokens");
    let paragraphs = text.split("\n\n").count();
    println!("a draft of {} words, {tokens} tokens, {paragraphs} paragraphs", words(&text));
    let fresh = (0..3).map(|_| read(&mut engine(), &text)).collect();
    report("from nothing", fresh);
    let last = text.rfind("\n\n").map_or(0, |at| at + 2);
    let first = text.find("\n\n").unwrap_or(text.len());
    for (name, range) in
        [("an edit in the last paragraph", last..text.len()), ("in the first paragraph", 0..first)]
    {
        let mut engine = engine();
        read(&mut engine, &text);
        let part = &text[range.clone()];
        let spaces: Vec<usize> = part.match_indices(' ').map(|(at, _)| range.start + at).collect();
        let edits = (0..EDITS).map(|number| {
            let at = spaces[number * spaces.len() / EDITS];
            let edited = format!("{} old{}", &text[..at], &text[at..]);
            let time = read(&mut engine, &edited);
            // Undone, which costs as much and is not counted.
            read(&mut engine, &text);
            time
        });
        let times = edits.collect();
        report(name, times);
    }
    // A key at a time at the end, as one types.
    let mut engine = engine();
    read(&mut engine, &text);
    let typed = " Nobody spoke of it again.";
    let keys = (1..=typed.len()).map(|end| read(&mut engine, &format!("{text}{}", &typed[..end])));
    let times = keys.collect();
    report("a key at the end", times);
}
