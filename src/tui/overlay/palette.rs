//! The palette: finds a command by a few letters or by another word for it, and runs it. Commands that were run from it
//! come first.

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

/// Other words for commands.
const ALSO: &[(&str, &str)] = &[
    ("ask", "generate suggest complete continue help-me ai"),
    ("stop", "cancel abort"),
    ("roll-again", "retry regenerate reroll"),
    ("pin", "keep hold"),
    ("idle", "automatic autocomplete"),
    ("take-all", "accept insert"),
    ("take-word", "accept"),
    ("model-off", "disable ai human only"),
    ("models", "engine llm switch load"),
    ("dials", "temperature sampling settings creativity"),
    ("notes", "memory names characters"),
    ("undo", "revert back mistake"),
    ("redo", "again"),
    ("find", "search replace regex grep"),
    ("select-more", "expand word sentence paragraph"),
    ("duplicate-paragraph", "copy line"),
    ("move-paragraph-up", "swap reorder line"),
    ("move-paragraph-down", "swap reorder line"),
    ("statistics", "count words length reading progress"),
    ("spelling", "spellcheck typos mistakes dictionary"),
    ("suggest", "spellcheck correct typo"),
    ("goal", "target quota aim"),
    ("timer", "sprint pomodoro minutes"),
    ("branches", "history versions tree map past"),
    ("whose", "author authorship share wrote rank surprise scores gltr perplexity"),
    ("critic", "cliche weak repeated words review"),
    ("headings", "chapters scenes outline contents toc navigate"),
    ("go-to", "jump percent line position"),
    ("bookmark", "mark place"),
    ("bookmarks", "marks places"),
    ("focus", "highlight dim distraction zen"),
    ("typewriter", "scroll centre center"),
    ("wider", "width column margin"),
    ("narrower", "width column margin"),
    ("paragraphs", "indent spacing blank"),
    ("quotes", "smart curly typographic"),
    ("themes", "colours colors dark light appearance"),
    ("recent", "open files drafts switch"),
    ("save-as", "rename copy"),
    ("save", "write store"),
    ("quit", "exit close leave"),
    ("on-air", "show stage present live"),
    ("tour", "tutorial introduction learn start"),
    ("mentions", "bot queue approve"),
    ("help", "keys shortcuts manual"),
];

/// How many commands are remembered.
const KEPT: usize = 5;

struct Commands;

/// Shows every command with its keys, those that were run last first.
pub fn open(desk: &mut Desk) -> Flow {
    let entry = |command: &Command| {
        let keys: Vec<_> = desk.keymap.keys(*command).take(2).map(|key| key.to_string()).collect();
        let also = ALSO.iter().find(|(name, _)| *name == command.name());
        Entry {
            name: command.name().replace('-', " "),
            about: command.help().to_owned(),
            also: also.map_or("", |(_, words)| words),
            key: keys.join("  "),
            value: *command,
        }
    };
    let others = desk.keymap.commands().iter().filter(|command| command.name() != OPENS.name);
    let mut others: Vec<_> = others.collect();
    let last = |command: &&Command| {
        let place = desk.world.commands.iter().position(|name| *name == command.name());
        place.unwrap_or(KEPT)
    };
    others.sort_by_key(last);
    let entries = others.into_iter().map(entry).collect();
    Flow::open(Picker::new(Commands, entries, 0))
}

impl Choices for Commands {
    type Value = Command;

    fn title(&self) -> &'static str {
        "commands"
    }

    fn verb(&self) -> &'static str {
        "run"
    }

    fn choose(&mut self, command: &Command, desk: &mut Desk) -> Flow {
        let last = &mut desk.world.commands;
        last.retain(|name| *name != command.name());
        last.insert(0, command.name());
        last.truncate(KEPT);
        Flow::Run(*command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::overlay::commands;

    #[test]
    fn other_words_are_for_commands_that_exist() {
        let names: Vec<_> = commands().into_iter().map(Command::name).collect();
        for (name, words) in ALSO {
            assert!(names.contains(name), "{name}");
            assert!(
                !words.split(' ').any(|word| name.split('-').any(|part| part == word)),
                "{name}"
            );
        }
    }
}
