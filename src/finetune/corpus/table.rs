//! Rows: a column of text among others, or a file that is one column, as gpt-2-simple reads it. Quotes that are no CSV
//! are read as they stand, so that one of them doesn't swallow the rows behind it.

use super::{
    Form, Header, LONGEST, Reason,
    find::{NotText, Opened},
    lines::{self, Ended},
    mill::Mill,
    summary::PassedOver,
    wash::is_retweet,
};
use anyhow::{Result, bail};
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use std::{
    collections::VecDeque,
    io::{self, BufRead},
};

/// Names that tables give to the column of text, best first.
const TEXTS: &[&str] = &[
    "full_text",
    "text",
    "tweet_text",
    "tweet text",
    "tweet",
    "tweets",
    "content",
    "body",
    "post",
    "message",
    "status",
    "caption",
    "sentence",
    "document",
];
/// And to the one that tells retweets.
const RETWEETS: &[&str] = &["is_retweet", "isretweet"];

/// Where in a table the text is.
#[derive(Debug)]
struct Layout {
    delimiter: u8,
    header: bool,
    /// Without, a row is all text: its commas too.
    columns: Option<Columns>,
    /// Whether a row is never more than a line.
    lines: bool,
}

#[derive(Debug)]
struct Columns {
    count: usize,
    text: usize,
    retweet: Option<usize>,
}

/// All rows of a table into the mill.
///
/// # Errors
/// When no column is known for its text, and as of reading and writing.
pub fn read(opened: &mut Opened, delimiter: Option<u8>, mill: &mut Mill) -> Result<()> {
    let layout = layout(&opened.head, delimiter, mill)?;
    let delimiter = layout.columns.is_some().then_some(layout.delimiter);
    let mut rows = Rows { lines: layout.lines, ..Rows::new(&mut opened.input, delimiter) };
    let mut fields = Fields::new(layout.delimiter);
    let mut first = layout.header;
    while let Some(kind) = rows.next()? {
        if std::mem::take(&mut first) {
            continue;
        }
        if kind == Row::TooLong {
            mill.lose(Reason::TooLong, &String::from_utf8_lossy(&rows.row));
            continue;
        }
        mill.summary.changed.quotes += u64::from(kind == Row::Odd);
        let row = mill.decode(&rows.row)?;
        let Some(columns) = &layout.columns else {
            mill.document(&whole(&row, kind), Form::Post, false)?;
            continue;
        };
        let all = fields.split(&row);
        let spare = all.get(columns.count..).unwrap_or_default();
        if row.trim().is_empty() {
            mill.lose(Reason::Empty, &row);
        } else if all.len() < columns.count || spare.iter().any(|field| !field.is_empty()) {
            mill.lose(Reason::Ragged, &row);
        } else {
            let told = columns.retweet.is_some_and(|at| is_true(&all[at]));
            mill.document(&all[columns.text], Form::Post, told)?;
        }
    }
    Ok(())
}

/// Whether a field of a table means yes.
pub fn is_true(field: &str) -> bool {
    ["true", "t", "1", "yes"].iter().any(|yes| field.trim().eq_ignore_ascii_case(yes))
}

/// A row that is one field.
fn whole(row: &str, kind: Row) -> String {
    let inside = row.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let (Row::Sound, Some(inside)) = (kind, inside) {
        return inside.replace("\"\"", "\"");
    }
    // what is left of a broken export: of the pair of quotes round a row, one
    let broken = row.matches('"').count() % 2 == 1;
    let within = |row: &str| row.replace("\"\"", "\"");
    match (row.strip_prefix('"').map(within), row.strip_suffix('"').map(within)) {
        // before a handle it tells whose words these are
        (Some(rest), _) if broken && !rest.starts_with('@') => rest,
        (None, Some(rest)) if broken => {
            let quoted = format!("\"{rest}");
            if rest.starts_with('@') && is_retweet(&quoted) { quoted } else { rest }
        }
        _ => within(row),
    }
}

