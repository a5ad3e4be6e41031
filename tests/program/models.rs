//! Which model and which settings are used, and what is said about broken ones.

use super::*;
use std::fs;
use unstuck::catalogue::Catalogue;

#[test]
fn models_are_looked_up_by_path_and_by_name() {
    let home = TempDir::new().expect("a folder");
    let shelf = home.path().join("unstuck/models/small");
    copy_tiny(&shelf);
    let model = |name: &str| {
        let args = ["generate", "--json", "--max-tokens", "1", "x", "--model", name];
        unstuck(home.path()).current_dir(home.path()).args(args).output().expect("it starts")
    };
    assert_eq!(json_lines(&model("inkwell"))[0]["model"], "inkwell");
    if cfg!(target_os = "linux") {
        assert_eq!(json_lines(&model("small"))[0]["model"], "small");
    }
    copy_tiny(&home.path().join("models/other"));
    assert_eq!(json_lines(&model("other"))[0]["model"], "other");
    assert_eq!(json_lines(&model("models/other"))[0]["model"], "other");
    assert_eq!(json_lines(&model("models/other/model.safetensors"))[0]["model"], "other");
    let output = model("ghost");
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).starts_with("unstuck: model `ghost`: no such model"), "{}", err(&output));
    assert!(err(&output).contains("inkwell, other"), "{}", err(&output));
}

#[test]
#[cfg(target_os = "linux")] // whose data folder can be moved by the environment
fn a_name_means_the_same_model_for_every_front_end() {
    let home = TempDir::new().expect("a folder");
    let data = home.path().join("unstuck");
    copy_tiny(&data.join("models/small"));
    copy_tiny(&data.join("runs/heart/checkpoint-3"));
    copy_tiny(&data.join("runs/heart/checkpoint-12"));
    fs::write(home.path().join("text"), "The lamp and the boat.\n".repeat(99)).expect("written");
    let run = |args: &[&str], name: &str| {
        let mut command = unstuck(home.path());
        let command = command.current_dir(home.path()).args(args).args(["--model", name]);
        command.output().expect("it starts")
    };
    let catalogue = Catalogue { folders: vec![data.join("models")], ..Catalogue::default() };
    for name in ["small", "run:heart", "inkwell"] {
        let generated = run(&["generate", "--json", "--max-tokens", "1", "x"], name);
        assert_eq!(json_lines(&generated)[0]["model"], name);
        let info = run(&["models", "info", "--json"], name);
        assert_eq!(json_lines(&info)[0]["name"], name);
        let verified = out(&run(&["models", "verify"], name));
        assert!(verified.starts_with(&format!("{name}: ")), "{verified}");
        let listed = run(&["models", "list", "--json"], name);
        let rows = json_lines(&listed)[0].as_array().expect("rows").clone();
        assert!(rows.iter().any(|row| row["name"] == name && row["default"] == true));
        // as the desk opens it, and lists it
        assert_eq!(catalogue.open(Some(name)).expect("it opens").info().name, name);
    }
    let place = catalogue.find(Some("run:heart")).expect("found").place.expect("a folder");
    assert!(place.ends_with("checkpoint-12"), "the newest one: {}", place.display());

    let bot = ["bot", "once", "--dry-run", "--platform", "console"];
    let commands: [&[&str]; 9] = [
        &["generate", "x"],
        &["score", "text"],
        &["bench"],
        &["models", "info"],
        &["models", "verify"],
        &["models", "pack", "-o", "packed"],
        &["models", "export", "--to", "hf", "-o", "exported"],
        &["finetune", "--run", "new", "text"],
        &bot,
    ];
    for (name, why) in [
        ("ghost", "model `ghost`: no such model; known names: inkwell, small, run:heart. Give one"),
        ("run:ghost", "model `run:ghost`: no run of this name has a checkpoint;"),
    ] {
        for args in commands {
            let output = run(args, name);
            assert_ne!(code(&output), Some(0), "{args:?}");
            let said = err(&output);
            assert!(said.contains(&format!("unstuck: {why}")), "{args:?}: {said}");
        }
        let desk = catalogue.open(Some(name)).err().expect("no such model");
        assert!(format!("{desk:#}").starts_with(why), "{desk:#}");
    }
}

#[test]
fn settings_come_from_file_environment_and_flags() {
    let home = TempDir::new().expect("a folder");
    let file = home.path().join("my.toml");
    fs::write(&file, format!("model = {:?}\n[generate]\nmax_tokens = 3\n", abs(TINY)))
        .expect("written");
    let base = |args: &[&str]| {
        let mut command = unstuck(home.path());
        command.args(["generate", "x", "--json", "--config"]).arg(&file).args(args);
        command
    };
    let sample =
        |command: &mut Command| json_lines(&command.output().expect("it starts")).remove(0);
    let plain = sample(&mut base(&[]));
    assert_eq!(
        (&plain["model"], &plain["settings"]["max_tokens"]),
        (&"tiny-gpt2".into(), &3.into())
    );
    let flagged = sample(&mut base(&["--max-tokens", "2", "--threads", "1"]));
    assert_eq!(flagged["settings"]["max_tokens"], 2);
    let from_env = sample(base(&[]).env("UNSTUCK_MODEL", "inkwell").env("UNSTUCK_THREADS", "2"));
    assert_eq!(from_env["model"], "inkwell");

    fs::write(&file, "model = 'inkwell'\n[generate]\nheat = 3\n").expect("written");
    let output = base(&["--max-tokens", "1"]).output().expect("it starts");
    assert_eq!(code(&output), Some(1), "what it would print isn't what was wanted");
    assert!(
        err(&output).contains("my.toml: line 3: there is no setting `heat`"),
        "{}",
        err(&output)
    );
}

