//! The list of English words: 40,000 of them, counted from the training text of the built-in model. `english.py` made
//! `english.txt` and explains its format.

use std::{collections::HashSet, sync::LazyLock};

static LIST: LazyLock<HashSet<Box<str>>> = LazyLock::new(|| read(include_str!("english.txt")));

/// The words of a front-coded list.
fn read(list: &str) -> HashSet<Box<str>> {
    let mut before = String::new();
    let mut words = HashSet::new();
    for line in list.lines() {
        let mut chars = line.chars();
        let shared = chars.next().and_then(|c| c.to_digit(36)).unwrap_or_default() as usize;
        let kept = before.char_indices().nth(shared).map_or(before.len(), |(at, _)| at);
        before.truncate(kept);
        before.push_str(chars.as_str());
        words.insert(before.as_str().into());
    }
    words
}

/// Endings that may be added to a word with an apostrophe.
const ENDINGS: [&str; 7] = ["s", "d", "ll", "ve", "re", "m", "t"];

/// Whether a word in lower case is an English word. A possessive is one if its word is; curly apostrophes are accepted.
pub fn is_english(word: &str) -> bool {
    let word = word.replace('’', "'");
    if LIST.contains(&*word) {
        return true;
    }
    word.split_once('\'').is_some_and(|(stem, end)| {
        (end.is_empty() || ENDINGS.contains(&end)) && LIST.contains(stem)
    })
}

/// Every word of the list, in no order.
#[cfg(test)]
pub fn all() -> impl Iterator<Item = &'static str> {
    LIST.iter().map(|word| &**word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_coding_is_undone() {
        let words = read("0a\n1bbey\n5s\n0boat\n");
        assert_eq!(words, ["a", "abbey", "abbeys", "boat"].map(Box::from).into());
    }

    #[test]
    fn the_list_knows_words_and_no_fragments() {
        for word in ["a", "the", "smallest", "harbour", "don't", "lamp’s", "boys'", "couldn't"] {
            assert!(is_english(word), "{word}");
        }
        for word in ["", "smallestone", "nobo", "th", "x", "pluie", "quetions", "lamp'x"] {
            assert!(!is_english(word), "{word}");
        }
        assert!(LIST.len() > 30_000, "{}", LIST.len());
    }
}
