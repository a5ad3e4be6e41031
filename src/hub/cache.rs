//! The cache that programs for the Hugging Face hub share: file contents by checksum in `blobs`, links to them in
//! `snapshots`, and the snapshot of each branch in `refs`. Models that other programs downloaded are used. A model
//! with missing files is ignored.

use super::{
    known::{KNOWN, names},
    sum::Sum,
};
use crate::{model::parse_config, weights::safetensors::shards};
use hf_hub::{Cache, CacheRepo, Repo};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A complete model in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// Its name: the short name of a published model, `owner/name` of others.
    pub name: String,
    /// The folder with its files.
    pub snapshot: PathBuf,
}

/// Whether `name` is a valid id of a model on the hub: `name` or `owner/name`.
pub fn is_id(name: &str) -> bool {
    let mut parts = name.split('/');
    let (first, second, more) = (parts.next(), parts.next(), parts.next());
    let fits = |part: &str| {
        let ends = |c: char| c == '.' || c == '-';
        !part.is_empty()
            && part.len() <= 96
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
            && !part.starts_with(ends)
            && !part.ends_with(ends)
            && !part.contains("--")
            && !part.contains("..")
    };
    more.is_none() && first.is_some_and(fits) && second.is_none_or(fits)
}

/// Whether a text is safe as a file name. Names from the hub are used in paths only after this check.
pub(super) fn is_plain(name: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name.len() <= 128 && !name.starts_with('.') && name.chars().all(safe)
}

pub(super) fn repo(cache: &Path, id: &str) -> CacheRepo {
    Cache::new(cache.to_owned()).repo(Repo::model(id.to_owned()))
}

/// The cache folder of one model, which need not exist.
pub(super) fn folder(cache: &Path, id: &str) -> PathBuf {
    cache.join(Repo::model(id.to_owned()).folder_name())
}

/// The folder with the model's files, if all required ones are present.
pub fn find(cache: &Path, name: &str) -> Option<PathBuf> {
    names(name).into_iter().filter(|id| is_id(id)).find_map(|id| snapshot(cache, &id))
}

/// The cache folders of a model under each of its ids, with all revisions and with what an interrupted first pull
/// left. Repositories of other kinds of models are left out.
pub fn repositories(cache: &Path, name: &str) -> Vec<PathBuf> {
    let ids = names(name).into_iter().filter(|id| is_id(id));
    let is_ours = |id: &String| {
        let folder = folder(cache, id);
        let begun = folder.join("blobs").is_dir() && !folder.join("snapshots").exists();
        begun || snapshot(cache, id).is_some()
    };
    ids.filter(is_ours).map(|id| folder(cache, &id)).collect()
}

/// The snapshot of branch `main` if it is complete, else the newest complete one.
fn snapshot(cache: &Path, id: &str) -> Option<PathBuf> {
    let main =
        repo(cache, id).get("config.json").and_then(|config| Some(config.parent()?.to_owned()));
    if let Some(main) = main.filter(|folder| is_whole(folder)) {
        return Some(main);
    }
    let entries = fs::read_dir(folder(cache, id).join("snapshots")).ok()?.flatten();
    let whole = entries.map(|entry| entry.path()).filter(|path| is_whole(path));
    let time = |path: &PathBuf| fs::metadata(path).and_then(|facts| facts.modified()).ok();
    whole.max_by_key(|path| (time(path), path.clone()))
}

/// Whether a folder has a GPT-2 with its vocabulary and all of its weights.
fn is_whole(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file(); // false for a link whose target is missing
    let indexed = |name: &str| has(name) && shards(&folder.join(name)).is_ok();
    let words = has("tokenizer.json") || has("vocab.json") && has("merges.txt");
    let weights = has("model.safetensors")
        || indexed("model.safetensors.index.json")
        || has("pytorch_model.bin")
        || indexed("pytorch_model.bin.index.json");
    let config = || fs::read(folder.join("config.json")).ok();
    words && weights && config().is_some_and(|json| parse_config(&json).is_ok())
}

/// All complete models in the cache, by name.
pub fn list(cache: &Path) -> Vec<Cached> {
    let entries = fs::read_dir(cache).into_iter().flatten().flatten();
    let mut all: Vec<_> = entries
        .filter_map(|entry| {
            let name = id_of(entry.file_name().to_str()?)?;
            let snapshot = snapshot(cache, &name)?;
            Some(Cached { name: short(name), snapshot })
        })
        .collect();
    all.sort_by(|a, b| (&a.name, &a.snapshot).cmp(&(&b.name, &b.snapshot)));
    all.dedup_by(|a, b| a.name == b.name);
    all
}

