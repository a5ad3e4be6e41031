//! `unstuck config`: the effective settings as a valid settings file, with the source of each value.

use super::{Config, Loaded, layers::Source, themes, usual_file};
use std::{fmt::Write, path::PathBuf};
use toml::{Table, Value};
use unstuck::token::Setting;

/// What applies for settings without a default value.
const OPEN: [(&str, &str); 12] = [
    ("model", "the built-in model"),
    ("draft", "no draft model"),
    ("threads", "one per core"),
    ("generate.sentence", "samples don't end at a sentence"),
    ("bot.platform", "no bot"),
    ("bot.handle", "the account of the keys"),
    ("bot.ledger", "a file in the data folder"),
    ("bot.metrics", "no file"),
    ("bot.log", "no file"),
    ("bot.secrets", "x-keys.toml or mastodon-token.toml beside the settings"),
    ("bot.length", "as many tokens as bot.sampling.max_tokens"),
    ("bot.sampling.sentence", "samples don't end at a sentence"),
];

impl Loaded {
    /// The environment variable that a setting comes from, if any.
    pub fn variable(&self, names: &[&str]) -> Option<&'static str> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        match self.layers.source(&names) {
            Source::Environment(name) => Some(name),
            _ => None,
        }
    }

    /// The source of a setting, in words.
    pub fn source(&self, names: &[&str]) -> String {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        self.layers.source(&names).to_string()
    }

    /// The sampling settings of `unstuck generate` that are left at the program's defaults.
    pub fn open_sampling(&self) -> Vec<&'static str> {
        let names = Setting::ALL.into_iter().map(|setting| setting.name);
        let is_open = |name: &&str| {
            let names = ["generate".to_owned(), (*name).to_owned()];
            *self.layers.source(&names) == Source::Default
        };
        names.filter(is_open).collect()
    }

    /// The effective settings as TOML, each with its source in a comment.
    pub fn report(&self) -> String {
        let mut rows = Vec::new();
        self.rows(&self.layers.table, &mut Vec::new(), &mut rows);
        let wide = rows.iter().map(|(row, _)| row.chars().count()).max().unwrap_or(0).min(48);
        let mut text = String::new();
        for (row, from) in rows {
            let _ = match from {
                Some(from) => writeln!(text, "{row:wide$}  # {from}"),
                None => writeln!(text, "{row}"),
            };
        }
        let place = |path: Option<PathBuf>| {
            path.map_or_else(|| "none on this system".into(), |path| path.display().to_string())
        };
        let _ = writeln!(text, "\n# file of settings: {}", place(usual_file()));
        let _ = writeln!(text, "# folder of your own themes: {}", place(themes()));
        let _ = writeln!(
            text,
            "# folder of drafts' histories, and of the log: {}",
            self.state.display()
        );
        text
    }

    /// Appends the values of a table, then its tables.
    fn rows(
        &self,
        table: &Table,
        names: &mut Vec<String>,
        rows: &mut Vec<(String, Option<String>)>,
    ) {
        let below = |name: &str| {
            let mut names = names.clone();
            names.push(name.to_owned());
            names
        };
        for (name, value) in table.iter().filter(|(_, value)| !value.is_table()) {
            let from = self.layers.source(&below(name)).to_string();
            rows.push((format!("{} = {}", quoted(name), shown(value)), Some(from)));
        }
        let prefix = names.iter().map(|name| format!("{name}.")).collect::<String>();
        for (full, what) in OPEN {
            let name = full.strip_prefix(&prefix).filter(|name| !name.contains('.'));
            if let Some(name) = name.filter(|name| !table.contains_key(*name)) {
                rows.push((
                    format!("# {name} is not set: {what}"),
                    Some(Source::Default.to_string()),
                ));
            }
        }
        for (name, value) in table {
            if let Value::Table(table) = value {
                names.push(name.clone());
                rows.push((String::new(), None));
                rows.push((format!("[{}]", names.join(".")), None));
                self.rows(table, names, rows);
                names.pop();
            }
        }
    }
}

/// A key in TOML's syntax.
fn quoted(name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare && !name.is_empty() { name.to_owned() } else { Value::from(name).to_string() }
}

/// A value in TOML's syntax, with the digits of an `f32`.
fn shown(value: &Value) -> String {
    match value {
        Value::Float(long) if f64::from(*long as f32) == *long => format!("{:?}", *long as f32),
        other => other.to_string(),
    }
}

impl Config {
    /// The settings without a default value.
    #[cfg(test)]
    pub fn open() -> impl Iterator<Item = &'static str> {
        OPEN.iter().map(|(name, _)| *name)
    }
}
