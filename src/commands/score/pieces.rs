//! The text to score, read in pieces.

use crate::{clean::unified, whole};
use anyhow::{Context, Result, anyhow};
use std::{
    io::{ErrorKind, Read},
    path::Path,
};

/// How many bytes are read at once.
const PIECE: usize = 64 << 10;

/// Pieces of a text in UTF-8, with `\n` for every line end.
pub(super) struct Pieces {
    /// What is read, for messages.
    pub name: String,
    /// The size of the file in bytes.
    pub length: Option<u64>,
    /// How many characters were read.
    pub characters: usize,
    from: Box<dyn Read>,
    /// The end of the last piece: an incomplete character, or a carriage return.
    rest: Vec<u8>,
    ended: bool,
}

impl Pieces {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// When it can't be opened.
    pub fn open(file: &Path) -> Result<Self> {
        let (name, length, from): (_, _, Box<dyn Read>) = if file == Path::new("-") {
            ("standard input".to_owned(), None, Box::new(std::io::stdin()))
        } else {
            let name = file.display().to_string();
            let open = whole::open(file).with_context(|| name.clone())?;
            let length = open.metadata().ok().map(|meta| meta.len());
            (name, length, Box::new(open))
        };
        Ok(Self { name, length, characters: 0, from, rest: Vec::new(), ended: false })
    }

    fn read(&mut self) -> Result<Option<String>> {
        let is_first = self.characters == 0;
        let mut bytes = std::mem::take(&mut self.rest);
        let before = bytes.len();
        bytes.resize(before + PIECE, 0);
        let read = loop {
            match self.from.read(&mut bytes[before..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read.with_context(|| self.name.clone())?,
            }
        };
        bytes.truncate(before + read);
        self.ended = read == 0;
        if self.ended && bytes.is_empty() {
            return Ok(None);
        }
        let wrong =
            || anyhow!("{}: not UTF-8; convert it first, with iconv for example", self.name);
        let whole = match std::str::from_utf8(&bytes) {
            Ok(_) => bytes.len(),
            Err(error) if error.error_len().is_none() && !self.ended => error.valid_up_to(),
            Err(_) => return Err(wrong()),
        };
        // `\r\n` is one line end.
        let whole = match bytes[..whole].last() {
            Some(b'\r') if !self.ended => whole - 1,
            _ => whole,
        };
        let rest = bytes.split_off(whole);
        let text = String::from_utf8(bytes).map_err(|_| wrong())?;
        // Only at the start of a text is this a byte-order mark.
        let text = match text.strip_prefix('\u{feff}').filter(|_| !is_first) {
            Some(after) => format!("\u{feff}{}", unified(after)),
            None => unified(&text).into_owned(),
        };
        self.rest = rest;
        self.characters += text.chars().count();
        Ok(Some(text))
    }
}

impl Iterator for Pieces {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that gives one byte at a time.
    struct Slow(Vec<u8>);

    impl Read for Slow {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            into[0] = self.0.remove(0);
            Ok(1)
        }
    }

    fn pieces(bytes: &[u8]) -> Result<String> {
        let from = Box::new(Slow(bytes.to_vec()));
        let (name, rest) = ("it".to_owned(), Vec::new());
        let mut pieces = Pieces { name, length: None, characters: 0, from, rest, ended: false };
        let text: Result<String> = pieces.by_ref().collect();
        assert_eq!(
            text.as_ref().map_or(pieces.characters, |t| t.chars().count()),
            pieces.characters
        );
        text
    }

    #[test]
    fn characters_and_line_ends_are_never_cut() {
        for (text, expected) in [
            ("", ""),
            ("one\r\ntwo\rthree\r", "one\ntwo\nthree\n"),
            ("雨が🙂\u{feff}", "雨が🙂\u{feff}"),
            ("\u{feff}one", "one"),
            ("one\r", "one\n"),
        ] {
            assert_eq!(pieces(text.as_bytes()).expect(text), expected);
        }
        for wrong in [&b"\xff\xfe"[..], b"one \xe9", b"one \xe9 two"] {
            assert!(pieces(wrong).expect_err("not UTF-8").to_string().starts_with("it: not UTF-8"));
        }
    }
}
