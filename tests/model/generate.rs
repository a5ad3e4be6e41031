//! The engine on a tiny GPT-2 of random weights: what it says is noise, how it says it is what these hold.

use crate::support::models::TINY;
use std::{collections::HashMap, fs, path::Path};
use unstuck::{
    clean::Level,
    generate::{Ask, Engine, Guide, Look, Output, Prefix, Weigh},
    model::Precision,
    token::{BranchId, SamplingParams, StopReason, Token},
    weights,
};

fn engine(precision: Precision) -> Engine {
    Engine::new(weights::open(Path::new(TINY), precision).unwrap())
}

fn ask(branch: BranchId, prompt: &str, params: &SamplingParams) -> Ask {
    let params = SamplingParams { branch, ..params.clone() };
    Ask {
        branch,
        prompt: prompt.into(),
        guide: Guide::default(),
        params,
        clean: Level::Prose,
        prefix: Prefix::Tokens,
    }
}

fn short() -> SamplingParams {
    SamplingParams { max_tokens: 20, seed: 5, ..Default::default() }
}

/// Run until no branch is live.
fn run(engine: &mut Engine) -> HashMap<BranchId, (Vec<Token>, Option<StopReason>)> {
    let mut got: HashMap<BranchId, (Vec<Token>, Option<StopReason>)> = HashMap::new();
    while !engine.is_idle() {
        for (branch, output) in engine.step().unwrap() {
            let entry = got.entry(branch).or_default();
            match output {
                Output::Token(token) => entry.0.push(token),
                Output::Done(stop) => entry.1 = Some(stop),
                Output::Failed(why) => panic!("{why}"),
                Output::Seen(_) | Output::Weighed(_) | Output::Checked(_) => {
                    unreachable!("nobody looks")
                }
            }
        }
    }
    got
}

fn ids(tokens: &[Token]) -> Vec<u32> {
    tokens.iter().map(|t| t.id.unwrap()).collect()
}

#[test]
fn greedy_is_the_reference() {
    let r: serde_json::Value =
        serde_json::from_slice(&fs::read(format!("{TINY}/reference.json")).unwrap()).unwrap();
    let list = |v: &serde_json::Value| -> Vec<u32> {
        v.as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as u32).collect()
    };
    let model = weights::open(Path::new(TINY), Precision::F32).unwrap();
    let prompt = model.tokenizer.decode(&list(&r["ids"])[..12]);
    let want = list(&r["greedy_from_first_12"]);
    let greedy = SamplingParams {
        temperature: 0.0,
        repetition_penalty: 1.0,
        max_tokens: want.len(),
        ..Default::default()
    };
    let mut engine = Engine::new(model);
    let tokens: Vec<Token> =
        engine.stream(ask(0, &prompt, &greedy)).unwrap().map(Result::unwrap).collect();
    assert_eq!(ids(&tokens), want);
}

#[test]
fn branches_say_together_what_each_says_alone() {
    let mut together = engine(Precision::Q8_0);
    let prompts = ["There were three rules", "There were three rules", "Once", "There were four"];
    for (i, prompt) in prompts.iter().enumerate() {
        together.start(ask(i as u64, prompt, &short())).unwrap();
    }
    let all = run(&mut together);
    assert_ne!(ids(&all[&0].0), ids(&all[&1].0), "two branches of a seed differ");
    for (i, prompt) in prompts.iter().enumerate() {
        let mut alone = engine(Precision::Q8_0);
        alone.start(ask(i as u64, prompt, &short())).unwrap();
        let one = run(&mut alone);
        assert_eq!(one[&(i as u64)], all[&(i as u64)]);
        assert_eq!(all[&(i as u64)].1, Some(StopReason::Length));
    }
}

#[test]
fn a_branch_may_come_and_go_between_two_steps() {
    let mut e = engine(Precision::Q8_0);
    let long = SamplingParams { max_tokens: 30, ..short() };
    e.start(ask(1, "One thing", &long)).unwrap();
    let mut first: Vec<Token> = Vec::new();
    for step in 0.. {
        if step == 5 {
            e.start(ask(2, "One thing and another", &short())).unwrap();
        }
        if step == 9 {
            e.stop(2);
        }
        if e.is_idle() {
            break;
        }
        for (branch, output) in e.step().unwrap() {
            if let (1, Output::Token(token)) = (branch, output) {
                first.push(token);
            }
        }
    }
    let mut alone = engine(Precision::Q8_0);
    alone.start(ask(1, "One thing", &long)).unwrap();
    assert_eq!(run(&mut alone)[&1].0, first);
}

