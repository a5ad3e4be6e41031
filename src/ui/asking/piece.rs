//! The pieces in which an offer is taken.

use crate::clean::sentence_ends;

/// The first word of a text, with the space, dash and quotes before it and the punctuation after it. Dashes separate
/// words; hyphens don't.
pub fn first_word(text: &str) -> &str {
    let dash = |c| matches!(c, '—' | '–' | '―');
    let begin = text.len() - text.trim_start_matches(|c: char| c.is_whitespace() || dash(c)).len();
    let word = text[begin..].find(|c: char| c.is_whitespace() || dash(c));
    &text[..begin + word.unwrap_or(text.len() - begin)]
}

/// The first sentence of a text, or all of it if no sentence ends. A line break ends a sentence, too.
pub fn first_sentence(text: &str) -> &str {
    let spaces = text.len() - text.trim_start().len();
    let line = text[spaces..].find('\n').map_or(text.len(), |at| at + spaces);
    let end = sentence_ends(text).next().unwrap_or(text.len()).min(line);
    &text[..end.max(spaces)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_never_more_than_was_meant() {
        for (text, word, sentence) in [
            (" The lamps. Then", " The", " The lamps."),
            ("ing to be, \"and", "ing", "ing to be, \"and"),
            ("\n\n“No,” she said. So", "\n\n“No,”", "\n\n“No,” she said."),
            ("one line\nTwo.", "one", "one line"),
            (" time—everything", " time", " time—everything"),
            ("—everything new", "—everything", "—everything new"),
            (" — he said", " — he", " — he said"),
            (" well-known men", " well-known", " well-known men"),
            ("  ", "  ", "  "),
            ("", "", ""),
        ] {
            assert_eq!(first_word(text), word);
            assert_eq!(first_sentence(text), sentence, "{text:?}");
        }
    }
}
