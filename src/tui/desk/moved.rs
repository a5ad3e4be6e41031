//! How places move when a text is edited.

use ropey::Rope;
use std::ops::Range;

/// How places move from one text to another, which differ in one range.
pub struct Moved {
    /// The range in the first text.
    changed: Range<usize>,
    /// Its length in the second.
    length: usize,
}

impl Moved {
    pub fn between(old: &Rope, new: &Rope) -> Self {
        if old.is_instance(new) {
            let end = old.len_chars();
            return Self { changed: end..end, length: 0 };
        }
        let same = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
        let most = old.len_bytes().min(new.len_bytes()) - same;
        let (mut a, mut b) = (old.bytes_at(old.len_bytes()), new.bytes_at(new.len_bytes()));
        let mut behind = 0;
        while behind < most && a.prev() == b.prev() {
            behind += 1;
        }
        // A byte within a character is not a place: the whole character has changed.
        let start = old.byte_to_char(same);
        let end = |rope: &Rope| {
            let byte = rope.len_bytes() - behind;
            let char = rope.byte_to_char(byte);
            char + usize::from(rope.char_to_byte(char) < byte)
        };
        let (old_end, new_end) = (end(old).max(start), end(new).max(start));
        Self { changed: start..old_end, length: new_end - start }
    }

    /// Moves a range. False if it is within what changed, or overlaps it.
    pub fn apply(&self, range: &mut Range<usize>) -> bool {
        if range.end <= self.changed.start {
            return true;
        }
        let is_behind = range.start >= self.changed.end;
        if is_behind {
            *range = self.end(range.start)..self.end(range.end);
        }
        is_behind
    }

    /// A range with all of what changed in it.
    pub fn around(&self, range: Range<usize>) -> Range<usize> {
        let start =
            if range.start >= self.changed.end { self.end(range.start) } else { range.start };
        let end = if range.end >= self.changed.end { self.end(range.end) } else { range.end };
        start..end.max(start)
    }

    /// A place behind what changed.
    fn end(&self, place: usize) -> usize {
        place - self.changed.end + self.changed.start + self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_is_found_in_any_two_texts() {
        for (old, new, changed, length) in [
            ("", "", 0..0, 0),
            ("abc", "abc", 3..3, 0),
            ("abc", "abxc", 2..2, 1),
            ("aaa", "aa", 2..3, 0),
            ("aé", "aè", 1..2, 1),
            ("雨が", "雪が", 0..1, 1),
        ] {
            let moved = Moved::between(&Rope::from_str(old), &Rope::from_str(new));
            assert_eq!((moved.changed, moved.length), (changed, length), "{old} {new}");
        }
    }
}
