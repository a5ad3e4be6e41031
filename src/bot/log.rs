//! The log of a running bot: a file with a JSON object a line. It has no texts of mentions and replies, which are deleted
//! after a time, and no keys.

use super::{Decision, Secret};
use crate::{clean::for_terminal, mentions::Moment, whole};
use serde_json::{Value, json};
use std::{
    fs::{File, OpenOptions},
    io::{Result, Write},
    path::Path,
};

/// An open log.
pub struct Log {
    file: File,
    /// Texts that must not be in it.
    secrets: Vec<Secret>,
}

/// How much an entry matters.
#[derive(Clone, Copy, Debug, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Level {
    /// Nothing is wrong.
    Info,
    /// Something is wrong, and the bot goes on.
    Warning,
    /// The bot ends.
    Error,
}

impl Log {
    /// Open the log at `path` to append to it. It is readable by its owner only.
    ///
    /// # Errors
    /// When it can't be opened for writing, or is a link.
    pub fn open(path: &Path, secrets: &[Secret]) -> Result<Self> {
        let mut options = OpenOptions::new();
        let file = whole::own(options.create(true).append(true)).open(path)?;
        Ok(Self { file, secrets: secrets.to_vec() })
    }

    /// Append one entry, whole and at once.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&mut self, now: Moment, level: Level, event: &str, more: Value) -> Result<()> {
        let level: &str = level.into();
        let mut entry = json!({ "time": now, "level": level, "event": event });
        if let (Value::Object(entry), Value::Object(more)) = (&mut entry, more) {
            entry.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
        }
        scrub(&mut entry, &self.secrets);
        self.file.write_all(format!("{entry}\n").as_bytes())
    }

    /// Append a decision, without the texts.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn decided(&mut self, decision: &Decision) -> Result<()> {
        let Decision { id, author, decision: what, reply_id, reason, seed, model, .. } = decision;
        let more = json!({
            "id": id, "author": author, "decision": what, "reply_id": reply_id, "reason": reason, "seed": seed,
            "model": model,
        });
        self.write(decision.time, Level::Info, "decision", more)
    }
}

/// Takes secrets, and what would control a terminal, out of all texts of a value.
fn scrub(value: &mut Value, secrets: &[Secret]) {
    match value {
        Value::String(text) => {
            for secret in secrets.iter().map(Secret::reveal).filter(|secret| !secret.is_empty()) {
                if text.contains(secret) {
                    *text = text.replace(secret, "…");
                }
            }
            *text = for_terminal(text).into_owned();
        }
        Value::Array(all) => all.iter_mut().for_each(|inner| scrub(inner, secrets)),
        Value::Object(fields) => fields.values_mut().for_each(|inner| scrub(inner, secrets)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_line_without_texts_and_keys() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bot.jsonl");
        let mut log = Log::open(&path, &[Secret::new("to\"ken")]).expect("opened");
        let says = json!({ "says": "a to\"ken\nin two lines", "none": null });
        log.write(7, Level::Warning, "message", says).expect("written");
        let decision = Decision {
            time: 8,
            id: "1".into(),
            decision: "skip",
            reason: Some("to\"ken".into()),
            reply: Some("words".into()),
            ..Decision::default()
        };
        log.decided(&decision).expect("written");
        drop(log);
        let mut again = Log::open(&path, &[]).expect("opened");
        again.write(9, Level::Info, "stop", json!({})).expect("written");
        let text = std::fs::read_to_string(path).expect("read");
        assert_eq!(
            text,
            "{\"event\":\"message\",\"level\":\"warning\",\"says\":\"a …\\nin two lines\",\"time\":7}\n\
             {\"decision\":\"skip\",\"event\":\"decision\",\"id\":\"1\",\"level\":\"info\",\"reason\":\"…\",\"time\":8}\n\
             {\"event\":\"stop\",\"level\":\"info\",\"time\":9}\n"
        );
    }
}
