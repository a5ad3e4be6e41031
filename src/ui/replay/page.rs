//! The page of a film as a screen of cells: lines wrapped at spaces, the last change in sight, and a line about it.

use crate::session::{Author, Player, What};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A piece of a screen's line by one author.
pub type Part = (String, Author);

/// A screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    /// The lines of the page, as many as there is room for.
    pub page: Vec<Vec<Part>>,
    /// The column and the row of the cursor.
    pub cursor: (usize, usize),
    /// The line at the bottom.
    pub foot: String,
}

impl Screen {
    /// The screen of a film at a moment, with `cols` columns and `rows` rows. `foot` is what the last row shows.
    pub fn of(player: &Player, cols: usize, rows: usize, foot: &str) -> Self {
        let cursor = player.cursor();
        let height = rows.saturating_sub(1).max(1);
        let text = player.text();
        // A screen has no more characters than cells, so lines far above the cursor need not be laid out.
        let first = text.char_to_line(cursor).saturating_sub(height);
        let mut lines = Vec::new();
        let mut place = (0, 0);
        for line in first..text.len_lines() {
            let from = text.line_to_char(line);
            let content = text.line(line).to_string();
            let content = content.trim_end_matches(['\n', '\r']);
            for row in wrap(content, cols.max(1)) {
                let start = from + content[..row.start].chars().count();
                let end = start + content[row.clone()].chars().count();
                if (start..=end).contains(&cursor) {
                    let before: String = text.slice(start..cursor).to_string();
                    place = (shown(&before).width().min(cols.saturating_sub(1)), lines.len());
                }
                lines.push(start..end);
            }
            if lines.len() > place.1 + height && place != (0, 0) {
                break;
            }
        }
        let top =
            (place.1 + 1).saturating_sub(height * 3 / 4).min(lines.len().saturating_sub(height));
        let page = lines.into_iter().skip(top).take(height).map(|range| parts(player, range));
        let foot: String = cut(foot, cols);
        Self { page: page.collect(), cursor: (place.0, place.1.saturating_sub(top)), foot }
    }

    /// The text of a line of the page.
    pub fn text(&self, row: usize) -> String {
        self.page
            .get(row)
            .map_or(String::new(), |line| line.iter().map(|(text, _)| &**text).collect())
    }
}

/// What a line about a scene says.
pub fn about(player: &Player) -> String {
    let Some(scene) = player.scene() else { return "the beginning".into() };
    let (at, all) = (player.at(), player.film().scenes.len());
    let what = match &scene.what {
        What::Offered(source, text) => {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("offer {}: {text}", source.number)
        }
        other => other.word().to_owned(),
    };
    format!("{at}/{all} {what}")
}

/// A text as a screen shows it: tabs as a space, other control characters as nothing.
fn shown(text: &str) -> String {
    let plain = |c: char| match c {
        '\t' => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    };
    crate::clean::for_terminal(&text.chars().filter_map(plain).collect::<String>()).into_owned()
}

fn parts(player: &Player, range: Range<usize>) -> Vec<Part> {
    let part = |(range, author): (Range<usize>, Author)| {
        (shown(&player.text().slice(range).to_string()), author)
    };
    player.authors(range).map(part).collect()
}

/// The beginning of a text that fits into so many columns.
fn cut(text: &str, cols: usize) -> String {
    let mut cells = 0;
    let fits = |grapheme: &&str| {
        cells += grapheme.width();
        cells <= cols
    };
    shown(text).graphemes(true).take_while(fits).collect()
}

/// The rows of a line, as ranges of bytes: broken behind spaces, or within a word that is longer than a row.
fn wrap(line: &str, cols: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let (mut start, mut cells, mut space) = (0, 0, None);
    for (at, grapheme) in line.grapheme_indices(true) {
        let wide = grapheme.width();
        if cells + wide > cols && at > start && grapheme != " " {
            let end = space.filter(|space| *space > start).unwrap_or(at);
            rows.push(start..end);
            (start, space) = (end, None);
            cells = line[start..at].width();
        }
        cells += wide;
        if grapheme == " " {
            space = Some(at + 1);
        }
    }
    rows.push(start..line.len());
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_behind_spaces() {
        let rows = |line: &str, cols| {
            wrap(line, cols).into_iter().map(|row| line[row].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(rows("The lamps were out", 10), ["The lamps ", "were out"]);
        assert_eq!(rows("unbelievable", 5), ["unbel", "ievab", "le"]);
        assert_eq!(rows("", 5), [""]);
        assert_eq!(rows("ab  cd", 2), ["ab  ", "cd"]);
    }
}
