//! Scores of a text: against the reference implementation's, in windows and whole, from its start and after edits.

use crate::support::models::TINY;
use serde_json::Value;
use std::{fs, path::Path};
use unstuck::{
    generate::{Engine, Likelihood, Mark, ScoreDraft, Scored},
    model::{Precision, Span},
    weights,
};

const PROSE: &str = include_str!("../../benches/prose.txt");

fn tiny() -> Engine {
    Engine::new(weights::open(Path::new(TINY), Precision::F32).unwrap())
}

/// The text with its tokens' lengths and scores, as it is known after all of it was read, and how many steps that took.
fn read(engine: &mut Engine, text: &str) -> (Vec<(usize, Option<Likelihood>)>, usize) {
    let at = text.len() / 2;
    engine.score_draft(&ScoreDraft { text: text.into(), at }).unwrap();
    let (mut known, mut steps, mut whole) = (vec![None; text.len()], 0, false);
    while engine.is_scoring() {
        steps += 1;
        let Some(scores) = engine.score_on().unwrap() else { continue };
        assert!(!whole, "nothing is told after the end");
        whole = scores.is_whole();
        for part in &scores.parts {
            let mut at = part.start;
            for Mark { bytes, score } in part.tokens.iter() {
                known[at] = Some((*bytes, *score));
                at += bytes;
            }
        }
    }
    assert!(whole);
    (known.into_iter().flatten().collect(), steps)
}

/// The same tokens with the same scores, but for the rounding of sums: matrices are multiplied in other blocks.
fn agree(one: &[(usize, Option<Likelihood>)], other: &[(usize, Option<Likelihood>)], what: &str) {
    assert_eq!(one.len(), other.len(), "{what}");
    for (i, ((a, one), (b, other))) in one.iter().zip(other).enumerate() {
        let close = match (one, other) {
            (None, None) => true,
            (Some(one), Some(other)) => {
                (one.logprob - other.logprob).abs() < 1e-4
                    && (one.entropy - other.entropy).abs() < 1e-4
                    && one.rank.abs_diff(other.rank) <= 2
            }
            _ => false,
        };
        assert!(a == b && close, "{what}: token {i}: {a} {one:?}, not {b} {other:?}");
    }
}

fn scored(tokens: &[Scored]) -> Vec<(usize, Option<Likelihood>)> {
    let one = |token: &Scored| {
        let score = token.logprob.map(|logprob| Likelihood {
            logprob,
            rank: token.rank.unwrap(),
            entropy: token.entropy.unwrap(),
        });
        (token.bytes.len(), score)
    };
    tokens.iter().map(one).collect()
}

#[test]
fn scores_are_those_of_the_reference_implementation() {
    let reference = fs::read(format!("{TINY}/reference.json")).unwrap();
    let reference: Value = serde_json::from_slice(&reference).unwrap();
    let text = reference["text"].as_str().unwrap();
    let scored = tiny().score(text).unwrap();
    let ids: Vec<u32> = scored.iter().map(|token| token.id).collect();
    assert_eq!(
        Some(&ids.iter().map(|id| Value::from(*id)).collect::<Vec<_>>()),
        reference["ids"].as_array()
    );
    assert_eq!(scored[0].logprob, None);
    for (i, token) in scored[1..].iter().enumerate() {
        let expected = reference["logprobs"][i].as_f64().unwrap() as f32;
        assert!((token.logprob.unwrap() - expected).abs() < 1e-4, "token {i}");
        assert_eq!(reference["ranks"][i], token.rank.unwrap(), "token {i}");
    }
    // The entropy, from all logits by its definition.
    let model = weights::open(Path::new(TINY), Precision::F32).unwrap();
    let mut cache = model.network.cache();
    let hidden = model.network.read(&mut [Span { ids: &ids, cache: &mut cache }]).unwrap();
    let rows: Vec<Vec<f32>> = model.network.head(&hidden).unwrap().to_vec2().unwrap();
    for (row, token) in rows.iter().zip(&scored[1..]) {
        let total = row.iter().map(|&x| f64::from(x).exp()).sum::<f64>().ln();
        let entropy: f64 = row.iter().map(|&x| f64::from(x) - total).map(|x| -x.exp() * x).sum();
        assert!((f64::from(token.entropy.unwrap()) - entropy).abs() < 1e-4);
    }
}

