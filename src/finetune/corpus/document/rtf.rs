//! The text of Rich Text Format. Notes, headers, pictures, styles, hidden and deleted text are left out.

use super::{Words, joined};
use encoding_rs::{Encoding, WINDOWS_1252};
use std::collections::HashMap;

/// Groups whose text isn't part of the document.
const LEFT_OUT: &[&str] = &[
    "fonttbl",
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "header",
    "headerl",
    "headerr",
    "headerf",
    "footer",
    "footerl",
    "footerr",
    "footerf",
    "footnote",
    "annotation",
    "atnid",
    "atnauthor",
    "atnref",
    "fldinst",
    "listtable",
    "listoverridetable",
    "listtext",
    "pntext",
    "generator",
    "xmlnstbl",
    "themedata",
    "colorschememapping",
    "latentstyles",
    "datastore",
    "rsidtbl",
    "object",
    "objdata",
    "nonshppict",
    "tc",
    "xe",
    "revtbl",
    "filetbl",
    "pgptbl",
    "mmathPr",
    "bkmkstart",
    "bkmkend",
];

/// The words of a document.
pub fn words(source: &str) -> Words {
    let mut reader = Reader::default();
    reader.read(source);
    reader.flush();
    let last = std::mem::take(&mut reader.current);
    if !last.trim().is_empty() {
        reader.done.push(last);
    }
    let done: Vec<String> = reader.done.iter().map(|text| without_placeholders(text)).collect();
    Words { text: joined(&done), parts: reader.parts }
}

/// What holds within a pair of braces.
#[derive(Clone, Copy, Debug)]
struct Group {
    left_out: bool,
    /// Hidden or deleted text.
    hidden: bool,
    /// Whether it is the table of fonts.
    fonts: bool,
    /// How many characters after a `\u` are for programs that don't know it.
    fallback: usize,
    font: i32,
}

impl Default for Group {
    fn default() -> Self {
        Self { left_out: false, hidden: false, fonts: false, fallback: 1, font: -1 }
    }
}

#[derive(Default)]
struct Reader {
    groups: Vec<Group>,
    now: Group,
    /// The encoding of the document and those of its fonts.
    encoding: Option<&'static Encoding>,
    fonts: HashMap<i32, &'static Encoding>,
    /// Bytes that aren't decoded yet: a character may have two.
    bytes: Vec<u8>,
    /// The first half of a character above U+FFFF.
    high: Option<u16>,
    /// How many characters are still to be left out after a `\u`.
    skip: usize,
    current: String,
    done: Vec<String>,
    parts: usize,
}

impl Reader {
    fn read(&mut self, source: &str) {
        let mut rest = source;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '{' => {
                    self.flush();
                    self.skip = 0;
                    // the depth of hostile nesting is bounded by the length of the file
                    self.groups.push(self.now);
                }
                '}' => {
                    self.flush();
                    self.skip = 0;
                    self.now = self.groups.pop().unwrap_or_default();
                }
                '\\' => rest = self.control(rest),
                '\r' | '\n' | '\0' => {}
                c => self.character(c),
            }
        }
    }

    /// Handle what follows a backslash; returns the text behind it.
    fn control<'a>(&mut self, rest: &'a str) -> &'a str {
        let Some(first) = rest.chars().next() else { return rest };
        if first.is_ascii_alphabetic() {
            let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            let sign = usize::from(behind.starts_with('-'));
            let digits = behind[sign..].find(|c: char| !c.is_ascii_digit());
            let digits = sign + digits.unwrap_or(behind.len() - sign);
            let number: Option<i32> = behind[..digits].parse().ok();
            let behind = if number.is_some() { &behind[digits..] } else { behind };
            let behind = behind.strip_prefix(' ').unwrap_or(behind);
            return self.word(word, number, behind);
        }
        let behind = &rest[first.len_utf8()..];
        match first {
            '\'' => {
                let hex = behind.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
                if let Some(byte) = hex {
                    if self.skip > 0 {
                        self.skip -= 1;
                    } else {
                        self.bytes.push(byte);
                    }
                    return &behind[2..];
                }
            }
            '*' => self.now.left_out = true,
            '~' => self.character('\u{a0}'),
            '_' => self.character('\u{2011}'),
            '\\' | '{' | '}' => self.character(first),
            '\r' | '\n' => self.paragraph(),
            _ => {}
        }
        behind
    }

    /// Handle a control word; returns the text behind it.
    fn word<'a>(&mut self, word: &str, number: Option<i32>, behind: &'a str) -> &'a str {
        if word != "u" {
            self.flush();
        }
        let on = number != Some(0);
        match word {
            "par" | "sect" | "page" | "row" => self.paragraph(),
            "line" => self.character('\n'),
            "tab" | "cell" => self.character('\t'),
            "emdash" => self.character('—'),
            "endash" => self.character('–'),
            "lquote" => self.character('‘'),
            "rquote" => self.character('’'),
            "ldblquote" => self.character('“'),
            "rdblquote" => self.character('”'),
            "bullet" => self.character('•'),
            "emspace" | "enspace" | "qmspace" => self.character(' '),
            "u" => self.unicode(number.unwrap_or_default()),
            "uc" => self.now.fallback = usize::try_from(number.unwrap_or(1)).unwrap_or(1).min(16),
            "bin" => {
                let count = usize::try_from(number.unwrap_or_default()).unwrap_or_default();
                return &behind[behind.floor_char_boundary(count.min(behind.len()))..];
            }
            "ansicpg" => self.encoding = number.and_then(of_codepage),
            "mac" => self.encoding = Some(encoding_rs::MACINTOSH),
            "fonttbl" => (self.now.fonts, self.now.left_out) = (true, true),
            "f" => self.now.font = number.unwrap_or(-1),
            "fcharset" if self.now.fonts => {
                if let Some(encoding) = number.and_then(of_charset) {
                    self.fonts.insert(self.now.font, encoding);
                }
            }
            "v" | "deleted" => self.now.hidden = on,
            "plain" => self.now.hidden = false,
            _ if LEFT_OUT.contains(&word) => self.now.left_out = true,
            _ => {}
        }
        behind
    }

    fn unicode(&mut self, number: i32) {
        // numbers above 32767 are written as negative ones
        let unit = number.rem_euclid(1 << 16) as u16;
        self.flush();
        let units = [self.high.take(), Some(unit)];
        if (0xd800..0xdc00).contains(&unit) {
            self.high = Some(unit);
        } else {
            let text = char::decode_utf16(units.into_iter().flatten());
            text.flatten().for_each(|c| self.write(c));
        }
        self.skip = self.now.fallback;
    }

    fn character(&mut self, c: char) {
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        self.flush();
        self.write(c);
    }

    fn write(&mut self, c: char) {
        if !self.now.fonts {
            self.parts += usize::from(!self.now.left_out) * c.len_utf8();
        }
        if !self.now.left_out && !self.now.hidden {
            self.current.push(c);
        }
    }

    fn paragraph(&mut self) {
        self.skip = 0;
        if !self.now.left_out && !self.now.hidden {
            self.done.push(std::mem::take(&mut self.current));
        }
    }

    /// Decode the bytes that were read.
    fn flush(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        let font = self.fonts.get(&self.now.font).copied();
        let encoding = font.or(self.encoding).unwrap_or(WINDOWS_1252);
        let (text, _) = encoding.decode_without_bom_handling(&bytes);
        text.chars().for_each(|c| self.write(c));
    }
}

