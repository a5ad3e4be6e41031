//! What a run says while it learns: JSON lines for programs, plain lines for files, and on a terminal a bar.

use super::{chart, history::Entry, options::Options};
use crate::clean::for_terminal;
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// What is known at a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Line {
    /// The step; 0 before the first.
    pub step: usize,
    /// The mean loss of a token before the step, in nats; none at step 0.
    pub loss: Option<f64>,
    /// The same, smoothed over about 20 steps.
    pub smoothed: Option<f64>,
    /// The learning rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// The length of the gradient before it was clipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// Tokens a second of this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_s: Option<f64>,
    /// The mean loss of a token of the validation text after the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// What the model writes now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// The folder that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
}

/// Where lines go.
pub struct Report<'a> {
    out: &'a mut dyn Write,
    form: Form,
    quiet: bool,
    bar: ProgressBar,
    validation: Option<f64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Json,
    Plain,
    Bar,
}

impl<'a> Report<'a> {
    /// To `out`: JSON lines where that is wanted. A bar goes to standard error where that is a terminal.
    pub fn new(out: &'a mut dyn Write, json: bool, quiet: bool) -> Self {
        let form = match json {
            true => Form::Json,
            false if std::io::stderr().is_terminal() && !quiet => Form::Bar,
            false => Form::Plain,
        };
        Self { out, form, quiet, bar: ProgressBar::hidden(), validation: None }
    }

    /// A sentence for people.
    pub fn note(&mut self, sentence: &str) {
        if !self.quiet {
            // nobody to tell when standard error is closed
            self.bar.suspend(|| {
                let _ = writeln!(std::io::stderr(), "unstuck: {}", for_terminal(sentence));
            });
        }
    }

    /// Steps begin, after so many that were made before.
    pub fn begin(&mut self, options: &Options, made: usize) {
        if self.form != Form::Bar {
            return;
        }
        let target = ProgressDrawTarget::stderr();
        self.bar = ProgressBar::with_draw_target(Some(options.steps as u64), target);
        let style = ProgressStyle::with_template("{bar:16} {pos}/{len} · {eta} left · {wide_msg}");
        if let Ok(style) = style {
            self.bar.set_style(style.progress_chars("█▌░"));
        }
        self.bar.set_position(made as u64);
        self.bar.reset_eta();
    }

    /// What a step gave.
    ///
    /// # Errors
    /// When it can't be written; a closed pipe is one of them.
    pub fn line(&mut self, line: &Line, options: &Options) -> Result<()> {
        self.validation = line.validation_loss.or(self.validation);
        let more = line.validation_loss.is_some() || line.sample.is_some();
        let due =
            line.step.is_multiple_of(options.print_every) || more || line.checkpoint.is_some();
        match self.form {
            Form::Json if due => {
                let json = serde_json::to_string(line)? + "\n";
                self.write(&json)
            }
            Form::Plain if due => self.write(&plain(line)),
            Form::Bar => {
                self.bar.set_position(line.step as u64);
                self.bar.set_message(self.message(line));
                if more { self.write(&for_terminal(&plain(line))) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// The bar leaves; on a terminal a chart of the losses stays.
    pub fn end(&mut self, entries: &[Entry]) {
        self.bar.finish_and_clear();
        let drawn = (self.form == Form::Bar).then(|| chart::in_dots(entries, 72, 10)).flatten();
        if let Some(drawn) = drawn {
            let _ = write!(std::io::stderr(), "{drawn}");
        }
    }

    fn message(&self, line: &Line) -> String {
        let number = |x: Option<f64>| x.map_or("-".into(), |x| format!("{x:.3}"));
        format!(
            "loss {} ({}) validation {} · {:.0} tokens/s",
            number(line.loss),
            number(line.smoothed),
            number(self.validation),
            line.tokens_per_s.unwrap_or_default(),
        )
    }

    fn write(&mut self, text: &str) -> Result<()> {
        let Self { bar, out, .. } = self;
        let write = || out.write_all(text.as_bytes()).and_then(|()| out.flush());
        bar.suspend(write).context("standard output")
    }
}

fn plain(line: &Line) -> String {
    let number = |x: Option<f64>| x.map_or("-".into(), |x| format!("{x:.4}"));
    let mut text = format!("[{}", line.step);
    if let Some(speed) = line.tokens_per_s {
        text += &format!(" | {speed:.0} tokens/s");
    }
    text += &format!("] loss {} smoothed {}", number(line.loss), number(line.smoothed));
    if line.validation_loss.is_some() {
        text += &format!(" validation {}", number(line.validation_loss));
    }
    text.push('\n');
    if let Some(sample) = &line.sample {
        text += &format!("======== sample ========\n{}\n========\n", sample.trim_end());
    }
    text
}
