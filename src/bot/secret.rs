//! The account's keys, from the environment or a file that only its owner can read. They are never displayed or
//! logged, and zeroed when dropped.

use super::{Result, Trouble};
use crate::{
    net::{Secret, guard},
    whole,
};
use serde::Deserialize;
use std::{fs, path::Path};
use zeroize::Zeroize;

/// The four keys of an account on X.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Identifies the app.
    pub consumer_key: Secret,
    /// Authenticates the app.
    pub consumer_secret: Secret,
    /// Identifies the account; begins with its id.
    pub access_token: Secret,
    /// Authenticates the account.
    pub access_secret: Secret,
}

/// Whether a file is a credential that systemd gave to this service. It is protected by its folder, and may belong to root.
pub fn is_credential(path: &Path, env: impl Fn(&str) -> Option<String>) -> bool {
    env(CREDENTIALS)
        .is_some_and(|folder| !folder.is_empty() && path.parent() == Some(Path::new(&folder)))
}

/// The variable with the folder of a service's credentials.
pub const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Their names in the file and, after `UNSTUCK_X_`, in the environment.
pub const NAMES: [&str; 4] = ["consumer_key", "consumer_secret", "access_token", "access_secret"];

impl Secrets {
    /// Load them from the environment if all four are set, else from the file.
    ///
    /// # Errors
    /// When neither can be used. The message names the file and what it should be like, never its content.
    pub fn load(path: &Path, env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let variables = NAMES.map(|name| format!("UNSTUCK_X_{}", name.to_uppercase()));
        let told = variables.each_ref().map(|name| env(name));
        let missing: Vec<_> = (variables.iter().zip(&told))
            .filter_map(|(name, told)| told.is_none().then_some(&**name))
            .collect();
        if (1..NAMES.len()).contains(&missing.len()) {
            return Err(Trouble::Configuration(format!(
                "of the four keys in the environment, {} is missing",
                missing.join(" and ")
            )));
        }
        if let [Some(ck), Some(cs), Some(at), Some(at_secret)] = told {
            return Self::from_parts([ck, cs, at, at_secret])
                .map_err(|what| Trouble::Configuration(format!("UNSTUCK_X_{}: {what}", "…")));
        }
        let name = path.display();
        let file = fs::symlink_metadata(path).map_err(|error| {
            Trouble::Configuration(format!(
                "{name}: {error}; write the account's keys there with `unstuck bot login`, or set UNSTUCK_X_CONSUMER_KEY, \
                 UNSTUCK_X_CONSUMER_SECRET, UNSTUCK_X_ACCESS_TOKEN and UNSTUCK_X_ACCESS_SECRET"
            ))
        })?;
        if !is_credential(path, &env) {
            guard(path, &file).map_err(|wrong| Trouble::Permission(wrong.to_string()))?;
        }
        let mut text = fs::read_to_string(path)
            .map_err(|error| Trouble::Permission(format!("{name}: {error}")))?;
        // toml's own message would quote the line
        let parsed = toml::from_str::<Self>(&text).map_err(|_| {
            Trouble::Configuration(format!("{name}: not the four lines {}", NAMES.join(", ")))
        });
        text.zeroize();
        let secrets = parsed?;
        let all = secrets.texts().map(|text| text.trim().to_owned());
        Self::from_parts(all).map_err(|what| Trouble::Configuration(format!("{name}: {what}")))
    }

    fn from_parts(parts: [String; 4]) -> std::result::Result<Self, &'static str> {
        let parts = parts.map(|part| part.trim().to_owned());
        if parts.iter().any(|part| part.is_empty() || part.chars().any(|c| !c.is_ascii_graphic())) {
            return Err("a key is empty or has invalid characters");
        }
        let [consumer_key, consumer_secret, access_token, access_secret] = parts.map(Secret::new);
        Ok(Self { consumer_key, consumer_secret, access_token, access_secret })
    }

    /// Check that they have the form of keys.
    ///
    /// # Errors
    /// What is wrong, without showing the keys.
    pub fn checked(&self) -> Result<Self> {
        Self::from_parts(self.texts().map(str::to_owned))
            .map_err(|what| Trouble::Configuration(what.to_owned()))
    }

    /// All four, to check text that leaves the program.
    pub fn texts(&self) -> [&str; 4] {
        [&self.consumer_key, &self.consumer_secret, &self.access_token, &self.access_secret]
            .map(Secret::reveal)
    }

    /// Write them to a file that only the owner can read.
    ///
    /// # Errors
    /// When the file can't be created.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        use std::io::Write;
        let folder = whole::folder_of(path);
        fs::create_dir_all(folder)?;
        // a temporary file is created with owner-only permissions
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        for (name, text) in NAMES.iter().zip(self.texts()) {
            writeln!(file, "{name} = \"{text}\"")?;
        }
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }
}