#[test]
fn what_was_read_before_changes_nothing() {
    let mut e = engine(Precision::Q8_0);
    let prompt = "The second was that the lamps were put out at nine, whether there was reading";
    let mut fresh = Vec::new();
    for asked in [prompt, &prompt[..40], prompt, "The second was"] {
        e.start(ask(1, asked, &short())).unwrap();
        let warm = run(&mut e).remove(&1).unwrap();
        let mut cold = engine(Precision::Q8_0);
        cold.start(ask(1, asked, &short())).unwrap();
        assert_eq!(run(&mut cold)[&1], warm);
        fresh.push(warm);
    }
    assert_eq!(fresh[0], fresh[2]);
}

/// A half-typed word is continued as words are: no offer begins with what no word goes on with.
#[test]
fn a_half_typed_word_is_completed() {
    let mut e = Engine::embedded(Precision::Q8_0).unwrap();
    let mut bodies = 0;
    for seed in 0..20 {
        let params = SamplingParams { seed, ..short() };
        let ask =
            Ask { prefix: Prefix::Characters, ..ask(seed, "The lamp went out, and nobo", &params) };
        let text: String = e.stream(ask).unwrap().map(|token| token.unwrap().text).collect();
        bodies += usize::from(text.starts_with("dy"));
    }
    assert!(bodies >= 19, "{bodies} of 20");
}

#[test]
fn a_continuation_may_be_longer_than_the_context() {
    let mut e = engine(Precision::Q8_0);
    let params = SamplingParams { max_tokens: 200, ..short() };
    let prompt = "A sentence that ends. ".repeat(40);
    let reading = e.start(ask(1, &prompt, &params)).unwrap();
    assert!(reading.sees_from > 0 && reading.tokens < 64, "{reading:?}");
    let (tokens, stop) = run(&mut e).remove(&1).unwrap();
    assert!(stop == Some(StopReason::Eot) || tokens.len() == 200);
}

#[test]
fn zero_is_off() {
    let mut e = engine(Precision::Q8_0);
    let mut said = |params: SamplingParams| {
        e.start(ask(1, "The lamp ", &params)).unwrap();
        ids(&run(&mut e)[&1].0)
    };
    let off = SamplingParams { top_k: 0, top_p: 1.0, repetition_penalty: 1.0, ..short() };
    let uncut = said(off.clone());
    assert_eq!(said(SamplingParams { top_p: 0.0, ..off.clone() }), uncut);
    assert_eq!(said(SamplingParams { repetition_penalty: 0.0, ..off.clone() }), uncut);
    assert_ne!(said(SamplingParams { top_p: 0.1, ..off }), uncut);
}

#[test]
fn senseless_parameters_are_refused_by_name() {
    let mut e = engine(Precision::Q8_0);
    for (params, name) in [
        (SamplingParams { temperature: f32::NAN, ..short() }, "temperature"),
        (SamplingParams { top_p: 1.5, ..short() }, "top_p"),
        (SamplingParams { min_p: 2.0, ..short() }, "min_p"),
        (SamplingParams { repetition_penalty: -1.0, ..short() }, "repetition_penalty"),
        (SamplingParams { max_tokens: 0, ..short() }, "max_tokens"),
        (SamplingParams { stop: vec![String::new()], ..short() }, "stop"),
    ] {
        let error = e.start(ask(1, "x", &params)).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        assert!(e.is_idle());
    }
}

#[test]
fn alternatives_come_when_asked_for() {
    let mut e = engine(Precision::Q8_0);
    let params = SamplingParams { logprobs: 5, ..short() };
    e.start(ask(1, "The boat", &params)).unwrap();
    for token in &run(&mut e)[&1].0 {
        assert_eq!(token.top.len(), 5);
        assert!(token.top.windows(2).all(|w| w[0].logprob >= w[1].logprob));
        if let Some(same) = token.top.iter().position(|a| a.id == token.id) {
            assert_eq!(token.rank, Some(same as u32 + 1));
            assert_eq!(token.logprob, Some(token.top[same].logprob));
        } else {
            assert!(token.rank > Some(5));
        }
    }
}

