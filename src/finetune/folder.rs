//! A run on disk: a folder with `run.json`, which says how it was started, and its checkpoints. A checkpoint is a model
//! in the Hugging Face layout plus the optimizer state. It is written completely or not at all.

use super::{begin::FromScratch, options::Options, trainer::Trainer};
use crate::{
    model::{Floats, Tokenizer},
    weights::safetensors::{Safetensors, Writer},
    whole,
};
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

const INFO: &str = "run.json";
pub(super) const STATE: &str = "state.json";
const MODEL: &str = "model.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const CHECKPOINT: &str = "checkpoint-";
const PARTIAL: &str = ".partial-";

/// How a run was started; `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The name of the model it was started from; `None` = the built-in model, or a new one.
    pub model: Option<String>,
    /// The shape of the model when it is trained from scratch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch: Option<FromScratch>,
    /// The path of the corpus as it was given.
    pub corpus: PathBuf,
    /// A hash of the training text's tokens.
    pub text: u64,
    /// A hash of the frozen weights and of all shapes; see [`Weights::fingerprint`](super::weights::Weights::fingerprint).
    pub weights: u64,
    /// The options of training.
    pub options: Options,
}

/// Where a run is; `state.json` in each checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// How many steps were made.
    pub step: usize,
    /// The training loss, smoothed. An `f32`, which survives JSON unchanged.
    pub smoothed: Option<f32>,
    /// The lowest validation loss so far.
    pub best: Option<f32>,
    /// Validations since the lowest loss, for early stopping.
    pub since_best: usize,
}

/// The folder of a run.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`. It need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How the run was started; `None` when there is no run.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn info(&self) -> Result<Option<RunInfo>> {
        let place = self.path.join(INFO);
        if place.is_file() { read(&place).map(Some) } else { Ok(None) }
    }

    /// Create the folder, delete the checkpoints of an earlier run, and write `run.json`.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn start(&self, info: &RunInfo) -> Result<()> {
        fs::create_dir_all(&self.path).with_context(|| self.path.display().to_string())?;
        for (_, old) in self.checkpoints() {
            fs::remove_dir_all(&old).with_context(|| old.display().to_string())?;
        }
        self.write_info(info)
    }

    /// Write `run.json`.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write_info(&self, info: &RunInfo) -> Result<()> {
        let place = self.path.join(INFO);
        let json = serde_json::to_vec_pretty(info)?;
        whole::write(&place, &json)
            .with_context(|| format!("{}: can't be written", place.display()))
    }

    /// The checkpoints with their step numbers, oldest first.
    pub fn checkpoints(&self) -> Vec<(usize, PathBuf)> {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        let mut found: Vec<(usize, PathBuf)> = entries
            .filter_map(|entry| {
                let name = entry.file_name();
                let step = name.to_str()?.strip_prefix(CHECKPOINT)?.parse().ok()?;
                Some((step, entry.path()))
            })
            .collect();
        found.sort();
        found
    }

    /// Write a checkpoint, then delete all but the newest `keep`. Returns its path.
    ///
    /// # Errors
    /// When it can't be written. The earlier checkpoints are kept then.
    pub fn save(
        &self,
        trainer: &Trainer,
        tokenizer: &Tokenizer,
        state: &State,
        keep: usize,
    ) -> Result<PathBuf> {
        let place = self.path.join(format!("{CHECKPOINT}{}", state.step));
        self.write(&place, trainer, tokenizer, state).with_context(|| {
            let kept = match self.checkpoints().last() {
                Some((step, _)) => format!("the checkpoint of step {step} is kept"),
                None => "there is no earlier checkpoint".into(),
            };
            format!(
                "{}: can't be written; {kept}; if the disk is full, free some space, then run the same command again",
                place.display()
            )
        })?;
        let all = self.checkpoints();
        for (_, old) in &all[..all.len().saturating_sub(keep)] {
            fs::remove_dir_all(old).with_context(|| old.display().to_string())?;
        }
        Ok(place)
    }

    fn write(
        &self,
        place: &Path,
        trainer: &Trainer,
        tokenizer: &Tokenizer,
        state: &State,
    ) -> Result<()> {
        self.sweep();
        let partial = tempfile::Builder::new().prefix(PARTIAL).tempdir_in(&self.path)?;
        let at = |name: &str| partial.path().join(name);
        let weights = &trainer.weights;
        let mut file = Writer::create(&at(MODEL), &weights.shapes())?;
        for name in weights.names() {
            file.write(&Floats::of(&weights.merged(name)?)?)?;
        }
        file.finish()?;
        // per trained parameter: AdamW's two moments, and LoRA matrices, which the merged model doesn't have
        let mut own = Vec::new();
        for (name, var) in weights.trained() {
            let shape = var.dims().to_vec();
            own.push((format!("{name}.mean"), shape.clone()));
            own.push((format!("{name}.square"), shape.clone()));
            own.extend(weights.is_lora().then(|| (name.clone(), shape)));
        }
        let mut file = Writer::create(&at(OPTIMIZER), &own)?;
        for ((_, var), moments) in weights.trained().iter().zip(&trainer.moments) {
            file.write(&moments.mean)?;
            file.write(&moments.square)?;
            if weights.is_lora() {
                file.write(&Floats::of(var)?)?;
            }
        }
        file.finish()?;
        fs::write(at("config.json"), config_json(trainer, tokenizer)?)?;
        fs::write(at("tokenizer.json"), tokenizer.to_json()?)?;
        fs::write(at(STATE), serde_json::to_vec_pretty(state)?)?;
        for entry in fs::read_dir(partial.path())? {
            File::open(entry?.path())?.sync_all()?;
        }
        if place.exists() {
            fs::remove_dir_all(place)?; // the same step again
        }
        fs::rename(partial.keep(), place)?;
        // sync the folder, so that the rename survives a power loss; not all file systems can
        File::open(&self.path).and_then(|folder| folder.sync_all()).ok();
        Ok(())
    }

    /// Delete unfinished checkpoints of runs that were killed while saving.
    fn sweep(&self) {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
                fs::remove_dir_all(entry.path()).ok();
            }
        }
    }
}

