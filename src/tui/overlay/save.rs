//! Saving under a name, and the questions when saving or leaving.

use super::{difference::Difference, layer::Flow, line::Line, question::Question};
use crate::{
    session::words_in,
    tui::{
        command::Opens,
        desk::{Desk, Field, Saved, is_unsaved},
        text::count,
    },
};
use crossterm::event::KeyCode;
use std::path::{Path, PathBuf};

/// The command.
pub const OPENS: Opens = Opens {
    name: "save-as",
    heading: "The desk",
    help: "Save the draft under another name.",
    keys: &["alt-s"],
};

/// Asks for a name, and suggests the current one.
pub fn open(desk: &mut Desk) -> Flow {
    Flow::open(named(desk.session.path().unwrap_or(Path::new("draft.md")), false))
}

/// Saves the draft, and closes the desk afterwards if `leaves`. Asks the writer if something must be decided first.
pub fn save(desk: &mut Desk, leaves: bool) -> Flow {
    let saved = desk.save();
    after(saved, leaves, desk)
}

/// Closes the desk, or asks first if a draft is not saved. If saving that draft would ask something, this is asked at
/// once, so that there are never two questions in a row.
pub fn quit(desk: &mut Desk) -> Flow {
    let unsaved = desk.unsaved();
    if unsaved.len() == 1 {
        if let Some(number) = desk.unsaved_elsewhere() {
            desk.unpark(number);
        }
        match desk.asks_before_saving() {
            None | Some(Saved::NeedsName) => {}
            Some(asks) => return after(asks, true, desk),
        }
    }
    let words = match &unsaved[..] {
        [] => {
            desk.over = true;
            return Flow::Close;
        }
        [one] => format!("{one} is not saved."),
        [some @ .., last] => format!("{} and {last} are not saved.", some.join(", ")),
    };
    let label = if unsaved.len() == 1 { "save" } else { "save them" };
    Flow::open(
        Question::new(words)
            .answer(&[KeyCode::Char('s'), KeyCode::Enter], "s", label, leave)
            .answer(&[KeyCode::Char('l')], "l", "leave unsaved", leave_unsaved)
            .esc("stay"),
    )
}

/// Closes the desk. Text that isn't saved stays in the journal as a branch, and the next start doesn't ask for it.
fn leave_unsaved(desk: &mut Desk) -> Flow {
    desk.discard_all();
    desk.over = true;
    Flow::Close
}

/// Adds the answers that change nothing: leaving without saving, if the desk is about to close, and going back.
fn or_not(question: Question, leaves: bool) -> Question {
    if !leaves {
        return question.esc("not now");
    }
    question.answer(&[KeyCode::Char('l')], "l", "leave unsaved", leave_unsaved).esc("stay")
}

/// Saves every draft that is not saved, one after another, and closes the desk after the last.
fn leave(desk: &mut Desk) -> Flow {
    if is_unsaved(&desk.session) {
        return save(desk, true);
    }
    match desk.unsaved_elsewhere() {
        Some(number) => {
            desk.unpark(number);
            save(desk, true)
        }
        None => {
            desk.over = true;
            Flow::Close
        }
    }
}

/// What to do after an attempt to save; a question replaces the overlay that tried.
fn after(saved: Saved, leaves: bool, desk: &mut Desk) -> Flow {
    match saved {
        Saved::Done if leaves => leave(desk),
        Saved::Done | Saved::Failed => Flow::Close,
        Saved::NeedsName => {
            Flow::replace(named(desk.session.path().unwrap_or(Path::new("draft.md")), leaves))
        }
        Saved::Changed => Flow::replace(changed(leaves, desk)),
        Saved::Departs => Flow::replace(departs(leaves, desk)),
        Saved::Exists(path) => Flow::replace(exists(path, leaves, desk)),
        Saved::NoFolder(folder, path) => Flow::replace(no_folder(folder, path, leaves)),
    }
}

