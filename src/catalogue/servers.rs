//! The servers that models are on.

use super::Catalogue;
use crate::generate::remote::{self, Address, EngineSettings};
use anyhow::{Context, Result, bail};
use std::path::Path;

/// The environment variable with the key of a server that is named by its address. That of an engine in the settings
/// has `_` and the engine's name at its end.
const KEY: &str = "UNSTUCK_ENGINE_KEY";

impl Catalogue {
    /// The server that a name means: a URL or the name of an engine, with or without `#` and a model's name. `None` if
    /// it means a model on this machine.
    pub(super) fn server(&self, name: &str) -> Option<Result<Address>> {
        (!Path::new(name).exists()).then(|| self.address(name)).flatten()
    }

    fn address(&self, name: &str) -> Option<Result<Address>> {
        let (server, model) = match name.split_once('#') {
            Some((server, model)) => (server, Some(model).filter(|model| !model.is_empty())),
            None => (name, None),
        };
        let same = |engine: &&String| {
            self.engines[*engine].url.trim_end_matches('/') == server.trim_end_matches('/')
        };
        let engine = match remote::is_url(server) {
            true => self.engines.keys().find(same),
            false => Some(self.engines.get_key_value(server)?.0),
        };
        let mut settings = match engine {
            Some(engine) => self.engines[engine].clone(),
            None => EngineSettings { url: server.to_owned(), ..EngineSettings::default() },
        };
        settings.model = model.map(str::to_owned).or(settings.model);
        let variable = match engine {
            Some(engine) => format!("{KEY}_{}", engine.to_uppercase().replace('-', "_")),
            None => KEY.to_owned(),
        };
        let address = Address::new(server, &settings, &variable, |name| std::env::var(name).ok());
        Some(address)
    }

    /// The models of all servers that are known: those in the settings, and the one of the default model. Each has the
    /// name that opens it. A server that can't be asked is listed by its own name, with the error.
    pub fn served(&self) -> Vec<(String, Result<(remote::Kind, remote::Served)>)> {
        let default = self.default.as_deref().filter(|name| remote::is_url(name));
        let servers: Vec<&str> = self.engines.keys().map(String::as_str).chain(default).collect();
        let asked = std::thread::scope(|scope| {
            let ask = |name| {
                let address = self.address(name).context("no server")??;
                remote::probe(&address).map(|found| (address.name, found))
            };
            let threads: Vec<_> =
                servers.iter().map(|name| scope.spawn(move || ask(*name))).collect();
            let answers = threads.into_iter().map(|thread| thread.join());
            answers.map(|answer| answer.unwrap_or_else(|_| bail!("broke down"))).collect::<Vec<_>>()
        });
        let mut all = Vec::new();
        for (name, answer) in servers.iter().zip(asked) {
            match answer {
                Ok((server, found)) => all.extend(
                    found
                        .models
                        .into_iter()
                        .map(|model| (format!("{server}#{}", model.name), Ok((found.kind, model)))),
                ),
                Err(error) => all.push(((*name).to_owned(), Err(error))),
            }
        }
        all
    }
}
