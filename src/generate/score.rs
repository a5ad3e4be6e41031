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
    let tokenizer = &model.tokenizer;
    let (begin, lead) = (tokenizer.begin(), tokenizer.lead(text));
    let tokens = tokenizer.encode(&format!("{lead}{text}"))?;
    let context = model.context;
    let mut scored: Vec<Scored> = tokens
        .iter()
        .map(|&id| Scored {
            id,
            text: tokenizer.decode(&[id]),
            logprob: None,
            rank: None,
            entropy: None,
        })
        .collect();
    if let Some(first) = scored.first_mut()
        && first.text.starts_with(lead)
    {
        first.text.drain(..lead.len());
    }
    let room = context.saturating_sub(begin.len()).max(1);
    let mut from = 0;
    // The first token without a score. The first of all has one only if something is read before it.
    let mut next = usize::from(begin.is_empty());
    while next < tokens.len() {
        let to = (from + room).min(tokens.len());
        let ids: Vec<u32> = begin.iter().chain(&tokens[from..to]).copied().collect();
        let mut cache = model.network.cache();
        for (block, ids) in ids.chunks(ROWS).enumerate() {
            let hidden = model.network.read(&mut [Span { ids, cache: &mut cache }])?;
            // the rows' next tokens, counted with those of `begin`
            let first = from + block * ROWS + 1;
            let wanted = (next + begin.len()).max(first)
                ..(tokens.len() + begin.len()).min(first + ids.len());
            if wanted.is_empty() {
                continue;
            }
            let rows = hidden.narrow(0, wanted.start - first, wanted.len())?;
            let logits: Vec<Vec<f32>> = model.network.head(&rows)?.to_vec2()?;
            for (i, logits) in wanted.clone().zip(logits) {
                judge(&mut scored[i - begin.len()], &logits);
            }
            next = wanted.end - begin.len();
        }
        from += room.div_ceil(2);
    }
    Ok(scored)
}

fn judge(scored: &mut Scored, logits: &[f32]) {
    let Some((logprob, rank)) = sampler::place(logits, scored.id) else { return };
    (scored.logprob, scored.rank) = (Some(logprob), Some(rank));
    let total = log_sum_exp(logits);
    scored.entropy = Some(-logits.iter().map(|x| (x - total).exp() * (x - total)).sum::<f32>());
}
