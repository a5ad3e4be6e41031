//! Models from the hub, against a stand-in on this machine with the hub's paths, redirects, ranges, names and failures.

#![allow(clippy::unwrap_used)]

mod faults;
mod layout;
mod program;
mod shelf;
#[path = "../support/mod.rs"]
mod support;

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};
use support::hub::{self as fake, Fake, What};
use tempfile::TempDir;
use unstuck::{
    catalogue::Catalogue,
    hub::{self, Conditions, Hub, Pulled, Settings, Step},
};

/// Somebody who pulls, with a cache of their own and no time to lose.
struct Rig {
    fake: Fake,
    home: TempDir,
    conditions: Conditions,
    waits: Arc<Mutex<Vec<Duration>>>,
    token: Option<&'static str>,
    steps: Mutex<Vec<Step>>,
}

impl Rig {
    fn new() -> Self {
        let waits = Arc::<Mutex<Vec<Duration>>>::default();
        let passed = waits.clone();
        let conditions = Conditions {
            wait: Arc::new(move |time| passed.lock().unwrap().push(time)),
            space: |_| Some(1 << 40),
            silence: Duration::from_secs(10),
            ..Conditions::default()
        };
        let (fake, home) = (Fake::start(), TempDir::new().unwrap());
        Self { fake, home, conditions, waits, token: None, steps: Mutex::default() }
    }

    fn cache(&self) -> PathBuf {
        self.home.path().join("hub")
    }

    fn catalogue(&self) -> Catalogue {
        Catalogue { folders: vec![self.cache()], ..Catalogue::default() }
    }

    fn pull(&self, name: &str) -> anyhow::Result<Pulled> {
        self.pull_until(name, |_| false)
    }

    /// Pull, and stop at the first step that `enough` likes.
    fn pull_until(&self, name: &str, enough: impl Fn(&Step) -> bool) -> anyhow::Result<Pulled> {
        let mut settings = Settings::new(&self.fake.url, &self.cache());
        if let Some(token) = self.token {
            settings = settings.with_token(token);
        }
        Hub::new(settings, self.conditions.clone()).pull(name, &mut |step| {
            let is_enough = enough(&step);
            self.steps.lock().unwrap().push(step);
            if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    }

    /// Pull what can't be, and give what is said; the model isn't there afterwards.
    fn refused(&self, name: &str) -> String {
        let said = format!("{:#}", self.pull(name).unwrap_err());
        assert_eq!(hub::find(&self.cache(), name), None, "{said}");
        assert!(self.catalogue().find(Some(name)).is_err(), "{said}");
        for secret in ["hf_", "Bearer", "very-secret", "X-Amz"] {
            assert!(!said.contains(secret), "{said}");
        }
        said
    }

    fn waited(&self) -> u64 {
        self.waits.lock().unwrap().iter().sum::<Duration>().as_secs()
    }

    /// The part of a file's content that has come.
    fn part(&self, id: &str, content: &[u8]) -> PathBuf {
        self.blobs(id).join(format!("{}.incomplete", fake::sha256(content)))
    }

    fn blobs(&self, id: &str) -> PathBuf {
        self.cache().join(format!("models--{}", id.replace('/', "--"))).join("blobs")
    }
}

fn weights() -> Vec<u8> {
    std::fs::read(Path::new(fake::MICRO).join("model.safetensors")).unwrap()
}

fn here(pulled: Pulled) -> (String, PathBuf, u64) {
    match pulled {
        Pulled::Here { name, snapshot, fetched, .. } => (name, snapshot, fetched),
        Pulled::Stopped => panic!("it was stopped"),
    }
}
