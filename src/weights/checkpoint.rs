//! A model on disk in any format: its configuration, its tokenizer, and its tensors one at a time. Errors name the
//! file and what to do about it.

use super::{
    names,
    run::{self, Run},
    stored::{Form, Weights},
};
use crate::{
    model::{Architecture, Raw, Spec, Tensors, Tokenizer, gpt2, parse_config, tensors::Kind},
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
    weights: Weights,
}

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
        let weights = Weights::in_program(gguf)?;
        let this = Self { name: name.into(), config, tokenizer, notes: Vec::new(), weights };
        this.settled()
    }

    /// Open a folder in the Hugging Face layout (`config.json`; `tokenizer.json`, or `vocab.json` and `merges.txt`;
    /// `model.safetensors` or `pytorch_model.bin`, whole or sharded, or `model.gguf`), a run folder of gpt-2-simple,
    /// a folder that contains one run, a run's `.index` file, or a GGUF file.
    ///
    /// # Errors
    /// When a file is missing, truncated or of another architecture, or the weights don't belong to the configuration;
    /// the error names the file.
    pub fn open(path: &Path) -> Result<Self> {
        if path.is_file() {
            return match path.extension().and_then(|e| e.to_str()) {
                Some("index") => Self::of_run(path),
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
            () if path.join("config.json").is_file() => Self::of_folder(path),
            () if run::is_run(path) => Self::of_run(path),
            () => Self::of_one_inside(path),
        }
    }

    fn of_folder(folder: &Path) -> Result<Self> {
        let place = folder.join("config.json");
        let json = fs::read(&place).with_context(|| format!("{}", place.display()))?;
        let config = parse_config(&json).with_context(|| format!("{}", place.display()))?;
        let mut tokenizer = tokenizer_in(folder)?;
        if config.family() != gpt2::FAMILY.name {
            tokenizer.without_control_tokens();
        }
        let weights = Weights::beside(&place)?;
        let mut this =
            Self { name: name_of(folder), config, tokenizer, notes: Vec::new(), weights };
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

    fn of_run(path: &Path) -> Result<Self> {
        let mut run = Run::open(path)?;
        let folder = match path.is_dir() {
            true => path,
            false => path.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new(".")),
        };
        let tokenizer = tokenizer_in(folder)?;
        let mut config = run.config.clone();
        config.eos_token_id = tokenizer.end();
        let notes = std::mem::take(&mut run.notes);
        let (config, weights) = (Box::new(config), Weights::Run(run));
        Self { name: name_of(folder), config, tokenizer, notes, weights }.settled()
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
        let mut this = Self { name, config, tokenizer, notes: Vec::new(), weights };
        if tied {
            this.config.tie_head();
        }
        this.settled()
    }

    /// gpt-2-simple keeps runs in its `checkpoint` folder. If that contains exactly one run, use it.
    fn of_one_inside(folder: &Path) -> Result<Self> {
        let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
        let mut runs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        runs.retain(|path| path.is_dir() && run::is_run(path));
        runs.sort();
        match &runs[..] {
            [run] => Self::of_run(run),
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

    /// Its format.
    pub fn form(&self) -> Form {
        self.weights.form()
    }

    /// The files with the weights.
    pub fn files(&self) -> Vec<PathBuf> {
        self.weights.files()
    }

    /// The first file, for error messages.
    pub fn place(&self) -> String {
        self.files().first().map_or_else(|| self.name.clone(), |file| file.display().to_string())
    }
}

impl Tensors for Checkpoint {
    /// A tensor, as [`Weights::get`] reads it.
    fn get(&mut self, tensor: &Spec) -> Result<Raw> {
        self.weights.get(tensor)
    }
}

/// A folder's own name; also resolves `.`.
fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| PathBuf::from(folder));
    whole.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy().into_owned())
}

/// The vocabulary beside a model's weights. `tokenizer_config.json` may say that texts begin with a token.
fn tokenizer_in(folder: &Path) -> Result<Tokenizer> {
    let mut tokenizer = vocabulary_in(folder)?;
    let place = folder.join("tokenizer_config.json");
    if place.is_file() {
        let shown = || format!("{}", place.display());
        let json = fs::read(&place).with_context(shown)?;
        let config: Value = serde_json::from_slice(&json).with_context(shown)?;
        let token = &config["bos_token"];
        let token = token.as_str().or_else(|| token["content"].as_str());
        match config["add_bos_token"].as_bool() {
            Some(true) => tokenizer.begin_with(token).with_context(shown)?,
            Some(false) => tokenizer.begin_with(None)?,
            None => {}
        }
    }
    Ok(tokenizer)
}

fn vocabulary_in(folder: &Path) -> Result<Tokenizer> {
    let json = folder.join("tokenizer.json");
    if json.is_file() {
        let bytes = fs::read(&json).with_context(|| format!("{}", json.display()))?;
        return Tokenizer::from_json(&bytes).with_context(|| format!("{}", json.display()));
    }
    for (vocab, merges) in [("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe")] {
        let (vocab, merges) = (folder.join(vocab), folder.join(merges));
        if vocab.is_file() && merges.is_file() {
            return Tokenizer::from_files(&vocab, &merges);
        }
    }
    bail!(
        "{}: no tokenizer: neither tokenizer.json, nor vocab.json and merges.txt, nor encoder.json and vocab.bpe",
        folder.display()
    )
}
