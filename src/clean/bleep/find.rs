//! Finds listed words: consecutive letters, stretched, with apostrophes, or spelt out; only where a word begins and
//! ends, so that other words may contain them. It also finds what may still become one when more text follows.

use super::{
    Judged,
    drawn::{Drawn, drawn},
    letters::{Kind, Sign, Unit, units},
    list::{Bleeps, Entry},
    masked::{is_mask, is_masked_word, may_mask},
};
use crate::clean::is_english;
use std::{collections::HashSet, ops::Range};

/// The maximum number of separators between two letters of a spelt-out word.
const GAP: usize = 5;

/// Short words that are often adjacent in ordinary text. A listed word that is split into two of them is not a match
/// ("pen is").
const ORDINARY: &str = "a i o an as at al am ass back be bit but by can cap car chin co cum do dig ed en ex eve fa for \
    gas go had ha has hat he hen her hi him his hit ho hole house i if in is it its itch jack job kill king la let lo lob male \
    ma man mat me men met mo mob mother my no nor not of off oh ok old on one or other our out ow pa pen pi poor pup put \
    ran rap rat re red ret round sat saw say see set she sit so son spa ss star step sue sum tar ted ten ter the \
    tie tin tit to too top tot um up us was we wet who wore yard you your";

/// Endings that may follow an apostrophe after a whole word.
const ENDINGS: [&str; 9] = ["s", "d", "t", "m", "ll", "re", "ve", "em", "er"];

/// Marks that may disguise a word. Other marks end a clause.
const HIDING: &str = "._-/\\*~=•·:#^&%‐‑";

impl Bleeps {
    /// Judge a text. `whole`: no more text will follow.
    pub fn judge(&self, text: &str, whole: bool) -> Judged {
        let units = units(text);
        let drawn = drawn(&units, whole);
        let text_of = Text { units: &units, drawn: &drawn, length: text.len(), whole };
        let listed = look(&self.entries, &text_of, true);
        let spared = look(&self.spared, &text_of, false);
        let mut certain = listed.open.iter().copied().fold(text.len(), usize::min);
        // An incomplete match may still become part of an exception.
        for start in spared.open {
            let waits = listed.found.iter().map(|hidden| hidden.start).filter(|at| *at >= start);
            certain = waits.fold(certain, usize::min);
        }
        let bleeped = listed.found.into_iter().filter(|hidden| {
            let covers =
                |range: &Range<usize>| range.start <= hidden.start && hidden.end <= range.end;
            !spared.found.iter().any(covers)
        });
        Judged { bleeped: merged(bleeped.collect()), certain }
    }
}

/// Where entries match, and from where one may still match.
#[derive(Default)]
struct Looked {
    found: Vec<Range<usize>>,
    open: Vec<usize>,
}

/// A text that is searched.
#[derive(Clone, Copy)]
struct Text<'a> {
    units: &'a [Unit],
    /// At each unit, the letters that several units from there on may be read as.
    drawn: &'a [Drawn],
    /// Its length in bytes.
    length: usize,
    /// No more text will follow.
    whole: bool,
}

/// Searches for entries at every position of a text. Only in listed words letters may be `spelt` out, not in exceptions.
fn look(entries: &[Entry], text: &Text, spelt: bool) -> Looked {
    let mut looked = Looked::default();
    for (start, unit) in text.units.iter().enumerate() {
        let (first, drawn) = (unit.sign.letter(), &text.drawn[start]);
        if first.is_none() && drawn.is_empty() {
            continue;
        }
        let begins = begins_word(text.units, start);
        for entry in entries {
            let letter = entry.letters[0];
            let is_first = first.is_some_and(|first| letter.is(first)) || drawn.may_be(letter);
            if !(begins || entry.open_start) || !is_first {
                continue;
            }
            let search = Search::new(*text, entry, begins && spelt).run(start);
            if search.open {
                looked.open.push(unit.start);
            }
            if let Some(end) = search.end {
                // Invisible characters after the last letter are included.
                let to = text.units.get(end).map_or(text.length, |next| next.start);
                looked.found.push(unit.start..to);
            }
        }
    }
    looked
}

