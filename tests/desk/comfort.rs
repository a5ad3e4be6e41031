//! Conveniences of the desk: the palette, theme previews, custom keys, recent drafts, the mouse, pastes.

use crate::support::desk::{Desk, Room, beside::queue, settings};
use crossterm::event::{Event as Terminal, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::style::Color;
use std::{fs, path::Path};
use unstuck::{
    generate::Reading,
    session::{History, Session},
    token::SamplingParams,
    tui::{Environment, Event, Settings, commands},
    ui::{
        keymap::Line,
        theme::{Depth, Themes},
        worker::News,
    },
};

const ISLAND: &str = "There were three rules on the island. The first was that nobody spoke of the boat.\n\n\
                      The second was that the lamps were put out at nine, whether there was read";

/// The settings of a desk with something around it.
fn with(environment: Environment) -> Settings {
    Settings { environment, ..settings() }
}

fn seen(name: &str, settings: &Settings, steps: &[&str]) {
    for (width, height) in [(80, 24), (120, 40), (40, 12)] {
        let mut desk = Desk::with(ISLAND, settings);
        desk.size(width, height);
        desk.steps(steps);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), desk.shown());
    }
}

#[test]
fn lists_at_every_size() {
    seen("themes", &settings(), &["<alt-c>", "<down>"]);
}

#[test]
fn drafts_of_late_at_every_size() {
    let state = tempfile::tempdir().unwrap();
    let names = r#"["/drafts/island.md", "/drafts/a\u001b[31m bad \u202e name.md"]"#;
    fs::write(state.path().join("recent.json"), names).unwrap();
    let settings = with(Environment { state: Some(state.path().into()), ..Environment::default() });
    seen("recent", &settings, &["<alt-o>"]);
}

#[test]
fn the_palette_finds_every_command_by_its_name() {
    let mut desk = Desk::on(ISLAND);
    for command in commands().into_iter().filter(|command| command.name() != "palette") {
        let name = command.name().replace('-', " ");
        desk.steps(&["<ctrl-p>", &name]);
        let shown = desk.shown();
        let first = shown.lines().find(|line| line.contains('▸')).unwrap_or_default();
        assert!(first.contains(&name), "{name}: {first}");
        desk.press("esc");
    }
}

#[test]
fn the_palette_runs_what_is_chosen_and_esc_runs_nothing() {
    let mut desk = Desk::on("one two");
    desk.steps(&["<ctrl-p>", "delwordback", "<enter>"]);
    assert_eq!(desk.text(), "one |");
    desk.steps(&["<f12>", "undo", "<esc>"]);
    assert_eq!(desk.text(), "one |");
    desk.steps(&["<ctrl-p>", "^und", "<enter>"]);
    assert_eq!(desk.text(), "one two|");
    // Palettes and sheets may follow one another.
    desk.steps(&["<ctrl-p>", "themes", "<enter>"]);
    assert!(desk.shown().contains("themes · "));
    desk.press("esc");
    desk.steps(&["<ctrl-p>", "zzzz", "<enter>", "<esc>", "x"]);
    assert_eq!(desk.text(), "one twox|");
}

fn ground(desk: &Desk) -> Color {
    desk.screen.backend().buffer().content()[0].bg
}

#[test]
fn a_theme_is_seen_at_once_and_worn_when_chosen() {
    let colours = Settings { depth: Depth::True, ..settings() };
    let mut desk = Desk::with("boat.", &colours);
    let ink = ground(&desk);
    desk.steps(&["<alt-c>", "paper"]);
    let paper = ground(&desk);
    assert_ne!(ink, paper);
    desk.steps(&["<esc>"]);
    assert_eq!(ground(&desk), ink);
    desk.steps(&["<alt-c>", "paper", "<enter>"]);
    assert_eq!(ground(&desk), paper);
    assert!(desk.shown().contains("there is no settings file"), "{}", desk.shown());
    // The worn one is in hand when the list opens again.
    desk.steps(&["<alt-c>"]);
    assert!(desk.shown().contains("▸ paper"));
}

