//! The tour: three steps on a copy of an example. Each step is a sentence in the status line, and is left by doing it or by
//! Esc.

use super::{command::Command, desk::Desk};
use crate::session::{Author, Revision};

/// The text of the page.
const TEXT: &str = include_str!("../../examples/tour.md");
/// The words of a line that is written.
const LINE: usize = 4;

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Write a line.
    Write,
    /// Ask for offers, and take a sentence.
    Take,
    /// Open the map, and go back.
    Map,
}

/// Where the writer is in the tour.
pub struct Tour {
    step: Step,
    /// The draft's words when the step began: the writer's, and the model's.
    words: [usize; 2],
    /// The text when the map was opened.
    mapped: Option<Revision>,
}

impl Tour {
    /// Puts a copy of the example on the page, and begins.
    pub fn begin(desk: &mut Desk) -> Self {
        desk.open_copy(TEXT);
        let mut tour = Self { step: Step::Write, words: [0; 2], mapped: None };
        tour.enter(Step::Write, desk);
        tour
    }

    fn enter(&mut self, step: Step, desk: &mut Desk) {
        (self.step, self.words, self.mapped) = (step, words(desk), None);
        let [ask, take] = [Command::Ask, Command::TakeSentence].map(|command| desk.key(command));
        let map = desk.key("branches");
        desk.notices.stand(Some(match step {
            Step::Write => "1 of 3: Write a line of your own. Esc goes on.".to_owned(),
            Step::Take => format!("2 of 3: {ask} asks for offers, and {take} takes a sentence."),
            Step::Map => {
                format!("3 of 3: {map} opens the map. Choose an earlier row, and Enter goes back.")
            }
        }));
    }

    /// A command is about to be run.
    pub fn hear(&mut self, command: Command, desk: &Desk) {
        if command.name() == "branches" {
            self.mapped = Some(desk.session.revision());
        }
    }

    /// Goes to the next step if this one is done, or `skipped`. Returns whether the tour goes on.
    pub fn follow(&mut self, skipped: bool, desk: &mut Desk) -> bool {
        let ([own, machine], [before, took]) = (words(desk), self.words);
        let is_done = match self.step {
            Step::Write => own >= before + LINE,
            Step::Take => machine > took,
            Step::Map => self.mapped.is_some_and(|mapped| mapped != desk.session.revision()),
        };
        if !is_done && !skipped {
            return true;
        }
        let next = match self.step {
            Step::Write => Step::Take,
            Step::Take => Step::Map,
            Step::Map => {
                let (help, quit) = (desk.key("help"), desk.key(Command::Quit));
                desk.notices.stand(None);
                desk.notices.say(format!(
                    "That was the tour. This page is a copy: write on, or leave it with {quit}. {help} shows all keys."
                ));
                return false;
            }
        };
        self.enter(next, desk);
        true
    }
}

fn words(desk: &Desk) -> [usize; 2] {
    let shares = desk.session.shares();
    [Author::Writer, Author::Machine].map(|author| shares.words(author))
}
