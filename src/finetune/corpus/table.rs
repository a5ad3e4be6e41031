//! Tables: either one text column among others, or a file of one column as gpt-2-simple reads it. The start of the file
//! tells which, and where the text is.

use super::{
    Form, Header, Reason,
    cleaning::is_retweet,
    columns,
    csv::{Csv, Fields, Row, Rows},
    find::{Opened, Skipped},
    lines::{self, Breaks},
    names::{is, is_author, is_shared, is_true, rank},
    people::People,
    pipeline::Pipeline,
    strip,
    summary::SkipReason,
};
use anyhow::{Result, bail};
use std::borrow::Cow;

/// Delimiters that are tried, the usual ones first.
const DELIMITERS: &[u8] = b",;\t|^~#\x1f";
/// The number of usual ones. The others must divide the header into known names.
const USUAL: usize = 4;

/// The layout of a table.
#[derive(Debug)]
struct Layout {
    csv: Csv,
    header: bool,
    /// `None` = each row is one text, with its commas.
    columns: Option<Columns>,
    /// Whether each line is a row, so that quotes don't continue over line breaks.
    lines: bool,
}

#[derive(Debug)]
struct Columns {
    names: Vec<String>,
    text: usize,
    retweet: Option<usize>,
    author: Option<usize>,
    /// Whether it has posts of Reddit, where lines may be quotes.
    reddit: bool,
}

/// Send all rows of a table through the pipeline.
///
/// # Errors
/// [`Skipped`] when no text column is found; I/O errors.
pub fn read(opened: &mut Opened, delimiter: Option<u8>, pipeline: &mut Pipeline) -> Result<()> {
    let mut delimiter = pipeline.settings.delimiter()?.or(delimiter);
    let breaks = Breaks::of(&opened.head);
    if let Some((named, length)) = sep(&opened.head) {
        delimiter = Some(named);
        opened.head.drain(..length);
        lines::skip(&mut opened.input, Breaks::All)?;
    }
    let layout = layout(&opened.head, delimiter, breaks, pipeline)?;
    pipeline.read_as(&layout.words());
    let mut rows = Rows::new(&mut opened.input, layout.csv, layout.columns.is_none());
    rows.lines = layout.lines;
    let mut fields = Fields::new(layout.csv);
    let mut people = People::new(pipeline.settings.author.as_deref(), Vec::new());
    let mut first = layout.header;
    while let Some(kind) = rows.next()? {
        if std::mem::take(&mut first) {
            continue;
        }
        if kind == Row::TooLong {
            pipeline.reject(Reason::TooLong, &String::from_utf8_lossy(&rows.row));
            continue;
        }
        pipeline.summary.changed.quotes += u64::from(kind == Row::Malformed);
        let row = pipeline.decode(&rows.row)?;
        let Some(columns) = &layout.columns else {
            pipeline.document(&whole(&row, kind), Form::Post, false)?;
            continue;
        };
        let all = match kind {
            Row::Malformed => fields.split_malformed(&row),
            _ => fields.split(&row),
        };
        let count = columns.names.len();
        let spare = all.get(count..).unwrap_or_default();
        if row.trim().is_empty() {
            pipeline.reject(Reason::Empty, &row);
        } else if all.len() < count || spare.iter().any(|field| !field.is_empty()) {
            pipeline.reject(Reason::Ragged, &row);
        } else {
            columns.document(&all, &mut people, pipeline)?;
        }
    }
    people.notice(pipeline);
    Ok(())
}

impl Columns {
    /// Send the text of a row through the pipeline.
    fn document(
        &self,
        row: &[Cow<str>],
        people: &mut People,
        pipeline: &mut Pipeline,
    ) -> Result<()> {
        let text = &row[self.text];
        let author: Vec<String> = self
            .author
            .map(|at| row[at].to_string())
            .filter(|name| !name.is_empty())
            .into_iter()
            .collect();
        if !people.want(&author, false) {
            pipeline.reject(Reason::OtherAuthor, text);
            return Ok(());
        }
        if matches!(text.trim(), "[deleted]" | "[removed]") && self.reddit {
            pipeline.reject(Reason::Deleted, text);
            return Ok(());
        }
        let mut words = strip::markup(text);
        if self.reddit {
            words = strip::quotes(words);
        }
        let retweet = self.retweet.is_some_and(|at| is_true(&row[at]));
        pipeline.document(&words, Form::of(&words), retweet)
    }
}

impl Layout {
    /// How the table is read, in words.
    fn words(&self) -> String {
        let delimiter = match self.csv.delimiter {
            b'\t' => "tabs".to_owned(),
            other => format!("`{}`", char::from(other).escape_default()),
        };
        match &self.columns {
            None => "a table of one column".into(),
            Some(columns) => {
                let name = Some(&columns.names[columns.text]).filter(|_| self.header);
                let name = name.map_or(String::new(), |name| format!(" ({name})"));
                format!(
                    "a table of {} columns, with {delimiter} between them, and the text in column {}{name}",
                    columns.names.len(),
                    columns.text + 1
                )
            }
        }
    }
}

