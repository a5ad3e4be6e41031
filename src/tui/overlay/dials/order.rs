//! The order of the steps that make a distribution: it is shown, and can be changed.

use super::super::layer::{Flow, Layer};
use crate::{
    token::Step,
    tui::{
        desk::{Desk, Notice},
        drawn,
        text::{cut, one_row, width},
        view::{Areas, Status, clear, heading, status::line},
    },
    ui::{keymap::Key, theme::Role},
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

/// The steps: first those that are on, in their order, then those that are off.
pub struct Order {
    steps: Vec<Step>,
    on: usize,
    chosen: usize,
}

/// The order in a few words: the steps with arrows between them.
pub fn words(order: &[Step]) -> String {
    order.iter().map(|step| step.name()).collect::<Vec<_>>().join(" › ")
}

impl Order {
    /// The order of the style in use.
    pub fn of(desk: &Desk) -> Self {
        let on = desk.asking.style.sampling.order.clone();
        let off = Step::ALL.into_iter().filter(|step| !on.contains(step));
        Self { on: on.len(), steps: on.iter().copied().chain(off).collect(), chosen: 0 }
    }

    fn apply(&self, desk: &mut Desk) {
        desk.asking.style.sampling.order = self.steps[..self.on].to_vec();
    }

    /// Moves the chosen step among those that are on.
    fn shift(&mut self, by: isize, desk: &mut Desk) {
        let to = self.chosen.saturating_add_signed(by);
        if self.chosen < self.on && to < self.on {
            self.steps.swap(self.chosen, to);
            self.chosen = to;
            self.apply(desk);
        }
    }

    /// Turns the chosen step off, or on as the last one.
    fn toggle(&mut self, desk: &mut Desk) {
        let step = self.steps.remove(self.chosen);
        if self.chosen < self.on {
            self.on -= 1;
            self.steps.insert(self.on, step);
        } else {
            self.steps.insert(self.on, step);
            self.on += 1;
        }
        self.apply(desk);
    }
}

impl Layer for Order {
    fn press(&mut self, key: Key, _: KeyEvent, desk: &mut Desk) -> Flow {
        let last = self.steps.len() - 1;
        match (key.code(), key.typed()) {
            (KeyCode::Esc | KeyCode::Enter, _) => return Flow::Close,
            (KeyCode::Up, _) => self.chosen = self.chosen.saturating_sub(1),
            (KeyCode::Down | KeyCode::Tab, _) => self.chosen = (self.chosen + 1).min(last),
            (KeyCode::Left, _) | (_, Some('-')) => self.shift(-1, desk),
            (KeyCode::Right, _) | (_, Some('+')) => self.shift(1, desk),
            (_, Some(' ')) => self.toggle(desk),
            (KeyCode::Backspace | KeyCode::Delete, _) => {
                desk.asking.style.sampling.order = desk.asking.preset().sampling.order;
                *self = Self::of(desk);
            }
            _ => {}
        }
        Flow::Stay
    }

    fn click(&mut self, at: (u16, u16), desk: &mut Desk) -> Flow {
        if desk.drawn.overlay.is_page(at) {
            return Flow::Close;
        }
        if let Some(number) = desk.drawn.overlay.entry_at(at, self.steps.len()) {
            self.chosen = number;
        }
        Flow::Stay
    }

    fn wheel(&mut self, by: isize, _: &mut Desk) {
        self.chosen = self.chosen.saturating_add_signed(by).min(self.steps.len() - 1);
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        Status::Drawn
    }

    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        let (theme, screen) = (&desk.look.theme, areas.screen);
        let rows = (self.steps.len() as u16).min(screen.height.saturating_sub(2));
        let over = Rect { y: screen.bottom() - rows - 2, height: rows + 2, ..screen };
        clear(desk, frame, over);
        let room = usize::from(over.width);
        let title = heading(desk, "dials · the order of the steps, after the penalties", room);
        frame.buffer_mut().set_line(over.x, over.y, &title, over.width);
        let first = (self.chosen + 1).saturating_sub(usize::from(rows));
        for (at, step) in self.steps.iter().enumerate().skip(first).take(usize::from(rows)) {
            let role = match (at == self.chosen, at < self.on) {
                (true, _) => Role::Chosen,
                (false, true) => Role::Text,
                (false, false) => Role::Stale,
            };
            let mark = if at == self.chosen { " ▸ " } else { "   " };
            let number = if at < self.on { format!("{}", at + 1) } else { "off".to_owned() };
            let words = cut(&format!("{number:<4}{}", step.name()), room.saturating_sub(3));
            let words = format!("{words}{}", " ".repeat(room.saturating_sub(3 + width(&words))));
            let row = Line::from(vec![
                Span::styled(mark, theme.style(Role::Mark)),
                Span::styled(words, theme.style(role)),
            ]);
            let y = over.y + 1 + (at - first) as u16;
            frame.buffer_mut().set_line(over.x, y, &row, over.width);
        }
        let said = match desk.notices.shown() {
            Some((Notice::Word(words) | Notice::Error(words), _)) => one_row(words),
            None => String::new(),
        };
        let hints = [
            ("←→", "earlier, later"),
            ("Esc", "back"),
            ("Space", "on, off"),
            ("Backspace", "the usual order"),
        ];
        let hints = hints.map(|(key, act)| (key.to_owned(), act));
        let last = Rect { y: over.bottom() - 1, height: 1, ..over };
        line(desk, frame, last, Span::styled(said, theme.style(Role::Quiet)), &hints);
        let rows = Rect { y: over.y + 1, height: rows, ..over };
        drawn::Overlay { rows, first, ..drawn::Overlay::default() }
    }
}
