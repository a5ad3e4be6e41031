//! Text that can be read from afar: spaced letters, or letters drawn with block characters; wrapped at words.

use crate::tui::{live::Letters, text::width as cells};
use font8x8::UnicodeFonts;
use ratatui::{
    style::Style,
    text::{Line, Span},
};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// A stretch of text in one style.
pub type Run = (String, Style);

/// Wrapped text as rows of the screen.
pub struct Rows {
    /// From the top.
    pub lines: Vec<Line<'static>>,
    /// The height of a row of text, in rows of the screen.
    pub height: usize,
}

/// A row of text: graphemes with their styles.
type Row<'a> = Vec<(&'a str, Style)>;

/// Wraps runs to `width` cells. With `open` there is a blank row after each row of text.
pub fn rows(runs: &[Run], width: usize, letters: Letters, open: bool) -> Rows {
    let of = |grapheme: &str| match letters {
        Letters::Plain => cells(grapheme),
        Letters::Spaced if grapheme == " " => 2,
        Letters::Spaced => cells(grapheme) + 1,
        Letters::Large => GLYPH,
    };
    let rows = wrap(runs, width.max(GLYPH), of);
    let mut lines = Vec::new();
    for row in &rows {
        match letters {
            Letters::Large => lines.extend(large(row)),
            _ => lines.push(small(row, letters)),
        }
        // The end of a paragraph has a blank row already.
        if open && !row.is_empty() {
            lines.push(Line::default());
        }
    }
    let height = if letters == Letters::Large { GLYPH } else { 1 } + usize::from(open);
    Rows { lines, height }
}

/// Wraps text at words. A word that is longer than a row is cut.
fn wrap<'a>(runs: &'a [Run], width: usize, of: impl Fn(&str) -> usize) -> Vec<Row<'a>> {
    let mut rows: Vec<Row> = vec![Vec::new()];
    let (mut filled, mut word, mut word_size) = (0, Row::new(), 0);
    let flat = runs.iter().flat_map(|(text, style)| text.graphemes(true).map(|g| (g, *style)));
    let put =
        |rows: &mut Vec<Row<'a>>, filled: &mut usize, word: &mut Row<'a>, size: &mut usize| {
            if *filled + *size > width && *filled > 0 {
                while rows.last().and_then(|row| row.last()).is_some_and(|(g, _)| *g == " ") {
                    rows.last_mut().map(Vec::pop);
                }
                rows.push(Vec::new());
                *filled = 0;
            }
            for (grapheme, style) in word.drain(..) {
                if *filled + of(grapheme) > width && *filled > 0 {
                    rows.push(Vec::new());
                    *filled = 0;
                }
                *filled += of(grapheme);
                if let Some(row) = rows.last_mut() {
                    row.push((grapheme, style));
                }
            }
            *size = 0;
        };
    for (grapheme, style) in flat {
        let is_line = matches!(grapheme, "\n" | "\r\n" | "\r");
        if is_line || grapheme.chars().all(char::is_whitespace) {
            put(&mut rows, &mut filled, &mut word, &mut word_size);
            if is_line {
                // At most one blank row between paragraphs.
                if rows.len() < 2 || !rows[rows.len() - 2..].iter().all(Vec::is_empty) {
                    rows.push(Vec::new());
                }
                filled = 0;
            } else if filled > 0 && filled + of(" ") <= width {
                filled += of(" ");
                if let Some(row) = rows.last_mut() {
                    row.push((" ", style));
                }
            }
        } else {
            word_size += of(grapheme);
            word.push((grapheme, style));
        }
    }
    put(&mut rows, &mut filled, &mut word, &mut word_size);
    rows
}