/// The delimiter that the first line names (`sep=;`, as spreadsheets write it), and the length of that line.
pub fn sep(head: &[u8]) -> Option<(u8, usize)> {
    let end = memchr::memchr2(b'\n', b'\r', head)?;
    let line = head[..end].strip_prefix(b"\"").unwrap_or(&head[..end]);
    let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter, rest @ ..] = line else {
        return None;
    };
    let both = head[end] == b'\r' && head.get(end + 1) == Some(&b'\n');
    let alone = matches!(rest.trim_ascii(), b"" | b"\"");
    let fits = alone && delimiter.is_ascii() && !delimiter.is_ascii_alphanumeric();
    fits.then_some((*delimiter, end + 1 + usize::from(both)))
}

/// Whether a text is a table that can't be anything else: its first line names the delimiter, or is a header with a known
/// name of a text column, and most lines have as many fields.
pub fn is_table(head: &[u8]) -> bool {
    if sep(head).is_some() {
        return true;
    }
    DELIMITERS[..USUAL].iter().any(|delimiter| {
        let csv = Csv { delimiter: *delimiter, breaks: Breaks::of(head), backslash: false };
        let rows = sample(head, csv);
        let Some(first) = rows.first().filter(|first| first.len() > 1 && rows.len() > 1) else {
            return false;
        };
        let short = |name: &String| (1..=30).contains(&name.trim().chars().count());
        let alike = rows.iter().filter(|row| row.len() == first.len()).count();
        first.iter().all(short)
            && first.iter().any(|name| rank(name).is_some())
            && alike * 10 >= rows.len() * 9
    })
}

/// The text of a row that is one field.
fn whole(row: &str, kind: Row) -> Cow<'_, str> {
    let inside = row.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let (Row::Valid, Some(inside)) = (kind, inside) {
        return inside.replace("\"\"", "\"").into();
    }
    if !row.contains('"') {
        return row.into();
    }
    // a broken export may leave only one of the two quotes around a row
    let broken = row.matches('"').count() % 2 == 1;
    let within = |row: &str| row.replace("\"\"", "\"");
    let text = match (row.strip_prefix('"').map(within), row.strip_suffix('"').map(within)) {
        // before a handle the quote marks a retweet
        (Some(rest), _) if broken && !rest.starts_with('@') => rest,
        (None, Some(rest)) if broken => {
            let quoted = format!("\"{rest}");
            if rest.starts_with('@') && is_retweet(&quoted) { quoted } else { rest }
        }
        _ => within(row),
    };
    text.into()
}

