//! Where a server is: its address, checked; the model's name on it; its key; and how long silence is waited for.

use crate::net::{Secret, Uri, guard, is_loopback, parse};
use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use std::{fs, net::ToSocketAddrs, path::PathBuf, time::Duration};
use zeroize::Zeroize;

/// The first pause before a request is sent again.
const PAUSE: Duration = Duration::from_millis(500);

/// A server in the settings: `[engines.NAME]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineSettings {
    /// The address of its completions API: `http://HOST:PORT/v1`.
    pub url: String,
    /// The model's name on the server. It may be left out if the server has only one.
    pub model: Option<String>,
    /// A file with the server's key, which only its owner can read.
    pub key_file: Option<PathBuf>,
    /// Whether `http` without encryption is allowed to another machine.
    pub plain_http: bool,
    /// The longest silence of the server in seconds, before and between tokens.
    pub timeout_seconds: u32,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            model: None,
            key_file: None,
            plain_http: false,
            timeout_seconds: 120,
        }
    }
}

impl EngineSettings {
    /// Checks what needs no network: the form of the address, and the ranges of numbers.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn check(&self) -> Result<()> {
        ensure!(
            parse(&self.url).is_some_and(|uri| uri.query().is_none()),
            "expected an address like http://127.0.0.1:8080/v1 as url, without a user name, key or query"
        );
        ensure!(
            (1..=3600).contains(&self.timeout_seconds),
            "expected a number from 1 to 3600 as timeout_seconds"
        );
        Ok(())
    }
}

/// A server's address, ready to be asked.
#[derive(Clone)]
pub struct Address {
    /// The name that opens it, without the model's: the engine's name in the settings, or its URL.
    pub name: String,
    /// The URL of the completions API, without a slash at its end.
    pub api: String,
    /// The URL of the server itself.
    pub root: String,
    /// Its host and port, as they are shown.
    pub host: String,
    /// The model's name on the server, if one is given.
    pub model: Option<String>,
    /// Its key, if it needs one.
    pub key: Option<Secret>,
    /// The longest silence.
    pub silence: Duration,
    /// The pause before a request is sent again; each further one is twice as long.
    pub pause: Duration,
    /// Whether the server is on this machine; then no proxy is used.
    pub here: bool,
}

/// Whether a model's name is a URL of a server.
pub fn is_url(name: &str) -> bool {
    name.starts_with("http://") || name.starts_with("https://")
}

impl Address {
    /// Checks an address. `name` is what opens the server; `variable` is the environment variable for its key.
    ///
    /// # Errors
    /// When the address is malformed, is plain `http` to another machine without permission, or the key can't be read.
    pub fn new(
        name: &str,
        settings: &EngineSettings,
        variable: &str,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        settings.check()?;
        let uri = parse(&settings.url).context("not an address")?;
        let here = is_here(&uri);
        if uri.scheme_str() == Some("http") && !here && !settings.plain_http {
            bail!(
                "{} is another machine, and with http anyone on the way can read your text and the key: use https, \
                 or allow it with `plain_http = true` in an [engines] table of the settings",
                uri.host().unwrap_or_default()
            );
        }
        let whole = settings.url.trim_end_matches('/');
        let whole = whole.strip_suffix("/completions").unwrap_or(whole);
        let (root, api) = match (whole.strip_suffix("/v1"), uri.path()) {
            (Some(root), _) => (root.to_owned(), whole.to_owned()),
            (None, "" | "/") => (whole.to_owned(), format!("{whole}/v1")),
            (None, _) => (whole.to_owned(), whole.to_owned()),
        };
        let host = uri.authority().map(ToString::to_string).unwrap_or_default();
        Ok(Self {
            name: name.to_owned(),
            api,
            root,
            host,
            model: settings.model.clone(),
            key: key(settings, variable, env)?,
            silence: Duration::from_secs(settings.timeout_seconds.into()),
            pause: PAUSE,
            here,
        })
    }
}

