//! Prepares the prompt of a question, and reads one ahead while no branch is live.
//!
//! When the author's note moves, all that follows its old place has to be read again. So the prompt is read with the note
//! at its next place one sentence before the note moves, and the question after it reads only that sentence.

use super::{
    Ask, Reading,
    indent::{self, Unindented},
    local::{Local, READ},
    memory::Memory,
    prompt::{self, Cut, Prompt},
};
use crate::model::Span;
use anyhow::Result;

/// The prompt of a question as the model reads it.
pub(super) struct Prepared {
    pub prompt: Prompt,
    /// The text of the prompt, without indentation that the model doesn't know.
    pub shown: Unindented,
    pub reading: Reading,
}

impl Local {
    /// The prompt of a question. The author's note is put where it belongs after `sentences` more sentences.
    pub(super) fn prepare(&self, ask: &Ask, sentences: usize) -> Result<Prepared> {
        let context = self.info.context;
        let mut room = ask.params.max_tokens.clamp(1, context.div_ceil(4));
        if self.exact {
            room -= 1; // the last token is chosen, but never read
        }
        let most = (context - room).max(1);
        let cut = if self.exact { Cut::Exact } else { Cut::Blocks };
        let tokenizer = &self.model.tokenizer;
        let shown = match self.indents {
            true => Unindented::plain(&ask.prompt),
            false => indent::unindented(&ask.prompt),
        };
        let place = ask.guide.place_after(&shown.text, sentences);
        let guided = ask.guide.with_note_at(&shown.text, place);
        let mut lead = tokenizer.encode(&ask.guide.lead())?;
        lead.truncate(most / 2);
        let prompt = prompt::prepare(tokenizer, &lead, &guided.text, most, ask.prefix, cut)?;
        let sees_from = shown.original(guided.original(prompt.sees_from));
        let note = tokenizer.encode(guided.note_from(prompt.sees_from))?;
        let reading =
            Reading { tokens: prompt.tokens.len(), guide: (lead.len(), note.len()), sees_from };
        Ok(Prepared { prompt, shown, reading })
    }

    /// Begin to read the prompt of a question that may come after one more sentence.
    pub(super) fn begin_ahead(&mut self, ask: &Ask) -> Result<()> {
        let Prompt { mut tokens, fixed, .. } = self.prepare(ask, 1)?.prompt;
        tokens.truncate(fixed);
        let cache = self.read_before(&tokens).unwrap_or_else(|| self.model.network.cache());
        self.ahead = Some(Memory { tokens, cache });
        Ok(())
    }

    /// Whether a part of that prompt is not read yet.
    pub(super) fn has_more_ahead(&self) -> bool {
        self.ahead.as_ref().is_some_and(|ahead| ahead.cache.len() < ahead.tokens.len())
    }

    /// Read a block of that prompt.
    pub(super) fn ahead_on(&mut self) -> Result<()> {
        let Some(ahead) = &mut self.ahead else { return Ok(()) };
        let (ids, cache) = ahead.next_block(READ);
        let read = self.model.network.read(&mut [Span { ids, cache }]).map(drop);
        if read.is_err() {
            self.ahead = None;
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clean::Level,
        generate::{Backend, Guide, Prefix},
        token::SamplingParams,
        weights,
    };

    #[test]
    fn a_note_that_moves_costs_only_the_new_sentence() -> Result<()> {
        let ask = |prompt: &str| Ask {
            branch: 1,
            prompt: prompt.into(),
            guide: Guide { memory: "Mara keeps the light.".into(), note: "[Quiet.]".into() },
            params: SamplingParams { max_tokens: 1, ..SamplingParams::default() },
            clean: Level::Prose,
            prefix: Prefix::Word,
        };
        let text = |sentences: usize| {
            let sentences = (0..sentences).map(|n| format!("The boat {n} was gone from the bay."));
            sentences.collect::<Vec<_>>().join(" ")
        };
        let mut engine = Local::new(weights::embedded(crate::model::Precision::Q8_0)?);
        let place = |n: usize| ask("").guide.place(&text(n));
        let moves: Vec<usize> = (8..20).filter(|n| place(*n) != place(n - 1)).collect();
        assert_eq!(moves, [11, 15, 19]);
        for (n, reads_ahead) in [(11, false), (15, true)] {
            engine.start(ask(&text(n - 1)))?;
            while !engine.is_idle() {
                engine.step()?;
            }
            if reads_ahead {
                engine.read_ahead(&ask(&text(n - 1)))?;
                assert!(engine.is_reading_ahead() && engine.is_idle());
                while engine.is_reading_ahead() {
                    engine.read_on()?;
                }
            }
            let tokens = engine.prepare(&ask(&text(n)), 0)?.prompt.tokens;
            let read = engine.read_before(&tokens).map_or(0, |cache| cache.len());
            let sentence = engine.count(" The boat 14 was gone from the bay.")?;
            let unread = tokens.len() - read;
            let few = sentence + 4;
            assert_eq!(unread <= few, reads_ahead, "{unread} of {} tokens", tokens.len());
        }
        // Another question takes the place of the one before.
        engine.read_ahead(&ask("One."))?;
        assert_eq!(engine.ahead.as_ref().map(|ahead| ahead.tokens.len() < 20), Some(true));
        Ok(())
    }
}