/// The encoding of a Windows code page.
fn of_codepage(number: i32) -> Option<&'static Encoding> {
    let name = match number {
        932 => "shift_jis".into(),
        936 => "gbk".into(),
        949 => "euc-kr".into(),
        950 => "big5".into(),
        874 => "windows-874".into(),
        10000 => "macintosh".into(),
        65001 => "utf-8".into(),
        other => format!("windows-{other}"),
    };
    Encoding::for_label(name.as_bytes())
}

/// The encoding of a font's set of characters. The one for Western languages is that of the document.
fn of_charset(number: i32) -> Option<&'static Encoding> {
    of_codepage(match number {
        77 => 10000,
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    })
}

/// A text without the marks of Scrivener for its styles and snippets, such as `<$Scr_Ps::0>`.
fn without_placeholders(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("$Scr_") {
        let start = ["<!", "<"].iter().find(|start| rest[..at].ends_with(**start));
        let (Some(start), Some(end)) = (start, rest[at..].find('>')) else {
            out.push_str(&rest[..at + 5]);
            rest = &rest[at + 5..];
            continue;
        };
        out.push_str(&rest[..at - start.len()]);
        rest = &rest[at + end + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_text_is_read() {
        for (rtf, text) in [
            (
                r"{\rtf1\ansi{\fonttbl{\f0 Times;}}{\info{\title no}}\f0 The stove hums.\par\par Rain.\par}",
                "The stove hums.\n\nRain.",
            ),
            (
                r"{\rtf1\ansi caf\'e9 \u8211\'96 \u8220?x\u8221? \emdash{\uc0\u233}t\~e}",
                "café – “x” —ét\u{a0}e",
            ),
            (r"{\rtf1 \u-10179?\u-8704? ok\{\}\\}", "😀 ok{}\\"),
            (r"{\rtf1\ansicpg1251 \'ef\'e5\'f7\'fc}", "печь"),
            (
                r"{\rtf1{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset128 B;}}\f1 \'83\'58\f0  caf\'e9}",
                "ス café",
            ),
            (
                r"{\rtf1 a{\*\generator no}b{\footnote no}{\v no}c{\deleted no}{\field{\*\fldinst PAGE}{\fldrslt d}}{\header no}}",
                "abcd",
            ),
            (
                r"{\rtf1 one\line two\tab three\par {\pict ffff}<$Scr_Ps::0>four<!$Scr_Ps::0>}",
                "one\ntwo\tthree\n\nfour",
            ),
            (r"{\rtf1{\bin5 }}}{{\b bold}}", "bold"),
            ("{\\rtf1 one\\\ntwo}", "one\n\ntwo"),
        ] {
            assert_eq!(words(rtf).text.trim_matches('\n'), text, "{rtf}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(rtf in r"(\{|\}|\\|\\par |\\u-?[0-9]{1,6}|\\'8[0-9a-f]|\\uc[0-9]|\\bin[0-9]{1,4}|\\f1|\\fcharset128|\\fonttbl|\\\*|a|é| ){0,60}") {
            let found = words(&format!("{{\\rtf1{rtf}"));
            prop_assert!(found.text.len() <= 4 * rtf.len() + 8);
        }
    }
}
