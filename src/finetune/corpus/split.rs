//! Splits documents into training and validation by a hash of their text, so that a document stays in the same file when
//! others are added.

use super::{END, Form, START, Settings, Summary, Tags, output::Output};
use anyhow::Result;
use twox_hash::XxHash3_64;

/// Writes documents to the two files.
pub struct Split {
    /// `None` = documents are only counted.
    output: Option<Output>,
    /// The document with the lowest number drawn so far. It is written at the end: to the validation file, so that this is
    /// not empty, unless it is the only document.
    held: Option<(f64, String)>,
}

impl Split {
    /// A split that writes to `output`, if there is one.
    pub fn new(output: Option<Output>) -> Self {
        Self { output, held: None }
    }

    /// Add a document.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn document(&mut self, text: &str, form: Form, summary: &mut Summary) -> Result<()> {
        let settings = &summary.settings;
        let draw = draw(text, settings.seed);
        let framed = framed(text, form, settings);
        let ready = match &mut self.held {
            Some((least, _)) if *least <= draw => Some((draw, framed)),
            held => held.replace((draw, framed)),
        };
        let Some((draw, text)) = ready else { return Ok(()) };
        let validates = draw < settings.validation;
        self.write(&text, validates, summary)
    }

    fn write(&mut self, text: &str, validates: bool, summary: &mut Summary) -> Result<()> {
        let part = if validates { &mut summary.validation } else { &mut summary.train };
        part.documents += 1;
        part.bytes += text.len() as u64;
        self.output.as_mut().map_or(Ok(()), |output| output.write(text, validates))
    }

    /// Finish after the last document.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn finish(mut self, summary: &mut Summary) -> Result<()> {
        if let Some((_, text)) = self.held.take() {
            // so that with two documents or more both files have one
            let validates = summary.train.documents > 0 && summary.settings.validation > 0.0;
            self.write(&text, validates, summary)?;
        }
        self.output.map_or(Ok(()), |output| output.finish(summary))
    }
}

/// A number from 0 to below 1 that depends only on the text and the seed.
fn draw(text: &str, seed: u64) -> f64 {
    let hash = XxHash3_64::oneshot_with_seed(seed, text.as_bytes());
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

/// A document as it is written: with its tags.
fn framed(text: &str, form: Form, settings: &Settings) -> String {
    match (settings.tags, form) {
        (Tags::Both, _) => format!("{START}{text}{END}\n"),
        (Tags::End, _) => format!("{text}{END}\n"),
        (Tags::None, Form::Post) => format!("{text}\n"),
        (Tags::None, Form::Prose) => format!("{text}\n\n"),
    }
}
