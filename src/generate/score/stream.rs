//! Scores a text of any length, as it comes. No more of it is held than a paragraph, and the windows near it.

use super::{
    Scored,
    paragraph::{self, Paragraph},
    read::Reading,
    window::{Shape, Windows},
};
use crate::model::{Model, kernels::on_threads};
use anyhow::Result;

/// How many tokens are read at once.
const BLOCK: usize = 64;

/// Score a text that comes in pieces, which may be cut anywhere. `tell` gets the tokens of each window in order.
///
/// # Errors
/// When the text can't be read, the model fails, or `tell` does.
pub fn stream(
    model: &Model,
    pieces: &mut dyn Iterator<Item = Result<String>>,
    tell: &mut dyn FnMut(&[Scored]) -> Result<()>,
) -> Result<()> {
    let mut scorer = Scorer::new(model);
    let mut rest = String::new();
    for piece in pieces {
        rest.push_str(&piece?);
        scorer.paragraphs(&mut rest, false)?;
        scorer.windows(false, tell)?;
    }
    scorer.paragraphs(&mut rest, true)?;
    scorer.windows(true, tell)
}

struct Scorer<'a> {
    model: &'a Model,
    windows: Windows,
    /// What is put before the first paragraph; `None` after it.
    lead: Option<&'static str>,
    /// The bytes of the lead that are not taken off the first tokens yet.
    owed: usize,
}

impl<'a> Scorer<'a> {
    fn new(model: &'a Model) -> Self {
        let begin = model.tokenizer.begin().len();
        let windows = Windows::new(Shape::of(model.context, begin));
        Self { model, windows, lead: None, owed: 0 }
    }

    /// Tokenizes the paragraphs that are known to be whole, and removes them from the text.
    fn paragraphs(&mut self, text: &mut String, ended: bool) -> Result<()> {
        let mut from = 0;
        loop {
            let rest = &text[from..];
            let is_first = self.lead.is_none();
            let lead = if is_first { self.model.tokenizer.lead(rest) } else { "" };
            let Some((length, paragraph)) =
                paragraph::first(&self.model.tokenizer, lead, rest, ended)?
            else {
                break;
            };
            if is_first {
                (self.lead, self.owed) = (Some(lead), lead.len());
            }
            let Paragraph { ids, starts } = paragraph;
            self.windows.push(&ids, &starts);
            from += length;
        }
        text.drain(..from);
        Ok(())
    }

    /// Reads the windows that are known.
    fn windows(
        &mut self,
        ended: bool,
        tell: &mut dyn FnMut(&[Scored]) -> Result<()>,
    ) -> Result<()> {
        while let Some(window) = self.windows.next(ended) {
            let mut reading = Reading::new(self.model, &window);
            while !reading.is_done() {
                on_threads(|| reading.step(self.model, BLOCK))?;
            }
            let new = &window.ids[window.from..];
            let unscored = new.len() - reading.scores.len();
            let scores = std::iter::repeat_n(None, unscored);
            let scores = scores.chain(reading.scores.iter().map(Some));
            let tokenizer = &self.model.tokenizer;
            let scored: Vec<Scored> = new
                .iter()
                .zip(scores)
                .map(|(&id, score)| {
                    let bytes = tokenizer.bytes(id);
                    let led = self.owed.min(bytes.len());
                    self.owed -= led;
                    let bytes = bytes[led..].to_vec();
                    Scored {
                        id,
                        text: String::from_utf8_lossy(&bytes).into_owned(),
                        bytes,
                        logprob: score.map(|score| score.logprob),
                        rank: score.map(|score| score.rank),
                        entropy: score.map(|score| score.entropy),
                    }
                })
                .collect();
            tell(&scored)?;
        }
        Ok(())
    }
}
