//! Themes: roles by meaning, each with a fallback; files name colours and styles, terminals get what they can show.

use anyhow::{Context, Result, anyhow, bail};
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use std::collections::BTreeMap;
use strum::{EnumCount, EnumIter, IntoEnumIterator};

/// The themes in the binary, by name.
const EMBEDDED: [(&str, &str); 3] = [
    ("ink", include_str!("../../themes/ink.toml")),
    ("paper", include_str!("../../themes/paper.toml")),
    ("plain", include_str!("../../themes/plain.toml")),
];

/// What a piece of the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumCount, EnumIter, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The writer's words, and the ground everything stands on.
    Text,
    /// What can be overlooked: states, hints, margins.
    Quiet,
    /// Lines between parts.
    Rule,
    /// The draft's name.
    Title,
    /// Taken words of the machine.
    Machine,
    /// Words on offer behind the cursor.
    Ghost,
    /// Text that the model does not see.
    Unseen,
    /// Selected text.
    Selection,
    /// An offer.
    Offer,
    /// An offer that no longer agrees with the page.
    Stale,
    /// The number of an offer, the mark of an unsaved draft, the margin's marks.
    Mark,
    /// The name of a key.
    Key,
    /// A notice.
    Notice,
    /// Something went wrong.
    Error,
}

impl Role {
    /// Whose look fills what a theme leaves open.
    fn fallback(self) -> Option<Self> {
        match self {
            Self::Text => None,
            Self::Rule | Self::Ghost | Self::Unseen | Self::Stale => Some(Self::Quiet),
            Self::Notice | Self::Error => Some(Self::Mark),
            _ => Some(Self::Text),
        }
    }
}

/// How much colour the terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// None at all: styles only.
    None,
    /// The sixteen named colours.
    Sixteen,
    /// The palette of 256.
    Indexed,
    /// Every colour.
    #[default]
    True,
}

impl Depth {
    /// Reads the environment's habits: the values of `NO_COLOR`, `COLORTERM` and `TERM`.
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

    /// The nearest colour that can be shown.
    fn show(self, colour: Color) -> Option<Color> {
        match (self, colour) {
            (Self::None, _) => None,
            (Self::Indexed, Color::Rgb(r, g, b)) => {
                Some(Color::Indexed(nearest(r, g, b, 16..=255)))
            }
            (Self::Sixteen, Color::Rgb(r, g, b)) => Some(Color::Indexed(nearest(r, g, b, 0..=15))),
            _ => Some(colour),
        }
    }
}

/// The index of the palette's colour that is nearest.
fn nearest(r: u8, g: u8, b: u8, among: std::ops::RangeInclusive<u8>) -> u8 {
    let away = |index: u8| {
        let (x, y, z) = palette(index);
        let square = |a: u8, b: u8| (i32::from(a) - i32::from(b)).pow(2);
        // The eye tells greens apart best, then reds.
        3 * square(r, x) + 4 * square(g, y) + 2 * square(b, z)
    };
    among.min_by_key(|index| away(*index)).unwrap_or(7)
}

/// The usual value of a colour of the palette (xterm's).
fn palette(index: u8) -> (u8, u8, u8) {
    const NAMED: [(u8, u8, u8); 16] = [
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
    let step = |level: u8| if level == 0 { 0 } else { 55 + 40 * level };
    match index {
        0..=15 => NAMED[usize::from(index)],
        16..=231 => {
            let cube = index - 16;
            (step(cube / 36), step(cube / 6 % 6), step(cube % 6))
        }
        232..=255 => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

/// One role in a theme's file. Strict: a misspelt key is an error.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Look {
    fg: Option<Colour>,
    bg: Option<Colour>,
    bold: Option<bool>,
    dim: Option<bool>,
    italic: Option<bool>,
    underline: Option<bool>,
    reverse: Option<bool>,
}

impl Look {
    /// What is open here is taken from `other`.
    fn or(self, other: Self) -> Self {
        Self {
            fg: self.fg.or(other.fg),
            bg: self.bg.or(other.bg),
            bold: self.bold.or(other.bold),
            dim: self.dim.or(other.dim),
            italic: self.italic.or(other.italic),
            underline: self.underline.or(other.underline),
            reverse: self.reverse.or(other.reverse),
        }
    }

    fn style(self, depth: Depth) -> Style {
        let shown = |colour: Option<Colour>| colour.and_then(|Colour(colour)| depth.show(colour));
        let mut style = Style { fg: shown(self.fg), bg: shown(self.bg), ..Style::default() };
        // Where a colour says quiet already, dimming it too would make it hard to read.
        let dim = self.dim.filter(|_| style.fg.is_none());
        for (wanted, modifier) in [
            (self.bold, Modifier::BOLD),
            (dim, Modifier::DIM),
            (self.italic, Modifier::ITALIC),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
        ] {
            if wanted == Some(true) {
                style = style.add_modifier(modifier);
            }
        }
        style
    }
}

/// `#rrggbb`, one of the sixteen names, or a number of the palette.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Colour(Color);

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no colour: write `#d9d4c7`, `light-blue` or `214`");
        let colour: Color = text.parse().map_err(|_| wrong())?;
        Ok(Self(colour))
    }
}

