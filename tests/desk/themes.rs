//! Every theme with every number of colours: each role, and every cell of every view, has enough contrast to be read.

use crate::support::{
    air::{self, Air, RUNDOWN, gear},
    desk::{
        Desk, Room,
        beside::{entries, queue},
    },
};
use ratatui::{
    buffer::Cell,
    style::{Color, Modifier},
};
use std::{
    fs,
    time::{Duration, SystemTime},
};
use strum::IntoEnumIterator;
use unstuck::{
    session::Session,
    tui::{Environment, Settings},
    ui::theme::{Depth, Role, Themes, linear, rgb},
};

/// The hour in which everything happens, whenever that is: 22 November 2026, 12:00.
const NOON: Duration = Duration::from_secs(1_795_348_800);

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
    ("models", ISLAND, &["<f11>", "<down>"]),
    ("a torn model", ISLAND, &["<ctrl-l>", "torn", "<enter>"]),
    ("to fetch", ISLAND, &["<ctrl-l>", "gpt2", "<enter>"]),
    ("fetching", ISLAND, &["<ctrl-l>", "gpt2", "<enter>", "<enter>", "<ctrl-l>"]),
    ("to compare", ISLAND, &["<ctrl-l>", "<esc>", "<alt-m>"]),
    ("compared", ISLAND, &["<ctrl-l>", "<esc>", "<alt-m>", "<enter>", "=ing| to", "=1:ing| older"]),
    ("mentions", ISLAND, &["<f9>", "<down>"]),
    ("lost mention", ISLAND, &["<f9>", "<end>"]),
    ("changed reply", ISLAND, &["<f9>", "e", " 雨"]),
    ("not sent", ISLAND, &["<f9>", "e", " See example.com.", "<enter>"]),
    ("left alone", ISLAND, &["<f9>", "o"]),
    ("nothing waits", ISLAND, &["<f9>", "x", "x", "x"]),
    ("leave", ISLAND, &["x", "<ctrl-q>"]),
    ("dials", ISLAND, &["<ctrl-d>", "<down>", "<right>", "<down>", "7", "<enter>"]),
    ("dialled", ISLAND, &["<ctrl-d>", "<right>", "<end>", "<up>", "12"]),
    ("find", ISLAND, &["<ctrl-f>", "the", "<enter>", "<esc>", "<ctrl-f>"]),
    ("replace", ISLAND, &["<ctrl-f>", "the", "<tab>", "that", "<enter>"]),
    ("replaced", ISLAND, &["<ctrl-f>", "the", "<tab>", "that", "<alt-enter>"]),
    ("save as", ISLAND, &["<alt-s>"]),
    ("failed", ISLAND, &["<ctrl-space>", "=ing", "=!model.safetensors is torn"]),
    ("themes", ISLAND, &["<alt-c>"]),
    ("branches", ISLAND, &["<ctrl-space>", "=ing| to| be", "=.", "<ctrl-right>", "x", "<f3>"]),
    (
        "whose",
        ISLAND,
        &["<ctrl-space>", "=ing| to", "<alt-enter>", "<left>", "x", "^more", "<ctrl-o>"],
    ),
    ("rank", ISLAND, &["<ctrl-o>", "<ctrl-o>", "=#1,30,300,3000,5"]),
    ("surprise", ISLAND, &["<ctrl-o>", "<ctrl-o>", "<ctrl-o>", "=#1,5,30,3000"]),
    ("reading", ISLAND, &["<ctrl-o>", "<ctrl-o>"]),
    (
        "both hands",
        ISLAND,
        &[
            "<ctrl-space>",
            "=ing| to| be| done.",
            "<alt-enter>",
            " So it was.",
            "<ctrl-o>",
            "<ctrl-o>",
            "=#1,2,3,40,500,6000",
        ],
    ),
    (
        "critic",
        "It was very dark. The lamp on the stair, the lamp in the hall.",
        &["<alt-y>", "=#1"],
    ),
    ("own token", ISLAND, &["<ctrl-t>", "=@ing| lamps|雨|...", "<down>"]),
    ("looking", ISLAND, &["<ctrl-space>", "=ing| to| be", "<alt-enter>", "<left>", "<ctrl-t>"]),
    (
        "token",
        ISLAND,
        &[
            "<ctrl-space>",
            "=ing| to| be",
            "<alt-enter>",
            "<left>",
            "<ctrl-t>",
            "=@ing| lamps|\n|雨|...",
            "<down>",
        ],
    ),
    (
        "six offers",
        ISLAND,
        &[
            "<alt-plus>",
            "<alt-plus>",
            "<alt-plus>",
            "<alt-plus>",
            "<alt-plus>",
            "<ctrl-space>",
            "=5:ing| to| be",
            "=4:!torn",
            "=3:y| to| go",
            "=2:",
            "<alt-3>",
            "<f6>",
            "<down>",
            "<alt-p>",
        ],
    ),
    ("ghost", ISLAND, &["<ctrl-space>", "=ing| to| be", "x", "= anew"]),
    ("nothing else", "", &["<alt-o>"]),
    ("palette", ISLAND, &["<ctrl-p>", "take"]),
    ("markdown", "# A *b*\n\n> c `d` [e](f)\n\n% hidden <!-- x -->\n- **g**", &["<alt-k>"]),
    ("focus", ISLAND, &["<alt-z>"]),
    ("headings", "# One\n\nTwo.\n\n## Three\n\n* * *\n\nFour.", &["<alt-h>"]),
    ("go to", ISLAND, &["<alt-g>", "40"]),
    ("goal", ISLAND, &["<ctrl-p>", "goal", "<enter>", "500"]),
    ("nothing found", ISLAND, &["<ctrl-p>", "zzzz"]),
];

