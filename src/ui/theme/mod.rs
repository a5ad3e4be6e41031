//! Themes. A theme gives each [`Role`], such as ghost text or an error, a look: two colours and some styles.
//!
//! What a theme doesn't set comes from the role's fallback ([`Role`] `Ghost` falls back to `Quiet`, for example), then from
//! the theme's parent. [`Depth`] is the number of colours of the terminal. If it has fewer than the theme uses, the
//! background is reduced to the nearest colour first. Then the letters get the nearest colour that is still readable on
//! that background: a contrast of at least 4.5, as WCAG defines it. With sixteen colours, whose values differ between
//! terminals, the lower of the contrasts with xterm's and the Linux console's colours counts. So a terminal never shows
//! text that can't be read, even in a theme whose author never saw that terminal.

mod colour;
mod file;

pub use colour::{Depth, linear, rgb};
pub use file::Themes;

use file::Look;
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use std::collections::BTreeMap;
use strum::{EnumCount, EnumIter, EnumMessage, IntoEnumIterator, IntoStaticStr};

/// The meaning of a piece of the screen.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    EnumCount,
    EnumIter,
    EnumMessage,
    IntoStaticStr,
    Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Role {
    /// The writer's text, and the background of everything.
    Text,
    /// What can be overlooked: states, hints, margins.
    Quiet,
    /// Lines between parts of the screen.
    Rule,
    /// The draft's name.
    Title,
    /// Text by the model that was taken.
    Machine,
    /// Text by the model that the writer changed, when authors are shown.
    Edited,
    /// Pasted text, when authors are shown.
    Pasted,
    /// Text by an unknown author, when authors are shown.
    Unknown,
    /// Ghost text.
    Ghost,
    /// Text that the model doesn't see.
    Unseen,
    /// Selected text.
    Selection,
    /// A match of the search.
    Found,
    /// The chosen row of a list.
    Chosen,
    /// A token that the model expected: top 10 by rank, under 3 bits by surprise.
    Expected,
    /// A token of the next level: top 100, under 6 bits.
    Likely,
    /// A token of the next level: top 1,000, under 10 bits.
    Unlikely,
    /// A token that the model did not expect.
    Surprising,
    /// A run of tokens that the model ranks first, marked by the critic.
    Cliche,
    /// A weak word, marked by the critic.
    Weak,
    /// A word that is repeated nearby, marked by the critic.
    Repeated,
    /// An offer.
    Offer,
    /// An offer that no longer agrees with the page.
    Stale,
    /// An offer's number, the mark of an unsaved draft, marks in the margin.
    Mark,
    /// The name of a key.
    Key,
    /// A notice.
    Notice,
    /// An error.
    Error,
    /// The model's text on air.
    OnAir,
}

impl Role {
    /// The role that provides what a theme doesn't set.
    fn fallback(self) -> Option<Self> {
        match self {
            Self::Text => None,
            Self::Rule | Self::Ghost | Self::Unseen | Self::Stale | Self::Unknown => {
                Some(Self::Quiet)
            }
            Self::Edited => Some(Self::Machine),
            Self::Notice | Self::Error | Self::Found => Some(Self::Mark),
            Self::Chosen => Some(Self::Selection),
            Self::Likely => Some(Self::Expected),
            Self::Cliche => Some(Self::Surprising),
            Self::Weak => Some(Self::Unlikely),
            Self::Repeated => Some(Self::Likely),
            _ => Some(Self::Text),
        }
    }

    /// The contrast it needs, as WCAG defines it: 4.5 for text, less for lines.
    pub fn contrast(self) -> f64 {
        if self == Self::Rule { 1.2 } else { 4.5 }
    }
}

/// The style of each role on this terminal.
#[derive(Clone, Debug)]
pub struct Theme {
    name: String,
    styles: [Style; Role::COUNT],
    is_plain: bool,
}

impl Theme {
    fn new(name: &str, roles: &BTreeMap<Role, Look>, depth: Depth) -> Self {
        let look = |role: Role| {
            let mut look = Look::default();
            let mut from = Some(role);
            while let Some(next) = from {
                look = look.or(roles.get(&next).copied().unwrap_or_default());
                from = next.fallback();
            }
            look
        };
        let mut styles = [Style::default(); Role::COUNT];
        for role in Role::iter() {
            styles[role as usize] = style(look(role), role.contrast(), depth);
        }
        let is_plain = roles.values().all(|look| look.colours() == (None, None));
        Self { name: name.to_owned(), styles, is_plain }
    }

    /// The theme's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it sets no colours, so that marks have to say what colours can't.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}

/// A look as a style for this terminal.
fn style(look: Look, wanted: f64, depth: Depth) -> Style {
    let (fg, bg) = look.colours();
    let ground = bg.and_then(|bg| depth.ground(bg));
    // The contrast of the theme itself, if that is lower, is enough.
    let own = fg.zip(bg).map_or(wanted, |(fg, bg): (Color, Color)| depth.contrast(fg, bg));
    let letters = fg.and_then(|fg| depth.letters(fg, ground, wanted.min(own)));
    let mut style = Style { fg: letters, bg: ground, ..Style::default() };
    // A colour that is already subdued would be hard to read if it were dimmed too.
    let dim = look.dim.filter(|_| style.fg.is_none());
    for (wanted, modifier) in [
        (look.bold, Modifier::BOLD),
        (dim, Modifier::DIM),
        (look.italic, Modifier::ITALIC),
        (look.underline, Modifier::UNDERLINED),
        (look.reverse, Modifier::REVERSED),
    ] {
        if wanted == Some(true) {
            style = style.add_modifier(modifier);
        }
    }
    style
}
