//! A training run from start to end: steps, validation, samples, checkpoints, output, early stopping.
//!
//! A step is a function of weights, optimizer state and its number alone: the order of the training windows, dropout
//! and samples depend on the seed and the step's number, and sums have a fixed order for any number of threads. So a
//! checkpoint is weights, optimizer state and a number, and on the CPU a resumed run equals an uninterrupted one to the
//! bit. A checkpoint is written to a folder with another name, synced, and renamed.
//!
//! The folder also has `losses.jsonl`, `loss.svg` and `training.index`: hashes of all sequences of eight tokens of the
//! training text (`model::memorized`). The engine uses the index to mark copied tokens
//! ([`Token::copied`](crate::token::Token::copied)).

use super::{
    begin::FromScratch,
    chart,
    dataset::Dataset,
    estimate::{Size, duration},
    folder::{Folder, State},
    graph,
    history::{Entry, History},
    options::Options,
    report::{Line, Report},
    trainer::Trainer,
};
use crate::{
    clean,
    generate::{Ask, Engine, Guide, Prefix},
    model::{Model, Tokenizer, memory},
    token::SamplingParams,
};
use anyhow::{Context, Result, bail};
use indicatif::HumanCount;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// Which weights a run starts with.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// Those of the model.
    Fresh,
    /// Those of the run's newest checkpoint, which is resumed; of the model when there is no checkpoint.
    Latest,
    /// Those of the checkpoint in this folder, at step 0 of a new run.
    Checkpoint(PathBuf),
}

/// What to train, on what, and where to save it.
pub struct Request<'a> {
    /// The training text: a text file, a folder made by `unstuck corpus`, or anything that `unstuck corpus` reads.
    pub corpus: &'a Path,
    /// The folder of the run.
    pub folder: PathBuf,
    /// Which weights to start with.
    pub from: Start,
    /// Whether an existing run with checkpoints may be changed: replaced by a new one, or resumed with other options or
    /// another text.
    pub overwrite: bool,
    /// The model given on the command line.
    pub model: Option<&'a str>,
    /// The shape of a new model to train from scratch.
    pub scratch: Option<FromScratch>,
    /// The model from the settings, used when the command line gives none.
    pub default_model: Option<&'a str>,
    /// Applies the command line's options over the defaults, or over those that a resumed run was started with.
    pub apply_options: &'a dyn Fn(&mut Options),
    /// Opens a model in f32 by its name; `None` = the built-in one.
    pub open: &'a dyn Fn(Option<&str>) -> Result<Model>,
    /// When set to true, the run saves a checkpoint and ends after the current step.
    pub stop: Arc<AtomicBool>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All steps were made.
    Done,
    /// Early stopping: the validation loss has not improved for [`Options::patience`] validations.
    EarlyStop,
    /// [`Request::stop`] was set.
    Stopped,
}

/// Train a model. Checkpoints are saved in the run's folder; the last one survives any failure.
///
/// # Errors
/// When a file can't be read or written, the run doesn't fit into memory, or the loss becomes NaN or infinite.
pub fn run(request: &Request, report: &mut Report) -> Result<Ending> {
    let mut run = Run::open(request, report)?;
    let config = run.trainer.weights.config.clone();
    let texts = run.train.tokens() + run.validation.as_ref().map_or(0, Dataset::tokens);
    let size = Size::of(&run.trainer.weights, texts);
    report.note(&format!(
        "{} tokens in {} documents, windows of {} tokens; {} of {} parameters are trained",
        HumanCount(run.train.tokens() as u64),
        HumanCount(run.train.documents() as u64),
        run.options.window,
        HumanCount(size.trained as u64),
        HumanCount(size.all as u64),
    ));
    let device = graph::device()?;
    match &device {
        Some(device) => run.trainer.move_to(device)?,
        None => size.check(&config, &run.options)?,
    }
    let steps = run.options.steps.saturating_sub(run.state.step);
    let step = run.trainer.estimate(&run.train, &run.options)?;
    report.note(&format!(
        "{}; about {} for {steps} steps of {}",
        match device {
            Some(_) => "on the GPU".to_owned(),
            None => format!(
                "on the CPU with about {} of memory",
                memory::size(size.bytes(&config, &run.options))
            ),
        },
        duration(step * steps as u32),
        duration(step),
    ));
    report.begin(&run.options, run.state.step);
    let ending = run.train(request, report);
    report.end(&run.history.entries);
    let ending = ending?;
    report.note(&match ending {
        Ending::Done => format!("finished: {} steps", run.state.step),
        Ending::EarlyStop => format!(
            "early stopping at step {}: validation has not improved {} times",
            run.state.step, run.options.patience
        ),
        Ending::Stopped => {
            format!("stopped at step {}; run the same command again to resume", run.state.step)
        }
    });
    Ok(ending)
}

/// A run in progress.
pub(super) struct Run {
    pub(super) folder: Folder,
    pub(super) options: Options,
    pub(super) trainer: Trainer,
    pub(super) tokenizer: Tokenizer,
    pub(super) train: Dataset,
    pub(super) validation: Option<Dataset>,
    pub(super) state: State,
    pub(super) history: History,
}

