//! `unstuck models pack` and `unpack`: a model as one zip archive whose first entry is a manifest. Unpacking accepts
//! only known files, verifies their checksums, and opens the model once before its folder appears.

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

/// The file name of the manifest.
const LIST: &str = "unstuck.json";
/// The files of a model.
const MODEL: [&str; 7] = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "model.safetensors",
    memorized::FILE,
];
/// The files that a run also needs to be resumed.
const RUN: [&str; 3] = ["run.json", "state.json", "optimizer.safetensors"];
/// Those of both lists that are in a run's folder, not in the folder of its checkpoint.
const ABOVE: [&str; 2] = ["run.json", memorized::FILE];

/// The manifest of an archive.
#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    /// The version of the manifest's format; 1.
    unstuck_pack: u32,
    /// The model's name.
    name: String,
    /// The step of a run that can be resumed; `None` for a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
    /// Its files, with their lengths in bytes.
    files: BTreeMap<String, u64>,
}

/// Write a model into one file; with `resumable`, a run with everything that is needed to resume it.
///
/// # Errors
/// When it can't be opened or written, or the file exists.
pub fn pack(found: &Found, name: &str, output: &Path, resumable: bool) -> Result<()> {
    let shown = || output.display().to_string();
    ensure!(
        fs::symlink_metadata(output).is_err(),
        "{}: already exists; give another name",
        shown()
    );
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
        ensure!(step.is_some(), "{name}: not a run; --resumable needs run:NAME");
        for file in RUN {
            let own = folder.join(file);
            let path = if ABOVE.contains(&file) { folder.with_file_name(file) } else { own };
            ensure!(
                path.is_file(),
                "{}: missing; the run can't be resumed without it",
                path.display()
            );
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

/// Write the archive: the manifest, then the files.
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

/// Whether a folder is in the Hugging Face layout, with a single file of weights.
fn is_plain(folder: &Path) -> bool {
    ["config.json", "tokenizer.json", "model.safetensors"].iter().all(|f| folder.join(f).is_file())
}

/// Unpack a model into the data folder, or a run into its folder of runs. `name` renames it.
///
/// # Errors
/// When the file is damaged or has unknown files, or the name is taken.
pub fn unpack(packed: &Path, name: Option<&str>, shelf: &Path) -> Result<()> {
    let shown = || packed.display().to_string();
    let file = File::open(packed).with_context(shown)?;
    let mut zip = ZipArchive::new(BufReader::new(file))
        .with_context(|| format!("{}: not a complete file of `unstuck models pack`", shown()))?;
    let contents = contents(&mut zip).with_context(shown)?;
    let name = name.unwrap_or(&contents.name);
    ensure!(is_name(name), "`{name}` is not a valid model name; give another with --name");
    let (place, opens) = match contents.step {
        Some(_) => (shelf.with_file_name("runs"), format!("run:{name}")),
        None => (shelf.to_owned(), name.to_owned()),
    };
    let to = place.join(name);
    ensure!(
        fs::symlink_metadata(&to).is_err(),
        "{}: already exists; give another name with --name",
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
    check(&within).with_context(|| format!("{}: not unpacked", shown()))?;
    fs::rename(&new, &to).with_context(|| to.display().to_string())?;
    Place::open(None)?.write(&format!("{opens}: unpacked; --model {opens} opens it\n"))
}

/// Read the manifest, and compare it with the archive's files.
fn contents<R: Read + io::Seek>(zip: &mut ZipArchive<R>) -> Result<Contents> {
    let list = zip.by_name(LIST).with_context(|| format!("no `{LIST}` in it"))?;
    let mut json = Vec::new();
    list.take(1 << 16).read_to_end(&mut json)?;
    let contents: Contents = serde_json::from_slice(&json).with_context(|| LIST.to_owned())?;
    let form = contents.unstuck_pack;
    ensure!(
        form == 1,
        "it has format version {form}; this program reads version 1, so use a newer one"
    );
    let is_known =
        |file: &str| MODEL.contains(&file) || contents.step.is_some() && RUN.contains(&file);
    for file in zip.file_names() {
        let file = &*file?;
        if file == LIST {
            continue;
        }
        ensure!(is_known(file), "`{}` is not a file of a model", file.escape_debug());
        ensure!(contents.files.contains_key(file), "`{file}` is not in its list");
    }
    for file in contents.files.keys() {
        ensure!(is_known(file), "`{}` is not a file of a model", file.escape_debug());
    }
    let needed = MODEL[..2].iter().chain(["model.safetensors"].iter());
    let more = if contents.step.is_some() { &RUN[..] } else { &[] };
    for file in needed.chain(more) {
        ensure!(contents.files.contains_key(*file), "no `{file}` in it");
    }
    Ok(contents)
}

/// Extract one file. Its length must be that of the manifest; the zip reader verifies its checksum.
fn extract<R: Read + io::Seek>(
    zip: &mut ZipArchive<R>,
    file: &str,
    length: u64,
    to: &Path,
) -> Result<()> {
    let from = zip.by_name(file).context("missing")?;
    ensure!(
        from.compression() == CompressionMethod::Stored,
        "compressed; `unstuck models pack` only stores files"
    );
    let mut out = File::create_new(to)?;
    // read one byte more than allowed, so that the reader reaches the end and verifies the checksum
    let copied = io::copy(&mut from.take(length + 1), &mut out)?;
    if copied != length {
        bail!("{copied} bytes, but the list says {length}");
    }
    Ok(out.sync_all()?)
}

/// Read every tensor of a model once.
fn check(folder: &Path) -> Result<()> {
    let mut model = Checkpoint::open(folder)?;
    for spec in model.config.tensors() {
        model.get(&spec)?;
    }
    Memorized::find(folder)?;
    Ok(())
}
