//! The cache that programs for the Hugging Face hub share: file contents by checksum in `blobs`, links to them in
//! `snapshots`, and the snapshot of each branch in `refs`. Models that other programs downloaded are used. A model
//! with missing files is ignored.

use super::{
    gguf,
    known::{KNOWN, names},
    sum::Sum,
};
use crate::{
    model::parse_config,
    weights::{has_vocabulary, safetensors::shards},
};
use hf_hub::{Cache, CacheRepo, Repo};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// A complete model in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// Its name: the short name of a published model, `owner/name` of others, `owner/name:file` of a GGUF file.
    pub name: String,
    /// The folder with its files, or its GGUF file.
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

/// The folder with the model's files, if all required ones are present; or the GGUF file that `owner/name:file` means, and
/// `owner/name` if there is only one.
pub fn find(cache: &Path, name: &str) -> Option<PathBuf> {
    let (id, file) = gguf::split(name);
    let mut ids = names(id).into_iter().filter(|id| is_id(id));
    ids.find_map(|id| match file {
        Some(file) => {
            let files = ggufs(cache, &id);
            let names: Vec<_> = files.keys().cloned().collect();
            files.get(&gguf::choose(&names, file)?).cloned()
        }
        None => snapshot(cache, &id).or_else(|| {
            let mut files = ggufs(cache, &id).into_values();
            files.next().filter(|_| files.next().is_none())
        }),
    })
}

/// The GGUF files of a repository that are in the cache, by name. Those of branch `main` come before older ones.
fn ggufs(cache: &Path, id: &str) -> BTreeMap<String, PathBuf> {
    let snapshots = folder(cache, id).join("snapshots");
    let main = fs::read_to_string(folder(cache, id).join("refs").join("main")).ok();
    let main = main.filter(|commit| is_plain(commit)).map(|commit| snapshots.join(commit));
    let others = fs::read_dir(&snapshots).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found = BTreeMap::new();
    for snapshot in main.into_iter().chain(others) {
        for entry in fs::read_dir(snapshot).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            if gguf::is_gguf(&name) && entry.path().is_file() {
                found.entry(name).or_insert_with(|| entry.path());
            }
        }
    }
    found
}

/// What to delete to remove a model: the cache folders of its repository under each of its ids, with all revisions and
/// with what an interrupted first pull left; or one GGUF file of a repository that has others. Repositories of other kinds
/// of models are left out.
pub fn repositories(cache: &Path, name: &str) -> Vec<PathBuf> {
    let (id, file) = gguf::split(name);
    if let Some(path) = file.and_then(|_| find(cache, name)) {
        if snapshot(cache, id).is_some() || ggufs(cache, id).len() > 1 {
            let blob = fs::canonicalize(&path).ok().filter(|blob| *blob != path);
            return blob.into_iter().chain([path]).collect();
        }
    } else if file.is_some() {
        return Vec::new();
    }
    let ids = names(id).into_iter().filter(|id| is_id(id));
    let is_ours = |id: &String| {
        let folder = folder(cache, id);
        let begun = folder.join("blobs").is_dir() && is_empty(&folder.join("snapshots"));
        begun || snapshot(cache, id).is_some() || !ggufs(cache, id).is_empty()
    };
    ids.filter(is_ours).map(|id| folder(cache, &id)).collect()
}

/// Whether a folder is empty or missing.
fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

/// Remove what a failed pull left of a repository if none of it is content: empty folders and empty partial files.
pub(super) fn tidy(cache: &Path, id: &str) {
    let folder = folder(cache, id);
    let blobs = folder.join("blobs");
    if !is_empty(&folder.join("snapshots")) || folder.join("refs").exists() {
        return;
    }
    for entry in fs::read_dir(&blobs).into_iter().flatten().flatten() {
        let is_part = entry.path().extension().is_some_and(|end| end == "incomplete");
        if is_part && entry.metadata().is_ok_and(|facts| facts.len() == 0) {
            let _ = fs::remove_file(entry.path());
        }
    }
    if !is_empty(&blobs) {
        return;
    }
    for folder in [blobs, folder.join("snapshots"), folder] {
        let _ = fs::remove_dir(folder); // only if it is empty
    }
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

/// A folder with the tokenizer of a model, though its weights may be missing.
pub fn tokenizer(cache: &Path, name: &str) -> Option<PathBuf> {
    let ids = names(name).into_iter().filter(|id| is_id(id));
    let snapshots = ids.map(|id| folder(cache, &id).join("snapshots"));
    let entries =
        snapshots.filter_map(|snapshots| fs::read_dir(snapshots).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).find(|snapshot| has_vocabulary(snapshot))
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
            let whole = snapshot(cache, &name);
            let whole = whole.map(|snapshot| Cached { name: short(name.clone()), snapshot });
            let files = ggufs(cache, &name).into_iter();
            let files = files
                .map(move |(file, snapshot)| Cached { name: format!("{name}:{file}"), snapshot });
            Some(whole.into_iter().chain(files))
        })
        .flatten()
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

/// The name of the model whose snapshot, or GGUF file in a snapshot, this is; `None` for other places.
pub fn name_of(place: &Path) -> Option<String> {
    let file = place.file_name()?.to_str().filter(|name| gguf::is_gguf(name));
    if let Some(file) = file {
        let id = id_of_snapshot(place.parent()?)?;
        return Some(format!("{id}:{file}"));
    }
    id_of_snapshot(place).map(short)
}

fn id_of_snapshot(folder: &Path) -> Option<String> {
    let snapshots = folder.parent()?;
    let is_snapshot = snapshots.file_name()? == "snapshots";
    let name = snapshots.parent()?.file_name()?.to_str()?;
    is_snapshot.then(|| id_of(name)).flatten()
}

/// Like [`find`], with the name that the model is found by.
pub fn cached(cache: &Path, name: &str) -> Option<Cached> {
    let snapshot = find(cache, name)?;
    Some(Cached { name: name_of(&snapshot)?, snapshot })
}

/// Verify each file of a snapshot, or one GGUF file of it, against the checksum in its blob's name. Returns the files that don't match.
/// Folders that are not snapshots have no checksums, so nothing is checked in them.
///
/// # Errors
/// When a file can't be read.
pub fn damaged(snapshot: &Path) -> io::Result<Vec<PathBuf>> {
    let mut bad = Vec::new();
    if name_of(snapshot).is_none() {
        return Ok(bad);
    }
    let files = match snapshot.is_dir() {
        true => fs::read_dir(snapshot)?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<_>>>()?,
        false => vec![snapshot.to_owned()],
    };
    for path in files {
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

/// Create a relative symbolic link to a blob, which may be another repository's; where that fails, a hard link or a copy.
fn point(blob: &Path, at: &Path) -> io::Result<()> {
    let name = blob.file_name().unwrap_or_default();
    let repository = blob.ancestors().nth(2);
    let up = Path::new("..").join("..");
    let folder = match repository {
        Some(other) if !at.starts_with(other) => {
            up.join("..").join(other.file_name().unwrap_or_default())
        }
        _ => up,
    };
    let link = folder.join("blobs").join(name);
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
