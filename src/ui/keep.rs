//! Writes single settings, such as a chosen theme, into the user's file. Everything else in the file is kept, comments
//! included.

use super::mistake;
use crate::whole;
use anyhow::{Context, Result, anyhow};
use std::{fs, io::ErrorKind, path::Path};
use toml_edit::{DocumentMut, Item, Table, TomlError};

pub use toml_edit::Value;

/// Writes settings into a file, which is created if necessary. Each is named by its path: `["desk", "theme"]`.
///
/// # Errors
/// When the file isn't valid TOML, has a value where a table is needed, or can't be read or written. It is unchanged
/// then.
pub fn keep(path: &Path, settings: &[(&[&str], Value)]) -> Result<()> {
    let place = || path.display().to_string();
    let old = match whole::read_text(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        read => read.with_context(place)?,
    };
    let new = settings.iter().try_fold(old, |text, (names, value)| with(&text, names, value));
    let new = new.with_context(place)?;
    fs::create_dir_all(whole::folder_of(path)).with_context(place)?;
    whole::write(path, new.as_bytes()).with_context(place)
}

/// The text of a file with a new value for one setting.
fn with(text: &str, names: &[&str], value: &Value) -> Result<String> {
    let said = |error: TomlError| {
        let line = mistake::line(text, error.span().map_or(0, |span| span.start));
        anyhow!("line {line}: {}; correct that first", error.message().trim())
    };
    let mut all: DocumentMut = text.parse().map_err(said)?;
    let [tables @ .., last] = names else { return Ok(text.to_owned()) };
    let mut table: &mut dyn toml_edit::TableLike = all.as_table_mut();
    for name in tables {
        let below = table.entry(name).or_insert_with(|| Item::Table(Table::new()));
        table = below.as_table_like_mut().with_context(|| format!("`{name}` is not a table"))?;
    }
    match table.get_mut(last).and_then(Item::as_value_mut) {
        Some(old) => {
            // Spaces and comments around the value are kept.
            let around = old.decor().clone();
            *old = value.clone();
            *old.decor_mut() = around;
        }
        None => drop(table.insert(last, toml_edit::value(value.clone()))),
    }
    Ok(all.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_changes_and_nothing_else() {
        let model = &["model"][..];
        let theme = &["desk", "theme"][..];
        for (names, text, want) in [
            (
                model,
                "# mine\nthreads = 2\nmodel='a' # old\n\n[desk]\nmodel = 3\n",
                "# mine\nthreads = 2\nmodel=\"it's\" # old\n\n[desk]\nmodel = 3\n",
            ),
            (model, "[desk]\n", "model = \"it's\"\n[desk]\n"),
            (model, "", "model = \"it's\"\n"),
            (
                theme,
                "# mine\n[desk]\n# the light one\ntheme = \"paper\" # by day\noffers = 2\n\n[keys]\n",
                "# mine\n[desk]\n# the light one\ntheme = \"it's\" # by day\noffers = 2\n\n[keys]\n",
            ),
            (theme, "model = 'a' # x\n", "model = 'a' # x\n\n[desk]\ntheme = \"it's\"\n"),
            (theme, "desk = { offers = 2 }\n", "desk = { offers = 2 , theme = \"it's\" }\n"),
            (theme, "desk.theme = 'a'\n", "desk.theme = \"it's\"\n"),
            (
                theme,
                "[desk.sampling]\ntop_k = 3\n",
                "[desk]\ntheme = \"it's\"\n[desk.sampling]\ntop_k = 3\n",
            ),
        ] {
            let new = with(text, names, &"it's".into()).expect(text);
            assert_eq!(new, want);
            let read: toml::Table = new.parse().expect(&new);
            let found = names[..names.len() - 1]
                .iter()
                .try_fold(&read, |table, name| table.get(*name)?.as_table());
            let found = found.and_then(|table| table.get(names[names.len() - 1])?.as_str());
            assert_eq!(found, Some("it's"), "{new}");
        }
        let wrong = |text| format!("{:#}", with(text, theme, &"a".into()).expect_err(text));
        assert!(wrong("\n[desk\n").contains("line 2: "), "{}", wrong("\n[desk\n"));
        assert!(wrong("desk = 3").contains("`desk` is not a table"));
    }

    #[test]
    fn a_file_that_is_not_there_is_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/unstuck.toml");
        keep(&path, &[(&["desk", "theme"], "paper".into())]).expect("kept");
        assert_eq!(fs::read_to_string(path).expect("there"), "[desk]\ntheme = \"paper\"\n");
    }
}
