//! Where long paragraphs are cut into pieces. A cut is the start of a row, so that the rows are the same as in the
//! whole paragraph. Each row depends on all rows before it, so cuts are cached; after an edit, only later cuts are
//! computed again, and only as far as they are needed.

use crate::clean::for_terminal;
use crate::tui::text::wrap;
use ropey::{Rope, RopeSlice};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// About how many characters of a paragraph are laid out in one piece.
pub(super) const PIECE: usize = 2048;
/// A row longer than this many characters (all of them spaces, say) is cut anyway.
const ENDLESS: usize = 16 * PIECE;
/// How many paragraphs are cached. No frame needs more long ones.
const PARAGRAPHS: usize = 8;

/// The cuts of the long paragraphs that were laid out last.
#[derive(Default)]
pub struct Cuts(Vec<Paragraph>);

/// A paragraph, as it was when it was laid out.
#[derive(Default)]
struct Paragraph {
    text: Rope,
    from: usize,
    width: usize,
    /// The indent of its first row.
    indent: usize,
    cuts: Vec<Cut>,
}

/// The start of a row, in characters of its paragraph.
#[derive(Clone, Copy)]
struct Cut {
    start: usize,
    /// How far the paragraph was read to find it. An edit from here on doesn't move it.
    read: usize,
}

impl Cuts {
    /// The piece of `paragraph`, places in `text`, that holds the place `at`: whole rows of at most `width` cells, the
    /// first of which has an indent.
    pub fn piece(
        &mut self,
        text: &Rope,
        (width, indent): (usize, usize),
        paragraph: &Range<usize>,
        at: usize,
    ) -> Range<usize> {
        if paragraph.len() <= PIECE {
            return paragraph.clone();
        }
        let cuts = self.known(text, (width, indent), paragraph);
        while cuts.last().is_none_or(|cut| paragraph.start + cut.start <= at) {
            let start = cuts.last().map_or(0, |cut| cut.start);
            let indent = if start == 0 { indent } else { 0 };
            let Some(next) = next(text, (width, indent), paragraph, start) else { break };
            cuts.push(next);
        }
        let after = cuts.partition_point(|cut| paragraph.start + cut.start <= at);
        let start = after.checked_sub(1).map_or(0, |before| cuts[before].start);
        let end = cuts.get(after).map_or(paragraph.len(), |cut| cut.start);
        paragraph.start + start..paragraph.start + end
    }

    /// The cached cuts that are still valid. They depend on the paragraph's text only, so a paragraph is recognised by
    /// its text, wherever it is now.
    fn known(
        &mut self,
        text: &Rope,
        (width, indent): (usize, usize),
        paragraph: &Range<usize>,
    ) -> &mut Vec<Cut> {
        let is_it = |known: &Paragraph| {
            (known.width, known.indent) == (width, indent) && known.from == paragraph.start
        };
        let current = self.0.iter().position(|known| is_it(known) && known.text.is_instance(text));
        let mut known = match current {
            Some(number) => self.0.remove(number),
            None => self.before_an_edit(text, (width, indent), paragraph).unwrap_or_default(),
        };
        (known.text, known.from) = (text.clone(), paragraph.start);
        (known.width, known.indent) = (width, indent);
        if self.0.len() == PARAGRAPHS {
            self.0.remove(0);
        }
        self.0.push(known);
        let last = self.0.len() - 1;
        &mut self.0[last].cuts
    }

    /// The paragraph as it was before an edit, with the cuts that are still valid.
    fn before_an_edit(
        &mut self,
        text: &Rope,
        (width, indent): (usize, usize),
        paragraph: &Range<usize>,
    ) -> Option<Paragraph> {
        let now = text.slice(paragraph.clone());
        let holding = |known: &Paragraph| {
            let is_same = (known.width, known.indent) == (width, indent);
            if !is_same || known.text.is_instance(text) {
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

/// The length of the common prefix of two texts, in characters.
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
        // A rope shares memory with the rope it was edited from, except for the edited part.
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
fn next(
    text: &Rope,
    (width, indent): (usize, usize),
    paragraph: &Range<usize>,
    start: usize,
) -> Option<Cut> {
    let mut len = PIECE;
    while start + len < paragraph.len() {
        let from = paragraph.start + start;
        let mut piece = safe(text, paragraph, from..from + len);
        // The last grapheme may go on after the piece.
        let whole = piece.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
        piece.truncate(whole);
        let rows = wrap(&piece, width, indent);
        // The end of the last row depends on what follows.
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

/// A part of a paragraph, safe for a terminal. The number of characters is kept, so places stay valid.
pub(super) fn safe(text: &Rope, paragraph: &Range<usize>, part: Range<usize>) -> String {
    // Whether a joiner is safe depends on its neighbours.
    let before = usize::from(part.start > paragraph.start);
    let after = usize::from(part.end < paragraph.end);
    let near = text.slice(part.start - before..part.end + after).to_string();
    let near = for_terminal(&near);
    if before + after == 0 {
        return near.into_owned();
    }
    near.chars().skip(before).take(part.len()).collect()
}