/// Find out the layout of a table from its first bytes.
fn layout(
    head: &[u8],
    delimiter: Option<u8>,
    breaks: Breaks,
    pipeline: &mut Pipeline,
) -> Result<Layout> {
    let wanted = pipeline.settings.column.clone();
    let wanted = wanted.as_deref();
    let number: Option<usize> = wanted.and_then(|name| name.parse().ok());
    let named = |name: &str| match wanted {
        Some(wanted) if number.is_none() => {
            name.trim().eq_ignore_ascii_case(wanted) || is(name.trim(), &wanted.to_lowercase())
        }
        _ => rank(name).is_some(),
    };
    let csv = |delimiter| Csv { delimiter, breaks, backslash: has_backslashes(head) };
    let candidates = delimiter.map_or(DELIMITERS.to_vec(), |one| vec![one]);
    let first = |delimiter| sample(head, csv(delimiter)).into_iter().next().unwrap_or_default();
    // the delimiter with which the first row has a known name and other columns, or else a known name, or else the one
    // with which the rows have the most fields, all alike
    let known = |one: &&u8| first(**one).iter().any(|name| named(name));
    let several = |one: &&u8| known(one) && first(**one).len() > 1;
    let usual = &candidates[..candidates.len().min(USUAL)];
    let regular = || {
        let count = |one: &&u8| {
            columns::choose(&alike(sample(head, csv(**one)))).map(|_| first(**one).len())
        };
        let alike = usual.iter().filter(|one| is_regular(head, csv(**one)) || count(one).is_some());
        alike.filter(|one| first(**one).len() > 1).max_by_key(|one| first(**one).len())
    };
    let by_name = candidates.iter().find(several).or_else(|| usual.iter().find(known));
    let csv = csv(*by_name.or_else(regular).unwrap_or(&candidates[0]));
    let names: Vec<String> =
        first(csv.delimiter).iter().map(|name| name.trim().to_owned()).collect();
    let header = match pipeline.settings.header {
        Header::Yes => true,
        Header::No => false,
        Header::Auto => by_name.is_some(),
    };
    let text_at = match number {
        Some(0) => return Ok(one(csv, header, head)),
        Some(number) if number <= names.len() => Some(number - 1),
        Some(_) => None,
        None if !header => None,
        None if wanted.is_some() => names.iter().position(|name| named(name)),
        None => {
            let ranked = names.iter().enumerate().filter_map(|(at, name)| Some((rank(name)?, at)));
            // of equal names the first
            ranked.max_by_key(|(rank, at)| (*rank, usize::MAX - at)).map(|(_, at)| at)
        }
    };
    if wanted.is_some() && text_at.is_none() {
        bail!(Skipped::new(SkipReason::Unclear, missing(wanted.unwrap_or_default(), &names)));
    }
    if names.len() < 2 && text_at.is_none_or(|at| at == 0) {
        return Ok(one(csv, header, head));
    }
    let found = |text, header, names: Vec<String>| {
        let by = |is: fn(&str) -> bool| names.iter().position(|name| header && is(name));
        let (retweet, author) = (by(is_shared), by(is_author).filter(|at| *at != text));
        let reddit = by(|name| is(name, "subreddit")).is_some();
        let columns = Some(Columns { text, retweet, author, reddit, names });
        Ok(Layout { csv, header, columns, lines: false })
    };
    if let Some(text) = text_at {
        return found(text, header, names);
    }
    let regular = is_regular(head, csv);
    if let Some(choice) = columns::choose(&alike(sample(head, csv))) {
        let header = match pipeline.settings.header {
            Header::Auto => choice.header,
            told => told == Header::Yes,
        };
        let name = if header {
            format!(" ({})", listed(&names[choice.at..=choice.at]))
        } else {
            String::new()
        };
        pipeline.notice(format_args!(
            "no column has a known name, so column {}{name} was read, which has the most prose; --column NAME chooses \
             another",
            choice.at + 1
        ));
        return found(choice.at, header, names);
    }
    if regular {
        let sentence = format!(
            "{} columns, but no known name of a text column; give --column NAME or --column NUMBER \
             (the first row is: {}), or --column 0 if each row is one text",
            names.len(),
            listed(&names)
        );
        bail!(Skipped::new(SkipReason::Unclear, sentence))
    }
    Ok(one(csv, header, head))
}

/// The first rows of a table, split into fields. The last one may be cut off, so it is left out of a long start.
fn sample(head: &[u8], csv: Csv) -> Vec<Vec<String>> {
    let mut rows = Rows::new(head, csv, false);
    let mut fields = Fields::new(csv);
    let mut all = Vec::new();
    while all.len() < 100
        && let Ok(Some(_)) = rows.next()
    {
        if !rows.row.is_empty() {
            let row = String::from_utf8_lossy(&rows.row);
            all.push(fields.split(&row).into_iter().map(Cow::into_owned).collect());
        }
    }
    if head.len() > 1 << 17 && (2..100).contains(&all.len()) {
        all.pop();
    }
    all
}

/// The rows with as many fields as the first one, if nearly all have.
fn alike(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let (all, count) = (rows.len(), rows.first().map_or(0, Vec::len));
    rows.retain(|row| row.len() == count);
    if count < 2 || rows.len() < 2 || rows.len() * 10 < all * 9 { Vec::new() } else { rows }
}

/// Whether quotes within fields are written with a backslash.
fn has_backslashes(head: &[u8]) -> bool {
    let count = |part: &[u8]| memchr::memmem::find_iter(head, part).count();
    let before_end = count(b"\\\",") + count(b"\\\";") + count(b"\\\"\n");
    count(b"\\\"") > before_end && count(b"\\\"") > count(b"\"\"")
}

/// The layout of a table with one column. Without a header the quotes may be left over from a broken export, so a quoted
/// row may continue over line breaks only if the start of the file has one that does.
fn one(csv: Csv, header: bool, head: &[u8]) -> Layout {
    let mut rows = Rows::new(head, csv, true);
    let mut lines = !header;
    while let (true, Ok(Some(kind))) = (lines, rows.next()) {
        lines = kind != Row::Valid || !rows.row.contains(&b'\n');
    }
    Layout { csv, header, columns: None, lines }
}

/// The error for a column that doesn't exist.
fn missing(wanted: &str, names: &[String]) -> String {
    format!("there is no column {wanted}; the first row is: {}", listed(names))
}

/// The names, truncated and separated by commas.
fn listed(names: &[String]) -> String {
    let short = |name: &String| name.chars().take(30).collect::<String>();
    names.iter().take(20).map(short).collect::<Vec<_>>().join(", ")
}

/// Whether nine in ten rows have as many fields as the first one, as in a table and unlike sentences with commas.
fn is_regular(head: &[u8], csv: Csv) -> bool {
    let rows = sample(head, csv);
    rows.len() >= 5 && !alike(rows).is_empty()
}