#[test]
fn a_theme_that_is_chosen_is_kept_in_the_users_settings() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unstuck.toml");
    let settings =
        with(Environment { settings_file: Some(file.clone()), ..Environment::default() });
    let choose = |settings: &Settings| {
        let mut desk = Desk::with("boat.", settings);
        desk.size(240, 30);
        desk.steps(&["<alt-c>", "paper", "<enter>"]);
        desk.shown()
    };
    assert!(choose(&settings).contains("paper is saved in"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "[desk]\ntheme = \"paper\"\n");
    let mine = "# mine\n[desk]\ntheme = \"ink\" # by night\n\n[keys]\n\"ctrl-k\" = \"quit\"\n";
    fs::write(&file, mine).unwrap();
    let mut told = settings.clone();
    told.environment.told_theme = Some("UNSTUCK_THEME".into());
    assert!(choose(&told).contains("UNSTUCK_THEME overrides it at the next start"));
    assert_eq!(fs::read_to_string(&file).unwrap(), mine.replace("\"ink\"", "\"paper\""));
    // What can't be understood is left as it is, and worn all the same.
    fs::write(&file, "[desk\n").unwrap();
    let shown = choose(&settings);
    assert!(shown.contains("! paper is in use, but it was not saved: "), "{shown}");
    assert!(shown.contains("unstuck.toml: line 1: "), "{shown}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "[desk\n");
    // Esc keeps nothing.
    fs::write(&file, "").unwrap();
    Desk::with("boat.", &settings).steps(&["<alt-c>", "paper", "<esc>"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "");
}

/// The dials, with so many steps down.
fn dials(desk: &mut Desk, down: usize) {
    desk.steps(&["<ctrl-d>"]);
    (0..down).for_each(|_| desk.press("down"));
}

#[test]
fn what_is_dialled_holds_from_the_next_question_on() {
    // Where the arrows go, what is pressed there, and what is asked with then.
    type Check = fn(&SamplingParams) -> bool;
    let table: [(usize, &[&str], &str, Check); 16] = [
        (1, &["<right>"], "prose, changed", |p| p.temperature == 0.9 && p.top_p == 0.92),
        (1, &["1.25", "<enter>"], "prose, changed", |p| p.temperature == 1.25),
        (1, &["0,4", "<down>"], "prose, changed", |p| p.temperature == 0.4),
        (1, &["0.4", "<esc>"], "prose", |p| p.temperature == 0.85),
        (1, &["0.45", "<backspace>", "<enter>"], "prose, changed", |p| p.temperature == 0.4),
        (1, &["<right>", "<left>"], "prose", |p| p.temperature == 0.85),
        (1, &["<right>", "<right>", "<backspace>"], "prose", |p| p.temperature == 0.85),
        (2, &["7", "<enter>"], "prose, changed", |p| p.top_p == 1.0),
        (3, &["<left>"], "prose, changed", |p| p.top_k == 90),
        (4, &["<right>", "<+>", "<->"], "prose, changed", |p| p.min_p == 0.01),
        (5, &["0", "<enter>"], "prose, changed", |p| p.repetition_penalty == 0.0),
        (6, &["^ 33 "], "prose, changed", |p| p.max_tokens == 33),
        (9, &["42", "<enter>"], "prose", |p| p.seed == 42),
        (0, &["<right>"], "steady", |p| p.temperature == 0.7 && p.repetition_penalty == 1.1),
        (0, &["<left>", "7"], "exact", |p| p.temperature == 0.0 && p.max_tokens == 60),
        (0, &["<right>", "<down>", "<right>", "<up>", "<delete>"], "steady", |p| {
            p.temperature == 0.7
        }),
    ];
    for (row, (down, steps, called, check)) in table.into_iter().enumerate() {
        let mut desk = Desk::with("boat.", &Settings { offers: 1, ..settings() });
        desk.size(120, 40);
        dials(&mut desk, down);
        desk.steps(steps);
        let shown = desk.shown();
        assert!(shown.contains(&format!(" dials · {called} ")), "row {row}: {shown}");
        desk.steps(&["<esc>", "<ctrl-space>"]);
        let asked = desk.asked.last().unwrap();
        assert!(check(&asked.params), "row {row}: {:?}", asked.params);
        assert!(desk.shown().lines().next().unwrap().contains(&format!(" · {called} · 1")));
        assert_eq!(desk.text(), "boat.|", "row {row}");
    }
}

#[test]
fn dials_say_where_they_end_and_what_was_changed() {
    let mut desk = Desk::with("boat.", &settings());
    for (down, step, words) in [
        (2, "7", "top-p must be between 0 and 1."),
        (3, "99999999999999999999999", "top-k must be between 0 and 1000000."),
        (7, "0", "offers must be between 1 and 6."),
        (1, "1.2.3", "1.2.3 is not a number."),
        (1, ".", ". is not a number."),
    ] {
        dials(&mut desk, down);
        desk.steps(&[step, "<enter>"]);
        assert!(desk.shown().contains(words), "{words}: {}", desk.shown());
        desk.steps(&["<esc>"]);
    }
    dials(&mut desk, 0);
    desk.steps(&["3"]);
    assert!(desk.shown().contains("A preset has no number"), "{}", desk.shown());
    desk.steps(&["<right>", "<ctrl-d>"]);
    assert!(desk.shown().contains("steady applies from the next request on"), "{}", desk.shown());
    // Seeds go on from one that is set, and again from there when it is set again. Offers come meanwhile as ever.
    let mut desk = Desk::with("boat.", &settings());
    for offer in ["one", "two"] {
        dials(&mut desk, 7);
        desk.steps(&["2", "<down>", "<down>", "42", "<enter>", "<esc>", "<ctrl-space>"]);
        let seeds: Vec<_> = desk.asked.iter().rev().take(2).map(|ask| ask.params.seed).collect();
        assert_eq!(seeds, [43, 42]);
        desk.steps(&["<ctrl-d>", &format!("= {offer}"), "=.", "<esc>"]);
        assert!(desk.shown().contains(offer), "{}", desk.shown());
    }
    // The mouse: a row is taken in hand, the wheel goes through them, above them all is the page.
    let mut desk = Desk::with("boat.", &settings());
    dials(&mut desk, 0);
    point(&mut desk, MouseEventKind::Down(MouseButton::Left), 8, 15);
    assert!(desk.shown().contains("▸ top-p"), "{}", desk.shown());
    point(&mut desk, MouseEventKind::ScrollUp, 8, 15);
    assert!(desk.shown().contains("▸ temperature"), "{}", desk.shown());
    point(&mut desk, MouseEventKind::Down(MouseButton::Left), 8, 4);
    assert!(!desk.shown().contains("dials"), "{}", desk.shown());
}

#[test]
fn dials_are_kept_in_the_users_settings() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unstuck.toml");
    let kept = |settings: &Settings, down: usize, steps: &[&str]| {
        let mut desk = Desk::with("boat.", settings);
        desk.size(240, 40);
        dials(&mut desk, down);
        desk.steps(steps);
        desk.steps(&["k"]);
        desk.shown()
    };
    assert!(kept(&settings(), 1, &["<right>"]).contains("there is no settings file"));
    let mut kept_in =
        with(Environment { settings_file: Some(file.clone()), ..Environment::default() });
    fs::write(&file, "# mine\n[desk]\noffers = 2 # few\n").unwrap();
    let to_seed = ["<right>"].into_iter().chain(["<down>"; 8]).chain(["7", "<enter>"]);
    let shown = kept(&kept_in, 1, &to_seed.collect::<Vec<_>>());
    assert!(shown.contains("prose is saved in") && !shown.contains("changed"), "{shown}");
    let text = fs::read_to_string(&file).unwrap();
    let few = "# mine\n[desk]\noffers = 2 # few\npreset = \"prose\"\n";
    assert_eq!(text, format!("{few}\n[desk.sampling]\ntemperature = 0.9\nseed = 7\n"));
    // Another preset is written whole, over whatever the file says of it.
    kept_in.choosing.own_temperature = true;
    kept(&kept_in, 0, &["<right>", "<right>"]);
    let table: toml::Table = fs::read_to_string(&file).unwrap().parse().unwrap();
    let sampling = table["desk"]["sampling"].as_table().unwrap();
    assert_eq!((&table["desk"]["preset"], &table["desk"]["offers"]), (&"wild".into(), &3.into()));
    let told = ["temperature", "top_k", "top_p", "min_p", "repetition_penalty", "max_tokens"];
    let told = told.map(|name| sampling[name].to_string());
    assert_eq!(told, ["1.1", "0", "1.0", "0.05", "1.05", "60"]);
    fs::write(&file, "[desk\n").unwrap();
    let shown = kept(&kept_in, 0, &["<right>"]);
    assert!(shown.contains("! Used for this session only; it was not saved: "), "{shown}");
}

#[test]
fn a_broken_theme_of_the_users_is_said_and_not_worn() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.toml"), "[roles]\ntxt = {}").unwrap();
    let themes = Themes::new(Some(folder.path().to_owned()));
    let mut desk = Desk::with("boat.", &with(Environment { themes, ..Environment::default() }));
    desk.size(160, 40);
    desk.steps(&["<alt-c>", "mine"]);
    assert!(desk.shown().contains("line 2: there is no role `txt`"), "{}", desk.shown());
    desk.steps(&["<enter>", "<alt-c>"]);
    assert!(desk.shown().contains("▸ ink"), "{}", desk.shown());
}

#[test]
fn own_keys_are_named_and_work() {
    let line = |key: &str, command: &str| Line {
        key: key.into(),
        command: command.into(),
        place: "mine: line 1".into(),
    };
    let keys = vec![line("f8", "ask"), line("ctrl-space", "nothing"), line("F8", "undo")];
    let mut desk = Desk::with("", &with(Environment { keys, ..Environment::default() }));
    desk.size(120, 30);
    assert!(desk.shown().contains("press F8 for three openings"), "{}", desk.shown());
    assert!(desk.shown().contains("! mine: line 1: `F8` is the same key as `f8`"));
    desk.steps(&["<ctrl-space>"]);
    assert_eq!(desk.asked.len(), 0);
    desk.steps(&["<f8>"]);
    assert_eq!(desk.asked.len(), 3);
}

#[test]
fn several_drafts_are_open_and_keep_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let draft = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let (one, two) = (draft("one.md", "One is here.\n"), draft("two.md", "Two.\n"));
    let state = folder.path().join("state");
    let settings = with(Environment { state: Some(state.clone()), ..Environment::default() });
    let open = |path: &Path| {
        let session = Session::resume(Some(path), &state, History::On).unwrap();
        Desk::new(session, &settings, Vec::new())
    };
    // What was only looked at is in the list, too.
    drop(open(&one));
    let mut desk = open(&two);
    desk.steps(&["x", "<left>", "<ctrl-space>", "= lamps", "<alt-o>"]);
    assert!(desk.shown().contains("▸ one.md"), "{}", desk.shown());
    assert!(desk.shown().contains("3 words"), "{}", desk.shown());
    desk.steps(&["<enter>"]);
    assert_eq!(desk.text(), "One is here.\n|");
    // What was asked for the other draft is stopped, and what still comes belongs nowhere.
    assert!(desk.stopped.contains(&desk.branch(0)));
    desk.steps(&["= were"]);
    assert!(!desk.shown().contains("were"));
    desk.steps(&["y", "<ctrl-home>", "<alt-o>"]);
    assert!(desk.shown().contains("▸ two.md"));
    assert!(desk.shown().contains("2 words · not saved"), "{}", desk.shown());
    desk.steps(&["<enter>"]);
    assert_eq!(desk.text(), "Two.\n|x", "with its unsaved text and its cursor");
    desk.steps(&["<alt-o>", "<enter>"]);
    assert_eq!(desk.text(), "|One is here.\ny");
    // Leaving asks once, for both.
    desk.steps(&["<ctrl-q>"]);
    assert!(desk.shown().contains("one.md and two.md are not saved."), "{}", desk.shown());
    desk.steps(&["<esc>", "<ctrl-q>", "s"]);
    assert!(desk.app.is_over());
    assert_eq!(fs::read_to_string(&one).unwrap(), "One is here.\ny");
    assert_eq!(fs::read_to_string(&two).unwrap(), "Two.\nx");
    let mut desk = Desk::on("nothing of late");
    desk.press("alt-o");
    assert!(desk.shown().contains("No other draft"));
}

