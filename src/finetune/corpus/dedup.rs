//! Finds documents that repeat earlier ones. Exact duplicates are found by a hash of the text, near duplicates by MinHash
//! (Broder 1997) with locality-sensitive hashing (Indyk and Motwani 1998). Memory is bounded to about 70 MB: exact
//! duplicates are found among at least the last 917,504 kept documents, near ones among the last 524,288.

use crate::splitmix::GAMMA;
use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasherDefault, Hasher},
};
use twox_hash::XxHash3_64;

/// How many hashes a generation of [`Seen`] holds: what a hash table of 2^20 slots takes before it grows.
const GENERATION: usize = (1 << 20) / 8 * 7;
/// How many documents are kept for finding near duplicates.
const WINDOW: usize = 1 << 19;
/// The bits of an index into these.
const RING: u32 = WINDOW as u32 - 1;
/// Numbers in the MinHash sketch of a document.
const SKETCH: usize = 32;
/// How many of these must be equal in near duplicates: four in five.
const ALIKE: usize = 26;
/// Numbers per band. Two documents are compared when all numbers of a band are equal.
const BAND: usize = 4;
/// A text with fewer words is a near duplicate only if all its words are the same, since one more word changes the meaning.
const FEWEST_WORDS: usize = 6;

/// How a document repeats an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The texts are identical.
    Exact,
    /// They differ in case, punctuation, handles or a few words.
    Near,
}

/// The documents seen so far.
pub struct Deduplicator {
    texts: Seen,
    sketches: Sketches,
    near: bool,
    /// The word hashes of the current text; kept to reuse its memory.
    scratch: Vec<u64>,
}

impl Deduplicator {
    /// With `near`, near duplicates are found too.
    pub fn new(near: bool) -> Self {
        Self { texts: Seen::default(), sketches: Sketches::default(), near, scratch: Vec::new() }
    }

    /// How `text` repeats an earlier one; if it doesn't, it is added and `None` returned.
    pub fn insert(&mut self, text: &str) -> Option<Match> {
        let hash = XxHash3_64::oneshot(text.as_bytes());
        if self.near {
            words(text, &mut self.scratch);
        }
        let words = &self.scratch;
        // texts with the same words have the same key
        let of_words = |all: u64, word: &u64| (all.rotate_left(5) ^ word).wrapping_mul(GAMMA);
        let key = if words.is_empty() { hash } else { words.iter().fold(0, of_words) };
        // The index is far larger than the processor's caches. It is asked first, so that its answers are on the way while
        // the hashes are looked up.
        let found = (words.len() >= FEWEST_WORDS).then(|| self.sketches.look(sketch(words)));
        if let Some(known) = self.texts.insert(key, hash) {
            return Some(if known == hash { Match::Exact } else { Match::Near });
        }
        let is_new = found.is_none_or(|found| self.sketches.insert(&found));
        (!is_new).then_some(Match::Near)
    }
}

/// From hashes of words to hashes of texts, in two generations: when the young one is full, the old one is dropped.
#[derive(Default)]
struct Seen {
    young: Hashes,
    old: Hashes,
}

type Hashes = HashMap<u64, u64, BuildHasherDefault<Identity>>;

/// A hasher that returns the key itself, since the keys are hashes.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = XxHash3_64::oneshot(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Seen {
    /// The hash of the first text with this key, or `None` if `text` is the first.
    fn insert(&mut self, key: u64, text: u64) -> Option<u64> {
        if self.young.len() >= GENERATION {
            std::mem::swap(&mut self.old, &mut self.young);
            // The memory is used again. A table that grew step by step would be held twice while it grows.
            self.young.clear();
            self.young.reserve(GENERATION);
        }
        match self.young.entry(key) {
            Entry::Occupied(known) => Some(*known.get()),
            Entry::Vacant(place) => {
                // an old entry that is found again moves to the young generation
                let known = self.old.get(&key).copied();
                place.insert(known.unwrap_or(text));
                known
            }
        }
    }
}

