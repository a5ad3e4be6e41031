//! Reads lines of bounded length: a line of 100 MB is read in pieces and is never in memory as a whole.

use std::io::{self, BufRead};

/// Where reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// At a line break, which is not part of the line, or at the end of the last line.
    Line,
    /// At the limit: the line continues.
    Limit,
    /// At the end of the input: nothing was read.
    Input,
}

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaks {
    /// `\n` and `\r\n`.
    Lf,
    /// These, and `\r` alone, as old Macintosh programs write it.
    All,
}

impl Breaks {
    /// What ends the rows of a table: `\r` alone does if most line breaks at the start of the file are that.
    pub fn of(head: &[u8]) -> Self {
        let mut lone = 0;
        let mut others = 0;
        for at in memchr::memchr2_iter(b'\r', b'\n', head) {
            match head[at] {
                b'\n' => others += 1,
                _ => lone += usize::from(head.get(at + 1).is_some_and(|next| *next != b'\n')),
            }
        }
        if lone > others { Self::All } else { Self::Lf }
    }
}

/// Append to `line` up to the next line break, or until it has `limit` bytes.
pub fn read(
    input: &mut dyn BufRead,
    limit: usize,
    breaks: Breaks,
    line: &mut Vec<u8>,
) -> io::Result<Ended> {
    loop {
        let chunk = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            chunk => chunk?,
        };
        if chunk.is_empty() {
            return Ok(if line.is_empty() { Ended::Input } else { Ended::Line });
        }
        let free = limit.saturating_sub(line.len()).min(chunk.len());
        let found = match breaks {
            Breaks::Lf => memchr::memchr(b'\n', &chunk[..free]),
            Breaks::All => memchr::memchr2(b'\n', b'\r', &chunk[..free]),
        };
        if let Some(at) = found {
            line.extend_from_slice(&chunk[..at]);
            let lone = chunk[at] == b'\r';
            input.consume(at + 1);
            if lone && next(input)? == Some(b'\n') {
                input.consume(1);
            } else if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(Ended::Line);
        }
        line.extend_from_slice(&chunk[..free]);
        input.consume(free);
        if line.len() >= limit {
            return Ok(Ended::Limit);
        }
    }
}

/// The next byte, which is not taken.
fn next(input: &mut dyn BufRead) -> io::Result<Option<u8>> {
    loop {
        match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            chunk => return Ok(chunk?.first().copied()),
        }
    }
}

/// Skip the rest of a line.
pub fn skip(input: &mut dyn BufRead, breaks: Breaks) -> io::Result<()> {
    let mut piece = Vec::new();
    while read(input, 1 << 16, breaks, &mut piece)? == Ended::Limit {
        piece.clear();
    }
    Ok(())
}

/// Where to split a piece of a line that continues: after a space near its end, or else between two characters.
pub fn cut(piece: &[u8]) -> usize {
    let near = piece.len().saturating_sub(1024);
    let space = memchr::memrchr(b' ', &piece[near..]).map(|at| near + at + 1);
    space.unwrap_or_else(|| {
        let begun = piece.iter().rev().take(4).position(|byte| byte & 0xc0 != 0x80);
        match begun {
            Some(back) if piece[piece.len() - 1 - back] >= 0xc0 && piece.len() > back + 1 => {
                piece.len() - 1 - back
            }
            _ => piece.len(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_or_in_pieces() {
        let lines = |text: &str, breaks| {
            let mut input = text.as_bytes();
            let mut seen = Vec::new();
            loop {
                let mut line = Vec::new();
                let ended = read(&mut input, 5, breaks, &mut line).unwrap();
                if ended == Ended::Input {
                    return seen;
                }
                seen.push((String::from_utf8_lossy(&line).into_owned(), ended));
            }
        };
        let (line, limit) = (Ended::Line, Ended::Limit);
        let expected = [
            ("one", line),
            ("", line),
            ("thré", limit),
            ("e-and", limit),
            ("-more", limit),
            ("", line),
            ("end", line),
        ];
        let expected = expected.map(|(text, ended)| (text.to_owned(), ended));
        assert_eq!(lines("one\r\n\nthrée-and-more\nend", Breaks::Lf), expected);
        assert_eq!(lines("one\r\rthrée-and-more\rend", Breaks::All), expected);
        assert_eq!(lines("one\r\n\rthrée-and-more\r\nend", Breaks::All), expected);
    }

    #[test]
    fn line_breaks_are_recognised() {
        for (head, breaks) in [
            ("a\rb\rc", Breaks::All),
            ("a,\"x\ny\"\rb\rc\rd", Breaks::All),
            ("a\r\nb\r\n", Breaks::Lf),
            ("a\nb\rc\n", Breaks::Lf),
            ("a", Breaks::Lf),
        ] {
            assert_eq!(Breaks::of(head.as_bytes()), breaks, "{head:?}");
        }
    }

    #[test]
    fn no_character_is_cut() {
        assert_eq!(cut("aé".as_bytes()), 1);
        assert_eq!(cut("words and wor".as_bytes()), 10);
        assert_eq!(cut("ab".as_bytes()), 2);
        assert_eq!(cut("é".as_bytes()), 2);
    }
}
