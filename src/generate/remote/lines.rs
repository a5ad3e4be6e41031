//! Splits a response into events while it arrives: Server-Sent Events, or a JSON object a line. Lines may be split
//! anywhere, also in the middle of a character, and are limited in length.

use std::io::{self, ErrorKind, Read};

/// The longest line.
const LONGEST: usize = 1 << 20;

/// What a line of a stream is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The data of an event, or a part of it: SSE allows several lines.
    Data(Vec<u8>),
    /// The end of an event.
    Blank,
    /// A comment, which keeps the connection open, or a field that isn't used.
    Other,
    /// Something that is neither SSE nor JSON.
    Foreign,
}

/// The lines of a response.
pub struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Where the unread bytes of the buffer begin, and up to where there is no line end.
    begin: usize,
    searched: usize,
    over: bool,
}

impl<R: Read> Lines<R> {
    /// The lines of what `reader` gives.
    pub fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), begin: 0, searched: 0, over: false }
    }

    /// The next line; `None` at the end. A last line without a line end counts.
    ///
    /// # Errors
    /// When reading fails, and when a line is too long ([`ErrorKind::InvalidData`]).
    pub fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[self.searched..]) {
                let end = self.searched + at;
                let line = sort(&self.buffer[self.begin..end]);
                (self.begin, self.searched) = (end + 1, end + 1);
                return Ok(Some(line));
            }
            self.buffer.drain(..self.begin);
            (self.begin, self.searched) = (0, self.buffer.len());
            if self.over {
                let rest = std::mem::take(&mut self.buffer);
                self.searched = 0;
                return Ok((!rest.is_empty()).then(|| sort(&rest)));
            }
            if self.buffer.len() > LONGEST {
                return Err(io::Error::new(ErrorKind::InvalidData, "a line is too long"));
            }
            let mut more = [0; 16 << 10];
            match self.reader.read(&mut more) {
                Ok(0) => self.over = true,
                Ok(n) => self.buffer.extend(&more[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn sort(line: &[u8]) -> Line {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    if line.is_empty() {
        return Line::Blank;
    }
    if let Some(data) = line.strip_prefix(b"data:") {
        return Line::Data(data.strip_prefix(b" ").unwrap_or(data).to_vec());
    }
    if line[0] == b'{' {
        return Line::Data(line.to_vec()); // a JSON object a line, or a proxy has removed `data:`
    }
    let is_field =
        [&b"event:"[..], b"id:", b"retry:", b":"].iter().any(|name| line.starts_with(name));
    if is_field { Line::Other } else { Line::Foreign }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes in pieces of this length.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(out.len());
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    #[test]
    fn lines_are_the_same_however_they_are_split() {
        let text =
            ": ping\r\n\r\ndata: {\"é\"}\n\ndata:[DONE]\nevent: x\n<html>\n{\"a\":1}\ndata: last";
        let want = [
            Line::Other,
            Line::Blank,
            Line::Data("{\"é\"}".into()),
            Line::Blank,
            Line::Data(b"[DONE]".to_vec()),
            Line::Other,
            Line::Foreign,
            Line::Data(b"{\"a\":1}".to_vec()),
            Line::Data(b"last".to_vec()),
        ];
        for size in [1, 2, 3, 7, 1000] {
            let mut lines = Lines::new(Drip(text.as_bytes(), size));
            let mut got = Vec::new();
            while let Some(line) = lines.next().expect("it reads") {
                got.push(line);
            }
            assert_eq!(got, want, "{size}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_not_read_for_ever() {
        let endless = io::repeat(b'x');
        let error = Lines::new(endless).next().expect_err("too long");
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}
