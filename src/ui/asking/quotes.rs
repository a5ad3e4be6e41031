//! Quotes: straight for the model, the draft's own on the page. A small model may be trained on straight quotes only,
//! so prompts are sent with straight quotes, and offers get the quotes of the draft. Each character is replaced by one
//! character, so places stay valid.

use std::borrow::Cow;

/// A text with straight quotes. Unchanged if it has `„`, where `“` is a closing quote (German: „so“).
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

/// How many characters after the cursor are searched if there is no quote before it.
const AHEAD: usize = 10_000;

const DOUBLE: [char; 3] = ['"', '“', '”'];
const SINGLE: [char; 3] = ['\'', '‘', '’'];

impl Quotes {
    /// Finds the style of a draft at a place: that of the last quote before it, else of the first one after it. If the
    /// draft has no quotes of one kind, the other kind decides.
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

/// Converts `piece`, which follows `prompt` and `said`, to the draft's quotes.
pub fn as_in<'a>(quotes: Quotes, prompt: &str, said: &str, piece: &'a str) -> Cow<'a, str> {
    let is_wanted = |c| quotes.double && c == '"' || quotes.single && c == '\'';
    if !piece.contains(is_wanted) {
        return piece.into();
    }
    // No quote stays open past the end of a paragraph.
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
                // After a dash, a quote closes an open speech, or else opens one.
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

/// The byte offset in `to` of the character at byte `at` of `from`, for two texts that differ in quotes only.
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
            // The last quote decides.
            ("“No,” he said. \"Yes.\"", "", " \"Oh.\"", " \"Oh.\""),
            ("No quotes", "", " \"Oh.\"", " \"Oh.\""),
            ("„So“, sagte er, „nicht.“", "", " \"Oh.\"", " \"Oh.\""),
        ] {
            let quotes = Quotes::of(prompt, "".chars());
            assert_eq!(as_in(quotes, prompt, said, piece), shown, "{prompt:?} {said:?}");
            // The result doesn't depend on how the text is cut into tokens.
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
