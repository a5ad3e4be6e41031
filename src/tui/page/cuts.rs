//! Where long paragraphs are cut into pieces: at rows that begin there, so that the rows are those of the whole
//! paragraph. A row depends on all rows before it; so the cuts are remembered, and after an edit only those behind it
//! are looked for anew, as far as somebody looks.

use crate::clean::for_terminal;
use crate::tui::text::wrap;
use ropey::{Rope, RopeSlice};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// About how many characters of a paragraph are laid out in one piece.
pub(super) const PIECE: usize = 2048;
/// A row that still goes on after so many characters (all of them spaces, say) is cut nevertheless.
const ENDLESS: usize = 16 * PIECE;
/// Of so many paragraphs the cuts are remembered: more long ones are never laid out for one frame.
const PARAGRAPHS: usize = 8;

/// The cuts of the long paragraphs that were looked at last.
#[derive(Default)]
pub struct Cuts(Vec<Paragraph>);

/// One paragraph, as it was when it was looked at.
#[derive(Default)]
struct Paragraph {
    text: Rope,
    from: usize,
    width: usize,
    cuts: Vec<Cut>,
}

/// The beginning of a row, in characters of its paragraph.
#[derive(Clone, Copy)]
struct Cut {
    start: usize,
    /// Up to here the paragraph was read to find it: an edit from here on leaves it where it is.
    read: usize,
}

impl Cuts {
    /// The piece of `paragraph`, places in `text`, that holds the place `at`: whole rows of at most `width` cells.
    pub fn piece(
        &mut self,
        text: &Rope,
        width: usize,
        paragraph: &Range<usize>,
        at: usize,
    ) -> Range<usize> {
        if paragraph.len() <= PIECE {
            return paragraph.clone();
        }
        let cuts = self.known(text, width, paragraph);
        while cuts.last().is_none_or(|cut| paragraph.start + cut.start <= at) {
            let start = cuts.last().map_or(0, |cut| cut.start);
            let Some(next) = next(text, width, paragraph, start) else { break };
            cuts.push(next);
        }
        let after = cuts.partition_point(|cut| paragraph.start + cut.start <= at);
        let start = after.checked_sub(1).map_or(0, |before| cuts[before].start);
        let end = cuts.get(after).map_or(paragraph.len(), |cut| cut.start);
        paragraph.start + start..paragraph.start + end
    }

    /// The cuts that are known and still hold. They follow from what the paragraph says, so it is known by that,
    /// wherever it stands by now.
    fn known(&mut self, text: &Rope, width: usize, paragraph: &Range<usize>) -> &mut Vec<Cut> {
        let is_it = |known: &Paragraph| known.width == width && known.from == paragraph.start;
        let current = self.0.iter().position(|known| is_it(known) && known.text.is_instance(text));
        let mut known = match current {
            Some(number) => self.0.remove(number),
            None => self.before_an_edit(text, width, paragraph).unwrap_or_default(),
        };
        (known.text, known.from, known.width) = (text.clone(), paragraph.start, width);
        if self.0.len() == PARAGRAPHS {
            self.0.remove(0);
        }
        self.0.push(known);
        let last = self.0.len() - 1;
        &mut self.0[last].cuts
    }

    /// The paragraph as it was before the text was edited, with the cuts that still hold.
    fn before_an_edit(
        &mut self,
        text: &Rope,
        width: usize,
        paragraph: &Range<usize>,
    ) -> Option<Paragraph> {
        let now = text.slice(paragraph.clone());
        let holding = |known: &Paragraph| {
            if known.width != width || known.text.is_instance(text) {
                return None;
            }
            let most = known.cuts.last().map_or(0, |cut| cut.read);
            let same = agreeing(known.text.slice(known.from..known.from + most), now);
            let held = known.cuts.partition_point(|cut| cut.read <= same);
            let stayed = known.from == paragraph.start;
            (held > 0 || stayed).then_some((stayed, held))
        };
        let found =
            (0..self.0.len()).filter_map(|number| Some((holding(&self.0[number])?, number)));
        let ((_, held), number) = found.max()?;
        let mut known = self.0.remove(number);
        known.cuts.truncate(held);
        Some(known)
    }
}

/// How many characters two texts agree for, from their beginnings.
fn agreeing(one: RopeSlice, other: RopeSlice) -> usize {
    let (mut chunks, mut others) = (one.chunks(), other.chunks());
    let (mut left, mut right): (&[u8], &[u8]) = (&[], &[]);
    let mut same = 0;
    loop {
        if left.is_empty() {
            left = chunks.next().unwrap_or_default().as_bytes();
        }
        if right.is_empty() {
            right = others.next().unwrap_or_default().as_bytes();
        }
        let len = left.len().min(right.len());
        // Ropes that came of one another share their memory but for what was edited.
        let shared = left.as_ptr() == right.as_ptr();
        let differs = || {
            left.iter().zip(right).take(len).position(|(one, other)| one != other).unwrap_or(len)
        };
        let agree = if shared || left[..len] == right[..len] { len } else { differs() };
        same += agree;
        if agree < len || len == 0 {
            return one.byte_to_char(same);
        }
        (left, right) = (&left[len..], &right[len..]);
    }
}

/// The cut after the one at `start` of a paragraph; `None` when the rest is one piece.
fn next(text: &Rope, width: usize, paragraph: &Range<usize>, start: usize) -> Option<Cut> {
    let mut len = PIECE;
    while start + len < paragraph.len() {
        let from = paragraph.start + start;
        let mut piece = safe(text, paragraph, from..from + len);
        // What follows may belong to the last grapheme.
        let whole = piece.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
        piece.truncate(whole);
        let rows = wrap(&piece, width, 0);
        // What is in the last row depends on what follows.
        let after = match &rows[..] {
            [.., last] if rows.len() > 1 => piece[..last.start].chars().count(),
            _ if len >= ENDLESS => len,
            _ => {
                len *= 2;
                continue;
            }
        };
        return Some(Cut { start: start + after, read: start + len + 1 });
    }
    None
}

/// A part of a paragraph as it may be shown, character for character, so that places stay what they are.
pub(super) fn safe(text: &Rope, paragraph: &Range<usize>, part: Range<usize>) -> String {
    // Whether a joiner has work to do is told by its neighbours.
    let before = usize::from(part.start > paragraph.start);
    let after = usize::from(part.end < paragraph.end);
    let near = text.slice(part.start - before..part.end + after).to_string();
    let near = for_terminal(&near);
    if before + after == 0 {
        return near.into_owned();
    }
    near.chars().skip(before).take(part.len()).collect()
}
