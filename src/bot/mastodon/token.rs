//! The account's access token, from the environment or a file that only its owner can read.

use crate::{
    bot::{Result, Secret, Trouble, secret::is_credential},
    net::guard,
    whole,
};
use serde::Deserialize;
use std::{fs, io::Write, path::Path};
use zeroize::Zeroize;

/// The environment variable with the token.
const VARIABLE: &str = "UNSTUCK_MASTODON_TOKEN";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    access_token: Secret,
}

/// Load the token from the environment, else from the file.
///
/// # Errors
/// When neither can be used. The message names the file, never its content.
pub fn load(path: &Path, env: impl Fn(&str) -> Option<String>) -> Result<Secret> {
    let name = path.display();
    if let Some(token) = env(VARIABLE) {
        return checked(&token)
            .map_err(|what| Trouble::Configuration(format!("{VARIABLE}: {what}")));
    }
    let file = fs::symlink_metadata(path).map_err(|error| {
        Trouble::Configuration(format!(
            "{name}: {error}; write the account's access token there with `unstuck bot login`, or set {VARIABLE}"
        ))
    })?;
    if !is_credential(path, &env) {
        guard(path, &file).map_err(|wrong| Trouble::Permission(wrong.to_string()))?;
    }
    let mut text = fs::read_to_string(path)
        .map_err(|error| Trouble::Permission(format!("{name}: {error}")))?;
    // toml's own message would quote the line
    let parsed = toml::from_str::<File>(&text);
    text.zeroize();
    let file = parsed.map_err(|_| {
        Trouble::Configuration(format!("{name}: not the one line access_token = \"...\""))
    })?;
    checked(file.access_token.reveal())
        .map_err(|what| Trouble::Configuration(format!("{name}: {what}")))
}

/// The token without spaces around it.
///
/// # Errors
/// When it can't be one.
pub fn checked(token: &str) -> std::result::Result<Secret, &'static str> {
    let token = token.trim();
    match token.is_empty() || token.chars().any(|c| !c.is_ascii_graphic() || c == '"' || c == '\\')
    {
        true => Err("the token is empty or has invalid characters"),
        false => Ok(Secret::new(token)),
    }
}

/// Write the token to a file that only the owner can read.
///
/// # Errors
/// When the file can't be created.
pub fn save(token: &Secret, path: &Path) -> std::io::Result<()> {
    let folder = whole::folder_of(path);
    fs::create_dir_all(folder)?;
    // a temporary file is created with owner-only permissions
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "access_token = \"{}\"", token.reveal())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
