//! The README's table of keys is the program's.

use strum::{EnumMessage, IntoEnumIterator};
use unstuck::{
    tui::command::Command,
    ui::keymap::{DEFAULTS, Keymap},
};

#[test]
fn the_table_of_keys_is_the_command_table() {
    let keymap = Keymap::<Command>::parse(DEFAULTS).unwrap();
    let mut table = String::from("| act | keys |\n|---|---|\n");
    // moving about is as everywhere
    for command in Command::iter().filter(|command| command.get_message() != Some("Moving")) {
        let what = command.get_documentation().unwrap().trim_end_matches('.');
        let keys: Vec<_> = keymap.keys(command).map(|key| format!("`{key}`")).collect();
        if !keys.is_empty() {
            table += &format!("| {what} | {} |\n", keys.join(", "));
        }
    }
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("<!-- keys -->\n").unwrap();
    let (found, _) = rest.split_once("<!-- /keys -->").unwrap();
    assert_eq!(found, table, "put this into README.md, between the marks:\n{table}");
}
