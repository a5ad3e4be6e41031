//! The output of a run: JSON lines for programs, plain lines for files, and a progress bar on a terminal.

use super::{chart, history::Entry, options::Options};
use crate::clean::for_terminal;
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// What is reported about a step; one JSON object with `--json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Line {
    /// The step number; 0 is the state before the first step.
    pub step: usize,
    /// The mean loss per token before the step, in nats; `None` at step 0.
    pub loss: Option<f64>,
    /// The same, smoothed (exponential moving average over about 20 steps).
    pub smoothed: Option<f64>,
    /// The learning rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// The gradient norm before clipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// Tokens per second in this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_s: Option<f64>,
    /// The mean loss per token of the validation text after the step, in nats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// A text generated after the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// The path of the checkpoint that was saved after the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
}

/// Writes a run's output.
pub struct Report<'a> {
    out: &'a mut dyn Write,
    format: Format,
    quiet: bool,
    bar: ProgressBar,
    validation: Option<f64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Json,
    Plain,
    Bar,
}

impl<'a> Report<'a> {
    /// Lines go to `out`, as JSON if `json`. When standard error is a terminal it shows a progress bar instead of plain
    /// lines, unless `quiet`.
    pub fn new(out: &'a mut dyn Write, json: bool, quiet: bool) -> Self {
        let format = match json {
            true => Format::Json,
            false if std::io::stderr().is_terminal() && !quiet => Format::Bar,
            false => Format::Plain,
        };
        Self { out, format, quiet, bar: ProgressBar::hidden(), validation: None }
    }

    /// Print a message to standard error, unless quiet.
    pub fn note(&mut self, sentence: &str) {
        if !self.quiet {
            // ignored when standard error is closed: there is nowhere left to report it
            self.bar.suspend(|| {
                let _ = writeln!(std::io::stderr(), "unstuck: {}", for_terminal(sentence));
            });
        }
    }

    /// Show the progress bar, starting at step `done`.
    pub fn begin(&mut self, options: &Options, done: usize) {
        if self.format != Format::Bar {
            return;
        }
        let target = ProgressDrawTarget::stderr();
        self.bar = ProgressBar::with_draw_target(Some(options.steps as u64), target);
        let style = ProgressStyle::with_template("{bar:16} {pos}/{len} · {eta} left · {wide_msg}");
        if let Ok(style) = style {
            self.bar.set_style(style.progress_chars("█▌░"));
        }
        self.bar.set_position(done as u64);
        self.bar.reset_eta();
    }

    /// Report a step.
    ///
    /// # Errors
    /// When it can't be written, for example to a closed pipe.
    pub fn line(&mut self, line: &Line, options: &Options) -> Result<()> {
        self.validation = line.validation_loss.or(self.validation);
        let more = line.validation_loss.is_some() || line.sample.is_some();
        let due =
            line.step.is_multiple_of(options.print_every) || more || line.checkpoint.is_some();
        match self.format {
            Format::Json if due => {
                let json = serde_json::to_string(line)? + "\n";
                self.write(&json)
            }
            Format::Plain if due => self.write(&plain(line)),
            Format::Bar => {
                self.bar.set_position(line.step as u64);
                self.bar.set_message(self.message(line));
                if more { self.write(&for_terminal(&plain(line))) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// Remove the progress bar; on a terminal, draw a chart of the losses in its place.
    pub fn end(&mut self, entries: &[Entry]) {
        self.bar.finish_and_clear();
        let drawn =
            (self.format == Format::Bar).then(|| chart::braille_chart(entries, 72, 10)).flatten();
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
