//! A prompt on air, with its takes.

use super::{rundown::Prompt, take::Take};
use crate::clean::Bleeps;

/// The most bytes of a prompt that are shown, from its end.
const LEAD: usize = 2000;

/// Where a prompt comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The draft itself.
    Draft,
    /// The rundown.
    Rundown,
    /// A guest; the host typed it.
    Guest,
}

/// Where a prompt is in the draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The start of the generated text, in characters.
    pub at: usize,
    /// The length of the generated text, in characters.
    pub taken: usize,
    /// The length of the writer's text after it, in characters.
    pub written: usize,
}

/// A prompt on air, with its takes.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where it comes from.
    pub origin: Origin,
    /// Its text, name and settings.
    pub prompt: Prompt,
    /// All takes, oldest first.
    pub takes: Vec<Take>,
    /// The index of the current take.
    pub chosen: usize,
    /// The takes side by side; empty if only the current take is shown.
    pub sides: Vec<usize>,
    /// The writer's own continuations, as the host typed them.
    pub written: Vec<String>,
    /// The writer's own continuation is on the screen.
    pub revealed: bool,
    /// The writer's own continuation from the rundown is in the draft.
    pub noted: bool,
    /// Where it is in the draft, once it was written there.
    pub section: Option<Section>,
}

impl Item {
    /// A prompt without takes.
    pub fn new(origin: Origin, prompt: Prompt) -> Self {
        Self {
            origin,
            prompt,
            takes: Vec::new(),
            chosen: 0,
            sides: Vec::new(),
            written: Vec::new(),
            revealed: false,
            noted: false,
            section: None,
        }
    }

    /// A guest's prompt. Its name is its first words.
    pub fn guest(text: &str) -> Self {
        let name: Vec<&str> = text.split_whitespace().take(4).collect();
        let prompt = Prompt { name: name.join(" "), text: text.into(), ..Prompt::default() };
        Self::new(Origin::Guest, prompt)
    }

    /// The end of its text, as much as a screen can show.
    pub fn lead(&self) -> &str {
        let text = &self.prompt.text;
        let mut from = text.len().saturating_sub(LEAD);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        // Start at a word.
        let word = if from == 0 { 0 } else { text[from..].find(' ').map_or(0, |at| at + 1) };
        &text[from + word..]
    }

    /// The current take.
    pub fn take(&self) -> Option<&Take> {
        self.takes.get(self.chosen)
    }

    /// The current take.
    pub fn take_mut(&mut self) -> Option<&mut Take> {
        self.takes.get_mut(self.chosen)
    }

    /// The takes on the screen.
    pub fn on_screen(&self) -> Vec<usize> {
        if self.sides.is_empty() {
            self.take().map(|_| self.chosen).into_iter().collect()
        } else {
            self.sides.clone()
        }
    }

    /// The writer's own continuation: what the host typed last, or what the rundown has.
    pub fn own(&self) -> Option<&str> {
        self.written.last().or(self.prompt.writer.as_ref()).map(String::as_str)
    }

    /// The writer's own continuation, if it is on the screen: it was revealed, or typed and takes are side by side.
    pub fn own_on_screen(&self) -> Option<&str> {
        match self.revealed {
            true => self.own(),
            false if self.sides.is_empty() => None,
            false => self.written.last().map(String::as_str),
        }
    }

    /// Makes the next or previous take current, among those side by side if there are any. False if there is none.
    pub fn choose(&mut self, after: bool) -> bool {
        let among = if self.sides.is_empty() {
            (0..self.takes.len()).collect()
        } else {
            self.sides.clone()
        };
        let Some(place) = among.iter().position(|number| *number == self.chosen) else {
            return false;
        };
        let next = if after { place + 1 } else { place.wrapping_sub(1) };
        among.get(next).map(|number| self.chosen = *number).is_some()
    }

    /// The prompt with bleeped words masked, for the time before the first take.
    pub fn seen(&self, bleeps: &Bleeps) -> String {
        seen(self.lead(), bleeps)
    }
}

/// A complete text with bleeped words masked.
pub fn seen(text: &str, bleeps: &Bleeps) -> String {
    bleeps.judge(text, true).masked(text, 0..text.len())
}
