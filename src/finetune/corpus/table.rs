//! Tables: a column of text among others, or a file that is one column, as gpt-2-simple reads it. Which it is, and where
//! the text is, is told from how the file begins.

use super::{
    Form, Header, Reason,
    find::{NotText, Opened},
    mill::Mill,
    rows::{Fields, Row, Rows},
    summary::PassedOver,
    wash::is_retweet,
};
use anyhow::{Result, bail};

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
    let mut rows = Rows::new(&mut opened.input, delimiter);
    rows.lines = layout.lines;
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
