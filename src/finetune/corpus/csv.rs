//! Rows and fields of CSV (RFC 4180). A line with invalid quotes is read literally, so that a quote that is never closed
//! doesn't swallow the following rows.

use super::{
    LONGEST,
    lines::{self, Ended},
};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use std::{
    collections::VecDeque,
    io::{self, BufRead},
};

/// Splits rows into fields.
pub struct Fields {
    reader: Reader,
    out: Vec<u8>,
    ends: Vec<usize>,
}

impl Fields {
    /// A splitter for tables with this character between fields.
    pub fn new(delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        Self { reader, out: Vec::new(), ends: vec![0; 64] }
    }

    /// The fields of `row`, unquoted.
    pub fn split(&mut self, row: &str) -> Vec<String> {
        self.reader.reset();
        self.out.resize(row.len() + 1, 0);
        let (mut read, mut written, mut count) = (0, 0, 0);
        loop {
            // an empty input tells the reader that the row is complete
            let (result, taken, put, ended) = self.reader.read_record(
                &row.as_bytes()[read..],
                &mut self.out[written..],
                &mut self.ends[count..],
            );
            read += taken;
            written += put;
            count += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.out.resize(self.out.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        let mut from = 0;
        let ends = self.ends[..count].iter();
        ends.map(|end| {
            let field =
                String::from_utf8_lossy(&self.out[std::mem::replace(&mut from, *end)..*end]);
            field.into_owned()
        })
        .collect()
    }
}

/// What kind of row was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Its quotes are valid CSV.
    Valid,
    /// Its quotes are invalid: one line, to be read literally.
    Malformed,
    /// Longer than [`LONGEST`]. Only its start was read.
    TooLong,
}

/// The state of the quotes at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    Closed,
    Open,
    Malformed,
}

/// The rows of a table. Quoted fields may contain line breaks.
pub struct Rows<R> {
    input: R,
    /// `None` = each row is one field.
    delimiter: Option<u8>,
    /// Whether each line is a row, so that quotes don't continue over line breaks.
    pub lines: bool,
    /// The row that was read last.
    pub row: Vec<u8>,
    /// Lines that were read to find a closing quote and turned out to be other rows.
    ahead: VecDeque<Vec<u8>>,
}

impl<R: BufRead> Rows<R> {
    /// The rows of `input`. Without a `delimiter`, each row is one field.
    pub fn new(input: R, delimiter: Option<u8>) -> Self {
        Self { input, delimiter, lines: false, row: Vec::new(), ahead: VecDeque::new() }
    }

    /// Read the next row into `row`; `None` at the end.
    ///
    /// # Errors
    /// When the input can't be read.
    pub fn next(&mut self) -> io::Result<Option<Row>> {
        self.row.clear();
        match self.line()? {
            None => return Ok(None),
            Some(Ended::Limit) => {
                lines::skip(&mut self.input)?;
                self.row.truncate(1024);
                return Ok(Some(Row::TooLong));
            }
            Some(_) => {}
        }
        let first = self.row.len();
        let mut taken = Vec::new();
        let mut quotes = self.scan(0, false);
        while quotes == Quotes::Open && !self.lines && self.row.len() < LONGEST {
            let from = self.row.len() + 1;
            self.row.push(b'\n');
            let ended = self.line()?;
            taken.push(from);
            quotes = match ended {
                None => Quotes::Malformed,
                Some(Ended::Limit) => {
                    lines::skip(&mut self.input)?;
                    Quotes::Malformed
                }
                Some(_) => self.scan(from, true),
            };
            if ended.is_none() {
                taken.pop();
            }
        }
        if quotes == Quotes::Closed {
            return Ok(Some(Row::Valid));
        }
        let mut end = self.row.len();
        for from in taken.into_iter().rev() {
            self.ahead.push_front(self.row[from..end].to_vec());
            end = from - 1;
        }
        self.row.truncate(first);
        Ok(Some(Row::Malformed))
    }

    /// Append the next line to `row`.
    fn line(&mut self) -> io::Result<Option<Ended>> {
        if let Some(line) = self.ahead.pop_front() {
            self.row.extend_from_slice(&line);
            return Ok(Some(Ended::Line));
        }
        let mut line = std::mem::take(&mut self.row);
        let before = line.len();
        let mut piece = Vec::new();
        let target = if before == 0 { &mut line } else { &mut piece };
        let ended = lines::read(&mut self.input, LONGEST, target)?;
        line.extend_from_slice(&piece);
        self.row = line;
        Ok(Some(ended).filter(|ended| *ended != Ended::Input))
    }

    /// Check the quotes from byte `at` on. `inside` = a quoted field continues there.
    fn scan(&self, mut at: usize, mut inside: bool) -> Quotes {
        let row = &self.row;
        loop {
            if inside {
                let Some(quote) = memchr::memchr(b'"', &row[at..]).map(|found| at + found) else {
                    return Quotes::Open;
                };
                match row.get(quote + 1) {
                    None => return Quotes::Closed,
                    Some(b'"') => at = quote + 2,
                    Some(next) if Some(*next) == self.delimiter => {
                        inside = false;
                        at = quote + 2;
                    }
                    Some(_) => return Quotes::Malformed,
                }
            } else if row.get(at) == Some(&b'"') {
                inside = true;
                at += 1;
            } else {
                let next = self.delimiter.and_then(|one| memchr::memchr(one, &row[at..]));
                match next {
                    Some(found) => at += found + 1,
                    None => return Quotes::Closed,
                }
            }
        }
    }
}