/// Load weights, moments and step number of a checkpoint into a trainer, bit for bit.
///
/// # Errors
/// When the checkpoint is damaged, or other weights were trained in it.
pub fn restore(checkpoint: &Path, trainer: &mut Trainer) -> Result<State> {
    let state: State = read(&checkpoint.join(STATE))?;
    let open = |name: &str| Safetensors::map(&[checkpoint.join(name)]);
    let (own, merged) = (open(OPTIMIZER)?, open(MODEL)?);
    let trained = trainer.weights.trained().to_vec();
    ensure!(
        own.names().filter(|name| name.ends_with(".mean")).count() == trained.len(),
        "{}: other weights were trained in this checkpoint; give the same --lora, --lora-targets and \
         --only-train-transformer-layers as then, or start again with --restore-from fresh",
        checkpoint.display()
    );
    for ((name, var), moments) in trained.iter().zip(&mut trainer.moments) {
        let found = |file: &Safetensors, key: &str| {
            file.get(key).ok().filter(|tensor| tensor.dims() == var.dims())
        };
        let mean = found(&own, &format!("{name}.mean"));
        let square = found(&own, &format!("{name}.square"));
        let values = found(if own.has(name) { &own } else { &merged }, name);
        let (Some(mean), Some(square), Some(values)) = (mean, square, values) else {
            bail!(
                "{}: `{name}` is missing or has another shape; the checkpoint belongs to another model: give that one \
                 with --model, or start again with --restore-from fresh",
                checkpoint.display()
            );
        };
        var.set(&values)?;
        moments.mean.copy_from_slice(&Floats::of(&mean)?);
        moments.square.copy_from_slice(&Floats::of(&square)?);
    }
    trainer.step = state.step;
    Ok(state)
}

/// `config.json`, with the fields that other programs expect besides our own.
fn config_json(trainer: &Trainer, tokenizer: &Tokenizer) -> Result<Vec<u8>> {
    let mut config = serde_json::to_value(&trainer.weights.config)?;
    if let Some(map) = config.as_object_mut() {
        map.insert("architectures".into(), serde_json::json!(["GPT2LMHeadModel"]));
        map.insert("eos_token_id".into(), tokenizer.end().into());
        map.insert("bos_token_id".into(), tokenizer.end().into());
    }
    Ok(serde_json::to_vec_pretty(&config)?)
}

fn read<T: DeserializeOwned>(place: &Path) -> Result<T> {
    let json = fs::read(place).with_context(|| place.display().to_string())?;
    serde_json::from_slice(&json).with_context(|| place.display().to_string())
}
