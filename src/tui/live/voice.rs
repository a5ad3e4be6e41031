//! Reading the current take aloud: which sentences are due.

use super::{item::Item, speech::Speech};
use anyhow::Result;

/// Reads the current take aloud, if it is switched on.
pub struct Voice {
    speech: Option<Speech>,
    /// The program that reads aloud, with its arguments.
    program: String,
    spoken: Spoken,
}

/// What was read so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Spoken {
    /// The index of the prompt.
    prompt: usize,
    /// The index of the take.
    take: usize,
    /// The end of what was read, in bytes of the take.
    to: usize,
}

impl Voice {
    /// `speech` is there if the show begins with the voice switched on; otherwise `program` is started later.
    pub fn new(speech: Option<Speech>, program: String) -> Self {
        Self { speech, program, spoken: Spoken::default() }
    }

    /// The voice is switched on.
    pub fn is_on(&self) -> bool {
        self.speech.is_some()
    }

    /// Switches the voice off, or on. When it is on now, returns the program's name. What is already shown isn't read.
    ///
    /// # Errors
    /// No program is configured, or its thread can't be started.
    pub fn toggle(&mut self, at: usize, item: &Item) -> Result<Option<&str>> {
        if self.speech.take().is_some() {
            return Ok(None);
        }
        let speech = Speech::new(&self.program, Default::default())?;
        let to = item.take().map_or(0, |take| take.shown_text().len());
        self.spoken = Spoken { prompt: at, take: item.chosen, to };
        Ok(Some(self.speech.insert(speech).name()))
    }

    /// Reads the sentences that were completed since the last call. After a change of the take, or a rewind, it stops
    /// and continues from what is shown now. While the screen is `blank` nothing is read.
    pub fn follow(&mut self, at: usize, item: &Item, blank: bool) {
        let Some(take) = item.take().filter(|_| item.sides.is_empty()) else { return };
        let shown = take.shown_text().len();
        let Spoken { prompt, take: number, to } = self.spoken;
        if (prompt, number) != (at, item.chosen) || to > shown {
            self.spoken = Spoken { prompt: at, take: item.chosen, to: shown };
            self.hush();
        } else if !blank {
            let (sentences, end) = take.sentences(to);
            self.spoken.to = end.max(to);
            if let Some(speech) = self.speech.as_ref().filter(|_| end > to) {
                speech.say(&sentences);
            }
        }
    }

    /// Stops reading at once.
    pub fn hush(&self) {
        if let Some(speech) = &self.speech {
            speech.hush();
        }
    }

    /// The last error since the last call.
    pub fn trouble(&self) -> Option<String> {
        self.speech.as_ref()?.trouble()
    }
}