/// A copy of the tiny model, to be broken.
fn copy_tiny(to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(Path::new(TINY).join(name), to.join(name)).expect("copied");
    }
}

fn abs(path: &str) -> String {
    fs::canonicalize(path).expect("it is there").to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_bad_model_is_named_and_nothing_is_printed() {
    type Break = fn(&Path);
    let cases: [(&str, &str, Break); 8] = [
        ("no weights", "model.safetensors", |m| {
            fs::remove_file(m.join("model.safetensors")).expect("removed");
        }),
        ("no config", "config.json", |m| fs::remove_file(m.join("config.json")).expect("removed")),
        ("no tokenizer", "tokenizer.json", |m| {
            fs::remove_file(m.join("tokenizer.json")).expect("removed");
        }),
        ("half the weights", "model.safetensors", |m| {
            let path = m.join("model.safetensors");
            let bytes = fs::read(&path).expect("read");
            fs::write(path, &bytes[..bytes.len() / 2]).expect("written");
        }),
        ("weights that are no numbers", "NaN", |m| {
            let path = m.join("model.safetensors");
            let mut bytes = fs::read(&path).expect("read");
            let header = u64::from_le_bytes(bytes[..8].try_into().expect("8 bytes")) as usize;
            for number in bytes[8 + header..].chunks_exact_mut(4) {
                number.copy_from_slice(&f32::NAN.to_le_bytes());
            }
            fs::write(path, bytes).expect("written");
        }),
        ("another architecture", "config.json", |m| {
            edit(&m.join("config.json"), |c| c["model_type"] = "llama".into());
        }),
        ("another shape", "model.safetensors", |m| {
            edit(&m.join("config.json"), |c| c["n_embd"] = 48.into());
        }),
        ("a vocabulary that doesn't fit", "tokenizer", |m| {
            edit(&m.join("tokenizer.json"), |t| t["model"]["vocab"]["zzzz"] = 9000.into());
        }),
    ];
    for (what, named, break_it) in cases {
        let folder = TempDir::new().expect("a folder");
        let model = folder.path().join("broken");
        copy_tiny(&model);
        break_it(&model);
        let output = run(&["generate", "x", "--model", model.to_str().expect("UTF-8")]);
        let said = err(&output);
        assert_eq!(code(&output), Some(1), "{what}: {said}");
        assert!(said.starts_with("unstuck: ") && said.contains("broken"), "{what}: {said}");
        assert!(said.contains(named), "{what}: {said}");
        assert!(!said.contains("panicked"), "{what}: {said}");
        assert!(output.stdout.is_empty(), "{what}");
    }
}

fn edit(path: &Path, change: impl Fn(&mut Value)) {
    let mut value = serde_json::from_slice(&fs::read(path).expect("read")).expect("JSON");
    change(&mut value);
    fs::write(path, value.to_string()).expect("written");
}

#[test]
fn generate_tells_notes_and_uses_the_models_own_sampling_values_where_nothing_is_set() {
    let room = TempDir::new().unwrap();
    let model = room.path().join("model");
    std::fs::create_dir(&model).unwrap();
    for name in ["config.json", "model.safetensors", "tokenizer.json"] {
        std::fs::copy(Path::new(TINY).join(name), model.join(name)).unwrap();
    }
    let file = r#"{"temperature": 0.6, "top_k": 5, "max_new_tokens": 3, "min_p": 4}"#;
    std::fs::write(model.join("generation_config.json"), file).unwrap();
    let config = room.path().join("my.toml");
    std::fs::write(&config, "[generate]\ntop_k = 9\n").unwrap();
    let said = |args: &[&str]| {
        let output = unstuck(room.path())
            .args(["generate", "x", "--json", "--model"])
            .arg(&model)
            .args(args)
            .output();
        let output = output.unwrap();
        (json_lines(&output)[0]["settings"].clone(), err(&output))
    };
    let (settings, notices) = said(&[]);
    assert_eq!((&settings["top_k"], &settings["max_tokens"]), (&5.into(), &3.into()));
    assert!(
        notices
            .contains("model: temperature 0.6, top_k 5, max_tokens 3 are the model's own defaults"),
        "{notices}"
    );
    assert!(notices.contains("`min_p` in generation_config.json is 4 and not used"), "{notices}");
    let (settings, notices) =
        said(&["--temperature", "0.5", "--max-tokens", "2", "--config", config.to_str().unwrap()]);
    assert_eq!((&settings["top_k"], &settings["max_tokens"]), (&9.into(), &2.into()));
    assert!(!notices.contains("own defaults"), "{notices}");
    let (_, quiet) = said(&["--quiet"]);
    assert_eq!(quiet, "");
    // gpt-2-simple's names bring gpt-2-simple's defaults
    let (settings, _) = said(&["--length", "2"]);
    assert_eq!((&settings["top_k"], &settings["max_tokens"]), (&0.into(), &2.into()));
    let info = unstuck(room.path()).args(["models", "info"]).arg(&model).output().unwrap();
    let info = out(&info);
    assert!(info.contains("head     the embedding\n"), "{info}");
    assert!(
        info.contains("defaults temperature 0.6, top_k 5, max_tokens 3 (generation_config.json)"),
        "{info}"
    );
}
