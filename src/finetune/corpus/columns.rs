//! Which column of a table has the text, when no column has a known name: the one with the prose.

use super::names::is_prose;

/// A column that was chosen by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its index.
    pub at: usize,
    /// Whether the first row names the columns.
    pub header: bool,
}

/// The column with the most prose, unless these rows look like sentences with commas rather than a table. All rows have
/// the same number of fields.
pub fn choose(rows: &[Vec<String>]) -> Option<Choice> {
    let (first, rest) = rows.split_first()?;
    let rest = if rest.is_empty() { rows } else { rest };
    let share = |at: usize, is: fn(&str) -> bool| {
        rest.iter().filter(|row| is(&row[at])).count() as f64 / rest.len() as f64
    };
    let length = |at: usize| rest.iter().map(|row| row[at].trim().len()).sum::<usize>();
    // in a table another column has numbers, dates or single words; few rows must all agree
    let needed = if rest.len() < 5 { 1.0 } else { 0.8 };
    let columns = 0..first.len();
    let has_other = |at: usize| columns.clone().any(|n| n != at && share(n, is_datum) >= needed);
    let spaced = |at: usize| share(at, |field| is_prose(field) || field.trim().contains(' '));
    let best = columns.clone().filter(|at| share(*at, is_prose) >= 0.4 || spaced(*at) >= 0.6);
    let at = best.filter(|at| has_other(*at)).max_by_key(|at| (length(*at), usize::MAX - at))?;
    Some(Choice { at, header: is_header(first, rest, at) })
}

/// Whether a field is a number, a date, a link, a code or one short word, which no text is.
fn is_datum(field: &str) -> bool {
    let field = field.trim();
    let words = field.split_whitespace().count();
    words <= 1 && field.len() <= 20
        || words <= 1 && field.is_ascii() && field.contains(|c: char| c.is_ascii_digit())
        || field.contains("://") && words <= 1
        || !field.contains(char::is_alphabetic)
        || words <= 3 && field.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether the first row has names, and no data.
fn is_header(first: &[String], rest: &[Vec<String>], at: usize) -> bool {
    let named = |field: &String| {
        let field = field.trim();
        field.chars().count() <= 40
            && field.contains(char::is_alphabetic)
            && !field.ends_with(['.', '!', '?', '…', '。'])
            && !field.starts_with(|c: char| c.is_ascii_digit())
    };
    let is_number =
        |field: &String| !field.is_empty() && !field.contains(|c: char| c.is_alphabetic());
    let numbers = (0..first.len())
        .any(|n| !is_number(&first[n]) && rest.iter().all(|row| is_number(&row[n])));
    let names = first.iter().filter(|field| !field.trim().is_empty()).all(named);
    names && (numbers || !is_prose(&first[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(rows: &[&[&str]]) -> Option<(usize, bool)> {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|field| (*field).to_owned()).collect()).collect();
        choose(&rows).map(|choice| (choice.at, choice.header))
    }

    #[test]
    fn the_column_with_the_prose_is_found() {
        let table: &[&[&str]] = &[
            &["Nr", "Wann", "Spruch"],
            &["1", "2024-01-01", "Der Ofen brummt sehr leise."],
            &["2", "2024-01-02", "Es regnet wieder."],
        ];
        assert_eq!(chosen(table), Some((2, true)));
        assert_eq!(chosen(&table[1..]), Some((2, false)));
        assert_eq!(
            chosen(&[&["日付", "俳句"], &["1", "ストーブが鳴る夜"], &["2", "また雨が降る朝"]]),
            Some((1, true))
        );
        assert_eq!(
            chosen(&[
                &["1", "Short title", "And a much longer text about it."],
                &["2", "Two words", "And one more text, longer."]
            ]),
            Some((2, false))
        );
    }

    #[test]
    fn sentences_with_commas_are_no_table() {
        assert_eq!(chosen(&[&["one lamp", " and two"], &["three lamps", " and four"]]), None);
        assert_eq!(chosen(&[&["id", "stars"], &["1", "5"], &["2", "4"]]), None);
        assert_eq!(chosen(&[]), None);
    }
}
