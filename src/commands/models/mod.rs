//! `unstuck models`: list, inspect, verify, import, export, download, pack and remove models.

mod carry;
mod look;
mod pack;
mod pull;

pub use carry::{To, export, import, remove};
pub use look::{info, list, verify};
pub use pack::{pack, unpack};
pub use pull::pull;

use crate::{clean::for_terminal, weights::EMBEDDED};
use std::{io::Write, path::Path};

/// Whether this is a valid name for a model in the data folder.
fn is_name(name: &str) -> bool {
    let plain = Path::new(name).file_name().is_some_and(|file| file == name);
    plain && name != EMBEDDED && !name.starts_with('.') && !name.chars().any(char::is_control)
}

/// A number of parameters in millions: 355 million, 0.3 million.
fn millions(count: usize) -> String {
    let millions = count as f64 / 1e6;
    let digits = usize::from(millions < 10.0);
    format!("{millions:.digits$} million")
}

/// Print notes to standard error.
fn note(notes: &[String]) {
    for note in notes {
        let _ = writeln!(std::io::stderr(), "unstuck: {}", for_terminal(note));
    }
}