/// Sorts ranges and merges those that touch.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut out: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

/// Whether a word may begin at a unit: no letter is before it, not even before digits and apostrophes.
fn begins_word(units: &[Unit], at: usize) -> bool {
    let between = |unit: &&Unit| match unit.sign {
        Sign::Apostrophe => true,
        Sign::Letter(letter) => letter.kind != Kind::Sure,
        _ => false,
    };
    !units[..at].iter().rev().find(|unit| !between(unit)).is_some_and(|unit| unit.sign.is_sure())
}

/// How a word continues after a position.
enum Behind {
    /// It has ended.
    End,
    /// It continues.
    More,
    /// The following text decides.
    Open,
}

fn behind(units: &[Unit], at: usize, whole: bool) -> Behind {
    let open = if whole { Behind::End } else { Behind::Open };
    match units.get(at).map(|unit| unit.sign) {
        None => open,
        Some(Sign::Apostrophe) => {
            let rest = &units[at + 1..];
            let tail: String =
                rest.iter().map_while(|unit| unit.sign.letter()).map(|letter| letter.own).collect();
            let is_last = tail.chars().count() == rest.len();
            match () {
                () if is_last && !whole => Behind::Open,
                () if tail.is_empty() || ENDINGS.contains(&tail.as_str()) => Behind::End,
                () => Behind::More,
            }
        }
        Some(sign) if sign.is_sure() => Behind::More,
        Some(_) => Behind::End,
    }
}

/// The search for one entry at one position: breadth-first, since a unit may represent several letters.
struct Search<'a> {
    text: Text<'a>,
    entry: &'a Entry,
    /// Whether letters may be spelt out.
    spelt: bool,
    nodes: Vec<Node>,
    seen: HashSet<(usize, usize, usize)>,
    /// The unit after the longest match.
    end: Option<usize>,
    /// Whether more text may produce a match or a longer one.
    open: bool,
}

/// A state of the search.
#[derive(Clone, Copy)]
struct Node {
    /// The index of the next unit.
    unit: usize,
    /// The number of letters found.
    letters: usize,
    /// The number of units in the current gap.
    gap: usize,
    /// The number of units of the last letter; 0 after an apostrophe or in a gap.
    span: usize,
    /// The index of the node before.
    from: usize,
}

impl<'a> Search<'a> {
    fn new(text: Text<'a>, entry: &'a Entry, spelt: bool) -> Self {
        let (nodes, seen) = (Vec::new(), HashSet::new());
        Self { text, entry, spelt, nodes, seen, end: None, open: false }
    }

    fn run(mut self, start: usize) -> Self {
        let first = Node { unit: start, letters: 0, gap: 0, span: 0, from: usize::MAX };
        self.letter(usize::MAX, first, 0);
        let mut next = 0;
        while let Some(node) = self.nodes.get(next).copied() {
            self.go_on(next, node);
            next += 1;
        }
        self
    }

    fn put(&mut self, node: Node) {
        if self.seen.insert((node.unit, node.letters, node.gap)) {
            self.nodes.push(node);
        }
    }

    /// Reads letter `wanted` of the entry after a node, from one unit or from several.
    fn letter(&mut self, from: usize, node: Node, wanted: usize) {
        let letter = self.entry.letters[wanted];
        let on = |span| Node { unit: node.unit + span, letters: wanted + 1, gap: 0, span, from };
        let text = self.text;
        let Some(unit) = text.units.get(node.unit) else { return };
        if unit.sign.letter().is_some_and(|one| letter.is(one)) {
            self.put(on(1));
        }
        let within = wanted > 0 && node.gap == 0 && !self.entry.breaks.contains(&wanted);
        if within && may_mask(text.units, node.unit, text.whole) {
            self.put(on(1));
        }
        let drawn = &text.drawn[node.unit];
        drawn.spans(letter).for_each(|span| self.put(on(span)));
        self.open |= drawn.may_become(letter);
    }

