//! `unstuck models import`, `export` and `remove`. Files and folders appear only when they are complete. Only models
//! in the data folder and in the hub's cache can be removed.

use super::{is_name, note};
use crate::{
    catalogue::Found,
    commands::Place,
    hub,
    model::{Kind, Memorized, Network, Precision, memory::size, network::Part},
    weights::{EMBEDDED, export::to_folder, gguf},
    whole,
};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    io::{BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
};

/// The note that the index of the training text is left out of a GGUF file.
const NO_INDEX: &str = "a GGUF file can't hold the index of the training text, so copied text will not be marked; \
                        `--to hf` and `unstuck models pack` keep it";

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// A folder in the Hugging Face layout, in f32.
    HuggingFace,
    /// One GGUF file, in the precision in which the weights are loaded.
    Gguf,
}

/// Import a model in any format into the data folder, in the Hugging Face layout.
///
/// # Errors
/// When it cannot be opened, or the name is taken or invalid.
pub fn import(found: &Found, name: Option<&str>, shelf: &Path) -> Result<()> {
    let mut model = found.checkpoint()?;
    let name = name.unwrap_or(&model.name).to_owned();
    ensure!(is_name(&name), "`{name}` is not a valid model name; give another with --name");
    let to = shelf.join(&name);
    ensure!(
        fs::symlink_metadata(&to).is_err(),
        "{name}: a model of this name exists; give another with --name, or remove that one"
    );
    note(&model.notes);
    fs::create_dir_all(shelf).with_context(|| format!("{}", shelf.display()))?;
    let form = model.form();
    to_folder(&mut model, found.memorized()?.as_ref(), &to)?;
    Place::open(None)?
        .write(&format!("{name}: imported from a {form} model; --model {name} opens it\n"))
}

/// Export a model for other programs.
///
/// # Errors
/// When it cannot be opened, the target exists, or the format cannot hold the model.
pub fn export(found: &Found, to: To, output: &Path, precision: Precision) -> Result<()> {
    let mut model = found.checkpoint()?;
    note(&model.notes);
    let shown = || format!("{}", output.display());
    ensure!(
        fs::symlink_metadata(output).is_err(),
        "{}: already exists; give another name",
        output.display()
    );
    match to {
        To::HuggingFace => to_folder(&mut model, found.memorized()?.as_ref(), output)?,
        To::Gguf => {
            if found.place.as_deref().and_then(Memorized::place).is_some() {
                note(&[NO_INDEX.to_owned()]);
            }
            model.config.fits_gguf()?;
            let model = model.load(precision)?;
            note(mix(&*model.network, precision).as_slice());
            let new = whole::file_in(whole::folder_of(output)).with_context(shown)?;
            let mut writer = BufWriter::with_capacity(1 << 20, new);
            gguf::write(&mut writer, &model.name, &*model.network, Some(&model.tokenizer), &[])
                .with_context(shown)?;
            let new = writer.into_inner().with_context(shown)?;
            new.as_file().sync_all().with_context(shown)?;
            new.persist_noclobber(output).with_context(shown)?;
        }
    }
    Place::open(None)?.write(&format!("{}\n", output.display()))
}

