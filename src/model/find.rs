//! Which model a name means, and which there are. Opens none.

use super::hub;
use anyhow::{Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The name of the model in the program itself.
pub const EMBEDDED: &str = "inkwell";

/// Where the model is that `name` means: a path that exists, `run:NAME` for the newest checkpoint of a run (runs lie
/// beside a shelf), or a name in the first of `shelves` that has it; a shelf may be the cache that programs for the hub
/// share, and a name `owner/name` there. `None` is the one in the program.
///
/// # Errors
/// When there is none; the message lists what there is.
pub fn find(name: &str, shelves: &[PathBuf]) -> Result<Option<PathBuf>> {
    let path = Path::new(name);
    if path.is_dir() || is_whole(path) {
        return Ok(Some(path.to_owned()));
    }
    if path.is_file() {
        // one of a model's files stands for its folder
        return Ok(Some(match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        }));
    }
    if let Some(run) = name.strip_prefix("run:") {
        return newest(run, shelves).map(Some);
    }
    let is_name = path.components().count() == 1;
    let shelved = |shelf: &PathBuf| {
        let places = [shelf.join(path), shelf.join(format!("{name}.gguf"))];
        let own = places.into_iter().find(|place| place.is_dir() || is_whole(place));
        own.filter(|_| is_name).or_else(|| hub::find(shelf, name))
    };
    match shelves.iter().find_map(shelved) {
        Some(place) => Ok(Some(place)),
        None if name == EMBEDDED => Ok(None),
        None => {
            let pull = match hub::known(name) {
                Some(known) => format!("`unstuck models pull {}` fetches it. ", known.name),
                None => String::new(),
            };
            bail!(
                "no such model; known names: {}. {pull}Give one of these, a folder with config.json, tokenizer.json \
                 and model.safetensors, a run folder of gpt-2-simple, or a GGUF file",
                list(shelves).join(", ")
            )
        }
    }
}

/// The newest checkpoint of a run of `unstuck finetune`.
fn newest(run: &str, shelves: &[PathBuf]) -> Result<PathBuf> {
    let is_name = Path::new(run).components().count() == 1;
    let folders = shelves.iter().map(|shelf| shelf.with_file_name("runs").join(run));
    let entries = folders.filter(|_| is_name).filter_map(|folder| fs::read_dir(folder).ok());
    let checkpoints = entries.flatten().flatten().filter_map(|entry| {
        let step =
            entry.file_name().to_str()?.strip_prefix("checkpoint-")?.parse::<usize>().ok()?;
        Some((step, entry.path()))
    });
    match checkpoints.max() {
        Some((_, path)) => Ok(path),
        None => bail!("no run of this name has a checkpoint; `unstuck finetune` makes one"),
    }
}

/// The names of all models that need no path, the one in the program first.
pub fn list(shelves: &[PathBuf]) -> Vec<String> {
    let mut names = vec![EMBEDDED.to_owned()];
    let entries = shelves.iter().filter_map(|shelf| fs::read_dir(shelf).ok()).flatten().flatten();
    let mut found: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| is_model(path))
        .filter_map(|path| {
            let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
            Some(name?.to_string_lossy().into_owned())
        })
        .chain(shelves.iter().flat_map(|shelf| hub::list(shelf)).map(|cached| cached.name))
        .filter(|name| name != EMBEDDED)
        .collect();
    found.sort();
    found.dedup();
    names.append(&mut found);
    names.extend(runs(shelves));
    names
}

/// The runs of `unstuck finetune` that have a checkpoint, as `run:NAME`.
fn runs(shelves: &[PathBuf]) -> Vec<String> {
    let folders = shelves.iter().map(|shelf| shelf.with_file_name("runs"));
    let entries = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut runs: Vec<_> =
        names.filter(|run| newest(run, shelves).is_ok()).map(|run| format!("run:{run}")).collect();
    runs.sort();
    runs.dedup();
    runs
}

fn is_model(path: &Path) -> bool {
    ["config.json", "hparams.json"].iter().any(|name| path.join(name).is_file())
        || path.extension().is_some_and(|e| e == "gguf") && path.is_file()
}

/// Whether a file is a model by itself, or one step of a run.
fn is_whole(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "gguf" || e == "index") && path.is_file()
}
