//! A run on disk: a folder with what it was begun with and its checkpoints, each a model in the Hugging Face layout
//! with what is needed to go on. A checkpoint is there whole or not at all.

use super::{begin::Scratch, options::Options, trainer::Trainer};
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

const ABOUT: &str = "run.json";
const STATE: &str = "state.json";
const MODEL: &str = "model.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const CHECKPOINT: &str = "checkpoint-";
const PARTIAL: &str = ".partial-";

/// What a run was begun with; `run.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The model it began from, as it was named; none for the one in the program.
    pub model: Option<String>,
    /// The shape of the model when it was made from nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch: Option<Scratch>,
    /// The corpus, as it was named.
    pub corpus: PathBuf,
    /// Its tokens' fingerprint.
    pub text: u64,
    /// The fingerprint of the weights that don't learn, and of all shapes.
    pub weights: u64,
    /// How it learns.
    pub options: Options,
}

/// What a checkpoint knows beside weights; `state.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Steps made.
    pub step: usize,
    /// The smoothed loss; in 32 bits, which JSON gives back as they were.
    pub smoothed: Option<f32>,
    /// The least validation loss so far.
    pub best: Option<f32>,
    /// Validations since.
    pub since_best: usize,
}

/// A run's folder.
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder of a run, which needn't be there yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the run was begun with; `None` where there is no run.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn about(&self) -> Result<Option<About>> {
        let place = self.path.join(ABOUT);
        if place.is_file() { read(&place).map(Some) } else { Ok(None) }
    }

    /// Make the folder, say in it what is begun, and take away what an older run left where that is wanted.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn begin(&self, about: &About) -> Result<()> {
        fs::create_dir_all(&self.path).with_context(|| self.path.display().to_string())?;
        for (_, old) in self.checkpoints() {
            fs::remove_dir_all(&old).with_context(|| old.display().to_string())?;
        }
        self.note(about)
    }

    /// Say in the folder how the run goes on.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn note(&self, about: &About) -> Result<()> {
        let place = self.path.join(ABOUT);
        let json = serde_json::to_vec_pretty(about)?;
        whole::write(&place, &json).with_context(|| format!("{}: not written", place.display()))
    }

    /// Checkpoints by their step, the newest last.
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

    /// Write a checkpoint, then take away all but the newest `keep`. Gives its place.
    ///
    /// # Errors
    /// When it can't be written; those before it are still there then.
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
                None => "there is no checkpoint before it".into(),
            };
            format!("{}: not written; {kept}; make room, then run the same again", place.display())
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
        // An optimizer of its own tools reads these names, and a run of ours goes on with them.
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
        // so that the name outlives the machine too; a file system may not offer it
        File::open(&self.path).and_then(|folder| folder.sync_all()).ok();
        Ok(())
    }

    /// What a run that was killed while it saved left behind.
    fn sweep(&self) {
        let entries = fs::read_dir(&self.path).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
                fs::remove_dir_all(entry.path()).ok();
            }
        }
    }
}

/// Set a trainer to where a checkpoint was. Its numbers are the same to the bit.
///
/// # Errors
/// When the checkpoint is torn, or of a run in which other numbers learn.
pub fn restore(checkpoint: &Path, trainer: &mut Trainer) -> Result<State> {
    let state: State = read(&checkpoint.join(STATE))?;
    let open = |name: &str| Safetensors::map(&[checkpoint.join(name)]);
    let (own, merged) = (open(OPTIMIZER)?, open(MODEL)?);
    let trained = trainer.weights.trained().to_vec();
    ensure!(
        own.names().iter().filter(|name| name.ends_with(".mean")).count() == trained.len(),
        "{}: other weights learnt there than are to learn now; take the options that it was made with, or \
         begin with --restore-from fresh",
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
            bail!("{}: a run of another model: its `{name}` is not ours", checkpoint.display());
        };
        var.set(&values)?;
        moments.mean.copy_from_slice(&Floats::of(&mean)?);
        moments.square.copy_from_slice(&Floats::of(&square)?);
    }
    trainer.step = state.step;
    Ok(state)
}

/// `config.json` with what other programs look for beside our own fields.
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
