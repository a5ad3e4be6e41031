//! A list to choose from, below the page, filtered by typing a few letters of a name. [`Choices`] provides the entries
//! and handles the choice.

use super::layer::{Flow, Layer, Spoken};
use crate::{
    clean::for_terminal,
    tui::{
        desk::{Desk, Field},
        drawn,
        text::{cut, one_row, width},
        view::{Areas, Status, heading},
    },
    ui::{keymap::Key, theme::Role},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Clear,
};

/// What a name scores that begins with the search text.
const FIRST: u32 = 1000;
/// What a letter of another word for an entry scores. Letters that follow each other in a name score more, scattered ones
/// less.
const LETTER: u32 = 20;
/// The most entries that are shown at once.
const TALL: usize = 14;

/// One thing to choose.
pub struct Entry<T> {
    /// Its name; typed letters are compared with it first.
    pub name: String,
    /// A description in one sentence.
    pub about: String,
    /// Other words for it, by which it is found too.
    pub also: &'static str,
    /// Its key, or its state.
    pub key: String,
    /// The value that is chosen.
    pub value: T,
}

/// A list of entries to choose from.
pub trait Choices {
    /// The type of the values.
    type Value;

    /// The title of the list.
    fn title(&self) -> &'static str;

    /// What Enter does, in a word.
    fn verb(&self) -> &'static str;

    /// The message for an empty list.
    fn none(&self, _desk: &Desk) -> String {
        "There is nothing to choose from yet.".to_owned()
    }

    /// The entries as they are now; `None` when they don't change while the list is open.
    fn entries(&self, _desk: &Desk) -> Option<Vec<Entry<Self::Value>>> {
        None
    }

    /// Whether `Entry::key` is a state. Without room for it, a state is shown before the description.
    fn shows_state(&self) -> bool {
        false
    }

    /// The cursor moved to an entry.
    fn preview(&mut self, _value: Option<&Self::Value>, _desk: &mut Desk) {}

    /// An entry is chosen.
    fn choose(&mut self, value: &Self::Value, desk: &mut Desk) -> Flow;

    /// The list was closed without a choice.
    fn cancel(&mut self, _desk: &mut Desk) {}
}

/// The list, the search text, and the matches.
pub struct Picker<C: Choices> {
    choices: C,
    field: Field,
    entries: Vec<Entry<C::Value>>,
    /// The indices of the matching entries, best first.
    found: Vec<usize>,
    /// The index of the match with the cursor.
    chosen: usize,
}

impl<C: Choices> Picker<C> {
    /// All entries, with the cursor on one of them.
    pub fn new(choices: C, entries: Vec<Entry<C::Value>>, chosen: usize) -> Self {
        let found = (0..entries.len()).collect();
        Self { choices, field: Field::new(""), entries, found, chosen }
    }

    fn found(&self) -> impl ExactSizeIterator<Item = &Entry<C::Value>> {
        self.found.iter().map(|index| &self.entries[*index])
    }

    fn choice(&self) -> Option<&Entry<C::Value>> {
        self.entries.get(*self.found.get(self.chosen)?)
    }

    /// Moves the cursor by this many entries. It stops at the ends.
    fn step(&mut self, by: isize) {
        let last = self.found.len().saturating_sub(1);
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
    }

    fn preview(&mut self, desk: &mut Desk) {
        let choice = self.found.get(self.chosen).map(|index| &self.entries[*index].value);
        self.choices.preview(choice, desk);
    }

    fn choose(&mut self, desk: &mut Desk) -> Flow {
        let Some(index) = self.found.get(self.chosen) else { return Flow::Stay };
        self.choices.choose(&self.entries[*index].value, desk)
    }

    /// Searches again. Matches in names rank before matches in descriptions.
    fn look(&mut self) {
        let wanted = self.field.text();
        let pattern = Pattern::parse(&wanted, CaseMatching::Ignore, Normalization::Smart);
        let words = wanted.trim().to_lowercase();
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut letters = Vec::new();
        let mut scored: Vec<_> = (0..self.entries.len())
            .filter_map(|index| {
                let entry = &self.entries[index];
                let name = pattern.score(Utf32Str::new(&entry.name, &mut letters), &mut matcher);
                let is_also = entry.also.split(' ').any(|word| word.starts_with(&words));
                let also = (is_also && !words.is_empty()).then(|| LETTER * words.len() as u32);
                let about = entry.about.to_lowercase().contains(&words).then_some(0);
                let begins = entry.name.to_lowercase().starts_with(&words);
                let first = if begins && !words.is_empty() { FIRST } else { 0 };
                let name = name.map(|score| score + 1 + first);
                name.max(also).or(about).map(|score| (score, index))
            })
            .collect();
        scored.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
        self.found = scored.into_iter().map(|(_, index)| index).collect();
        self.chosen = 0;
    }
}

