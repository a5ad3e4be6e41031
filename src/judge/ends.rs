//! Whether a candidate ends where a reader expects an end.

use crate::clean::sentence_ends;

/// Whether a text ends at a sentence end. If text follows in the paragraph, the ending has to suit it: before a small
/// letter, a comma or another mark no sentence may end. With `lines`, the end of a line of words is enough.
pub fn ends_well(text: &str, after: &str, lines: bool) -> bool {
    let text = text.trim_end();
    let ended = sentence_ends(text).last() == Some(text.len());
    if goes_on(after) {
        return text.ends_with(|c: char| c.is_alphanumeric() || c == ',');
    }
    ended || (lines && text.ends_with(|c: char| c.is_alphanumeric() || ",;:—-".contains(c)))
}

/// Whether the text that follows begins in the middle of a sentence.
pub fn goes_on(after: &str) -> bool {
    after.trim_start().starts_with(|next: char| next.is_lowercase() || ",;:.!?)]}”’".contains(next))
}

/// How many words of a candidate are kept in the middle of a sentence.
const KEPT: [usize; 5] = [1, 2, 3, 5, 8];

/// The beginnings of a candidate that can stand before the text that follows in the paragraph. Before the rest of a
/// sentence these are a few words, else whole sentences.
pub fn endings<'a>(text: &'a str, after: &str) -> Vec<&'a str> {
    if !goes_on(after) {
        return sentence_ends(text).map(|end| &text[..end]).take(2).collect();
    }
    let text = &text[..sentence_ends(text).next().unwrap_or(text.len())];
    let mut words = 0;
    let mut all: Vec<&str> = Vec::new();
    let mut inside = false;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_word = !c.is_whitespace();
        if inside && !is_word {
            words += 1;
            let piece = text[..at].trim_end_matches(|c: char| !c.is_alphanumeric());
            if KEPT.contains(&words) && !piece.trim().is_empty() {
                all.push(piece);
            }
        }
        inside = is_word;
    }
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_that_suits_what_follows() {
        let text = " the door, and the old woman came in. She sat.";
        assert_eq!(
            endings(text, " and looked in."),
            [
                " the",
                " the door",
                " the door, and",
                " the door, and the old",
                " the door, and the old woman came in"
            ]
        );
        assert_eq!(
            endings(text, " Then it rained."),
            [" the door, and the old woman came in.", text]
        );
        assert_eq!(endings("", " and"), [""; 0]);
    }

    #[test]
    fn an_end_is_where_a_sentence_ends() {
        for (text, after, lines, ends) in [
            (" The lamp went out.", "", false, true),
            (" \"Go!\"", "", false, true),
            (" and then the lamp", "", false, false),
            (" He saw Mr.", "", false, false),
            (" the lamp went out,", "", false, false),
            (" the lamp went out,", "", true, true),
            (" the lamp", "", true, true),
            // What follows decides.
            (" the door", " and looked in.", false, true),
            (" the door.", " and looked in.", false, false),
            (" the door.", " She looked in.", false, true),
            (" the door", " She looked in.", false, false),
            (" the door", ", and looked in.", false, true),
        ] {
            assert_eq!(ends_well(text, after, lines), ends, "{text:?} {after:?}");
        }
    }
}