fn point(desk: &mut Desk, kind: MouseEventKind, column: u16, row: u16) {
    let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    desk.app.handle(Event::Terminal(Terminal::Mouse(event)));
    desk.draw();
}

#[test]
fn the_mouse_clicks_drags_and_scrolls() {
    let (down, drag) =
        (MouseEventKind::Down(MouseButton::Left), MouseEventKind::Drag(MouseButton::Left));
    let mut desk = Desk::on("one two three\n\nfour");
    // The page begins at column 4 and row 2.
    point(&mut desk, down, 8, 2);
    assert_eq!(desk.text(), "one |two three\n\nfour");
    point(&mut desk, down, 8, 2);
    assert_eq!(desk.text(), "one [two| three\n\nfour");
    point(&mut desk, down, 4, 2);
    point(&mut desk, drag, 7, 2);
    assert_eq!(desk.text(), "[one| two three\n\nfour");
    point(&mut desk, down, 70, 2);
    assert_eq!(desk.text(), "one two three|\n\nfour");
    // Below the text is its end; above the page nothing happens.
    point(&mut desk, down, 20, 20);
    assert_eq!(desk.text(), "one two three\n\nfour|");
    point(&mut desk, down, 8, 0);
    assert_eq!(desk.text(), "one two three\n\nfour|");
    let mut desk = Desk::on(&(0..100).map(|n| format!("line {n}\n")).collect::<String>());
    let first = |desk: &mut Desk| desk.shown().lines().nth(2).unwrap_or_default().trim().to_owned();
    let before = first(&mut desk);
    point(&mut desk, MouseEventKind::ScrollUp, 20, 10);
    let above = first(&mut desk);
    assert_ne!(before, above);
    point(&mut desk, MouseEventKind::ScrollDown, 20, 10);
    assert_eq!(first(&mut desk), before);
    // In a list the wheel goes through it.
    desk.steps(&["<alt-c>"]);
    let worn = desk.shown();
    point(&mut desk, MouseEventKind::ScrollDown, 20, 10);
    assert_ne!(desk.shown(), worn);
}

