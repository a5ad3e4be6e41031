//! Settings in layers. Each value has its source and is checked on its own, so that one mistake
//! affects no other setting.

use super::Config;
use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};
use toml::{Table, Value, de::DeTable};
use unstuck::ui::mistake;

/// The path of a setting: `desk`, `theme`.
pub type Names = Vec<String>;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The program's default.
    Default,
    /// A file and its line.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(&'static str),
    /// The command line.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}: line {line}", path.display()),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// The effective values and their sources.
pub struct Layers {
    /// All values.
    pub table: Table,
    /// Where each value that is not a default comes from.
    pub sources: BTreeMap<Names, Source>,
}

impl Layers {
    /// The defaults.
    pub fn new() -> Self {
        let table = Table::try_from(Config::default()).unwrap_or_default();
        Self { table, sources: BTreeMap::new() }
    }

    /// Sets a value if it is valid.
    pub fn set(&mut self, names: &[&str], value: Value, source: Source) -> Result<(), String> {
        // No setting is a date, but serde accepts one as a string.
        if let Value::Datetime(date) = &value {
            return Err(about(
                names,
                &format!("expected text in quotes or a number, found {date}"),
            ));
        }
        let mut alone = Self::new().table;
        put(&mut alone, names, value.clone());
        let said = |error: toml::de::Error| {
            let said = mistake::reword(error.message(), "value");
            let names_it = said.contains(&format!("`{}`", names[names.len() - 1]));
            if names_it { said } else { about(names, &said) }
        };
        let config: Config = alone.try_into().map_err(said)?;
        config.check().map_err(|wrong| about(names, &wrong))?;
        put(&mut self.table, names, value);
        self.sources.insert(names.iter().map(|name| (*name).to_owned()).collect(), source);
        Ok(())
    }

    /// Applies a file. Returns a message for each value that is wrong; the others are applied.
    pub fn read(&mut self, path: &Path, text: &str) -> Vec<String> {
        let spans = DeTable::parse(text);
        let (values, spans) = match (toml::from_str::<Table>(text), spans) {
            (Ok(values), Ok(spans)) => (values, spans),
            (Err(error), _) | (_, Err(error)) => {
                let said = mistake::explain(text, &error, "value");
                return vec![format!("{}: {said}; the whole file is left out", path.display())];
            }
        };
        let mut found = Vec::new();
        let defaults = Self::new().table;
        leaves(&defaults, values, spans.get_ref(), &mut Vec::new(), &mut found);
        let mut wrong = Vec::new();
        for (names, value, at) in found {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let source = Source::File(path.to_owned(), mistake::line(text, at));
            if let Err(said) = self.set(&names, value, source.clone()) {
                wrong.push(format!("{source}: {said}"));
            }
        }
        wrong
    }

    /// Removes a value.
    pub fn drop(&mut self, names: &[&str]) {
        self.sources.retain(|known, _| known != names);
        let [tables @ .., last] = names else { return };
        let mut table = Some(&mut self.table);
        for name in tables {
            table = table.and_then(|table| table.get_mut(*name)?.as_table_mut());
        }
        if let Some(table) = table {
            table.remove(*last);
        }
    }

    /// Where a value comes from.
    pub fn source(&self, names: &[String]) -> &Source {
        self.sources.get(names).unwrap_or(&Source::Default)
    }
}

fn about(names: &[&str], said: &str) -> String {
    format!("`{}`: {said}", names.join("."))
}

fn put(table: &mut Table, names: &[&str], value: Value) {
    match names {
        [] => {}
        [last] => drop(table.insert((*last).to_owned(), value)),
        [first, rest @ ..] => {
            let below = table.entry(*first).or_insert_with(|| Table::new().into());
            if let Value::Table(below) = below {
                put(below, rest, value);
            }
        }
    }
}

/// Collects every setting of a file with its byte offset. A table that isn't one in the defaults counts as a value.
fn leaves(
    defaults: &Table,
    values: Table,
    spans: &DeTable,
    names: &mut Names,
    found: &mut Vec<(Names, Value, usize)>,
) {
    for (name, value) in values {
        let spanned = spans.iter().find(|(key, _)| *key.get_ref() == name);
        let at = spanned.map_or(0, |(key, _)| key.span().start);
        let inside = spanned.and_then(|(_, value)| value.get_ref().as_table());
        names.push(name.clone());
        match (value, defaults.get(&name).and_then(Value::as_table), inside) {
            (Value::Table(below), Some(defaults), Some(spans)) => {
                leaves(defaults, below, spans, names, found);
            }
            (value, ..) => found.push((names.clone(), value, at)),
        }
        names.pop();
    }
}
