//! Which characters may be shown: no control characters, escapes, bidi overrides or lone zero-width characters.

use std::borrow::Cow;

/// `text` made safe for a terminal, one character for each character, so that positions stay the same: a control
/// character becomes its symbol (␛), invisible and bidirectional control characters become `�`. Newlines and tabs are
/// kept.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| matches!(c, '\n' | '\t') || is_plain(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let shown = match c {
            '\n' | '\t' => c,
            '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('�'),
            '\x7f' => '␡',
            '\u{ad}' => '-',
            _ if is_plain(c) || joins(before, c, chars.peek().copied()) => c,
            _ => '�',
        };
        out.push(shown);
        // A removed character does not count as a neighbour of the next.
        before = Some(shown);
    }
    Cow::Owned(out)
}

/// Whether a character is visible by itself, or a space.
pub(super) fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~') || !c.is_control() && !is_mark_of_order(c) && !is_zero_width(c)
}

/// Invisible characters that determine the direction of the text around them.
fn is_mark_of_order(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Zero-width characters that are allowed only next to certain neighbours, or not at all (joiners, variation
/// selectors, tag characters of flags). Combining accents are not included.
fn is_zero_width(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}'
        | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a zero-width `c` has an effect between its neighbours. A neighbour is unknown at the edge of a piece of a
/// stream; then the other one decides.
pub(super) fn joins(before: Option<char>, c: char, after: Option<char>) -> bool {
    let unless_alone = |ok: fn(char) -> bool| {
        (before.is_some() || after.is_some()) && before.is_none_or(ok) && after.is_none_or(ok)
    };
    match c {
        // A selector follows its emoji, so never a joiner.
        '\u{200d}' if after == Some('\u{fe0f}') => false,
        '\u{200d}' => unless_alone(is_emoji) || unless_alone(is_joined_script),
        '\u{200c}' => unless_alone(is_joined_script),
        '\u{fe00}'..='\u{fe0f}' => before.is_some_and(takes_variation),
        '\u{e0020}'..='\u{e007f}' => {
            before.is_some_and(|b| b == '🏴' || ('\u{e0020}'..'\u{e007f}').contains(&b))
        }
        _ => false,
    }
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2190}'..='\u{2bff}' | '\u{fe0f}')
}

/// Whether a variation selector may follow: digits and signs become keycaps or emoji, and characters beyond Latin may
/// have variants.
fn takes_variation(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '#' | '*' | '©' | '®') || (c > '\u{2000}' && is_plain(c))
}

/// Scripts in which joiners change the shape of letters: Arabic, Syriac, the Indic scripts, Khmer, Mongolian.
fn is_joined_script(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{1cff}' | '\u{a800}'..='\u{abff}' | '\u{fb50}'..='\u{fdff}'
        | '\u{fe70}'..='\u{fefc}' | '\u{10a00}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}')
}
