//! What may come behind a finished word: neither a letter nor a digit, and no apostrophe with a letter behind it.

use crate::clean::{is_of_word, is_spaceless};

/// Whether a text ends with a word that can be finished. Words of scripts without spaces can't: their next character is
/// often the next word.
pub fn ends_with_word(text: &str) -> bool {
    text.chars().next_back().is_some_and(|c| is_of_word(c) && !is_spaceless(c))
}

/// Whether text that begins with these bytes may come behind a finished word. The last character may be incomplete.
pub fn may_follow(bytes: &[u8]) -> bool {
    let (first, rest) = first_character(bytes);
    match first {
        First::Whole('\'' | '’') => {
            !matches!(first_character(rest).0, First::Whole(c) if is_of_word(c))
        }
        First::Whole(c) => !is_of_word(c),
        First::Partial => !may_become_letter(bytes),
        First::None => true,
    }
}

/// Whether these bytes decide the question, whatever comes behind them.
pub fn is_settled(bytes: &[u8]) -> bool {
    let (first, rest) = first_character(bytes);
    match first {
        First::Whole('\'' | '’') => matches!(first_character(rest).0, First::Whole(_)),
        First::Whole(_) => true,
        First::Partial | First::None => false,
    }
}

enum First {
    Whole(char),
    /// The first bytes of a character.
    Partial,
    None,
}

/// The first character of bytes, and the bytes behind it. Bytes that are no text count as a replacement character.
fn first_character(bytes: &[u8]) -> (First, &[u8]) {
    let Some(chunk) = bytes.utf8_chunks().next() else { return (First::None, bytes) };
    match chunk.valid().chars().next() {
        Some(c) => (First::Whole(c), &bytes[c.len_utf8()..]),
        None if chunk.invalid().len() == bytes.len() && is_beginning(bytes) => {
            (First::Partial, bytes)
        }
        None => (First::Whole(char::REPLACEMENT_CHARACTER), &bytes[chunk.invalid().len()..]),
    }
}

/// Whether more bytes can complete these to a character.
fn is_beginning(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|e| e.error_len().is_none())
}

/// Whether the first bytes of a character can become a letter or a digit: looks at all characters that begin so.
fn may_become_letter(partial: &[u8]) -> bool {
    let length = match partial[0] {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    let open = 6 * (length - partial.len()) as u32;
    let lead = u32::from(partial[0]) & (0x7f >> length);
    let known = partial[1..].iter().fold(lead, |code, byte| code << 6 | u32::from(byte & 0x3f));
    // Unicode has no letters and digits in its higher planes.
    let end = ((known + 1) << open).min(0x4_0000);
    (known << open..end).filter_map(char::from_u32).any(is_of_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_letters_nor_contractions_follow() {
        for text in [" and", ".", "\n", "-known", "—so", "'", "’", "' she", "'.", "…", "🙂", ""]
        {
            assert!(may_follow(text.as_bytes()), "{text:?}");
        }
        for text in ["one", "7", "é", "'s", "’s", "'S", "ß", "中", "\u{301}"] {
            assert!(!may_follow(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn part_of_a_character_is_judged_by_what_it_can_become() {
        // The first byte of "é", and the first two of "—", which begin only punctuation.
        assert!(!may_follow(b"\xc3") && may_follow(b"\xe2\x80"));
        assert!(!may_follow(b"\xf0\x9d") && may_follow(b"\xff"));
        assert!(!is_settled(b"\xe2\x80") && !is_settled(b"'") && !is_settled(b""));
        assert!(is_settled(b" ") && is_settled(b"'.") && is_settled(b"'s"));
    }

    #[test]
    fn words_end_where_scripts_have_spaces() {
        for text in ["so", "Pell", "a 7", "caf\u{65}\u{301}", "Straße", "мир"] {
            assert!(ends_with_word(text), "{text}");
        }
        for text in ["", "so ", "so.", "don'", "中", "かな", "ไทย", "👨"] {
            assert!(!ends_with_word(text), "{text}");
        }
    }
}