    fn go_on(&mut self, index: usize, node: Node) {
        let Node { unit, letters, gap, .. } = node;
        let all = &self.entry.letters;
        if letters == all.len() && gap == 0 {
            self.complete(index, unit);
        }
        let Some(next) = self.text.units.get(unit).map(|unit| unit.sign) else {
            self.open |= !self.text.whole && letters < all.len();
            return;
        };
        if letters < all.len() {
            self.letter(index, node, letters);
        }
        if gap == 0 && self.may_repeat(unit) {
            self.letter(index, node, letters - 1);
        }
        let on = |gap| Node { unit: unit + 1, letters, gap, span: 0, from: index };
        if next == Sign::Apostrophe && gap == 0 && letters < all.len() {
            match self.contracts(unit) && !self.entry.breaks.contains(&(letters + 2)) {
                true => self.open |= !self.text.whole && unit + 3 == self.text.units.len(),
                false => self.put(on(0)),
            }
        }
        let pauses = self.spelt || self.entry.breaks.contains(&letters);
        if next.is_gap() && letters < all.len() && gap < GAP && pauses {
            self.put(on(gap + 1));
        }
    }

    /// Whether a unit may repeat the letter before it. A mark in the place of a letter is repeated only by another one.
    fn may_repeat(&self, unit: usize) -> bool {
        let units = self.text.units;
        !units[..unit].last().is_some_and(|before| is_mask(before.sign))
            || is_mask(units[unit].sign)
    }

    /// Whether the apostrophe joins two words, as in "he'll", which is not "hell". A third letter after it excludes
    /// that.
    fn contracts(&self, at: usize) -> bool {
        let rest = self.text.units[at + 1..].iter().map_while(|unit| unit.sign.letter());
        let tail: String = rest.take(3).map(|letter| letter.own).collect();
        matches!(&*tail, "ll" | "re" | "ve")
    }

    /// Handle a state in which all letters are found before `unit`.
    fn complete(&mut self, index: usize, unit: usize) {
        let mut end = unit;
        if self.entry.open_end {
            while let Some(next) = self.text.units.get(end).map(|unit| unit.sign)
                && (next.is_sure() || next == Sign::Apostrophe)
            {
                end += 1;
            }
            self.open |= !self.text.whole && end == self.text.units.len();
        } else {
            match behind(self.text.units, unit, self.text.whole) {
                Behind::End => {}
                Behind::More => return,
                Behind::Open => return self.open = true,
            }
        }
        if self.end.is_none_or(|known| known < end) && self.holds(index) {
            self.end = Some(end);
        }
    }

