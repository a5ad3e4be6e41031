//! Snapshots of the whole screen on air, at every size and without colour.

use super::{
    air::{SAID, VIEWS},
    *,
};
use ratatui::style::Modifier;
use unstuck::ui::theme::{Depth, Themes};

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (40, 12)];

#[test]
fn every_view_at_every_size() {
    for (name, play) in VIEWS {
        for (width, height) in SIZES {
            let mut air = Air::show();
            air.desk.size(width, height);
            play(&mut air);
            let name = format!("{}_{width}x{height}", name.replace(' ', "_"));
            insta::assert_snapshot!(name, air.desk.shown());
        }
    }
}

#[test]
fn an_empty_draft_says_what_to_do() {
    let mut air = Air::new(Session::new(), gear(""));
    assert!(air.read().contains("/ adds a prompt."), "{}", air.read());
    air.keys("space");
    assert!(air.desk.asked.is_empty());
}

#[test]
fn every_state_fits_every_size() {
    for width in [1, 2, 7, 20, 33, 80, 250] {
        for height in [1, 2, 3, 5, 9, 24, 70] {
            let mut air = Air::show();
            air.desk.size(width, height);
            air.keys("c space");
            air.say(0, SAID);
            air.pass(3_000);
            air.keys("t z esc z 3 w");
            air.typed("雨が降っていた 👨‍👩‍👧‍👦 e\u{301}");
            air.keys("enter down z enter ? esc b b /");
            air.desk.size(height, width);
            air.keys("esc n m");
        }
    }
}

#[test]
fn machine_words_are_told_apart_in_every_theme_and_without_colour() {
    for (theme, _) in Themes::default().list() {
        for depth in [Depth::None, Depth::Sixteen, Depth::Indexed, Depth::True] {
            let settings =
                unstuck::tui::Settings { theme: theme.clone(), depth, ..desk::settings() };
            let mut air = Air::with(Session::new(), gear(RUNDOWN), &settings);
            air.keys("space");
            air.say(0, SAID);
            air.keys("right right");
            air.desk.draw();
            let cells = air.desk.screen.backend().buffer().content();
            let bold = cells
                .iter()
                .filter(|cell| cell.modifier.contains(Modifier::BOLD) && cell.symbol() != " ");
            let plain = cells
                .iter()
                .filter(|cell| !cell.modifier.contains(Modifier::BOLD) && cell.symbol() != " ");
            assert!(bold.count() >= 7 && plain.count() > 40, "{theme} {depth:?}");
            if depth == Depth::None {
                assert!(
                    cells.iter().all(|cell| cell.fg == ratatui::style::Color::Reset),
                    "{theme}"
                );
            }
        }
    }
}
