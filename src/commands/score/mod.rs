//! `unstuck score`: how likely a model finds a text: each token, word and sentence, and the whole. The text is read and
//! scored piece by piece, and what is known is printed at once, so that memory doesn't grow with the text.

mod groups;
mod html;
mod json;
mod pieces;
mod table;

pub use table::By;

use super::Place;
use crate::generate::{Engine, Scored, Totals};
use anyhow::{Result, ensure};
use groups::{Groups, Sentence};
use html::Html;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use json::Json;
use pieces::Pieces;
use std::{io::IsTerminal, path::Path};
use table::Table;

/// What to score, and how to print it.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The file with the text; `-` is standard input.
    pub file: &'a Path,
    /// Print one JSON object instead of a table.
    pub json: bool,
    /// Also write a page to this file.
    pub html: Option<&'a Path>,
    /// What the rows of the table are.
    pub by: By,
    /// Show no progress.
    pub quiet: bool,
}

/// The scores of a whole text.
pub(super) struct Summary<'a> {
    model: &'a str,
    /// The form of most of the weights.
    quantization: &'a str,
    totals: Totals,
    words: usize,
    sentences: usize,
    characters: usize,
}

impl Summary<'_> {
    /// The information in the text after its first token, per character.
    fn bits_per_character(&self) -> Option<f64> {
        self.totals.bits().map(|bits| bits / self.characters as f64)
    }

    /// The information per word, in bits.
    fn bits_per_word(&self) -> Option<f64> {
        self.totals.bits().filter(|_| self.words > 0).map(|bits| bits / self.words as f64)
    }
}

/// A form of output.
trait Output {
    /// The next token.
    fn token(&mut self, token: &Scored) -> Result<()>;
    /// The next sentence, once its paragraph has ended.
    fn sentence(&mut self, sentence: &Sentence) -> Result<()>;
    /// The text has ended.
    fn end(&mut self, summary: &Summary) -> Result<()>;
}

/// Score the text in a file. Prints a table, or one JSON object, and writes a page if one is wanted.
///
/// # Errors
/// When the file can't be read or isn't UTF-8, the model fails or is on a server, or the output can't be written.
pub fn run(request: &Request, engine: &Engine) -> Result<()> {
    let info = engine.info();
    ensure!(
        info.server.is_none(),
        "{}: a server doesn't report the probabilities of a given text; score with a model on this machine",
        info.name
    );
    let mut pieces = Pieces::open(request.file)?;
    let mut outputs: Vec<Box<dyn Output>> = Vec::new();
    if let Some(path) = request.html {
        outputs.push(Box::new(Html::begin(path, &pieces.name, &info.name, &info.quantization)?));
    }
    let place = Place::open(None)?;
    outputs.push(match request.json {
        true => Box::new(Json::begin(place, &info.name, &info.quantization)?),
        false => {
            // With a page, the table would say it twice.
            let by = if request.html.is_some() { By::Document } else { request.by };
            Box::new(Table::new(place, by))
        }
    });
    let bar = bar(request, pieces.length);
    let (mut totals, mut groups, mut bytes) = (Totals::default(), Groups::default(), 0);
    let counter = bar.clone();
    let outputs = &mut outputs;
    let mut text = pieces.by_ref();
    engine.score_pieces(&mut text, &mut |scored| {
        for token in scored {
            totals.add(token);
            bytes += token.bytes.len() as u64;
            groups.push(token, &mut |sentence| {
                outputs.iter_mut().try_for_each(|output| output.sentence(sentence))
            })?;
            outputs.iter_mut().try_for_each(|output| output.token(token))?;
        }
        counter.set_position(bytes);
        Ok(())
    })?;
    groups
        .end(&mut |sentence| outputs.iter_mut().try_for_each(|output| output.sentence(sentence)))?;
    bar.finish_and_clear();
    let summary = Summary {
        model: &info.name,
        quantization: &info.quantization,
        totals,
        words: groups.words,
        sentences: groups.sentences,
        characters: pieces.characters,
    };
    outputs.iter_mut().try_for_each(|output| output.end(&summary))
}

/// The bar on standard error: how many bytes of the text are scored. Hidden if that is not a terminal, and while a table
/// is printed on one.
fn bar(request: &Request, length: Option<u64>) -> ProgressBar {
    let has_rows = !request.json && request.html.is_none() && !matches!(request.by, By::Document);
    let prints = has_rows && std::io::stdout().is_terminal();
    let target = match request.quiet || prints {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr_with_hz(5),
    };
    let bar = ProgressBar::with_draw_target(length, target);
    let form = match length {
        Some(_) => "scored {percent}%  {wide_bar}  {eta} left",
        None => "scored {bytes}",
    };
    if let Ok(style) = ProgressStyle::with_template(form) {
        bar.set_style(style);
    }
    bar
}