/// A writer reads what stands above and types on: the words come where the cursor was left.
#[test]
fn the_wheel_moves_the_window_and_never_the_cursor() {
    let (up, down) = (MouseEventKind::ScrollUp, MouseEventKind::ScrollDown);
    let text: String = (0..100).map(|n| format!("line {n}\n")).collect();
    let first = |desk: &mut Desk| desk.shown().lines().nth(2).unwrap_or_default().trim().to_owned();
    let number = |desk: &mut Desk| -> usize { first(desk)["line ".len()..].parse().unwrap() };
    let wheel = |desk: &mut Desk, kind, notches: usize| {
        (0..notches).for_each(|_| point(desk, kind, 20, 10));
    };
    // Notches up, a key, the end of the text then, and how many rows the cursor is higher: so many more stand above the
    // least that the page has to come back.
    let mut desk = Desk::on(&text);
    let least = number(&mut desk) - 1;
    for (notches, step, end, rows) in [
        (1, "x", "line 99\nx|", 0),
        (3, "x", "line 99\nx|", 0),
        (60, "x", "line 99\nx|", 0),
        (60, "<backspace>", "line 99|", 1),
        (60, "<left>", "line 99|\n", 1),
        (60, "<up>", "|line 99\n", 1),
        (60, "<end>", "line 99\n|", 0),
        (60, "<ctrl-space>", "line 99\n|", 0),
        (60, "^pasted", "line 99\npasted|", 0),
    ] {
        let mut desk = Desk::on(&text);
        let before = number(&mut desk);
        wheel(&mut desk, up, notches);
        assert_eq!(number(&mut desk), before.saturating_sub(3 * notches), "{notches}");
        assert!(desk.text().ends_with("line 99\n|"), "the cursor stays");
        assert_eq!(desk.sees_cursor(), notches < 3, "{notches}");
        desk.steps(&[step]);
        assert!(desk.text().ends_with(end), "{step}: {}", desk.text());
        assert!(desk.sees_cursor(), "{step}");
        assert_eq!(number(&mut desk), least - rows, "{step} after {notches}");
    }
    // What is no word, no move and no question leaves the reader where he is: tokens, sheets, saving, Esc.
    let mut desk = Desk::on(&text);
    desk.steps(&["<ctrl-space>"]);
    wheel(&mut desk, up, 12);
    let there = number(&mut desk);
    desk.steps(&["= and| so| on", "=.", "<f1>", "<esc>", "<esc>", "<ctrl-c>", "<shift-tab>"]);
    assert_eq!(number(&mut desk), there);
    assert!(!desk.sees_cursor());
    // Down again to the end, and no farther; a cursor that is left above comes back from there too.
    wheel(&mut desk, down, 60);
    assert!(desk.sees_cursor());
    let end = number(&mut desk);
    wheel(&mut desk, down, 3);
    assert_eq!(number(&mut desk), end);
    desk.steps(&["<ctrl-home>"]);
    wheel(&mut desk, down, 60);
    assert!(number(&mut desk) >= end && !desk.sees_cursor());
    desk.steps(&["x"]);
    assert!(desk.text().starts_with("x|line 0") && desk.sees_cursor());
    assert_eq!(first(&mut desk), "xline 0");
    // A click sets it where one reads; pages turn from the cursor.
    wheel(&mut desk, down, 10);
    let there = number(&mut desk);
    point(&mut desk, MouseEventKind::Down(MouseButton::Left), 4, 10);
    assert_eq!(number(&mut desk), there);
    assert!(desk.text().contains(&format!("|line {}\n", there + 8)));
    // The row below a window's edge is a short way back.
    wheel(&mut desk, up, 4);
    desk.steps(&["y"]);
    assert!(desk.sees_cursor() && number(&mut desk) < there);
    let mut desk = Desk::on("short\n");
    let before = desk.shown();
    wheel(&mut desk, up, 2);
    wheel(&mut desk, down, 2);
    assert_eq!(desk.shown(), before);
}