/// A theme's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The theme that fills what this one leaves open.
    parent: Option<String>,
    #[serde(default)]
    roles: BTreeMap<Role, Look>,
}

/// How each role looks on this terminal.
#[derive(Clone, Debug)]
pub struct Theme {
    styles: [Style; Role::COUNT],
}

impl Theme {
    /// The names that `load` knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        EMBEDDED.iter().map(|(name, _)| *name)
    }

    /// A theme in the binary.
    pub fn load(name: &str, depth: Depth) -> Result<Self> {
        let roles = gather(name, &mut Vec::new())?;
        Ok(Self::new(&roles, depth))
    }

    fn new(roles: &BTreeMap<Role, Look>, depth: Depth) -> Self {
        let mut styles = [Style::default(); Role::COUNT];
        for role in Role::iter() {
            let mut look = Look::default();
            let mut from = Some(role);
            while let Some(next) = from {
                look = look.or(roles.get(&next).copied().unwrap_or_default());
                from = next.fallback();
            }
            styles[role as usize] = look.style(depth);
        }
        Self { styles }
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}

/// The roles of a theme over those of its parents.
fn gather(name: &str, seen: &mut Vec<String>) -> Result<BTreeMap<Role, Look>> {
    if seen.iter().any(|known| known == name) {
        bail!("theme `{name}` is its own parent ({} -> {name})", seen.join(" -> "));
    }
    seen.push(name.to_owned());
    let (_, text) = EMBEDDED.iter().find(|(known, _)| *known == name).ok_or_else(|| {
        let names: Vec<_> = Theme::names().collect();
        anyhow!("there is no theme `{name}`; there are {}", names.join(", "))
    })?;
    let file: File = toml::from_str(text).with_context(|| format!("theme `{name}`"))?;
    let mut roles = match file.parent {
        Some(parent) => gather(&parent, seen)?,
        None => BTreeMap::new(),
    };
    for (role, look) in file.roles {
        let under = roles.get(&role).copied().unwrap_or_default();
        roles.insert(role, look.or(under));
    }
    Ok(roles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_loads_at_every_depth() {
        for name in Theme::names() {
            for depth in [Depth::None, Depth::Sixteen, Depth::Indexed, Depth::True] {
                let theme = Theme::load(name, depth).expect(name);
                let coloured = Role::iter().any(|role| theme.style(role).fg.is_some());
                assert_eq!(coloured, depth != Depth::None && name != "plain", "{name}");
                // Never by colour alone.
                for role in [Role::Machine, Role::Ghost, Role::Selection] {
                    let marked = theme.style(role).add_modifier;
                    assert_ne!(marked, theme.style(Role::Text).add_modifier, "{name} {role:?}");
                }
            }
        }
        assert!(Theme::load("inc", Depth::True).is_err());
    }

    #[test]
    fn a_misspelt_key_is_an_error() {
        for text in ["[roles]\ntext = { fgg = \"red\" }", "[roles]\ntxt = {}", "rolls = 1"] {
            assert!(toml::from_str::<File>(text).is_err(), "{text}");
        }
        assert!(toml::from_str::<File>("[roles]\ntext = { fg = \"#d9d4c7\" }").is_ok());
    }

    #[test]
    fn the_environment_tells_the_depth() {
        assert_eq!(Depth::told(Some("1"), Some("truecolor"), None), Depth::None);
        assert_eq!(Depth::told(Some(""), None, Some("xterm-256color")), Depth::Indexed);
        assert_eq!(Depth::told(None, Some("truecolor"), Some("xterm")), Depth::True);
        assert_eq!(Depth::told(None, None, Some("linux")), Depth::Sixteen);
    }
}