/// A token has less before it in a window than in the whole text, so its score differs; on the whole it stays close.
#[test]
fn windows_are_close_to_the_whole_text() {
    let text: String = PROSE.chars().take(1800).collect();
    let score = |context: usize| {
        let mut model = weights::embedded(Precision::F32).unwrap();
        model.context = context;
        Engine::new(model).score(&text).unwrap()
    };
    let (whole, windows) = (score(512), score(160));
    assert!(whole.len() > 320 && whole.len() < 512, "{}", whole.len());
    let ids = |scored: &[Scored]| scored.iter().map(|token| token.id).collect::<Vec<_>>();
    assert_eq!(ids(&whole), ids(&windows));
    let same = whole.iter().zip(&windows).take_while(|(a, b)| a == b).count();
    assert!((60..=160).contains(&same), "the first window is read whole: {same}");
    let bits = |scored: &[Scored]| -> f32 {
        scored.iter().filter_map(|token| token.logprob).map(|logprob| -logprob).sum()
    };
    let more = bits(&windows) / bits(&whole);
    assert!((0.98..1.1).contains(&more), "{more}");
}

#[test]
fn a_text_that_comes_in_pieces_has_the_same_scores() {
    let engine = tiny();
    let text: String = PROSE.chars().take(3000).collect();
    let whole = engine.score(&text).unwrap();
    for size in [1, 7, 1000] {
        let chars: Vec<char> = text.chars().collect();
        let mut pieces = chars.chunks(size).map(|piece| Ok(piece.iter().collect()));
        let mut all = Vec::new();
        let mut tell = |scored: &[Scored]| {
            all.extend_from_slice(scored);
            Ok(())
        };
        engine.score_pieces(&mut pieces, &mut tell).unwrap();
        assert!(all == whole, "{size}");
    }
    assert!(engine.score("").unwrap().is_empty());
    assert_eq!(engine.score("One").unwrap().len(), 1);
}

/// However a draft came to be, its scores are those of its text.
#[test]
fn scores_after_edits_are_those_of_a_text_that_is_read_at_once() {
    let mut engine = tiny();
    let mut text: String = PROSE.chars().take(2500).collect();
    let from_scratch = read(&mut engine, &text).1;
    assert!(from_scratch > 40, "{from_scratch}");
    let middle = text[..text.len() / 2].rfind("\n").unwrap() + 1;
    let edits: [(usize, usize, &str); 9] = [
        (text.len(), 0, " And then it rained"),
        (0, 0, "First of all, "),
        (middle, 0, "A new paragraph.\n\n"),
        (middle, 5, ""),
        (3, 1, "X"),
        (40, 600, "🙂 "),
        (0, 30, ""),
        (middle, 0, "\n\n\n"),
        (700, 0, "é"),
    ];
    for (at, gone, new) in edits {
        let at = text.floor_char_boundary(at);
        let end = text.floor_char_boundary((at + gone).min(text.len()));
        text.replace_range(at..end, new);
        let (after, _) = read(&mut engine, &text);
        agree(&after, &read(&mut tiny(), &text).0, new);
        agree(&after, &scored(&tiny().score(&text).unwrap()), new);
    }
    // The same again is told at once.
    assert_eq!(read(&mut engine, &text).1, 1);
    assert!(read(&mut engine, "").0.is_empty());
}

/// An edit costs the windows near it, wherever it is.
#[test]
fn an_edit_reads_the_windows_near_it_alone() {
    let mut engine = tiny();
    let text = format!("{PROSE}{}", PROSE.to_uppercase());
    let text = text.trim_end();
    let (_, all) = read(&mut engine, text);
    let last = text.rfind("\n").unwrap();
    let typed = format!("{text} So");
    let (_, end) = read(&mut engine, &typed);
    let (_, start) = read(&mut engine, &typed.replacen(' ', " old ", 1));
    let inside = format!("{}x{}", &text[..last - 40], &text[last - 40..]);
    let (_, late) = read(&mut engine, &inside.replacen(' ', " old ", 1));
    assert!(end <= 5 && start <= 12 && late <= 20 && all > 80, "{end} {start} {late} of {all}");
}

#[test]
fn a_new_text_takes_the_place_of_one_that_is_being_read() {
    let mut engine = tiny();
    let text: String = PROSE.chars().take(2000).collect();
    engine.score_draft(&ScoreDraft { text: text.clone(), at: 0 }).unwrap();
    for _ in 0..20 {
        engine.score_on().unwrap();
    }
    assert!(engine.is_scoring() && engine.is_idle(), "it is no live branch");
    // What was read meanwhile is not read again.
    let (known, steps) = read(&mut engine, &format!("{text}!"));
    let (fresh, all) = read(&mut tiny(), &format!("{text}!"));
    agree(&known, &fresh, "after a stop");
    assert!(steps + 10 < all, "{steps} of {all}");
    engine.score_draft(&ScoreDraft { text: text.clone(), at: 0 }).unwrap();
    engine.stop_scores();
    assert!(!engine.is_scoring() && engine.score_on().unwrap().is_none());
}