#[test]
fn the_mouse_sets_the_cursor_in_a_field_and_leaves_it() {
    let down = MouseEventKind::Down(MouseButton::Left);
    let mut desk = Desk::on("one two three");
    desk.steps(&["<home>", "<ctrl-f>", "to", "<tab>", "y雨z"]);
    // The fields begin at column 10, in the last two rows.
    point(&mut desk, down, 11, 22);
    desk.steps(&["w"]);
    assert!(desk.shown().contains("Find:    two "), "{}", desk.shown());
    assert_eq!(desk.text(), "one [two| three");
    // Half of a wide character is that character.
    point(&mut desk, down, 12, 23);
    desk.steps(&["x", "<tab>", "<tab>"]);
    assert!(desk.shown().contains("Replace: yx雨z "), "{}", desk.shown());
    // On the page it goes there, and the fields go.
    point(&mut desk, down, 5, 2);
    assert_eq!(desk.text(), "o|ne two three");
    assert!(!desk.shown().contains("Find"));
    // The wheel turns the page meanwhile, and the next match brings it back.
    let mut desk = Desk::on(&(0..100).map(|n| format!("line {n}\n")).collect::<String>());
    desk.steps(&["<ctrl-f>", "line 90"]);
    for _ in 0..9 {
        point(&mut desk, MouseEventKind::ScrollUp, 20, 10);
    }
    assert!(!desk.shown().contains("  line 90"), "{}", desk.shown());
    desk.steps(&["<enter>"]);
    assert!(desk.shown().contains("  line 90"), "{}", desk.shown());
    assert!(desk.shown().contains("1 of 1"), "{}", desk.shown());
}

