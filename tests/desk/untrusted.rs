//! Text from a model, a file or a paste must not control the terminal. Whatever bytes it has, no cell of any view
//! contains a control character, an escape, a bidirectional override, or a lone zero-width character.

use crate::support::{
    air::{self, Air, said},
    desk::{Desk, beside, info, settings},
};
use proptest::{
    prelude::*,
    test_runner::{FailurePersistence, FileFailurePersistence},
};
use std::fs;
use unstuck::{
    clean::for_terminal,
    session::{History, Session},
    tui::{
        Environment, Settings,
        live::{Gear, Rundown},
    },
    ui::{shelf::Entry, theme::Themes, worker::News},
};

/// Failures are kept in a file beside this one.
fn regressions() -> Option<Box<dyn FailurePersistence>> {
    Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions")))
}

/// Pieces that terminals listen to, or that hide, between random bytes.
fn anything() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "\u{1b}[31m",
        "\u{1b}]0;x\u{7}",
        "\u{1b}]52;c;eA==\u{7}",
        "\u{9b}2J",
        "\u{90}q",
        "\r",
        "\0",
        "\u{8}",
        "\u{7f}",
        "\u{85}",
        "\u{202e}",
        "\u{202d}x\u{202c}",
        "\u{2066}",
        "\u{2069}",
        "\u{200b}",
        "\u{200d}",
        "\u{200e}",
        "\u{feff}",
        "\u{ad}",
        "\u{2060}",
        "\u{e0041}",
        "\u{fe0f}",
        "\u{301}",
        "\t",
        "\n",
        " ",
        "雨",
        "👨‍👩‍👧",
        "e\u{301}",
        "می\u{200c}خواهم",
        "word",
        "\u{2028}",
        "\u{fffe}",
        "\u{115f}",
        "\u{3164}",
    ])
    .prop_map(str::to_owned);
    let bytes = prop::collection::vec(any::<u8>(), 1..12)
        .prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let chars = any::<char>().prop_map(String::from);
    prop::collection::vec(prop_oneof![3 => nasty, 2 => bytes, 1 => chars], 0..24)
        .prop_map(|pieces| pieces.concat())
}

fn check(desk: &mut Desk, what: &str) {
    desk.draw();
    for cell in desk.screen.backend().buffer().content() {
        let symbol = cell.symbol();
        let safe = for_terminal(symbol) == symbol && !symbol.contains(['\n', '\t']);
        assert!(safe, "{what}: {:?}", symbol);
        let width = unicode_width::UnicodeWidthStr::width(symbol);
        assert!(symbol.is_empty() || width > 0, "{what}: {symbol:?} has no width");
    }
}

