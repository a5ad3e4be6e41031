//! The log: a file in the state folder. It records what the program did, never what anyone wrote: only events of this
//! program are logged, and they contain numbers, names of models and places in the source. A panic is logged by its
//! place, since its message may quote the draft.

use anyhow::{Context, Result};
use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
    sync::Mutex,
};
use tracing::Level;
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, registry};
use unstuck::whole;

/// Longer than this, the file is put aside for a new one.
const MOST: u64 = 1 << 20;

/// Where the log is.
pub fn path(state: &Path) -> PathBuf {
    state.join("unstuck.log")
}

/// Begins to log. Only our own events: what a library might say of a text or a secret stays out.
///
/// # Errors
/// When the file can't be opened; the program works without.
pub fn begin(state: &Path, quiet: bool, verbose: u8) -> Result<()> {
    let path = path(state);
    let file = open(&path).with_context(|| path.display().to_string())?;
    let level = match (quiet, verbose) {
        (true, _) => Level::WARN,
        (false, 0) => Level::INFO,
        (false, 1) => Level::DEBUG,
        (false, _) => Level::TRACE,
    };
    let ours = Targets::new().with_target("unstuck", level);
    let lines = fmt::layer().with_ansi(false).with_writer(Mutex::new(file)).with_filter(ours);
    // Only a second call could fail, and there is one.
    let _ = tracing::subscriber::set_global_default(registry().with(lines));
    Ok(())
}

fn open(path: &Path) -> std::io::Result<File> {
    whole::private_folder(whole::folder_of(path))?;
    whole::is_free_or_file(path)?;
    if fs::metadata(path).is_ok_and(|file| file.len() > MOST) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    let mut options = OpenOptions::new();
    whole::own(options.create(true).append(true)).open(path)
}