/// The page's text doesn't come from the file's.
fn departs(leaves: bool, desk: &Desk) -> Question {
    let file = desk.session.words_at(desk.session.saved_revision()).unwrap_or_default();
    let (title, page) = (desk.session.title(), desk.session.shares().all_words());
    let (file, page) = (count(file, "word"), count(page, "word"));
    let question = Question::new(format!(
        "{title} has another text ({file}), which this page ({page}) doesn't come from."
    ))
    .answer(&[KeyCode::Char('s')], "s", "save the page", move |desk| {
        let saved = desk.session.save();
        let saved = desk.saved(saved);
        after(saved, leaves, desk)
    })
    .answer(&[KeyCode::Char('d')], "d", "difference", Difference::with_file);
    if leaves {
        return or_not(question, leaves);
    }
    question
        .answer(&[KeyCode::Char('f')], "f", "go to the file's text", |desk| {
            let file = desk.session.saved_revision();
            desk.jump(file);
            Flow::Close
        })
        .esc("not now")
}

/// The file's folder doesn't exist.
fn no_folder(folder: PathBuf, path: Option<PathBuf>, leaves: bool) -> Question {
    let again = path.clone();
    let question = Question::new(format!("There is no folder {}.", folder.display()));
    let question = question.answer(&[KeyCode::Enter], "Enter", "make it and save", move |desk| {
        let saved = match (desk.session.make_folder(&folder), &path) {
            (Err(error), _) => desk.saved(Err(error)),
            (Ok(()), Some(path)) => desk.save_to(path),
            (Ok(()), None) => desk.save(),
        };
        after(saved, leaves, desk)
    });
    match again {
        Some(again) => question.answer(&[KeyCode::Esc], "Esc", "another name", move |_| {
            Flow::replace(named(&again, leaves))
        }),
        None => or_not(question, leaves),
    }
}

/// Another program changed the file.
fn changed(leaves: bool, desk: &Desk) -> Question {
    let words = format!("{} was changed by another program.", desk.session.title());
    let question = Question::new(words)
        .answer(&[KeyCode::Char('k')], "k", "keep mine", move |desk| {
            // What the other program wrote stays as a branch.
            let saved = desk.session.keep_mine().and_then(|()| desk.session.save());
            let saved = desk.saved(saved);
            after(saved, leaves, desk)
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
        .answer(&[KeyCode::Char('d')], "d", "difference", Difference::with_file);
    or_not(question, leaves)
}

/// There is another file of this name.
fn exists(path: PathBuf, leave: bool, desk: &Desk) -> Question {
    let (over, again) = (path.clone(), path.clone());
    let (name, map) = (path.display(), desk.key("branches"));
    Question::new(match words_in(&path, u64::MAX) {
        Some(0) => format!("{name} already exists."),
        Some(words) => {
            let words = count(words, "word");
            format!("{name} already exists. Its text ({words}) would stay as a branch: {map}.")
        }
        None => format!("{name} already exists. It isn't text, so it can't be kept as a branch."),
    })
    .answer(&[KeyCode::Char('o')], "o", "overwrite", move |desk| {
        let saved = desk.session.save_as_over(&over);
        let saved = desk.saved(saved);
        after(saved, leave, desk)
    })
    .answer(&[KeyCode::Esc], "Esc", "another name", move |_| Flow::replace(named(&again, leave)))
}

/// The question for the name to save under. If `leaves`, the desk closes once the draft is saved.
fn named(suggested: &Path, leaves: bool) -> Line {
    let field = Field::offering_path(suggested);
    let question = Line::new(" Save as: ", "save", field, move |name, desk| {
        if name.trim().is_empty() {
            desk.notices.say("A draft needs a name. Esc goes back to the page.");
            return Flow::Stay;
        }
        let saved = desk.save_as(name.trim());
        after(saved, leaves, desk)
    });
    question.kept("Not saved.")
}