/// What is found in a token's place is what scoring the whole text says of it; and while a long draft is read for it,
/// in blocks, a branch streams on and keys could be answered.
#[test]
fn looking_agrees_with_scoring_and_holds_nothing_up() {
    let mut e = Engine::embedded(Precision::default()).unwrap();
    let text =
        "The lamps were put out at nine, whether there was reading to be done or not. ".repeat(12);
    let scored = e.score(&text).unwrap();
    assert!(scored.len() > 150);
    let at = scored.len() - 5;
    let words = |range: std::ops::Range<usize>| -> String {
        scored[range].iter().map(|token| token.text.as_str()).collect()
    };
    let params = SamplingParams { logprobs: 4, ..short() };
    let look = Look { before: words(0..at - 2), span: words(at - 2..at + 1), at: 0, params };
    let look = Look { at: look.span.len() - 1, ..look };
    e.start(ask(1, "There were three rules", &short())).unwrap();
    e.look(7, &look).unwrap();
    let (mut tokens, mut seen) = (0, None);
    while seen.is_none() {
        for (branch, output) in e.step().unwrap() {
            match output {
                Output::Token(_) => tokens += 1,
                Output::Failed(why) => panic!("{why}"),
                Output::Seen(it) => seen = Some((branch, it)),
                Output::Done(_) | Output::Weighed(_) | Output::Checked(_) => {}
            }
        }
    }
    assert!(tokens >= 2, "the branch got {tokens} tokens meanwhile");
    let (number, seen) = seen.unwrap();
    assert_eq!((number, seen.token), (7, look.span.len() - scored[at].text.len()..look.span.len()));
    assert_eq!(Some(seen.rank), scored[at].rank);
    assert!((seen.logprob - scored[at].logprob.unwrap()).abs() < 1e-3);
    assert_eq!(seen.top.len(), 4);
    // Nobody waits for this one: then there is nothing to do.
    e.stop(1);
    e.look(8, &look).unwrap();
    e.stop(8);
    assert!(e.is_idle());
    assert!(e.look(9, &Look { span: String::new(), ..look }).is_err() && e.is_idle());
}

#[test]
fn the_model_in_the_binary_writes() {
    let mut e = Engine::embedded(Precision::default()).unwrap();
    assert!(e.info().embedded);
    let tokens: Vec<Token> =
        e.stream(ask(1, "There were three rules", &short())).unwrap().map(Result::unwrap).collect();
    assert!(tokens.iter().any(|t| !t.text.trim().is_empty()));
}

/// The weight of a text is the sum of the log-probabilities that scoring prompt and text together gives its tokens. The
/// prompt is read once, in blocks, and branches advance meanwhile.
#[test]
fn weighing_agrees_with_scoring_and_delays_nothing() {
    let mut e = Engine::embedded(Precision::default()).unwrap();
    let prompt = "The lamps were put out at nine, whether there was reading to be done or not.";
    let prompt = [prompt; 6].join(" ");
    let text = " She rose and went to the door, and the rain came down on the roof.";
    let scored = e.score(&format!("{prompt}{text}")).unwrap();
    let first = e.count(&prompt).unwrap();
    let sum = |range: std::ops::Range<usize>| -> f32 {
        scored[range].iter().filter_map(|token| token.logprob).sum()
    };
    e.start(ask(1, "There were three rules", &short())).unwrap();
    let weigh = |tokens| Weigh { prompt: prompt.clone(), text: text.into(), tokens };
    e.weigh(7, &weigh(5)).unwrap();
    e.weigh(8, &weigh(1000)).unwrap();
    let (mut tokens, mut weighed) = (0, Vec::new());
    while !e.is_idle() {
        for (number, output) in e.step().unwrap() {
            match output {
                Output::Failed(why) => panic!("{why}"),
                Output::Token(_) => tokens += 1,
                Output::Weighed(it) => weighed.push((number, it, tokens)),
                Output::Done(_) | Output::Seen(_) | Output::Checked(_) => {}
            }
        }
    }
    let [(7, five, before), (8, all, _)] = weighed[..] else { panic!("{weighed:?}") };
    assert!(before >= 2, "the branch got {before} tokens meanwhile");
    assert_eq!((five.tokens, all.tokens), (5, scored.len() - first));
    assert!((five.logprob - sum(first..first + 5)).abs() < 1e-3, "{five:?}");
    assert!((all.logprob - sum(first..scored.len())).abs() < 1e-3, "{all:?}");
    assert!(all.mean() < 0.0);
    // Without a prompt, after the end-of-text token.
    e.weigh(9, &Weigh { prompt: String::new(), text: "The rain".into(), tokens: 9 }).unwrap();
    assert!(matches!(e.step().unwrap()[..], [(9, Output::Weighed(it))] if it.tokens == 2));
    assert!(e.weigh(10, &Weigh { text: String::new(), ..weigh(5) }).is_err());
    e.weigh(11, &weigh(5)).unwrap();
    e.stop(11);
    assert!(e.is_idle());
}

