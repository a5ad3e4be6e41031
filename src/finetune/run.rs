//! A whole run: what it begins from, its steps, what it says and writes down on the way, and how it ends.

use super::{
    begin::Scratch,
    chart,
    dataset::Dataset,
    estimate::{Size, spoken},
    folder::{Folder, State},
    graph,
    history::{Entry, History},
    options::Options,
    report::{Line, Report},
    trainer::Trainer,
};
use crate::{
    clean,
    generate::{Ask, Engine},
    model::{Model, Tokenizer, memory},
    token::SamplingParams,
};
use anyhow::{Context, Result, bail};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// Where a run's numbers come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// The model itself.
    Fresh,
    /// The run's newest checkpoint; the model where there is none.
    Latest,
    /// A checkpoint.
    Checkpoint(PathBuf),
}

/// What a run is asked to do.
pub struct Request<'a> {
    /// A text file, or a folder of `unstuck corpus`.
    pub corpus: &'a Path,
    /// The run's folder.
    pub folder: PathBuf,
    /// Where it begins.
    pub from: Start,
    /// Whether a fresh run may take the place of one that is there.
    pub overwrite: bool,
    /// The model that was asked for just now.
    pub model: Option<&'a str>,
    /// The shape of a model that is made from nothing.
    pub scratch: Option<Scratch>,
    /// The model where nobody says which.
    pub usual: Option<&'a str>,
    /// What was asked for just now, laid over what the run was begun with.
    pub change: &'a dyn Fn(&mut Options),
    /// Opens a model in f32.
    pub open: &'a dyn Fn(Option<&str>) -> Result<Model>,
    /// Set from outside to end the run after the step that is being made.
    pub stop: Arc<AtomicBool>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All steps are made.
    Done,
    /// Validation brought nothing better so often.
    Patience,
    /// It was stopped from outside.
    Stopped,
}

/// Learn. What was learnt lies in the run's folder, whole, whatever happens.
///
/// # Errors
/// For every file that can't be read or written, what does not fit into memory, and a loss that is no number.
pub fn run(request: &Request, report: &mut Report) -> Result<Ending> {
    let mut run = Run::open(request, report)?;
    let config = run.trainer.weights.config.clone();
    let texts = run.train.tokens() + run.validation.as_ref().map_or(0, Dataset::tokens);
    let size = Size::of(&run.trainer.weights, texts);
    report.note(&format!(
        "{} tokens in {} documents, windows of {}; {} of {} parameters learn",
        run.train.tokens(),
        run.train.documents(),
        run.options.window,
        size.learning,
        size.all,
    ));
    let device = graph::device()?;
    match &device {
        Some(device) => run.trainer.move_to(device)?,
        None => size.check(&config, &run.options)?,
    }
    let steps = run.options.steps.saturating_sub(run.state.step);
    let step = run.trainer.estimate(&run.train, &run.options)?;
    report.note(&format!(
        "{}, and {} for {steps} steps of about {}",
        match device {
            Some(_) => "on the GPU".to_owned(),
            None => format!("about {} of memory", memory::size(size.bytes(&config, &run.options))),
        },
        spoken(step * steps as u32),
        spoken(step),
    ));
    report.begin(&run.options, run.state.step);
    let ending = run.learn(request, report);
    report.end(&run.history.entries);
    let ending = ending?;
    report.note(&match ending {
        Ending::Done => format!("{} steps are made", run.state.step),
        Ending::Patience => format!("validation got no better; ended at step {}", run.state.step),
        Ending::Stopped => {
            format!("stopped at step {}; the same command goes on from there", run.state.step)
        }
    });
    Ok(ending)
}

/// A run as it is now.
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
    fn learn(&mut self, request: &Request, report: &mut Report) -> Result<Ending> {
        let Options { steps, patience, validate_every, .. } = self.options;
        if self.state.step == 0 {
            let validation_loss = self.validate()?;
            self.state.best = validation_loss.map(|loss| loss as f32);
            self.note(&Line { validation_loss, ..Line::default() }, report)?;
        }
        while self.state.step < steps {
            let mut line = self.step()?;
            let last = self.state.step == steps;
            let due = |every: usize| every > 0 && self.state.step.is_multiple_of(every);
            let (validates, samples) = (due(validate_every), due(self.options.sample_every));
            let saves = due(self.options.save_every);
            if validates || last {
                line.validation_loss = self.validate()?;
                self.judge(line.validation_loss);
            }
            if samples {
                self.trainer.copy_back()?;
                line.sample = Some(self.sample()?);
            }
            let stopped = request.stop.load(Ordering::Relaxed);
            let tired = patience > 0 && self.state.since_best >= patience;
            if saves || last || stopped || tired {
                self.trainer.copy_back()?;
                let place = self.folder.save(
                    &self.trainer,
                    &self.tokenizer,
                    &self.state,
                    self.options.keep,
                )?;
                line.checkpoint = Some(place.display().to_string());
            }
            self.note(&line, report)?;
            if line.checkpoint.is_some() {
                let folder = self.folder.path();
                let name = folder.file_name().unwrap_or_default().to_string_lossy();
                chart::write(folder, &name, &self.history.entries)?;
            }
            match () {
                () if last => break,
                () if tired => return Ok(Ending::Patience),
                () if stopped => return Ok(Ending::Stopped),
                () => {}
            }
        }
        Ok(Ending::Done)
    }

    /// Say what a step gave, and write it down.
    fn note(&mut self, line: &Line, report: &mut Report) -> Result<()> {
        let Line { step, loss, smoothed, validation_loss: validation, .. } = *line;
        self.history.add(Entry { step, loss, smoothed, validation })?;
        report.line(line, &self.options)
    }

    fn step(&mut self) -> Result<Line> {
        let begun = Instant::now();
        let outcome = self.trainer.step(&self.train, &self.options)?;
        if !outcome.loss.is_finite() || !outcome.norm.is_finite() {
            let kept = match self.folder.checkpoints().last() {
                Some((step, _)) => format!("the checkpoint of step {step} is kept"),
                None => "no checkpoint was written yet".into(),
            };
            bail!(
                "the loss is no number any more at step {}; {kept}; lower --learning-rate (it was {:.1e}), or \
                 raise --warmup",
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

    fn validate(&mut self) -> Result<Option<f64>> {
        let Self { validation, trainer, options, .. } = self;
        validation.as_ref().map(|text| trainer.validate(text, options)).transpose()
    }

    fn judge(&mut self, loss: Option<f64>) {
        let Some(loss) = loss.map(|loss| loss as f32) else { return };
        if self.state.best.is_none_or(|best| loss < best) {
            self.state.best = Some(loss);
            self.state.since_best = 0;
        } else {
            self.state.since_best += 1;
        }
    }

    /// What the model writes now; the same at the same step of the same run.
    fn sample(&self) -> Result<String> {
        let tokenizer = Tokenizer::from_json(self.tokenizer.to_json()?.as_bytes())?;
        let network = self.trainer.weights.network()?;
        let model = Model::new("a run".into(), network, tokenizer);
        let params = SamplingParams {
            max_tokens: self.options.sample_length,
            seed: self.options.seed.wrapping_add(self.state.step as u64),
            ..SamplingParams::default()
        };
        let ask = Ask {
            branch: 0,
            prompt: String::new(),
            params,
            clean: clean::Level::None,
            heal: false,
        };
        let mut engine = Engine::new(model);
        let tokens: Result<Vec<_>> = engine.stream(ask)?.collect();
        Ok(tokens.context("a sample")?.into_iter().map(|token| token.text).collect())
    }
}
