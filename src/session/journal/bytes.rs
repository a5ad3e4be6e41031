//! How numbers, texts and pieces are written in a record: numbers in 7-bit groups, texts with their length.
//! Reading returns `None` for anything invalid and never panics on damaged data.

use crate::session::{
    author::{Author, Run, push},
    draft::Piece,
};

/// An output buffer.
#[derive(Default)]
pub(crate) struct Out(pub Vec<u8>);

impl Out {
    pub fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub fn size(&mut self, size: usize) {
        self.number(size as u64);
    }

    /// An optional number.
    pub fn maybe(&mut self, size: Option<usize>) {
        self.number(size.map_or(0, |size| size as u64 + 1));
    }

    pub fn text(&mut self, text: &str) {
        self.size(text.len());
        self.0.extend(text.as_bytes());
    }

    pub fn runs(&mut self, runs: &[Run]) {
        self.size(runs.len());
        for run in runs {
            self.number((run.len as u64) << 3 | run.author as u64);
        }
    }

    pub fn piece(&mut self, piece: &Piece) {
        self.text(&piece.text);
        self.runs(&piece.runs);
    }
}

/// An input buffer.
pub(crate) struct In<'a>(pub &'a [u8]);

impl<'a> In<'a> {
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A length or a place. What no text could have is nonsense, and sums of the rest can't overflow.
    pub fn size(&mut self) -> Option<usize> {
        self.number().filter(|number| number >> 48 == 0)?.try_into().ok()
    }

    pub fn maybe(&mut self) -> Option<Option<usize>> {
        Some(self.size()?.checked_sub(1))
    }

    pub fn text(&mut self) -> Option<&'a str> {
        let len = self.size()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    pub fn runs(&mut self) -> Option<Vec<Run>> {
        let mut runs = Vec::new();
        for _ in 0..self.size()? {
            let run = self.size()?;
            let author = *Author::ALL.get(run & 7)?;
            push(&mut runs, Run { len: run >> 3, author });
        }
        Some(runs)
    }

    /// A piece whose runs cover its text.
    pub fn piece(&mut self) -> Option<Piece> {
        let (text, runs) = (self.text()?.to_owned(), self.runs()?);
        let covered = runs.iter().try_fold(0usize, |sum, run| sum.checked_add(run.len))?;
        (covered == text.chars().count()).then_some(Piece { text, runs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, size: Option<u32>, text: String) {
            let mut out = Out::default();
            let piece = Piece::new(&text, Author::Edited);
            out.number(number);
            out.maybe(size.map(|size| size as usize));
            out.piece(&piece);
            let mut read = In(&out.0);
            prop_assert_eq!(read.number(), Some(number));
            prop_assert_eq!(read.maybe(), Some(size.map(|size| size as usize)));
            prop_assert_eq!(read.piece(), Some(piece));
            prop_assert!(read.0.is_empty());
        }

        #[test]
        fn nonsense_is_no_panic(bytes: Vec<u8>) {
            In(&bytes).piece();
            In(&bytes).runs();
            In(&bytes).maybe();
        }
    }
}
