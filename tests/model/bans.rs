//! Bans: nothing banned is shown, no text is lost, and the tokens are drawn as the heading of `src/generate/ban.rs` says.

use crate::support::models::{MICRO, TINY};
use std::{collections::HashMap, path::Path};
use unstuck::{
    clean::{Level, Phrases},
    generate::{Ask, Engine, Guide, Output, Prefix},
    model::Precision,
    token::{SamplingParams, StopReason, Token},
    weights,
};

fn micro() -> Engine {
    Engine::new(weights::open(Path::new(MICRO), Precision::F32).unwrap())
}

fn ask(branch: u64, prompt: &str, params: SamplingParams, prefix: Prefix) -> Ask {
    let prompt = prompt.into();
    Ask { branch, prompt, guide: Guide::default(), params, clean: Level::None, prefix }
}

fn banning(ban: &[&str]) -> SamplingParams {
    SamplingParams {
        ban: ban.iter().map(|phrase| (*phrase).to_owned()).collect(),
        max_tokens: 12,
        temperature: 1.0,
        top_k: 0,
        top_p: 1.0,
        repetition_penalty: 1.0,
        ..SamplingParams::default()
    }
}

/// All texts of these asks, at most 64 at once, as they grow.
fn texts(
    engine: &mut Engine,
    asks: Vec<Ask>,
    look: &mut dyn FnMut(u64, &str),
) -> HashMap<u64, (Vec<Token>, StopReason)> {
    let mut waiting = asks.into_iter();
    let (mut live, mut texts) = (0, HashMap::<u64, String>::new());
    let (mut tokens, mut ended) = (HashMap::<u64, Vec<Token>>::new(), HashMap::new());
    loop {
        while live < 64
            && let Some(ask) = waiting.next()
        {
            engine.start(ask).unwrap();
            live += 1;
        }
        if live == 0 {
            return ended;
        }
        for (branch, output) in engine.step().unwrap() {
            match output {
                Output::Token(token) => {
                    let text = texts.entry(branch).or_default();
                    text.push_str(&token.text);
                    look(branch, text);
                    tokens.entry(branch).or_default().push(token);
                }
                Output::Done(stop) => {
                    live -= 1;
                    ended.insert(branch, (tokens.remove(&branch).unwrap_or_default(), stop));
                }
                other => unreachable!("{other:?}"),
            }
        }
    }
}

/// The model says one letter after the other at random, so that many of its words are banned.
#[test]
fn ten_thousand_texts_show_nothing_banned_and_none_is_empty() {
    let words = ["e", "t", "a", "i’m", "o", "n s", "the", "\"", "r,", "h e"];
    let banned = Phrases::new(words);
    let prompts = ["", "so", "I'", "he said it all of h", "an end ", "t"];
    let prefixes = [Prefix::Tokens, Prefix::Characters, Prefix::Word];
    let asks = (0..10_000u64).map(|number| {
        let at = number as usize;
        let params = SamplingParams { seed: number, ..banning(&words) };
        ask(number, prompts[at % prompts.len()], params, prefixes[at / 7 % prefixes.len()])
    });
    let mut engine = micro();
    let got = texts(&mut engine, asks.collect(), &mut |number, text| {
        let prompt = prompts[number as usize % prompts.len()];
        let whole = format!("{prompt}{text}");
        let found = banned.scan(whole.as_bytes(), 0, prompt.len(), true).whole;
        assert_eq!(found, None, "{number}: {whole:?}");
    });
    assert_eq!(got.len(), 10_000);
    for (number, (tokens, stop)) in &got {
        let text: String = tokens.iter().map(|token| &*token.text).collect();
        assert!(!text.is_empty() || *stop == StopReason::Eot, "{number} is empty");
        let is_whole = tokens.len() == 12 && *stop == StopReason::Length;
        assert!(is_whole || *stop == StopReason::Eot, "{number}: {} {stop:?}", tokens.len());
    }
    let short = got.values().filter(|(tokens, _)| tokens.len() < 12).count();
    assert!(short < 1_000, "{short} ended early");
}

#[test]
fn a_ban_that_nothing_meets_changes_nothing_and_a_seed_says_the_same_again() {
    let mut engine = Engine::new(weights::open(Path::new(TINY), Precision::Q8_0).unwrap());
    let prompt = "The second was that the lamps were put out at nine";
    let mut said = |ban: &[&str], mirostat_tau, together: bool| {
        let params = SamplingParams { seed: 8, max_tokens: 30, mirostat_tau, ..banning(ban) };
        let one = ask(1, prompt, params.clone(), Prefix::Characters);
        let mut asks = vec![one];
        if together {
            let other = SamplingParams { seed: 9, ..params };
            asks.push(ask(2, prompt, other, Prefix::Characters));
        }
        let got = texts(&mut engine, asks, &mut |_, _| {}).remove(&1).unwrap();
        got.0.iter().map(|token| (token.id, token.text.clone())).collect::<Vec<_>>()
    };
    for tau in [0.0, 6.0] {
        let free = said(&[], tau, false);
        assert_eq!(said(&["nobody says this"], tau, false), free);
        // What it said is banned: every word of it.
        let text: String = free.iter().map(|(_, text)| text.as_str()).collect();
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        assert!(words.len() > 5, "{text:?}");
        let other = said(&words, tau, false);
        let without: String = other.iter().map(|(_, text)| text.as_str()).collect();
        let whole = format!("{prompt}{without}");
        let found = Phrases::new(&words).scan(whole.as_bytes(), 0, prompt.len(), true).whole;
        assert_eq!(found, None, "{without:?}");
        assert_eq!(other.len(), free.len());
        assert_eq!(said(&words, tau, true), other, "alone and beside another");
    }
}

