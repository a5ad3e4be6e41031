//! Draws the manual's pictures with the real desk: `cargo run --release --example pictures` writes `pictures/*.svg`. The
//! offers in them are those of the built-in model. Each picture says with which seed and with which kernels, since a
//! processor with other kernels rounds differently.

#![allow(dead_code, clippy::unwrap_used)] // a test reads this file too, and uses other parts of it

#[path = "../tests/support/desk/mod.rs"]
mod desk;

use desk::Desk;
use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use std::{fmt::Write, fs, path::Path};
use unicode_width::UnicodeWidthStr;
use unstuck::{
    generate::Engine,
    model::{Precision, kernels},
    session::Session,
    tui::Settings,
    ui::theme::{Depth, rgb},
};

/// A cell's size in the picture.
const CELL: (f32, f32) = (8.4, 18.0);

const SHORT: &str = "There were three rules on the island. The first was that nobody spoke of the boat.\n\n\
                     The second was that the lamps were put out at nine, whether there was";

/// The seed of the first offer.
const SEED: u64 = 7;

/// The step in which the model answers all that it was asked.
const ANSWER: &str = "the model answers";

/// Ask, and wait for three offers.
const THREE: &[&str] = &["<ctrl-space>", ANSWER];

/// Each picture's name, and what is on it.
pub fn pictures() -> Vec<(&'static str, String)> {
    let take = [THREE, &["<ctrl-right>", "<ctrl-right>"]].concat();
    let choose = [THREE, &["<f6>", "<down>"]].concat();
    let worded = "The second was that the lamps were put out at nine, whether there was reading to be done or not.";
    let after = format!("{}{worded}\n\nThe third", &SHORT[..SHORT.find("The second").unwrap_or(0)]);
    vec![
        ("desk", picture("ink", (100, 22), SHORT, &take)),
        ("offers", picture("ink", (100, 22), SHORT, &choose)),
        ("paper", picture("paper", (80, 18), &after, &["<ctrl-space>", ANSWER, "<ctrl-right>"])),
        ("foxglove", picture("foxglove", (80, 18), &after, &["<alt-c>", "fox"])),
        ("narrow", picture("harbour", (48, 18), SHORT, &take)),
        ("palette", picture("moss", (80, 18), SHORT, &["<ctrl-p>", "take"])),
    ]
}

fn picture(theme: &str, size: (u16, u16), text: &str, steps: &[&str]) -> String {
    let mut settings = Settings { theme: theme.into(), depth: Depth::True, ..Settings::default() };
    settings.sampling.seed = SEED;
    let mut engine = Engine::embedded(Precision::default()).unwrap();
    // There is no such file: the draft only has its name.
    let session =
        Session::open(Path::new("no-such-folder/island.md")).unwrap_or_else(|_| Session::new());
    let mut desk = Desk::new(session, &settings, Vec::new());
    desk.size(size.0, size.1);
    desk.step(&format!("^{text}"));
    for step in steps {
        match *step {
            ANSWER => desk.serve(&mut engine),
            step => desk.steps(&[step]),
        }
    }
    desk.draw();
    let cursor = desk.screen.get_cursor_position().ok().map(|at| (at.x, at.y));
    svg(desk.screen.backend().buffer(), cursor)
}

/// What the pictures are made with.
pub fn made() -> String {
    format!("the built-in model, seed {SEED}, kernels {}", kernels::level().name())
}

/// A screen as a drawing. What looks the same and stands together is one text, stretched to its cells.
fn svg(buffer: &Buffer, cursor: Option<(u16, u16)>) -> String {
    let (w, h) = (f32::from(buffer.area.width) * CELL.0, f32::from(buffer.area.height) * CELL.1);
    let ground = hex(buffer.content()[0].bg);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.1} {:.1}\" width=\"{:.0}\" \
         font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <!-- {} -->\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{ground}\"/>\n",
        w + 16.0,
        h + 16.0,
        w + 16.0,
        made()
    );
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let first = look(&buffer[(x, y)], cursor == Some((x, y)));
            let (start, mut text, mut cells) = (x, String::new(), 0);
            while x < buffer.area.width && look(&buffer[(x, y)], cursor == Some((x, y))) == first {
                let symbol = buffer[(x, y)].symbol();
                let wide = symbol.width().max(1) as u16;
                text.push_str(symbol);
                (x, cells) = (x + wide, cells + wide);
            }
            run(&mut out, (start, y), cells, &text, &first, &ground);
        }
    }
    out + "</svg>\n"
}

/// Colours and style of a cell: letters, ground, modifiers.
type Look = (String, String, Modifier);

fn look(cell: &Cell, cursor: bool) -> Look {
    let reversed = cell.modifier.contains(Modifier::REVERSED) != cursor;
    let (fg, bg) = if reversed { (cell.bg, cell.fg) } else { (cell.fg, cell.bg) };
    (hex(fg), hex(bg), cell.modifier)
}

fn run(out: &mut String, at: (u16, u16), cells: u16, text: &str, look: &Look, ground: &str) {
    let (fg, bg, modifier) = look;
    let (x, y) = (8.0 + f32::from(at.0) * CELL.0, 8.0 + f32::from(at.1) * CELL.1);
    let wide = f32::from(cells) * CELL.0;
    // Writing to a String can't fail.
    if bg != ground {
        let height = CELL.1;
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{height}\" fill=\"{bg}\"/>"
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let mut style = String::new();
    for (wanted, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if modifier.contains(wanted) {
            style += attribute;
        }
    }
    // Spaces at the ends would be lost, or stretched: a text begins and ends with what is seen.
    let before = text.chars().take_while(|c| *c == ' ').count() as f32;
    let shown = text.trim_matches(' ');
    let (x, wide) = (x + before * CELL.0, shown.width() as f32 * CELL.0);
    let escaped = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let escaped = escaped.replace("  ", "\u{a0}\u{a0}");
    let base = y + 13.5;
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{base:.1}\" textLength=\"{wide:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
         fill=\"{fg}\"{style}>{escaped}</text>"
    );
}

fn hex(colour: Color) -> String {
    let (r, g, b) = rgb(colour).unwrap_or((128, 128, 128));
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures");
    fs::create_dir_all(&folder)?;
    for (name, drawing) in pictures() {
        fs::write(folder.join(format!("{name}.svg")), drawing)?;
    }
    println!("{}: written", folder.display());
    Ok(())
}