#[test]
fn dragging_selects_beyond_what_is_seen() {
    let (down, drag, up) = (
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
    );
    let mut desk = Desk::on(&(0..100).map(|n| format!("{n}\n")).collect::<String>());
    desk.steps(&["<ctrl-home>"]);
    point(&mut desk, down, 4, 2);
    for _ in 0..30 {
        point(&mut desk, drag, 6, 23);
    }
    let selected = |desk: &Desk| desk.app.session().selection().map_or(0, |range| range.len());
    let far = selected(&desk);
    assert!(far > "0\n".len() * 40, "{far}");
    for _ in 0..60 {
        point(&mut desk, drag, 6, 0);
    }
    assert_eq!(selected(&desk), 0, "and back");
    // A drag that was not begun on the page is none of its business, nor is one that has ended.
    point(&mut desk, drag, 6, 10);
    assert!(selected(&desk) > 0);
    point(&mut desk, up, 6, 10);
    point(&mut desk, down, 8, 0);
    point(&mut desk, drag, 6, 14);
    assert_eq!(desk.text().matches('[').count(), 1);
    let before = desk.text();
    point(&mut desk, drag, 6, 12);
    assert_eq!(desk.text(), before);
}

#[test]
fn a_click_in_a_list_chooses_and_one_above_it_goes_back() {
    let down = MouseEventKind::Down(MouseButton::Left);
    let row = |desk: &mut Desk, what: &str| {
        desk.shown().lines().position(|line| line.contains(what)).expect(what) as u16
    };
    let mut desk = Desk::on("one two");
    desk.steps(&["<ctrl-p>", "delete word"]);
    let at = row(&mut desk, "delete word back");
    point(&mut desk, down, 10, at);
    assert_eq!(desk.text(), "one |");
    let colours = Settings { depth: Depth::True, ..settings() };
    let mut desk = Desk::with("boat.", &colours);
    let ink = ground(&desk);
    desk.steps(&["<alt-c>", "<down>"]);
    assert_ne!(ground(&desk), ink);
    point(&mut desk, down, 10, 3);
    assert_eq!((ground(&desk), desk.text().as_str()), (ink, "boat.|"));
    desk.steps(&["<alt-c>"]);
    let at = row(&mut desk, "paper");
    point(&mut desk, down, 10, at);
    assert_ne!(ground(&desk), ink);
    assert!(!desk.shown().contains("themes · "));
}

