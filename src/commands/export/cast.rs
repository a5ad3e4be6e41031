//! Asciicast: the page as it changed, as a recording of a terminal. Version 3 gives the time since the event before,
//! version 2 the time since the beginning.

use super::Source;
use crate::{
    session::{Author, Player, What},
    ui::replay::{IDLE, Screen, about},
};
use serde_json::json;
use std::time::Duration;

/// The size of the terminal.
const COLS: usize = 80;
const ROWS: usize = 24;

/// The recording, one JSON value a line.
pub fn write(source: &Source, version: u8) -> String {
    let title = source.session.title();
    let since = |time: std::time::SystemTime| {
        time.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
    };
    let begun = source.film.scenes.get(source.range.start).map_or(0, |scene| since(scene.time));
    let idle = IDLE.as_secs_f64();
    let head = match version {
        2 => json!({
            "version": 2, "width": COLS, "height": ROWS, "timestamp": begun, "title": title,
            "idle_time_limit": idle,
        }),
        _ => json!({
            "version": 3, "term": { "cols": COLS, "rows": ROWS }, "timestamp": begun,
            "title": title, "idle_time_limit": idle,
        }),
    };
    let mut text = format!("{head}\n");
    let mut player = Player::new(source.film.clone());
    player.seek(source.range.start);
    let mut shown = Screen::default();
    let mut before = Duration::ZERO;
    let mut event = |time: Duration, kind: &str, data: &str| {
        let seconds = |time: Duration| (time.as_millis() as f64) / 1000.0;
        let when = if version == 2 { seconds(time) } else { seconds(time) - seconds(before) };
        // The intervals of version 3 are rounded together, so that no error adds up.
        let when = (when * 1000.0).round() / 1000.0;
        before = time;
        text += &format!("{}\n", json!([when, kind, data]));
    };
    event(Duration::ZERO, "o", "\u{1b}[2J\u{1b}[H");
    for (at, time) in source.scenes() {
        player.seek(at + 1);
        let scene = &source.film.scenes[at];
        if let What::Asked(number) = scene.what {
            event(time, "m", &format!("question {}", number + 1));
        }
        let screen = Screen::of(&player, COLS, ROWS, &about(&player));
        let changed = changes(&shown, &screen);
        if !changed.is_empty() {
            event(time, "o", &changed);
        }
        shown = screen;
    }
    text
}

/// What turns one screen into another: the lines that differ, and the cursor.
fn changes(old: &Screen, new: &Screen) -> String {
    let mut out = String::new();
    for row in 0..ROWS - 1 {
        if old.page.get(row) == new.page.get(row) {
            continue;
        }
        out += &format!("\u{1b}[{};1H\u{1b}[0m", row + 1);
        for (text, author) in new.page.get(row).into_iter().flatten() {
            out += colour(*author);
            out += text;
        }
        out += "\u{1b}[0m\u{1b}[K";
    }
    if old.foot != new.foot {
        out += &format!("\u{1b}[{ROWS};1H\u{1b}[2m{}\u{1b}[0m\u{1b}[K", new.foot);
    }
    if !out.is_empty() || old.cursor != new.cursor {
        out += &format!("\u{1b}[{};{}H", new.cursor.1 + 1, new.cursor.0 + 1);
    }
    out
}

/// The colour of an author.
fn colour(author: Author) -> &'static str {
    match author {
        Author::Machine => "\u{1b}[0;36m",
        Author::Edited => "\u{1b}[0;36;4m",
        Author::Pasted => "\u{1b}[0;33m",
        Author::Writer | Author::Unknown => "\u{1b}[0m",
    }
}
