//! Every theme with every number of colours: each role can be read, and so can every cell of every view.

mod desk;

use desk::Desk;
use ratatui::{
    buffer::Cell,
    style::{Color, Modifier},
};
use strum::IntoEnumIterator;
use unstuck::{
    session::Session,
    tui::Settings,
    ui::theme::{Depth, Role, Themes, linear, rgb},
};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 12)];
const COLOURED: [Depth; 3] = [Depth::True, Depth::Indexed, Depth::Sixteen];

const ISLAND: &str = "There were three rules on the island. The first was that nobody spoke of the boat.\n\n\
                      The second was that the lamps were put out at nine, whether there was read";

/// Every view of the desk: its name, a text, the way there.
const VIEWS: &[(&str, &str, &[&str])] = &[
    ("first run", "", &[]),
    ("openings", "", &["<ctrl-space>", "=1: older than the chapel", "=.", "<f6>", "<down>"]),
    ("streaming", ISLAND, &["<ctrl-space>", "=?38", "=ing| to| be| done| or| not.| It"]),
    (
        "taken",
        ISLAND,
        &["<ctrl-space>", "=ing| to| be| done.| It| was", "<ctrl-right>", "<ctrl-right>"],
    ),
    ("stale", ISLAND, &["<ctrl-space>", "=ing| to| be| done.", "=.", "y"]),
    ("selected", ISLAND, &["<ctrl-space>", "=ing| to", "<alt-enter>", "<ctrl-a>"]),
    ("help", ISLAND, &["<f1>"]),
    ("models", ISLAND, &["<ctrl-l>"]),
    ("leave", ISLAND, &["x", "<ctrl-q>"]),
    ("save as", ISLAND, &["<alt-s>"]),
    ("failed", ISLAND, &["<ctrl-space>", "=ing", "=!model.safetensors is torn"]),
    ("themes", ISLAND, &["<alt-c>"]),
    ("token", ISLAND, &["<ctrl-space>", "=ing| to| be", "<alt-enter>", "<left>", "<ctrl-t>"]),
    ("branches", ISLAND, &["<ctrl-space>", "=ing| to| be", "=.", "<ctrl-right>", "x", "<f3>"]),
    (
        "whose",
        ISLAND,
        &["<ctrl-space>", "=ing| to", "<alt-enter>", "<left>", "x", "^more", "<ctrl-o>"],
    ),
    ("palette", ISLAND, &["<ctrl-p>", "take"]),
    ("nothing found", ISLAND, &["<ctrl-p>", "zzzz"]),
];

fn names() -> Vec<String> {
    Themes::default().list().into_iter().map(|(name, _)| name).collect()
}

fn view(theme: &str, depth: Depth, size: (u16, u16), text: &str, steps: &[&str]) -> Desk {
    let settings = Settings { theme: theme.into(), depth, ..Settings::default() };
    let mut desk = Desk::new(Session::from_text(text), &settings, Vec::new());
    desk.size(size.0, size.1);
    desk.steps(steps);
    desk.draw();
    desk
}

#[test]
fn there_is_a_theme_for_everyone() {
    let names = names();
    for wanted in ["ink", "paper", "plain", "high-contrast", "colour-safe"] {
        assert!(names.iter().any(|name| name == wanted), "{wanted}");
    }
    assert!(names.len() >= 10, "{names:?}");
    assert!(Themes::default().list().iter().all(|(_, about)| about.ends_with('.')));
}

#[test]
fn every_role_can_be_read_in_every_theme_with_any_number_of_colours() {
    for name in names() {
        for depth in COLOURED {
            let theme = Themes::default().load(&name, depth).expect(&name);
            for role in Role::iter() {
                let style = theme.style(role);
                let Some((letters, ground)) = style.fg.zip(style.bg) else {
                    assert_eq!(name, "plain");
                    continue;
                };
                let ratio = depth.contrast(letters, ground);
                let wanted =
                    if name == "high-contrast" && role != Role::Rule && depth == Depth::True {
                        7.0
                    } else {
                        role.contrast()
                    };
                assert!(ratio >= wanted, "{name} {depth:?} {role:?}: {ratio:.2}");
            }
            // Never by colour alone.
            for role in [Role::Machine, Role::Edited, Role::Pasted, Role::Ghost, Role::Selection] {
                let marked = theme.style(role).add_modifier;
                assert_ne!(marked, theme.style(Role::Text).add_modifier, "{name} {role:?}");
            }
        }
    }
}

#[test]
fn without_colour_there_is_none() {
    for name in names() {
        for (view_name, text, steps) in VIEWS {
            let desk = view(&name, Depth::None, (80, 24), text, steps);
            let buffer = desk.screen.backend().buffer();
            let plain = |cell: &Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
            assert!(buffer.content().iter().all(plain), "{name} {view_name}");
        }
    }
}

#[test]
fn every_cell_of_every_view_in_every_theme_can_be_read() {
    let names = names();
    for size in SIZES {
        for (view_name, text, steps) in VIEWS {
            let words = view("plain", Depth::None, size, text, steps).shown();
            for name in names.iter().filter(|name| *name != "plain") {
                for depth in COLOURED {
                    let mut desk = view(name, depth, size, text, steps);
                    let what = format!("{view_name} in {name} at {size:?}, {depth:?}");
                    // Themes say how, and never what; but in their own list the worn one is in hand.
                    assert!(desk.shown() == words || *view_name == "themes", "{what}");
                    let theme = Themes::default().load(name, depth).expect(name);
                    let rule = theme.style(Role::Rule).fg;
                    for cell in desk.screen.backend().buffer().content() {
                        assert!(
                            cell.fg != Color::Reset && cell.bg != Color::Reset,
                            "{what}: {cell:?}"
                        );
                        let ratio = depth.contrast(cell.fg, cell.bg);
                        let read = !cell.symbol().trim().is_empty();
                        let drawn = "─│┌┐└┘".contains(cell.symbol()) && Some(cell.fg) == rule;
                        assert!(!read || drawn || ratio >= 4.5, "{what}: {ratio:.2} {cell:?}");
                        assert!(!cell.modifier.contains(Modifier::DIM), "{what}: {cell:?}");
                    }
                }
            }
        }
    }
}

/// How colours look to eyes without one kind of cone, in linear light (Machado, Oliveira, Fernandes 2009).
const EYES: [(&str, [[f64; 3]; 3]); 3] = [
    (
        "protan",
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
    ),
    (
        "deutan",
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ),
    (
        "tritan",
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ),
];

#[test]
fn the_colour_safe_theme_is_told_apart_by_all_eyes() {
    let theme = Themes::default().load("colour-safe", Depth::True).expect("there");
    let seen = |role: Role, eyes: &[[f64; 3]; 3]| {
        let (r, g, b) = theme.style(role).fg.and_then(rgb).expect("a colour");
        let light = [linear(r), linear(g), linear(b)];
        eyes.map(|row| row.iter().zip(light).map(|(a, b)| a * b).sum::<f64>())
    };
    let roles = [Role::Text, Role::Machine, Role::Mark, Role::Error, Role::Quiet];
    for (name, eyes) in &EYES {
        for (i, a) in roles.iter().enumerate() {
            for b in &roles[..i] {
                let square =
                    seen(*a, eyes).into_iter().zip(seen(*b, eyes)).map(|(a, b)| (a - b).powi(2));
                let apart = square.sum::<f64>().sqrt();
                assert!(apart > 0.3, "{name}: {a:?} and {b:?} are {apart:.2} apart");
            }
        }
    }
}