fn layout(head: &[u8], delimiter: Option<u8>, mill: &Mill) -> Result<Layout> {
    let text = String::from_utf8_lossy(head);
    let wanted = mill.settings.column.as_deref();
    let number: Option<usize> = wanted.and_then(|name| name.parse().ok());
    let named = |name: &str| match wanted {
        Some(wanted) if number.is_none() => name.eq_ignore_ascii_case(wanted),
        _ => TEXTS.iter().any(|text| name.eq_ignore_ascii_case(text)),
    };
    let candidates = delimiter.map_or(vec![b',', b';', b'\t'], |one| vec![one]);
    let first = |delimiter| -> Vec<String> {
        let mut rows = Rows::new(text.as_bytes(), Some(delimiter));
        match rows.next() {
            Ok(Some(_)) => Fields::new(delimiter).split(&String::from_utf8_lossy(&rows.row)),
            _ => Vec::new(),
        }
    };
    let trimmed = |names: Vec<String>| -> Vec<String> {
        names.into_iter().map(|name| name.trim().to_lowercase()).collect()
    };
    // the delimiter by which a known name stands in the first row, or else the usual one
    let known = candidates.iter().find(|one| trimmed(first(**one)).iter().any(|name| named(name)));
    let delimiter = *known.unwrap_or(&candidates[0]);
    let names = trimmed(first(delimiter));
    let header = match mill.settings.header {
        Header::Yes => true,
        Header::No => false,
        Header::Auto => known.is_some(),
    };
    let by_name = || match wanted {
        Some(_) => names.iter().position(|name| named(name)),
        None => TEXTS.iter().find_map(|text| names.iter().position(|name| name == text)),
    };
    let text_at = match number {
        Some(0) => return Ok(one(delimiter, header, text.as_bytes())),
        Some(number) if number <= names.len() => Some(number - 1),
        Some(_) => None,
        None if header => by_name(),
        None => None,
    };
    if wanted.is_some() && text_at.is_none() {
        bail!(NotText::new(PassedOver::Unclear, missing(wanted.unwrap_or_default(), &names)));
    }
    if names.len() < 2 && text_at.is_none_or(|at| at == 0) {
        return Ok(one(delimiter, header, text.as_bytes()));
    }
    match text_at {
        Some(text) => {
            let retweet = names.iter().position(|name| header && RETWEETS.contains(&&**name));
            let columns = Columns { count: names.len(), text, retweet };
            Ok(Layout { delimiter, header, columns: Some(columns), lines: false })
        }
        None if is_regular(text.as_bytes(), delimiter, names.len()) => {
            let sentence = format!(
                "{} columns, and none is known for its text; --column NAME or --column NUMBER says which \
                 (the first row: {}), --column 0 that each row is one text",
                names.len(),
                listed(&names)
            );
            bail!(NotText::new(PassedOver::Unclear, sentence))
        }
        None => Ok(one(delimiter, header, text.as_bytes())),
    }
}

/// Of one column. Without a name on it, quotes may be all that is left of a broken export: they hold rows together
/// only if they do so in what is seen of the file.
fn one(delimiter: u8, header: bool, head: &[u8]) -> Layout {
    let mut rows = Rows::new(head, None);
    let mut lines = !header;
    while let (true, Ok(Some(kind))) = (lines, rows.next()) {
        lines = kind != Row::Sound || !rows.row.contains(&b'\n');
    }
    Layout { delimiter, header, columns: None, lines }
}

fn missing(wanted: &str, names: &[String]) -> String {
    format!("there is no column {wanted}; the first row: {}", listed(names))
}

fn listed(names: &[String]) -> String {
    let short = |name: &String| name.chars().take(30).collect::<String>();
    names.iter().take(20).map(short).collect::<Vec<_>>().join(", ")
}

/// Whether the rows have the same fields, as columns do and sentences with commas don't.
fn is_regular(head: &[u8], delimiter: u8, count: usize) -> bool {
    let mut rows = Rows::new(head, Some(delimiter));
    let mut fields = Fields::new(delimiter);
    let (mut all, mut alike) = (0, 0);
    while let Ok(Some(_)) = rows.next() {
        if all == 100 {
            break;
        }
        if !rows.row.is_empty() {
            all += 1;
            alike += usize::from(fields.split(&String::from_utf8_lossy(&rows.row)).len() == count);
        }
    }
    all >= 5 && alike * 10 >= all * 9
}

/// Splits rows into fields.
struct Fields {
    reader: Reader,
    out: Vec<u8>,
    ends: Vec<usize>,
}

impl Fields {
    fn new(delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        Self { reader, out: Vec::new(), ends: vec![0; 64] }
    }

    fn split(&mut self, row: &str) -> Vec<String> {
        self.reader.reset();
        self.out.resize(row.len() + 1, 0);
        let (mut read, mut written, mut count) = (0, 0, 0);
        loop {
            // an empty input says that the row is over
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

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Sound,
    /// Its quotes are no CSV: a line as it stands.
    Odd,
    TooLong,
}

/// How far a row's quotes got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    Closed,
    Open,
    Odd,
}

/// The rows of a table, which may hold line ends within quotes.
struct Rows<R> {
    input: R,
    /// None when a row is one field.
    delimiter: Option<u8>,
    /// Whether a line's end is always a row's.
    lines: bool,
    row: Vec<u8>,
    /// Lines that were read while a quote's end was looked for, and turned out not to belong to it.
    ahead: VecDeque<Vec<u8>>,
}

impl<R: BufRead> Rows<R> {
    fn new(input: R, delimiter: Option<u8>) -> Self {
        Self { input, delimiter, lines: false, row: Vec::new(), ahead: VecDeque::new() }
    }

    /// The next row comes into `row`.
    fn next(&mut self) -> io::Result<Option<Row>> {
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
                None => Quotes::Odd,
                Some(Ended::Limit) => {
                    lines::skip(&mut self.input)?;
                    Quotes::Odd
                }
                Some(_) => self.scan(from, true),
            };
            if ended.is_none() {
                taken.pop();
            }
        }
        if quotes == Quotes::Closed {
            return Ok(Some(Row::Sound));
        }
        let mut end = self.row.len();
        for from in taken.into_iter().rev() {
            self.ahead.push_front(self.row[from..end].to_vec());
            end = from - 1;
        }
        self.row.truncate(first);
        Ok(Some(Row::Odd))
    }

    /// Appends one line.
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

    /// How the quotes are from byte `at` on, where a quoted field may go on.
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
                    Some(_) => return Quotes::Odd,
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
