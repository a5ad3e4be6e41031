//! Recent drafts, newest first, remembered in a file of the state folder. The file may be deleted at any time.

use crate::whole;
use std::path::{Path, PathBuf};

/// How many are remembered.
const KEPT: usize = 50;

/// Paths of drafts, and the file that stores them; `None` in tests.
#[derive(Debug, Default)]
pub struct Recent {
    file: Option<PathBuf>,
    paths: Vec<PathBuf>,
}

impl Recent {
    /// Loads the list from the state folder. If the file can't be read, the list is empty.
    pub fn load(state: Option<&Path>) -> Self {
        let file = state.map(|state| state.join("recent.json"));
        let paths = file.as_deref().map(read).unwrap_or_default();
        Self { file, paths }
    }

    /// Newest first.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Puts a draft first in the list. What other desks have opened meanwhile stays in it.
    pub fn note(&mut self, path: &Path) {
        let Ok(path) = std::path::absolute(path) else { return };
        if let Some(file) = &self.file {
            self.paths = read(file);
        }
        self.paths.retain(|known| *known != path);
        self.paths.insert(0, path);
        self.paths.truncate(KEPT);
        if let Err(error) = self.write() {
            tracing::warn!(%error, "recent drafts can't be remembered");
        }
    }

    fn write(&self) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        // A name that is not UTF-8 can't be written here; the others can.
        let named: Vec<_> = self.paths.iter().filter_map(|path| path.to_str()).collect();
        whole::write_private(file, &serde_json::to_vec(&named)?)
    }
}

/// The stored list; empty if it can't be read.
fn read(file: &Path) -> Vec<PathBuf> {
    let text = whole::read_text(file).ok();
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_was_opened_is_remembered_newest_first() {
        let state = tempfile::tempdir().expect("a folder");
        let mut recent = Recent::load(Some(state.path()));
        for name in ["/a.md", "/b.md", "/a.md"] {
            recent.note(Path::new(name));
        }
        let again = Recent::load(Some(state.path()));
        assert_eq!(again.paths(), [Path::new("/a.md"), Path::new("/b.md")]);
        fs::write(state.path().join("recent.json"), "torn").expect("written");
        assert!(Recent::load(Some(state.path())).paths().is_empty());
    }
}