/// Remove a run of `unstuck finetune` (`run:NAME`), a model from the data folder, or all its revisions from the hub's cache; asks first, unless `yes` is set.
///
/// # Errors
/// When there is no such model, the answer is no, or it can't be deleted.
pub fn remove(name: &str, shelf: &Path, cache: Option<&Path>, yes: bool) -> Result<()> {
    if let Some(run) = name.strip_prefix("run:") {
        let runs = shelf.with_file_name("runs");
        let folder = runs.join(run);
        ensure!(
            is_name(run) && folder.is_dir(),
            "{name}: no such run in {}; `unstuck models list` names them",
            runs.display()
        );
        return delete(name, "", &[folder], yes);
    }
    ensure!(name != EMBEDDED, "{name}: it is part of the program and can't be removed");
    let shared = cache.map_or(Vec::new(), |cache| hub::repositories(cache, name));
    ensure!(
        is_name(name) || !shared.is_empty(),
        "{name}: not a model name; only models of the data folder and the hub's cache can be removed, by name"
    );
    let own = [shelf.join(name), shelf.join(format!("{name}.gguf"))];
    let own = own.into_iter().find(|path| is_name(name) && fs::symlink_metadata(path).is_ok());
    let whose = match own {
        Some(_) => "",
        None => ", the cache that other programs share",
    };
    let paths = own.map_or(shared, |own| vec![own]);
    if paths.is_empty() {
        bail!(
            "{name}: no such model in {}{}; delete models in other folders yourself",
            shelf.display(),
            cache.map_or(String::new(), |cache| format!(" or {}", cache.display()))
        );
    }
    delete(name, whose, &paths, yes)
}

/// Delete files and folders, after asking.
fn delete(name: &str, whose: &str, paths: &[PathBuf], yes: bool) -> Result<()> {
    let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|facts| facts.is_dir());
    let bytes = |path: &PathBuf| match is_folder(path) {
        true => bytes_in(path),
        false => fs::symlink_metadata(path).map_or(0, |facts| facts.len()),
    };
    let places: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    let what = format!(
        "{name} ({}, {}{whose})",
        size(paths.iter().map(bytes).sum()),
        places.join(" and ")
    );
    if !yes && !agreed(&what)? {
        bail!("{name}: not removed");
    }
    for path in paths {
        // For a symbolic link, only the link is removed.
        let removed =
            if is_folder(path) { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        removed.with_context(|| format!("{}", path.display()))?;
    }
    Place::open(None)?.write(&format!("removed {what}\n"))
}

/// Which forms the matrices of an export have, and why; `None` if all have the one that was asked for.
fn mix(network: &dyn Network, asked: Precision) -> Option<String> {
    let forms = network.precisions();
    if forms.iter().all(|(form, _)| *form == asked.to_string()) {
        return None;
    }
    let shown: Vec<_> = forms.iter().map(|(form, n)| format!("{n} in {form}")).collect();
    let mut text = format!("matrices: {}", shown.join(", "));
    let parts = network.named_parts();
    let mut others = parts.iter().filter_map(|(spec, part)| {
        let Part::Matrix(weight) = part else { return None };
        let is_table = matches!(spec.kind, Kind::Embedding | Kind::Head) && asked.is_small();
        let is_other = weight.precision() != asked.to_string() && !is_table;
        is_other
            .then(|| (weight.precision(), weight.dims().map(|(_, row)| row).unwrap_or_default()))
    });
    let Some((form, row)) = others.next() else { return Some(text) };
    text += &match asked {
        Precision::Q4k if form == "q8_0" && !row.is_multiple_of(256) => format!(
            ". q4k needs rows of whole blocks of 256 weights, and there are rows of {row}; q4_0, q4_1, q5_0 and q5_1 fit \
             blocks of 32"
        ),
        _ if !row.is_multiple_of(32) => {
            format!(
                ". {asked} needs rows of whole blocks of 32 weights, and there are rows of {row}"
            )
        }
        _ => ". A quantized model is not quantized again to a more precise form".to_owned(),
    };
    Some(text)
}

fn agreed(what: &str) -> Result<bool> {
    let (stdin, mut stderr) = (std::io::stdin(), std::io::stderr());
    ensure!(stdin.is_terminal() && stderr.is_terminal(), "would remove {what}; confirm with --yes");
    write!(stderr, "Remove {}? [y/N] ", crate::clean::for_terminal(what))?;
    stderr.flush()?;
    let mut answer = String::new();
    stdin.read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    let bytes = |path: &PathBuf| match fs::symlink_metadata(path) {
        Ok(facts) if facts.is_dir() => bytes_in(path),
        facts => facts.map_or(0, |facts| facts.len()),
    };
    paths.iter().map(bytes).sum()
}
