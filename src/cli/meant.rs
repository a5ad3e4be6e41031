//! Commands with a spelling mistake. `unstuck generat` would otherwise open an empty page of that name.

use super::Cli;
use clap::CommandFactory;
use std::{ffi::OsString, path::Path};

/// The most letters by which a word may differ from a command.
const LETTERS: usize = 2;

/// A sentence for a word that was probably meant as a command; `None` if it is a file, has a dot or a slash, or is like no
/// command.
pub fn meant(word: &Path) -> Option<String> {
    let name = word.to_str().filter(|name| !name.contains(['.', '/', '\\']) && !name.is_empty())?;
    if word.exists() {
        return None;
    }
    let command = Cli::command();
    let mut near: Vec<(usize, usize, String)> = Vec::new();
    for (depth, path, known) in command.get_subcommands().flat_map(|outer| {
        let inner = outer.get_subcommands().map(move |inner| {
            (1, format!("{} {}", outer.get_name(), inner.get_name()), inner.get_name())
        });
        std::iter::once((0, outer.get_name().to_owned(), outer.get_name())).chain(inner)
    }) {
        let far = strsim::damerau_levenshtein(&name.to_lowercase(), known);
        // a short word is near to everything: at least half of it must be right
        if far <= LETTERS && 2 * far <= known.len() {
            near.push((far, depth, path));
        }
    }
    let (.., path) = near.into_iter().min()?;
    Some(format!(
        "{name}: no such command, and no file of this name; did you mean `unstuck {path}`? `unstuck ./{name}` opens a new page \
         of this name"
    ))
}

/// The same for the first word of a command line that doesn't parse.
pub fn meant_by(args: &[OsString]) -> Option<String> {
    let first = args.get(1).and_then(|arg| arg.to_str()).filter(|arg| !arg.starts_with('-'))?;
    let known = Cli::command().get_subcommands().any(|command| command.get_name() == first);
    (!known).then(|| meant(Path::new(first))).flatten()
}