    /// Whether a match is really the word, not ordinary words or a number that look like it.
    fn holds(&self, mut index: usize) -> bool {
        // The path of the match: which unit stands for which letter.
        let mut way = Vec::new();
        while let Some(node) = self.nodes.get(index) {
            let units = (node.unit - node.span..node.unit).rev();
            way.extend(units.map(|unit| (unit, node.letters - 1)));
            index = node.from;
        }
        way.reverse();
        let kind = |unit: usize| self.text.units[unit].sign.letter().map(|letter| letter.kind);
        // With more digits than letters it is a number.
        let all = self.entry.letters.len();
        let is_digit = |letter: usize| {
            let mut units = way.iter().filter(|step| step.1 == letter);
            units.all(|step| kind(step.0) == Some(Kind::Digit))
        };
        if (0..all).filter(|letter| is_digit(*letter)).count() * 2 > all {
            return false;
        }
        let signs_of = |letter: usize| {
            let units = way.iter().filter(|step| step.1 == letter).map(|step| step.0);
            units.map(|unit| self.text.units[unit].sign).collect()
        };
        let signs = (0..all).map(signs_of);
        if self.is_as_written(&way) || !is_masked_word(signs, !self.entry.breaks.is_empty()) {
            return false;
        }
        let mut chunks: Vec<Vec<(usize, usize)>> = Vec::new();
        let mut gaps = Vec::new();
        for step in way {
            match chunks.last_mut() {
                Some(chunk) if self.joined(chunk[chunk.len() - 1].0, step.0) => chunk.push(step),
                Some(chunk) => {
                    let declared = self.entry.breaks.contains(&step.1);
                    gaps.push((chunk[chunk.len() - 1].0 + 1..step.0, declared));
                    chunks.push(vec![step]);
                }
                None => chunks.push(vec![step]),
            }
        }
        if gaps.iter().all(|(_, declared)| *declared) {
            return true;
        }
        // Spelt out letter by letter.
        let single = |chunk: &Vec<(usize, usize)>| chunk.iter().all(|step| step.1 == chunk[0].1);
        if chunks.len() > 2 && chunks.iter().all(single) {
            return true;
        }
        gaps.iter().all(|(gap, declared)| *declared || self.hides(gap.clone()))
            && chunks
                .iter()
                .all(|chunk| chunk.iter().any(|(unit, _)| kind(*unit) == Some(Kind::Sure)))
            && chunks.iter().any(|chunk| !self.is_ordinary(chunk))
    }

    /// Whether plain letters were read as others (`cl` as d, I as l) or as repeated ones in words that are English as they
    /// are written.
    fn is_as_written(&self, way: &[(usize, usize)]) -> bool {
        let units = self.text.units;
        let is_disguised = |(at, step): &(usize, &(usize, usize))| {
            let own = units[step.0].sign.letter().map(|letter| letter.own);
            let is_repeated = at.checked_sub(1).is_some_and(|before| way[before].1 == step.1);
            own.is_some_and(|own| {
                let is_other = own != self.entry.letters[step.1].own;
                own.is_ascii_alphabetic() && (is_other || is_repeated)
            })
        };
        let is_of_word = |unit: &&Unit| unit.sign.is_sure() || unit.sign == Sign::Apostrophe;
        let word = |unit: usize| {
            let start = unit - units[..unit].iter().rev().take_while(is_of_word).count();
            let word = units[start..].iter().take_while(is_of_word);
            word.map(|unit| unit.sign.letter().map_or('\'', |letter| letter.own))
                .collect::<String>()
        };
        let mut disguised = way.iter().enumerate().filter(is_disguised).peekable();
        disguised.peek().is_some()
            && disguised.all(|(_, step)| is_english(word(step.0).trim_matches('\'')))
    }

    /// Whether there are only apostrophes between two units.
    fn joined(&self, left: usize, right: usize) -> bool {
        self.text.units[left + 1..right].iter().all(|unit| unit.sign == Sign::Apostrophe)
    }

    /// Whether a gap splits a word in two and is not the end of a clause.
    fn hides(&self, gap: Range<usize>) -> bool {
        match self.text.units[gap.clone()] {
            [one] => match one.sign {
                Sign::Mark(mark) => HIDING.contains(mark),
                Sign::Letter(_) | Sign::Space | Sign::Line => true,
                Sign::Apostrophe => false,
            },
            _ => self.text.units[gap].iter().all(|unit| unit.sign == Sign::Space),
        }
    }

    /// Whether a piece is a word by itself or somebody's initial.
    fn is_ordinary(&self, chunk: &[(usize, usize)]) -> bool {
        let text: String = chunk
            .iter()
            .filter_map(|(unit, _)| self.text.units[*unit].sign.letter())
            .map(|letter| letter.own)
            .collect();
        let initial = chunk.len() == 1
            && self.text.units[chunk[0].0].sign.letter().is_some_and(|letter| letter.capital)
            && self.text.units.get(chunk[0].0 + 1).is_some_and(|next| next.sign == Sign::Mark('.'));
        initial || ORDINARY.split_whitespace().any(|word| word == text)
    }
}
