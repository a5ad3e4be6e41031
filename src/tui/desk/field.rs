//! A field of one line, to be filled.

use crate::{clean::for_terminal, tui::text::cells};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Style;
use std::{ffi::OsStr, path::Path};
use tui_textarea::{CursorMove, TextArea};
use unicode_segmentation::UnicodeSegmentation;

/// A field of one line.
pub struct Field {
    /// What is drawn.
    pub area: Box<TextArea<'static>>,
    /// What is in it was offered, and nothing but its selected part was written anew: the ending behind that.
    ending: Option<String>,
}

impl Field {
    /// A field that is filled already; the cursor stands at its end.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(vec![text.to_owned()]);
        area.set_cursor_line_style(Style::default());
        area.set_cursor_render_mode(tui_textarea::CursorRenderMode::Hidden);
        area.move_cursor(CursorMove::End);
        Self { area: Box::new(area), ending: None }
    }

    /// A field with a text that the first letter replaces and an arrow keeps.
    pub fn offering(text: &str) -> Self {
        let mut field = Self::new(text);
        field.select(0, text.chars().count());
        field
    }

    /// A field with the path of a file, of which only the name is replaced: neither the folder nor the ending. Both go
    /// for who writes them too.
    pub fn offering_path(path: &Path) -> Self {
        let mut field = Self::new(&path.display().to_string());
        let len =
            |part: Option<&OsStr>| part.map_or(0, |part| part.to_string_lossy().chars().count());
        let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy()));
        let ending = ending.unwrap_or_default();
        let all = field.text().chars().count();
        if field.text().ends_with(&ending) {
            let end = all - ending.chars().count();
            field.select(end.saturating_sub(len(path.file_stem())), end);
            field.ending = Some(ending);
        }
        field
    }

    /// Selects from one character to another, where the cursor then stands.
    fn select(&mut self, from: usize, to: usize) {
        self.area.cancel_selection();
        self.area.move_cursor(jump(from));
        self.area.start_selection();
        self.area.move_cursor(jump(to));
    }

    /// What is in it.
    pub fn text(&self) -> String {
        self.area.lines().concat()
    }

    /// What may be drawn of it, what is selected in a style: a name can hold what a terminal must not get.
    pub fn shown(&self, selected: Style) -> TextArea<'static> {
        let mut shown = Self::new(&for_terminal(&self.text())).area;
        let cursor = self.area.cursor().1;
        if let Some(((_, start), (_, end))) = self.area.selection_range() {
            shown.set_selection_style(selected);
            shown.move_cursor(jump(if cursor == start { end } else { start }));
            shown.start_selection();
        }
        shown.move_cursor(jump(cursor));
        *shown
    }

    /// Puts the cursor so many cells to the right of where it is; negative is to the left.
    pub fn point(&mut self, by: isize) {
        let text = self.text();
        let cursor = self.area.cursor().1;
        let at = text.char_indices().nth(cursor).map_or(text.len(), |(at, _)| at);
        let (before, behind) = text.split_at(at);
        let mut left = by.unsigned_abs();
        // Half of a wide character is still that character.
        let within = |grapheme: &&str| {
            let fits = if by < 0 { left > 0 } else { cells(grapheme) <= left };
            left = left.saturating_sub(cells(grapheme));
            fits
        };
        let chars = |grapheme: &str| grapheme.chars().count();
        let column = if by < 0 {
            let back = before.graphemes(true).rev().take_while(within).map(chars);
            cursor - back.sum::<usize>()
        } else {
            cursor + behind.graphemes(true).take_while(within).map(chars).sum::<usize>()
        };
        self.ending = None;
        self.area.cancel_selection();
        self.area.move_cursor(jump(column));
    }

    /// A key that is neither Enter nor Esc.
    pub fn press(&mut self, key: KeyEvent) {
        let held = key.modifiers.contains(KeyModifiers::CONTROL);
        let alone = key.modifiers.is_empty();
        match (key.code, self.area.selection_range()) {
            // One line stays one line.
            (KeyCode::Char('m' | 'j'), _) if held => {}
            (KeyCode::Char('a'), _) if held => self.select_all(),
            (KeyCode::Char('u'), _) if held => self.put(""),
            // To the end of what is selected, and not beyond it.
            (KeyCode::Left, Some(((_, at), _))) | (KeyCode::Right, Some((_, (_, at)))) if alone => {
                self.ending = None;
                self.area.cancel_selection();
                self.area.move_cursor(jump(at));
            }
            (KeyCode::Char(c), _) => {
                if !held && !key.modifiers.contains(KeyModifiers::ALT) {
                    self.begin(c);
                }
                self.area.input(key);
            }
            (code, _) => {
                if code != KeyCode::Backspace {
                    self.ending = None;
                }
                self.area.input(key);
            }
        }
    }

    /// Selects everything.
    pub fn select_all(&mut self) {
        self.ending = None;
        self.select(0, self.text().chars().count());
    }

    /// What is selected; nothing when nothing is.
    pub fn selected(&self) -> String {
        let range = self.area.selection_range().map(|((_, start), (_, end))| start..end);
        let range = range.unwrap_or_default();
        self.text().chars().skip(range.start).take(range.len()).collect()
    }

    /// Puts another text in the place of all.
    pub fn put(&mut self, text: &str) {
        self.select_all();
        self.area.insert_str(text);
    }

    /// A paste: its first line.
    pub fn paste(&mut self, text: &str) {
        let line = text.lines().next().unwrap_or_default();
        let line = line.replace(char::is_control, "");
        line.chars().next().into_iter().for_each(|first| self.begin(first));
        if line.contains('.') {
            self.drop_ending();
        }
        self.area.insert_str(line);
    }

    /// A character comes where a name was offered: who writes a folder means another than the one that is there, and who
    /// writes a full stop another ending.
    fn begin(&mut self, c: char) {
        if self.ending.is_some() && self.area.is_selecting() && matches!(c, '/' | '~' | '.') {
            self.select_all();
        } else if c == '.' {
            self.drop_ending();
        }
    }

    fn drop_ending(&mut self) {
        if let Some(ending) = self.ending.take() {
            let (all, cursor) = (self.text().chars().count(), self.area.cursor().1);
            // Behind the cursor nothing was written.
            if cursor + ending.chars().count() == all {
                if !self.selected().is_empty() {
                    self.area.delete_char();
                }
                self.area.delete_line_by_end();
            }
        }
    }
}

fn jump(column: usize) -> CursorMove {
    CursorMove::Jump(0, u16::try_from(column).unwrap_or(u16::MAX))
}