/// Who wrote what to the bot, and what it would answer.
const WAITING: [(&str, &str, &str); 3] = [
    ("@inkbot what is the second rule?", "anna", "That the lamps are put out at nine."),
    ("@inkbot help", "ben_the_keeper", "I go on from what you write. Begin with @inkbot."),
    ("@inkbot 雨が降っていた", "雨", "It rained on the island, and nobody spoke of it."),
];

fn names() -> Vec<String> {
    Themes::default().list().into_iter().map(|(name, _)| name).collect()
}

fn view(theme: &str, depth: Depth, size: (u16, u16), text: &str, steps: &[&str]) -> Desk {
    // One offer a question keeps scripts short; an empty page asks for three.
    let offers = if text.is_empty() { 3 } else { 1 };
    let folder = tempfile::tempdir().expect("a folder");
    let asks_bot = steps.contains(&"<f9>");
    let mentions = asks_bot.then(|| queue(folder.path(), WAITING));
    let environment = Environment { mentions, ..Environment::default() };
    let settings = Settings {
        theme: theme.into(),
        depth,
        offers,
        environment,
        ..crate::support::desk::settings()
    };
    let mut session = Session::from_text(text);
    session.set_clock(|| SystemTime::UNIX_EPOCH + NOON);
    let mut desk = Desk::new(session, &settings, Vec::new()).with_shelf();
    desk.size(size.0, size.1);
    for step in steps {
        desk.steps(&[step]);
        desk.play_shelf(&entries());
    }
    desk.draw();
    desk
}

fn show(theme: &str, depth: Depth, size: (u16, u16), play: fn(&mut Air)) -> Desk {
    let settings = Settings { theme: theme.into(), depth, ..crate::support::desk::settings() };
    let mut air = Air::with(Session::new(), gear(RUNDOWN), &settings);
    air.desk.size(size.0, size.1);
    play(&mut air);
    air.desk.draw();
    air.desk
}

/// Views that need a file, a crash before, or another program: the way there from the crash.
const IN_A_ROOM: &[(&str, &[&str])] = &[
    ("recovered", &[]),
    ("difference", &["<d>"]),
    ("drafts of late", &["<enter>", "<alt-o>"]),
    ("exists already", &["<enter>", "<alt-s>", "<end>", "2", "<enter>"]),
    ("changed", &["<enter>", "!", "<ctrl-s>"]),
];

/// A room with another draft, one of late, and unsaved words; for `changed` with another program's hand in the file.
fn room(view: &str) -> Room {
    let room = Room::new(ISLAND);
    drop(room.crashed());
    fs::write(room.draft.with_extension("md2"), "Another.").expect("written");
    fs::write(room.state.join("recent.json"), r#"["/drafts/of/late.md", "/drafts/b.md"]"#)
        .expect("written");
    if view == "changed" {
        let mut desk = room.desk();
        desk.steps(&["<enter>", "<ctrl-s>"]);
        drop(desk);
        drop(room.crashed());
    }
    room
}

fn view_in(room: &Room, settings: &Settings, size: (u16, u16), steps: &[&str]) -> Desk {
    let mut desk = room.desk_in(settings);
    desk.size(size.0, size.1);
    for step in steps {
        if *step == "<ctrl-s>" {
            fs::write(&room.draft, "Another program's.").expect("written");
        }
        desk.steps(&[step]);
    }
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
            for role in [
                Role::Machine,
                Role::Edited,
                Role::Pasted,
                Role::Ghost,
                Role::Selection,
                Role::Found,
                Role::Unlikely,
                Role::Surprising,
                Role::Cliche,
                Role::Weak,
                Role::Repeated,
            ] {
                let marked = theme.style(role).add_modifier;
                assert_ne!(marked, theme.style(Role::Text).add_modifier, "{name} {role:?}");
            }
        }
    }
}

