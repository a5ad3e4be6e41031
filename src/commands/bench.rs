//! `unstuck bench`: measures a model's speed on this machine, with the engine that the desk uses.

use super::Place;
use crate::{
    clean::Level,
    generate::{Ask, Engine, Guide, Output, Prefix, Proposals, perplexity},
    model::Model,
    token::SamplingParams,
    weights::gguf,
};
use anyhow::{Context, Result};
use serde::Serialize;
use std::{
    fs::File,
    io::{BufWriter, IsTerminal, Write},
    path::Path,
    time::Instant,
};

/// What to measure.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// One JSON object instead of a table.
    pub json: bool,
    /// The number of requests of the endurance test, which compares a used engine with a fresh one; 0 skips it.
    pub steady: usize,
}

/// The results.
#[derive(Debug, Serialize)]
pub struct Figures {
    model: String,
    quantization: String,
    threads: usize,
    load_s: f64,
    /// Seconds from a request with a prompt of 16 words to the first token.
    first_token_s: f64,
    prefill_tok_s: Vec<Prefill>,
    decode_tok_s: Vec<Decode>,
    /// The latency of the first token when one word is added to a prompt of maximum length, in decoding steps.
    ask_again_steps: Option<f64>,
    /// The perplexity of a fixed text with the weights in the loaded precision; `None` for random weights.
    perplexity: Option<f64>,
    /// What the draft model proposed, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<Draft>,
    /// The result of the endurance test, if it was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    steady: Option<Steady>,
    weights_bytes: usize,
    peak_rss_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Draft {
    model: String,
    #[serde(flatten)]
    count: Proposals,
}

#[derive(Debug, Serialize)]
struct Prefill {
    tokens: usize,
    tok_s: f64,
}

#[derive(Debug, Serialize)]
struct Decode {
    context: usize,
    batch: usize,
    tok_s: f64,
}

#[derive(Debug, Serialize)]
struct Steady {
    requests: usize,
    ratio: f64,
    rss_growth_bytes: Option<i64>,
}

/// Repetitions of each measurement; the median is reported.
const REPEATS: usize = 3;
/// Tokens that are decoded per measurement.
const TOKENS: usize = 64;
/// A text that was written for this project, long enough to fill a context.
const PROSE: &str = include_str!("../../benches/prose.txt");

/// Measure and print the results. `load` opens the engine; it is called again for `steady`.
///
/// # Errors
/// When the model cannot be opened or fails.
pub fn run(request: &Request, threads: usize, load: impl Fn() -> Result<Engine>) -> Result<()> {
    let begun = Instant::now();
    tell("loading");
    let mut engine = load()?;
    let load_s = begun.elapsed().as_secs_f64();
    let info = engine.info().clone();
    let first_token_s = median(|i| {
        let prompt = words(16, i);
        Ok(read(&mut engine, &prompt)?.1)
    })?;
    let mut prefill_tok_s = Vec::new();
    for tokens in [64, 512, 1000].into_iter().filter(|n| *n < info.context) {
        tell(&format!("reading {tokens} tokens"));
        let tok_s = median(|i| {
            let prompt = words_of(&engine, tokens, i + 7);
            let (read, seconds) = read(&mut engine, &prompt)?;
            Ok(read as f64 / seconds)
        })?;
        prefill_tok_s.push(Prefill { tokens, tok_s });
    }
    let mut decode_tok_s = Vec::new();
    for context in [0, 256, 900].into_iter().filter(|n| n + TOKENS <= info.context) {
        for batch in [1, 4, 8] {
            tell(&format!("{batch} at {context} tokens"));
            let prompt = words_of(&engine, context, 3);
            let tok_s = median(|_| decode(&mut engine, &prompt, batch))?;
            decode_tok_s.push(Decode { context, batch, tok_s });
        }
    }
    let ask_again_steps = decode_tok_s
        .iter()
        .rfind(|d| d.batch == 1 && d.context > 0)
        .map(|d| (d.context, 1.0 / d.tok_s))
        .map(|(context, step)| {
            let seconds = median(|i| {
                let before = words_of(&engine, context, 20 + i);
                read(&mut engine, &before)?;
                Ok(read(&mut engine, &format!("{before} lamp"))?.1)
            })?;
            anyhow::Ok(seconds / step)
        })
        .transpose()?;
    let perplexity = match info.name.starts_with("random") || info.server.is_some() {
        true => None,
        false => perplexity(&engine.score(PROSE)?),
    };
    let draft = info.draft.zip(engine.proposals());
    let draft = draft.map(|(model, count)| Draft { model, count });
    let steady = (request.steady > 0).then(|| steady(&mut engine, &load, request.steady));
    let figures = Figures {
        model: info.name,
        quantization: info.quantization,
        threads,
        load_s,
        first_token_s,
        prefill_tok_s,
        decode_tok_s,
        ask_again_steps,
        perplexity,
        draft,
        steady: steady.transpose()?,
        weights_bytes: info.bytes,
        peak_rss_bytes: memory("VmHWM:"),
    };
    tell("");
    Place::open(None)?.write(&match request.json {
        true => serde_json::to_string(&figures)? + "\n",
        false => figures.table(),
    })
}

/// The seconds to the first token, and how many tokens a second one branch writes: medians of short runs.
pub(super) fn brief(engine: &mut Engine) -> Result<(f64, f64)> {
    let first = median(|i| Ok(read(engine, &words(16, i))?.1))?;
    let prompt = words(16, 3);
    Ok((first, median(|_| decode(engine, &prompt, 1))?))
}

/// Write a model to a GGUF file, so that another program can be benchmarked with the same weights.
///
/// # Errors
/// When the file can't be written.
pub fn write(model: &Model, path: &Path) -> Result<()> {
    let write = || {
        let mut file = BufWriter::new(File::create(path)?);
        gguf::write(&mut file, &model.name, &*model.network, Some(&model.tokenizer), &[])?;
        anyhow::Ok(file.flush()?)
    };
    write().with_context(|| format!("{}", path.display()))
}

impl Figures {
    fn table(&self) -> String {
        let mib = |bytes: u64| format!("{:.0} MiB", bytes as f64 / (1 << 20) as f64);
        let mut text = format!(
            "{} · {} · {} threads\nload {:.3} s   first token {:.1} ms   weights {}   peak memory {}\n",
            self.model,
            self.quantization,
            self.threads,
            self.load_s,
            self.first_token_s * 1e3,
            mib(self.weights_bytes as u64),
            self.peak_rss_bytes.map_or("unknown".into(), mib),
        );
        for p in &self.prefill_tok_s {
            text += &format!("read  {:>4} tokens            {:>8.0} tok/s\n", p.tokens, p.tok_s);
        }
        for d in &self.decode_tok_s {
            text += &format!(
                "write {:>4} of context, {} at once {:>6.0} tok/s\n",
                d.context, d.batch, d.tok_s
            );
        }
        if let Some(steps) = self.ask_again_steps {
            text += &format!("asking again after one more word costs {steps:.1} steps\n");
        }
        if let Some(d) = &self.draft {
            let Proposals { proposed, drawn } = d.count;
            text += &format!("{} proposed {proposed} tokens, {drawn} were drawn\n", d.model);
        }
        if let Some(p) = self.perplexity {
            text += &format!("perplexity of the bench's own text {p:.3}\n");
        }
        if let Some(s) = &self.steady {
            text += &format!(
                "after {} requests {:.3} of a fresh engine's speed\n",
                s.requests, s.ratio
            );
        }
        text
    }
}

/// `count` words of the benchmark's text. Each `from` starts at another word; the text repeats at its end.
fn words(count: usize, from: usize) -> String {
    let all: Vec<&str> = PROSE.split_whitespace().collect();
    let take = all.iter().cycle().skip(from * 11).take(count);
    take.copied().collect::<Vec<_>>().join(" ")
}

/// The same, but as many words as fit into this number of tokens.
fn words_of(engine: &Engine, tokens: usize, from: usize) -> String {
    let count = |text: &str| engine.count(text).unwrap_or(0);
    let mut n = tokens;
    while n > 0 && count(&words(n, from)) > tokens {
        n -= 1 + (count(&words(n, from)) - tokens) / 3;
    }
    words(n, from)
}

fn ask(branch: u64, prompt: &str, max_tokens: usize) -> Ask {
    let params = SamplingParams { max_tokens, branch, seed: 1, ..Default::default() };
    Ask {
        branch,
        prompt: prompt.into(),
        guide: Guide::default(),
        params,
        clean: Level::Prose,
        prefix: Prefix::Tokens,
    }
}

/// Process a prompt until the first token. Returns the prompt's length in tokens, and the seconds.
fn read(engine: &mut Engine, prompt: &str) -> Result<(usize, f64)> {
    let begun = Instant::now();
    let reading = engine.start(ask(0, prompt, 1))?;
    while !engine.is_idle() {
        engine.step()?;
    }
    Ok((reading.tokens, begun.elapsed().as_secs_f64()))
}

/// The decoding speed of `batch` branches together in tokens per second, without the time in which the model processes the
/// prompt. A draft model reads it within that time.
fn decode(engine: &mut Engine, prompt: &str, batch: usize) -> Result<f64> {
    read(engine, prompt)?;
    for branch in 0..batch as u64 {
        engine.start(ask(branch, prompt, TOKENS))?;
    }
    engine.step()?;
    let begun = Instant::now();
    let mut tokens = 0;
    for _ in 0..TOKENS - 1 {
        let outputs = engine.step()?;
        tokens += outputs.iter().filter(|(_, o)| matches!(o, Output::Token(_))).count();
    }
    let seconds = begun.elapsed().as_secs_f64();
    (0..batch as u64).for_each(|branch| engine.stop(branch));
    Ok(tokens as f64 / seconds)
}

/// Send `requests` requests to one engine, then compare its decoding speed with a fresh engine's in alternation.
fn steady(old: &mut Engine, load: &impl Fn() -> Result<Engine>, requests: usize) -> Result<Steady> {
    let before = memory("VmRSS:");
    for i in 0..requests {
        if i % 100 == 0 {
            tell(&format!("request {i} of {requests}"));
        }
        read(old, &words(12, i))?;
    }
    let growth = memory("VmRSS:").zip(before).map(|(now, then)| now as i64 - then as i64);
    let mut fresh = load()?;
    let prompt = words(40, 5);
    let mut ratios = Vec::new();
    for _ in 0..9 {
        let (new, worn) = (decode(&mut fresh, &prompt, 1)?, decode(old, &prompt, 1)?);
        ratios.push(worn / new);
    }
    ratios.sort_by(f64::total_cmp);
    Ok(Steady { requests, ratio: ratios[ratios.len() / 2], rss_growth_bytes: growth })
}

fn median(mut figure: impl FnMut(usize) -> Result<f64>) -> Result<f64> {
    let mut all = (0..REPEATS).map(&mut figure).collect::<Result<Vec<_>>>()?;
    all.sort_by(f64::total_cmp);
    all.get(REPEATS / 2).copied().context("nothing was measured")
}

/// A memory figure of this process in bytes, from `/proc/self/status`; `None` where that doesn't exist.
fn memory(key: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Show the progress on one line of a terminal.
fn tell(what: &str) {
    let mut stderr = std::io::stderr().lock();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\x1b[K{what}");
        let _ = stderr.flush();
    }
}
