//! What is chosen for good, written into the file of settings.

use super::usual_file;
use crate::cli;
use anyhow::{Context, Result};
use std::path::PathBuf;
use unstuck::ui::keep::keep;

/// The file that choices are written into: the one that is named, or the usual one, be it there or not.
pub fn file(flags: &cli::Global, env: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let named = flags.config.clone().or(env("UNSTUCK_CONFIG").map(PathBuf::from));
    named.or_else(usual_file)
}

/// Write into the settings which model is used, and give their file. The rest of it stays as it is.
///
/// # Errors
/// When it can't be read or written, or is broken.
pub fn set_model(
    flags: &cli::Global,
    env: impl Fn(&str) -> Option<String>,
    name: &str,
) -> Result<PathBuf> {
    let path = file(flags, env).context("no home, so no place for settings; use --config")?;
    keep(&path, &[(&["model"], name.into())])?;
    Ok(path)
}
