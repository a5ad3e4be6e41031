//! East Asian scripts by their blocks in Unicode: which characters count as words, and which need no space
//! between words.

use std::ops::RangeInclusive;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    /// Chinese characters.
    Han,
    /// Hiragana and katakana.
    Kana,
    /// Hangul, bopomofo, Yi; radicals, CJK punctuation and full-width forms.
    Other,
}

const BLOCKS: [(RangeInclusive<char>, Script); 8] = [
    ('\u{2e80}'..='\u{3040}', Script::Other),
    ('\u{3041}'..='\u{30ff}', Script::Kana),
    ('\u{3100}'..='\u{33ff}', Script::Other),
    ('\u{3400}'..='\u{9fff}', Script::Han),
    ('\u{a000}'..='\u{d7ff}', Script::Other),
    ('\u{f900}'..='\u{faff}', Script::Han),
    ('\u{ff00}'..='\u{ffef}', Script::Other),
    ('\u{20000}'..='\u{3ffff}', Script::Han),
];

fn script(c: char) -> Option<Script> {
    if c < '\u{2e80}' {
        return None;
    }
    BLOCKS.iter().find(|(block, _)| block.contains(&c)).map(|(_, script)| *script)
}

/// Whether a character counts as a word of its own: Chinese characters and kana, which are written without spaces.
pub fn is_ideograph(c: char) -> bool {
    matches!(script(c), Some(Script::Han | Script::Kana))
}

/// Whether a character is part of a word: a letter, a digit or a combining mark.
pub fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36f}')
}

/// Whether a character's script has no spaces between words: Chinese and Japanese; Thai, Lao, Myanmar, Khmer.
pub fn is_spaceless(c: char) -> bool {
    is_ideograph(c)
        || matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

/// Whether a character is East Asian, so that a link before it ends there without a space.
pub fn is_east_asian(c: char) -> bool {
    script(c).is_some()
}

/// Full stops of these scripts. They end a sentence without a space after them.
pub fn is_full_stop(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '．')
}
