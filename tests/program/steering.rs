//! What a text of `unstuck generate` should be like: banned, likelier and wanted words, its end, and many prompts.

use super::*;
use std::fs;
use unstuck::clean::Phrases;

fn text(sample: &Value) -> String {
    sample["text"].as_str().expect("text").to_owned()
}

/// The TOML of settings as JSON has them, under a heading.
fn as_settings(settings: &Value) -> String {
    let table: toml::Table = serde_json::from_value(settings.clone()).expect("a table");
    let all = toml::Table::from_iter([("generate".to_owned(), table.into())]);
    toml::to_string(&all).expect("TOML")
}

#[test]
fn the_settings_in_json_give_the_same_text_again() {
    let args = [
        "The second was",
        "--json",
        "--seed",
        "41",
        "-n",
        "2",
        "--max-tokens",
        "24",
        "--temperature",
        "1.3",
        "--mirostat-tau",
        "5",
        "--xtc-probability",
        "0.2",
        "--order",
        "xtc,temperature,mirostat",
        "--memory",
        "Mara keeps the light.",
        "--note",
        "[Quiet.]",
        "--ban",
        "the",
        "--ban",
        "of a",
        "--bias",
        "lamp=4",
        "--bias",
        "sea=-2.5",
        "--must",
        "boat",
        "--stop",
        "###",
        "--clean",
        "prose",
        "--dry-multiplier",
        "0.8",
    ];
    let made = json_lines(&generate(&args));
    let second = &made[1];
    let home = TempDir::new().expect("a folder");
    let file = home.path().join("unstuck.toml");
    fs::write(&file, as_settings(&second["settings"])).expect("written");
    let file = file.to_str().expect("a path");
    let again = generate(&["The second was", "--json", "--config", file]);
    assert_eq!(json_lines(&again)[0], *second);
    // In a row of many prompts, too: the row is what was printed.
    let rows = home.path().join("rows.jsonl");
    let row = serde_json::json!({ "prompt": "The second was", "settings": second["settings"] });
    fs::write(&rows, format!("{row}\n")).expect("written");
    let again = generate(&["--prompts", rows.to_str().expect("a path")]);
    let mut again = json_lines(&again).remove(0);
    assert_eq!(again.as_object_mut().and_then(|sample| sample.remove("row")), Some(1.into()));
    assert_eq!(again, *second);
}

#[test]
fn bans_and_biases_are_heeded() {
    let free = json_lines(&generate(&["The", "--json", "--seed", "3", "--max-tokens", "20"]));
    let free = text(&free[0]);
    let word = free.split_whitespace().find(|word| word.chars().all(char::is_alphabetic));
    let word = word.expect("a word");
    let args = ["The", "--json", "--seed", "3", "--max-tokens", "20", "--ban", word];
    let banned = text(&json_lines(&generate(&args))[0]);
    assert!(Phrases::new([word]).find(&format!("The{banned}")).is_none(), "{word} in {banned}");
    let args = ["The", "--json", "--seed", "3", "--max-tokens", "9", "--bias", "lamp=60"];
    let biased = text(&json_lines(&generate(&args))[0]).to_lowercase();
    assert!(biased.matches("lamp").count() > 5, "{biased}");
    for wrong in ["lamp", "lamp=x", "=2", "lamp=101"] {
        let output = generate(&["The", "--bias", wrong]);
        assert_eq!(code(&output), Some(2), "{wrong}: {}", err(&output));
    }
}

