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
        let (a, b) = (pieces(old), pieces(new));
        let same = common(a.iter().copied(), b.iter().copied(), false);
        let most = old.len_bytes().min(new.len_bytes()) - same;
        let behind = common(a.iter().rev().copied(), b.iter().rev().copied(), true).min(most);
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
        let Range { start: from, end: to } = self.changed;
        let start = match range.start {
            start if start >= to && start > from => self.end(start),
            start => start.min(from),
        };
        let end = if range.end >= from { self.end(range.end.max(to)) } else { range.end };
        start..end.max(start)
    }

    /// A place behind what changed.
    fn end(&self, place: usize) -> usize {
        place - self.changed.end + self.changed.start + self.length
    }
}

/// The pieces of a text, in order.
fn pieces(rope: &Rope) -> Vec<&[u8]> {
    rope.chunks().map(str::as_bytes).collect()
}

/// How many bytes two texts have in common, from the beginning or `back` from the end. With `back`, the last
/// piece comes first; the bytes of a piece don't.
fn common<'a>(
    mut a: impl Iterator<Item = &'a [u8]>,
    mut b: impl Iterator<Item = &'a [u8]>,
    back: bool,
) -> usize {
    let (mut one, mut other): (&[u8], &[u8]) = (&[], &[]);
    let mut count = 0;
    loop {
        while one.is_empty() {
            let Some(next) = a.next() else { return count };
            one = next;
        }
        while other.is_empty() {
            let Some(next) = b.next() else { return count };
            other = next;
        }
        let least = one.len().min(other.len());
        let split = |text: &'a [u8]| match back {
            true => (&text[text.len() - least..], &text[..text.len() - least]),
            false => text.split_at(least),
        };
        let ((left, one_rest), (right, other_rest)) = (split(one), split(other));
        if left != right {
            let pairs = left.iter().zip(right);
            let same = |(a, b): &(&u8, &u8)| a == b;
            return count
                + if back {
                    pairs.rev().take_while(same).count()
                } else {
                    pairs.take_while(same).count()
                };
        }
        count += least;
        (one, other) = (one_rest, other_rest);
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

    proptest::proptest! {
        /// Characters that didn't change keep their places, and `around` has all that changed.
        #[test]
        fn places_move_with_their_characters(
            before in "[aé雨 ]{0,40}", old in "[aé雨 ]{0,8}", new in "[aé雨 ]{0,8}", behind in "[aé雨 ]{0,3000}",
        ) {
            let one = format!("{before}{old}{behind}");
            let other = format!("{before}{new}{behind}");
            let moved = Moved::between(&Rope::from_str(&one), &Rope::from_str(&other));
            let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
            let changed = moved.changed.clone();
            for at in (0..one.len()).step_by(7) {
                let mut range = at..at + 1;
                if moved.apply(&mut range) {
                    assert_eq!(one[at], other[range.start]);
                }
            }
            let all = moved.around(0..one.len());
            assert_eq!(all, 0..other.len());
            let inside = moved.around(changed.clone());
            if !changed.is_empty() {
                assert!(inside.start <= changed.start && inside.end >= changed.start + moved.length);
            }
        }
    }
}
