//! Reads run folders of gpt-2-simple and OpenAI's original releases: `hparams.json`, `encoder.json`, `vocab.bpe`, and
//! a TensorFlow checkpoint. The file `checkpoint` names the step to use; only the last part of its path counts, since
//! the folders are often those of another machine.

use super::bundle::Bundle;
use crate::model::gpt2::Config;
use anyhow::{Context, Result, bail};
use candle_core::Tensor;
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// An open run.
pub struct Run {
    /// Its configuration.
    pub config: Config,
    /// Notes for the user, in sentences.
    pub notes: Vec<String>,
    bundle: Bundle,
}

/// The network's shape, with the field names of the original release.
#[derive(Deserialize)]
struct Hparams {
    n_vocab: usize,
    n_ctx: usize,
    n_embd: usize,
    n_head: usize,
    n_layer: usize,
}

/// Whether a folder looks like a run.
pub fn is_run(folder: &Path) -> bool {
    folder.join("hparams.json").is_file() || !indexes(folder).is_empty()
}

impl Run {
    /// Open a run folder at the step that `checkpoint` names, or a run at the step of the given `.index` file.
    ///
    /// # Errors
    /// When a file is missing or damaged; the error names it.
    pub fn open(path: &Path) -> Result<Self> {
        let mut notes = Vec::new();
        let index = match path.is_dir() {
            true => choose(path, &mut notes)?,
            false => path.to_owned(),
        };
        let bundle = Bundle::open(&index)?;
        let place = index.with_file_name("hparams.json");
        let json = fs::read(&place).with_context(|| {
            format!(
                "{}: missing; copy it from the folder of the model that the run started from",
                place.display()
            )
        })?;
        let config = config(&json).with_context(|| format!("{}", place.display()))?;
        Ok(Self { config, notes, bundle })
    }

    /// The data files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.bundle.files()
    }

    /// The names of the network's tensors, without those of an optimizer.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.bundle.index.slots.keys().map(String::as_str);
        names.filter(|name| name.starts_with("model/") && !name.contains("/Adam"))
    }

    /// Whether a tensor with this published name exists.
    pub fn has(&self, published: &str) -> bool {
        name_of(published).is_some_and(|name| self.bundle.index.slots.contains_key(&name))
    }

    /// A tensor by its published name, in f32.
    ///
    /// # Errors
    /// When it is missing, damaged, or of another shape.
    pub fn get(&mut self, published: &str, shape: &[usize]) -> Result<Tensor> {
        let name = name_of(published).with_context(|| format!("`{published}`: unknown"))?;
        self.bundle.get(&name, shape)
    }
}

/// The configuration in `hparams.json`.
///
/// # Errors
/// When it is not JSON, or a value is missing or out of range.
pub fn config(json: &[u8]) -> Result<Config> {
    let h: Hparams = serde_json::from_slice(json)?;
    let json = serde_json::json!({
        "vocab_size": h.n_vocab, "n_positions": h.n_ctx, "n_embd": h.n_embd, "n_head": h.n_head, "n_layer": h.n_layer,
    });
    Config::parse(json.to_string().as_bytes())
}

/// The original release's name for a published name: `h.0.attn.c_attn.weight` is `model/h0/attn/c_attn/w`.
pub(super) fn name_of(published: &str) -> Option<String> {
    if let "wte.weight" | "wpe.weight" = published {
        return Some(format!("model/{}", &published[..3]));
    }
    let (part, kind) = published.rsplit_once('.')?;
    let kind = match kind {
        "bias" => "b",
        "weight" if part.contains("ln_") => "g",
        "weight" => "w",
        _ => return None,
    };
    let part = match part.strip_prefix("h.") {
        Some(rest) => format!("h{}", rest.replace('.', "/")),
        None if part == "ln_f" => part.to_owned(),
        None => return None,
    };
    Some(format!("model/{part}/{kind}"))
}

/// The index file of the step that `checkpoint` names, or else of the last step.
fn choose(folder: &Path, notes: &mut Vec<String>) -> Result<PathBuf> {
    let told = fs::read_to_string(folder.join("checkpoint")).ok().and_then(|text| told(&text));
    let index = told.as_ref().map(|name| folder.join(format!("{name}.index")));
    if let Some(index) = index.filter(|index| index.is_file()) {
        return Ok(index);
    }
    let all = indexes(folder);
    let Some(last) = all.into_iter().max_by_key(|path| (step(path), path.clone())) else {
        bail!(
            "{}: no checkpoint in it: `{}.index` and its data files are missing",
            folder.display(),
            told.as_deref().unwrap_or("model-1000")
        );
    };
    if let Some(told) = told {
        let name = last.file_stem().unwrap_or_default().display();
        notes.push(format!("`checkpoint` names {told}, which is not there; {name} is used"));
    }
    Ok(last)
}

/// The name of the step in `checkpoint`, without its folders.
fn told(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("model_checkpoint_path:"))?;
    let name = line.trim().trim_matches('"').rsplit(['/', '\\']).next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

fn indexes(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .filter(|path| path.extension().is_some_and(|e| e == "index") && path.is_file())
        .collect()
}

/// The step in an index file's name: 400 for `model-400.index`.
fn step(index: &Path) -> u64 {
    let stem = index.file_stem().unwrap_or_default().to_string_lossy();
    stem.rsplit('-').next().and_then(|step| step.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_first_release() {
        for (published, first) in [
            ("wte.weight", "model/wte"),
            ("wpe.weight", "model/wpe"),
            ("ln_f.weight", "model/ln_f/g"),
            ("h.11.ln_1.bias", "model/h11/ln_1/b"),
            ("h.0.attn.c_attn.weight", "model/h0/attn/c_attn/w"),
            ("h.0.mlp.c_proj.bias", "model/h0/mlp/c_proj/b"),
        ] {
            assert_eq!(name_of(published).as_deref(), Some(first));
        }
        assert_eq!(name_of("lm_head.weight"), None);
    }

    #[test]
    fn another_machines_path_is_cut_off() {
        for path in ["/content/checkpoint/run1/model-400", "C:\\\\runs\\\\model-400", "model-400"] {
            let text =
                format!("model_checkpoint_path: \"{path}\"\nall_model_checkpoint_paths: \"x\"");
            assert_eq!(told(&text).as_deref(), Some("model-400"));
        }
        assert_eq!(told("nothing"), None);
        assert_eq!(told("model_checkpoint_path: \"\""), None);
    }
}
