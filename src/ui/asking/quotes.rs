//! The draft's quotes. A small model may have been taught on straight ones alone, and takes `“` for noise: so it is given
//! straight ones, and what it says is put in those that the draft has. Everything goes character for character.

use std::borrow::Cow;

/// A text with straight quotes; as it is where `“` closes (German: „so“).
pub fn straight(text: &str) -> Cow<'_, str> {
    if !text.contains(['“', '”', '‘', '’']) || text.contains('„') {
        return text.into();
    }
    let plain = |c| match c {
        '“' | '”' => '"',
        '‘' | '’' => '\'',
        other => other,
    };
    text.chars().map(plain).collect::<String>().into()
}

/// Which quotes are curly in a draft: “ ” and ‘ ’.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotes {
    double: bool,
    single: bool,
}

/// So many characters behind the cursor are looked at where none before it is a quote.
const AHEAD: usize = 10_000;

const DOUBLE: [char; 3] = ['"', '“', '”'];
const SINGLE: [char; 3] = ['\'', '‘', '’'];

impl Quotes {
    /// Those before a place come first, the last of them; then those behind it. A draft that has none of one kind goes by
    /// the other.
    pub fn of(before: &str, after: impl Iterator<Item = char> + Clone) -> Self {
        if before.contains('„') {
            return Self::default();
        }
        let last = |kind: &[char]| {
            let ahead = || after.clone().take(AHEAD).find(|c| kind.contains(c));
            before.chars().rev().find(|c| kind.contains(c)).or_else(ahead)
        };
        let curly = |c: char| !matches!(c, '"' | '\'');
        let (double, single) = (last(&DOUBLE).map(curly), last(&SINGLE).map(curly));
        let is = |one: Option<bool>, other: Option<bool>| one.or(other).unwrap_or(false);
        Self { double: is(double, single), single: is(single, double) }
    }
}

/// What a model says behind `prompt` and `said`, in the draft's quotes.
pub fn as_in<'a>(quotes: Quotes, prompt: &str, said: &str, piece: &'a str) -> Cow<'a, str> {
    let is_wanted = |c| quotes.double && c == '"' || quotes.single && c == '\'';
    if !piece.contains(is_wanted) {
        return piece.into();
    }
    // A speech is not left open over a paragraph's end.
    let begun = said.rsplit_once('\n').map_or_else(
        || format!("{}{said}", prompt.rsplit('\n').next().unwrap_or_default()),
        |(_, begun)| begun.to_owned(),
    );
    let mut before = begun.chars().next_back();
    let mut open = begun.chars().fold(false, |open, c| match c {
        '“' => true,
        '”' => false,
        '"' => !open,
        _ => open,
    });
    let mut out = String::with_capacity(piece.len() + 4);
    for c in piece.chars() {
        let begins = before.is_none_or(|c| c.is_whitespace() || "([“‘\"".contains(c));
        let c = match c {
            '"' if is_wanted(c) => {
                // Behind a dash a speech that is open is broken off, and another one begins.
                open = begins || !open && before.is_some_and(|c| "—–-".contains(c));
                if open { '“' } else { '”' }
            }
            '\'' if is_wanted(c) => {
                if begins {
                    '‘'
                } else {
                    '’'
                }
            }
            other => other,
        };
        if c == '\n' {
            open = false;
        }
        out.push(c);
        before = Some(c).filter(|c| *c != '\n');
    }
    out.into()
}

/// The byte of `to` at the character that stands at a byte of `from`: of a text in other quotes.
pub fn place(at: usize, from: &str, to: &str) -> usize {
    let chars = from.get(..at).unwrap_or(from).chars().count();
    to.char_indices().nth(chars).map_or(to.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_has_straight_quotes() {
        for (text, sent) in [
            ("“You’re late,” said ‘Martha’.", "\"You're late,\" said 'Martha'."),
            ("\"You're\" plain", "\"You're\" plain"),
            ("„So“, sagte er, „nicht.“", "„So“, sagte er, „nicht.“"),
        ] {
            assert_eq!(straight(text), sent);
            assert_eq!(straight(text).chars().count(), text.chars().count());
        }
    }

    #[test]
    fn what_comes_is_in_the_drafts_quotes() {
        for (prompt, said, piece, shown) in [
            ("“No,” he said.\n\n“", "", "I can't.\" \"Why?\"", "I can’t.” “Why?”"),
            ("“No,” he said. ", "", "\"But I—\" She", "“But I—” She"),
            ("“No,” he said—", "", "\"never!\"", "“never!”"),
            ("“No,” he said.", " \"Yes", ".\"\n\"Oh", ".”\n“Oh"),
            ("“No,” he said.", "", " ('it's')", " (‘it’s’)"),
            ("“No,” he said. It's", "", " ('it's')", " ('it's')"),
            ("It’s “so” ", "", "('it's')", "(‘it’s’)"),
            // As the draft had them last.
            ("“No,” he said. \"Yes.\"", "", " \"Oh.\"", " \"Oh.\""),
            ("No quotes", "", " \"Oh.\"", " \"Oh.\""),
            ("„So“, sagte er, „nicht.“", "", " \"Oh.\"", " \"Oh.\""),
        ] {
            let quotes = Quotes::of(prompt, "".chars());
            assert_eq!(as_in(quotes, prompt, said, piece), shown, "{prompt:?} {said:?}");
            // However it is cut into tokens.
            let mut whole = said.to_owned();
            for c in piece.chars() {
                let token = c.to_string();
                let token = as_in(quotes, prompt, &whole, &token).into_owned();
                whole.push_str(&token);
            }
            assert_eq!(whole, format!("{said}{shown}"));
        }
    }

    #[test]
    fn what_stands_behind_tells_where_nothing_does_before() {
        let curly = Quotes { double: true, single: true };
        assert_eq!(Quotes::of("No quotes. ", " said. “Oh.”".chars()), curly);
        assert_eq!(Quotes::of("So \"said\". ", " “Oh.”".chars()), Quotes::default());
        assert_eq!(Quotes::of("", "".chars()), Quotes::default());
    }

    #[test]
    fn a_place_is_the_same_character() {
        let (curly, plain) = ("“é’", "\"é'");
        assert_eq!(place(3, curly, plain), 1);
        assert_eq!(place(1, plain, curly), 3);
        assert_eq!(place(4, plain, curly), curly.len());
    }
}
