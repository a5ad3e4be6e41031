//! What a file is that can't be opened as a model, by its first bytes, and what to do with it.

use anyhow::{Error, anyhow};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};
use zip::ZipArchive;

/// A file's kind in one sentence with the way out; `None` if the kind is not known, or is one that is read here.
pub fn name(path: &Path) -> Option<&'static str> {
    let mut start = Vec::new();
    File::open(path).ok()?.take(512).read_to_end(&mut start).ok()?;
    let begins = |with: &[u8]| start.starts_with(with);
    Some(match () {
        () if start.is_empty() => "an empty file; copy or fetch it again",
        () if begins(b"version https://git-lfs") => {
            "a git-lfs pointer, not the file itself; run `git lfs pull` in its folder, or download the file"
        }
        () if start.get(257..262) == Some(b"ustar") => {
            "a tar archive; unpack it (tar xf) and give the folder in it"
        }
        () if begins(&[0x1f, 0x8b]) => {
            "a gzip file; unpack it (tar xzf, or gunzip) and give what is in it"
        }
        () if begins(b"PK\x03\x04") => return in_zip(path),
        () if [b"lmgg", b"fmgg", b"tjgg", b"algg"].iter().any(|magic| begins(*magic)) => {
            "an old ggml file, from before GGUF; convert the original model to GGUF with llama.cpp's \
             convert_hf_to_gguf.py"
        }
        () if begins(b"\x89HDF\r\n\x1a\n") => {
            "an HDF5 file of Keras, which is not read here; save the model with transformers' save_pretrained, as \
             model.safetensors"
        }
        () if begins(b"<!") || begins(b"<html") => {
            "a web page, not a model; the download failed, so fetch the file itself"
        }
        () if begins(b"7z\xbc\xaf") || begins(b"Rar!") => {
            "an archive; unpack it and give the folder in it"
        }
        () if begins(b"\xfd7zXZ") || begins(b"BZh") || begins(&[0x28, 0xb5, 0x2f, 0xfd]) => {
            "a compressed file; unpack it and give what is in it"
        }
        () => return None,
    })
}

/// What is in a zip archive that is not a PyTorch file.
fn in_zip(path: &Path) -> Option<&'static str> {
    let zip = ZipArchive::new(File::open(path).ok()?);
    let Ok(zip) = zip else { return Some("a zip archive that is not complete; fetch it again") };
    let has = |end: &str| zip.file_names().any(|name| name.is_ok_and(|name| name.ends_with(end)));
    match () {
        () if has("data.pkl") => None,
        () if has("unstuck.json") => {
            Some("a model packed by `unstuck models pack`; install it with `unstuck models unpack`")
        }
        () => Some("a zip archive; unpack it and give the folder in it"),
    }
}

/// The error of a file, which says what the file is if that is known.
pub fn explain(path: &Path, error: Error) -> Error {
    let shown = path.display().to_string();
    match name(path) {
        Some(kind) => anyhow!("{shown}: {kind}"),
        None => error.context(shown),
    }
}

/// The same for several files: the first whose kind is known. `error` names its file already.
pub fn explain_any(paths: &[PathBuf], error: Error) -> Error {
    let found = paths.iter().find_map(|path| Some((path, name(path)?)));
    found.map_or(error, |(path, kind)| anyhow!("{}: {kind}", path.display()))
}
