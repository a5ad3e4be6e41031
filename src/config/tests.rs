//! Layers of settings, one over the other; and a walk through every setting with values that can't be.

use super::*;
use std::fs;
use unstuck::{session::Session, token::SamplingParams};

/// Settings from a file of this text.
fn read(text: &str) -> Loaded {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unstuck.toml");
    fs::write(&file, text).unwrap();
    let flags = cli::Global { config: Some(file), ..Default::default() };
    Config::load(&flags, &cli::Overrides::default(), |_| None)
}

/// The settings of a text in which nothing may be wrong.
fn good(text: &str) -> Config {
    let loaded = read(text);
    assert_eq!(loaded.wrong, Vec::<String>::new());
    loaded.config
}

#[test]
fn a_preset_tells_what_nothing_else_does() {
    let sampling = |text: &str| good(text).desk.sampling;
    let usual = SamplingParams { ..Config::default().desk.sampling };
    let wild = sampling("[desk]\npreset = 'wild'\n");
    assert_eq!((wild.temperature, wild.top_k, wild.min_p), (1.1, 0, 0.05));
    assert_eq!((wild.max_tokens, wild.sentence), (usual.max_tokens, usual.sentence));
    let own =
        sampling("[desk]\npreset = 'wild'\n[desk.sampling]\ntop_k = 100\ntemperature = 0.5\n");
    assert_eq!((own.temperature, own.top_k, own.min_p), (0.5, 100, 0.05));
    // Another name is only a name.
    assert_eq!(sampling("[desk]\npreset = 'mine'\n"), usual);
    assert_eq!(sampling("[desk]\npreset = 'prose'\n"), usual);
    let loaded = read("[desk]\npreset = 'wild'\n");
    let from = loaded.layers.source(&["desk", "sampling", "top_p"].map(str::to_owned));
    assert!(matches!(from, Source::File(_, 2)), "{from}");
}

#[test]
fn the_usual_preset_is_what_holds_when_nothing_is_set() {
    let usual = Config::default().desk.sampling;
    assert_eq!(Preset::named("prose").map(|prose| prose.over(&usual)), Some(usual));
}

