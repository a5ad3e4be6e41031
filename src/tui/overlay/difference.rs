//! A sheet that compares two texts. Removed text is struck out between `[-` and `-]`, added text is underlined between
//! `{+` and `+}`. Of unchanged text, only the lines near a change are shown.

use super::{
    layer::{Flow, Layer, Spoken},
    scroll::Scroll,
};
use crate::{
    clean::for_terminal,
    session::{Change, difference},
    tui::{
        desk::Desk,
        drawn,
        text::{shown, wrap},
        view::{Areas, sheet},
    },
    ui::{
        keymap::Key,
        theme::{Role, Theme},
    },
};
use crossterm::event::KeyEvent;
use ratatui::{
    Frame,
    style::{Modifier, Style},
    text::{Line, Span},
};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// How many unchanged lines are shown before and after a change.
const NEAR: usize = 2;

/// Two texts compared.
pub struct Difference {
    title: String,
    changes: Vec<Change>,
    /// The first row that is shown.
    scroll: Scroll,
}

impl Difference {
    /// Shows changes; `title` tells what is compared with what.
    pub fn new(title: impl Into<String>, changes: Vec<Change>) -> Self {
        Self { title: title.into(), changes, scroll: Scroll::default() }
    }

    /// Compares the page with the file as it is now.
    pub fn with_file(desk: &mut Desk) -> Flow {
        let page = desk.session.text().to_string();
        let file = match desk.session.path() {
            Some(_) => desk.session.file_text(),
            None => Ok(String::new()),
        };
        match file {
            Ok(file) => {
                let title = "From the saved file to the page";
                Flow::open(Self::new(title, difference(&file, &page)))
            }
            Err(error) => {
                desk.notices.warn(format!("{error:#}"));
                Flow::Stay
            }
        }
    }
}

impl Layer for Difference {
    fn press(&mut self, key: Key, _: KeyEvent, desk: &mut Desk) -> Flow {
        self.scroll.press(key, desk)
    }

    fn wheel(&mut self, by: isize, desk: &mut Desk) {
        self.scroll.wheel(by, desk);
    }

    fn spoken(&self, _: &Desk) -> Spoken {
        let row = |change: &Change| match change {
            Change::Same(_) => None,
            Change::Removed(text) => Some(format!("Removed: {}", text.trim())),
            Change::Added(text) => Some(format!("Added: {}", text.trim())),
        };
        let mut lines: Vec<_> = self.changes.iter().filter_map(row).collect();
        if lines.is_empty() {
            lines.push("There are no differences.".into());
        }
        lines.insert(0, format!("{}.", self.title));
        Spoken::Text(lines)
    }

    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        let theme = &desk.look.theme;
        let inner = sheet::inner(areas, 80);
        let title = Line::styled(self.title.clone(), theme.style(Role::Title));
        let mut lines = vec![title, Line::default()];
        lines.extend(rows(&self.changes, theme, usize::from(inner.width)));
        sheet::draw(desk, frame, areas, inner, lines, self.scroll.row())
    }
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
        return vec![Line::styled("There are no differences.", quiet)];
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

/// The most characters of an unchanged paragraph that are shown beside a change.
const SIDE: usize = 160;

/// Adds unchanged text: all of it if it is short, else only what is near a change.
fn same(text: &str, first: bool, last: bool, all: &mut Marked, theme: &Theme) {
    let (plain, quiet) = (theme.style(Role::Text), theme.style(Role::Quiet));
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let head = if first { 0 } else { NEAR + 1 };
    let tail = if last { 0 } else { NEAR + 1 };
    if lines.len() <= head + tail + 2 {
        if text.chars().count() <= 4 * SIDE {
            return all.push(text, plain);
        }
        let (before, behind) = sides(text, first, last);
        all.push(before, plain);
        all.push(" ⋯ ", quiet);
        return all.push(behind, plain);
    }
    let hidden = lines.len() - head - tail;
    let (before, behind) = (lines[..head].concat(), lines[lines.len() - tail..].concat());
    all.push(sides(&before, false, true).0, plain);
    all.push(&format!("⋯ {hidden} unchanged lines\n"), quiet);
    all.push(sides(&behind, true, false).1, plain);
}

/// The beginning and the end of an unchanged text, each as long as is shown beside a change and cut at a word. There is
/// no change before the `first` part, and none after the `last`.
fn sides(text: &str, first: bool, last: bool) -> (&str, &str) {
    let at = |number: usize| text.char_indices().nth(number).map_or(text.len(), |(at, _)| at);
    let len = text.chars().count();
    let end = text[..at(SIDE)].rfind(char::is_whitespace).unwrap_or(0);
    let begin = at(len.saturating_sub(SIDE));
    let begin = text[begin..].find(char::is_whitespace).map_or(begin, |word| begin + word);
    let (before, behind) =
        if len <= 2 * SIDE { (text, text) } else { (&text[..end], &text[begin..]) };
    (if first { "" } else { before }, if last { "" } else { behind })
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
