//! What a run's losses were: a line of JSON for each step in its folder, which a resumed run goes on with.

use crate::whole;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

/// The file's name.
pub const FILE: &str = "losses.jsonl";

/// What is remembered of a step; of step 0 only its validation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The step.
    pub step: usize,
    /// The mean loss of a token before the step, in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// The same, smoothed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothed: Option<f64>,
    /// The mean loss of a token of the validation text after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<f64>,
}

/// All steps of a run so far.
pub struct History {
    path: PathBuf,
    file: File,
    /// In order.
    pub entries: Vec<Entry>,
}

impl History {
    /// Go on after a step: what was noted beyond it, by a run that was killed, is made again and leaves.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn open(folder: &Path, step: usize, fresh: bool) -> Result<Self> {
        let path = folder.join(FILE);
        let shown = || path.display().to_string();
        let text =
            if fresh { String::new() } else { fs::read_to_string(&path).unwrap_or_default() };
        // a line that a crash tore is no entry
        let all = text.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok());
        let entries: Vec<Entry> = all.filter(|entry| entry.step <= step).collect();
        let mut text = String::new();
        for entry in &entries {
            text += &(serde_json::to_string(entry)? + "\n");
        }
        whole::write(&path, text.as_bytes()).with_context(shown)?;
        let file = OpenOptions::new().append(true).open(&path).with_context(shown)?;
        Ok(Self { path, file, entries })
    }

    /// Note a step.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn add(&mut self, entry: Entry) -> Result<()> {
        let line = serde_json::to_string(&entry)? + "\n";
        self.entries.push(entry);
        self.file.write_all(line.as_bytes()).with_context(|| self.path.display().to_string())
    }
}
