//! A prompt on air, with all the takes it has had.

use super::{rundown::Prompt, take::Take};
use crate::clean::Bleeps;

/// The most bytes of a prompt that the screen shows the end of.
const LEAD: usize = 2000;

/// Where a prompt comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is the draft itself, up to its end.
    Draft,
    /// The rundown has it.
    Rundown,
    /// A guest said it, and the host typed it.
    Guest,
}

/// Where a prompt's words stand in the draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Where the machine's words begin, in characters.
    pub at: usize,
    /// How many characters of its words stand there.
    pub taken: usize,
    /// How many characters of the writer's follow.
    pub written: usize,
}

/// A prompt on air.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where it comes from.
    pub origin: Origin,
    /// What the rundown says of it.
    pub prompt: Prompt,
    /// Everything that was rolled for it, oldest first.
    pub takes: Vec<Take>,
    /// The take that is in hand.
    pub chosen: usize,
    /// The takes that stand side by side; none when only the chosen one is on the screen.
    pub sides: Vec<usize>,
    /// The writer's own ways to go on.
    pub written: Vec<String>,
    /// Where it stands in the draft, once it does.
    pub section: Option<Section>,
}

impl Item {
    /// A prompt that nothing was rolled for yet.
    pub fn new(origin: Origin, prompt: Prompt) -> Self {
        Self {
            origin,
            prompt,
            takes: Vec::new(),
            chosen: 0,
            sides: Vec::new(),
            written: Vec::new(),
            section: None,
        }
    }

    /// A guest's prompt: named by its first words.
    pub fn guest(text: &str) -> Self {
        let name: Vec<&str> = text.split_whitespace().take(4).collect();
        let prompt = Prompt { name: name.join(" "), text: text.into(), ..Prompt::default() };
        Self::new(Origin::Guest, prompt)
    }

    /// The end of its prompt, as much as a screen can show.
    pub fn lead(&self) -> &str {
        let text = &self.prompt.text;
        let mut from = text.len().saturating_sub(LEAD);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        // From a word on.
        let word = if from == 0 { 0 } else { text[from..].find(' ').map_or(0, |at| at + 1) };
        &text[from + word..]
    }

    /// The take in hand.
    pub fn take(&self) -> Option<&Take> {
        self.takes.get(self.chosen)
    }

    /// The take in hand.
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

    /// Chooses the take before or after the one in hand, among those on the screen.
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

    /// The prompt as it may be seen while nothing was rolled for it.
    pub fn seen(&self, bleeps: &Bleeps) -> String {
        seen(self.lead(), bleeps)
    }
}

/// A whole text as it may be seen.
pub fn seen(text: &str, bleeps: &Bleeps) -> String {
    bleeps.judge(text, true).masked(text, 0..text.len())
}
