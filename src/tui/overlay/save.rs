//! Saving under a name, and the questions when saving or leaving.

use super::{
    difference::Difference,
    layer::{Flow, Layer},
    question::Question,
};
use crate::{
    tui::{
        command::Opens,
        desk::{Desk, Field, Saved},
        drawn,
        view::{Areas, Status},
    },
    ui::keymap::Key,
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use std::path::{Path, PathBuf};

/// The command.
pub const OPENS: Opens = Opens {
    name: "save-as",
    heading: "The desk",
    help: "Save the draft under another name.",
    keys: &["alt-s"],
};

/// The field for the name to save under.
struct SaveAs {
    field: Field,
    /// The desk closes once the draft is saved.
    leave: bool,
}

/// Asks for a name, and suggests the current one.
pub fn open(desk: &mut Desk) -> Flow {
    Flow::open(SaveAs::new(desk.session.path().unwrap_or(Path::new("draft.md")), false))
}

/// Saves the draft, and closes the desk afterwards if `leave`. Asks the writer if something must be decided first.
pub fn save(desk: &mut Desk, leave: bool) -> Flow {
    let saved = desk.save();
    after(saved, leave, desk)
}

/// Closes the desk, or asks first if the draft is not saved.
pub fn quit(desk: &mut Desk) -> Flow {
    // A draft that can't be changed has nothing to lose.
    if desk.session.is_saved() || desk.session.read_only().is_some() {
        desk.over = true;
        return Flow::Close;
    }
    Flow::open(
        Question::new(format!("{} is not saved.", desk.session.title()))
            .answer(&[KeyCode::Char('s'), KeyCode::Enter], "s", "save", |desk| save(desk, true))
            .answer(&[KeyCode::Char('l')], "l", "leave unsaved", |desk| {
                // The text stays in the journal as a branch, and the next start doesn't ask for it.
                desk.session.discard();
                desk.over = true;
                Flow::Close
            })
            .esc("stay"),
    )
}

/// What to do after an attempt to save; a question replaces the overlay that tried.
fn after(saved: Saved, leave: bool, desk: &mut Desk) -> Flow {
    match saved {
        Saved::Done => {
            desk.over = leave;
            Flow::Close
        }
        Saved::Failed => Flow::Close,
        Saved::NeedsName => {
            Flow::replace(SaveAs::new(desk.session.path().unwrap_or(Path::new("draft.md")), leave))
        }
        Saved::Changed => Flow::replace(changed(leave, desk)),
        Saved::Exists(path) => Flow::replace(exists(path, leave)),
    }
}

/// Another program changed the file.
fn changed(leave: bool, desk: &Desk) -> Question {
    Question::new(format!("{} was changed by another program.", desk.session.title()))
        .answer(&[KeyCode::Char('k')], "k", "keep mine", move |desk| {
            // What the other program wrote stays as a branch.
            let saved = desk.session.keep_mine().and_then(|()| desk.session.save());
            let saved = desk.saved(saved);
            after(saved, leave, desk)
        })
        .answer(&[KeyCode::Char('r')], "r", "reload", |desk| {
            match desk.session.reload() {
                Ok(()) => {
                    desk.notices.say("This is the file's text now; undo brings yours back.");
                }
                Err(error) => desk.notices.warn(format!("Not reloaded: {error:#}")),
            }
            Flow::Close
        })
        .answer(&[KeyCode::Char('d')], "d", "difference", Difference::with_file)
        .esc("not now")
}

/// There is another file of this name.
fn exists(path: PathBuf, leave: bool) -> Question {
    let (over, again) = (path.clone(), path.clone());
    Question::new(format!("{} already exists.", path.display()))
        .answer(&[KeyCode::Char('o')], "o", "overwrite", move |desk| {
            let saved = desk.session.save_as_over(&over);
            let saved = desk.saved(saved);
            after(saved, leave, desk)
        })
        .answer(&[KeyCode::Esc], "Esc", "another name", move |_| {
            Flow::replace(SaveAs::new(&again, leave))
        })
}

impl SaveAs {
    fn new(path: &Path, leave: bool) -> Self {
        Self { field: Field::offering_path(path), leave }
    }
}

impl Layer for SaveAs {
    fn press(&mut self, key: Key, event: KeyEvent, desk: &mut Desk) -> Flow {
        match key.code() {
            KeyCode::Esc => {
                desk.notices.say("Not saved.");
                Flow::Close
            }
            KeyCode::Enter => {
                let name = self.field.text();
                if name.trim().is_empty() {
                    desk.notices.say("A draft needs a name. Esc goes back to the page.");
                    return Flow::Stay;
                }
                let saved = desk.session.save_as(Path::new(name.trim()));
                let saved = desk.saved(saved);
                after(saved, self.leave, desk)
            }
            _ => {
                desk.press_field(&mut self.field, key, event);
                Flow::Stay
            }
        }
    }

    fn paste(&mut self, text: &str, _: &mut Desk) -> Flow {
        self.field.paste(text);
        Flow::Stay
    }

    fn draw(&self, _: &Desk, _: &mut Frame, _: &Areas) -> drawn::Overlay {
        drawn::Overlay::default()
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        Status::Prompt(" Save as: ", &self.field)
    }
}
