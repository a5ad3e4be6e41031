//! Extracts JSON objects, and strings outside of objects, from a stream of bytes.

use super::LONGEST;

/// What was extracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// All of an object or string.
    Whole,
    /// An object or string that ends where it can't end.
    Broken,
    /// The first [`LONGEST`] bytes of an object that is longer.
    TooLong,
}

/// The position in the JSON syntax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Between objects, where anything is accepted.
    #[default]
    Between,
    Object,
    Text,
    /// After a backslash.
    Escape,
    /// Within a string between objects that is no document: a name, or the value of a field.
    Name,
    /// After a backslash there.
    NameEscape,
    /// After a broken object: everything up to the next `{` is ignored, since strings can't be recognized.
    Resync,
}

impl State {
    fn is_outside(self) -> bool {
        !matches!(self, Self::Object | Self::Text | Self::Escape)
    }
}

/// Extracts objects and top-level strings from a stream of bytes.
#[derive(Default)]
pub struct Splitter {
    /// The bytes of the current object, up to [`LONGEST`].
    pub object: Vec<u8>,
    state: State,
    depth: usize,
    /// Whether the rest of an object that was too long is skipped.
    skips: bool,
    /// Whether every object ends on its line.
    lines: bool,
    /// Whether objects are in an object that was opened, so that strings between them are its fields.
    inside: bool,
}

impl Splitter {
    /// At the start of a file. `lines` = every object ends on its line.
    pub fn new(lines: bool) -> Self {
        Self { lines, ..Self::default() }
    }

    /// The object that was extracted last is opened: its inside is pushed next.
    pub fn open(&mut self) {
        self.inside = true;
        self.skips = false;
        self.state = State::Between;
        self.depth = 0;
    }

    /// Read `chunk` up to the end of an object. Returns how many bytes were read, and what was extracted if there was an
    /// end.
    pub fn push(&mut self, chunk: &[u8]) -> (usize, Option<Piece>) {
        if self.state.is_outside() {
            self.object.clear();
            self.skips = false;
        }
        let mut from = 0;
        for (at, byte) in chunk.iter().enumerate() {
            let mut cut = None;
            self.state = match (self.state, byte) {
                (State::Between | State::Resync, b'{') => {
                    (from, self.depth) = (at, 1);
                    State::Object
                }
                (State::Between, b'"') if self.inside => State::Name,
                (State::Between, b'"') => {
                    (from, self.depth) = (at, 0);
                    State::Text
                }
                (State::Name, b'"' | b'\n') => State::Between,
                (State::Name, b'\\') => State::NameEscape,
                (State::NameEscape, _) => State::Name,
                (State::Object, b'{' | b'[') => {
                    self.depth += 1;
                    State::Object
                }
                (State::Object, b'}' | b']') => {
                    self.depth -= 1;
                    State::Object
                }
                (State::Object, b'"') => State::Text,
                (State::Text, b'"') => State::Object,
                (State::Text, b'\\') => State::Escape,
                (State::Object, b'\n') if self.lines => {
                    cut = Some(Piece::Broken);
                    State::Between
                }
                // JSON strings can't contain line breaks: this one was never closed
                (State::Text | State::Escape, b'\n') => {
                    cut = Some(Piece::Broken);
                    if self.lines || self.depth == 0 { State::Between } else { State::Resync }
                }
                (State::Escape, _) => State::Text,
                (state, _) => state,
            };
            if self.state == State::Object && self.depth == 0 {
                self.state = State::Between;
                cut = Some(Piece::Whole);
            }
            if let Some(cut) = cut {
                if self.skips {
                    self.skips = false;
                    return (at + 1, None);
                }
                if self.add(&chunk[from..=at]) {
                    // the end of the object is here, so nothing of it is left to skip
                    return (at + 1, Some(Piece::TooLong));
                }
                return (at + 1, Some(cut));
            }
        }
        if !self.state.is_outside() && !self.skips && self.add(&chunk[from..]) {
            self.skips = true;
            return (chunk.len(), Some(Piece::TooLong));
        }
        (chunk.len(), None)
    }

    /// At the end of the input: an object that has no end.
    pub fn finish(&mut self) -> Option<Piece> {
        let cut = !self.state.is_outside() && !self.skips;
        self.state = State::Between;
        cut.then_some(Piece::Broken)
    }

    /// Append to the object. Returns whether it is too long.
    fn add(&mut self, bytes: &[u8]) -> bool {
        self.object.extend_from_slice(bytes);
        self.object.len() > LONGEST
    }
}
