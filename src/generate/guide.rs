//! Text that steers the model and is no part of the prompt: memory before everything that it sees, and a note a few
//! sentences before the end.
//!
//! The note is always at the end of a sentence that is not inside a speech. It moves by several sentences at once, so
//! that nearly always all that was read for the last request can be used again for the next one.

use crate::{clean::sentence_ends, judge::leaves_open};
use std::ops::Range;

/// The least number of sentences between the note and the end of a prompt.
const NEAR: usize = 3;
/// By how many sentences the note moves when it moves.
const STEP: usize = 4;

/// What steers the model beside a prompt. Both parts may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guide {
    /// The model sees it before all that it sees of the prompt.
    pub memory: String,
    /// The model sees it a few sentences before the end of the prompt.
    pub note: String,
}

/// A prompt with the note in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Guided {
    /// The text that the model reads, without the memory.
    pub text: String,
    /// The note in it, with the space around it.
    note: Range<usize>,
}

impl Guide {
    /// The text before the prompt; empty without memory.
    pub(super) fn lead(&self) -> String {
        match self.memory.trim() {
            "" => String::new(),
            memory => format!("{memory}\n\n"),
        }
    }

    /// The byte of a prompt where the note is put; `None` without a note.
    pub fn place(&self, prompt: &str) -> Option<usize> {
        self.place_after(prompt, 0)
    }

    /// The byte of a prompt at which the note belongs after `sentences` more sentences; `None` without a note.
    pub(super) fn place_after(&self, prompt: &str, sentences: usize) -> Option<usize> {
        if self.note.trim().is_empty() {
            return None;
        }
        let ends: Vec<usize> = sentence_ends(prompt).collect();
        let most = (ends.len() + sentences).saturating_sub(NEAR) / STEP * STEP;
        let is_open = |end: usize| {
            let paragraph = prompt[..end].rfind('\n').map_or(0, |line| line + 1);
            leaves_open("", &prompt[paragraph..end])
        };
        let ends = &ends[..most.min(ends.len())];
        Some(ends.iter().rev().copied().find(|end| !is_open(*end)).unwrap_or(0))
    }

    /// The prompt with the note in it.
    pub(super) fn with_note(&self, prompt: &str) -> Guided {
        self.with_note_at(prompt, self.place(prompt))
    }

    /// The prompt with the note at one of its bytes.
    pub(super) fn with_note_at(&self, prompt: &str, place: Option<usize>) -> Guided {
        let Some(at) = place else {
            return Guided { text: prompt.to_owned(), note: 0..0 };
        };
        let (before, after) = prompt.split_at(at);
        let note = self.note.trim();
        let note = match before.is_empty() {
            true => format!("{note}\n\n"),
            // At the end of a paragraph it is one of its own.
            false if after.starts_with('\n') => format!("\n\n{note}"),
            false => format!(" {note}"),
        };
        let range = at..at + note.len();
        Guided { text: format!("{before}{note}{after}"), note: range }
    }
}

impl Guided {
    /// The byte of the prompt for a byte of the text.
    pub(super) fn original(&self, at: usize) -> usize {
        if at >= self.note.end { at - self.note.len() } else { at.min(self.note.start) }
    }

    /// The note, as it is in the text from a byte on.
    pub(super) fn note_from(&self, from: usize) -> &str {
        let from = self.text.floor_char_boundary(self.note.start.max(from).min(self.note.end));
        &self.text[from..self.note.end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> Guide {
        Guide { memory: String::new(), note: "[Quiet.]".into() }
    }

    #[test]
    fn the_note_is_at_a_sentence_end_and_seldom_moves() {
        let sentence = |n: usize| format!("Sentence {n} was here. ");
        let text: String = (0..40).map(sentence).collect();
        let mut places = Vec::new();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let guided = note().with_note(&text[..end]);
            let (before, after) = guided.text.split_once("[Quiet.]").expect("it is there");
            assert!(before.is_empty() || before.ends_with(". "), "{before:?}");
            let behind = sentence_ends(after).count();
            assert!(behind <= NEAR + STEP, "{behind} in {after:?}");
            assert!(before.is_empty() || behind >= NEAR, "{behind} in {after:?}");
            places.push(before.len());
        }
        places.dedup();
        assert!(places.len() < 12, "{places:?}");
    }

    #[test]
    fn the_note_is_no_part_of_a_speech_or_a_paragraph() {
        let short = "The boat was gone.";
        assert_eq!(note().with_note(short).text, "[Quiet.]\n\nThe boat was gone.");
        let rest = "\n\nShe rose. He sat. It rained.";
        let speech = format!("One. Two. Three, \"Go. Now. Go.\" He left. Five. {rest}");
        let guided = note().with_note(&speech);
        assert!(guided.text.starts_with("One. Two. [Quiet.] Three, \"Go."), "{}", guided.text);
        let page = format!("One. Two. Three. Four.{rest}");
        let guided = note().with_note(&page);
        assert_eq!(guided.text, format!("One. Two. Three. Four.\n\n[Quiet.]{rest}"));
        let note = guided.text.len() - page.len();
        for at in 0..=guided.text.len() {
            let expected = if at <= 22 { at } else { (at.max(22 + note)) - note };
            assert_eq!(guided.original(at), expected, "{at}");
        }
        assert_eq!(Guide::default().with_note(&page).text, page);
    }

    #[test]
    fn memory_is_a_paragraph_before_all() {
        let guide = Guide { memory: " Mara keeps the light. \n".into(), note: " ".into() };
        assert_eq!(guide.lead(), "Mara keeps the light.\n\n");
        assert_eq!(guide.place("One."), None);
        assert_eq!(Guide::default().lead(), "");
    }
}
