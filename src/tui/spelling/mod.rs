//! Spelling with dictionaries in Hunspell's format: which words of a text they don't know, and what may have been meant.
//! The writer's own words are in a file beside the settings, and the names of the draft's notes are known, too.

mod find;
mod words;

pub use find::folders;
pub use words::{Word, words};

use crate::whole;
use anyhow::{Context, Result, bail};
use spellbook::Dictionary;
use std::{
    collections::{HashMap, HashSet},
    fs,
    hash::RandomState,
    io::ErrorKind,
    ops::Range,
    path::{Path, PathBuf},
};

/// How many suggestions are given for a word.
const SUGGESTIONS: usize = 8;
/// How many words are remembered as known or unknown.
const REMEMBERED: usize = 50_000;
/// The largest file of a dictionary that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// A dictionary, and the writer's own words.
pub struct Spelling {
    dictionary: Dictionary<RandomState>,
    /// The name of the dictionary, such as `en_GB`.
    pub name: String,
    own: HashSet<String>,
    /// The file of the writer's own words.
    file: Option<PathBuf>,
    /// Words that were looked up.
    known: HashMap<String, bool>,
}

impl Spelling {
    /// Loads the dictionary of a language from one of these folders; without that one, another of the same language, or
    /// an English one. `file` has the writer's own words, one a line.
    ///
    /// # Errors
    /// When there is no dictionary, or it can't be read.
    pub fn load(folders: &[PathBuf], language: &str, file: Option<&Path>) -> Result<Self> {
        let Some(found) = find::dictionary(folders, language) else {
            bail!(
                "no dictionary is installed; a package such as hunspell-en-us has one, or set DICPATH to a folder with .aff and .dic files"
            );
        };
        let place = || found.words.display().to_string();
        let rules = read(&found.rules)?;
        let encoding = find::encoding(&rules);
        let decoded = |bytes: &[u8]| encoding.decode(bytes).0.into_owned();
        let words = read(&found.words)?;
        let hasher = RandomState::new();
        let dictionary =
            match Dictionary::new_with_hasher(&decoded(&rules), &decoded(&words), hasher) {
                Ok(dictionary) => dictionary,
                Err(error) => bail!("{}: {error}", place()),
            };
        let own = file.map(own_words).transpose()?.unwrap_or_default();
        let file = file.map(Path::to_owned);
        Ok(Self { dictionary, name: found.name, own, file, known: HashMap::new() })
    }

    /// Whether a word is spelled right. Typographic apostrophes are the same as straight ones.
    pub fn knows(&mut self, word: &str) -> bool {
        if let Some(known) = self.known.get(word) {
            return *known;
        }
        let plain = plain(word);
        let known = self.own.contains(&plain)
            || self.own.contains(&plain.to_lowercase())
            || self.dictionary.check(&plain);
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(word.to_owned(), known);
        known
    }

    /// The words of a text that are unknown, as ranges of bytes. Words of `names` are known.
    pub fn unknown<'a>(
        &mut self,
        text: &'a str,
        names: &'a HashSet<String>,
    ) -> Vec<(Range<usize>, &'a str)> {
        let all = words(text).filter(|word| !names.contains(&plain(word.text)));
        let wrong = all.filter(|word| !word.is_name && !self.knows(word.text));
        wrong.map(|word| (word.range, word.text)).collect()
    }

    /// What may have been meant by a word, the likeliest first. Its kind of apostrophe stays.
    pub fn suggest(&self, word: &str) -> Vec<String> {
        let mut found = Vec::new();
        self.dictionary.suggest(&plain(word), &mut found);
        found.truncate(SUGGESTIONS);
        if word.contains('’') {
            found.iter_mut().for_each(|one| *one = one.replace('\'', "’"));
        }
        found
    }

    /// Adds a word to the writer's own.
    ///
    /// # Errors
    /// When their file can't be read or written. The word is known until the desk closes all the same.
    pub fn add(&mut self, word: &str) -> Result<()> {
        let word = plain(word);
        self.known.clear();
        self.own.insert(word.clone());
        let Some(file) = &self.file else { return Ok(()) };
        let place = || file.display().to_string();
        let mut text = match whole::read_text(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read.with_context(place)?,
        };
        if text.lines().any(|line| line.trim() == word) {
            return Ok(());
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&format!("{word}\n"));
        fs::create_dir_all(whole::folder_of(file)).with_context(place)?;
        whole::write(file, text.as_bytes())
    }
}