/// Every setting by its names, as the structs themselves tell them.
fn all_settings() -> Vec<String> {
    let mut todo = vec![String::new()];
    let mut found = Vec::new();
    while let Some(table) = todo.pop() {
        if table.ends_with("keys.") || table.ends_with("bias.") {
            continue; // keys and words have no names of their own
        }
        let error = toml::from_str::<Config>(&format!("{table}no-such-name = 0")).unwrap_err();
        let known = error.message().split('`').skip(3).step_by(2);
        for name in known {
            let full = format!("{table}{name}");
            if toml::from_str::<Config>(&format!("{full} = {{}}")).is_ok() {
                todo.push(format!("{full}."));
            } else {
                found.push(full);
            }
        }
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

const EXAMPLE: &str = include_str!("../../examples/unstuck.toml");

#[test]
fn the_example_lists_every_setting_at_its_default() {
    assert_eq!(good(EXAMPLE), Config::default());
    // What has no default stands there as a comment that can be made a line.
    let opened = EXAMPLE.replace("\n#: ", "\n");
    let table: toml::Table = toml::from_str(&opened).unwrap();
    good(&opened);
    for name in all_settings() {
        let mut value = Some(&Value::Table(table.clone())).cloned();
        for part in name.split('.') {
            value = value.and_then(|value| value.get(part).cloned());
        }
        assert!(value.is_some(), "examples/unstuck.toml lacks {name}");
        let mut plain = Some(Value::Table(toml::from_str(EXAMPLE).unwrap()));
        for part in name.split('.') {
            plain = plain.and_then(|value| value.get(part).cloned());
        }
        // A temperature that is set is not lowered for a small model, though it is the default.
        let is_open =
            name == "desk.sampling.temperature" || Config::open().any(|open| open == name);
        assert_eq!(plain.is_none(), is_open, "{name}");
    }
}

#[test]
fn what_the_readme_sets_can_be_set() {
    let readme = include_str!("../../README.md");
    for block in readme.split("```toml\n").skip(1) {
        good(block.split("```").next().unwrap());
    }
}

#[test]
fn half_a_table_leaves_its_other_half_alone() {
    let config = good("[desk.sampling]\ntemperature = 0.5\n");
    let expected = tui::Settings::default().sampling;
    assert_eq!(config.desk.sampling, SamplingParams { temperature: 0.5, ..expected });
    assert_eq!(config.generate, Default::default());
}

#[test]
fn flags_are_over_the_environment_and_that_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unstuck.toml");
    fs::write(&file, "model = 'file'\nthreads = 3\n[desk]\ntheme = 'paper'\n").unwrap();
    let flags = cli::Global { config: Some(file.clone()), ..Default::default() };
    let env = |name: &str| (name == "UNSTUCK_MODEL").then(|| "env".to_owned());
    let loaded = Config::load(&flags, &cli::Overrides::default(), env);
    assert_eq!(loaded.config.model.as_deref(), Some("env"));
    assert_eq!((loaded.config.threads, &*loaded.config.desk.theme), (Some(3), "paper"));
    assert_eq!(loaded.wrong, Vec::<String>::new());
    let report = loaded.report();
    let from = |name: &str| {
        let line = report.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split("  # ").nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(from("model"), "UNSTUCK_MODEL");
    assert_eq!(from("threads"), format!("{}: line 2", file.display()));
    assert_eq!(from("theme"), format!("{}: line 4", file.display()));
    assert_eq!(from("offers"), "default");
    assert!(report.contains("temperature = 0.85 "), "{report}");
    // What is printed is a file of settings.
    assert_eq!(good(&report).desk, Config { ..loaded.config }.desk);
    let told = cli::Overrides {
        model: Some("flag".into()),
        theme: Some("x".into()),
        ..cli::Overrides::default()
    };
    let config = Config::load(&flags, &told, env).config;
    assert_eq!((config.model.as_deref(), &*config.desk.theme), (Some("flag"), "x"));
}

#[test]
fn every_setting_with_broken_values_is_named_and_left_out() {
    let table = Value::try_from(Config::default()).unwrap();
    let broken =
        ["-1", "-3", "1e99", "nan", "{}", "{ a = 1 }", "[[1]]", "2020-01-01", "\"\\u0007x\""];
    for name in all_settings() {
        let mut refused = Vec::new();
        for value in broken {
            // Beside it stands a setting that is right.
            let beside = if name == "desk.preset" { "theme" } else { "preset" };
            let text = format!("desk.{beside} = \"kept\"\n\n{name} = {value}\n");
            let loaded = read(&text);
            let said = loaded.wrong.concat();
            if !loaded.wrong.is_empty() {
                refused.push(value);
                assert_eq!(loaded.wrong.len(), 1, "{text}: {said}");
                assert!(said.contains("unstuck.toml: line 3: "), "{text}: {said}");
                assert!(said.contains(&name), "{text}: {said}");
            }
            let desk = &loaded.config.desk;
            assert!(desk.preset == "kept" || desk.theme == "kept", "{text}");
            assert_eq!(loaded.config.check(), Ok(()), "{text}");
            // The desk opens all the same, and says it.
            let (requests, _inbox) = std::sync::mpsc::channel();
            let opened = tui::App::new(Session::from_text("x"), desk, loaded.wrong, 1, requests);
            assert!(!opened.unwrap().is_over(), "{text}");
        }
        // What is of another type can't be; and a number has its range.
        for wrong in ["[[1]]", "{ a = 1 }", "2020-01-01"] {
            assert!(refused.contains(&wrong), "{name} = {wrong} is taken");
        }
        let is_number = name.split('.').try_fold(&table, |value, part| value.get(part));
        if is_number.is_some_and(|value| value.is_integer() || value.is_float()) {
            // Two penalties may be negative.
            let low = if name.ends_with("frequency_penalty") || name.ends_with("presence_penalty") {
                "-3"
            } else {
                "-1"
            };
            for wrong in [low, "1e99", "nan"] {
                assert!(refused.contains(&wrong), "{name} = {wrong} is taken");
            }
        }
    }
}

#[test]
fn what_is_broken_is_said_with_its_line_and_what_was_meant() {
    for (text, says) in [
        (
            "[desk]\ntheme = 'paper'\nthem = 'ink'\n",
            "line 3: there is no setting `them`; did you mean `theme`?",
        ),
        ("[dekk]\ntheme = 'paper'\n", "line 1: there is no setting `dekk`; did you mean `desk`?"),
        (
            "\nquantization = 'q8'\n",
            "line 2: `quantization`: there is no value `q8`; did you mean `q8_0`?",
        ),
        (
            "[generate]\ntemperature = 'hot'\n",
            "line 2: `generate.temperature`: expected a number, found string \"hot\"",
        ),
        ("threads = 0", "line 1: `threads`: expected a number from 1 up"),
        ("desk = 3", "line 1: `desk`: expected a table, found integer `3`"),
        ("[desk\n", "line 1: "),
        (
            "model = 'a'\n\nmodel = 'b'\n",
            "line 3: `model` is set here and in line 1; keep one of them",
        ),
        ("[keys]\n'ctrl-s' = 'fly'", "line 2: `ctrl-s` is given to `fly`, which is not a command"),
        ("[keys]\n'ctrl-k' = 'qit'", "did you mean `quit`?"),
        ("[keys]\n'f2' = 'quit'\n'F2' = 'save'", "line 3: `F2` is the same key as `f2` ("),
        (
            "[keys]\n'ctrl-k' = 3",
            "line 2: `keys.ctrl-k`: expected text in quotes, found integer `3`",
        ),
    ] {
        let loaded = read(text);
        assert!(loaded.wrong.concat().contains(says), "{text}: {:?}", loaded.wrong);
        assert_eq!(loaded.wrong.len(), 1, "{:?}", loaded.wrong);
    }
}

#[test]
fn a_broken_variable_or_file_leaves_the_rest() {
    let flags = cli::Global { config: Some("no/such/file.toml".into()), ..Default::default() };
    let told = cli::Overrides { model: Some("m".into()), ..cli::Overrides::default() };
    let loaded = Config::load(&flags, &told, |_| Some("many".into()));
    assert_eq!((loaded.config.model.as_deref(), loaded.config.threads), (Some("m"), None));
    let wrong = loaded.wrong.join("\n");
    assert!(wrong.contains("no/such/file.toml: "), "{wrong}");
    assert!(wrong.contains("UNSTUCK_THREADS: `threads`: expected a whole number"), "{wrong}");
    assert!(wrong.contains("UNSTUCK_QUANTIZATION: "), "{wrong}");
}

#[test]
fn own_keys_reach_the_desk() {
    let config = good("[keys]\n'ctrl-k' = 'quit'\n'f10' = 'nothing'\n");
    let places: Vec<_> = config.desk.environment.keys.iter().map(|line| &*line.key).collect();
    assert_eq!(places, ["ctrl-k", "f10"]);
}
