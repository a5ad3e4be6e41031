//! Colours: reducing them to what a terminal can show, and the contrast between two of them.

use ratatui::style::Color;
use serde::Deserialize;

/// The number of colours that the terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// No colours, only styles such as bold.
    None,
    /// The sixteen named colours.
    Sixteen,
    /// The palette of 256.
    Indexed,
    /// 24-bit colour.
    #[default]
    True,
}

impl Depth {
    /// The depth that `NO_COLOR`, `COLORTERM` and `TERM` indicate.
    pub fn told(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        if no_color.is_some_and(|value| !value.is_empty()) || term == "dumb" {
            Self::None
        } else if matches!(colorterm, Some("truecolor" | "24bit")) || term.contains("direct") {
            Self::True
        } else if term.contains("256") || term.contains("kitty") || term.contains("alacritty") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }

    /// The nearest background colour that can be shown. With sixteen colours, only the first eight work everywhere.
    pub fn ground(self, colour: Color) -> Option<Color> {
        self.reduce(colour, 0..=7, |_| true)
    }

    /// The nearest colour for letters that can be shown and has at least the contrast `wanted` on `ground`; the nearest
    /// one of all if none has.
    pub fn letters(self, colour: Color, ground: Option<Color>, wanted: f64) -> Option<Color> {
        let Some(ground) = ground else { return self.reduce(colour, 0..=15, |_| true) };
        let readable = |index: u8| self.contrast(Color::Indexed(index), ground) >= wanted;
        self.reduce(colour, 0..=15, readable).or_else(|| self.reduce(colour, 0..=15, |_| true))
    }

    fn reduce(
        self,
        colour: Color,
        named: std::ops::RangeInclusive<u8>,
        fits: impl Fn(u8) -> bool,
    ) -> Option<Color> {
        let among = match (self, colour) {
            (Self::None, _) => return None,
            (Self::Indexed, Color::Rgb(..)) => 16..=255,
            (Self::Sixteen, Color::Rgb(..) | Color::Indexed(16..)) => named,
            _ => return Some(colour),
        };
        let wanted = value(colour, &XTERM)?;
        among
            .filter(|index| fits(*index))
            .min_by_key(|index| away(wanted, *index))
            .map(Color::Indexed)
    }

    /// The contrast of letters on a background: WCAG's ratio, from 1 to 21. Terminals differ in the sixteen colours, so
    /// the lower of the ratios with xterm's and the Linux console's colours counts.
    pub fn contrast(self, letters: Color, ground: Color) -> f64 {
        let ratio = |named: &Named| {
            let (a, b) = (value(letters, named)?, value(ground, named)?);
            let (a, b) = (luminance(a), luminance(b));
            Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
        };
        let tables: &[&Named] = if self == Self::Sixteen { &[&XTERM, &CONSOLE] } else { &[&XTERM] };
        tables.iter().filter_map(|named| ratio(named)).fold(21.0, f64::min)
    }
}

/// Red, green, blue.
type Value = (u8, u8, u8);
type Named = [Value; 16];

/// xterm's sixteen colours.
const XTERM: Named = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// The Linux console's sixteen colours, which are VGA's.
const CONSOLE: Named = [
    (0, 0, 0),
    (170, 0, 0),
    (0, 170, 0),
    (170, 85, 0),
    (0, 0, 170),
    (170, 0, 170),
    (0, 170, 170),
    (170, 170, 170),
    (85, 85, 85),
    (255, 85, 85),
    (85, 255, 85),
    (255, 255, 85),
    (85, 85, 255),
    (255, 85, 255),
    (85, 255, 255),
    (255, 255, 255),
];

/// Red, green and blue of a colour, as xterm shows it; `None` for the terminal's own default colour.
pub fn rgb(colour: Color) -> Option<(u8, u8, u8)> {
    value(colour, &XTERM)
}

fn value(colour: Color, named: &Named) -> Option<Value> {
    let index = match colour {
        Color::Rgb(r, g, b) => return Some((r, g, b)),
        Color::Indexed(index) => index,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Reset => return None,
    };
    let step = |level: u8| if level == 0 { 0 } else { 55 + 40 * level };
    Some(match index {
        0..=15 => named[usize::from(index)],
        16..=231 => {
            let cube = index - 16;
            (step(cube / 36), step(cube / 6 % 6), step(cube % 6))
        }
        232.. => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    })
}

/// The distance of a colour from one of the palette.
fn away((r, g, b): Value, index: u8) -> i32 {
    let (x, y, z) = value(Color::Indexed(index), &XTERM).unwrap_or_default();
    let square = |a: u8, b: u8| (i32::from(a) - i32::from(b)).pow(2);
    // The eye is most sensitive to green, then to red.
    3 * square(r, x) + 4 * square(g, y) + 2 * square(b, z)
}

/// WCAG's relative luminance of a colour.
fn luminance((r, g, b): Value) -> f64 {
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/// One sRGB channel as linear light, from 0 to 1.
pub fn linear(channel: u8) -> f64 {
    let share = f64::from(channel) / 255.0;
    if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
}

/// `#rrggbb`, one of the sixteen names, or a number of the palette.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Colour(pub Color);

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a colour; write `#d9d4c7`, `light-blue` or `214`");
        let colour: Color = text.parse().map_err(|_| wrong())?;
        Ok(Self(colour))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_determines_the_depth() {
        assert_eq!(Depth::told(Some("1"), Some("truecolor"), None), Depth::None);
        assert_eq!(Depth::told(Some(""), None, Some("xterm-256color")), Depth::Indexed);
        assert_eq!(Depth::told(None, Some("truecolor"), Some("xterm")), Depth::True);
        assert_eq!(Depth::told(None, None, Some("linux")), Depth::Sixteen);
    }

    #[test]
    fn contrast_is_wcags() {
        let ratio = |a, b| Depth::True.contrast(a, b);
        assert!((ratio(Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255)) - 21.0).abs() < 1e-9);
        // The grey that is known to be just enough on white.
        let grey = ratio(Color::Rgb(0x76, 0x76, 0x76), Color::Rgb(255, 255, 255));
        assert!((grey - 4.54).abs() < 0.01, "{grey}");
        assert!((ratio(Color::White, Color::White) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_reduced_colour_can_be_read_on_its_reduced_ground() {
        let (amber, night) = (Color::Rgb(0x8a, 0x4b, 0x08), Color::Rgb(0xf7, 0xf4, 0xec));
        for depth in [Depth::Sixteen, Depth::Indexed] {
            let ground = depth.ground(night);
            let letters = depth.letters(amber, ground, 4.5);
            assert!(depth.contrast(letters.unwrap(), ground.unwrap()) >= 4.5, "{depth:?}");
        }
    }
}
