//! Two texts compared, as a sheet: what went is struck out between `[-` and `-]`, what came is underlined between
//! `{+` and `+}`, and of what is the same only the nearest is shown.

use crate::{
    clean::for_terminal,
    session::Change,
    tui::{
        overlay::Difference,
        page::{shown, wrap},
    },
    ui::theme::{Role, Theme},
};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// How many lines of what is the same are shown before and after a change.
const NEAR: usize = 2;

/// Draws the sheet, and keeps its scrolling within its text.
pub fn draw(difference: &mut Difference, theme: &Theme, frame: &mut Frame, area: Rect) {
    let width = area.width.saturating_sub(4).min(80);
    let inner = Rect { x: area.x + 2, width, y: area.y + 1, height: area.height.saturating_sub(3) };
    let quiet = theme.style(Role::Quiet);
    let mut lines =
        vec![Line::styled(difference.title.clone(), theme.style(Role::Title)), Line::default()];
    lines.extend(rows(&difference.changes, theme, usize::from(width)));
    let most = lines.len().saturating_sub(usize::from(inner.height));
    difference.scrolled = difference.scrolled.min(most);
    let (at, more) = (difference.scrolled, difference.scrolled < most);
    let seen: Vec<_> = lines.into_iter().skip(at).take(usize::from(inner.height)).collect();
    frame.render_widget(Paragraph::new(seen), inner);
    let words = format!("{}Esc goes back", if more { "↓ more · " } else { "" });
    let below = Rect { y: area.bottom().saturating_sub(1), height: 1, ..inner };
    frame.render_widget(Line::styled(words, quiet), below);
}

/// Text with the styles of its parts, in bytes.
#[derive(Default)]
struct Marked {
    text: String,
    runs: Vec<(Range<usize>, Style)>,
}

impl Marked {
    fn push(&mut self, text: &str, style: Style) {
        let start = self.text.len();
        self.text.push_str(text);
        self.runs.push((start..self.text.len(), style));
    }
}

fn rows<'a>(changes: &[Change], theme: &Theme, width: usize) -> Vec<Line<'a>> {
    let quiet = theme.style(Role::Quiet);
    let gone = quiet.add_modifier(Modifier::CROSSED_OUT);
    let came = theme.style(Role::Text).add_modifier(Modifier::UNDERLINED | Modifier::BOLD);
    if !changes.iter().any(|change| !matches!(change, Change::Same(_))) {
        return vec![Line::styled("Nothing is different.", quiet)];
    }
    let mut all = Marked::default();
    for (number, change) in changes.iter().enumerate() {
        match change {
            Change::Removed(text) => all.push(&for_terminal(&format!("[-{text}-]")), gone),
            Change::Added(text) => all.push(&for_terminal(&format!("{{+{text}+}}")), came),
            Change::Same(text) => {
                let (first, last) = (number == 0, number + 1 == changes.len());
                same(&for_terminal(text), first, last, &mut all, theme);
            }
        }
    }
    let mut lines = Vec::new();
    let mut start = 0;
    for paragraph in all.text.split('\n') {
        for row in wrap(paragraph, width, 0) {
            lines.push(line(&all, start + row.start..start + row.end));
        }
        start += paragraph.len() + 1;
    }
    lines
}

/// What is the same: all of a little, of much only what is near to a change.
fn same(text: &str, first: bool, last: bool, all: &mut Marked, theme: &Theme) {
    let (plain, quiet) = (theme.style(Role::Text), theme.style(Role::Quiet));
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let head = if first { 0 } else { NEAR + 1 };
    let tail = if last { 0 } else { NEAR + 1 };
    if lines.len() <= head + tail + 2 {
        return all.push(text, plain);
    }
    let hidden = lines.len() - head - tail;
    all.push(&lines[..head].concat(), plain);
    all.push(&format!("⋯ {hidden} lines are the same\n"), quiet);
    all.push(&lines[lines.len() - tail..].concat(), plain);
}

fn line<'a>(all: &Marked, row: Range<usize>) -> Line<'a> {
    let first = all.runs.partition_point(|(range, _)| range.end <= row.start);
    let runs = all.runs[first..].iter().take_while(|(range, _)| range.start < row.end);
    let spans = runs.map(|(range, style)| {
        let part = &all.text[range.start.max(row.start)..range.end.min(row.end)];
        Span::styled(part.graphemes(true).map(shown).collect::<String>(), *style)
    });
    Line::from(spans.collect::<Vec<_>>())
}