impl<C: Choices> Layer for Picker<C> {
    fn press(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) -> Flow {
        let page = desk.page.height().cast_signed() / 2;
        let held = event.modifiers.contains(KeyModifiers::CONTROL);
        match key.code() {
            KeyCode::Esc => {
                self.choices.cancel(desk);
                return Flow::Close;
            }
            KeyCode::Enter => return self.choose(desk),
            KeyCode::Up => self.step(-1),
            KeyCode::Char('p') if held => self.step(-1),
            KeyCode::Down | KeyCode::Tab => self.step(1),
            KeyCode::Char('n') if held => self.step(1),
            KeyCode::PageUp => self.step(-page),
            KeyCode::PageDown => self.step(page),
            _ => {
                desk.press_field(&mut self.field, key, event);
                self.look();
            }
        }
        self.preview(desk);
        Flow::Stay
    }

    fn paste(&mut self, text: &str, desk: &mut Desk) -> Flow {
        self.field.paste(text);
        self.look();
        self.preview(desk);
        Flow::Stay
    }

    fn click(&mut self, at: (u16, u16), desk: &mut Desk) -> Flow {
        match desk.drawn.overlay.entry_at(at, self.found.len()) {
            Some(number) => {
                self.chosen = number;
                self.preview(desk);
                self.choose(desk)
            }
            None if desk.drawn.overlay.is_page(at) => {
                self.choices.cancel(desk);
                Flow::Close
            }
            None => Flow::Stay,
        }
    }

    fn wheel(&mut self, by: isize, desk: &mut Desk) {
        self.step(by);
        self.preview(desk);
    }

    /// The search text stays, and so does the cursor on its entry.
    fn refresh(&mut self, desk: &Desk) {
        let Some(entries) = self.choices.entries(desk) else { return };
        let name = self.choice().map(|entry| entry.name.clone());
        self.entries = entries;
        self.look();
        let same = self.found().position(|entry| Some(&entry.name) == name.as_ref());
        self.chosen = same.unwrap_or(0);
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        Status::Drawn
    }

    fn spoken(&self, _: &Desk) -> Spoken {
        let row = |entry: &Entry<C::Value>| match &*entry.key {
            state if self.choices.shows_state() && !state.is_empty() => {
                format!("{}, {state}: {}", entry.name, entry.about)
            }
            _ => format!("{}: {}", entry.name, entry.about),
        };
        Spoken::List(self.found().map(row).collect())
    }

    /// The list over the lower part of the screen, with the search text in its last row.
    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        let area = areas.screen;
        let rows = self.found.len().clamp(1, TALL).min(usize::from(area.height) / 2);
        let over = Rect {
            y: area.bottom().saturating_sub(rows as u16 + 2),
            height: (rows as u16 + 2).min(area.height),
            ..area
        };
        let theme = &desk.look.theme;
        frame.render_widget(Clear, over);
        frame.buffer_mut().set_style(over, theme.style(Role::Text));
        let room = usize::from(area.width);
        let title = self.choices.title();
        let title = format!("{title} · {} of {}", self.found.len(), self.entries.len());
        let mut lines = vec![heading(desk, &title, room)];
        let first = (self.chosen + 1).saturating_sub(rows);
        for (number, entry) in self.found().enumerate().skip(first).take(rows) {
            lines.push(self.row(desk, entry, number == self.chosen, room));
        }
        if self.found.is_empty() {
            let words = match self.entries.len() {
                0 => self.choices.none(desk),
                _ => "Nothing matches.".to_owned(),
            };
            let words = cut(&format!("   {words}"), room);
            lines.push(Line::styled(words, theme.style(Role::Quiet)));
        }
        for (y, line) in (over.y..).zip(&lines) {
            frame.buffer_mut().set_line(over.x, y, line, over.width);
        }
        let last = Rect { y: over.bottom().saturating_sub(1), height: 1, ..over };
        self.draw_field(desk, frame, last);
        let rows = Rect { y: over.y + 1, height: rows as u16, ..over };
        drawn::Overlay { rows, first, ..drawn::Overlay::default() }
    }
}

