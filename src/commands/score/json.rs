//! Scores as one JSON object. Tokens are printed as they come; words and sentences follow them, so they wait in
//! temporary files without a name.

use super::{Output, Summary, groups::Sentence};
use crate::{commands::Place, generate::Scored};
use anyhow::{Context, Result};
use serde::Serialize;
use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Seek, Write},
};

pub(super) struct Json {
    place: Place,
    tokens: usize,
    words: Waiting,
    sentences: Waiting,
}

impl Json {
    /// Begins the object.
    ///
    /// # Errors
    /// When standard output or the temporary files can't be written.
    pub fn begin(mut place: Place, model: &str, quantization: &str) -> Result<Self> {
        let (model, form) = (serde_json::to_string(model)?, serde_json::to_string(quantization)?);
        let (words, sentences) = (Waiting::new()?, Waiting::new()?);
        place.write(&format!("{{\"model\":{model},\"quantization\":{form},\"tokens\":["))?;
        Ok(Self { place, tokens: 0, words, sentences })
    }
}

impl Output for Json {
    fn token(&mut self, token: &Scored) -> Result<()> {
        let comma = if self.tokens > 0 { "," } else { "" };
        self.tokens += 1;
        self.place.write(&format!("{comma}{}", serde_json::to_string(token)?))
    }

    fn sentence(&mut self, sentence: &Sentence) -> Result<()> {
        sentence.words.iter().try_for_each(|word| self.words.add(word))?;
        self.sentences.add(sentence)
    }

    fn end(&mut self, summary: &Summary) -> Result<()> {
        self.place.write("],\"words\":[")?;
        self.words.print(&mut self.place)?;
        self.place.write("],\"sentences\":[")?;
        self.sentences.print(&mut self.place)?;
        let rest = serde_json::json!({
            "perplexity": summary.totals.perplexity(),
            "bits_per_character": summary.bits_per_character(),
            "bits_per_word": summary.bits_per_word(),
            "characters": summary.characters,
        });
        let rest = rest.to_string();
        self.place.write(&format!("],{}\n", rest.trim_start_matches('{')))
    }
}

/// Elements of an array that are printed later.
struct Waiting {
    file: BufWriter<File>,
    count: usize,
}

/// The sentence about what went wrong.
const SPOOL: &str = "the temporary folder";

impl Waiting {
    fn new() -> Result<Self> {
        Ok(Self { file: BufWriter::new(tempfile::tempfile().context(SPOOL)?), count: 0 })
    }

    fn add(&mut self, element: &impl Serialize) -> Result<()> {
        let comma = if self.count > 0 { "," } else { "" };
        self.count += 1;
        write!(self.file, "{comma}{}", serde_json::to_string(element)?).context(SPOOL)
    }

    fn print(&mut self, place: &mut Place) -> Result<()> {
        self.file.flush().context(SPOOL)?;
        let file = self.file.get_mut();
        file.rewind().context(SPOOL)?;
        let mut from = BufReader::new(file);
        let (mut piece, mut rest) = (vec![0; 64 << 10], Vec::new());
        loop {
            let read = from.read(&mut piece).context(SPOOL)?;
            rest.extend(&piece[..read]);
            // A character may be cut at the end of a piece.
            let whole = std::str::from_utf8(&rest).map_or_else(|e| e.valid_up_to(), str::len);
            place.write(&String::from_utf8_lossy(&rest[..whole]))?;
            rest.drain(..whole);
            if read == 0 {
                return Ok(());
            }
        }
    }
}
