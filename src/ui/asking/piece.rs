//! The pieces in which an offer is taken.

use crate::clean::sentence_ends;

/// The first word of a text, with the space, dash and quotes before it and the punctuation after it, also after a space
/// ("Quoi ?"). Dashes separate words; hyphens don't.
pub fn first_word(text: &str) -> &str {
    let dash = |c| matches!(c, '—' | '–' | '―');
    let Some(begin) = text.find(|c: char| c.is_alphanumeric()) else {
        // Marks alone: up to the next space.
        let begin = text.len() - text.trim_start().len();
        let end = text[begin..].find(char::is_whitespace).map_or(text.len(), |at| begin + at);
        return &text[..end];
    };
    let end = text[begin..].find(|c: char| c.is_whitespace() || dash(c));
    let mut end = end.map_or(text.len(), |at| begin + at);
    // A dash that no word follows belongs to this word: `But—" she`.
    let rest = &text[end..];
    let marks = rest.find(|c: char| c.is_whitespace() || c.is_alphanumeric()).unwrap_or(rest.len());
    if !rest[marks..].starts_with(char::is_alphanumeric) {
        end += marks;
    }
    let rest = text[end..].trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let marks = rest.find(|c: char| !".,;:!?…»".contains(c)).unwrap_or(rest.len());
    let alone = rest[marks..].chars().next().is_none_or(char::is_whitespace);
    if marks > 0 && alone { &text[..text.len() - rest.len() + marks] } else { &text[..end] }
}

/// The first sentence of a text. A line break ends a sentence, too. `None` for a fragment: no sentence ends in the text,
/// and its end isn't a good one either (`ends_well`).
pub fn first_sentence(text: &str, ends_well: bool) -> Option<&str> {
    let spaces = text.len() - text.trim_start().len();
    let line = text[spaces..].find('\n').map(|at| at + spaces);
    let ends = sentence_ends(text).next().into_iter().chain(line);
    let end = ends.min().or_else(|| ends_well.then_some(text.len()))?;
    Some(&text[..end.max(spaces)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_never_more_than_was_meant() {
        for (text, word, sentence) in [
            (" The lamps. Then", " The", " The lamps."),
            ("ing to be, \"and", "ing", ""),
            ("\n\n“No,” she said. So", "\n\n“No,”", "\n\n“No,” she said."),
            ("one line\nTwo.", "one", "one line"),
            (" time—everything", " time", ""),
            ("“But—” she", "“But—”", ""),
            (", whether", ", whether", ""),
            ("Quoi ? Rien", "Quoi ?", "Quoi ?"),
            (" time… and", " time…", ""),
            ("…", "…", ""),
            ("—everything new", "—everything", ""),
            (" — he said", " — he", ""),
            (" well-known men", " well-known", ""),
            ("  ", "  ", ""),
            ("", "", ""),
        ] {
            assert_eq!(first_word(text), word);
            assert_eq!(first_sentence(text, false).unwrap_or_default(), sentence, "{text:?}");
            // All of a text that may end where it does.
            let all = if sentence.is_empty() { text } else { sentence };
            assert_eq!(first_sentence(text, true), Some(all), "{text:?}");
        }
    }
}
