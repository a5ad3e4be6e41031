//! The models of this machine by name: what a name means, which names there are, and opening one. Every front end asks
//! here, so that the same name opens the same model, is reported alike, and fails with the same sentence.

mod servers;

use crate::{
    generate::{
        Engine, fits_as_draft,
        remote::{EngineSettings, Remote},
    },
    hub,
    model::{Memorized, Model, Precision},
    weights::{self, Checkpoint, EMBEDDED, adapter},
    whole,
};
use anyhow::{Context, Result, bail};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What a name of a run's model begins with: `run:NAME` is the newest checkpoint of the run NAME.
const RUN: &str = "run:";

/// The names of published GPT-2s, on the hub and in OpenAI's release. Their tokenizers are the same.
const GPT2S: [&str; 9] =
    ["gpt2", "distilgpt2", "gpt2-medium", "gpt2-large", "gpt2-xl", "124M", "355M", "774M", "1558M"];

/// Where models are, and which one is used when none is named.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    /// Folders with models, searched in this order. One may be the cache that programs for the hub share. Runs of
    /// `unstuck finetune` are in the folder `runs` beside each.
    pub folders: Vec<PathBuf>,
    /// Servers by name, from the settings.
    pub engines: BTreeMap<String, EngineSettings>,
    /// How weights are held in memory.
    pub precision: Precision,
    /// The model that is used when none is named; the embedded one if this is `None`.
    pub default: Option<String>,
    /// The smaller model that proposes tokens for the others that have its vocabulary.
    pub draft: Option<String>,
}

/// A model that a name means; nothing of it has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its folder or file; `None` for the embedded model.
    pub place: Option<PathBuf>,
    /// The name that front ends report, if it differs from that of the folder or file.
    name: Option<String>,
    /// The model that it is an adapter of.
    base: Option<Box<Self>>,
    /// A folder with GPT-2's own tokenizer, if it has none of its own.
    spare: Option<PathBuf>,
}

impl Catalogue {
    /// Find the model that `name` means, or the default one. A name is, in this order: a path that exists; `run:NAME`;
    /// a model in one of the folders; `name` or `owner/name` in the hub's cache; the embedded model.
    ///
    /// # Errors
    /// When there is no such model; the message lists those that there are.
    pub fn find(&self, name: Option<&str>) -> Result<Found> {
        let Some(name) = name.or(self.default.as_deref()) else {
            return Ok(Found::embedded());
        };
        if self.server(name).is_some() {
            bail!(
                "model `{name}`: it is on a server, so it has no files here; the desk, the bot, on air and \
                 `unstuck generate` can use it"
            );
        }
        self.look(name, false).with_context(|| format!("model `{name}`"))
    }

    /// Check what a name means without loading anything or asking a server.
    ///
    /// # Errors
    /// When there is no such model, or a server's address is not allowed.
    pub fn check(&self, name: Option<&str>) -> Result<()> {
        let Some(name) = name.or(self.default.as_deref()) else { return Ok(()) };
        match self.server(name) {
            Some(address) => address.map(drop).with_context(|| format!("model `{name}`")),
            None => self.find(Some(name)).map(drop),
        }
    }

    /// The model at a path.
    ///
    /// # Errors
    /// When it is an adapter whose base model is not on this machine.
    pub fn at(&self, path: &Path) -> Result<Found> {
        self.place(path, false)
    }

    /// As [`Catalogue::at`]; `is_base` for the base model of an adapter, which can't be another adapter.
    fn place(&self, path: &Path, is_base: bool) -> Result<Found> {
        let mut found = Found::at(path.to_owned());
        if !adapter::is_adapter(path) {
            let folder = if path.is_dir() { Some(path) } else { path.parent() };
            if !folder.is_some_and(weights::has_vocabulary) {
                found.spare = self.tokenizer_of_gpt2();
            }
            return Ok(found);
        }
        if is_base {
            bail!("{}: an adapter itself; merge the two with PEFT", path.display());
        }
        let base = adapter::base_of(path)?;
        let beside = path.join(&base);
        let base = match beside.is_dir() {
            true => self.place(&beside, true),
            false => self.look(&base, true),
        }
        .with_context(|| format!("{}: the base model `{base}` of this adapter", path.display()))?;
        Ok(Found { base: Some(Box::new(base)), ..found })
    }

