//! Moving and duplicating the paragraph with the cursor. Its text keeps its authors. A paragraph is a line that isn't
//! blank.

use super::{Kind, Part, Session, draft::Piece};
use std::ops::Range;

impl Session {
    /// Moves the paragraph with the cursor before the previous one, or behind the next one. False if there is no such
    /// paragraph, or the draft can't be changed.
    pub fn move_paragraph(&mut self, up: bool) -> bool {
        let own = self.part(self.cursor(), Part::Paragraph);
        let Some(other) = self.neighbour(&own, up) else { return false };
        let (first, last) = if up { (other, own.clone()) } else { (own.clone(), other) };
        let within = self.cursor() - own.start;
        let mut piece = self.draft.piece(last.clone());
        piece.append(&self.draft.piece(first.end..last.start));
        piece.append(&self.draft.piece(first.clone()));
        self.growing = false;
        let done = self.edit(first.start..last.end, piece, Kind::Typed, None);
        if done {
            let start = if up { first.start } else { last.end - own.len() };
            self.move_to(start + within, false);
        }
        done
    }

    /// Puts a copy of the paragraph with the cursor behind it, and the cursor into the copy. False if the cursor is on a
    /// blank line, or the draft can't be changed.
    pub fn duplicate_paragraph(&mut self) -> bool {
        let own = self.part(self.cursor(), Part::Paragraph);
        if own.is_empty() {
            return false;
        }
        let within = self.cursor() - own.start;
        // What is between two paragraphs here is between this one and its copy.
        let gap = match (self.neighbour(&own, false), self.neighbour(&own, true)) {
            (Some(next), _) => own.end..next.start,
            (None, Some(before)) => before.end..own.start,
            (None, None) => own.end..own.end,
        };
        let mut piece = match gap.is_empty() {
            true => Piece::new("\n", self.author_of_typing(&(own.end..own.end))),
            false => self.draft.piece(gap),
        };
        let gap = piece.len();
        piece.append(&self.draft.piece(own.clone()));
        self.growing = false;
        let done = self.edit(own.end..own.end, piece, Kind::Typed, None);
        if done {
            self.move_to(own.end + gap + within, false);
        }
        done
    }

    /// The paragraph before one, or the next one.
    fn neighbour(&self, own: &Range<usize>, up: bool) -> Option<Range<usize>> {
        let text = self.text();
        let line = text.char_to_line(own.start);
        let is_one = |line: &usize| text.line(*line).chars().any(|c| !c.is_whitespace());
        let found = match up {
            _ if own.is_empty() => None,
            true => (0..line).rev().find(is_one),
            false => (line + 1..text.len_lines()).find(is_one),
        };
        found.map(|line| self.part(text.line_to_char(line), Part::Paragraph))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Author;

    /// A session with `|` as the cursor.
    fn session(text: &str) -> Session {
        let at = text.chars().take_while(|c| *c != '|').count();
        let mut session = Session::from_text(&text.replace('|', ""));
        session.move_to(at, false);
        session
    }

    fn shown(session: &Session) -> String {
        let mut text: Vec<char> = session.text().chars().collect();
        text.insert(session.cursor(), '|');
        text.into_iter().collect()
    }

    #[test]
    fn paragraphs_move_with_the_cursor() {
        for (text, up, down, copied) in [
            ("a\nb|c\nd", "b|c\na\nd", "a\nd\nb|c", "a\nbc\nb|c\nd"),
            ("a\n\nb|c", "b|c\n\na", "a\n\nb|c", "a\n\nbc\n\nb|c"),
            ("|a\n\n\nb\n", "|a\n\n\nb\n", "b\n\n\n|a\n", "a\n\n\n|a\n\n\nb\n"),
            ("a|", "a|", "a|", "a\na|"),
            ("a\r\nb|\r\n", "b|\r\na\r\n", "a\r\nb|\r\n", "a\r\nb\r\nb|\r\n"),
            ("a\n|\nb", "a\n|\nb", "a\n|\nb", "a\n|\nb"),
            (
                "e\u{301}👨‍👩‍👧|\n雨",
                "e\u{301}👨‍👩‍👧|\n雨",
                "雨\ne\u{301}👨‍👩‍👧|",
                "e\u{301}👨‍👩‍👧\ne\u{301}👨‍👩‍👧|\n雨",
            ),
            ("שלום\n\tעולם|", "\tעולם|\nשלום", "שלום\n\tעולם|", "שלום\n\tעולם\n\tעולם|"),
        ] {
            let after = |act: &dyn Fn(&mut Session) -> bool| {
                let mut session = session(text);
                let done = act(&mut session);
                let after = shown(&session);
                assert_eq!(done, after != text, "{text:?}");
                assert!(!done || session.undo());
                assert_eq!(shown(&session), text);
                after
            };
            assert_eq!(after(&|session| session.move_paragraph(true)), up, "{text:?} up");
            assert_eq!(after(&|session| session.move_paragraph(false)), down, "{text:?} down");
            assert_eq!(after(&|session| session.duplicate_paragraph()), copied, "{text:?}");
        }
    }

    #[test]
    fn a_paragraph_keeps_its_authors() {
        let mut session = session("mine\n|\nother");
        session.take(5, "theirs");
        assert!(session.move_paragraph(true));
        assert!(session.duplicate_paragraph());
        assert_eq!(session.text().to_string(), "theirs\ntheirs\nmine\nother");
        assert_eq!(session.shares().chars(Author::Machine), 12);
    }
}
