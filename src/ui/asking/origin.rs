//! The prompt that a place of a draft makes, and where its characters are in the draft. A prompt leaves out what the model
//! doesn't see.

use super::PROMPT;
use crate::session::unseen;
use ropey::Rope;
use std::ops::Range;

/// Where a prompt starts in the draft, and what was left out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    first: usize,
    /// Places of the prompt, and how many characters of the draft are left out before each.
    gaps: Vec<(usize, usize)>,
}

impl Origin {
    /// Of a prompt that starts at a place of the draft.
    pub fn new(first: usize) -> Self {
        Self { first, gaps: Vec::new() }
    }

    /// So many characters are left out before a place of the prompt, behind all earlier gaps.
    pub fn leave_out(&mut self, at: usize, count: usize) {
        self.gaps.push((at, count));
    }

    /// The place of the draft where the prompt starts.
    pub fn first(&self) -> usize {
        self.first
    }

    /// The place of the draft that a place of the prompt is.
    pub fn place(&self, at: usize) -> usize {
        let before = self.gaps.iter().take_while(|(place, _)| *place <= at);
        self.first + at + before.map(|(_, count)| count).sum::<usize>()
    }
}

/// The prompt for a place of a draft, and where it is in the draft. Empty for a blank draft. The front matter and comments
/// are left out.
pub fn prompt(text: &Rope, at: usize) -> (String, Origin) {
    let first = at.saturating_sub(PROMPT);
    let (prompt, gaps) = seen(text, first..at);
    let mut origin = Origin::new(first);
    gaps.into_iter().for_each(|(at, count)| origin.leave_out(at, count));
    // A draft with nothing but comments is blank, too.
    let is_blank = |text: &str| text.chars().all(char::is_whitespace);
    if is_blank(&prompt) && is_blank(&seen(text, first..text.len_chars()).0) {
        return (String::new(), origin);
    }
    (prompt, origin)
}

/// How many characters around a part of the draft are read to find out whether it is in a comment.
const AROUND: usize = 1 << 18;

/// A part of a draft without what the model doesn't see, and how many characters are left out before which characters of
/// the rest. A comment counts also where it begins before the part or ends behind it.
pub fn seen(draft: &Rope, part: Range<usize>) -> (String, Vec<(usize, usize)>) {
    let near = part.start.saturating_sub(AROUND)..(part.end + AROUND).min(draft.len_chars());
    let around = draft.slice(near.clone()).to_string();
    let byte = |place| draft.char_to_byte(place) - draft.char_to_byte(near.start);
    let (start, stop) = (byte(part.start), byte(part.end));
    let text = &around[start..stop];
    let inside = |at: usize| at.clamp(start, stop) - start;
    let hidden = unseen(&around, near.start == 0).into_iter();
    let hidden = hidden.map(|hidden| inside(hidden.start)..inside(hidden.end));
    let (mut left, mut gaps) = (String::new(), Vec::new());
    let mut from = 0;
    let mut length = 0;
    let end = text.len()..text.len();
    for hidden in hidden.filter(|hidden| !hidden.is_empty()).chain([end]) {
        // A model that sees a carriage return continues differently.
        for (number, line) in text[from..hidden.start].split("\r\n").enumerate() {
            if number > 0 {
                gaps.push((length, 1));
                left.push('\n');
                length += 1;
            }
            left.push_str(line);
            length += line.chars().count();
        }
        if !hidden.is_empty() {
            gaps.push((length, text[hidden.clone()].chars().count()));
        }
        from = hidden.end;
    }
    (left, gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_with_what_is_left_out() {
        let mut origin = Origin::new(10);
        origin.leave_out(0, 5);
        origin.leave_out(3, 2);
        assert_eq!([0, 2, 3, 9].map(|at| origin.place(at)), [15, 17, 20, 26]);
        assert_eq!(Origin::new(4).place(3), 7);
    }

    #[test]
    fn the_model_sees_a_draft_without_front_matter_and_comments() {
        let text = "---\na: b\n---\nOne.\r\n% note\r\nTwo <!-- é --> three.";
        let draft = Rope::from_str(text);
        let (left, gaps) = seen(&draft, 0..draft.len_chars());
        assert_eq!(left, "One.\nTwo  three.");
        let mut origin = Origin::new(0);
        gaps.into_iter().for_each(|(at, count)| origin.leave_out(at, count));
        let chars: Vec<char> = text.chars().collect();
        for (at, c) in left.chars().enumerate() {
            let found = chars[origin.place(at)];
            assert!(found == c || (c, found) == ('\n', '\n'), "{at}: {c:?} {found:?}");
        }
    }
    #[test]
    fn a_comment_around_the_edge_of_a_part_is_not_seen() {
        let draft = Rope::from_str("One. <!-- é\n\nstill --> Two.\n% note\nThree.");
        let at = |words: &str| draft.to_string().split(words).next().unwrap().chars().count();
        // The part ends inside a comment of two paragraphs, begins inside it, or begins inside a line that is one.
        assert_eq!(seen(&draft, 0..at("ill")).0, "One. ");
        assert_eq!(seen(&draft, at("ill")..at("\n%")).0, " Two.");
        assert_eq!(seen(&draft, at("ote")..draft.len_chars()).0, "Three.");
    }
}