#[test]
fn what_a_text_lacks_is_said() {
    let args = ["The", "--json", "--seed", "3", "--max-tokens", "5"];
    let output = generate(&[&args[..], &["--must", "quorn", "--end-on", "nobody came"]].concat());
    let said = err(&output);
    assert!(said.contains("the text has no \"quorn\""), "{said}");
    assert!(said.contains("the text doesn't end on \"nobody came\""), "{said}");
    let sample = &json_lines(&output)[0];
    assert_eq!(sample["unmet"].as_array().map(Vec::len), Some(2));
    assert_eq!(sample["settings"]["bias"]["quorn"], 2.0);
    // A text that has them: the bias makes it say nothing else.
    let wants = ["--must", "lamp", "--end-on", "lamp", "--bias", "lamp=80"];
    let output = generate(&[&args[..], &wants].concat());
    assert_eq!(err(&output), "");
    let sample = &json_lines(&output)[0];
    assert_eq!((&sample["stop"], &sample["unmet"]), (&"phrase".into(), &Value::Null));
    assert!(text(sample).to_lowercase().trim().ends_with("lamp"), "{sample}");
    // Of several candidates, one that has the word is chosen.
    let best = ["--best-of", "8", "--must", "boat", "--bias", "boat=3"];
    let args = ["The", "--json", "--seed", "3", "--max-tokens", "12", "--temperature", "1"];
    let all = json_lines(&generate(&[&args[..], &["-n", "8"], &best[4..]].concat()));
    let boats = all.iter().filter(|one| Phrases::new(["boat"]).find(&text(one)).is_some()).count();
    assert!(boats > 0 && boats < 8, "{boats} of 8");
    let chosen = &json_lines(&generate(&[&args[..], &best].concat()))[0];
    assert!(Phrases::new(["boat"]).find(&text(chosen)).is_some(), "{chosen}");
    assert_eq!(code(&generate(&["The", "--only", "action"])), Some(2));
    assert_eq!(code(&generate(&["The", "--only", "verse", "--best-of", "2"])), Some(2));
    assert_eq!(code(&generate(&["The", "--only", "action", "--best-of", "2"])), Some(0));
}

#[test]
fn many_prompts_are_rows_and_a_wrong_one_is_a_line() {
    let home = TempDir::new().expect("a folder");
    let file = home.path().join("prompts.jsonl");
    let rows = [
        r#"{"prompt": "The lamp", "seed": 5, "samples": 2}"#,
        r#"{"prompt": "The lamp", "seed": 5, "max_tokens": 3}"#,
        r#"{"prompt": "The lamp", "temprature": 5}"#,
        "The lamp",
        r#"{"prompt": "The lamp", "top_p": 7}"#,
        r#"{"prompt": "", "seed": 9}"#,
    ];
    fs::write(&file, rows.join("\n")).expect("written");
    let file = file.to_str().expect("a path");
    let output = generate(&["--prompts", file, "--max-tokens", "6", "--ban", "the"]);
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("3 of 6 rows in"), "{}", err(&output));
    let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let numbers: Vec<_> = lines.iter().map(|line| line["row"].as_u64()).collect();
    assert_eq!(numbers, [1, 1, 2, 3, 4, 5, 6].map(Some));
    let why = |at: usize| lines[at]["error"].as_str().unwrap_or_default().to_owned();
    assert!(why(3).contains("temprature"), "{}", why(3));
    assert!(why(4).contains("JSON"), "{}", why(4));
    assert!(why(5).contains("top_p"), "{}", why(5));
    assert_eq!((&lines[0]["seed"], &lines[1]["seed"]), (&5.into(), &6.into()));
    assert!(ids(&lines[0]).starts_with(&ids(&lines[2])));
    // Each is what it is alone.
    let alone = ["The lamp", "--json", "--max-tokens", "6", "--ban", "the", "--seed", "6"];
    let mut second = lines[1].clone();
    second.as_object_mut().map(|sample| sample.remove("row"));
    assert_eq!(json_lines(&generate(&alone))[0], second);
    // Plain text is one prompt a line; the lines of a file go into a file.
    let (plain, made) = (home.path().join("plain.txt"), home.path().join("made.jsonl"));
    fs::write(&plain, "The lamp\n\nThe boat\n").expect("written");
    let (plain, made) = (plain.to_str().expect("a path"), made.to_str().expect("a path"));
    let output = generate(&["--prompts", plain, "--max-tokens", "2", "-o", made]);
    assert_eq!((code(&output), output.stdout.len()), (Some(0), 0), "{}", err(&output));
    let made = fs::read_to_string(made).expect("written");
    let rows: Vec<_> = made.lines().map(|line| line.split("\"row\":").nth(1).is_some()).collect();
    assert_eq!(rows, [true, true]);
    assert_eq!(code(&generate(&["--prompts", plain, "The"])), Some(2));
    assert_eq!(code(&generate(&["--prompts", "no-such-file"])), Some(1));
}
