//! Compares two texts: what is the same, removed and added. Authorship survives changes by other programs, and
//! the desk shows differences. What can't be matched is `Unknown`, never guessed.

use super::{
    author::{Author, Run, push},
    draft::{Draft, Piece, words},
};
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use std::{
    ops::Range,
    time::{Duration, Instant},
};
use unicode_segmentation::UnicodeSegmentation;

/// A part of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// In both texts.
    Same(String),
    /// Only in the old one.
    Removed(String),
    /// Only in the new one.
    Added(String),
}

/// The time limit of a comparison; what is not matched by then counts as changed.
const PATIENCE: Duration = Duration::from_millis(150);

/// Compare two texts, by lines and in changed lines by words. Lines of which less than half is in both (and
/// neither lies nearly whole in the other) are other lines: only longer stretches of them count as the
/// same, not each `the`.
pub fn difference(old: &str, new: &str) -> Vec<Change> {
    let mut found = Found::default();
    let until = Instant::now() + PATIENCE;
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    compare(&old_lines, &new_lines, until, |same, gone, came| {
        found.same(&same.concat());
        let (gone, came) = (gone.concat(), came.concat());
        let old: Vec<&str> = gone.split_word_bounds().collect();
        let new: Vec<&str> = came.split_word_bounds().collect();
        let mut parts = Vec::new();
        compare(&old, &new, until, |same, gone, came| {
            parts.push((same.concat(), gone.concat(), came.concat()));
        });
        let in_both: usize = parts.iter().map(|(same, ..)| same.len()).sum();
        let (gone, came) = (gone.len(), came.len());
        let is_edited = in_both * 4 >= (gone + came).min(3 * gone).min(3 * came);
        for (same, gone, came) in &parts {
            if is_edited || same.unicode_words().count() >= STRETCH {
                found.same(same);
            } else {
                found.change(same, same);
            }
            found.change(gone, came);
        }
    });
    found.finish()
}

/// Words in a row that count as the same in lines that are otherwise different.
const STRETCH: usize = 4;

/// Collects changes: merges equal neighbours, and puts removed text before added text.
#[derive(Default)]
struct Found {
    changes: Vec<Change>,
    same: String,
    gone: String,
    came: String,
}

impl Found {
    fn same(&mut self, text: &str) {
        if !text.is_empty() {
            self.put_changes();
            self.same.push_str(text);
        }
    }

    fn change(&mut self, gone: &str, came: &str) {
        if !(gone.is_empty() && came.is_empty()) {
            self.put_same();
            self.gone.push_str(gone);
            self.came.push_str(came);
        }
    }

    fn put_same(&mut self) {
        self.put(Change::Same, |found| &mut found.same);
    }

    fn put_changes(&mut self) {
        self.put(Change::Removed, |found| &mut found.gone);
        self.put(Change::Added, |found| &mut found.came);
    }

    fn put(&mut self, kind: fn(String) -> Change, of: fn(&mut Found) -> &mut String) {
        let text = std::mem::take(of(self));
        if !text.is_empty() {
            self.changes.push(kind(text));
        }
    }

    fn finish(mut self) -> Vec<Change> {
        self.put_same();
        self.put_changes();
        self.changes
    }
}