/// The words of a draft with curly quotes, which the model gets as straight ones.
#[test]
fn an_apostrophe_of_any_form_is_banned() {
    let prompt = "\"I can't see you,\" she said. \"I don't know why,\" he said. \"You don't want to.\"\n\n\"But I ";
    let words = ["don’t", "can't", "didn't", "won't"];
    let mut engine = Engine::embedded(Precision::Q8_0).unwrap();
    let asks = (21..33).map(|seed| {
        let params = SamplingParams { seed, max_tokens: 24, ..SamplingParams::default() };
        let params = SamplingParams { ban: banning(&words).ban, ..params };
        ask(seed, prompt, params, Prefix::Characters)
    });
    let asks: Vec<Ask> = asks.collect();
    let free = asks.iter().cloned().map(|mut ask| {
        ask.params.ban.clear();
        ask
    });
    let said = |got: HashMap<u64, (Vec<Token>, StopReason)>| -> Vec<String> {
        let text = |(tokens, _): &(Vec<Token>, StopReason)| {
            tokens.iter().map(|token| &*token.text).collect()
        };
        got.values().map(text).collect()
    };
    let free = said(texts(&mut engine, free.collect(), &mut |_, _| {}));
    let banned = Phrases::new(words);
    assert!(free.iter().any(|text| banned.find(text).is_some()), "{free:?}");
    for text in said(texts(&mut engine, asks, &mut |_, _| {})) {
        assert!(banned.find(&text).is_none() && text.trim().len() > 20, "{text:?}");
    }
}

/// A token that leads to a banned phrase is shown as often as it doesn't lead there. The other tokens share the rest as
/// their probabilities are.
#[test]
fn what_is_drawn_instead_has_the_shares_of_the_rest() {
    const DRAWS: u64 = 20_000;
    const MARKS: &str = "!#$%&()*+,-./:;<=>?@[]^_{|}~";
    let prompt = "x-";
    let mut engine = micro();
    let of = |seed, max_tokens, logprobs, ban: &[&str]| SamplingParams {
        seed,
        max_tokens,
        logprobs,
        ..banning(ban)
    };
    let mut shares = |prompt: &str| -> HashMap<u32, f64> {
        let asks = vec![ask(0, prompt, of(0, 1, 265, &[]), Prefix::Tokens)];
        let top = texts(&mut engine, asks, &mut |_, _| {}).remove(&0).unwrap().0.remove(0).top;
        top.into_iter().map(|one| (one.id.unwrap(), f64::from(one.after.unwrap_or(0.0)))).collect()
    };
    let first = shares(prompt);
    // In this vocabulary the id of a mark is its code. The pair of marks that is most likely:
    let (mut banned, mut most, mut leads) = (String::new(), 0.0, 0.0);
    for a in MARKS.chars() {
        let second = shares(&format!("{prompt}{a}"));
        for b in MARKS.chars() {
            let (share, after) = (first[&u32::from(a)], second[&u32::from(b)]);
            if share * after > most && a != b {
                (banned, most, leads) = (format!("{a}{b}"), share * after, after);
            }
        }
    }
    let begins = u32::from(banned.chars().next().unwrap());
    assert!(most > 1e-3, "{banned:?}: {most}");
    for (ban, leads) in [(banned.as_str(), leads), (&banned[..1], 1.0)] {
        let asks = (0..DRAWS).map(|seed| ask(seed, prompt, of(seed, 3, 0, &[ban]), Prefix::Tokens));
        let got = texts(&mut micro(), asks.collect(), &mut |_, _| {});
        let mut counts = HashMap::<u32, f64>::new();
        for token in got.values().filter_map(|(tokens, _)| tokens.first()) {
            *counts.entry(token.id.unwrap()).or_default() += 1.0 / DRAWS as f64;
        }
        for (id, share) in first.iter().filter(|(id, _)| **id != 264) {
            let expected = match *id == begins {
                true => share * (1.0 - leads),
                false => share * (1.0 + first[&begins] * leads / (1.0 - first[&begins])),
            };
            let drawn = counts.get(id).copied().unwrap_or(0.0);
            let spread = 4.5 * (expected * (1.0 - expected) / DRAWS as f64).sqrt();
            assert!((drawn - expected).abs() <= spread, "{ban} {id}: {drawn}, not {expected}");
        }
    }
}
