//! The README's pictures show the desk as it is: a change that is seen has to draw them anew.

#[path = "../../examples/pictures.rs"]
mod drawn;

use std::fs;

#[test]
fn the_pictures_are_fresh_and_shown() {
    let readme = fs::read_to_string("README.md").unwrap();
    for (name, drawing) in drawn::pictures() {
        let path = format!("pictures/{name}.svg");
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == drawing,
            "{path} is not what the desk draws now: cargo run --release --example pictures"
        );
        assert!(readme.contains(&path), "README.md doesn't show {path}");
    }
    let files = fs::read_dir("pictures").unwrap().count();
    assert_eq!(files, drawn::pictures().len(), "a picture that nothing draws");
}
