//! The ranges of the sampling settings: the command line, the three tables of the settings file, the dials and the
//! engine accept the same values, and every value that is accepted samples.

use super::{TINY, code, err, unstuck};
use crate::support::desk::{Desk, settings};
use std::{fs, path::Path};
use tempfile::TempDir;
use unstuck::{
    clean::Level,
    generate::{Ask, Engine, Guide, Output, Prefix},
    model::Precision,
    token::{SamplingParams, Setting},
    weights,
};

/// A setting, its option, its row among the dials, and values with the verdict on each.
type Row = (&'static str, Option<&'static str>, Option<usize>, &'static [(&'static str, bool)]);

const TABLE: [Row; 21] = [
    (
        "temperature",
        Some("--temperature"),
        Some(1),
        &[
            ("0", true),
            ("1e-30", true),
            ("0.5", true),
            ("100", true),
            ("100.1", false),
            ("-0.1", false),
        ],
    ),
    (
        "top_p",
        Some("--top-p"),
        Some(2),
        &[
            ("0", true),
            ("1e-30", true),
            ("0.5", true),
            ("1", true),
            ("1.01", false),
            ("-0.01", false),
        ],
    ),
    (
        "top_k",
        Some("--top-k"),
        Some(3),
        &[("0", true), ("1", true), ("1000000", true), ("1000001", false), ("-1", false)],
    ),
    (
        "min_p",
        Some("--min-p"),
        Some(4),
        &[("0", true), ("1e-30", true), ("1", true), ("1.01", false), ("-0.01", false)],
    ),
    (
        "repetition_penalty",
        Some("--repetition-penalty"),
        Some(5),
        &[
            ("0", true),
            ("1e-38", true),
            ("0.05", true),
            ("1", true),
            ("100", true),
            ("100.1", false),
            ("-1", false),
        ],
    ),
    (
        "max_tokens",
        Some("--max-tokens"),
        Some(6),
        &[("0", false), ("1", true), ("30", true), ("1000001", false)],
    ),
    (
        "typical_p",
        Some("--typical-p"),
        None,
        &[
            ("0", true),
            ("1e-30", true),
            ("0.5", true),
            ("1", true),
            ("1.01", false),
            ("-0.01", false),
        ],
    ),
    (
        "tail_free",
        Some("--tail-free"),
        None,
        &[
            ("0", true),
            ("1e-30", true),
            ("0.5", true),
            ("1", true),
            ("1.01", false),
            ("-0.01", false),
        ],
    ),
    (
        "top_a",
        Some("--top-a"),
        None,
        &[
            ("0", true),
            ("1e-30", true),
            ("0.5", true),
            ("1", true),
            ("1.01", false),
            ("-0.01", false),
        ],
    ),
    (
        "xtc_probability",
        Some("--xtc-probability"),
        None,
        &[
            ("0", true),
            ("1e-30", true),
            ("0.5", true),
            ("1", true),
            ("1.01", false),
            ("-0.01", false),
        ],
    ),
    (
        "xtc_threshold",
        Some("--xtc-threshold"),
        None,
        &[
            ("0", true),
            ("1e-30", true),
            ("0.5", true),
            ("1", true),
            ("1.01", false),
            ("-0.01", false),
        ],
    ),
    (
        "mirostat_eta",
        Some("--mirostat-eta"),
        None,
        &[
            ("0", true),
            ("1e-30", true),
            ("0.5", true),
            ("1", true),
            ("1.01", false),
            ("-0.01", false),
        ],
    ),
    (
        "mirostat_tau",
        Some("--mirostat-tau"),
        None,
        &[
            ("0", true),
            ("1e-30", true),
            ("5", true),
            ("100", true),
            ("100.1", false),
            ("-1", false),
        ],
    ),
    (
        "frequency_penalty",
        Some("--frequency-penalty"),
        None,
        &[("-2", true), ("0", true), ("2", true), ("2.1", false), ("-2.1", false)],
    ),
    (
        "presence_penalty",
        Some("--presence-penalty"),
        None,
        &[("-2", true), ("0", true), ("2", true), ("2.1", false), ("-2.1", false)],
    ),
    (
        "no_repeat_ngram",
        Some("--no-repeat-ngram"),
        None,
        &[("0", true), ("1", true), ("3", true), ("1000000", true), ("1000001", false)],
    ),
    (
        "dry_multiplier",
        Some("--dry-multiplier"),
        None,
        &[("0", true), ("0.8", true), ("100", true), ("100.1", false), ("-1", false)],
    ),
    (
        "dry_base",
        Some("--dry-base"),
        None,
        &[("0.9", false), ("1", true), ("10", true), ("10.1", false)],
    ),
    (
        "dry_allowed_length",
        Some("--dry-allowed-length"),
        None,
        &[("0", false), ("1", true), ("1000000", true), ("1000001", false)],
    ),
    ("repetition_window", None, None, &[("0", true), ("1000000", true), ("1000001", false)]),
    ("logprobs", None, None, &[("0", true), ("1000000", true), ("1000001", false)]),
];

