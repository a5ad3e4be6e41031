//! A model on disk in any format: its configuration, its tokenizer, and its tensors one at a time. Errors name the
//! file and what to do about it.

use super::{
    adapter::{Adapter, is_adapter},
    kinds, names,
    nano::{self, Nano},
    run::{self, Run},
    stored::{Form, Weights},
    words::{generation_in, has_vocabulary, is_gpt2s, tokenizer_or},
};
use crate::{
    model::{Architecture, Raw, Spec, Tensors, Tokenizer, gpt2, parse_config, tensors::Kind},
    token::Defaults,
    whole,
};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// An open checkpoint. The weights stay on disk until they are requested.
pub struct Checkpoint {
    /// Its name, as shown to the user.
    pub name: String,
    /// Its configuration.
    pub config: Box<dyn Architecture>,
    /// Its vocabulary.
    pub tokenizer: Tokenizer,
    /// Notes for the user, in sentences.
    pub notes: Vec<String>,
    /// The sampling values that its files recommend.
    pub defaults: Defaults,
    /// The name of the model that it is an adapter of.
    pub base: Option<String>,
    /// The contents of `generation_config.json`; null if there are none.
    pub generation: Value,
    weights: Weights,
    adapter: Option<Adapter>,
}

/// What is said of weights that lack all else.
const NO_CONFIG: &str = "weights without their configuration; put config.json and the tokenizer's files into its folder, \
                         and open the folder";