/// `models--owner--name` to `owner/name`.
fn id_of(folder: &str) -> Option<String> {
    let id = folder.strip_prefix("models--")?.replacen("--", "/", 1);
    is_id(&id).then_some(id)
}

fn short(id: String) -> String {
    KNOWN.iter().find(|known| known.id == id).map_or(id, |known| known.name.to_owned())
}

/// The name of the model whose snapshot this is; `None` for other folders.
pub fn name_of(folder: &Path) -> Option<String> {
    let snapshots = folder.parent()?;
    let is_snapshot = snapshots.file_name()? == "snapshots";
    let name = snapshots.parent()?.file_name()?.to_str()?;
    is_snapshot.then(|| id_of(name).map(short)).flatten()
}

/// Like [`find`], with the name that the model is found by.
pub fn cached(cache: &Path, name: &str) -> Option<Cached> {
    let snapshot = find(cache, name)?;
    Some(Cached { name: name_of(&snapshot)?, snapshot })
}

/// Verify each file of a snapshot against the checksum in its blob's name. Returns the files that don't match.
/// Folders that are not snapshots have no checksums, so nothing is checked in them.
///
/// # Errors
/// When a file can't be read.
pub fn damaged(snapshot: &Path) -> io::Result<Vec<PathBuf>> {
    let mut bad = Vec::new();
    if name_of(snapshot).is_none() {
        return Ok(bad);
    }
    for entry in fs::read_dir(snapshot)? {
        let path = entry?.path();
        let Ok(blob) = fs::read_link(&path) else { continue };
        let sum = blob.file_name().and_then(|name| Sum::named(name.to_str()?));
        if let Some(sum) = sum
            && !sum.fits(&path)?
        {
            bad.push(path);
        }
    }
    bad.sort();
    Ok(bad)
}

/// Create the snapshot and make it branch `main`. Other programs find the model only after this.
pub(super) fn publish(
    cache: &Path,
    id: &str,
    commit: &str,
    files: &[(String, PathBuf)],
) -> io::Result<PathBuf> {
    let repo = repo(cache, id);
    let snapshot = repo.pointer_path(commit);
    fs::create_dir_all(&snapshot)?;
    for (name, blob) in files {
        let at = snapshot.join(name);
        if fs::canonicalize(&at).ok() == fs::canonicalize(blob).ok() {
            continue;
        }
        let aside = snapshot.join(format!(".{name}.new"));
        let _ = fs::remove_file(&aside);
        point(blob, &aside)?;
        fs::rename(&aside, &at)?;
    }
    repo.create_ref(commit)?;
    Ok(snapshot)
}

/// Create a relative symbolic link to a blob; where that fails, a hard link or a copy.
fn point(blob: &Path, at: &Path) -> io::Result<()> {
    let name = blob.file_name().unwrap_or_default();
    let link = Path::new("..").join("..").join("blobs").join(name);
    #[cfg(unix)]
    let linked = std::os::unix::fs::symlink(&link, at);
    #[cfg(windows)]
    let linked = std::os::windows::fs::symlink_file(&link, at);
    #[cfg(not(any(unix, windows)))]
    let linked: io::Result<()> = Err(io::ErrorKind::Unsupported.into());
    linked.or_else(|_| fs::hard_link(blob, at)).or_else(|_| fs::copy(blob, at).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_models_are_told_from_paths() {
        for good in ["gpt2", "openai-community/gpt2", "a_b/c.d-e1"] {
            assert!(is_id(good), "{good}");
        }
        for bad in
            ["", "/", "a/", "/b", "a/b/c", "..", "../x", "a/..", "a--b", "-a", "ä", "a b", "a\\b"]
        {
            assert!(!is_id(bad), "{bad}");
        }
        assert_eq!(
            id_of("models--openai-community--gpt2").as_deref(),
            Some("openai-community/gpt2")
        );
        assert_eq!(id_of("models--gpt2").as_deref(), Some("gpt2"));
        assert_eq!(id_of("datasets--x--y"), None);
        let folder = Path::new("/c/models--openai-community--gpt2/snapshots/abc");
        assert_eq!(name_of(folder).as_deref(), Some("gpt2"));
        assert_eq!(name_of(Path::new("/c/gpt2")), None);
    }
}
