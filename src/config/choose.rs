//! Writes choices into the settings file.

use super::usual_file;
use crate::cli;
use anyhow::{Context, Result};
use std::path::PathBuf;
use unstuck::ui::keep::keep;

/// The settings file to write: the named one, or the default one, whether or not it exists.
pub fn file(flags: &cli::Global, env: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let named = flags.config.clone().or(env("UNSTUCK_CONFIG").map(PathBuf::from));
    named.or_else(usual_file)
}

/// Set the default model in the settings file and return the file's path. The rest of the file is unchanged.
///
/// # Errors
/// When the file can't be read, parsed or written.
pub fn set_model(
    flags: &cli::Global,
    env: impl Fn(&str) -> Option<String>,
    name: &str,
) -> Result<PathBuf> {
    let path = file(flags, env).context("no home, so no place for settings; use --config")?;
    keep(&path, &[(&["model"], name.into())])?;
    Ok(path)
}