impl Checkpoint {
    /// Open a GGUF file that is embedded in the program, with its configuration and vocabulary.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn in_program(
        name: &str,
        config: Box<dyn Architecture>,
        tokenizer: Tokenizer,
        gguf: &'static [u8],
    ) -> Result<Self> {
        Self::new(name.into(), config, tokenizer, Weights::in_program(gguf)?).settled()
    }

    fn new(
        name: String,
        config: Box<dyn Architecture>,
        tokenizer: Tokenizer,
        weights: Weights,
    ) -> Self {
        Self {
            name,
            config,
            tokenizer,
            notes: Vec::new(),
            defaults: Defaults::default(),
            base: None,
            generation: Value::Null,
            weights,
            adapter: None,
        }
    }

    /// Open a folder in the Hugging Face layout (`config.json`; `tokenizer.json`, or `vocab.json` and `merges.txt`;
    /// `model.safetensors` or `pytorch_model.bin`, whole or sharded, or `model.gguf`), a run folder of gpt-2-simple,
    /// a folder that contains one run, a run's `.index` file, nanoGPT's `ckpt.pt` or its folder, or a GGUF file.
    ///
    /// # Errors
    /// When a file is missing, truncated or of another architecture, or the weights don't belong to the configuration;
    /// the error names the file.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, None)
    }

    /// As [`Checkpoint::open`]. `spare` is a folder with GPT-2's own tokenizer, for models that come without theirs.
    ///
    /// # Errors
    /// As [`Checkpoint::open`].
    pub fn open_with(path: &Path, spare: Option<&Path>) -> Result<Self> {
        if path.is_file() {
            let extension = path.extension().and_then(|e| e.to_str());
            if let Some(kind) = kinds::name(path) {
                bail!("{}: {kind}", path.display());
            }
            return match extension {
                Some("index") => Self::of_run(path, spare),
                Some("bin" | "pt" | "pth" | "ckpt") => Self::of_nano(path, spare),
                Some("safetensors") => bail!("{}: {NO_CONFIG}", path.display()),
                _ => Self::of_gguf(path),
            };
        }
        if let Ok(meta) = fs::metadata(path).as_ref()
            && !meta.is_dir()
        {
            bail!("{}: it is {}, not a model", path.display(), whole::kind(meta));
        }
        ensure!(path.is_dir(), "{}: no such model folder or file", path.display());
        match () {
            () if path.join("config.json").is_file() => Self::of_folder(path, spare),
            () if run::is_run(path) => Self::of_run(path, spare),
            () if nano::is_nano(path) => Self::of_nano(&path.join(nano::FILE), spare),
            () if is_adapter(path) => bail!(
                "{}: a LoRA adapter, which is opened over its base model; give it to --model",
                path.display()
            ),
            () => Self::of_one_inside(path, spare),
        }
    }

    fn of_folder(folder: &Path, spare: Option<&Path>) -> Result<Self> {
        let place = folder.join("config.json");
        let json = fs::read(&place).with_context(|| format!("{}", place.display()))?;
        let config = parse_config(&json).with_context(|| format!("{}", place.display()))?;
        let (mut tokenizer, note) = tokenizer_or(folder, config.dims().vocabulary, spare)?;
        if config.family() != gpt2::FAMILY.name {
            tokenizer.without_control_tokens();
        }
        let weights = Weights::beside(&place)?;
        let mut this = Self::new(name_of(folder), config, tokenizer, weights);
        this.generation = generation_in(folder)?;
        (this.defaults, this.notes) = Defaults::of(&this.generation);
        this.notes.extend(note);
        if this.weights.has_own_head(&*this.config)? {
            this.config = names::with_own_head(&*this.config).with_context(|| this.place())?;
            this.notes.push(
                "lm_head.weight differs from the embedding, so it is used as the head, though config.json doesn't say \
                 that it has one of its own (tie_word_embeddings)"
                    .into(),
            );
        }
        this.settled()
    }

    /// A checkpoint of nanoGPT.
    fn of_nano(path: &Path, spare: Option<&Path>) -> Result<Self> {
        let shown = || path.display().to_string();
        let nano = Nano::open(path).map_err(|error| kinds::explain(path, error))?;
        let nano = nano.with_context(|| format!("{}: {NO_CONFIG}", shown()))?;
        let folder = path.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new("."));
        let mut config = nano.config.clone();
        let (tokenizer, note) = match nano.characters()? {
            Some(tokenizer) => (tokenizer, None),
            None if !has_vocabulary(folder) && !is_gpt2s(config.vocab_size) => bail!(
                "{}: its vocabulary has {} entries, so it was probably trained on single characters; copy meta.pkl from \
                 nanoGPT's folder data/NAME beside it",
                shown(),
                config.vocab_size
            ),
            None => tokenizer_or(folder, config.vocab_size, spare)?,
        };
        config.eos_token_id = tokenizer.end();
        let name = match path.file_name().is_some_and(|name| name == nano::FILE) {
            true => name_of(folder),
            false => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        };
        let mut this = Self::new(name, Box::new(config), tokenizer, Weights::Nano(nano));
        this.notes.extend(note);
        if this.weights.has_own_head(&*this.config)? {
            this.config = names::with_own_head(&*this.config).with_context(|| this.place())?;
        }
        this.settled()
    }

    fn of_run(path: &Path, spare: Option<&Path>) -> Result<Self> {
        let mut run = Run::open(path)?;
        let folder = match path.is_dir() {
            true => path,
            false => path.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new(".")),
        };
        let mut config = run.config.clone();
        let (tokenizer, note) = tokenizer_or(folder, config.vocab_size, spare)?;
        config.eos_token_id = tokenizer.end();
        let notes = std::mem::take(&mut run.notes).into_iter().chain(note).collect();
        let this = Self::new(name_of(folder), Box::new(config), tokenizer, Weights::Run(run));
        Self { notes, ..this }.settled()
    }

    fn of_gguf(path: &Path) -> Result<Self> {
        let shown = || format!("{}", path.display());
        let (place, mut gguf) = Weights::gguf(path)?;
        let config = gguf.config().with_context(shown)?;
        let tied = gguf.is_tied().with_context(shown)?;
        let mut tokenizer = gguf.tokenizer().with_context(shown)?;
        if config.family() != gpt2::FAMILY.name {
            tokenizer.without_control_tokens();
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let weights = Weights::Gguf(place, gguf);
        let mut this = Self::new(name, config, tokenizer, weights);
        if tied {
            this.config.tie_head();
        }
        this.settled()
    }

    /// gpt-2-simple keeps runs in its `checkpoint` folder. If that contains exactly one run, use it.
    fn of_one_inside(folder: &Path, spare: Option<&Path>) -> Result<Self> {
        let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
        let mut runs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        runs.retain(|path| path.is_dir() && run::is_run(path));
        runs.sort();
        match &runs[..] {
            [run] => Self::of_run(run, spare),
            [] => bail!(
                "{}: not a model folder: it has neither config.json nor the hparams.json of a gpt-2-simple run",
                folder.display()
            ),
            [first, ..] => bail!(
                "{}: it holds {} runs; give one of them, for example {}",
                folder.display(),
                runs.len(),
                first.display()
            ),
        }
    }

    /// Compare the configuration with the tensors that there are. If there is no output head, the token embedding is
    /// used, whatever the configuration says.
    fn settled(mut self) -> Result<Self> {
        let mut heads = self.config.tensors().into_iter().filter(|spec| spec.kind == Kind::Head);
        if !heads.all(|head| self.weights.has(&head)) {
            self.config.tie_head();
        }
        let note = self.weights.check(&*self.config).with_context(|| self.place())?;
        self.notes.extend(note);
        Ok(self)
    }

    /// The same model with the LoRA adapter in a folder merged into its weights as they are read.
    ///
    /// # Errors
    /// When the adapter is damaged, or was trained over another model.
    pub fn with_adapter(mut self, folder: &Path) -> Result<Self> {
        let adapter = Adapter::open(folder)?;
        if adapter.has_head() && !self.config.tensors().iter().any(|spec| spec.kind == Kind::Head) {
            self.config = names::with_own_head(&*self.config)?;
        }
        adapter.fits(&self.config.tensors())?;
        self.base = Some(std::mem::replace(&mut self.name, name_of(folder)));
        self.adapter = Some(adapter);
        Ok(self)
    }

    /// Whether its weights are those of its files, without an adapter.
    pub fn is_plain(&self) -> bool {
        self.adapter.is_none()
    }

    /// Its format.
    pub fn form(&self) -> Form {
        self.weights.form()
    }

    /// The files with the weights.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = self.weights.files();
        files.extend(self.adapter.iter().map(|adapter| adapter.path().to_owned()));
        files
    }

    /// The first file, for error messages.
    pub fn place(&self) -> String {
        self.files().first().map_or_else(|| self.name.clone(), |file| file.display().to_string())
    }
}

impl Tensors for Checkpoint {
    /// A tensor, as `Weights::get` reads it.
    fn get(&mut self, tensor: &Spec) -> Result<Raw> {
        if let Some(adapter) = self.adapter.as_ref().filter(|adapter| adapter.has(tensor)) {
            return adapter.get(tensor);
        }
        let raw = self.weights.get(tensor)?;
        match &self.adapter {
            Some(adapter) => adapter.merge(tensor, raw),
            None => Ok(raw),
        }
    }
}

/// A folder's own name; also resolves `.`.
fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| PathBuf::from(folder));
    whole.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy().into_owned())
}