impl Run {
    /// Make all remaining steps.
    fn train(&mut self, request: &Request, report: &mut Report) -> Result<Ending> {
        let Options { steps, patience, validate_every, .. } = self.options;
        if self.state.step == 0 {
            let validation_loss = self.validate()?;
            self.state.best = validation_loss.map(|loss| loss as f32);
            self.record(&Line { validation_loss, ..Line::default() }, report)?;
        }
        while self.state.step < steps {
            let mut line = self.step()?;
            let last = self.state.step == steps;
            let due = |every: usize| every > 0 && self.state.step.is_multiple_of(every);
            let (validates, samples) = (due(validate_every), due(self.options.sample_every));
            let saves = due(self.options.save_every);
            if validates || last {
                line.validation_loss = self.validate()?;
                self.track_best(line.validation_loss);
            }
            if samples {
                self.trainer.copy_back()?;
                line.sample = Some(self.sample()?);
            }
            let stopped = request.stop.load(Ordering::Relaxed);
            let no_progress = patience > 0 && self.state.since_best >= patience;
            if saves || last || stopped || no_progress {
                self.trainer.copy_back()?;
                let place = self.folder.save(
                    &self.trainer,
                    &self.tokenizer,
                    &self.state,
                    self.options.keep,
                )?;
                line.checkpoint = Some(place.display().to_string());
            }
            self.record(&line, report)?;
            if line.checkpoint.is_some() {
                let folder = self.folder.path();
                let name = folder.file_name().unwrap_or_default().to_string_lossy();
                chart::write(folder, &name, &self.history.entries)?;
            }
            match () {
                () if last => break,
                () if no_progress => return Ok(Ending::EarlyStop),
                () if stopped => return Ok(Ending::Stopped),
                () => {}
            }
        }
        Ok(Ending::Done)
    }

    /// Report a step and append it to the history.
    fn record(&mut self, line: &Line, report: &mut Report) -> Result<()> {
        let Line { step, loss, smoothed, validation_loss: validation, .. } = *line;
        self.history.add(Entry { step, loss, smoothed, validation })?;
        report.line(line, &self.options)
    }

    /// Make a step. Fails when loss or gradient norm are not finite.
    fn step(&mut self) -> Result<Line> {
        let begun = Instant::now();
        let outcome = self.trainer.step(&self.train, &self.options)?;
        if !outcome.loss.is_finite() || !outcome.norm.is_finite() {
            let kept = match self.folder.checkpoints().last() {
                Some((step, _)) => format!("the checkpoint of step {step} is kept"),
                None => "there is no checkpoint yet".into(),
            };
            bail!(
                "the loss is NaN or infinite at step {}; {kept}; lower --learning-rate (it was {:.1e}), or raise \
                 --warmup",
                self.trainer.step + 1,
                self.options.learning_rate
            );
        }
        self.state.step = self.trainer.step;
        let loss = outcome.loss as f32;
        let smoothed = self.state.smoothed.map_or(loss, |s| 0.95 * s + 0.05 * loss);
        self.state.smoothed = Some(smoothed);
        Ok(Line {
            step: self.state.step,
            loss: Some(outcome.loss),
            smoothed: Some(f64::from(smoothed)),
            learning_rate: Some(outcome.rate),
            gradient_norm: Some(outcome.norm),
            tokens_per_s: Some(self.options.tokens() as f64 / begun.elapsed().as_secs_f64()),
            ..Line::default()
        })
    }

    /// The validation loss; `None` without a validation text.
    fn validate(&mut self) -> Result<Option<f64>> {
        let Self { validation, trainer, options, .. } = self;
        validation.as_ref().map(|text| trainer.validate(text, options)).transpose()
    }

    /// Count validations since the lowest loss.
    fn track_best(&mut self, loss: Option<f64>) {
        let Some(loss) = loss.map(|loss| loss as f32) else { return };
        if self.state.best.is_none_or(|best| loss < best) {
            self.state.best = Some(loss);
            self.state.since_best = 0;
        } else {
            self.state.since_best += 1;
        }
    }

    /// A text that the model generates now. The same run gives the same text at the same step.
    fn sample(&self) -> Result<String> {
        let tokenizer = Tokenizer::from_json(self.tokenizer.to_json()?.as_bytes())?;
        let network = self.trainer.weights.network()?;
        let model = Model::new("run".into(), Box::new(network), tokenizer);
        let params = SamplingParams {
            max_tokens: self.options.sample_length,
            seed: self.options.seed.wrapping_add(self.state.step as u64),
            ..SamplingParams::default()
        };
        let ask = Ask {
            branch: 0,
            prompt: String::new(),
            guide: Guide::default(),
            params,
            clean: clean::Level::None,
            prefix: Prefix::Characters,
        };
        let mut engine = Engine::new(model);
        let tokens: Result<Vec<_>> = engine.stream(ask)?.collect();
        Ok(tokens.context("generating a sample")?.into_iter().map(|token| token.text).collect())
    }
}