/// A pool of candidates is one batch: one step gives each of 24 branches a token, and each says what it says alone.
#[test]
fn a_pool_of_candidates_is_one_batch() {
    let mut e = Engine::embedded(Precision::default()).unwrap();
    let prompt = "She rose and went to the door";
    let asked = |i: u64| ask(i, prompt, &SamplingParams { seed: i, ..short() });
    (0..24).for_each(|i| _ = e.start(asked(i)).unwrap());
    let mut steps = 0;
    let mut got: HashMap<BranchId, Vec<u32>> = HashMap::new();
    while !e.is_idle() {
        steps += 1;
        for (branch, output) in e.step().unwrap() {
            if let Output::Token(token) = output {
                got.entry(branch).or_default().push(token.id.unwrap());
            }
        }
    }
    assert!(steps <= short().max_tokens + 2, "{steps} steps");
    for i in [0, 11, 23] {
        e.start(asked(i)).unwrap();
        assert_eq!(ids(&run(&mut e)[&i].0), got[&i]);
    }
}

#[test]
fn memory_and_note_are_read_beside_the_prompt() {
    let mut engine = Engine::embedded(Precision::Q8_0).unwrap();
    let draft: String = (0..400).map(|n| format!(" The lamp went out, {n}. She rose.")).collect();
    let guide = |memory: &str, note: &str| Guide { memory: memory.into(), note: note.into() };
    let params = SamplingParams { max_tokens: 12, temperature: 0.0, ..Default::default() };
    let context = engine.info().context;
    let mut read = |prompt: &str, guide: Guide| {
        let ask = Ask { guide, prefix: Prefix::Characters, ..ask(1, prompt, &params) };
        let reading = engine.start(ask).unwrap();
        let (tokens, _) = run(&mut engine).remove(&1).unwrap();
        (reading, tokens.into_iter().map(|token| token.logprob).collect::<Vec<_>>())
    };
    let (memory, note) = ("Mara keeps the light on Skerry.", "[It is autumn.]");
    let (plain, unsteered) = read(&draft, Guide::default());
    assert_eq!(plain.guide, (0, 0));
    let (both, steered) = read(&draft, guide(memory, note));
    assert!(both.guide.0 > 5 && both.guide.1 > 3, "{both:?}");
    assert!(both.tokens <= 1024 && both.sees_from > plain.sees_from, "{both:?} {plain:?}");
    assert_ne!(unsteered, steered, "it steers");
    // The beginning stays where it is while the draft grows, so that it need not be read again.
    let (grown, _) = read(&format!("{draft} It rained."), guide(memory, note));
    assert_eq!(grown.sees_from, both.sees_from);
    // Memory takes at most a half of the context.
    let half = context / 2;
    let (much, _) = read(&draft, guide(&"Mara keeps the light. ".repeat(900), ""));
    assert!(much.guide.0 <= half && much.sees_from > both.sees_from, "{much:?}");
    let (first, opening) = read("", guide(memory, ""));
    assert!(first.tokens > 5 && !opening.is_empty(), "{first:?}");
}