fn small(row: &Row, letters: Letters) -> Line<'static> {
    let gap = if letters == Letters::Spaced { " " } else { "" };
    let mut spans: Vec<(String, Style)> = Vec::new();
    for (grapheme, style) in row {
        let text = format!("{grapheme}{gap}");
        match spans.last_mut() {
            Some((before, same)) if same == style => before.push_str(&text),
            _ => spans.push((text, *style)),
        }
    }
    Line::from(spans.into_iter().map(|(text, style)| Span::styled(text, style)).collect::<Vec<_>>())
}

/// The width and height of a large letter, in cells. Each cell shows four of its dots.
const GLYPH: usize = 4;

/// A row of large letters, as rows of the screen.
fn large(row: &Row) -> Vec<Line<'static>> {
    let glyphs: Vec<_> = row.iter().map(|(grapheme, style)| (glyph(grapheme), *style)).collect();
    let line = |y: usize| {
        let spans = glyphs.iter().map(|(dots, style)| {
            let dot = |x: usize, y: usize| usize::from(dots[y] >> x & 1);
            let text: String = (0..GLYPH)
                .map(|x| {
                    let (x, y) = (2 * x, 2 * y);
                    let four = dot(x, y)
                        | dot(x + 1, y) << 1
                        | dot(x, y + 1) << 2
                        | dot(x + 1, y + 1) << 3;
                    QUARTERS[four]
                })
                .collect();
            Span::styled(text, *style)
        });
        Line::from(spans.collect::<Vec<_>>())
    };
    (0..GLYPH).map(line).collect()
}

/// Block characters by their filled quarters: top left 1, top right 2, bottom left 4, bottom right 8.
const QUARTERS: [char; 16] =
    [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];

/// The dots of a letter: eight rows, the lowest bit at the left. An accent that the font lacks is left out.
fn glyph(grapheme: &str) -> [u8; 8] {
    let get = |c: char| {
        let plain = match c {
            '‘' | '’' => '\'',
            '“' | '”' => '"',
            '–' | '—' => '-',
            _ => c,
        };
        font8x8::BASIC_FONTS
            .get(plain)
            .or_else(|| font8x8::LATIN_FONTS.get(plain))
            .or_else(|| font8x8::GREEK_FONTS.get(plain))
            .or_else(|| font8x8::BLOCK_FONTS.get(plain))
            .or_else(|| font8x8::HIRAGANA_FONTS.get(plain))
    };
    let first = grapheme.chars().next().unwrap_or(' ');
    let base = || grapheme.nfkd().next().and_then(get);
    // A character without a glyph is a box.
    get(first).or_else(base).unwrap_or([0x7e, 0x42, 0x42, 0x42, 0x42, 0x42, 0x7e, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(rows: Rows) -> Vec<String> {
        rows.lines.iter().map(|line| line.to_string().trim_end().to_owned()).collect()
    }

    #[test]
    fn letters_stand_apart_and_words_further() {
        let run = |text: &str| vec![(text.to_owned(), Style::default())];
        let spaced = |text_: &str, width| text(rows(&run(text_), width, Letters::Spaced, false));
        assert_eq!(spaced("The boat", 40), ["T h e   b o a t"]);
        assert_eq!(spaced("The boat", 12), ["T h e", "b o a t"]);
        assert_eq!(spaced("The  boat\n\n\n\nsank", 40), ["T h e     b o a t", "", "s a n k"]);
        assert_eq!(spaced("lamplight", 8), ["l a m p", "l i g h", "t"]);
        let plain = text(rows(&run("one two three"), 8, Letters::Plain, true));
        assert_eq!(plain, ["one two", "", "three", ""]);
    }

    #[test]
    fn large_letters_are_drawn() {
        let run = vec![("Lé—雨".to_owned(), Style::default())];
        let drawn = rows(&run, 80, Letters::Large, false);
        assert_eq!((drawn.lines.len(), drawn.height), (4, 4));
        assert!(drawn.lines.iter().all(|line| cells(&line.to_string()) == 16));
        assert!(drawn.lines.iter().any(|line| line.to_string().contains('█')));
    }
}