/// Keys and news that lead through every view.
const WALK: [&[&str]; 27] = [
    &[],
    &["<ctrl-space>"],
    &["<esc>", "<ctrl-right>", "<f6>", "<esc>", "<alt-enter>"],
    &["<ctrl-t>"],
    &["<esc>", "<ctrl-a>"],
    &["<ctrl-l>"],
    &["<esc>", "<ctrl-l>", "<end>", "<enter>", "<enter>"],
    &["<ctrl-l>", "<enter>"],
    &["<esc>", "<alt-m>", "<enter>"],
    &["<esc>", "<f9>"],
    &["<down>", "e"],
    &["<enter>", "<esc>", "<end>", "o"],
    &["<esc>", "<f1>"],
    &["<esc>", "<ctrl-p>"],
    &["<esc>", "<alt-s>"],
    &["<esc>", "<ctrl-d>", "<right>", "<left>"],
    &["<down>", "<right>", "7"],
    &["<esc>", "<esc>", "<ctrl-a>", "<ctrl-f>"],
    &["<down>", "<tab>"],
    &["<enter>", "<alt-enter>", "<ctrl-z>"],
    &["<esc>", "<alt-o>"],
    &["<esc>", "<alt-c>"],
    &["<esc>", "<ctrl-o>"],
    &["<ctrl-o>", "<ctrl-o>"],
    &["<f3>"],
    &["<up>", "<n>"],
    &["<enter>", "<esc>", "<ctrl-q>"],
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: regressions(), ..ProptestConfig::default() })]

    #[test]
    fn no_cell_drives_the_terminal(
        page in anything(), said in anything(), named in anything(), wrong in anything(), size in 0usize..3,
    ) {
        let state = tempfile::tempdir().unwrap();
        let recent = serde_json::to_string(&[format!("/{named}"), format!("/x/{said}")]).unwrap();
        fs::write(state.path().join("recent.json"), recent).unwrap();
        fs::create_dir_all(state.path().join("themes")).unwrap();
        let name: String = named.chars().filter(|c| !matches!(c, '/' | '\0')).take(40).collect();
        // A name that this file system refuses is none to be afraid of.
        let _ = fs::write(state.path().join(format!("themes/{name}.toml")), &page);
        let settings = Settings {
            theme: named.clone(),
            preset: said.clone(),
            environment: Environment {
                themes: Themes::new(Some(state.path().join("themes"))),
                state: Some(state.path().into()),
                mentions: Some(beside::queue(state.path(), [
                (&page, &named, &said),
                (&said, &wrong, &named),
                (&wrong, &said, &page),
            ])),
                ..Environment::default()
            },
            ..settings()
        };
        let model = |here| Entry {
            name: format!("{named}{here}"),
            licence: Some(said.clone()),
            here,
            ..Entry::default()
        };
        let torn = Entry { name: wrong.clone(), broken: Some(page.clone()), ..Entry::default() };
        let models = [torn, model(true), model(false)];
        let path = state.path().join(format!("{name}.md"));
        let path = if fs::write(&path, &said).is_ok() { path } else { state.path().join("x.md") };
        let resume = || Session::resume(Some(&path), state.path(), History::On);
        let session = resume().unwrap_or_else(|_| Session::new());
        let mut desk = Desk::new(session, &settings, vec![wrong.clone()]).with_shelf();
        let (width, height) = [(80, 24), (120, 40), (40, 12)][size];
        desk.size(width, height);
        desk.news(News::Loaded(unstuck::generate::ModelInfo { name: named.clone(), ..info() }));
        desk.step(&format!("^{page}"));
        for keys in WALK {
            for key in keys {
                desk.step(key);
                check(&mut desk, key);
                desk.play_shelf(&models);
                check(&mut desk, "the shelf");
                for (way, sign) in [("<ctrl-l>", "models · "), ("<f9>", "mentions · 3 ")] {
                    prop_assert!(*key != way || desk.shown().contains(sign), "{}", desk.shown());
                }
            }
            if keys == ["<ctrl-space>"] {
                for piece in [&said, &wrong, &page] {
                    if let Some(ask) = desk.asked.last() {
                        let branch = ask.branch;
                        desk.token(branch, piece);
                    }
                    check(&mut desk, "a token");
                }
                if let Some(ask) = desk.asked.first() {
                    let branch = ask.branch;
                    desk.news(News::Failed(branch, wrong.clone()));
                }
                check(&mut desk, "a failure");
            }
            if keys == ["<ctrl-t>"] && let Some((_, look)) = desk.looked.last() {
                let all = 0..look.span.len();
                desk.see(all, &[&said, &wrong, &page]);
                check(&mut desk, "an open token");
            }
            // A paste into whatever is open, too.
            desk.step(&format!("^{said}"));
            check(&mut desk, "a paste");
        }
        // After a crash: the question, and the page beside the file that another program has changed.
        drop(desk);
        let _ = fs::write(&path, &wrong);
        let mut desk = Desk::new(resume().unwrap_or_else(|_| Session::new()), &settings, vec![]);
        desk.size(width, height);
        for key in ["<left>", "<d>", "<esc>", "<enter>", "<f10>", "<esc>"] {
            desk.step(key);
            check(&mut desk, key);
        }
        desk.step("x");
        let _ = fs::write(&path, &page);
        desk.focus();
        for key in ["<left>", "<ctrl-s>", "<d>", "<down>", "<esc>", "<r>"] {
            desk.step(key);
            check(&mut desk, key);
        }
        desk.news(News::Gone(wrong.clone()));
        check(&mut desk, "no model");
        let title = desk.app.title();
        prop_assert!(for_terminal(&title) == title && !title.contains(['\n', '\t']), "{title:?}");
    }
}

/// A show, from its rundown to its last view.
const SHOW: [&str; 26] = [
    "space", "right", "right", "t", "down", "enter", "esc", "z", "s", "r", "3", "down", "enter",
    "n", "/", "enter", "w", "enter", "x", "m", "?", "esc", "b", "b", "p", "f8",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: regressions(), ..ProptestConfig::default() })]

    #[test]
    fn no_cell_of_a_show_does_either(
        prompt in anything(), name in anything(), words in anything(), wrong in anything(), size in 0usize..3,
    ) {
        let rundown = format!("## {}\n\n{prompt}\n\n## second\n\n{words}\n", name.replace('\n', " "));
        let gear = Gear { rundown: Rundown::parse(&rundown).ok(), ..air::gear("") };
        let mut air = Air::with(Session::from_text(&words), gear, &settings());
        let (width, height) = [(80, 24), (120, 40), (40, 12)][size];
        air.desk.size(width, height);
        for key in SHOW {
            air.keys(key);
            check(&mut air.desk, key);
            if let Some(ask) = air.desk.asked.last() {
                let branch = ask.branch;
                for piece in [&words, &prompt, &wrong] {
                    air.desk.news(News::Token(branch, said(piece)));
                }
            }
            air.pass(2_000);
            check(&mut air.desk, "words");
            // Into whatever is open.
            air.desk.step(&format!("^{wrong}"));
            check(&mut air.desk, "a paste");
        }
        air.desk.news(News::Gone(wrong.clone()));
        check(&mut air.desk, "no model");
    }
}