/// Hashes of the words of a text (FNV-1a), ignoring case, punctuation and handles.
fn words(text: &str, words: &mut Vec<u64>) {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    words.clear();
    let mut word = START;
    let mut handle = false;
    let mut add = |word: &mut u64| {
        if *word != START {
            words.push((*word ^ (*word >> 32)).wrapping_mul(GAMMA));
            *word = START;
        }
    };
    let mix = |word: u64, c: char| (word ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3);
    for c in text.chars() {
        if handle && (c.is_ascii_alphanumeric() || c == '_') {
            continue;
        }
        handle = c == '@' && word == START;
        if c.is_ascii_alphanumeric() {
            word = mix(word, c.to_ascii_lowercase());
        } else if c.is_alphanumeric() {
            word = c.to_lowercase().fold(word, mix);
        } else if !matches!(c, '\'' | '’') {
            add(&mut word);
        }
    }
    add(&mut word);
}

/// The MinHash sketch of a text (Broder 1997): for each of [`SKETCH`] hash functions, the lowest hash of a pair of
/// neighbouring words. The share of equal numbers in two sketches estimates the share of word pairs that the texts have in
/// common. Numbers are 16 bits wide and stored in 8, for SIMD and memory.
fn sketch(words: &[u64]) -> [u8; SKETCH] {
    const FACTORS: [[i16; SKETCH]; 2] = [factors(1), factors(2)];
    let mut least = [i16::MAX; SKETCH];
    for pair in words.windows(2) {
        let both = (pair[0].rotate_left(23) ^ pair[1]).wrapping_mul(GAMMA);
        let (one, other) = ((both >> 48) as i16, (both >> 32) as i16);
        for ((slot, a), b) in least.iter_mut().zip(FACTORS[0]).zip(FACTORS[1]) {
            *slot = (*slot).min(one.wrapping_mul(a) ^ other.wrapping_mul(b));
        }
    }
    least.map(|value| ((value as u16).wrapping_mul(0x9e37) >> 8) as u8)
}

/// Pseudorandom odd numbers, the parameters of the hash functions.
const fn factors(seed: u64) -> [i16; SKETCH] {
    let mut all = [0; SKETCH];
    let mut state = seed.wrapping_mul(GAMMA);
    let mut at = 0;
    while at < SKETCH {
        state = state.wrapping_add(GAMMA);
        // One round of the mixing suffices; other parameters would find other near duplicates.
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        all[at] = (mixed >> 40) as i16 | 1;
        at += 1;
    }
    all
}

/// The last [`WINDOW`] sketches in a ring buffer, with an index by their bands. An entry of the index is the last document
/// with this band: its position in the ring in the lower bits, and a check of the band in the upper bits, which avoids most
/// comparisons of unrelated documents.
#[derive(Default)]
struct Sketches {
    ring: Vec<[u8; SKETCH]>,
    count: usize,
    index: Vec<u32>,
}

/// A sketch, and what the index has at its bands.
struct Found {
    sketch: [u8; SKETCH],
    /// For each band its place in the index, and the check in the upper bits of the entry there.
    places: [(usize, u32); SKETCH / BAND],
    entries: [u32; SKETCH / BAND],
}

impl Sketches {
    /// Look a sketch up.
    fn look(&mut self, sketch: [u8; SKETCH]) -> Found {
        if self.index.is_empty() {
            self.index = vec![u32::MAX; WINDOW * SKETCH / BAND];
        }
        let places: [(usize, u32); SKETCH / BAND] = std::array::from_fn(|band| {
            let numbers = sketch[band * BAND..][..BAND].iter();
            let number = numbers.fold(0, |all, one| all << 8 | u64::from(*one));
            let hash = (number + 1).wrapping_mul(GAMMA);
            (band * WINDOW + (hash >> 40) as usize % WINDOW, hash as u32 & !RING)
        });
        Found { sketch, places, entries: places.map(|(place, _)| self.index[place]) }
    }

