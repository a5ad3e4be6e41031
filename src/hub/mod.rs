//! Models by name from the Hugging Face hub, stored in the cache that all programs for the hub share.
//!
//! [`Hub::pull`] asks the hub about a model, reads `config.json` before anything else, and fetches the needed files one
//! after the other. A file's content is named by its checksum, as the hub gives it (SHA-256, or git's hash for small
//! files). While it is fetched it has another name; when it is complete and checked, it is renamed. When all files are
//! there, the snapshot with their names is made, and last the reference that points to it. So other programs never see
//! half a model, and what others left unfinished is not used either.
//!
//! `http` sends requests and follows redirects itself. The token is sent only to the hub's own scheme, host and port.
//! Waiting, time limits, minimum speed, free space and the clock are in `Conditions`, which tests replace.
//!
//! Why not hf-hub's own transfer: version 0.5 compares no checksum, appends to a partial file whatever arrives, sends
//! the token on to the content network, and limits neither waits nor silence; its successor, 1.0, doesn't resume. Its
//! knowledge of the cache's layout is used.

mod cache;
mod fetch;
mod gguf;
mod http;
mod known;
mod pull;
mod sum;

pub use cache::{Cached, cached, damaged, find, list, name_of, repositories, tokenizer};
pub use known::{KNOWN, Known, known};
pub use pull::Pulled;

use crate::net::Client;
use anyhow::{Context, Result, bail, ensure};
use std::{
    fmt,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Where the hub is when `HF_ENDPOINT` doesn't say.
const ENDPOINT: &str = "https://huggingface.co";

/// The hub's address, the cache and the token.
#[derive(Clone, PartialEq)]
pub struct Settings {
    /// The hub's address, without a slash at its end.
    pub endpoint: String,
    /// The cache folder, with a subfolder `models--owner--name` for each model.
    pub cache: PathBuf,
    /// No requests may be sent.
    pub offline: bool,
    token: Option<String>,
}

/// The token is never shown.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Settings")
            .field("endpoint", &self.endpoint)
            .field("cache", &self.cache)
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// A hub that is asked without a token.
    pub fn new(endpoint: &str, cache: &Path) -> Self {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Self { endpoint, cache: cache.to_owned(), offline: false, token: None }
    }

    /// The same with a token.
    pub fn with_token(self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self }
    }

    /// As the variables say that programs for the hub know: `HF_ENDPOINT`, `HF_TOKEN` (or the file that
    /// `huggingface-cli login` writes), `HF_HUB_CACHE`, `HF_HOME`, `HF_HUB_OFFLINE`.
    ///
    /// # Errors
    /// When the address can't be used, or there is no home and nothing says where the cache is.
    pub fn from_env(env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let told = |name: &str| env(name).filter(|text| !text.trim().is_empty());
        let truth = |name: &str| {
            told(name).is_some_and(|text| {
                matches!(text.trim().to_uppercase().as_str(), "1" | "ON" | "YES" | "TRUE")
            })
        };
        let cache =
            cache_folder(&env).context("there is no home folder for the cache; set HF_HOME")?;
        let endpoint = told("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.into());
        let endpoint = endpoint.trim().trim_end_matches('/').to_owned();
        ensure!(
            http::is_address(&endpoint),
            "HF_ENDPOINT: `{}` is not the address of a hub; the default is https://huggingface.co",
            endpoint.rsplit('@').next().unwrap_or_default()
        );
        let from_file = || {
            if truth("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
                return None;
            }
            let file = told("HF_TOKEN_PATH").map(PathBuf::from);
            let file = file.or_else(|| Some(home_folder(&env)?.join("token")))?;
            std::fs::read_to_string(file).ok()
        };
        let token = told("HF_TOKEN").or_else(|| told("HUGGING_FACE_HUB_TOKEN")).or_else(from_file);
        let token = token.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if token.as_ref().is_some_and(|t| !t.chars().all(|c| c.is_ascii_graphic())) {
            bail!("HF_TOKEN: it has characters that are not allowed in a token");
        }
        let offline = truth("HF_HUB_OFFLINE") || truth("TRANSFORMERS_OFFLINE");
        Ok(Self { endpoint, cache, offline, token })
    }
}

/// Where the shared cache is: `HF_HUB_CACHE`, or `hub` in `HF_HOME`, or in the usual folder. `None` without a home.
pub fn cache_folder(env: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let told = |name: &str| env(name).filter(|text| !text.trim().is_empty()).map(PathBuf::from);
    told("HF_HUB_CACHE")
        .or_else(|| told("HUGGINGFACE_HUB_CACHE"))
        .or_else(|| Some(home_folder(&env)?.join("hub")))
}

fn home_folder(env: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let told = |name: &str| env(name).filter(|text| !text.trim().is_empty()).map(PathBuf::from);
    let home = || Some(directories::BaseDirs::new()?.home_dir().join(".cache"));
    told("HF_HOME").or_else(|| Some(told("XDG_CACHE_HOME").or_else(home)?.join("huggingface")))
}

