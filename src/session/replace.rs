//! Replaces several ranges as one step.

use super::{Kind, Session, draft::Piece, edit::plain};
use std::ops::Range;

impl Session {
    /// Put texts in the place of ranges, as one step of the writer's. The ranges are in order and apart from one
    /// another; the text between them keeps its authors. The cursor stays at its text; one in a range moves behind
    /// the replacement.
    pub fn replace(&mut self, parts: &[(Range<usize>, String)]) -> bool {
        let (Some((first, _)), Some((last, _))) = (parts.first(), parts.last()) else {
            return false;
        };
        let whole = first.start..last.end;
        let in_order = parts.windows(2).all(|pair| pair[0].0.end <= pair[1].0.start);
        if !in_order || parts.iter().any(|(range, _)| !self.draft.fits(range)) {
            return false;
        }
        let (mut piece, mut at) = (Piece::default(), whole.start);
        // The numbers of characters added and removed before the cursor.
        let (cursor, mut came, mut gone) = (self.cursor(), 0, 0);
        for (range, text) in parts {
            piece.append(&self.draft.piece(at..range.start));
            let part = Piece::new(&plain(text), self.author_of_typing(range));
            if range.start < cursor {
                came += part.len();
                gone += range.end.min(cursor) - range.start;
            }
            piece.append(&part);
            at = range.end;
        }
        self.growing = false;
        let done = self.edit(whole, piece, Kind::Typed, None);
        if done {
            self.move_to(cursor + came - gone, false);
        }
        done
    }
}