#[test]
fn the_wheel_turns_what_is_under_it() {
    let (up, down) = (MouseEventKind::ScrollUp, MouseEventKind::ScrollDown);
    let long =
        "=0: end".to_owned() + &(1..60).map(|n| format!(" and so on {n}")).collect::<String>();
    let script: &[&str] = &["<ctrl-space>", "=2: one", "=2:.", "=1: two", "=1:.", &long, "=0:."];
    for (width, height, column, row) in [(120, 16, 100, 8), (80, 12, 20, 9)] {
        let mut desk = Desk::with("boat.", &settings());
        desk.size(width, height);
        desk.steps(script);
        let before = desk.shown();
        for _ in 0..40 {
            point(&mut desk, down, column, row);
        }
        let turned = desk.shown();
        assert_ne!(before, turned, "{width}");
        assert!(turned.contains("and so on"));
        assert_eq!(desk.text(), "boat.|");
        for _ in 0..40 {
            point(&mut desk, up, column, row);
        }
        assert_eq!(desk.shown(), before);
        // A key brings what is chosen into sight again.
        point(&mut desk, down, column, row);
        desk.steps(&["<f6>", "<esc>"]);
        assert_eq!(desk.shown(), before);
    }
    // One offer alone in the drawer is read to its end.
    let mut desk = Desk::on("boat.");
    desk.size(60, 20);
    desk.steps(&["<ctrl-space>", &long.replace("=0:", "="), "= the end.", "=.", "<home>"]);
    assert!(!desk.shown().contains("the end."));
    for _ in 0..40 {
        point(&mut desk, down, 20, 17);
    }
    assert!(desk.shown().contains("the end."), "{}", desk.shown());
    // Sheets too.
    desk.steps(&["<f1>"]);
    let before = desk.shown();
    point(&mut desk, down, 20, 10);
    assert_ne!(desk.shown(), before);
}

#[test]
fn a_click_on_an_offers_number_chooses_it() {
    let (down, up) =
        (MouseEventKind::Down(MouseButton::Left), MouseEventKind::Up(MouseButton::Left));
    for (width, height) in [(120, 30), (80, 24)] {
        let mut desk = Desk::with("boat.", &settings());
        desk.size(width, height);
        desk.steps(&["<ctrl-space>", "=2: one", "=2:.", "=1: two", "=1:.", "=0: end", "=0:."]);
        let shown = desk.shown();
        let is_second = |line: &&str| line.contains("│ 2 ") || line.starts_with(" 2 ");
        let line = shown.lines().find(is_second).expect("a second offer");
        let row = shown.lines().position(|other| other == line).unwrap_or_default() as u16;
        let column = line.chars().position(|c| c == '2').unwrap_or_default() as u16;
        point(&mut desk, down, column, row);
        point(&mut desk, up, column, row);
        assert_eq!(desk.text(), "boat.|");
        desk.steps(&["<alt-enter>"]);
        assert_eq!(desk.text(), "boat. two|", "{width}");
    }
}

#[test]
fn ctrl_v_pastes_into_fields_too() {
    let mut desk = Desk::on("lamps [");
    desk.size(200, 24);
    desk.steps(&["<ctrl-v>"]);
    assert!(desk.shown().contains("use the terminal's own paste"));
    desk.steps(&["<backspace>", "<backspace>", "<ctrl-a>", "<ctrl-c>", "<ctrl-end>", "<ctrl-v>"]);
    assert_eq!(desk.text(), "lampslamps|");
    desk.steps(&["<alt-s>", "<ctrl-v>"]);
    assert!(desk.shown().contains("Save as: lamps.md"), "{}", desk.shown());
    desk.steps(&["<esc>", "<ctrl-p>", "<ctrl-v>"]);
    assert!(desk.shown().contains("› lamps"), "{}", desk.shown());
    desk.steps(&["<esc>", "<f3>", "n", "<ctrl-v>", "<enter>"]);
    assert!(desk.shown().contains("“lamps”"), "{}", desk.shown());
    let folder = tempfile::tempdir().unwrap();
    let all = [("hello", "anna", "One."), ("help", "ben", "Two."), ("more", "cy", "Three.")];
    let settings =
        with(Environment { mentions: Some(queue(folder.path(), all)), ..Environment::default() });
    let mut desk = Desk::with("lamps", &settings);
    desk.steps(&["<ctrl-a>", "<ctrl-c>", "<f9>", "e", " ", "<ctrl-v>", "<enter>"]);
    assert!(desk.shown().contains("reply    One. lamps"), "{}", desk.shown());
}

