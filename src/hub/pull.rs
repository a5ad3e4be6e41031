//! Downloads a model by its name. It reads the metadata, checks that the model is a GPT-2 and fits on the disk, and
//! downloads the required files. When all are complete, it creates the snapshot by which the model is found.

use super::{
    Hub, Step, Tell, Trouble,
    cache::{self, is_id, is_plain},
    fetch::{Shelf, Wanted, said},
    gguf,
    http::{Ask, Facts},
    known::{is_on_hub, known, names, nearest},
    sum::Sum,
};
use crate::{model::parse_config, weights::safetensors::shard_names};
use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value;
use std::{fs, path::PathBuf};

/// Small files that are fetched if there are any: they say with which tokens texts begin and end, which tokens were added,
/// and which sampling values are recommended.
const OPTIONAL: [&str; 4] = [
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "generation_config.json",
];

/// Disk space that is left free after a download.
const ROOM: u64 = 64 << 20;

/// The result of a pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// The model is complete and verified, and opens by its name.
    Here {
        /// Its name.
        name: String,
        /// Its folder, or its GGUF file.
        snapshot: PathBuf,
        /// Bytes that were downloaded by this pull.
        fetched: u64,
        /// Its licence, as the hub has it.
        licence: Option<String>,
        /// Files for which the hub gave no checksum; only their length was verified.
        unchecked: Vec<String>,
    },
    /// It was stopped. What was downloaded is kept.
    Stopped,
}

/// The hub's metadata of a model.
struct Listing {
    id: String,
    files: Option<Vec<String>>,
    commit: Option<String>,
    licence: Option<String>,
}

impl Hub {
    /// Download the model `name` (`gpt2`, `owner/name`, `owner/name:file.gguf`) into the cache.
    ///
    /// # Errors
    /// When it doesn't exist, access is denied, it is not a GPT-2, there is not enough disk space, or the download
    /// fails. The error says what to do.
    pub fn pull(&self, name: &str, tell: Tell) -> Result<Pulled> {
        let (id, file) = gguf::split(name);
        ensure!(
            is_id(id) && file.is_none_or(is_plain),
            "{name}: not a model name of the hub; use `gpt2`, `owner/name`, or `owner/name:FILE` for a GGUF file"
        );
        if self.settings.offline {
            let here = cache::cached(&self.settings.cache, name);
            let here = here.with_context(|| {
                format!("{name}: not in the cache, and HF_HUB_OFFLINE says that nothing may be asked for")
            })?;
            let (name, snapshot) = (here.name, here.snapshot);
            let unchecked = Vec::new();
            return Ok(Pulled::Here { name, snapshot, fetched: 0, licence: None, unchecked });
        }
        let pulled = self.try_pull(id, file, tell);
        if pulled.is_err() {
            names(id).iter().for_each(|id| cache::tidy(&self.settings.cache, id));
        }
        match pulled {
            Ok(pulled) => Ok(pulled),
            Err(Trouble::Stopped) => Ok(Pulled::Stopped),
            Err(Trouble::Fatal(error)) => Err(error.context(name.to_owned())),
            Err(Trouble::Again(why, _) | Trouble::Missing(why)) => Err(anyhow!("{name}: {why}")),
        }
    }

