//! Documents that were there before. Memory is bounded: about 70 MB, however many come. Exact repetitions are found
//! among at least the last 917,504 documents that were kept, near ones among the last 524,288.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasherDefault, Hasher},
};
use twox_hash::XxHash3_64;

/// How many hashes one generation of [`Seen`] holds: just what a table of 2^20 places takes before it grows.
const GENERATION: usize = (1 << 20) / 8 * 7;
/// How many documents are remembered for likeness.
const WINDOW: usize = 1 << 19;
/// The bits of such a document's number.
const RING: u32 = WINDOW as u32 - 1;
/// How many numbers a document's likeness is told by, and how many have to agree: four in five.
const SKETCH: usize = 32;
const ALIKE: usize = 26;
/// So many numbers together find a candidate.
const BAND: usize = 4;
/// A shorter text is only like another when its words are the same: one word more says something else.
const FEWEST_WORDS: usize = 6;
/// Scrambles numbers: 2^64 over the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// How a document repeats another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Character for character.
    Exact,
    /// But for case, punctuation, handles or a few words.
    Near,
}

/// What has been seen.
pub struct Memory {
    texts: Seen,
    sketches: Sketches,
    near: bool,
    /// One text's words, kept for its room.
    scratch: Vec<u64>,
}

impl Memory {
    /// With `near`, for near repetitions too.
    pub fn new(near: bool) -> Self {
        Self { texts: Seen::default(), sketches: Sketches::default(), near, scratch: Vec::new() }
    }

    /// Whether `text` repeats another; otherwise it is remembered.
    pub fn meet(&mut self, text: &str) -> Option<Repeat> {
        let hash = XxHash3_64::oneshot(text.as_bytes());
        if self.near {
            words(text, &mut self.scratch);
        }
        let words = &self.scratch;
        // texts of the same words are found by those
        let of_words = |all: u64, word: &u64| (all.rotate_left(5) ^ word).wrapping_mul(GOLDEN);
        let key = if words.is_empty() { hash } else { words.iter().fold(0, of_words) };
        if let Some(known) = self.texts.insert(key, hash) {
            return Some(if known == hash { Repeat::Exact } else { Repeat::Near });
        }
        let known = words.len() >= FEWEST_WORDS && !self.sketches.insert(sketch(words));
        known.then_some(Repeat::Near)
    }
}

/// Hashes of texts by hashes of their words, in two generations: when the younger is full, the elder is forgotten.
#[derive(Default)]
struct Seen {
    young: Hashes,
    old: Hashes,
}

type Hashes = HashMap<u64, u64, BuildHasherDefault<Already>>;

/// What is in the maps are hashes already.
#[derive(Default)]
struct Already(u64);

impl Hasher for Already {
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
    /// The text that was first there; otherwise this one is.
    fn insert(&mut self, key: u64, text: u64) -> Option<u64> {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        match self.young.entry(key) {
            Entry::Occupied(known) => Some(*known.get()),
            Entry::Vacant(place) => {
                // one of the old that comes again is young again
                let known = self.old.get(&key).copied();
                place.insert(known.unwrap_or(text));
                known
            }
        }
    }
}