#[test]
fn a_click_below_what_is_offered_finds_its_row() {
    let mut desk = Desk::on("one|\ntwo\nthree");
    desk.size(60, 20);
    let long = "= and| so| on".to_owned() + &"| and so on".repeat(12);
    desk.steps(&["<ctrl-space>", &long, "=."]);
    let row = desk.shown().lines().position(|line| line.trim() == "three").expect("a row");
    point(&mut desk, MouseEventKind::Down(MouseButton::Left), 3, row as u16);
    assert_eq!(desk.text(), "one\ntwo\n|three");
}

#[test]
fn a_chapter_is_pasted_in_one_step() {
    let chapter =
        "He had been writing the same page, for eleven days in a row.\r\n\r\n".repeat(2_000);
    let mut desk = Desk::on("Before.|");
    let start = std::time::Instant::now();
    desk.steps(&[&format!("^{chapter}")]);
    assert!(desk.text().len() > 120_000);
    assert!(!desk.text().contains('\r'));
    desk.steps(&["<ctrl-z>"]);
    assert_eq!(desk.text(), "Before.|");
    // Key by key it would take minutes.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn the_window_is_called_after_the_draft() {
    let path = Path::new("a\u{1b}]0;x\u{7}\u{202e}b.md");
    let mut desk = Desk::new(Session::open(path).unwrap(), &settings(), Vec::new());
    let title = desk.app.title();
    assert!(title.ends_with("b.md · unstuck"), "{title}");
    assert!(!title.contains(|c: char| c.is_control() || c == '\u{202e}'), "{title:?}");
    desk.step("x");
    assert!(desk.app.title().contains(" ● · unstuck"));
}

#[test]
fn notes_steer_the_model_and_are_no_words_of_the_draft() {
    let room = Room::new("One. Two. Three. Four. Five. Six. Seven. Eight");
    let mut desk = room.desk();
    desk.size(100, 30);
    desk.steps(&["<ctrl-end>", "<alt-n>", "Mara keeps the light.", "<down>", "[Quiet.]"]);
    desk.steps(&["<down>", "Skerry", "<esc>", "<ctrl-space>"]);
    let guide = desk.asked[0].guide.clone();
    assert_eq!((&*guide.memory, &*guide.note), ("Mara keeps the light.", "[Quiet.]"));
    assert!(!desk.asked[0].prompt.contains("Mara"));
    assert!(desk.shown().contains("8 words"), "{}", desk.shown());
    assert!(desk.shown().contains("» "), "the note's place: {}", desk.shown());
    // The ruler has what was counted.
    let reading = Reading { tokens: 40, guide: (6, 3), sees_from: 0 };
    desk.news(News::Reading(desk.asked[0].branch, reading));
    desk.steps(&["<alt-n>"]);
    let shown = desk.shown();
    assert!(shown.contains("memory 6 · note 3 · draft 31 tokens"), "{shown}");
    assert!(shown.contains("Mara keeps the light.") && shown.contains("Skerry"), "{shown}");
    desk.steps(&["<esc>", "<esc>", "<esc>"]);
    // The journal keeps them, and pruning does.
    drop(desk);
    let mut session = room.session();
    assert_eq!(session.notes().names, "Skerry");
    let request = session.ask(0, serde_json::Value::Null);
    let offer = session.offer(request, 1, " One.").unwrap();
    session.prune(offer).unwrap();
    drop(session);
    assert_eq!(room.session().notes().memory, "Mara keeps the light.");
    assert_eq!(room.on_disk(), "One. Two. Three. Four. Five. Six. Seven. Eight");
}

#[test]
fn headings_become_a_part_of_the_memory() {
    let mut desk = Desk::on("# The island\n\nText.\n\n## Three rules\n\nMore.\n\n# Not yet\n");
    desk.steps(&["<up>", "<up>", "<alt-n>", "Mara.", "<ctrl-g>", "<ctrl-g>", "<esc>"]);
    let memory = "Mara. So far: The island; Three rules.";
    assert_eq!(desk.app.session().notes().memory, memory);
    let mut desk = Desk::on("No headings.");
    desk.steps(&["<alt-n>", "<ctrl-g>"]);
    assert!(desk.shown().contains("No heading is before the cursor"), "{}", desk.shown());
}