    /// Add a sketch unless an earlier one is alike. Returns whether it was added.
    fn insert(&mut self, found: &Found) -> bool {
        let Found { sketch, places, entries } = found;
        let alike = |other: &[u8; SKETCH]| {
            sketch.iter().zip(other).filter(|(a, b)| a == b).count() >= ALIKE
        };
        for ((_, mark), entry) in places.iter().zip(entries) {
            let candidate = (entry & !RING == *mark).then_some((entry & RING) as usize);
            if candidate.and_then(|at| self.ring.get(at)).is_some_and(alike) {
                return false;
            }
        }
        let at = self.count % WINDOW;
        match self.ring.get_mut(at) {
            Some(oldest) => *oldest = *sketch,
            None => self.ring.push(*sketch),
        }
        self.count += 1;
        for (place, mark) in places {
            self.index[*place] = mark | at as u32;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMP: &str = "The lamp on the landing went out again last night, and nobody in the house would own to it.";

    #[test]
    fn likeness_is_told_from_words() {
        for (other, expected) in [
            (LAMP, Some(Match::Exact)),
            (
                "the LAMP on the landing went out again last night and nobody in the house would own to it",
                Some(Match::Near),
            ),
            (
                "@ash The lamp on the landing went out again last night, and nobody in the house would own to it!",
                Some(Match::Near),
            ),
            (
                "The lamp on the landing went out again last night, and nobody in the house would own to",
                Some(Match::Near),
            ),
            (
                "The lamp on the stairs was lit again this morning, and everybody in the street came to see it.",
                None,
            ),
            ("Nobody in the house would own to it.", None),
        ] {
            let mut memory = Deduplicator::new(true);
            assert_eq!(memory.insert(LAMP), None);
            assert_eq!(memory.insert(other), expected, "{other}");
        }
    }

    #[test]
    fn short_texts_are_alike_only_word_for_word() {
        let mut memory = Deduplicator::new(true);
        assert_eq!(memory.insert("Good night, lamp"), None);
        assert_eq!(memory.insert("Good night, lamps"), None);
        assert_eq!(memory.insert("good night lamp!"), Some(Match::Near));
        let mut memory = Deduplicator::new(false);
        assert_eq!(memory.insert("Good night, lamp"), None);
        assert_eq!(memory.insert("good night lamp!"), None);
        assert_eq!(memory.insert("good night lamp!"), Some(Match::Exact));
    }

    /// Of many pairs: nearly all that share nine words in ten are found, and none that share six.
    #[test]
    fn likeness_is_of_the_right_degree() {
        let text = |changed: usize, pair: u64| {
            let word = |at| {
                let other = at < changed; // a run of words at the start differs
                format!(
                    "w{} ",
                    (pair * 1000 + at as u64).wrapping_mul(GAMMA) >> 40 | u64::from(other) << 50
                )
            };
            (0..40).map(word).collect::<String>()
        };
        let found = |changed| {
            let mut memory = Deduplicator::new(true);
            (0..500)
                .filter(|pair| {
                    assert_eq!(memory.insert(&text(0, *pair)), None);
                    memory.insert(&text(changed, *pair)).is_some()
                })
                .count()
        };
        assert!(found(2) > 480, "{}", found(2));
        assert!(found(16) < 3, "{}", found(16));
    }

    #[test]
    fn the_elder_generation_is_forgotten() {
        let mut seen = Seen::default();
        let last = 2 * GENERATION as u64;
        assert!((0..=last).all(|hash| seen.insert(hash, hash).is_none()));
        assert_eq!(seen.insert(last, 0), Some(last));
        assert_eq!(seen.insert(GENERATION as u64, 0), Some(GENERATION as u64));
        assert_eq!(seen.insert(0, 0), None);
        assert!(seen.old.len() + seen.young.len() <= 2 * GENERATION);
    }
}