/// The words of a text as hashes (FNV-1a, scrambled), without case, punctuation and handles.
fn words(text: &str, words: &mut Vec<u64>) {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    words.clear();
    let mut word = START;
    let mut handle = false;
    let mut add = |word: &mut u64| {
        if *word != START {
            words.push((*word ^ (*word >> 32)).wrapping_mul(GOLDEN));
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

/// For each of a row of hash functions the least that a pair of neighbouring words has. Two texts agree in as many of
/// them as they share pairs (MinHash; Broder 1997). Small numbers, so that processors do many at once.
fn sketch(words: &[u64]) -> [u8; SKETCH] {
    const FACTORS: [[i16; SKETCH]; 2] = [factors(1), factors(2)];
    let mut least = [i16::MAX; SKETCH];
    for pair in words.windows(2) {
        let both = (pair[0].rotate_left(23) ^ pair[1]).wrapping_mul(GOLDEN);
        let (one, other) = ((both >> 48) as i16, (both >> 32) as i16);
        for ((slot, a), b) in least.iter_mut().zip(FACTORS[0]).zip(FACTORS[1]) {
            *slot = (*slot).min(one.wrapping_mul(a) ^ other.wrapping_mul(b));
        }
    }
    least.map(|value| ((value as u16).wrapping_mul(0x9e37) >> 8) as u8)
}

/// Odd numbers, drawn once for all.
const fn factors(seed: u64) -> [i16; SKETCH] {
    let mut all = [0; SKETCH];
    let mut state = seed.wrapping_mul(GOLDEN);
    let mut at = 0;
    while at < SKETCH {
        state = state.wrapping_add(GOLDEN);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        all[at] = (mixed >> 40) as i16 | 1;
        at += 1;
    }
    all
}

/// The last sketches, with an index by their bands. A place in the index has the last document that fell on it: its
/// place in the ring, and above that a mark of its band, so that others' need not be looked up.
#[derive(Default)]
struct Sketches {
    ring: Vec<[u8; SKETCH]>,
    met: usize,
    index: Vec<u32>,
}

impl Sketches {
    /// Whether none of the remembered is like it; then it is remembered.
    fn insert(&mut self, sketch: [u8; SKETCH]) -> bool {
        if self.index.is_empty() {
            self.index = vec![u32::MAX; WINDOW * SKETCH / BAND];
        }
        let places: [(usize, u32); SKETCH / BAND] = std::array::from_fn(|band| {
            let numbers = sketch[band * BAND..][..BAND].iter();
            let number = numbers.fold(0, |all, one| all << 8 | u64::from(*one));
            let hash = (number + 1).wrapping_mul(GOLDEN);
            (band * WINDOW + (hash >> 40) as usize % WINDOW, hash as u32 & !RING)
        });
        let alike = |other: &[u8; SKETCH]| {
            sketch.iter().zip(other).filter(|(a, b)| a == b).count() >= ALIKE
        };
        for (place, mark) in places {
            let entry = self.index[place];
            let candidate = (entry & !RING == mark).then_some((entry & RING) as usize);
            if candidate.and_then(|at| self.ring.get(at)).is_some_and(alike) {
                return false;
            }
        }
        let at = self.met % WINDOW;
        match self.ring.get_mut(at) {
            Some(oldest) => *oldest = sketch,
            None => self.ring.push(sketch),
        }
        self.met += 1;
        for (place, mark) in places {
            self.index[place] = mark | at as u32;
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
            (LAMP, Some(Repeat::Exact)),
            (
                "the LAMP on the landing went out again last night and nobody in the house would own to it",
                Some(Repeat::Near),
            ),
            (
                "@ash The lamp on the landing went out again last night, and nobody in the house would own to it!",
                Some(Repeat::Near),
            ),
            (
                "The lamp on the landing went out again last night, and nobody in the house would own to",
                Some(Repeat::Near),
            ),
            (
                "The lamp on the stairs was lit again this morning, and everybody in the street came to see it.",
                None,
            ),
            ("Nobody in the house would own to it.", None),
        ] {
            let mut memory = Memory::new(true);
            assert_eq!(memory.meet(LAMP), None);
            assert_eq!(memory.meet(other), expected, "{other}");
        }
    }

    #[test]
    fn short_texts_are_alike_only_word_for_word() {
        let mut memory = Memory::new(true);
        assert_eq!(memory.meet("Good night, lamp"), None);
        assert_eq!(memory.meet("Good night, lamps"), None);
        assert_eq!(memory.meet("good night lamp!"), Some(Repeat::Near));
        let mut memory = Memory::new(false);
        assert_eq!(memory.meet("Good night, lamp"), None);
        assert_eq!(memory.meet("good night lamp!"), None);
        assert_eq!(memory.meet("good night lamp!"), Some(Repeat::Exact));
    }

    /// Of many pairs: nearly all that share nine words in ten are found, and none that share six.
    #[test]
    fn likeness_is_of_the_right_degree() {
        let text = |changed: usize, pair: u64| {
            let word = |at| {
                let other = at < changed; // a run of words at the start differs
                format!(
                    "w{} ",
                    (pair * 1000 + at as u64).wrapping_mul(GOLDEN) >> 40 | u64::from(other) << 50
                )
            };
            (0..40).map(word).collect::<String>()
        };
        let found = |changed| {
            let mut memory = Memory::new(true);
            (0..500)
                .filter(|pair| {
                    assert_eq!(memory.meet(&text(0, *pair)), None);
                    memory.meet(&text(changed, *pair)).is_some()
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
