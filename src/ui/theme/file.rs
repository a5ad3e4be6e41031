//! Themes as files: those in the program, and those in the user's folder, which come first. A misspelt key is an error.

use super::{Depth, Role, Theme, colour::Colour};
use crate::{ui::mistake, whole};
use anyhow::{Context, Result, anyhow, bail};
use ratatui::style::Color;
use serde::Deserialize;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// The built-in themes by name: the files of the folder `themes`.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/themes.rs"));

/// One role in a theme's file.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Look {
    fg: Option<Colour>,
    bg: Option<Colour>,
    pub bold: Option<bool>,
    pub dim: Option<bool>,
    pub italic: Option<bool>,
    pub underline: Option<bool>,
    pub reverse: Option<bool>,
}

impl Look {
    /// Fills what isn't set here from `other`.
    pub fn or(self, other: Self) -> Self {
        Self {
            fg: self.fg.or(other.fg),
            bg: self.bg.or(other.bg),
            bold: self.bold.or(other.bold),
            dim: self.dim.or(other.dim),
            italic: self.italic.or(other.italic),
            underline: self.underline.or(other.underline),
            reverse: self.reverse.or(other.reverse),
        }
    }

    /// The colours of the letters and of the background.
    pub fn colours(self) -> (Option<Color>, Option<Color>) {
        (self.fg.map(|colour| colour.0), self.bg.map(|colour| colour.0))
    }
}

/// A theme's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// A description in one sentence.
    #[serde(default)]
    about: String,
    /// The theme that provides what this one doesn't set.
    parent: Option<String>,
    #[serde(default)]
    roles: BTreeMap<Role, Look>,
}

/// The themes that can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Themes {
    folder: Option<PathBuf>,
}

impl Themes {
    /// The built-in themes and those in the user's folder, where a file with a built-in name changes that theme.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The names of all themes, each with its description.
    pub fn list(&self) -> Vec<(String, String)> {
        let folder = self.folder.as_ref().and_then(|folder| fs::read_dir(folder).ok());
        let own = folder.into_iter().flatten().flatten().filter_map(|entry| {
            let path = entry.path();
            let is_theme = path.extension().is_some_and(|extension| extension == "toml");
            is_theme.then(|| path.file_stem().map(|name| name.to_string_lossy().into_owned()))?
        });
        let mut names: Vec<_> =
            own.chain(EMBEDDED.iter().map(|(name, _)| (*name).into())).collect();
        names.sort_unstable();
        names.dedup();
        let about = |name: &str| match self.files(name) {
            Ok(files) => files.into_iter().map(|file| file.about).find(|about| !about.is_empty()),
            Err(error) => Some(format!("{error:#}")),
        };
        names
            .into_iter()
            .map(|name| (about(&name).unwrap_or_default(), name))
            .map(|(a, n)| (n, a))
            .collect()
    }

    /// A theme for a terminal of this colour depth.
    ///
    /// # Errors
    /// When there is no theme of this name, or one of its files is wrong. The message has the line, and what was
    /// probably meant.
    pub fn load(&self, name: &str, depth: Depth) -> Result<Theme> {
        let roles = self.gather(name, &mut Vec::new())?;
        Ok(Theme::new(name, &roles, depth))
    }

    /// The files of a theme: the user's, then the built-in one.
    fn files(&self, name: &str) -> Result<Vec<File>> {
        let mut files = Vec::new();
        let own = self.folder.as_ref().map(|folder| folder.join(format!("{name}.toml")));
        if let Some(path) = own.filter(|path| path.exists()) {
            let place = path.display().to_string();
            let text = whole::read_text(&path).with_context(|| place.clone())?;
            files.push(parse(&place, &text)?);
        }
        if let Some((_, text)) = EMBEDDED.iter().find(|(known, _)| *known == name) {
            files.push(parse(&format!("theme `{name}`"), text)?);
        }
        Ok(files)
    }

    /// The roles of a theme, completed by those of its parents.
    fn gather(&self, name: &str, seen: &mut Vec<String>) -> Result<BTreeMap<Role, Look>> {
        if seen.iter().any(|known| known == name) {
            bail!("theme `{name}` is its own parent ({} -> {name})", seen.join(" -> "));
        }
        seen.push(name.to_owned());
        let files = self.files(name)?;
        if files.is_empty() {
            let all = self.list();
            let all: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
            return Err(anyhow!("there is no theme `{name}`{}", mistake::meant(name, &all)));
        }
        let mut roles = BTreeMap::new();
        for file in &files {
            lay_under(&mut roles, &file.roles);
        }
        if let Some(parent) = files.iter().find_map(|file| file.parent.as_ref()) {
            lay_under(&mut roles, &self.gather(parent, seen)?);
        }
        Ok(roles)
    }
}

fn parse(place: &str, text: &str) -> Result<File> {
    let said =
        |error: toml::de::Error| anyhow!("{place}: {}", mistake::explain(text, &error, "role"));
    toml::from_str(text).map_err(said)
}

fn lay_under(roles: &mut BTreeMap<Role, Look>, below: &BTreeMap<Role, Look>) {
    for (role, look) in below {
        let over = roles.get(role).copied().unwrap_or_default();
        roles.insert(*role, over.or(*look));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_an_error_with_its_line_and_the_nearest_one() {
        for (text, says) in [
            (
                "[roles]\ntext = { fg = \"red\" }\nquiet = { fgg = \"red\" }",
                "mine: line 3: there is no setting `fgg`; did you mean `fg`?",
            ),
            ("\n[roles]\ntxt = {}", "mine: line 3: there is no role `txt`; did you mean `text`?"),
            ("rolls = 1", "mine: line 1: there is no setting `rolls`; did you mean `roles`?"),
            ("[roles]\ntext = { fg = \"rde\" }", "mine: line 2: `rde` is not a colour"),
            ("[roles]\ntext = { bold = 1 }", "mine: line 2: expected true or false"),
        ] {
            let error = parse("mine", text).expect_err(text).to_string();
            assert!(error.contains(says), "{error}");
        }
        assert!(parse("mine", "[roles]\ntext = { fg = \"#d9d4c7\" }").is_ok());
    }

    #[test]
    fn the_users_folder_is_laid_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written");
        };
        write("ink.toml", "[roles]\nmachine = { fg = \"#00ff00\" }");
        write("mine.toml", "about = \"Mine.\"\nparent = \"paper\"\n[roles.text]\nbold = true");
        write("a.toml", "parent = \"b\"");
        write("b.toml", "parent = \"a\"");
        write("torn.toml", "[roles");
        let themes = Themes::new(Some(folder.path().to_owned()));
        let all = themes.list();
        assert!(all.contains(&("mine".into(), "Mine.".into())), "{all:?}");
        let plain = Themes::default();
        let load = |name| themes.load(name, Depth::True).expect(name);
        let ink = load("ink");
        assert_eq!(ink.style(Role::Machine).fg, Some(Color::Rgb(0, 255, 0)));
        let paper = plain.load("paper", Depth::True).expect("paper").style(Role::Text);
        assert_eq!(
            ink.style(Role::Text),
            plain.load("ink", Depth::True).expect("ink").style(Role::Text)
        );
        assert_eq!(load("mine").style(Role::Text).bg, paper.bg);
        for (name, says) in
            [("a", "its own parent"), ("torn", "torn.toml: line 1"), ("inc", "`ink`")]
        {
            let error = themes.load(name, Depth::True).expect_err(name).to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