impl<C: Choices> Picker<C> {
    fn row<'a>(&self, desk: &Desk, entry: &Entry<C::Value>, chosen: bool, room: usize) -> Line<'a> {
        let theme = &desk.look.theme;
        let role = |role| theme.style(if chosen { Role::Chosen } else { role });
        let names = self.found().map(|entry| width(&for_terminal(&entry.name)));
        let wide = names.max().unwrap_or(0).clamp(8, 24).min(room / 2);
        let name = cut(&one_row(&entry.name), wide);
        let key = if room >= 60 { cut(&one_row(&entry.key), 24) } else { String::new() };
        let state = if self.choices.shows_state() && key.is_empty() && !entry.key.is_empty() {
            format!("{} · ", entry.key)
        } else {
            String::new()
        };
        let about = cut(
            &one_row(&format!("{state}{}", entry.about)),
            room.saturating_sub(7 + wide + width(&key)),
        );
        let gap = |cells: usize| " ".repeat(cells);
        Line::from(vec![
            Span::styled(if chosen { " ▸ " } else { "   " }, theme.style(Role::Mark)),
            Span::styled(name.clone(), role(Role::Text)),
            Span::styled(gap((wide + 2).saturating_sub(width(&name))), role(Role::Text)),
            Span::styled(about.clone(), role(Role::Quiet)),
            Span::styled(
                gap(room.saturating_sub(6 + wide + width(&about) + width(&key))),
                role(Role::Text),
            ),
            Span::styled(key, role(Role::Key)),
        ])
    }

    /// Draws the search text, and the keys.
    fn draw_field(&self, desk: &Desk, frame: &mut Frame, area: Rect) {
        let theme = &desk.look.theme;
        let verb = self.choices.verb();
        let (key, quiet) = (theme.style(Role::Key), theme.style(Role::Quiet));
        let text = for_terminal(&self.field.text()).into_owned();
        let hints = format!("Enter {verb}  Esc back");
        let room = usize::from(area.width).saturating_sub(4);
        let shows = width(&text) + width(&hints) + 4 < room;
        let shown = cut(&text, room.saturating_sub(1));
        let at = area.x + 3 + width(&shown) as u16;
        let mut spans = vec![
            Span::styled(" › ", theme.style(Role::Mark)),
            Span::styled(shown.clone(), theme.style(Role::Text)),
        ];
        if text.is_empty() && room > 60 {
            spans.push(Span::styled(" type a few letters", quiet));
        }
        if shows {
            let used: usize = spans.iter().map(|span| width(&span.content)).sum();
            let gap = usize::from(area.width).saturating_sub(used + width(&hints) + 1);
            spans.push(Span::raw(" ".repeat(gap)));
            for (name, act) in [("Enter", format!(" {verb}  ")), ("Esc", " back".to_owned())] {
                spans.push(Span::styled(name, key));
                spans.push(Span::styled(act, quiet));
            }
        }
        frame.buffer_mut().set_line(area.x, area.y, &Line::from(spans), area.width);
        frame.set_cursor_position((at.min(area.right().saturating_sub(1)), area.y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_a_few_letters_and_before_what_is_said_of_them() {
        struct Nothing;
        impl Choices for Nothing {
            type Value = ();
            fn title(&self) -> &'static str {
                "nothing"
            }
            fn verb(&self) -> &'static str {
                "choose"
            }
            fn choose(&mut self, (): &(), _: &mut Desk) -> Flow {
                Flow::Close
            }
        }
        let entry = |name: &str, about: &str| Entry {
            name: name.into(),
            about: about.into(),
            also: if name == "undo" { "revert mistake" } else { "" },
            key: String::new(),
            value: (),
        };
        let entries = vec![
            entry("roll again", "Other words."),
            entry("take word", "Take the next word."),
            entry("undo", "Take back."),
        ];
        let mut picker = Picker::new(Nothing, entries, 0);
        let mut found = |text: &str| {
            picker.field = Field::new(text);
            picker.look();
            picker.found().map(|entry| entry.name.clone()).collect::<Vec<_>>().join(",")
        };
        assert_eq!(found("tkw"), "take word");
        assert_eq!(found("take"), "take word,undo");
        assert_eq!(found("WORD"), "take word,roll again");
        assert_eq!(found("rev"), "undo");
        assert_eq!(found("mistakes"), "");
        assert_eq!(found("zzz"), "");
        assert_eq!(found("\\ ' ^ $ !"), "", "no sign of a pattern is a trap");
        assert_eq!(found(""), "roll again,take word,undo");
    }
}