    fn try_pull(&self, name: &str, file: Option<&str>, tell: Tell) -> Result<Pulled, Trouble> {
        let listing = self.find(name, tell)?;
        let id = &*listing.id;
        let gguf = gguf::wanted(name, listing.files.as_deref(), file)?;
        let files = match &gguf {
            Some(file) => vec![file.clone()],
            None => {
                self.check_config(&listing, tell)?;
                self.needed(&listing, tell)?
            }
        };
        let (files, commit) = self.facts(&listing, files, tell)?;
        let unchecked = files
            .iter()
            .filter(|f| Sum::named(&f.etag).is_none())
            .map(|f| f.name.clone())
            .collect();
        let shelf = Shelf::new(&self.settings.cache, id);
        let (total, here) = (sum(&files, |f| f.size), sum(&files, |f| shelf.here(f)));
        self.check_space(total - here)?;
        said(tell, Step::Sizes { total, here })?;
        let mut before = 0;
        for file in &files {
            self.fetch(&shelf, file, before, tell)?;
            before += file.size;
            said(tell, Step::Bytes(before))?;
        }
        let blobs: Vec<_> = files.iter().map(|f| (f.name.clone(), shelf.blob(f))).collect();
        let cache = &self.settings.cache;
        let publish = |id: &str| {
            cache::publish(cache, id, &commit, &blobs)
                .map_err(|error| super::disk(error, &cache::folder(cache, id)))
        };
        let mut snapshot = publish(id)?;
        // other programs find it under the name that was asked for, too
        if id != name && is_on_hub(name) {
            publish(name)?;
        }
        snapshot.extend(gguf);
        let name = cache::name_of(&snapshot).unwrap_or_else(|| name.to_owned());
        let licence = listing.licence;
        Ok(Pulled::Here { name, snapshot, fetched: total - here, licence, unchecked })
    }

    /// Read `config.json`, and refuse a model of a family that isn't read here.
    fn check_config(&self, listing: &Listing, tell: Tell) -> Result<(), Trouble> {
        let path = format!("{}/resolve/main/config.json", listing.id);
        let config = self.persist(tell, || self.read(&path).map(|(bytes, _)| bytes));
        let files = listing.files.as_deref().unwrap_or_default();
        let config = config.map_err(|trouble| match trouble {
            Trouble::Missing(_) if files.iter().any(|file| file == "adapter_config.json") => {
                Trouble::Fatal(anyhow!(
                    "it is an adapter; put its adapter_config.json and adapter_model.safetensors into a folder, and give that \
                     to --model"
                ))
            }
            Trouble::Missing(_) => {
                Trouble::Fatal(anyhow!("it has no config.json, so it can't be opened here"))
            }
            other => other,
        })?;
        parse_config(&config).context("config.json")?;
        Ok(())
    }

    /// Find the id under which the hub has a model, and read its metadata.
    fn find(&self, name: &str, tell: Tell) -> Result<Listing, Trouble> {
        let mut why = String::new();
        // an id that is in the cache already comes first, so that no file is downloaded twice
        let mut ids = names(name);
        ids.sort_by_key(|id| !cache::folder(&self.settings.cache, id).is_dir());
        for id in ids {
            match self.persist(tell, || self.read(&format!("api/models/{id}"))) {
                Ok((bytes, _)) => return Ok(listing(id, &bytes)?),
                Err(Trouble::Missing(said)) => why = said,
                Err(other) => return Err(other),
            }
        }
        // a mirror may have the files but no metadata
        for id in names(name) {
            let path = format!("{id}/resolve/main/config.json");
            match self.persist(tell, || self.ask(&path, Ask::Facts)) {
                Ok(_) => return Ok(Listing { id, files: None, commit: None, licence: None }),
                Err(Trouble::Missing(_)) => {}
                Err(other) => return Err(other),
            }
        }
        let meant = match nearest(name).filter(|near| known(name).is_none() && *near != name) {
            Some(near) => format!(". Did you mean {near}?"),
            None => "; `unstuck models pull --help` names the published ones".into(),
        };
        Err(Trouble::Fatal(anyhow!("no such model on the hub: {why}{meant}")))
    }

