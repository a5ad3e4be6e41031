//! Scores a given text: the log-probability of each token under a model, for instance to find the surprising words of
//! one's own text.

use super::{Scored, sampler};
use crate::model::{Model, Span, kernels::log_sum_exp};
use anyhow::Result;

/// Rows whose logits are computed at once: those of a whole context would take too much memory.
const ROWS: usize = 64;

/// Score every token. A text longer than the context is read in windows that overlap by half, so that each token has at
/// least half a context before it (except at the start of the text).
pub fn score(model: &Model, text: &str) -> Result<Vec<Scored>> {
    let tokens = model.tokenizer.encode(text)?;
    let context = model.network.config().dims().context;
    let mut scored: Vec<Scored> = tokens
        .iter()
        .map(|&id| Scored {
            id,
            text: model.tokenizer.decode(&[id]),
            logprob: None,
            rank: None,
            entropy: None,
        })
        .collect();
    let mut from = 0;
    let mut next = 1; // the first token without a score
    while next < tokens.len() {
        let to = (from + context).min(tokens.len());
        let mut cache = model.network.cache();
        for start in (from..to).step_by(ROWS) {
            let ids = &tokens[start..to.min(start + ROWS)];
            let hidden = model.network.read(&mut [Span { ids, cache: &mut cache }])?;
            let wanted = next.max(start + 1)..tokens.len().min(start + ids.len() + 1);
            if wanted.is_empty() {
                continue;
            }
            let rows = hidden.narrow(0, wanted.start - 1 - start, wanted.len())?;
            let logits: Vec<Vec<f32>> = model.network.head(&rows)?.to_vec2()?;
            for (i, logits) in wanted.clone().zip(logits) {
                judge(&mut scored[i], &logits);
            }
            next = wanted.end;
        }
        from += context.div_ceil(2);
    }
    Ok(scored)
}

fn judge(scored: &mut Scored, logits: &[f32]) {
    let Some((logprob, rank)) = sampler::place(logits, scored.id) else { return };
    (scored.logprob, scored.rank) = (Some(logprob), Some(rank));
    let total = log_sum_exp(logits);
    scored.entropy = Some(-logits.iter().map(|x| (x - total).exp() * (x - total)).sum::<f32>());
}
