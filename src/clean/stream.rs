//! Cleaning of a stream of tokens: removes escapes, invisible characters and training tags, however they are split.

use super::{
    Level,
    visible::{is_plain, joins},
};
use std::borrow::Cow;

/// The tag that ends a document in GPT-2's training data. The text after it is another document.
const END: &str = "<|endoftext|>";
/// The longest training tag in characters.
const LONGEST_NAME: usize = 32;

/// Removes from one stream what its level says. It holds back only what may become a tag or an emoji's joiner.
#[derive(Clone, Debug)]
pub struct Cleaner {
    level: Level,
    escape: Escape,
    /// The last character that passed, and a joiner that waits for its right neighbour.
    before: Option<char>,
    joiner: Option<char>,
    tags: Tags,
}

impl Cleaner {
    /// A cleaner for one stream. `Level::Post` acts as `Level::Prose`; the rest needs the whole text: [`super::post`].
    pub fn new(level: Level) -> Self {
        Self { level, escape: Escape::None, before: None, joiner: None, tags: Tags::default() }
    }

    /// Adds `text`, and returns what can be shown now.
    pub fn push(&mut self, text: &str) -> String {
        if self.level == Level::None {
            return text.to_owned();
        }
        let mut out = String::new();
        for c in text.chars() {
            if let Some(c) = self.escape.pass(c) {
                self.pass(c, &mut out);
            }
        }
        out
    }

    /// Whether the end tag was seen. Nothing after it is shown.
    pub fn ended(&self) -> bool {
        self.tags.ended
    }

    /// Returns the held-back text at the end of the stream. An unfinished tag is dropped.
    pub fn finish(self) -> String {
        without_begun_tag(&self.tags.held).to_owned()
    }

    fn pass(&mut self, c: char, out: &mut String) {
        let c = match c {
            char::REPLACEMENT_CHARACTER => return, // an incomplete character that the model never finished
            '\u{2028}' | '\u{2029}' => '\n',       // Unicode's line and paragraph separators
            _ => c,
        };
        if let Some(joiner) = self.joiner.take()
            && joins(self.before, joiner, Some(c))
        {
            self.tags.push(joiner, out);
            self.before = Some(joiner);
        }
        match c {
            '\u{200c}' | '\u{200d}' => {
                // without a left neighbour a joiner has no effect
                self.joiner = self.before.is_some().then_some(c);
            }
            _ if matches!(c, '\n' | '\t') || is_plain(c) || joins(self.before, c, None) => {
                self.tags.push(c, out);
                self.before = Some(c);
            }
            _ => {}
        }
    }
}

/// The position within a terminal escape sequence. Sequences are removed as a whole, so that no "[31m" is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    /// After ESC.
    Begun,
    /// In a control sequence (CSI): parameters up to a letter.
    Control,
    /// In a string (OSC, DCS, ...): up to BEL, ST or the end of the line. The flag: the last character was ESC, so
    /// `\` ends it.
    Text(bool),
}

impl Escape {
    /// The character, if it belongs to the text.
    fn pass(&mut self, c: char) -> Option<char> {
        let (next, shown) = match (*self, c) {
            (Self::Text(_), '\x07' | '\u{9c}') | (Self::Text(true), '\\') => (Self::None, None),
            (Self::Text(_), '\n') => (Self::None, Some(c)),
            (Self::Text(_), '\x1b') => (Self::Text(true), None),
            (Self::Text(_), _) => (Self::Text(false), None),
            (_, '\x1b') => (Self::Begun, None),
            (_, '\u{9b}') | (Self::Begun, '[') => (Self::Control, None),
            (_, '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}')
            | (Self::Begun, ']' | 'P' | 'X' | '^' | '_') => (Self::Text(false), None),
            (Self::Begun, ' '..='/') => (Self::Begun, None),
            (Self::Begun, '0'..='~') => (Self::None, None),
            (Self::Control, ' '..='?') => (Self::Control, None),
            (Self::Control, '@'..='~') => (Self::None, None),
            _ => (Self::None, Some(c)),
        };
        *self = next;
        shown
    }
}

/// Removes `<|name|>`, also where removing one would form another (`<|en<|pad|>doftext|>`).
#[derive(Clone, Debug, Default)]
struct Tags {
    /// Text from the first possible tag on.
    held: String,
    /// The tags in it that may still become complete, outermost first.
    open: Vec<Open>,
    ended: bool,
}

/// A tag that has begun.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Its first byte in `held`.
    at: usize,
    state: State,
}

/// The part of a tag that has been read.
#[derive(Clone, Copy, Debug)]
enum State {
    Angle,
    /// `<|` and this many characters of a name.
    Name(usize),
    /// `<|name|`
    Closing,
}

impl Tags {
    fn push(&mut self, c: char, out: &mut String) {
        if self.ended {
            return;
        }
        if self.open.is_empty() && c != '<' {
            out.push(c);
            return;
        }
        self.held.push(c);
        if c == '<' {
            self.open.push(Open { at: self.held.len() - 1, state: State::Angle });
            return;
        }
        let Some(tag) = self.open.last_mut() else { return };
        tag.state = match (tag.state, c) {
            (State::Angle, '|') => State::Name(0),
            (State::Name(n), _) if is_name(c) && n < LONGEST_NAME => State::Name(n + 1),
            (State::Name(1..), '|') => State::Closing,
            (State::Closing, '>') => {
                let at = tag.at;
                self.ended = &self.held[at..] == END;
                self.held.truncate(at);
                self.open.pop();
                if self.ended {
                    out.push_str(without_begun_tag(&self.held));
                    self.held.clear();
                    self.open.clear();
                } else if self.open.is_empty() {
                    out.push_str(&std::mem::take(&mut self.held));
                }
                return;
            }
            _ => {
                // neither this tag nor one around it can become complete
                self.open.clear();
                out.push_str(&std::mem::take(&mut self.held));
                return;
            }
        };
    }
}

/// Cleans a whole `text` as [`Level::Prose`]: removes tags, escapes and invisible characters.
pub fn prose(text: &str) -> Cow<'_, str> {
    if !text.contains("<|") && text.chars().all(|c| matches!(c, '\n' | '\t') || is_plain(c)) {
        return Cow::Borrowed(text);
    }
    let mut cleaner = Cleaner::new(Level::Prose);
    let mut out = cleaner.push(text);
    out.push_str(&cleaner.finish());
    Cow::Owned(out)
}

fn without_begun_tag(held: &str) -> &str {
    held.find("<|").map_or(held, |at| &held[..at])
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}
