//! `unstuck models`: what models there are, what is in them, and how they come and go.

mod carry;
mod look;
mod pack;
mod pull;

pub use carry::{To, export, import, remove};
pub use look::{info, list, verify};
pub use pack::{pack, unpack};
pub use pull::pull;

use crate::{
    clean::for_terminal,
    model::{EMBEDDED, Memorized, formats::Checkpoint},
};
use anyhow::Result;
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// A model that a name was found to mean.
#[derive(Clone, Debug)]
pub enum Found {
    /// The one in the program.
    Embedded,
    /// A folder or a file.
    At(PathBuf),
}

impl Found {
    fn open(&self) -> Result<Checkpoint> {
        match self {
            Self::Embedded => Checkpoint::embedded(),
            Self::At(path) => Checkpoint::open(path),
        }
    }

    fn place(&self) -> Option<&Path> {
        match self {
            Self::Embedded => None,
            Self::At(path) => Some(path),
        }
    }

    fn memorized(&self) -> Result<Option<Memorized>> {
        Ok(self.place().map(Memorized::find).transpose()?.flatten())
    }
}

/// Whether a model of a shelf may be called so.
fn is_name(name: &str) -> bool {
    let plain = Path::new(name).file_name().is_some_and(|file| file == name);
    plain && name != EMBEDDED && !name.starts_with('.') && !name.chars().any(char::is_control)
}

/// 355 million, 0.3 million.
fn millions(count: usize) -> String {
    let millions = count as f64 / 1e6;
    let digits = usize::from(millions < 10.0);
    format!("{millions:.digits$} million")
}

/// Notes go where errors go; nobody has to read them.
fn note(notes: &[String]) {
    for note in notes {
        let _ = writeln!(std::io::stderr(), "unstuck: {}", for_terminal(note));
    }
}
