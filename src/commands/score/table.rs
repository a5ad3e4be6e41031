//! Scores as a table: a row for each token, word or sentence, and the totals.

use super::{Output, Summary, groups::Sentence};
use crate::{commands::Place, generate::Scored};
use anyhow::Result;

/// What the rows are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// Tokens: log-probability, rank, entropy.
    #[default]
    Token,
    /// Words: log-probability, number of tokens.
    Word,
    /// Sentences: log-probability, number of tokens, perplexity.
    Sentence,
    /// Nothing but the totals.
    Document,
}

pub(super) struct Table {
    place: Place,
    by: By,
}

impl Table {
    pub fn new(place: Place, by: By) -> Self {
        Self { place, by }
    }
}

/// A number with three decimals, or a dash.
fn number(x: Option<f64>) -> String {
    x.map_or("-".into(), |x| format!("{x:.3}"))
}

impl Output for Table {
    fn token(&mut self, token: &Scored) -> Result<()> {
        if self.by != By::Token {
            return Ok(());
        }
        let text = format!("{:?}", token.text);
        let rank = token.rank.map_or("-".into(), |rank| rank.to_string());
        let (logprob, entropy) = (token.logprob.map(f64::from), token.entropy.map(f64::from));
        let (logprob, entropy) = (number(logprob), number(entropy));
        self.place.write(&format!("{text:<20} {logprob:>9} {rank:>7} {entropy:>8}\n"))
    }

    fn sentence(&mut self, sentence: &Sentence) -> Result<()> {
        match self.by {
            By::Word => sentence.words.iter().try_for_each(|word| {
                let logprob = number(word.logprob);
                self.place.write(&format!("{:<20} {logprob:>9} {:>3}\n", word.text, word.tokens))
            }),
            By::Sentence => {
                let Sentence { text, logprob, tokens, perplexity, .. } = sentence;
                let (logprob, perplexity) = (number(*logprob), number(*perplexity));
                let text = text.replace('\n', " ");
                self.place.write(&format!("{logprob:>10} {tokens:>5} {perplexity:>10}  {text}\n"))
            }
            By::Token | By::Document => Ok(()),
        }
    }

    fn end(&mut self, summary: &Summary) -> Result<()> {
        let totals = &summary.totals;
        let mut text = format!(
            "{} tokens, {} words, {} sentences, read by {} in {}\n",
            totals.tokens, summary.words, summary.sentences, summary.model, summary.quantization
        );
        if let (Some(perplexity), Some(bits)) = (totals.perplexity(), summary.bits_per_character())
        {
            let word = number(summary.bits_per_word());
            text += &format!(
                "perplexity {perplexity:.3}, {bits:.3} bits per character, {word} bits per word\n"
            );
        }
        self.place.write(&text)
    }
}
