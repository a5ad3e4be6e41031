//! The manual's pictures show the desk as it is, with what the built-in model offers. After a visible change they have to
//! be drawn again.

#[path = "../../examples/pictures.rs"]
mod drawn;

use crate::skipped::skipped;
use std::fs;

#[test]
fn the_pictures_are_fresh_and_shown() {
    let pages: String =
        ["README.md", "docs/desk.md"].map(|page| fs::read_to_string(page).unwrap()).concat();
    let mut others = 0;
    for (name, drawing) in drawn::pictures() {
        let path = format!("pictures/{name}.svg");
        let there = fs::read_to_string(&path).unwrap_or_default();
        let kernels = |drawing: &str| {
            let line = drawing.lines().find(|line| line.starts_with("<!--")).unwrap_or_default();
            line.split_once(", kernels ").map(|(_, kernels)| kernels.to_owned())
        };
        let is_other = kernels(&there).is_some() && kernels(&there) != kernels(&drawing);
        others += usize::from(is_other);
        assert!(
            is_other || there == drawing,
            "{path} is not what the desk draws now: cargo run --release --example pictures"
        );
        assert!(pages.contains(&path), "neither README.md nor docs/desk.md shows {path}");
    }
    if others > 0 {
        skipped("the pictures were drawn on a processor with other kernels");
    }
    let files = fs::read_dir("pictures").unwrap().count();
    assert_eq!(files, drawn::pictures().len(), "a picture that nothing draws");
}