#[test]
fn a_value_is_accepted_everywhere_or_nowhere_and_then_samples() {
    let named: Vec<_> = TABLE.iter().map(|row| row.0).collect();
    assert!(Setting::ALL.iter().all(|setting| named.contains(&setting.name)), "{named:?}");
    let mut engine = Engine::new(weights::open(Path::new(TINY), Precision::Q8_0).unwrap());
    for (name, option, dial, values) in TABLE {
        for &(value, accepted) in values {
            let is = |front: &str, verdict: bool| {
                assert_eq!(verdict, accepted, "{front}: {name} = {value}");
            };
            for table in ["desk.sampling", "generate", "bot.sampling"] {
                is(table, settings_accept(table, name, value));
            }
            if let Some(option) = option {
                is(option, command_line_accepts(option, value));
            }
            if let Some(row) = dial.filter(|_| !value.starts_with('-') && !value.contains('e')) {
                let (said, params) = dialled(row, value);
                is("dial", !said);
                // At the end of the range, where a dial stops, the engine samples too.
                assert!(samples(&mut engine, params), "dial: {name} = {value}");
            }
            let toml = toml::from_str::<SamplingParams>(&format!("{name} = {value}"));
            is("engine", toml.is_ok_and(|params| samples(&mut engine, params)));
        }
    }
}

/// Whether `unstuck config` has nothing to say about this setting; if not, it must name it.
fn settings_accept(table: &str, name: &str, value: &str) -> bool {
    let home = TempDir::new().unwrap();
    let file = home.path().join("file.toml");
    fs::write(&file, format!("[{table}]\n{name} = {value}\n")).unwrap();
    let output = unstuck(home.path()).arg("--config").arg(&file).arg("config").output().unwrap();
    let named = err(&output).contains(&format!("line 2: `{table}.{name}`"));
    assert_eq!(code(&output) == Some(1), named, "{}", err(&output));
    code(&output) == Some(0)
}

/// Whether `unstuck generate` takes this value and prints a continuation; if not, it must name the option.
fn command_line_accepts(option: &str, value: &str) -> bool {
    let option = format!("{option}={value}");
    let mut args = vec!["generate", "--model", TINY, "x", &option, "--stop=e"];
    if !option.starts_with("--max-tokens") {
        args.push("--max-tokens=3");
    }
    let output = super::run(&args);
    if code(&output) == Some(2) {
        assert!(err(&output).contains(option.split('=').next().unwrap()), "{}", err(&output));
    } else {
        assert_eq!(code(&output), Some(0), "{option}: {}", err(&output));
    }
    code(&output) == Some(0)
}

/// What is asked after typing a value at a dial, and whether the dial said that it does not go there.
fn dialled(row: usize, value: &str) -> (bool, SamplingParams) {
    let mut desk = Desk::with("boat.", &settings());
    desk.steps(&["<ctrl-d>"]);
    (0..row).for_each(|_| desk.press("down"));
    desk.steps(&[value, "<enter>"]);
    let said = desk.shown().contains(" must be between ");
    desk.steps(&["<esc>", "<ctrl-space>"]);
    (said, desk.asked.last().unwrap().params.clone())
}

/// Whether the engine takes these and a token comes.
fn samples(engine: &mut Engine, params: SamplingParams) -> bool {
    // A prompt in which every token is recent, so that the penalty has something to change.
    let prompt = "the rules of the boat and the rules of the lamp ".to_owned();
    let guide = Guide::default();
    let ask = Ask { branch: 1, prompt, guide, params, clean: Level::None, prefix: Prefix::Tokens };
    if engine.start(ask).is_err() {
        return false;
    }
    let mut came = 0;
    while came < 3 && !engine.is_idle() {
        let outputs = engine.step().unwrap();
        came += outputs.iter().filter(|(_, output)| matches!(output, Output::Token(_))).count();
    }
    engine.stop(1);
    came > 0
}
