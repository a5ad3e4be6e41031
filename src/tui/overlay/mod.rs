//! Overlays open over the page and take the keys. Each is one file with its command, state, keys, mouse, drawing and
//! hints; the larger ones are folders. To add one, write its file and name it in [`TABLE`].

mod bookmarks;
mod branches;
mod compare;
mod dials;
mod difference;
mod find;
mod go_to;
mod goal;
mod headings;
mod help;
mod layer;
mod line;
mod mentions;
mod models;
mod notes;
mod palette;
mod picker;
mod question;
mod receipts;
mod recent;
mod recovered;
mod replay;
mod save;
mod scroll;
mod statistics;
mod suggest;
mod themes;
mod token;
mod vote;

pub use layer::{Flow, Layer, Spoken};
pub use recovered::Recovered;
pub use save::{quit, save};

use super::{
    command::{Command, Opens},
    desk::Desk,
};
use crate::ui::keymap::{DEFAULTS, Keymap};
use anyhow::Result;

/// Opens an overlay, or says why not.
type Open = fn(&mut Desk) -> Flow;

/// Every overlay that has a command, in the order of the help.
const TABLE: &[(&Opens, Open)] = &[
    (&token::OPENS, token::open),
    (&models::OPENS, models::open),
    (&dials::OPENS, dials::open),
    (&notes::OPENS, notes::open),
    (&compare::OPENS, compare::open),
    (&vote::OPENS, vote::open),
    (&find::OPENS, find::open),
    (&headings::OPENS, headings::open),
    (&go_to::OPENS, go_to::open),
    (&bookmarks::OPENS, bookmarks::open),
    (&suggest::OPENS, suggest::open),
    (&statistics::OPENS, statistics::open),
    (&goal::OPENS, goal::open),
    (&branches::OPENS, branches::open),
    (&replay::OPENS, replay::open),
    (&receipts::OPENS, receipts::open),
    (&save::OPENS, save::open),
    (&palette::OPENS, palette::open),
    (&themes::OPENS, themes::open),
    (&recent::OPENS, recent::open),
    (&mentions::OPENS, mentions::open),
    (&help::OPENS, help::open),
];

/// Opens the overlay of a command.
pub fn open(overlay: &Opens, desk: &mut Desk) -> Flow {
    let row = TABLE.iter().find(|(opens, _)| *opens == overlay);
    row.map_or(Flow::Stay, |(_, open)| open(desk))
}

/// All commands, including those of overlays, in the order of the help.
pub fn commands() -> Vec<Command> {
    Command::all(TABLE.iter().map(|(opens, _)| *opens))
}

/// The default keys of the desk, including those of overlays.
///
/// # Errors
/// The table of keys is broken; a test checks that it isn't.
pub fn keymap() -> Result<Keymap<Command>> {
    let mut table = DEFAULTS.to_owned();
    for (opens, _) in TABLE {
        for key in opens.keys {
            table.push_str(&format!("{key:?} = {:?}\n", opens.name));
        }
    }
    Keymap::parse(&table, commands())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_help_a_heading_and_a_name_of_its_own() {
        for command in commands() {
            let name = command.name();
            assert!(!name.is_empty() && !command.help().is_empty(), "{command:?} has no help");
            let headings = commands()
                .iter()
                .filter(|other| !matches!(other, Command::Opens(_)))
                .map(|other| other.heading())
                .collect::<Vec<_>>();
            assert!(headings.contains(&command.heading()), "{name} has a heading of its own");
            assert_eq!(commands().iter().filter(|other| other.name() == name).count(), 1, "{name}");
        }
    }
}
