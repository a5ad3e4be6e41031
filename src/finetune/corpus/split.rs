//! Which documents are trained on and which validated with: drawn by a hash of the text, so that a document stays where
//! it is when others come.

use super::{END, Form, START, Settings, Summary, Tags, output::Output};
use anyhow::Result;
use twox_hash::XxHash3_64;

/// Documents on their way to two files.
pub struct Split {
    /// Without, they are only counted.
    output: Option<Output>,
    /// The document with the least draw: where it goes is known when all have come.
    held: Option<(f64, String)>,
}

impl Split {
    /// Into `output`, when there is one.
    pub fn new(output: Option<Output>) -> Self {
        Self { output, held: None }
    }

    /// One document more.
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

    /// All have come.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn finish(mut self, summary: &mut Summary) -> Result<()> {
        if let Some((_, text)) = self.held.take() {
            // both files get something as soon as there are two documents
            let validates = summary.train.documents > 0 && summary.settings.validation > 0.0;
            self.write(&text, validates, summary)?;
        }
        self.output.map_or(Ok(()), |output| output.finish(summary))
    }
}

/// Where between 0 and 1 a document lies.
fn draw(text: &str, seed: u64) -> f64 {
    let hash = XxHash3_64::oneshot_with_seed(seed, text.as_bytes());
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

fn framed(text: &str, form: Form, settings: &Settings) -> String {
    match (settings.tags, form) {
        (Tags::Both, _) => format!("{START}{text}{END}\n"),
        (Tags::End, _) => format!("{text}{END}\n"),
        (Tags::None, Form::Post) => format!("{text}\n"),
        (Tags::None, Form::Prose) => format!("{text}\n\n"),
    }
}