/// Whether the host is this machine: a loopback address, or `localhost` if it resolves to nothing else.
fn is_here(uri: &Uri) -> bool {
    let resolves_here = || {
        let port = uri.port_u16().unwrap_or(80);
        let mut all = ("localhost", port).to_socket_addrs().into_iter().flatten().peekable();
        all.peek().is_some() && all.all(|address| address.ip().is_loopback())
    };
    is_loopback(uri) || uri.host() == Some("localhost") && resolves_here()
}

/// The key: from the environment, else from the file.
fn key(
    settings: &EngineSettings,
    variable: &str,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Option<Secret>> {
    let (mut text, from) = match (env(variable).filter(|key| !key.is_empty()), &settings.key_file) {
        (Some(key), _) => (key, variable.to_owned()),
        (None, None) => return Ok(None),
        (None, Some(path)) => {
            let name = path.display().to_string();
            let file = fs::symlink_metadata(path).with_context(|| {
                format!("{name}: the key can't be read; write it there, or set {variable}")
            })?;
            guard(path, &file)?;
            (fs::read_to_string(path).with_context(|| name.clone())?, name)
        }
    };
    let key = Secret::new(text.trim());
    text.zeroize();
    let is_key = !key.reveal().is_empty() && key.reveal().chars().all(|c| c.is_ascii_graphic());
    ensure!(is_key, "{from}: not a key: expected one line of visible ASCII characters");
    Ok(Some(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Result<Address> {
        let settings = EngineSettings { url: url.into(), ..EngineSettings::default() };
        Address::new("x", &settings, "KEY", |_| None)
    }

    #[test]
    fn every_form_of_an_address_leads_to_the_api() {
        for (url, api, root) in [
            ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1", "http://127.0.0.1:8080"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1", "http://127.0.0.1:8080"),
            ("http://[::1]:80", "http://[::1]:80/v1", "http://[::1]:80"),
            ("https://h.example/api/v1/", "https://h.example/api/v1", "https://h.example/api"),
            ("https://h.example/v1/completions", "https://h.example/v1", "https://h.example"),
            ("https://h.example/llm", "https://h.example/llm", "https://h.example/llm"),
        ] {
            let address = at(url).expect(url);
            assert_eq!((&*address.api, &*address.root), (api, root), "{url}");
        }
        for bad in
            ["", "ftp://x", "http://", "http://me:pass@127.0.0.1/v1", "http://127.0.0.1/v1?key=1"]
        {
            assert!(at(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn plain_http_beyond_this_machine_needs_permission() {
        for url in
            ["http://10.0.0.7:8000/v1", "http://gpu.example/v1", "http://127.0.0.1.evil.example"]
        {
            let why = format!("{:#}", at(url).err().expect(url));
            assert!(why.contains("plain_http"), "{why}");
            let settings =
                EngineSettings { url: url.into(), plain_http: true, ..EngineSettings::default() };
            assert!(Address::new("x", &settings, "KEY", |_| None).is_ok());
        }
        assert!(at("https://gpu.example/v1").is_ok());
    }

    #[test]
    fn a_key_comes_from_the_environment_or_a_private_file() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("key");
        let url = "http://127.0.0.1:1/v1".to_owned();
        let settings =
            EngineSettings { url, key_file: Some(path.clone()), ..EngineSettings::default() };
        let open = |env: Option<&'static str>| {
            Address::new("x", &settings, "KEY", |name| {
                assert_eq!(name, "KEY");
                env.map(str::to_owned)
            })
        };
        let why = format!("{:#}", open(None).err().expect("no file"));
        assert!(why.contains("set KEY"), "{why}");
        assert_eq!(open(Some("abc")).expect("a key").key.expect("a key").reveal(), "abc");
        fs::write(&path, "sk-123\n").expect("written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode));
            mode(0o644).expect("set");
            let why = format!("{:#}", open(None).err().expect("others can read it"));
            assert!(why.contains("chmod 600") && !why.contains("sk-123"), "{why}");
            mode(0o600).expect("set");
        }
        assert_eq!(open(None).expect("a key").key.expect("a key").reveal(), "sk-123");
        fs::write(&path, "two\nlines\n").expect("written");
        let why = format!("{:#}", open(None).err().expect("not a key"));
        assert!(!why.contains("two"), "{why}");
    }
}