    /// The names of the required files: the configuration, the vocabulary, and the weights in the best available
    /// format.
    fn needed(&self, listing: &Listing, tell: Tell) -> Result<Vec<String>, Trouble> {
        let has = |tell: Tell, name: &str| -> Result<bool, Trouble> {
            if let Some(files) = &listing.files {
                return Ok(files.iter().any(|file| file == name));
            }
            let path = format!("{}/resolve/main/{name}", listing.id);
            match self.persist(tell, || self.ask(&path, Ask::Facts)) {
                Ok(_) => Ok(true),
                Err(Trouble::Missing(_)) => Ok(false),
                Err(other) => Err(other),
            }
        };
        let mut files = vec!["config.json".to_owned()];
        for name in OPTIONAL {
            if has(tell, name)? {
                files.push(name.into());
            }
        }
        if has(tell, "tokenizer.json")? {
            files.push("tokenizer.json".into());
        } else if has(tell, "vocab.json")? && has(tell, "merges.txt")? {
            files.extend(["vocab.json", "merges.txt"].map(str::to_owned));
        } else {
            return Err(Trouble::Fatal(anyhow!(
                "it has no vocabulary: neither tokenizer.json nor vocab.json and merges.txt"
            )));
        }
        for weights in ["model.safetensors", "pytorch_model.bin"] {
            if has(tell, weights)? {
                files.push(weights.into());
                return Ok(files);
            }
            let index = format!("{weights}.index.json");
            if has(tell, &index)? {
                let path = format!("{}/resolve/main/{index}", listing.id);
                let (json, _) = self.persist(tell, || self.read(&path))?;
                let parts = shard_names(&json).with_context(|| index.clone())?;
                if let Some(bad) = parts.iter().find(|part| !is_plain(part)) {
                    return Err(Trouble::Fatal(anyhow!("{index}: `{bad}` is not a file name")));
                }
                files.push(index);
                files.extend(parts);
                return Ok(files);
            }
        }
        Err(Trouble::Fatal(anyhow!(
            "it has no weights that can be read here: neither model.safetensors nor pytorch_model.bin"
        )))
    }

    /// The metadata of each file, all of the same revision.
    fn facts(
        &self,
        listing: &Listing,
        names: Vec<String>,
        tell: Tell,
    ) -> Result<(Vec<Wanted>, String), Trouble> {
        let mut commit = listing.commit.clone();
        let mut wanted = Vec::new();
        for name in names {
            let path = format!("{}/resolve/main/{name}", listing.id);
            let answer = self.persist(tell, || self.ask(&path, Ask::Facts));
            let answer = answer.map_err(|trouble| match trouble {
                Trouble::Missing(_) => Trouble::Fatal(anyhow!(
                    "{name}: missing on the hub, though the model needs it; its owner has to add it"
                )),
                other => other,
            })?;
            let Facts { etag, size, commit: of } = answer.facts;
            let what = || name.clone();
            let size = size.context("the hub doesn't say how long it is").with_context(what)?;
            let etag = etag.filter(|etag| is_plain(etag));
            let etag =
                etag.context("the hub doesn't say which content it is").with_context(what)?;
            if of.is_some() && commit.is_some() && of != commit {
                return Err(Trouble::Fatal(anyhow!(
                    "it was changed on the hub just now; pull again"
                )));
            }
            commit = commit.or(of);
            wanted.push(Wanted { name, path, etag, size });
        }
        let commit = commit.filter(|commit| is_plain(commit));
        let commit = commit.context("the hub doesn't say which revision this is")?;
        Ok((wanted, commit))
    }

    fn check_space(&self, coming: u64) -> Result<()> {
        let cache = &self.settings.cache;
        let need = coming + ROOM;
        if let Some(free) = (self.conditions.space)(cache).filter(|free| coming > 0 && *free < need)
        {
            bail!(
                "{} more are needed in {}, and {} are free: make room there, or set HF_HOME to a larger disk",
                megabytes(need),
                cache.display(),
                megabytes(free)
            );
        }
        fs::create_dir_all(cache).with_context(|| format!("{}", cache.display()))
    }
}

fn sum(files: &[Wanted], of: impl Fn(&Wanted) -> u64) -> u64 {
    files.iter().map(of).fold(0, u64::saturating_add)
}

/// In decimal units, as on the hub's pages.
fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

fn listing(id: String, json: &[u8]) -> Result<Listing> {
    let value: Value =
        serde_json::from_slice(json).context("the hub's word on it is not understood")?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let files = value["siblings"]
        .as_array()
        .map(|files| files.iter().filter_map(|file| text(&file["rfilename"])).collect::<Vec<_>>());
    let tagged = || {
        let tags = value["tags"].as_array()?;
        tags.iter().find_map(|tag| Some(tag.as_str()?.strip_prefix("license:")?.to_owned()))
    };
    let licence = text(&value["cardData"]["license"]).or_else(tagged);
    let licence = licence.filter(|text| is_plain(text));
    Ok(Listing { id, files, commit: text(&value["sha"]), licence })
}
