//! Prepares the prompt of a question, and reads one ahead while no branch is live.
//!
//! The desk asks for it after each sentence, so a question finds all but the last sentence read. When the author's note
//! moves, or the start of a text that is longer than the context, all that follows has to be read again. So the prompt
//! is also read as it will be after two more sentences, if one of them moves before then.

use super::{
    Ask, Reading,
    indent::{self, Unindented},
    local::{Local, READ},
    memory::Memory,
    prompt::{self, Cut, Prompt, Size},
};
use crate::model::{Span, memory::LEAST};
use anyhow::Result;

/// How many tokens a sentence is expected to have at most.
const SENTENCE: usize = 48;

/// The prompt of a question as the model reads it.
pub(super) struct Prepared {
    pub prompt: Prompt,
    /// The text of the prompt, without indentation that the model doesn't know.
    pub shown: Unindented,
    pub reading: Reading,
}

impl Local {
    /// The prompt of a question as it is.
    pub(super) fn prepare(&self, ask: &Ask) -> Result<Prepared> {
        self.prepare_for(ask, 0, 0)
    }

    /// The prompt of a question. The author's note is put where it belongs after `sentences` more sentences, and a long
    /// text begins where it will begin when it has grown by `growth` tokens.
    fn prepare_for(&self, ask: &Ask, sentences: usize, growth: usize) -> Result<Prepared> {
        let context = self.info.context;
        let mut room = ask.params.max_tokens.clamp(1, context.div_ceil(4));
        if self.exact {
            room -= 1; // the last token is chosen, but never read
        }
        let most = (context - room).max(1);
        let growth = growth.min(most / 8);
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
        let size = Size { most, growth };
        let prompt = prompt::prepare(tokenizer, &lead, &guided.text, size, ask.prefix, cut)?;
        let sees_from = shown.original(guided.original(prompt.sees_from));
        let note = tokenizer.encode(guided.note_from(prompt.sees_from))?;
        let reading =
            Reading { tokens: prompt.tokens.len(), guide: (lead.len(), note.len()), sees_from };
        Ok(Prepared { prompt, shown, reading })
    }

    /// Begin to read the prompt of a question as it is now, and as it will be after two more sentences.
    pub(super) fn begin_ahead(&mut self, ask: &Ask) -> Result<()> {
        let mut ahead: Vec<Memory> = Vec::new();
        // The note and the start may move at different times.
        let futures = [(0, 0), (2, 0), (0, 2 * SENTENCE), (2, 2 * SENTENCE)];
        // What begins elsewhere shares nothing with the rest, so in a long context it would take too much memory.
        let keeps_starts = self.info.context <= LEAST;
        let has_note = !ask.guide.note.trim().is_empty();
        let may_differ = |(sentences, growth): &(usize, usize)| {
            (*sentences == 0 || has_note) && (*growth == 0 || keeps_starts)
        };
        for (sentences, growth) in futures.into_iter().filter(may_differ) {
            let Prompt { mut tokens, fixed, .. } = self.prepare_for(ask, sentences, growth)?.prompt;
            tokens.truncate(fixed);
            if ahead.iter().all(|other| other.tokens != tokens) {
                let cache = self.read_before(&tokens).unwrap_or_else(|| self.model.network.cache());
                ahead.push(Memory { tokens, cache });
            }
        }
        self.ahead = ahead;
        Ok(())
    }

    /// Whether a part of that prompt is not read yet.
    pub(super) fn has_more_ahead(&self) -> bool {
        self.ahead.iter().any(Memory::has_more)
    }

    /// Read a block of that prompt.
    pub(super) fn ahead_on(&mut self) -> Result<()> {
        let Some(i) = self.ahead.iter().position(Memory::has_more) else { return Ok(()) };
        // Another one may have read a longer part of it meanwhile.
        let longer = self.read_before(&self.ahead[i].tokens);
        let ahead = &mut self.ahead[i];
        if let Some(longer) = longer.filter(|longer| longer.len() > ahead.cache.len()) {
            ahead.cache = longer;
        }
        let (ids, cache) = ahead.next_block(READ);
        let read = self.model.network.read(&mut [Span { ids, cache }]).map(drop);
        if read.is_err() {
            self.ahead.clear();
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clean::Level,
        generate::{Backend, Guide, Prefix, memory::common},
        token::SamplingParams,
        weights,
    };

    #[test]
    fn a_question_finds_all_but_the_last_sentence_read() -> Result<()> {
        let text = |sentences: usize| {
            let sentences = (0..sentences).map(|n| format!("The boat {n} was gone from the bay."));
            sentences.collect::<Vec<_>>().join(" ")
        };
        let guide = Guide { memory: "Mara keeps the light.".into(), note: "[Quiet.]".into() };
        for guide in [Guide::default(), guide] {
            let ask = |sentences: usize| Ask {
                branch: 1,
                prompt: text(sentences),
                guide: guide.clone(),
                params: SamplingParams { max_tokens: 1, ..SamplingParams::default() },
                clean: Level::Prose,
                prefix: Prefix::Word,
            };
            let mut engine = Local::new(weights::embedded(crate::model::Precision::Q8_0)?);
            let tokens =
                |engine: &Local, n: usize| anyhow::Ok(engine.prepare(&ask(n))?.prompt.tokens);
            let mut before = tokens(&engine, 9)?;
            let sentence = engine.count(" The boat 100 was gone from the bay.")?;
            let (mut moves, most) = (0, engine.info.context * 3 / 2 / sentence);
            for n in 10..most {
                engine.read_ahead(&ask(n - 1))?;
                assert!(engine.is_reading_ahead() && engine.is_idle());
                while engine.is_reading_ahead() {
                    engine.read_on()?;
                }
                let now = tokens(&engine, n)?;
                let read = engine.read_before(&now).map_or(0, |cache| cache.len());
                let unread = now.len() - read;
                assert!(unread <= sentence + 4, "{unread} of {} tokens, {n} sentences", now.len());
                // What was read for the question before would not be enough.
                moves += usize::from(now.len() - common(&now, &before) > 2 * sentence);
                before = now;
            }
            let least = if guide.note.is_empty() { 2 } else { most / 5 };
            assert!(moves >= least, "{moves} moves in {most} sentences");
        }
        Ok(())
    }
}
