//! The losses of a run: a file in its folder with one JSON object per step, to which a resumed run appends.

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

/// One line: the losses of a step. Step 0, before training, has only a validation loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The step.
    pub step: usize,
    /// The mean loss per token before the step, in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// The same, smoothed (exponential moving average).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothed: Option<f64>,
    /// The mean loss per token of the validation text after the step, in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<f64>,
}

/// All steps of a run so far.
pub struct History {
    path: PathBuf,
    file: File,
    /// In the order of their steps.
    pub entries: Vec<Entry>,
}

impl History {
    /// Open the file to continue after `step`. Later lines, from a run that was killed after its last checkpoint, are
    /// deleted, since their steps will be made again. `fresh` deletes all lines.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn open(folder: &Path, step: usize, fresh: bool) -> Result<Self> {
        let path = folder.join(FILE);
        let shown = || path.display().to_string();
        let text =
            if fresh { String::new() } else { fs::read_to_string(&path).unwrap_or_default() };
        // a crash can leave an incomplete line, which is dropped
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

    /// Append a step.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn add(&mut self, entry: Entry) -> Result<()> {
        let line = serde_json::to_string(&entry)? + "\n";
        self.entries.push(entry);
        self.file.write_all(line.as_bytes()).with_context(|| self.path.display().to_string())
    }
}
