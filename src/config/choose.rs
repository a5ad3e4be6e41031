//! Which model is used, written into the file of settings.

use super::usual_file;
use crate::cli;
use anyhow::{Context, Result, bail};
use std::{fs, path::PathBuf};

/// Write into the settings which model is used, and give their file. The rest of it stays as it is.
///
/// # Errors
/// When it can't be read or written, or is broken.
pub fn set_model(
    flags: &cli::Global,
    env: impl Fn(&str) -> Option<String>,
    name: &str,
) -> Result<PathBuf> {
    let named = flags.config.clone().or(env("UNSTUCK_CONFIG").map(PathBuf::from));
    let path =
        named.or_else(usual_file).context("no home, so no place for settings; use --config")?;
    let what = || path.display().to_string();
    let old = match fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.with_context(what)?,
    };
    let new = with_model(&old, name);
    let read = new.parse::<toml::Table>().ok();
    let said = read.as_ref().and_then(|table| table.get("model")?.as_str());
    if said != Some(name) {
        bail!("{}: not understood; write model = {name:?} at its top by hand", path.display());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(what)?;
    }
    let mut place = unstuck::commands::Place::open(Some(&path))?;
    place.write(&new)?;
    place.finish()?;
    Ok(path)
}

/// Settings with another model: its line is replaced, or put before all others.
fn with_model(text: &str, name: &str) -> String {
    let line = format!("model = {}", toml::Value::from(name));
    let is_model = |line: &str| {
        line.trim_start()
            .strip_prefix("model")
            .is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let mut lines: Vec<&str> = text.lines().collect();
    let table = lines.iter().position(|line| line.trim_start().starts_with('['));
    match lines[..table.unwrap_or(lines.len())].iter().position(|line| is_model(line)) {
        Some(at) => lines[at] = &line,
        None => lines.insert(0, &line),
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_set_and_the_rest_left_alone() {
        let text = "# mine\nthreads = 2\nmodel='a' # old\n\n[desk]\nmodel = 3\n";
        let want = "# mine\nthreads = 2\nmodel = \"it's\"\n\n[desk]\nmodel = 3\n";
        assert_eq!(with_model(text, "it's"), want);
        assert_eq!(with_model("[desk]\n", "b"), "model = \"b\"\n[desk]\n");
        assert_eq!(with_model("", "b"), "model = \"b\"\n");
    }
}
