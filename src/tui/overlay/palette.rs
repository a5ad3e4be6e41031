//! The palette: finds a command by a few letters, and runs it.

use super::{
    layer::Flow,
    picker::{Choices, Entry, Picker},
};
use crate::tui::{
    command::{Command, Opens},
    desk::Desk,
};

/// The command.
pub const OPENS: Opens = Opens {
    name: "palette",
    heading: "The desk",
    help: "Find any command by a few letters, and run it.",
    keys: &["ctrl-p", "f12"],
};

struct Commands;

/// Shows every command with its keys.
pub fn open(desk: &mut Desk) -> Flow {
    let entry = |command: &Command| {
        let keys: Vec<_> = desk.keymap.keys(*command).take(2).map(|key| key.to_string()).collect();
        Entry {
            name: command.name().replace('-', " "),
            about: command.help().to_owned(),
            key: keys.join("  "),
            value: *command,
        }
    };
    let others = desk.keymap.commands().iter().filter(|command| command.name() != OPENS.name);
    Flow::open(Picker::new(Commands, others.map(entry).collect(), 0))
}

impl Choices for Commands {
    type Value = Command;

    fn title(&self) -> &'static str {
        "commands"
    }

    fn verb(&self) -> &'static str {
        "run"
    }

    fn choose(&mut self, command: &Command, _: &mut Desk) -> Flow {
        Flow::Run(*command)
    }
}
