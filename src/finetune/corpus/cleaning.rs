//! Cleans the text of one document: decodes character references, removes links, tags and invisible characters, composes
//! characters (Unicode NFC), and normalizes white space.

use super::{END, START};
use crate::clean;
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// What kind of text a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A short text such as a post: runs of spaces become one, and retweets are recognized.
    Post,
    /// Prose: spaces within lines are kept.
    Prose,
}

impl Form {
    /// The form of a text that is a field of a table or an archive: a post, unless its lines are indented, as those of
    /// some poems and scripts are.
    pub(super) fn of(text: &str) -> Self {
        let indented = |line: &str| line.starts_with("  ") || line.starts_with('\t');
        let is_indented = |line: &str| indented(line) && !line.trim().is_empty();
        if text.contains('\n') && text.lines().skip(1).any(is_indented) {
            Self::Prose
        } else {
            Self::Post
        }
    }
}

/// What cleaning changed in one document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Links were removed.
    pub links: bool,
    /// Character references, such as `&amp;`, were decoded.
    pub entities: bool,
    /// Characters were composed.
    pub composed: bool,
    /// Control characters, escape sequences and invisible characters were removed.
    pub invisible: bool,
    /// Training tags were removed.
    pub tags: bool,
}

/// The cleaned text, and what was changed. Changes of white space alone are not reported.
pub fn clean_text(text: &str, form: Form) -> (Cow<'_, str>, Changes) {
    let mut changes = Changes::default();
    let mut text = Cow::Borrowed(text);
    if text.contains('&') {
        changes.entities = replace(&mut text, |text| clean::decode(text).into());
    }
    changes.tags = replace(&mut text, without_tags);
    if text.contains('\r') {
        text = text.replace("\r\n", "\n").replace('\r', "\n").into();
    }
    changes.invisible = replace(&mut text, clean::prose);
    changes.composed = compose(&mut text);
    changes.links = replace(&mut text, clean::without_urls);
    replace(&mut text, |text| tidy(text, form));
    if changes != Changes::default() {
        // what was removed may have been between the parts of a tag, or between a letter and its accent
        changes.tags |= replace(&mut text, without_tags);
        changes.composed |= compose(&mut text);
        replace(&mut text, |text| tidy(text, form));
    }
    (text, changes)
}

/// Brings a text into Unicode's composed form (NFC). Says whether that changed it.
fn compose(text: &mut Cow<str>) -> bool {
    !text.is_ascii()
        && is_nfc_quick(text.chars()) != IsNormalized::Yes
        && replace(text, |text| text.nfc().collect::<String>().into())
}

/// Whether a post is a retweet: `RT @ash: …`, or the older form `"@ash: …`, also with several handles.
pub fn is_retweet(text: &str) -> bool {
    let text = text.trim_start();
    if let Some(rest) = text.strip_prefix("RT") {
        return rest.is_empty() || rest.starts_with([' ', '\u{a0}', ':', '\n']);
    }
    let quotes = ['"', '“', '”', '„', '«', '\'', '‘', '’'];
    let quoted = text.trim_start_matches(quotes);
    let Some(handle) = quoted.strip_prefix('@') else {
        return text.strip_prefix("rt @").is_some_and(|rest| rest.starts_with(is_handle_char));
    };
    let rest = handle.trim_start_matches(is_handle_char);
    if quoted.len() == text.len() {
        // `@ash:hi`, without a space: a retweet whose quote got lost in a table
        let glued = rest.strip_prefix(':').filter(|_| rest.len() < handle.len());
        return glued.is_some_and(|words| words.starts_with(|c: char| !c.is_whitespace()));
    }
    let spaced = rest.trim_start_matches(' ');
    rest.len() < handle.len()
        && (spaced.starts_with(':') || spaced.len() < rest.len() && spaced.starts_with('@'))
}

/// Whether the text has a word besides handles (`@name`).
pub fn has_words(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        !word.trim_start_matches(['.', '"', '“', '(']).starts_with('@')
            && word.contains(char::is_alphanumeric)
    })
}

/// Whether a character can be part of a handle.
fn is_handle_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Apply `change` to `text`. Returns whether the text is different now.
fn replace(text: &mut Cow<'_, str>, change: impl Fn(&str) -> Cow<'_, str>) -> bool {
    let Cow::Owned(changed) = change(text) else { return false };
    let different = changed != **text;
    *text = Cow::Owned(changed);
    different
}

