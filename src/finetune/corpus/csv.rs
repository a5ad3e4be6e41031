//! Rows and fields of CSV (RFC 4180). A line with invalid quotes is read literally, so that a quote that is never closed
//! doesn't swallow the following rows.

use super::{
    LONGEST,
    lines::{self, Breaks, Ended},
};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use std::{
    borrow::Cow,
    collections::VecDeque,
    io::{self, BufRead},
};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Csv {
    /// The character between fields.
    pub delimiter: u8,
    /// What ends a row.
    pub breaks: Breaks,
    /// Whether a quote within a field is written as `\"`, instead of twice.
    pub backslash: bool,
}

/// Splits rows into fields.
pub struct Fields {
    delimiter: u8,
    reader: Reader,
    out: Vec<u8>,
    ends: Vec<usize>,
}

impl Fields {
    /// A splitter for tables of this form.
    pub fn new(form: Csv) -> Self {
        let escape = form.backslash.then_some(b'\\');
        let reader = ReaderBuilder::new().delimiter(form.delimiter).escape(escape).build();
        Self { delimiter: form.delimiter, reader, out: Vec::new(), ends: vec![0; 64] }
    }

    /// The fields of `row`, unquoted.
    pub fn split(&mut self, row: &str) -> Vec<Cow<'_, str>> {
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
            let field = &self.out[std::mem::replace(&mut from, *end)..*end];
            match std::str::from_utf8(field) {
                Ok(field) => field.into(),
                Err(_) => String::from_utf8_lossy(field),
            }
        })
        .collect()
    }
}

impl Fields {
    /// The fields of a row with invalid quotes. A quote ends a field only before a delimiter or at the end.
    pub fn split_malformed<'a>(&self, row: &'a str) -> Vec<Cow<'a, str>> {
        let delimiter = char::from(self.delimiter);
        let mut fields = Vec::new();
        let mut rest = Some(row);
        while let Some(from) = rest {
            let quoted = from.strip_prefix('"').and_then(|inside| {
                let mut quotes = inside.match_indices('"').map(|(at, _)| at);
                let ends = |at: &usize| {
                    let behind = &inside[at + 1..];
                    behind.is_empty() || behind.starts_with(delimiter)
                };
                quotes.find(ends).map(|at| (&inside[..at], inside[at + 1..].get(1..)))
            });
            let (field, behind) = quoted.unwrap_or_else(|| {
                let (field, behind) = match from.split_once(delimiter) {
                    Some((field, behind)) => (field, Some(behind)),
                    None => (from, None),
                };
                // of a quote that never closes nothing is left
                let alone = field.strip_prefix('"').filter(|rest| !rest.contains('"'));
                (alone.unwrap_or(field), behind)
            });
            fields.push(match field.contains("\"\"") {
                true => field.replace("\"\"", "\"").into(),
                false => field.into(),
            });
            rest = behind;
        }
        fields
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
    form: Csv,
    /// Whether each row is one field.
    single: bool,
    /// Whether each line is a row, so that quotes don't continue over line breaks.
    pub lines: bool,
    /// The row that was read last.
    pub row: Vec<u8>,
    /// Lines that were read to find a closing quote and turned out to be other rows.
    ahead: VecDeque<Vec<u8>>,
}

impl<R: BufRead> Rows<R> {
    /// The rows of `input`. If `single`, each row is one field.
    pub fn new(input: R, form: Csv, single: bool) -> Self {
        Self { input, form, single, lines: false, row: Vec::new(), ahead: VecDeque::new() }
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
                lines::skip(&mut self.input, self.form.breaks)?;
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
                    lines::skip(&mut self.input, self.form.breaks)?;
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
        let ended = lines::read(&mut self.input, LONGEST, self.form.breaks, target)?;
        line.extend_from_slice(&piece);
        self.row = line;
        Ok(Some(ended).filter(|ended| *ended != Ended::Input))
    }

    /// Check the quotes from byte `at` on. `inside` = a quoted field continues there.
    fn scan(&self, mut at: usize, mut inside: bool) -> Quotes {
        let row = &self.row;
        let delimiter = (!self.single).then_some(self.form.delimiter);
        let mut opened = at;
        loop {
            if inside {
                let Some(quote) = memchr::memchr(b'"', &row[at..]).map(|found| at + found) else {
                    return Quotes::Open;
                };
                if self.form.backslash && is_escaped(&row[opened..quote]) {
                    at = quote + 1;
                    continue;
                }
                match row.get(quote + 1) {
                    None => return Quotes::Closed,
                    Some(b'"') => at = quote + 2,
                    Some(next) if Some(*next) == delimiter => {
                        inside = false;
                        at = quote + 2;
                    }
                    Some(_) => return Quotes::Malformed,
                }
            } else if row.get(at) == Some(&b'"') {
                inside = true;
                at += 1;
                opened = at;
            } else {
                let next = delimiter.and_then(|one| memchr::memchr(one, &row[at..]));
                match next {
                    Some(found) => at += found + 1,
                    None => return Quotes::Closed,
                }
            }
        }
    }
}

/// Whether the quote after `before` is escaped by a backslash, which isn't escaped itself.
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: Csv = Csv { delimiter: b',', breaks: Breaks::Lf, backslash: false };

    fn rows(text: &str, form: Csv) -> Vec<(Row, Vec<String>)> {
        let mut rows = Rows::new(text.as_bytes(), form, false);
        let mut fields = Fields::new(form);
        let mut all = Vec::new();
        while let Some(kind) = rows.next().unwrap() {
            let row = String::from_utf8_lossy(&rows.row).into_owned();
            let split = match kind {
                Row::Malformed => fields.split_malformed(&row),
                _ => fields.split(&row),
            };
            all.push((kind, split.into_iter().map(Cow::into_owned).collect()));
        }
        all
    }

    #[test]
    fn quotes_within_fields_are_kept() {
        let read = |text, form| rows(text, form).remove(0).1;
        assert_eq!(read("1,\"a \"\"b\"\", c\",x\n", PLAIN), ["1", "a \"b\", c", "x"]);
        assert_eq!(read("1,\"a \"b\" c\",x\n", PLAIN), ["1", "a \"b\" c", "x"]);
        assert_eq!(read("1,a \"b\" c,x\n", PLAIN), ["1", "a \"b\" c", "x"]);
        let backslash = Csv { backslash: true, ..PLAIN };
        assert_eq!(read("1,\"a \\\"b\\\", c\",x\n", backslash), ["1", "a \"b\", c", "x"]);
        assert_eq!(read("1,\"a\nb\",x\n", PLAIN), ["1", "a\nb", "x"]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_table(text in "(\"|,|\\\\|\n|\r|a|é){0,60}", backslash: bool) {
            let breaks = Breaks::of(text.as_bytes());
            for (_, fields) in rows(&text, Csv { backslash, breaks, ..PLAIN }) {
                prop_assert!(fields.concat().len() <= text.len());
            }
        }
    }
}
