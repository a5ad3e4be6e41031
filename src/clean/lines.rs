//! Line ends as models know them.

use std::borrow::Cow;

/// The text with `\n` for every line end (CR LF, a lone CR) and without a byte-order mark. Models were trained on such
/// text: to them other line ends are other words.
pub fn unified(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.contains('\r') {
        true => text.replace("\r\n", "\n").replace('\r', "\n").into(),
        false => text.into(),
    }
}

/// The text of a command line option in which `\n`, `\t` and `\\` stand for a line end, a tab and a backslash. Another
/// character after a backslash changes nothing.
pub fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let mut after = rest.clone();
        let meant = match (c, after.next()) {
            ('\\', Some('n')) => Some('\n'),
            ('\\', Some('t')) => Some('\t'),
            ('\\', Some('\\')) => Some('\\'),
            _ => None,
        };
        if meant.is_some() {
            rest = after;
        }
        out.push(meant.unwrap_or(c));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_is_one_character() {
        for text in ["a\nb\n\nc", "a\r\nb\r\n\r\nc", "a\rb\r\rc", "\u{feff}a\nb\r\n\rc"] {
            assert_eq!(unified(text), "a\nb\n\nc", "{text:?}");
        }
    }

    #[test]
    fn escapes_of_options_are_read() {
        for (text, meant) in
            [(r"\n", "\n"), (r"a\tb", "a\tb"), (r"\\n", r"\n"), (r"\x \", r"\x \"), ("", "")]
        {
            assert_eq!(unescaped(text), meant, "{text}");
        }
    }
}
