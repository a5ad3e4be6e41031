//! Tables: either one text column among others, or a file of one column as gpt-2-simple reads it. The start of the file
//! tells which, and where the text is.

use super::{
    Form, Header, Reason,
    cleaning::is_retweet,
    csv::{Fields, Row, Rows},
    find::{Opened, Skipped},
    pipeline::Pipeline,
    summary::SkipReason,
};
use anyhow::{Result, bail};

/// Names of text columns, most specific first.
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

/// The layout of a table.
#[derive(Debug)]
struct Layout {
    delimiter: u8,
    header: bool,
    /// `None` = each row is one text, with its commas.
    columns: Option<Columns>,
    /// Whether each line is a row, so that quotes don't continue over line breaks.
    lines: bool,
}

#[derive(Debug)]
struct Columns {
    count: usize,
    text: usize,
    retweet: Option<usize>,
}

/// Send all rows of a table through the pipeline.
///
/// # Errors
/// [`Skipped`] when no text column is found; I/O errors.
pub fn read(opened: &mut Opened, delimiter: Option<u8>, pipeline: &mut Pipeline) -> Result<()> {
    let layout = layout(&opened.head, delimiter, pipeline)?;
    let delimiter = layout.columns.is_some().then_some(layout.delimiter);
    let mut rows = Rows::new(&mut opened.input, delimiter);
    rows.lines = layout.lines;
    let mut fields = Fields::new(layout.delimiter);
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
        let all = fields.split(&row);
        let spare = all.get(columns.count..).unwrap_or_default();
        if row.trim().is_empty() {
            pipeline.reject(Reason::Empty, &row);
        } else if all.len() < columns.count || spare.iter().any(|field| !field.is_empty()) {
            pipeline.reject(Reason::Ragged, &row);
        } else {
            let retweet = columns.retweet.is_some_and(|at| is_true(&all[at]));
            pipeline.document(&all[columns.text], Form::Post, retweet)?;
        }
    }
    Ok(())
}

/// Whether a column or field of this name marks retweets.
pub fn is_retweet_mark(name: &str) -> bool {
    ["is_retweet", "isretweet"].iter().any(|mark| name.eq_ignore_ascii_case(mark))
}

/// Whether a value means true.
pub fn is_true(field: &str) -> bool {
    ["true", "t", "1", "yes"].iter().any(|yes| field.trim().eq_ignore_ascii_case(yes))
}

/// The text of a row that is one field.
fn whole(row: &str, kind: Row) -> String {
    let inside = row.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let (Row::Valid, Some(inside)) = (kind, inside) {
        return inside.replace("\"\"", "\"");
    }
    // a broken export may leave only one of the two quotes around a row
    let broken = row.matches('"').count() % 2 == 1;
    let within = |row: &str| row.replace("\"\"", "\"");
    match (row.strip_prefix('"').map(within), row.strip_suffix('"').map(within)) {
        // before a handle the quote marks a retweet
        (Some(rest), _) if broken && !rest.starts_with('@') => rest,
        (None, Some(rest)) if broken => {
            let quoted = format!("\"{rest}");
            if rest.starts_with('@') && is_retweet(&quoted) { quoted } else { rest }
        }
        _ => within(row),
    }
}

/// Find out the layout of a table from its first bytes.
fn layout(head: &[u8], delimiter: Option<u8>, pipeline: &Pipeline) -> Result<Layout> {
    let text = String::from_utf8_lossy(head);
    let wanted = pipeline.settings.column.as_deref();
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
    // the delimiter with which the first row has a known name, or else the usual one
    let known = candidates.iter().find(|one| trimmed(first(**one)).iter().any(|name| named(name)));
    let delimiter = *known.unwrap_or(&candidates[0]);
    let names = trimmed(first(delimiter));
    let header = match pipeline.settings.header {
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
        bail!(Skipped::new(SkipReason::Unclear, missing(wanted.unwrap_or_default(), &names)));
    }
    if names.len() < 2 && text_at.is_none_or(|at| at == 0) {
        return Ok(one(delimiter, header, text.as_bytes()));
    }
    match text_at {
        Some(text) => {
            let retweet = names.iter().position(|name| header && is_retweet_mark(name));
            let columns = Columns { count: names.len(), text, retweet };
            Ok(Layout { delimiter, header, columns: Some(columns), lines: false })
        }
        None if is_regular(text.as_bytes(), delimiter, names.len()) => {
            let sentence = format!(
                "{} columns, but no known name of a text column; give --column NAME or --column NUMBER \
                 (the first row is: {}), or --column 0 if each row is one text",
                names.len(),
                listed(&names)
            );
            bail!(Skipped::new(SkipReason::Unclear, sentence))
        }
        None => Ok(one(delimiter, header, text.as_bytes())),
    }
}

/// The layout of a table with one column. Without a header the quotes may be left over from a broken export, so a quoted
/// row may continue over line breaks only if the start of the file has one that does.
fn one(delimiter: u8, header: bool, head: &[u8]) -> Layout {
    let mut rows = Rows::new(head, None);
    let mut lines = !header;
    while let (true, Ok(Some(kind))) = (lines, rows.next()) {
        lines = kind != Row::Valid || !rows.row.contains(&b'\n');
    }
    Layout { delimiter, header, columns: None, lines }
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

/// Whether nine in ten rows have `count` fields, as in a table and unlike sentences with commas.
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