/// The text without training tags, which only the writer of the corpus may set.
fn without_tags(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    while text.contains("<|") && (text.contains(START) || text.contains(END)) {
        text = text.replace(START, "").replace(END, "").into();
    }
    text
}

/// Normalize white space: no spaces at the ends of lines, no more than one empty line in a row, none at start and end. In a
/// post also a single space between words.
fn tidy(text: &str, form: Form) -> Cow<'_, str> {
    if is_plain_line(text) || is_tidy(text, form) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let line = line.trim_end();
        let line = if form == Form::Post { line.trim_start() } else { line };
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        if form == Form::Prose {
            out.push_str(line);
            continue;
        }
        for (at, word) in line.split_whitespace().enumerate() {
            if at > 0 {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    Cow::Owned(out)
}

/// Whether a text is one line of ASCII without control characters and without leading, trailing or double spaces. Most
/// posts are, and the check is vectorized.
fn is_plain_line(text: &str) -> bool {
    let bytes = text.as_bytes();
    let special = bytes.iter().fold(false, |any, byte| any | !(b' '..0x7f).contains(byte));
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    let double = pairs.fold(false, |any, (a, b)| any | (*a == b' ') & (*b == b' '));
    !special && !double && bytes.first() != Some(&b' ') && bytes.last() != Some(&b' ')
}

/// Whether [`tidy`] would change nothing.
fn is_tidy(text: &str, form: Form) -> bool {
    let mut before = '\n';
    let mut lines = 2; // line breaks in a row; the start of the text counts as an empty line
    let mut empty = true;
    for c in text.chars() {
        empty = false;
        let space = c.is_whitespace() && c != '\n';
        if space && form == Form::Post && (c != ' ' || before == ' ' || before == '\n') {
            return false;
        }
        if c == '\n' {
            lines += 1;
            if lines > 2 || before != '\n' && before.is_whitespace() {
                return false;
            }
        } else {
            lines = 0;
        }
        before = c;
    }
    empty || !before.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_does_its_part_and_says_so() {
        let cleaned = |text: &str| {
            let (text, changes) = clean_text(text, Form::Post);
            (text.into_owned(), changes)
        };
        let none = Changes::default();
        assert_eq!(cleaned("Plain."), ("Plain.".into(), none));
        assert_eq!(cleaned(" two  spaces \r\n\n\n\n lines "), ("two spaces\n\nlines".into(), none));
        let entities = Changes { entities: true, ..none };
        assert_eq!(cleaned("salt &amp;amp; ash"), ("salt &amp; ash".into(), entities));
        assert_eq!(cleaned("AT&T & co"), ("AT&T & co".into(), none));
        let composed = Changes { composed: true, ..none };
        assert_eq!(cleaned("cafe\u{301}"), ("café".into(), composed));
        let invisible = Changes { invisible: true, ..none };
        assert_eq!(cleaned("a\u{200b}b\u{1b}[31mc"), ("abc".into(), invisible));
        let links = Changes { links: true, ..none };
        assert_eq!(cleaned("see  https://t.co/x"), ("see".into(), links));
        let tags = Changes { tags: true, ..none };
        assert_eq!(cleaned("<|startoftext|>ash<|endof<|endoftext|>text|>"), ("ash".into(), tags));
        let both = Changes { links: true, tags: true, ..none };
        assert_eq!(cleaned("a<|endof(https://t.co/x)text|>b"), ("ab".into(), both));
    }

    #[test]
    fn prose_keeps_what_is_within_its_lines() {
        let (text, _) = clean_text("\n  Indented  twice \n\n\n\nthen\n", Form::Prose);
        assert_eq!(text, "  Indented  twice\n\nthen");
    }

    #[test]
    fn both_forms_of_retweets_are_known() {
        for text in [
            "RT @ash: hi",
            "RT hi",
            "\"@ash: hi\"",
            "“@ash_1: hi”",
            "\"@ash @elm hi",
            "\"\"@ash:hi",
            "rt @ash hi",
            "@ash:hi",
            " RT: hi",
        ] {
            assert!(is_retweet(text), "{text}");
        }
        for text in
            ["RTs are fine", "@ash: hi", "\"@ash says hi\"", "ART", "\"Ash: hi\"", "", "\"@: hi"]
        {
            assert!(!is_retweet(text), "{text}");
        }
    }
}