/// Walk two lists in step: for each part what is the same, then what was removed and added.
fn compare<'a>(
    old: &[&'a str],
    new: &[&'a str],
    until: Instant,
    mut step: impl FnMut(&[&'a str], &[&'a str], &[&'a str]),
) {
    let part = |from: usize, len: usize| -> Range<usize> { from..from + len };
    for op in capture_diff_slices_deadline(Algorithm::Myers, old, new, Some(until)) {
        match op {
            DiffOp::Equal { old_index, len, .. } => step(&old[part(old_index, len)], &[], &[]),
            DiffOp::Delete { old_index, old_len, .. } => {
                step(&[], &old[part(old_index, old_len)], &[]);
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                step(&[], &[], &new[part(new_index, new_len)]);
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                step(&[], &old[part(old_index, old_len)], &new[part(new_index, new_len)]);
            }
        }
    }
}

/// Words that are only in the new text.
pub(crate) fn added_words(old: &str, new: &str) -> usize {
    let added = difference(old, new);
    added.iter().map(|change| if let Change::Added(text) = change { words(text) } else { 0 }).sum()
}

/// The single replacement that turns the current text into another: a range and its new piece, in which
/// matching text keeps its authors.
pub(crate) fn replacement(page: &Draft, new: &str) -> (Range<usize>, Piece) {
    let old = page.text();
    let (len, new_len) = (old.len_chars(), new.chars().count());
    let same = |pair: &(char, char)| pair.0 == pair.1;
    // Skip the common start and end first. Skip only whole lines, so that the lines between are compared in full.
    let head = old.chars().zip(new.chars()).take_while(same);
    let (_, head) = head
        .fold((0, 0), |(at, line), (char, _)| (at + 1, if char == '\n' { at + 1 } else { line }));
    let tail = old.chars_at(len).reversed().zip(new.chars().rev()).take_while(same);
    let (_, tail) = tail
        .take(len.min(new_len) - head)
        .fold((0, 0), |(at, line), (char, _)| (at + 1, if char == '\n' { at } else { line }));
    let text: String = new.chars().skip(head).take(new_len - head - tail).collect();

    let mut runs = Vec::new();
    let mut at = head;
    for change in difference(&old.slice(head..len - tail).to_string(), &text) {
        match change {
            Change::Same(text) => {
                let to = at + text.chars().count();
                page.cut(at..to).into_iter().for_each(|run| push(&mut runs, run));
                at = to;
            }
            Change::Removed(text) => at += text.chars().count(),
            Change::Added(text) => {
                push(&mut runs, Run { len: text.chars().count(), author: Author::Unknown });
            }
        }
    }
    (head..len - tail, Piece { text, runs })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sides(changes: &[Change]) -> (String, String) {
        let (mut old, mut new) = (String::new(), String::new());
        for change in changes {
            match change {
                Change::Same(text) => {
                    old.push_str(text);
                    new.push_str(text);
                }
                Change::Removed(text) => old.push_str(text),
                Change::Added(text) => new.push_str(text),
            }
        }
        (old, new)
    }

    proptest! {
        #[test]
        fn both_texts_are_in_the_difference(old in "([a-c ]{0,6}[.\n]){0,8}", new in "([a-c ]{0,6}[.\n]){0,8}") {
            let changes = difference(&old, &new);
            prop_assert_eq!(sides(&changes), (old.clone(), new.clone()));
            let page = Draft::new(&old, Author::Machine);
            let (range, piece) = replacement(&page, &new);
            prop_assert_eq!(piece.len(), piece.text.chars().count());
            let mut page = page;
            page.replace(range, &piece);
            prop_assert_eq!(page.text().to_string(), new);
        }
    }

    #[test]
    fn words_are_matched_in_changed_lines() {
        assert_eq!(added_words("One two three.", "One too three. Four."), 2);
        let old = "One two three.\nFour five.\nSix.\n";
        let new = "One too three.\nSix.\nSeven.\n";
        let changes = [
            Change::Same("One ".into()),
            Change::Removed("two".into()),
            Change::Added("too".into()),
            Change::Same(" three".into()),
            Change::Removed(".\nFour five".into()),
            Change::Same(".\nSix.\n".into()),
            Change::Added("Seven.\n".into()),
        ];
        assert_eq!(difference(old, new), changes);
        // Another text that shares a few short words with the old one.
        let old = "The lamps were put out at nine, whether there was reading to be done or not.";
        let new = "There was an old man at the door, and he was not the one I knew at nine.";
        assert_eq!(difference(old, new), [Change::Removed(old.into()), Change::Added(new.into())]);
    }
}
