//! Whether a candidate ends where a reader expects an end.

use crate::clean::sentence_ends;

/// Whether a text ends at a sentence end. If text follows in the paragraph, the ending has to suit it: before a small
/// letter, a comma or another mark no sentence may end. With `lines`, the end of a line of words is enough.
pub fn ends_well(text: &str, after: &str, lines: bool) -> bool {
    let text = text.trim_end();
    let ended = sentence_ends(text).last() == Some(text.len());
    let next = after.trim_start().chars().next();
    let goes_on = |next: char| next.is_lowercase() || ",;:.!?)]}”’".contains(next);
    match next {
        Some(next) if goes_on(next) => text.ends_with(|c: char| c.is_alphanumeric() || c == ','),
        _ => {
            ended || (lines && text.ends_with(|c: char| c.is_alphanumeric() || ",;:—-".contains(c)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
