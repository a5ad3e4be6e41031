//! A one-line text field.

use crate::{clean::for_terminal, tui::text::cells};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Style;
use std::{ffi::OsStr, path::Path};
use tui_textarea::{CursorMove, TextArea};
use unicode_segmentation::UnicodeSegmentation;

/// A one-line text field.
pub struct Field {
    /// What is drawn.
    pub area: Box<TextArea<'static>>,
    /// The file extension after the suggested name, while only the name itself has been edited.
    ending: Option<Ending>,
}

/// The extension of a suggested name.
struct Ending {
    /// With its full stop.
    text: String,
    /// Another extension was typed, so this one is not in the field.
    is_replaced: bool,
}

impl Field {
    /// A field with a text, and the cursor at its end.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(vec![text.to_owned()]);
        area.set_cursor_line_style(Style::default());
        area.set_cursor_render_mode(tui_textarea::CursorRenderMode::Hidden);
        area.move_cursor(CursorMove::End);
        Self { area: Box::new(area), ending: None }
    }

    /// A field with a suggested text: the first letter replaces it, an arrow key keeps it.
    pub fn offering(text: &str) -> Self {
        let mut field = Self::new(text);
        field.select(0, text.chars().count());
        field
    }

    /// A field with a suggested path. Typing replaces only the file name, not the folder or the extension; typing a
    /// folder or an extension replaces that, too.
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
            field.ending = Some(Ending { text: ending, is_replaced: false });
        }
        field
    }

    /// Selects from one character to another, with the cursor at the latter.
    fn select(&mut self, from: usize, to: usize) {
        self.area.cancel_selection();
        self.area.move_cursor(jump(from));
        self.area.start_selection();
        self.area.move_cursor(jump(to));
    }

    /// The field's text.
    pub fn text(&self) -> String {
        self.area.lines().concat()
    }

    /// The widget to draw, without characters unsafe for a terminal; the selection has the given style.
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

    /// Moves the cursor by this many cells to the right; negative is to the left.
    pub fn point(&mut self, by: isize) {
        let text = self.text();
        let cursor = self.area.cursor().1;
        let at = text.char_indices().nth(cursor).map_or(text.len(), |(at, _)| at);
        let (before, behind) = text.split_at(at);
        let mut left = by.unsigned_abs();
        // A cell of a wide character counts as that character.
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

    /// Handles a key other than Enter and Esc.
    pub fn press(&mut self, key: KeyEvent) {
        let held = key.modifiers.contains(KeyModifiers::CONTROL);
        let alone = key.modifiers.is_empty();
        match (key.code, self.area.selection_range()) {
            // These keys would start a new line.
            (KeyCode::Char('m' | 'j'), _) if held => {}
            (KeyCode::Char('a'), _) if held => self.select_all(),
            (KeyCode::Char('u'), _) if held => self.put(""),
            // Moves to the end of the selection.
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
                self.keep_one_ending();
            }
            (code, _) => {
                if code != KeyCode::Backspace {
                    self.ending = None;
                }
                self.area.input(key);
                self.keep_one_ending();
            }
        }
    }

    /// Selects everything.
    pub fn select_all(&mut self) {
        self.ending = None;
        self.select(0, self.text().chars().count());
    }

    /// The selected text; empty if there is none.
    pub fn selected(&self) -> String {
        let range = self.area.selection_range().map(|((_, start), (_, end))| start..end);
        let range = range.unwrap_or_default();
        self.text().chars().skip(range.start).take(range.len()).collect()
    }

    /// Replaces the whole text.
    pub fn put(&mut self, text: &str) {
        self.select_all();
        self.area.insert_str(text);
    }

    /// Inserts the first line of a paste.
    pub fn paste(&mut self, text: &str) {
        let line = text.lines().next().unwrap_or_default();
        let line = line.replace(char::is_control, "");
        line.chars().next().into_iter().for_each(|first| self.begin(first));
        self.area.insert_str(line);
        self.keep_one_ending();
    }

    /// A character is about to replace a suggested name. A folder or a full stop replaces the whole path.
    fn begin(&mut self, c: char) {
        if self.ending.is_some() && self.area.is_selecting() && matches!(c, '/' | '~' | '.') {
            self.select_all();
        }
    }

    /// The suggested extension is in the field as long as no other one was typed before it. Not everything after a full
    /// stop is one: `notes v1.2` has none.
    fn keep_one_ending(&mut self) {
        let Some(ending) = &mut self.ending else { return };
        let (text, cursor) = (self.area.lines().concat(), self.area.cursor().1);
        let all = text.chars().count();
        let len = if ending.is_replaced { 0 } else { ending.text.chars().count() };
        // Something was typed after the cursor, or the extension was selected and replaced.
        if cursor + len != all || !ending.is_replaced && !text.ends_with(&ending.text) {
            self.ending = None;
            return;
        }
        let typed: String = text.chars().take(cursor).collect();
        let is_other = has_extension(&typed);
        if is_other == ending.is_replaced {
            return;
        }
        ending.is_replaced = is_other;
        if is_other {
            self.area.delete_line_by_end();
        } else {
            self.area.insert_str(ending.text.clone());
            self.area.move_cursor(jump(cursor));
        }
    }
}

/// Whether a name ends in something that looks like a file extension: a few letters and digits, a letter first.
fn has_extension(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(OsStr::to_str).unwrap_or_default();
    let is_one_case = |is: fn(&char) -> bool| {
        extension.chars().all(|c| is(&c) || c.is_ascii_digit()) && extension.starts_with(|c| is(&c))
    };
    extension.len() <= 8
        && (is_one_case(char::is_ascii_lowercase) || is_one_case(char::is_ascii_uppercase))
}

fn jump(column: usize) -> CursorMove {
    CursorMove::Jump(0, u16::try_from(column).unwrap_or(u16::MAX))
}