    /// Load the model that `name` means, or the default one, ready to generate. Beside the names that
    /// [`Catalogue::find`] knows, it may be a server's URL or name, with `#` and the model's name on it.
    ///
    /// # Errors
    /// As [`Catalogue::find`] and [`Found::load`].
    pub fn open(&self, name: Option<&str>) -> Result<Engine> {
        let server =
            name.or(self.default.as_deref()).and_then(|name| Some((name, self.server(name)?)));
        match server {
            Some((name, address)) => {
                let opened = address.and_then(Remote::open);
                Ok(Engine::with(opened.with_context(|| format!("model `{name}`"))?))
            }
            None => {
                let model = self.find(name)?.load(self.precision)?;
                match &self.draft {
                    Some(draft) => self.with_draft(model, draft, name.is_none()),
                    None => Ok(Engine::new(model)),
                }
            }
        }
    }

    /// An engine of a model, with the draft model if it fits. It has to fit the default model (`must`).
    fn with_draft(&self, model: Model, name: &str, must: bool) -> Result<Engine> {
        let draft = || {
            let draft = self.find(Some(name))?.load(self.precision)?;
            fits_as_draft(&draft, &model)?;
            anyhow::Ok(draft)
        };
        match draft().context("draft") {
            Ok(draft) => Engine::with_draft(model, draft),
            Err(error) if must => Err(error),
            Err(error) => {
                tracing::info!("no draft model: {error:#}");
                Ok(Engine::new(model))
            }
        }
    }

    /// The names of all models that need no path: the embedded one, those in the folders, the hub's, the runs.
    pub fn names(&self) -> Vec<String> {
        let entries = self.folders.iter().filter_map(|folder| fs::read_dir(folder).ok());
        let mut found: Vec<_> = entries
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| is_model(path))
            .filter_map(|path| {
                let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
                Some(name?.to_string_lossy().into_owned())
            })
            .chain(self.folders.iter().flat_map(|folder| hub::list(folder)).map(|model| model.name))
            .filter(|name| name != EMBEDDED)
            .collect();
        found.sort();
        found.dedup();
        found.insert(0, EMBEDDED.to_owned());
        found.extend(self.runs());
        found
    }

    fn look(&self, name: &str, is_base: bool) -> Result<Found> {
        let path = Path::new(name);
        if path.is_dir() || is_whole(path) {
            return self.place(path, is_base);
        }
        if path.is_file() {
            // one of a model's files stands for its folder
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let is_part = has_config(folder) || adapter::is_adapter(folder);
            return self.place(if is_part { folder } else { path }, is_base);
        }
        if let Ok(meta) = fs::metadata(path) {
            let kind = whole::kind(&meta);
            bail!("it is {kind}, not a model; give a model's folder, or a GGUF file");
        }
        if let Some(run) = name.strip_prefix(RUN) {
            let place = self.newest(run).with_context(|| {
                "no run of this name has a checkpoint; `unstuck finetune` makes one".to_owned()
            })?;
            return Ok(Found {
                place: Some(place),
                name: Some(name.to_owned()),
                ..Found::embedded()
            });
        }
        let is_name = path.components().count() == 1;
        let in_folder = |folder: &PathBuf| {
            let places = [folder.join(path), folder.join(format!("{name}.gguf"))];
            let own = places.into_iter().find(|place| place.is_dir() || is_whole(place));
            own.filter(|_| is_name).or_else(|| hub::find(folder, name))
        };
        match self.folders.iter().find_map(in_folder) {
            Some(place) => self.place(&place, is_base),
            None if name == EMBEDDED => Ok(Found::embedded()),
            None => {
                let pull = match hub::known(name) {
                    Some(known) => format!("`unstuck models pull {}` fetches it. ", known.name),
                    None => String::new(),
                };
                bail!(
                    "no such model; known names: {}. {pull}Give one of these, a folder with config.json, \
                     tokenizer.json and model.safetensors, a run folder of gpt-2-simple, or a GGUF file",
                    few(&self.names())
                )
            }
        }
    }

    /// A folder with GPT-2's own tokenizer: of a published GPT-2 among the models, or in the hub's cache.
    fn tokenizer_of_gpt2(&self) -> Option<PathBuf> {
        self.folders.iter().find_map(|folder| {
            let own =
                GPT2S.iter().map(|name| folder.join(name)).find(|own| weights::has_vocabulary(own));
            own.or_else(|| GPT2S.iter().find_map(|name| hub::tokenizer(folder, name)))
        })
    }

    /// The newest checkpoint of a run of `unstuck finetune`.
    fn newest(&self, run: &str) -> Option<PathBuf> {
        let is_name = Path::new(run).components().count() == 1;
        let folders = self.folders.iter().map(|folder| folder.with_file_name("runs").join(run));
        let entries = folders.filter(|_| is_name).filter_map(|folder| fs::read_dir(folder).ok());
        let checkpoints = entries.flatten().flatten().filter_map(|entry| {
            let name = entry.file_name();
            let step = name.to_str()?.strip_prefix("checkpoint-")?.parse::<usize>().ok()?;
            Some((step, entry.path()))
        });
        checkpoints.max().map(|(_, path)| path)
    }

    /// The runs of `unstuck finetune` that have a checkpoint, as `run:NAME`.
    fn runs(&self) -> Vec<String> {
        let folders = self.folders.iter().map(|folder| folder.with_file_name("runs"));
        let entries = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let with_checkpoint = names.filter(|run| self.newest(run).is_some());
        let mut runs: Vec<_> = with_checkpoint.map(|run| format!("{RUN}{run}")).collect();
        runs.sort();
        runs.dedup();
        runs
    }
}

