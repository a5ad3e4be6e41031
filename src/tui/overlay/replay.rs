//! The time line of the draft: every change of the page at its time, to go back and forth on, and to return to.

use super::layer::{Flow, Layer, Spoken};
use crate::{
    session::{Author, Player},
    tui::{
        command::Opens,
        desk::Desk,
        drawn,
        view::{Areas, Status, clear},
    },
    ui::{
        chapters::clock,
        keymap::Key,
        replay::{Act, Screen, Timeline, about, act},
        theme::Role,
    },
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};
use std::sync::Arc;

/// The command.
pub const OPENS: Opens = Opens {
    name: "replay",
    heading: "The history",
    help: "Show the time line: the page as it was at every moment.",
    keys: &[],
};

/// The film of the draft, at one of its moments.
struct Replay {
    player: Player,
    timeline: Timeline,
}

/// Shows the time line, at its end.
pub fn open(desk: &mut Desk) -> Flow {
    let Some(film) = desk.session.film() else {
        desk.notices.say("No history of this draft is kept yet, so there is no time line.");
        return Flow::Stay;
    };
    let mut timeline = Timeline::new(&film, 0..film.scenes.len(), 1.0);
    timeline.plays = false;
    timeline.act(Act::End(true), &film);
    let mut player = Player::new(Arc::new(film));
    timeline.show(&mut player);
    Flow::open(Replay { player, timeline })
}

impl Replay {
    fn act(&mut self, act: Act) {
        self.timeline.act(act, self.player.film());
        self.timeline.show(&mut self.player);
    }

    /// The time, and what happened.
    fn foot(&self) -> String {
        let (now, length) = (clock(self.timeline.now()), clock(self.timeline.length()));
        format!("{now}/{length} {}", about(&self.player))
    }
}

impl Layer for Replay {
    fn press(&mut self, key: Key, _: KeyEvent, desk: &mut Desk) -> Flow {
        match key.code() {
            KeyCode::Esc => return Flow::Close,
            KeyCode::Enter => {
                let revision = self.player.scene().map_or(0, |scene| scene.revision);
                desk.jump(revision);
                return Flow::Close;
            }
            // Here nothing plays by itself.
            KeyCode::Char(' ') => self.act(Act::Step(true)),
            code => {
                if let Some(act) = act(code) {
                    self.act(act);
                }
            }
        }
        Flow::Stay
    }

    fn wheel(&mut self, by: isize, _: &mut Desk) {
        self.act(Act::Step(by > 0));
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        Status::hints(&[("←→", "step"), ("↑↓", "10 s"), ("Enter", "go there"), ("Esc", "back")])
    }

    fn spoken(&self, _: &Desk) -> Spoken {
        Spoken::Text(vec![self.foot(), self.player.text().to_string()])
    }

    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        let theme = &desk.look.theme;
        clear(desk, frame, areas.sheet);
        let sheet = areas.sheet;
        let inner = Rect { x: sheet.x + 2, width: sheet.width.saturating_sub(4), ..sheet };
        let foot = format!("{}  {}", self.timeline.bar(16), self.foot());
        let rows = usize::from(inner.height);
        let screen = Screen::of(&self.player, usize::from(inner.width), rows, &foot);
        let role = |author| match author {
            Author::Writer => Role::Text,
            Author::Machine => Role::Machine,
            Author::Edited => Role::Edited,
            Author::Pasted => Role::Pasted,
            Author::Unknown => Role::Unknown,
        };
        let line = |parts: &Vec<(String, Author)>| {
            let spans = parts.iter();
            let spans = spans.map(|(text, by)| Span::styled(text.clone(), theme.style(role(*by))));
            Line::from(spans.collect::<Vec<_>>())
        };
        let lines: Vec<Line> = screen.page.iter().map(line).collect();
        frame.render_widget(Paragraph::new(lines), inner);
        let below = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
        frame.render_widget(Line::styled(screen.foot, theme.style(Role::Quiet)), below);
        drawn::Overlay::default()
    }
}
