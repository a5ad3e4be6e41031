//! A model as one file to carry, and back. The file is a zip archive of plain files with a list of them in front. What is
//! unpacked is named in a list of ours, checked byte for byte and read once before it appears, whole or not at all.

use super::{is_name, note};
use crate::{
    catalogue::Found,
    commands::Place,
    model::{Memorized, Tensors, memorized},
    weights::{Checkpoint, export::to_folder},
    whole,
};
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufReader, Read, Write},
    path::{Path, PathBuf},
};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// The list in front.
const LIST: &str = "unstuck.json";
/// What belongs to a model.
const MODEL: [&str; 7] = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "model.safetensors",
    memorized::FILE,
];
/// What a run needs besides to go on.
const RUN: [&str; 3] = ["run.json", "state.json", "optimizer.safetensors"];
/// Those of both that lie in a run's folder and not in its checkpoint's.
const ABOVE: [&str; 2] = ["run.json", memorized::FILE];

/// What is in a packed file.
#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    /// The form of this list; 1.
    unstuck_pack: u32,
    /// What the model was called.
    name: String,
    /// The step of a run that can go on; none of a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
    /// Its files, with their lengths in bytes.
    files: BTreeMap<String, u64>,
}

/// Write a model into one file; a run of which `resumable` is wanted with all that it needs to go on.
///
/// # Errors
/// When it can't be opened or written, or the file is there already.
pub fn pack(found: &Found, name: &str, output: &Path, resumable: bool) -> Result<()> {
    let shown = || output.display().to_string();
    ensure!(fs::symlink_metadata(output).is_err(), "{}: there already; give another name", shown());
    let name = name.strip_prefix("run:").unwrap_or(name);
    let aside = tempfile::tempdir_in(whole::folder_of(output)).with_context(shown)?;
    let folder = match found.place.as_deref() {
        Some(path) if is_plain(path) => path.to_owned(),
        _ => {
            let mut model = found.checkpoint()?;
            note(&model.notes);
            let new = aside.path().join("model");
            to_folder(&mut model, found.memorized()?.as_ref(), &new)?;
            new
        }
    };
    let mut files: Vec<(&str, PathBuf)> = MODEL
        .iter()
        .map(|&file| (file, folder.join(file)))
        .filter(|(_, path)| path.is_file())
        .collect();
    let index = found.place.as_deref().and_then(Memorized::place);
    if let Some(index) = index.filter(|_| files.iter().all(|(file, _)| *file != memorized::FILE)) {
        files.push((memorized::FILE, index));
    }
    let mut step = None;
    if resumable {
        let number = |path: &Path| {
            path.file_name()?.to_str()?.strip_prefix("checkpoint-")?.parse::<usize>().ok()
        };
        step = found.place.as_deref().and_then(number);
        ensure!(step.is_some(), "{name}: no run; only run:NAME can go on elsewhere");
        for file in RUN {
            let own = folder.join(file);
            let path = if ABOVE.contains(&file) { folder.with_file_name(file) } else { own };
            ensure!(path.is_file(), "{}: missing; without it the run can't go on", path.display());
            files.push((file, path));
        }
    }
    let length = |(file, path): &(&str, PathBuf)| {
        Ok((file.to_string(), path.metadata().with_context(|| path.display().to_string())?.len()))
    };
    let contents = Contents {
        unstuck_pack: 1,
        name: name.to_owned(),
        step,
        files: files.iter().map(length).collect::<Result<_>>()?,
    };
    let mut new = whole::file_in(aside.path()).with_context(shown)?;
    write(new.as_file_mut(), &contents, &files).with_context(shown)?;
    new.persist_noclobber(output).with_context(shown)?;
    Place::open(None)?.write(&format!("{}\n", shown()))
}

/// The archive: the list, then the files.
fn write(to: &mut File, contents: &Contents, files: &[(&str, PathBuf)]) -> Result<()> {
    let mut zip = ZipWriter::new(io::BufWriter::with_capacity(1 << 20, &mut *to));
    let plain = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file(LIST, plain)?;
    zip.write_all(&serde_json::to_vec_pretty(contents)?)?;
    for (file, path) in files {
        zip.start_file(*file, plain.large_file(true))?;
        let from = File::open(path).with_context(|| path.display().to_string())?;
        io::copy(&mut BufReader::with_capacity(1 << 20, from), &mut zip)?;
    }
    zip.finish()?.flush()?;
    Ok(to.sync_all()?)
}