impl Found {
    fn embedded() -> Self {
        Self { place: None, name: None, base: None, spare: None }
    }

    fn at(place: PathBuf) -> Self {
        // a file in the hub's cache is a link, which must not be followed
        let (folder, file) = match place.is_dir() {
            true => (Some(&*place), None),
            false => (place.parent(), place.file_name()),
        };
        let whole = folder.and_then(|folder| folder.canonicalize().ok());
        let whole = whole.map(|whole| file.map_or(whole.clone(), |file| whole.join(file)));
        let whole = whole.unwrap_or_else(|| place.clone());
        Self { name: hub::name_of(&whole), place: Some(place), ..Self::embedded() }
    }

    /// Open its files; the weights stay on disk.
    ///
    /// # Errors
    /// For every file that is missing, torn or of another model, with its name.
    pub fn checkpoint(&self) -> Result<Checkpoint> {
        let mut checkpoint = match (&self.place, &self.base) {
            (None, _) => Checkpoint::embedded()?,
            (Some(path), Some(base)) => base.checkpoint()?.with_adapter(path)?,
            (Some(path), None) => Checkpoint::open_with(path, self.spare.as_deref())?,
        };
        if let Some(name) = &self.name {
            checkpoint.name.clone_from(name);
        }
        Ok(checkpoint)
    }

    /// Load it into memory.
    ///
    /// # Errors
    /// As [`Found::checkpoint`], and when memory is short or a tensor is damaged.
    pub fn load(&self, precision: Precision) -> Result<Model> {
        let mut model = match &self.place {
            None => weights::embedded(precision)?,
            Some(path) => {
                let mut model = self.checkpoint()?.load(precision)?;
                model.memorized = Memorized::find(path)?;
                model
            }
        };
        if let Some(name) = &self.name {
            model.name.clone_from(name);
        }
        Ok(model)
    }

    /// The index of its training text, if there is one beside it.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn memorized(&self) -> Result<Option<Memorized>> {
        Ok(self.place.as_deref().map(Memorized::find).transpose()?.flatten())
    }
}

/// The first names of a list, for an error message.
fn few(names: &[String]) -> String {
    const FEW: usize = 5;
    let mut text = names[..names.len().min(FEW)].join(", ");
    if names.len() > FEW {
        text += &format!(" and {} more (`unstuck models list`)", names.len() - FEW);
    }
    text
}

/// Whether a folder has the configuration of a model.
fn has_config(folder: &Path) -> bool {
    ["config.json", "hparams.json"].iter().any(|name| folder.join(name).is_file())
}

fn is_model(path: &Path) -> bool {
    has_config(path)
        || path.join("ckpt.pt").is_file()
        || path.extension().is_some_and(|e| e == "gguf") && path.is_file()
}

/// Whether a file is a model by itself (GGUF), or one step of a TensorFlow run.
fn is_whole(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "gguf" || e == "index") && path.is_file()
}
