//! How the page looks: its width and margin, the part that is lit, typewriter scrolling, Markdown.

use super::Desk;
use crate::{
    session::Part,
    tui::{
        command::Command,
        look::{Apart, Focus, WIDTHS},
    },
};
use std::ops::Range;

/// By how many cells a command changes the width.
const STEP: u16 = 4;

impl Desk {
    /// Runs a command about the page's look. False if it is another one.
    pub fn change_look(&mut self, command: Command) -> bool {
        let page = &mut self.look.page;
        let said = match command {
            Command::Focus => {
                page.focus = match page.focus {
                    Focus::Off => Focus::Sentence,
                    Focus::Sentence => Focus::Paragraph,
                    Focus::Paragraph => Focus::Off,
                };
                match page.focus {
                    Focus::Off => "The whole page is lit.".to_owned(),
                    Focus::Sentence => "The sentence with the cursor is lit.".to_owned(),
                    Focus::Paragraph => "The paragraph with the cursor is lit.".to_owned(),
                }
            }
            Command::Typewriter => {
                page.typewriter = !page.typewriter;
                match page.typewriter {
                    true => "The cursor's row stays where it is, and the text moves.".to_owned(),
                    false => "The page moves only when the cursor leaves it.".to_owned(),
                }
            }
            Command::Wider | Command::Narrower => {
                let by = if command == Command::Wider {
                    STEP.cast_signed()
                } else {
                    -STEP.cast_signed()
                };
                let width = page.width.saturating_add_signed(by);
                page.width = width.clamp(*WIDTHS.start(), *WIDTHS.end());
                format!("The page is {} columns wide, if there is room.", page.width)
            }
            Command::Paragraphs => {
                page.paragraphs = match page.paragraphs {
                    Apart::Written => Apart::Indented,
                    Apart::Indented => Apart::Spaced,
                    Apart::Spaced | Apart::Marked => Apart::Written,
                };
                match page.paragraphs {
                    Apart::Written | Apart::Marked => {
                        "Paragraphs are shown as they are written.".to_owned()
                    }
                    Apart::Indented => "The first row of a paragraph is indented.".to_owned(),
                    Apart::Spaced => "An empty row is shown between paragraphs.".to_owned(),
                }
            }
            Command::Quotes => {
                self.next_quotes();
                return true;
            }
            _ => return false,
        };
        self.notices.say(said);
        true
    }

    /// The range of the draft that is lit; `None` if all of it is.
    pub fn lit(&self) -> Option<Range<usize>> {
        let part = match self.look.page.focus {
            Focus::Off => return None,
            Focus::Sentence => Part::Sentence,
            Focus::Paragraph => Part::Paragraph,
        };
        Some(self.session.part(self.session.cursor(), part))
    }
}