/// Whether a folder is in the Hugging Face layout, with one file of weights.
fn is_plain(folder: &Path) -> bool {
    ["config.json", "tokenizer.json", "model.safetensors"].iter().all(|f| folder.join(f).is_file())
}

/// Take a packed model over into the shelf, or a packed run beside it. `name` is what it is called from now on.
///
/// # Errors
/// When the file is damaged, holds anything else, or the name is taken.
pub fn unpack(packed: &Path, name: Option<&str>, shelf: &Path) -> Result<()> {
    let shown = || packed.display().to_string();
    let file = File::open(packed).with_context(shown)?;
    let mut zip = ZipArchive::new(BufReader::new(file)).with_context(|| {
        format!("{}: no file that `unstuck models pack` wrote, or not all of it", shown())
    })?;
    let contents = contents(&mut zip).with_context(shown)?;
    let name = name.unwrap_or(&contents.name);
    ensure!(is_name(name), "`{name}` can't be a model's name here; give another with --name");
    let (place, opens) = match contents.step {
        Some(_) => (shelf.with_file_name("runs"), format!("run:{name}")),
        None => (shelf.to_owned(), name.to_owned()),
    };
    let to = place.join(name);
    ensure!(
        fs::symlink_metadata(&to).is_err(),
        "{}: there already; give another name with --name",
        to.display()
    );
    fs::create_dir_all(&place).with_context(|| place.display().to_string())?;
    let aside = tempfile::tempdir_in(&place).with_context(|| place.display().to_string())?;
    let new = aside.path().join("new");
    let within = match contents.step {
        Some(step) => new.join(format!("checkpoint-{step}")),
        None => new.clone(),
    };
    fs::create_dir_all(&within)?;
    for (file, &length) in &contents.files {
        let is_above = contents.step.is_some() && ABOVE.contains(&&**file);
        let path = if is_above { &new } else { &within }.join(file);
        extract(&mut zip, file, length, &path).with_context(|| format!("{}: {file}", shown()))?;
    }
    check(&within).with_context(|| format!("{}: not taken over", shown()))?;
    fs::rename(&new, &to).with_context(|| to.display().to_string())?;
    Place::open(None)?.write(&format!("{opens}: unpacked; --model {opens} opens it\n"))
}

/// The list in front, held against what is there.
fn contents<R: Read + io::Seek>(zip: &mut ZipArchive<R>) -> Result<Contents> {
    let list = zip.by_name(LIST).with_context(|| format!("no `{LIST}` in it"))?;
    let mut json = Vec::new();
    list.take(1 << 16).read_to_end(&mut json)?;
    let contents: Contents = serde_json::from_slice(&json).with_context(|| LIST.to_owned())?;
    let form = contents.unstuck_pack;
    ensure!(form == 1, "packed in form {form}, which a later version of this program wrote");
    let is_known =
        |file: &str| MODEL.contains(&file) || contents.step.is_some() && RUN.contains(&file);
    for file in zip.file_names() {
        let file = &*file?;
        if file == LIST {
            continue;
        }
        ensure!(is_known(file), "`{}` has no place in a model", file.escape_debug());
        ensure!(contents.files.contains_key(file), "`{file}` is not in its list");
    }
    for file in contents.files.keys() {
        ensure!(is_known(file), "`{}` has no place in a model", file.escape_debug());
    }
    let needed = MODEL[..2].iter().chain(["model.safetensors"].iter());
    let more = if contents.step.is_some() { &RUN[..] } else { &[] };
    for file in needed.chain(more) {
        ensure!(contents.files.contains_key(*file), "no `{file}` in it");
    }
    Ok(contents)
}

/// Write out one file, which is as long as the list says and whose sum is right (the reader looks at that).
fn extract<R: Read + io::Seek>(
    zip: &mut ZipArchive<R>,
    file: &str,
    length: u64,
    to: &Path,
) -> Result<()> {
    let from = zip.by_name(file).context("missing")?;
    ensure!(from.compression() == CompressionMethod::Stored, "packed in a way that is not ours");
    let mut out = File::create_new(to)?;
    // one byte more than it may have, so that the reader comes to the end and looks at the sum
    let copied = io::copy(&mut from.take(length + 1), &mut out)?;
    if copied != length {
        bail!("{copied} bytes, where the list has {length}");
    }
    Ok(out.sync_all()?)
}

/// Read all of a model.
fn check(folder: &Path) -> Result<()> {
    let mut model = Checkpoint::open(folder)?;
    for spec in model.config.tensors() {
        model.get(&spec)?;
    }
    Memorized::find(folder)?;
    Ok(())
}
