//! What a draft has for its writer alone, and the model never sees: the front matter, lines that begin with `%`, and
//! comments between `<!--` and `-->`.

use std::ops::Range;

/// The end in bytes of the front matter: lines between `---` at the very beginning and the next `---` or `...`.
pub fn front_matter(text: &str) -> Option<usize> {
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        at += line.len();
        match (number, line.trim_end()) {
            (0, "---") => {}
            (0, _) => return None,
            (_, "---" | "...") => return Some(at),
            _ => {}
        }
    }
    None
}

/// The ranges in bytes that the model doesn't see. `is_start`: the text begins where the draft begins. A comment that is
/// not closed ends with its paragraph.
pub fn unseen(text: &str, is_start: bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = if is_start { front_matter(text).unwrap_or(0) } else { 0 };
    if at > 0 {
        found.push(0..at);
    }
    while at < text.len() {
        let line = text[at..].split_inclusive('\n').next().unwrap_or_default();
        let end = at + line.len();
        // With its line break, a line or a comment that fills lines leaves no gap.
        if line.starts_with('%') {
            found.push(at..end);
            at = end;
            continue;
        }
        let Some(open) = line.find("<!--").map(|open| at + open) else {
            at = end;
            continue;
        };
        let close = text[open..].find("-->").map(|close| open + close + "-->".len());
        let gap = || ["\n\n", "\r\n\r\n"].iter().filter_map(|gap| text[open..].find(gap)).min();
        let close = close.unwrap_or_else(|| gap().map_or(text.len(), |gap| open + gap));
        let line_break = ["\n", "\r\n"].into_iter().find(|end| text[close..].starts_with(end));
        let fills = open == at && line_break.is_some();
        let close = close + line_break.filter(|_| fills).map_or(0, str::len);
        found.push(open..close);
        // What follows on this line may have another comment, but is no line of its own.
        at = close;
        if !fills {
            let rest = text[at..].split_inclusive('\n').next().unwrap_or_default();
            if !rest.contains("<!--") {
                at += rest.len();
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_and_comments_are_for_the_writer_alone() {
        for (text, seen) in [
            ("", ""),
            ("Text.", "Text."),
            ("---\ntitle: x\n---\nText.", "Text."),
            ("---\ntitle: x\n...\nText.", "Text."),
            // A rule isn't front matter, and neither is a block that doesn't end.
            ("---\nText.", "---\nText."),
            ("\n---\na\n---\n", "\n---\na\n---\n"),
            ("One.\n% a note\nTwo.\n", "One.\nTwo.\n"),
            ("50 % of it\n", "50 % of it\n"),
            ("One <!-- a note --> two.", "One  two."),
            ("One <!-- a --> two <!-- b --> three.\nFour.", "One  two  three.\nFour."),
            ("<!-- a\nnote -->\nOne.", "One."),
            ("One.\n<!-- open\nstill\n\nTwo.", "One.\n\nTwo."),
            ("One.\r\n<!-- open\r\n\r\nTwo.", "One.\r\n\r\nTwo."),
            ("<!-- a -->\r\nOne.", "One."),
            ("One <!-- a --> % two\n% three\n", "One  % two\n"),
            ("é <!-- 雨 --> é", "é  é"),
        ] {
            let mut left = text.to_owned();
            for range in unseen(text, true).into_iter().rev() {
                left.replace_range(range, "");
            }
            assert_eq!(left, seen, "{text:?}");
        }
        assert!(unseen("---\na\n---\n", false).is_empty());
    }
}