/// Timeouts, retries and the clock of a pull. Tests bring their own.
#[derive(Clone)]
pub struct Conditions {
    /// The read timeout: a connection that sends nothing for this long is closed.
    pub silence: Duration,
    /// The slowest rate: a connection that brings fewer bytes than this in this time is closed.
    pub least: (u64, Duration),
    /// Attempts in a row that bring no data before a file is given up.
    pub tries: u32,
    /// The longest Retry-After that is waited for; a longer one is an error.
    pub longest_wait: Duration,
    /// Sleeps.
    pub wait: Arc<dyn Fn(Duration) + Send + Sync>,
    /// Free bytes on a folder's disk, if known.
    pub space: fn(&Path) -> Option<u64>,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(20),
            least: (64 << 10, Duration::from_secs(60)),
            tries: 6,
            longest_wait: Duration::from_secs(300),
            wait: Arc::new(std::thread::sleep),
            space: free_space,
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
#[allow(clippy::useless_conversion)] // the two systems count in different types
fn free_space(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let facts = rustix::fs::statvfs(there).ok()?;
    Some(u64::from(facts.f_bavail).saturating_mul(u64::from(facts.f_frsize)))
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn free_space(_: &Path) -> Option<u64> {
    None
}

/// The progress of a pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// How much will be downloaded.
    Sizes {
        /// Bytes of all files together.
        total: u64,
        /// Bytes of them that are in the cache already.
        here: u64,
    },
    /// The number of bytes that are here now.
    Bytes(u64),
    /// A file is being verified against its checksum.
    Checking(String),
    /// Waiting this long before the next attempt, and why.
    Waiting(Duration, String),
}

/// Receives the progress, and says whether the pull goes on.
pub type Tell<'a> = &'a mut dyn FnMut(Step) -> ControlFlow<()>;

/// A client of the hub.
pub struct Hub {
    settings: Settings,
    conditions: Conditions,
    client: Client,
}

impl Hub {
    /// A client. No request is sent yet.
    pub fn new(settings: Settings, conditions: Conditions) -> Self {
        let client = http::client(&settings, &conditions);
        Self { settings, conditions, client }
    }
}

/// Why a step of a pull failed.
enum Trouble {
    /// Transient: it is retried, after this long if the hub said so.
    Again(String, Option<Duration>),
    /// Not found on the hub.
    Missing(String),
    /// Permanent; the message says what to do.
    Fatal(anyhow::Error),
    /// The pull was stopped.
    Stopped,
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::Fatal(error)
    }
}

/// An error of this machine's disk, with the path.
fn disk(error: std::io::Error, path: &Path) -> Trouble {
    let shown = path.display();
    let full =
        matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded);
    Trouble::Fatal(match full {
        true => anyhow::anyhow!(
            "{shown}: the disk is full; free some space and run the same command again: it resumes the download"
        ),
        false => anyhow::Error::new(error).context(format!("{shown}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Settings> {
        let pairs: Vec<_> = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Settings::from_env(move |name| {
            pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn the_environment_is_read_as_other_programs_read_it() -> Result<()> {
        let usual = from(&[("XDG_CACHE_HOME", "/c")])?;
        assert_eq!(usual.endpoint, "https://huggingface.co");
        assert_eq!(usual.cache, Path::new("/c/huggingface/hub"));
        assert!(!usual.offline && usual.token.is_none());
        let told = from(&[
            ("HF_HOME", "/h"),
            ("HF_ENDPOINT", "http://127.0.0.1:9/api/mirror/"),
            ("HF_TOKEN", " hf_x\n"),
            ("HF_HUB_OFFLINE", "yes"),
        ])?;
        assert_eq!(told.endpoint, "http://127.0.0.1:9/api/mirror");
        assert_eq!(told.cache, Path::new("/h/hub"));
        assert_eq!(told.token.as_deref(), Some("hf_x"));
        assert!(told.offline);
        let cache = from(&[("HF_HOME", "/h"), ("HF_HUB_CACHE", "/elsewhere")])?.cache;
        assert_eq!(cache, Path::new("/elsewhere"));
        assert!(!from(&[("HF_HOME", "/h"), ("HF_HUB_OFFLINE", "0")])?.offline);
        for bad in
            ["huggingface.co", "ftp://x", "https://", "https://me:secret@host", "https://a b"]
        {
            let said =
                from(&[("HF_HOME", "/h"), ("HF_ENDPOINT", bad)]).err().map(|e| e.to_string());
            let said = said.unwrap_or_default();
            assert!(said.starts_with("HF_ENDPOINT") && !said.contains("secret"), "{bad}: {said}");
        }
        let said = from(&[("HF_HOME", "/h"), ("HF_TOKEN", "hf_ü")]).err().map(|e| e.to_string());
        assert!(said.is_some_and(|said| said.starts_with("HF_TOKEN") && !said.contains('ü')));
        Ok(())
    }

    #[test]
    fn a_token_comes_from_the_file_of_a_login() -> Result<()> {
        let home = tempfile::tempdir()?;
        std::fs::write(home.path().join("token"), "hf_from_file\n")?;
        let path = home.path().to_string_lossy().into_owned();
        let file = from(&[("HF_HOME", &path)])?;
        assert_eq!(file.token.as_deref(), Some("hf_from_file"));
        let not = from(&[("HF_HOME", &path), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")])?;
        assert_eq!(not.token, None);
        Ok(())
    }
}
