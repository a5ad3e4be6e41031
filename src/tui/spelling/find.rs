//! Where dictionaries are, and which one a language has.

use encoding_rs::{Encoding, UTF_8};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The two files of a dictionary.
pub struct Found {
    /// Its name, such as `en_GB`.
    pub name: String,
    /// The rules: `.aff`.
    pub rules: PathBuf,
    /// The words: `.dic`.
    pub words: PathBuf,
}

/// Folders of dictionaries that systems have.
const FOLDERS: [&str; 8] = [
    "/usr/share/hunspell",
    "/usr/share/myspell",
    "/usr/share/myspell/dicts",
    "/usr/local/share/hunspell",
    "/opt/homebrew/share/hunspell",
    "/Library/Spelling",
    "/app/share/hunspell",
    "/Applications/LibreOffice.app/Contents/Resources/extensions",
];
/// A folder whose folders have dictionaries.
const EXTENSIONS: &str = "/usr/lib/libreoffice/share/extensions";

/// The folders in which dictionaries are looked for, in order: those of `DICPATH`, the user's, the system's.
pub fn folders(told: impl Fn(&str) -> Option<String>, home: Option<&Path>) -> Vec<PathBuf> {
    let list = |text: String| std::env::split_paths(&text).collect::<Vec<_>>();
    let mut folders = told("DICPATH").map(list).unwrap_or_default();
    let data = told("XDG_DATA_HOME").filter(|data| !data.is_empty()).map(PathBuf::from);
    let data = data.or_else(|| Some(home?.join(".local/share")));
    folders.extend(data.map(|data| data.join("hunspell")));
    folders.extend(home.map(|home| home.join("Library/Spelling")));
    let shared = told("XDG_DATA_DIRS").map(list).unwrap_or_default();
    folders.extend(shared.into_iter().map(|data| data.join("hunspell")));
    folders.extend(FOLDERS.map(PathBuf::from));
    let inside = fs::read_dir(EXTENSIONS).into_iter().flatten().flatten();
    folders.extend(inside.map(|entry| entry.path()));
    folders.retain(|folder| !folder.as_os_str().is_empty());
    folders
}

/// The dictionary of a language such as `de_CH`: that one, one of the same language, or an English one.
pub fn dictionary(folders: &[PathBuf], language: &str) -> Option<Found> {
    let wanted = normal(language.split(['.', '@']).next().unwrap_or_default());
    let base = wanted.split('_').next().unwrap_or_default().to_owned();
    let mut all: Vec<Found> = folders.iter().flat_map(|folder| in_folder(folder)).collect();
    let fits = |found: &Found| {
        let name = normal(&found.name);
        let own = name.split('_').next().unwrap_or_default();
        match () {
            () if name == wanted => 0,
            // `de_DE_frami` for `de_DE`.
            () if !wanted.is_empty() && name.starts_with(&format!("{wanted}_")) => 1,
            () if own == base => 2,
            () if own == "en" => 3,
            () => 4,
        }
    };
    // The order of the folders decides among equals.
    all.sort_by_key(|found| fits(found));
    all.into_iter().next().filter(|found| fits(found) < 4)
}

/// A name in lower case, with `_` between its parts.
fn normal(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// The dictionaries of a folder, by name.
fn in_folder(folder: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let words = entry.path();
        let rules = words.with_extension("aff");
        let is_words = words.extension().is_some_and(|ending| ending == "dic");
        if let Some(name) = words.file_stem().and_then(|name| name.to_str())
            && is_words
            && rules.is_file()
        {
            found.push(Found { name: name.to_owned(), rules, words });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// The encoding that the rules name in the line `SET`. UTF-8 if they don't.
pub fn encoding(rules: &[u8]) -> &'static Encoding {
    let text = String::from_utf8_lossy(rules);
    let name =
        text.lines().find_map(|line| line.trim_start_matches('\u{feff}').strip_prefix("SET "));
    let name = name.unwrap_or_default().trim().to_lowercase();
    let name = match name.strip_prefix("iso8859") {
        Some(rest) => format!("iso-8859{rest}"),
        None => name.replace("microsoft-cp", "windows-"),
    };
    Encoding::for_label(name.as_bytes()).unwrap_or(UTF_8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_of_a_language_is_the_nearest() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["de_DE_frami", "de_AT", "en-US", "en_GB", "fr"] {
            for ending in ["aff", "dic"] {
                fs::write(folder.path().join(format!("{name}.{ending}")), "").expect("written");
            }
        }
        fs::write(folder.path().join("it_IT.dic"), "").expect("written");
        let folders = [folder.path().join("none"), folder.path().into()];
        for (language, expected) in [
            ("en_GB.UTF-8", Some("en_GB")),
            ("en_US", Some("en-US")),
            ("de_DE", Some("de_DE_frami")),
            ("de_CH@euro", Some("de_AT")),
            ("fr_FR", Some("fr")),
            // Without its rules it is none.
            ("it_IT", Some("en-US")),
            ("", Some("en-US")),
        ] {
            let found = dictionary(&folders, language).map(|found| found.name);
            assert_eq!(found.as_deref(), expected, "{language}");
        }
        assert!(dictionary(&folders[..1], "en_GB").is_none());
    }

    #[test]
    fn folders_are_the_users_and_then_the_systems() {
        let told = |name: &str| match name {
            "DICPATH" => Some("/a:/b".to_owned()),
            "XDG_DATA_DIRS" => Some("/share".to_owned()),
            _ => None,
        };
        let found = folders(told, Some(Path::new("/home/ash")));
        let expected = ["/a", "/b", "/home/ash/.local/share/hunspell"].map(PathBuf::from);
        assert_eq!(found[..3], expected);
        assert!(found.contains(&"/share/hunspell".into()) && found.contains(&FOLDERS[0].into()));
    }

    #[test]
    fn encodings_have_the_names_of_hunspell() {
        for (line, expected) in [
            ("SET ISO8859-1", "windows-1252"),
            ("SET ISO8859-2\n", "ISO-8859-2"),
            ("SET KOI8-R", "KOI8-R"),
            ("SET microsoft-cp1251", "windows-1251"),
            ("\u{feff}SET UTF-8", "UTF-8"),
            ("FLAG long", "UTF-8"),
        ] {
            assert_eq!(encoding(line.as_bytes()).name(), expected, "{line}");
        }
    }
}
