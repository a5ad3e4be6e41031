//! Watches what comes out of a file, and says so when it is probably not what the writer meant: a column of ids or links,
//! one line again and again, markup in the text, or hardly any text.

use super::Reason;
use std::fmt::Display;

/// Less text than a tenth of fewer bytes than this is no reason for a warning.
const LEAST: u64 = 1000;

/// What a file has given so far.
#[derive(Debug, Default)]
pub struct Watch {
    documents: u64,
    /// Documents that are one number, code or link.
    codes: u64,
    duplicates: u64,
    /// Documents with markup in them.
    marked: u64,
    /// Bytes of the parts of the file that may be text.
    parts: u64,
    /// Bytes of the texts that were found in them.
    text: u64,
    lines: u64,
    /// Lines that are the same as the one before.
    repeated: u64,
    last: u64,
}

impl Watch {
    /// Bytes of a part of the file that may be text.
    pub fn parts(&mut self, bytes: usize) {
        self.parts += bytes as u64;
    }

    /// Bytes of a text that was found.
    pub fn text(&mut self, bytes: usize) {
        self.text += bytes as u64;
    }

    /// A line of plain text, by its hash.
    pub fn line(&mut self, hash: u64) {
        self.lines += 1;
        self.repeated += u64::from(self.last == hash);
        self.last = hash;
    }

    /// A document that is kept.
    pub fn kept(&mut self, text: &str) {
        self.documents += 1;
        self.codes += u64::from(is_code(text));
        self.marked += u64::from(is_marked_up(text));
    }

    /// A document that is dropped.
    pub fn dropped(&mut self, reason: Reason, text: &str) {
        self.documents += 1;
        match reason {
            Reason::Duplicate | Reason::NearDuplicate => self.duplicates += 1,
            Reason::OnlyLinks => self.codes += 1,
            Reason::NoWords => self.codes += u64::from(is_code(text)),
            _ => {}
        }
    }

    /// What looks wrong.
    pub fn findings(&self) -> Vec<String> {
        let Self { documents, codes, duplicates, marked, .. } = *self;
        let mut found = Vec::new();
        let mut tell = |sentence: &dyn Display| found.push(sentence.to_string());
        if documents >= 3 && codes * 2 > documents {
            tell(&format_args!(
                "{codes} of {documents} documents are only a number, a code or a link; if another column or field has \
                 the text, give --column NAME"
            ));
        }
        if documents >= 5 && duplicates * 10 >= documents * 8 {
            tell(&format_args!(
                "{duplicates} of {documents} documents repeat earlier ones; look whether it is the right file and column"
            ));
        }
        if self.lines >= 5 && self.repeated * 10 >= self.lines * 8 {
            tell(&format_args!(
                "{} of {} lines repeat the line before; look whether it is the right file",
                self.repeated, self.lines
            ));
        }
        if marked > 0 && marked * 100 >= documents {
            tell(&format_args!(
                "{marked} of {documents} documents have tags or styles in them; save the file as HTML (.html) if it is \
                 that, or export plain text"
            ));
        }
        if self.parts >= LEAST && self.text * 10 < self.parts {
            tell(&format_args!(
                "only {} of {} bytes that may be text were read; give --column NAME for the field with the text, or \
                 export it in another format",
                self.text, self.parts
            ));
        }
        found
    }
}

/// Whether a text is a number, a code or a link, and not words.
fn is_code(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let (Some(word), None) = (words.next(), words.next()) else { return false };
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let coded = word.is_ascii() && digits * 4 >= word.len() && word.len() >= 4;
    word.contains("://") || !word.contains(char::is_alphabetic) || coded
}

/// Whether a text has tags or styles of another format in it: HTML, Word, RTF, CSS.
fn is_marked_up(text: &str) -> bool {
    const MARKS: &[&str] = &[
        "</p>", "</div>", "</span>", "</a>", "</li>", "</style>", "<br", "<p>", "<p ", "<div",
        "<span", "<style", "<w:", "<text:", "{\\rtf", "\\par\n", "\\pard", "style=\"",
    ];
    const STYLES: &[&str] =
        &["font-family:", "font-size:", "color:", "margin:", "padding:", "mso-"];
    if memchr::memchr3(b'<', b'\\', b'{', text.as_bytes()).is_none() {
        return false;
    }
    MARKS.iter().any(|mark| text.contains(mark))
        || text.contains('{') && STYLES.iter().any(|style| text.contains(style))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(each: impl Fn(&mut Watch), times: usize) -> Vec<String> {
        let mut watch = Watch::default();
        (0..times).for_each(|_| each(&mut watch));
        watch.findings()
    }

    #[test]
    fn what_looks_wrong_is_told() {
        for (each, says) in [
            ((|w| w.kept("1278349871234")) as fn(&mut Watch), "a number"),
            (|w| w.dropped(Reason::OnlyLinks, ""), "a link"),
            (|w| w.dropped(Reason::Duplicate, "one"), "repeat earlier"),
            (|w| w.line(7), "repeat the line before"),
            (|w| w.kept("x </span> y"), "tags or styles"),
            (|w| w.kept("p {color:red} y"), "tags or styles"),
            (|w| w.parts(1000), "only 0 of"),
        ] {
            let found = findings(each, 20);
            assert!(found.len() == 1 && found[0].contains(says), "{found:?}");
        }
    }

    #[test]
    fn what_is_usual_is_not() {
        for each in [
            (|w| w.kept("one lamp")) as fn(&mut Watch),
            |w| w.kept("yes"),
            |w| w.kept("a < b {c} \\d"),
            |w| w.dropped(Reason::Retweet, "RT @ash: x"),
            |w| {
                w.parts(100);
                w.text(90);
            },
        ] {
            assert_eq!(findings(each, 200), [""; 0]);
        }
        assert_eq!(findings(|w| w.kept("42"), 2), [""; 0]);
    }
}
