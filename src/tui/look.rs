//! How the page looks, and what is typed in place of straight quotes: the settings, without what they do.

use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use strum::EnumIter;

/// How the page looks, and what is typed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PageLook {
    /// The greatest width of the text, in cells.
    pub width: u16,
    /// The least space on each side of it, in cells.
    pub margin: u16,
    /// The part of the text that is lit; the rest is quiet.
    pub focus: Focus,
    /// The row of the cursor stays at two fifths of the height.
    pub typewriter: bool,
    /// How paragraphs are set apart on the screen.
    pub paragraphs: Apart,
    /// Markdown has a style.
    pub markdown: bool,
    /// Curly quotes while typing.
    pub quotes: Curly,
    /// `--` becomes a dash, and `...` an ellipsis.
    pub dashes: bool,
}

impl Default for PageLook {
    fn default() -> Self {
        Self {
            width: 72,
            margin: 3,
            focus: Focus::Off,
            typewriter: false,
            paragraphs: Apart::Written,
            markdown: true,
            quotes: Curly::Off,
            dashes: false,
        }
    }
}

/// The part of the text that is lit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Focus {
    /// All of it.
    #[default]
    Off,
    /// The sentence with the cursor.
    Sentence,
    /// The paragraph with the cursor.
    Paragraph,
}

/// The widths that the text may have, in cells.
pub const WIDTHS: RangeInclusive<u16> = 20..=200;
/// The margins that it may have, in cells.
pub const MARGINS: RangeInclusive<u16> = 3..=40;

/// How paragraphs are set apart on the screen. The text stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Apart {
    /// As they are written.
    #[default]
    Written,
    /// By an indent of the first row.
    Indented,
    /// By an empty row where the text has none.
    Spaced,
    /// Every row has one below it, for marks. No setting: it goes with what the page shows.
    #[serde(skip)]
    Marked,
}

/// The quotes of a language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumIter)]
#[serde(rename_all = "lowercase")]
pub enum Curly {
    /// Straight, as they are typed.
    #[default]
    Off,
    /// “a ‘b’”
    English,
    /// „a ‚b‘“
    German,
    /// « a “b” », with narrow spaces
    French,
    /// «a “b”»
    Spanish,
    /// «a ‹b›»
    Swiss,
    /// »a ›b‹«
    Danish,
    /// „a «b»”
    Polish,
    /// ”a ’b’”
    Swedish,
}

impl Curly {
    /// Opening and closing double quotes, then single ones.
    pub fn marks(self) -> Option<[&'static str; 4]> {
        Some(match self {
            Self::Off => return None,
            Self::English => ["“", "”", "‘", "’"],
            Self::German => ["„", "“", "‚", "‘"],
            Self::French => ["«\u{202f}", "\u{202f}»", "“", "”"],
            Self::Spanish => ["«", "»", "“", "”"],
            Self::Swiss => ["«", "»", "‹", "›"],
            Self::Danish => ["»", "«", "›", "‹"],
            Self::Polish => ["„", "”", "«", "»"],
            Self::Swedish => ["”", "”", "’", "’"],
        })
    }

    /// What a quote is behind a text; `None` if it stays.
    pub fn of(self, typed: &str, text: &str) -> Option<&'static str> {
        let [open, close, single_open, single_close] = self.marks()?;
        let ends = |marks: [&str; 2], c: char| marks.into_iter().any(|mark| mark.ends_with(c));
        let before = text.chars().next_back();
        let opens = before.is_none_or(|c| {
            let is_open = ends([open, single_open], c) && !ends([close, single_close], c);
            is_open || c.is_whitespace() || "([{—–-".contains(c)
        });
        match typed {
            "\"" => Some(if opens { open } else { close }),
            // An apostrophe is the same in all languages; behind an open quote it is taken for the closing one.
            "'" if before.is_some_and(char::is_alphanumeric) => {
                let count = |mark: &str| text.matches(mark).count();
                let is_open =
                    single_open != single_close && count(single_open) > count(single_close);
                Some(if is_open { single_close } else { "’" })
            }
            "'" => Some(if opens { single_open } else { single_close }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_open_and_close_by_what_is_before_them() {
        for (quotes, text, typed, expected) in [
            (Curly::Off, "", "\"", None),
            (Curly::English, "", "\"", Some("“")),
            (Curly::English, "a ", "\"", Some("“")),
            (Curly::English, "“a.", "\"", Some("”")),
            (Curly::English, "“", "'", Some("‘")),
            (Curly::English, "“‘a’", "\"", Some("”")),
            (Curly::English, "don", "'", Some("’")),
            (Curly::English, "‘a", "'", Some("’")),
            (Curly::English, "so—", "\"", Some("“")),
            (Curly::English, "", "a", None),
            (Curly::German, "geht", "'", Some("’")),
            (Curly::German, "„ja ‚nein", "'", Some("‘")),
            (Curly::German, "„geht", "\"", Some("“")),
            (Curly::German, "„", "'", Some("‚")),
            (Curly::German, "„‚a‘", "\"", Some("“")),
            (Curly::French, "", "\"", Some("«\u{202f}")),
            (Curly::French, "«\u{202f}oui", "\"", Some("\u{202f}»")),
            (Curly::Danish, " ", "\"", Some("»")),
            (Curly::Danish, "»a", "\"", Some("«")),
            (Curly::Swedish, " ", "\"", Some("”")),
            (Curly::English, "雨。", "\"", Some("”")),
        ] {
            assert_eq!(quotes.of(typed, text), expected, "{quotes:?} {text:?} {typed}");
        }
    }
}