/// A word with straight apostrophes, as dictionaries have it.
pub fn plain(word: &str) -> String {
    word.replace('’', "'")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let place = || path.display().to_string();
    if fs::metadata(path).with_context(place)?.len() > LARGEST {
        bail!("{}: this is too large for a dictionary", place());
    }
    whole::read(path).with_context(place)
}

/// The words of the writer's own file; none if there is no file.
fn own_words(file: &Path) -> Result<HashSet<String>> {
    match whole::read_text(file) {
        Ok(text) => {
            Ok(text.lines().map(|line| plain(line.trim())).filter(|w| !w.is_empty()).collect())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(HashSet::new()),
        Err(error) => Err(error).with_context(|| file.display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixtures() -> Vec<PathBuf> {
        vec!["tests/fixtures/spelling".into()]
    }

    #[test]
    fn unknown_words_are_found_and_suggested_for() {
        let mut spelling = Spelling::load(&fixtures(), "en_GB", None).expect("a dictionary");
        assert_eq!(spelling.name, "en_GB");
        let names = HashSet::from(["Skerry".to_owned()]);
        let text = "The lampp was lit. Skerry’s lamps weren’t lamps; the boats. LAMPP 3rd Qwert";
        let unknown = spelling.unknown(text, &names);
        let unknown: Vec<_> =
            unknown.into_iter().map(|(range, word)| (&text[range], word)).collect();
        // A name in the middle of a sentence is nobody's mistake.
        assert_eq!(unknown, [("lampp", "lampp"), ("Skerry’s", "Skerry’s")]);
        assert_eq!(spelling.suggest("lampp").first().map(String::as_str), Some("lamp"));
        assert!(spelling.suggest("weren’").iter().any(|word| word == "weren’t"));
    }

    #[test]
    fn own_words_are_kept_in_their_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("mine/dictionary.txt");
        let mut spelling = Spelling::load(&fixtures(), "en_GB", Some(&file)).expect("a dictionary");
        assert!(!spelling.knows("inkwell"));
        spelling.add("inkwell").expect("added");
        spelling.add("inkwell").expect("added");
        assert!(spelling.knows("inkwell") && spelling.knows("Inkwell"));
        assert_eq!(fs::read_to_string(&file).expect("a file"), "inkwell\n");
        let mut again = Spelling::load(&fixtures(), "en_GB", Some(&file)).expect("a dictionary");
        assert!(again.knows("inkwell"));
    }

    #[test]
    fn other_encodings_are_read_and_broken_files_are_named() {
        let mut german = Spelling::load(&fixtures(), "de_DE", None).expect("a dictionary");
        assert!(german.knows("Straße") && german.knows("schön") && !german.knows("Strase"));
        let folder = tempfile::tempdir().expect("a folder");
        let none = Spelling::load(&[folder.path().into()], "en_GB", None).map(drop);
        assert!(none.expect_err("none").to_string().starts_with("no dictionary is installed"));
        fs::write(folder.path().join("en_GB.aff"), "SFX A Y 1\n").expect("written");
        fs::write(folder.path().join("en_GB.dic"), "x\nlamp/A\n").expect("written");
        let broken = Spelling::load(&[folder.path().into()], "en_GB", None).map(drop);
        assert!(broken.expect_err("broken").to_string().contains("en_GB.dic"), "named");
    }
}
