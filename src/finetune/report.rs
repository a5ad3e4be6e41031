//! What a run says while it learns: JSON lines for programs, plain lines for files, and on a terminal a bar.

use super::{estimate::spoken, options::Options};
use crate::clean::for_terminal;
use anyhow::{Context, Result};
use serde::Serialize;
use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

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
    begun: Instant,
    first: Option<usize>,
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
        Self { out, form, quiet, begun: Instant::now(), first: None, validation: None }
    }

    /// A sentence for people.
    pub fn note(&mut self, sentence: &str) {
        if !self.quiet {
            self.clear();
            // nobody to tell when standard error is closed
            let _ = writeln!(std::io::stderr(), "unstuck: {sentence}");
        }
    }

    /// What a step gave.
    ///
    /// # Errors
    /// When it can't be written; a closed pipe is one of them.
    pub fn line(&mut self, line: &Line, options: &Options) -> Result<()> {
        self.validation = line.validation_loss.or(self.validation);
        let first = *self.first.get_or_insert(line.step);
        let more = line.validation_loss.is_some() || line.sample.is_some();
        let due =
            line.step.is_multiple_of(options.print_every) || more || line.checkpoint.is_some();
        match self.form {
            Form::Json if due => {
                let json = serde_json::to_string(line)? + "\n";
                self.write(&json)?;
            }
            Form::Plain if due => self.write(&self.plain(line))?,
            Form::Bar => {
                if more {
                    self.clear();
                    let text = self.plain(line);
                    self.write(&for_terminal(&text))?;
                }
                self.bar(line, options, first);
            }
            _ => {}
        }
        Ok(())
    }

    /// The bar leaves.
    pub fn clear(&mut self) {
        if self.form == Form::Bar {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }

    fn plain(&self, line: &Line) -> String {
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

    fn bar(&self, line: &Line, options: &Options, first: usize) {
        const WIDTH: usize = 20;
        let full = (WIDTH * line.step / options.steps).min(WIDTH);
        let left = match line.step - first {
            0 => "-".into(),
            made => {
                let one = self.begun.elapsed().as_secs_f64() / made as f64;
                let steps = options.steps.saturating_sub(line.step) as f64;
                spoken(Duration::from_secs_f64(one * steps))
            }
        };
        let number = |x: Option<f64>| x.map_or("-".into(), |x| format!("{x:.3}"));
        let _ = write!(
            std::io::stderr(),
            "\r\x1b[K{}{} {}/{} loss {} ({}) validation {} · {:.0} tokens/s · {left} left",
            "█".repeat(full),
            "░".repeat(WIDTH - full),
            line.step,
            options.steps,
            number(line.loss),
            number(line.smoothed),
            number(self.validation),
            line.tokens_per_s.unwrap_or_default(),
        );
    }

    fn write(&mut self, text: &str) -> Result<()> {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        written.context("standard output")
    }
}
