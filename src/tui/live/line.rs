//! The line that the host types on air: a guest's prompt, the writer's own continuation, or the time of the recording.

use super::{Live, Panel, item::Item, markers};
use crate::{session::Session, ui::keymap::Key};
use crossterm::event::{KeyCode, KeyEvent};

use crate::tui::desk::Field;

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A guest's prompt.
    Guest,
    /// The writer's own continuation, for the draft.
    Writer,
    /// The time of the recording.
    Clock,
}

/// A line that is being typed.
pub struct Line {
    /// What it is for.
    pub purpose: Purpose,
    /// The text.
    pub field: Field,
}

/// The most characters of a line.
const LENGTH: usize = 2000;

impl Line {
    /// A line for a purpose that begins with a text.
    pub fn new(purpose: Purpose, text: &str) -> Self {
        Self { purpose, field: Field::new(text) }
    }

    /// Pastes text as one line.
    pub fn paste(&mut self, text: &str) {
        let left = LENGTH.saturating_sub(self.field.text().chars().count());
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.field.paste(&text.chars().take(left).collect::<String>());
    }
}

impl Live {
    /// A key while a line is typed. Letters are typed, whatever their cue.
    pub(super) fn press_line(&mut self, key: Key, event: KeyEvent, session: &mut Session) {
        let Some(Panel::Line(mut line)) = self.panel.take() else { return };
        match key.code() {
            KeyCode::Esc => return,
            KeyCode::Enter => return self.enter(&line, session),
            KeyCode::F(_) => {
                // A pedal types nothing. Blank, marker and recording clock always work.
                let cue = self.keymap.command(key);
                self.panel = Some(Panel::Line(line));
                if let Some(cue @ (super::Cue::Blank | super::Cue::Marker | super::Cue::Tape)) = cue
                {
                    self.act(cue, session);
                }
                return;
            }
            _ if line.field.text().chars().count() < LENGTH || key.typed().is_none() => {
                line.field.press(event);
            }
            _ => self.say("The line is full."),
        }
        self.panel = Some(Panel::Line(line));
    }

    /// Enter: uses the line.
    fn enter(&mut self, line: &Line, session: &mut Session) {
        let text = line.field.text();
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        match line.purpose {
            Purpose::Guest => {
                self.stop_item();
                self.note_takes(session);
                self.note_shown(session);
                self.prompts.insert(Item::guest(text));
                self.begin_prompt(session);
                self.roll(&[], 1, session);
            }
            Purpose::Writer => {
                self.note_written(text, session);
                self.prompts.current_mut().written.push(text.to_owned());
                self.say("Saved to the draft.");
            }
            Purpose::Clock => match markers::read_clock(text) {
                Some(time) => {
                    self.time.set_tape(time);
                    self.say(format!("The recording clock is at {}.", markers::clock(time)));
                }
                None => self.say(format!("`{text}` is no time. Write it as 1:02:03 or 62:03.")),
            },
        }
    }
}
