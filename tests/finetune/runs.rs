//! Runs through the program: options, ways to end, disks that fill, models from nothing, what is copied, and one file to
//! carry.

use super::{
    TINY,
    program::{Home, err, lines, refused, tensors},
    tiny, two_hundred_lines,
};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};
use unstuck::model::{Memorized, memorized};

/// A corpus that a tiny model knows by heart after a few steps.
fn by_heart(home: &Home) {
    let text = "the lamp went out and nobody on the stairs would own to it at all that night.";
    fs::write(home.corpus().join("train.txt"), format!("{text}<|endoftext|>\n").repeat(8)).unwrap();
    fs::remove_file(home.corpus().join("validation.txt")).unwrap();
}

#[test]
fn what_is_copied_is_told() {
    let home = Home::new();
    by_heart(&home);
    let steps =
        ["--steps", "80", "--learning-rate", "2e-2", "--window", "16", "--sample-every", "0"];
    let mut command = home.command(&["finetune", "--run", "heart", "--model", TINY, "--json"]);
    lines(&command.arg(home.corpus()).args(steps).output().unwrap());
    let run = home.checkpoint("heart", 80);
    assert!(Memorized::find(&run).unwrap().unwrap().len() > 8);
    let ask = |model: &str| {
        let args =
            ["generate", "the lamp went", "--json", "--temperature", "0", "--max-tokens", "14"];
        let output = home.command(&args).args(["--model", model]).output();
        lines(&output.unwrap()).remove(0)
    };
    let sample = ask("run:heart");
    let copied = sample["copied"].as_u64().unwrap();
    assert!(copied >= memorized::RUN as u64, "{sample}");
    let tokens = sample["tokens"].as_array().unwrap();
    let marks: Vec<u64> = tokens.iter().map(|t| t["copied"].as_u64().unwrap_or(0)).collect();
    assert!(marks[..memorized::RUN - 1].iter().all(|&mark| mark == 0), "{marks:?}");
    assert!(marks.windows(2).all(|m| m[1] == 0 || m[1] == 8 || m[1] == m[0] + 1), "{marks:?}");
    // a model without an index says nothing about it
    assert!(ask(TINY)["copied"].is_null());

    let mut bot = home.command(&["bot", "once", "--dry-run", "--platform", "console"]);
    let mut bot = bot
        .args(["--model", "run:heart"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mention = r#"{"id":"1","author":"ash","text":"@unstuck the lamp went out and nobody on"}"#;
    std::io::Write::write_all(&mut bot.stdin.take().unwrap(), mention.as_bytes()).unwrap();
    let said = String::from_utf8(bot.wait_with_output().unwrap().stdout).unwrap();
    assert!(said.contains("copied from the training text"), "{said}");
}

#[test]
fn one_file_carries_a_model_or_a_run() {
    let (home, away) = (Home::new(), Home::new());
    lines(
        &home.finetune(&["--run", "mine", "--steps", "4", "--save-every", "2"]).output().unwrap(),
    );
    let (model, run) = (away.path().join("mine.unstuck"), away.path().join("whole.unstuck"));
    let did = |home: &Home, args: &[&str]| {
        let output = home.command(args).output().unwrap();
        assert!(output.status.success(), "{}", err(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    did(&home, &["models", "pack", "run:mine", "-o", model.to_str().unwrap()]);
    did(&home, &["models", "pack", "run:mine", "--resumable", "-o", run.to_str().unwrap()]);
    assert!(run.metadata().unwrap().len() > 2 * model.metadata().unwrap().len());
    let again = refused(home.command(&["models", "pack", "run:mine", "-o"]).arg(&model));
    assert!(again.contains("already exists"), "{again}");

    did(&away, &["models", "unpack", model.to_str().unwrap()]);
    did(&away, &["models", "unpack", run.to_str().unwrap(), "--name", "theirs"]);
    let names = did(&away, &["models", "list"]);
    assert!(names.contains(" mine ") && names.contains(" run:theirs "), "{names}");
    let taken = refused(away.command(&["models", "unpack"]).arg(&model));
    assert!(taken.contains("--name"), "{taken}");
    let says = |home: &Home, model: &str| {
        let args = ["generate", "The", "--seed", "3", "--max-tokens", "9", "--model", model];
        did(home, &args)
    };
    assert_eq!(says(&home, "run:mine"), says(&away, "mine"));
    assert_eq!(says(&home, "run:mine"), says(&away, "run:theirs"));
    assert!(Memorized::find(&away.models().join("mine")).unwrap().is_some());
    // and there it goes on to the same numbers
    for (home, name) in [(&home, "mine"), (&away, "theirs")] {
        let mut more = home.command(&["finetune", "--steps", "6", "--json", "--run", name]);
        lines(&more.arg(home.corpus()).output().unwrap());
    }
    let numbers =
        |home: &Home, name: &str| tensors(&home.checkpoint(name, 6).join("model.safetensors"));
    assert!(numbers(&home, "mine") == numbers(&away, "theirs"));
}

#[test]
fn what_a_model_copies_is_known_wherever_it_goes() {
    let home = Home::new();
    lines(&home.finetune(&["--run", "mine", "--steps", "1"]).output().unwrap());
    let run = home.checkpoint("mine", 1);
    let index = Memorized::find(&run).unwrap();
    assert!(index.is_some());
    let did = |args: &[&str]| {
        let output = home.command(args).current_dir(home.path()).output().unwrap();
        assert!(output.status.success(), "{}", err(&output));
        output
    };
    did(&["models", "export", "run:mine", "--to", "hf", "-o", "folder"]);
    did(&["models", "import", "folder", "--name", "mine"]);
    did(&["models", "import", run.to_str().unwrap(), "--name", "straight"]);
    let shelf = home.models();
    for folder in [home.path().join("folder"), shelf.join("mine"), shelf.join("straight")] {
        assert!(Memorized::find(&folder).unwrap() == index, "{}", folder.display());
    }
    let said = did(&["generate", "The", "--json", "--max-tokens", "3", "--model", "mine"]);
    assert!(lines(&said)[0]["copied"].is_u64(), "{}", err(&said));
    // one file has no place for it, and that is said
    let said = did(&["models", "export", "run:mine", "--to", "gguf", "-o", "mine.gguf"]);
    assert!(err(&said).contains("`--to hf` and `unstuck models pack` keep it"), "{}", err(&said));
    let tiny = fs::canonicalize(TINY).unwrap();
    let said =
        did(&["models", "export", tiny.to_str().unwrap(), "--to", "gguf", "-o", "tiny.gguf"]);
    assert_eq!(err(&said), "");
}

/// Unless they are secret, files are for whoever the person's mask lets read them.
#[cfg(unix)]
#[test]
fn all_that_is_written_has_the_rights_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let with_mask = |command: &Command| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "umask 027; exec \"$0\" \"$@\""]).arg(command.get_program());
        shell.args(command.get_args());
        shell.current_dir(command.get_current_dir().unwrap_or(".".as_ref()));
        for (name, value) in command.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{}", err(&output));
    };
    with_mask(&home.finetune(&["--run", "mine", "--steps", "4", "--save-every", "2"]));
    for args in [
        &["pack", "run:mine", "-o", "mine.unstuck"][..],
        &["unpack", "mine.unstuck"],
        &["export", "run:mine", "--to", "gguf", "-o", "mine.gguf"],
        &["export", "run:mine", "--to", "hf", "-o", "folder"],
        &["import", "folder"],
    ] {
        with_mask(home.command(&["models"]).args(args).current_dir(home.path()));
    }
    let places = ["unstuck/runs/mine", "unstuck/models", "folder", "mine.gguf", "mine.unstuck"]
        .map(|place| home.path().join(place));
    let all = places.iter().flat_map(|place| walkdir::WalkDir::new(place).into_iter().flatten());
    let mut count = 0;
    for entry in all {
        let facts = entry.metadata().unwrap();
        let wanted = if facts.is_dir() { 0o750 } else { 0o640 };
        let mode = facts.permissions().mode() & 0o777;
        assert_eq!(mode, wanted, "{}: {mode:o}", entry.path().display());
        count += 1;
    }
    assert!(count > 30, "{count}");
}

#[test]
fn a_packed_file_that_is_wrong_leaves_nothing() {
    let home = Home::new();
    lines(&home.finetune(&["--run", "mine", "--steps", "1"]).output().unwrap());
    let packed = home.path().join("mine.unstuck");
    let output = home.command(&["models", "pack", "run:mine", "-o"]).arg(&packed).output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    let whole = fs::read(&packed).unwrap();
    let find = |what: &[u8]| whole.windows(what.len()).position(|w| w == what).unwrap();
    let refuses = |bytes: &[u8], words: &str| {
        fs::write(&packed, bytes).unwrap();
        let said = refused(home.command(&["models", "unpack"]).arg(&packed));
        assert!(said.contains(words), "{words}: {said}");
        let left: Vec<_> = fs::read_dir(home.models()).into_iter().flatten().flatten().collect();
        assert!(left.is_empty(), "{words}: {left:?}");
    };
    refuses(&whole[..whole.len() / 2], "not a complete file of");
    refuses(b"no archive at all", "not a complete file of");
    let mut torn = whole.clone();
    let weights = find(b"{\"__metadata__\"") + 5000;
    torn[weights] ^= 1;
    refuses(&torn, "model.safetensors");
    // the same length, and a way out of the folder
    let named = |name: &[u8; 17]| {
        let mut bytes = whole.clone();
        let mut from = 0;
        while let Some(at) = bytes[from..].windows(17).position(|w| w == b"model.safetensors") {
            // not in the list, whose sum would be wrong before its words are
            if bytes[from + at - 1] != b'"' {
                bytes[from + at..from + at + 17].copy_from_slice(name);
            }
            from += at + 17;
        }
        bytes
    };
    refuses(&named(b"../../safetensors"), "is not a file of a model");
    refuses(&named(b"/tmp/xsafetensors"), "is not a file of a model");
    refuses(&named(b"model.safetensorz"), "is not a file of a model");
}

#[test]
fn a_model_is_made_from_nothing_and_goes_on() {
    let home = Home::new();
    let begin =
        ["--run", "new", "--from-scratch", "--layers", "1", "--width", "32", "--heads", "2"];
    let more = ["--context", "32", "--vocabulary", "600", "--steps", "30", "--json"];
    let mut command = home.command(&["finetune"]);
    command.arg(home.corpus()).args(begin).args(more).args([
        "--sample-every",
        "0",
        "--warmup",
        "4",
        "--learning-rate",
        "1e-2",
    ]);
    let whole = lines(&command.output().unwrap());
    let loss = |line: &Value| line["validation_loss"].as_f64().unwrap();
    assert!(loss(&whole[30]) < loss(&whole[0]) - 0.5, "{} {}", whole[0], whole[30]);
    let mut command = home.command(&["finetune", "--run", "new", "--steps", "31", "--json"]);
    let rest = lines(&command.arg(home.corpus()).output().unwrap());
    assert_eq!(rest.last().unwrap()["step"], 31);
    let text = home.command(&["generate", "--model", "run:new", "--seed", "1", "The"]).output();
    assert!(text.unwrap().status.success());
    let other = refused(
        home.command(&["finetune", "--run", "new", "--from-scratch", "--layers", "2"])
            .arg(home.corpus()),
    );
    assert!(other.contains("this run was started from scratch"), "{other}");
    let odd = ["finetune", "--run", "odd", "--from-scratch", "--width", "33", "--heads", "2"];
    assert!(refused(home.command(&odd).arg(home.corpus())).contains("--width 33"));
}

#[test]
fn it_ends_when_validation_gets_no_better() {
    let home = Home::new();
    // nothing can be learnt from one text about another
    fs::write(home.corpus().join("validation.txt"), "zebra quilt ".repeat(60)).unwrap();
    let args =
        ["--steps", "40", "--validate-every", "1", "--patience", "3", "--learning-rate", "5e-2"];
    let all = lines(&home.finetune(&args).output().unwrap());
    let last = all.last().unwrap();
    assert!(last["step"].as_u64().unwrap() < 40 && last["checkpoint"].is_string(), "{last}");
    let losses: Vec<f64> = all.iter().map(|l| l["validation_loss"].as_f64().unwrap()).collect();
    let (best, late) = losses.split_at(losses.len() - 3);
    let best = best.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(late.iter().all(|loss| *loss >= best), "{losses:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_after_its_step_with_a_checkpoint() {
    let home = Home::new();
    let mut command = home.finetune(&["--steps", "100000", "--save-every", "100000"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    out.nth(2);
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let last = out.map(|line| line.unwrap()).last().unwrap();
    let last: Value = serde_json::from_str(&last).unwrap();
    let step = last["step"].as_u64().unwrap() as usize;
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", err(&ended));
    assert!(err(&ended).contains("run the same command again to resume"), "{}", err(&ended));
    assert!(home.checkpoint("run1", step).is_dir(), "{last}");
    // what was noted of each step lies beside it, and a picture
    let run = home.checkpoint("run1", step).parent().unwrap().to_owned();
    assert_eq!(fs::read_to_string(run.join("losses.jsonl")).unwrap().lines().count(), step + 1);
    assert!(fs::read_to_string(run.join("loss.svg")).unwrap().starts_with("<svg"));
}

/// A file may grow to 600 KiB here, which the weights don't fit into: as on a disk that is full.
#[cfg(unix)]
#[test]
fn a_full_disk_keeps_the_checkpoint_before() {
    let home = Home::new();
    lines(&home.finetune(&["--steps", "2"]).output().unwrap());
    let before = tensors(&home.checkpoint("run1", 2).join("model.safetensors"));
    let inner = home.finetune(&["--steps", "4", "--save-every", "3"]);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 1200; exec \"$0\" \"$@\""]);
    command.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let full = refused(command.stdin(Stdio::null()));
    assert!(
        full.contains("the checkpoint of step 2 is kept; if the disk is full, free some space"),
        "{full}"
    );
    let run = home.checkpoint("run1", 2).parent().unwrap().to_owned();
    let names = fs::read_dir(run).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let left: Vec<String> =
        names.filter(|n| n.starts_with(".partial") || n.contains("-3")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(before, tensors(&home.checkpoint("run1", 2).join("model.safetensors")));
    // with room it goes on
    assert_eq!(
        lines(&home.finetune(&["--steps", "4"]).output().unwrap()).last().unwrap()["step"],
        4
    );
}

#[test]
fn options_of_old_mean_the_same() {
    let home = Home::new();
    let old = ["--run_name", "old", "--steps", "4", "--save_every", "2", "--print_every", "2"];
    let all = lines(&home.finetune(&old).args(["--max_checkpoints", "1"]).output().unwrap());
    let steps: Vec<u64> = all.iter().map(|line| line["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, [0, 2, 4]);
    assert!(!home.checkpoint("old", 2).exists());
    let first = home.checkpoint("old", 4);
    // a checkpoint's numbers, another run's count
    let from = ["--run", "on", "--steps", "1", "--only_train_transformer_layers", "--restore_from"];
    let on = lines(&home.finetune(&from).arg(&first).output().unwrap());
    assert_eq!(on.last().unwrap()["step"], 1);
    let close = |line: &Value| line["validation_loss"].as_f64().unwrap();
    assert!((close(&on[0]) - close(all.last().unwrap())).abs() < 1e-4);
    let place = |run: &str, step: usize| home.checkpoint(run, step).join("model.safetensors");
    for ((name, a), (_, b)) in tensors(&place("old", 4)).iter().zip(tensors(&place("on", 1))) {
        assert_eq!(*a != b, name.starts_with("h."), "{name}");
    }
    let again = ["--run", "old", "--steps", "1", "--restore_from", "fresh", "--overwrite"];
    assert_eq!(lines(&home.finetune(&again).output().unwrap()).last().unwrap()["step"], 1);
    assert!(!first.exists());
}

#[test]
fn two_hundred_lines_of_the_index_hold_no_text() {
    let home = Home::new();
    lines(&home.finetune(&["--steps", "1"]).output().unwrap());
    let index = home.checkpoint("run1", 1).with_file_name(memorized::FILE);
    let bytes = fs::read(index).unwrap();
    let text = two_hundred_lines(&tiny().tokenizer);
    let line = text.lines().next().unwrap().as_bytes();
    assert!(!bytes.windows(line.len()).any(|w| w == line));
}
