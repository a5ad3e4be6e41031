//! Names and words that neither the draft nor the language knows.

use crate::clean::is_english;
use crate::clean::sentence_ends;
use std::collections::HashSet;

/// Capitalised words that need no introduction, in lower case.
const KNOWN: &str = "i i'm i'd i'll i've mr mrs miss ms dr sir lady lord god christ christmas easter heaven monday \
    tuesday wednesday thursday friday saturday sunday january february march april may june july august september \
    october november december english french german italian spanish latin greek american british christian european \
    england france germany italy spain europe america ok";

/// A word in a text.
pub struct Word<'a> {
    /// The word; an apostrophe inside belongs to it, a hyphen doesn't.
    pub text: &'a str,
    /// Its first byte in the text.
    pub at: usize,
}

/// The words of a text.
pub fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(char::is_alphanumeric)?;
        let mut end = start;
        let mut chars = text[start..].char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let inside = matches!(c, '\'' | '’')
                && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
            if !c.is_alphanumeric() && !inside {
                break;
            }
            end = start + at + c.len_utf8();
        }
        rest = end;
        Some(Word { text: &text[start..end], at: start })
    })
}

/// The first word of a text that is not English and not among the draft's words. Capitalised words are names; numbers
/// and words in capitals are let through.
pub fn strange_word<'a>(text: &'a str, draft: &HashSet<String>) -> Option<&'a str> {
    words(text).map(|word| word.text).find(|word| {
        let is_word = word.starts_with(char::is_lowercase);
        is_word && !is_english(word) && !draft.contains(*word)
    })
}

/// The first name in a text that is not among the draft's: a capitalised word inside a sentence, or one that begins a
/// sentence and is no English word. `before` is the text before it.
pub fn strange_name<'a>(before: &str, text: &'a str, draft: &HashSet<String>) -> Option<&'a str> {
    words(text).find(|word| is_strange_name(before, text, word, draft)).map(|word| word.text)
}

fn is_strange_name(before: &str, text: &str, word: &Word, draft: &HashSet<String>) -> bool {
    let lower = word.text.to_lowercase().replace('’', "'");
    let bare = lower.strip_suffix("'s").unwrap_or(&lower);
    let known = |word: &str| KNOWN.split_whitespace().any(|known| known == word);
    if !word.text.starts_with(char::is_uppercase) || known(&lower) || known(bare) {
        return false;
    }
    if draft.contains(&lower) || draft.contains(bare) {
        return false;
    }
    let starts = match text[..word.at].trim_end().is_empty() {
        true => starts_sentence(&format!("{before}{}", &text[..word.at])),
        false => starts_sentence(&text[..word.at]),
    };
    !(starts && is_english(&lower))
}

/// Whether a word after this text begins a sentence, a speech or a line.
fn starts_sentence(before: &str) -> bool {
    let quote = |c: char| "\"'“‘«„([*_".contains(c);
    let line = before.rsplit('\n').next().unwrap_or_default();
    let bare = line.trim_end_matches(quote);
    // Directly after an opening quote.
    if bare.len() < line.len() {
        return true;
    }
    let end = bare.trim_end().trim_end_matches(|c: char| "\"'”’»)]*_".contains(c));
    match end.chars().next_back() {
        // "Mr." ends no sentence.
        Some('.') => sentence_ends(&format!("{end} It")).any(|at| at == end.len()),
        Some(last) => "!?…:—-#".contains(last),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(words: &str) -> HashSet<String> {
        words.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn words_are_cut_at_marks() {
        let found: Vec<_> =
            words("\"I can't,\" the well-known boys' lamp’s 2nd").map(|w| w.text).collect();
        assert_eq!(found, ["I", "can't", "the", "well", "known", "boys", "lamp’s", "2nd"]);
    }

    #[test]
    fn a_name_that_nobody_knows() {
        let known = draft("mara pell");
        for (before, text, name) in [
            ("", "Then old Harkness came.", Some("Harkness")),
            ("", "Then Mara and Pell's brother came on Friday, I think.", None),
            ("", "The door was open. She went.", None),
            ("", "Harkness came.", Some("Harkness")),
            ("", "\"Come,\" said Mara. \"Go!\" Rose said.", None),
            ("", "\"Come,\" Rose said.", Some("Rose")),
            ("She saw ", "The end.", Some("The")),
            ("She saw. ", "The end.", None),
            ("", "He said: \"Look, Mr. Brown.\"", Some("Brown")),
            ("", "The boat.\n\nRain fell.", None),
        ] {
            assert_eq!(strange_name(before, text, &known), name, "{before:?} {text:?}");
        }
    }

    #[test]
    fn a_word_that_is_no_word() {
        let known = draft("quorn");
        for (text, word) in [
            ("The lamp's quorn was out by 9 o'clock.", None),
            ("The smallestone was out.", Some("smallestone")),
            ("The well-knowned men.", Some("knowned")),
            ("The XVIIth Harkness", None),
        ] {
            assert_eq!(strange_word(text, &known), word, "{text:?}");
        }
    }
}
