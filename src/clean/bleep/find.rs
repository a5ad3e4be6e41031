//! Finds listed words: consecutive letters, stretched, with apostrophes, or spelt out; only where a word begins and
//! ends, so that other words may contain them. It also finds what may still become one when more text follows.

use super::{
    Judged,
    letters::{Kind, Sign, Unit, units},
    list::{Bleeps, Entry},
};
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
        let listed = look(&self.entries, &units, text.len(), whole);
        let spared = look(&self.spared, &units, text.len(), whole);
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

/// Searches for entries at every position of a text of `length` bytes.
fn look(entries: &[Entry], units: &[Unit], length: usize, whole: bool) -> Looked {
    let mut looked = Looked::default();
    for start in 0..units.len() {
        let Some(first) = units[start].sign.letter() else { continue };
        let begins = begins_word(units, start);
        for entry in entries {
            if !(begins || entry.open_start) || !entry.letters[0].is(first) {
                continue;
            }
            let search = Search::new(units, entry, whole, begins).run(start);
            if search.open {
                looked.open.push(units[start].start);
            }
            if let Some(end) = search.end {
                // Invisible characters after the last letter are included.
                let to = units.get(end).map_or(length, |next| next.start);
                looked.found.push(units[start].start..to);
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
    units: &'a [Unit],
    entry: &'a Entry,
    whole: bool,
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
    /// The index of the node before.
    from: usize,
}

impl<'a> Search<'a> {
    fn new(units: &'a [Unit], entry: &'a Entry, whole: bool, begins: bool) -> Self {
        let (nodes, seen) = (Vec::new(), HashSet::new());
        Self { units, entry, whole, spelt: begins, nodes, seen, end: None, open: false }
    }

    fn run(mut self, start: usize) -> Self {
        self.put(Node { unit: start + 1, letters: 1, gap: 0, from: usize::MAX });
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

    fn go_on(&mut self, index: usize, node: Node) {
        let Node { unit, letters, gap, .. } = node;
        let all = &self.entry.letters;
        if letters == all.len() && gap == 0 {
            self.complete(index, unit);
        }
        let Some(next) = self.units.get(unit).map(|unit| unit.sign) else {
            self.open |= !self.whole && letters < all.len();
            return;
        };
        let on = |letters, gap| Node { unit: unit + 1, letters, gap, from: index };
        if let Some(letter) = next.letter() {
            if all.get(letters).is_some_and(|wanted| wanted.is(letter)) {
                self.put(on(letters + 1, 0));
            }
            // A repeated letter.
            if gap == 0 && all[letters - 1].is(letter) {
                self.put(on(letters, 0));
            }
        }
        if next == Sign::Apostrophe && gap == 0 && letters < all.len() {
            match self.contracts(unit) {
                true => self.open |= !self.whole && unit + 3 == self.units.len(),
                false => self.put(on(letters, 0)),
            }
        }
        if next.is_gap() && letters < all.len() && gap < GAP && self.spelt {
            self.put(on(letters, gap + 1));
        }
    }

    /// Whether the apostrophe joins two words, as in "he'll", which is not "hell". A third letter after it excludes
    /// that.
    fn contracts(&self, at: usize) -> bool {
        let rest = self.units[at + 1..].iter().map_while(|unit| unit.sign.letter());
        let tail: String = rest.take(3).map(|letter| letter.own).collect();
        matches!(&*tail, "ll" | "re" | "ve")
    }

    /// Handle a state in which all letters are found before `unit`.
    fn complete(&mut self, index: usize, unit: usize) {
        let mut end = unit;
        if self.entry.open_end {
            while let Some(next) = self.units.get(end).map(|unit| unit.sign)
                && (next.is_sure() || next == Sign::Apostrophe)
            {
                end += 1;
            }
            self.open |= !self.whole && end == self.units.len();
        } else {
            match behind(self.units, unit, self.whole) {
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
            if node.gap == 0 && self.units[node.unit - 1].sign.letter().is_some() {
                way.push((node.unit - 1, node.letters - 1));
            }
            index = node.from;
        }
        way.reverse();
        let kind = |unit: usize| self.units[unit].sign.letter().map(|letter| letter.kind);
        // With more digits than letters it is a number.
        let all = self.entry.letters.len();
        let is_digit = |letter: usize| {
            let mut units = way.iter().filter(|step| step.1 == letter);
            units.all(|step| kind(step.0) == Some(Kind::Digit))
        };
        if (0..all).filter(|letter| is_digit(*letter)).count() * 2 > all {
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

    /// Whether there are only apostrophes between two units.
    fn joined(&self, left: usize, right: usize) -> bool {
        self.units[left + 1..right].iter().all(|unit| unit.sign == Sign::Apostrophe)
    }

    /// Whether a gap splits a word in two and is not the end of a clause.
    fn hides(&self, gap: Range<usize>) -> bool {
        match self.units[gap.clone()] {
            [one] => match one.sign {
                Sign::Mark(mark) => HIDING.contains(mark),
                Sign::Letter(_) | Sign::Space | Sign::Line => true,
                Sign::Apostrophe => false,
            },
            _ => self.units[gap].iter().all(|unit| unit.sign == Sign::Space),
        }
    }

    /// Whether a piece is a word by itself or somebody's initial.
    fn is_ordinary(&self, chunk: &[(usize, usize)]) -> bool {
        let text: String = chunk
            .iter()
            .filter_map(|(unit, _)| self.units[*unit].sign.letter())
            .map(|letter| letter.own)
            .collect();
        let initial = chunk.len() == 1
            && self.units[chunk[0].0].sign.letter().is_some_and(|letter| letter.capital)
            && self.units.get(chunk[0].0 + 1).is_some_and(|next| next.sign == Sign::Mark('.'));
        initial || ORDINARY.split_whitespace().any(|word| word == text)
    }
}