#[test]
fn without_colour_there_is_none() {
    for name in names() {
        let plain = |cell: &Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
        for (view_name, text, steps) in VIEWS {
            let desk = view(&name, Depth::None, (80, 24), text, steps);
            let buffer = desk.screen.backend().buffer();
            assert!(buffer.content().iter().all(plain), "{name} {view_name}");
        }
        for (view_name, play) in air::VIEWS {
            let desk = show(&name, Depth::None, (80, 24), *play);
            let buffer = desk.screen.backend().buffer();
            assert!(buffer.content().iter().all(plain), "{name}, on air: {view_name}");
        }
    }
}

/// Whether all that is on the screen can be read.
fn check(desk: &Desk, theme: &str, depth: Depth, what: &str) {
    let theme = Themes::default().load(theme, depth).expect(theme);
    let rule = theme.style(Role::Rule).fg;
    for cell in desk.cells().concat() {
        assert!(cell.fg != Color::Reset && cell.bg != Color::Reset, "{what}: {cell:?}");
        let ratio = depth.contrast(cell.fg, cell.bg);
        let read = !cell.symbol().trim().is_empty();
        let drawn = "─│┌┐└┘".contains(cell.symbol()) && Some(cell.fg) == rule;
        assert!(!read || drawn || ratio >= 4.5, "{what}: {ratio:.2} {cell:?}");
        assert!(!cell.modifier.contains(Modifier::DIM), "{what}: {cell:?}");
    }
}

#[test]
fn every_cell_of_every_show_in_every_theme_can_be_read() {
    for (view_name, play) in air::VIEWS {
        for size in SIZES {
            let usual = show("plain", Depth::None, size, *play).shown();
            for name in names().iter().filter(|name| *name != "plain") {
                for depth in COLOURED {
                    let mut desk = show(name, depth, size, *play);
                    let what = format!("on air: {view_name} in {name} at {size:?}, {depth:?}");
                    assert!(desk.shown() == usual, "{what}");
                    check(&desk, name, depth, &what);
                }
            }
        }
    }
}

#[test]
fn every_cell_of_every_view_in_every_theme_can_be_read() {
    let names = names();
    for size in SIZES {
        let mut all = String::new();
        for (view_name, text, steps) in VIEWS {
            let usual = view("plain", Depth::None, size, text, steps).shown();
            // What lists the commands is another with each that comes: its words are tested elsewhere.
            if !["help", "palette", "nothing found"].contains(view_name) {
                all += &format!("══ {view_name}\n{usual}\n");
            }
            for name in names.iter().filter(|name| *name != "plain") {
                for depth in COLOURED {
                    let mut desk = view(name, depth, size, text, steps);
                    let what = format!("{view_name} in {name} at {size:?}, {depth:?}");
                    // Themes say how, and never what; but in their own list the worn one is in hand.
                    let now = desk.shown();
                    assert!(now == usual || *view_name == "themes", "{what}:\n{now}\n{usual}");
                    check(&desk, name, depth, &what);
                }
            }
        }
        insta::assert_snapshot!(format!("views_{}x{}", size.0, size.1), all);
    }
    // Not beside the snapshots: those start a program, and a lock lives on in a process that is just being started.
    for (view_name, steps) in IN_A_ROOM {
        let looks = names.iter().filter(|name| *name != "plain");
        let looks = looks.flat_map(|name| COLOURED.map(|depth| (name, depth)));
        for ((name, depth), size) in looks.zip(SIZES.iter().cycle()) {
            let (room, what) =
                (room(view_name), format!("{view_name} in {name} at {size:?}, {depth:?}"));
            let environment =
                Environment { state: Some(room.state.clone()), ..Environment::default() };
            let settings = Settings {
                theme: name.clone(),
                depth,
                environment,
                ..crate::support::desk::settings()
            };
            let mut desk = view_in(&room, &settings, *size, steps);
            check(&desk, name, depth, &what);
            // That it is the view it is called after.
            let sign = match *view_name {
                "recovered" => "Recovered 2",
                "difference" => "From the saved file",
                "drafts of late" => "late.md",
                "exists already" => "overwrite",
                _ => "keep mine",
            };
            assert!(desk.shown().contains(sign), "{what}: {}", desk.shown());
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
    let levels = [Role::Expected, Role::Likely, Role::Unlikely, Role::Surprising];
    for (name, eyes) in &EYES {
        for (i, a) in roles.iter().enumerate().chain(levels.iter().enumerate()) {
            let others = if levels.contains(a) { &levels[..i] } else { &roles[..i] };
            for b in others {
                let square =
                    seen(*a, eyes).into_iter().zip(seen(*b, eyes)).map(|(a, b)| (a - b).powi(2));
                let apart = square.sum::<f64>().sqrt();
                assert!(apart > 0.3, "{name}: {a:?} and {b:?} are {apart:.2} apart");
            }
        }
    }
}
