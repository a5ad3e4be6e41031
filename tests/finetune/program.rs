//! Runs as people have them: through the program, in its data folder.

use super::{TINY, support::models::MICRO, support::program, tiny, two_hundred_lines};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        let home = Self(TempDir::new().unwrap());
        fs::create_dir(home.corpus()).unwrap();
        let text = two_hundred_lines(&tiny().tokenizer);
        fs::write(home.corpus().join("train.txt"), &text).unwrap();
        fs::write(home.corpus().join("validation.txt"), &text[..400]).unwrap();
        home
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn models(&self) -> PathBuf {
        self.0.path().join("unstuck/models")
    }

    pub fn corpus(&self) -> PathBuf {
        self.0.path().join("corpus")
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = program::unstuck(self.0.path());
        command.args(args);
        command
    }

    /// `unstuck finetune CORPUS --model TINY ...` with small windows.
    pub fn finetune(&self, args: &[&str]) -> Command {
        let mut command = self.command(&["finetune"]);
        command.arg(self.corpus()).args(["--model", TINY, "--json", "--sample-every", "0"]);
        command.args(["--window", "16", "--warmup", "2", "--dropout", "0.1"]).args(args);
        command
    }

    pub fn checkpoint(&self, run: &str, step: usize) -> PathBuf {
        let runs = self.0.path().join("unstuck/runs");
        runs.join(run).join(format!("checkpoint-{step}"))
    }
}

pub use crate::support::program::{err, json_lines as lines};

pub fn refused(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    err(&output)
}

fn same_files(a: &Path, b: &Path) {
    for name in ["model.safetensors", "optimizer.safetensors", "state.json"] {
        let equal = tensors(&a.join(name)) == tensors(&b.join(name));
        assert!(equal, "{name} differs");
    }
}

/// A file's bytes; tensors by name, since their order in the file is drawn by a hash.
pub fn tensors(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = fs::read(path).unwrap();
    if path.extension().unwrap() != "safetensors" {
        return vec![(String::new(), bytes)];
    }
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let map: Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
    let mut all: Vec<_> = map
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| *name != "__metadata__")
        .map(|(name, about)| {
            let at = |i: usize| 8 + header + about["data_offsets"][i].as_u64().unwrap() as usize;
            (name.clone(), bytes[at(0)..at(1)].to_vec())
        })
        .collect();
    all.sort();
    all
}

#[test]
fn a_resumed_run_equals_an_unbroken_one_to_the_bit() {
    let home = Home::new();
    let steps = ["--steps", "12", "--save-every", "4"];
    let whole = lines(&home.finetune(&["--run", "whole"]).args(steps).output().unwrap());
    assert_eq!(whole.len(), 13);
    assert!(whole[12]["validation_loss"].as_f64() < whole[0]["validation_loss"].as_f64());

    // kill -9 as soon as the second checkpoint is there, wherever it is by then
    let mut child = home
        .finetune(&["--run", "broken"])
        .args(steps)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = std::io::BufReader::new(child.stdout.take().unwrap());
    for line in std::io::BufRead::lines(out) {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if line["step"] == 8 {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let rest = home.command(&["finetune", "--run", "broken", "--json"]).arg(home.corpus()).output();
    let rest = lines(&rest.unwrap());
    assert!(rest[0]["step"].as_u64().unwrap() > 8, "{}", rest[0]);
    for (a, b) in whole.iter().rev().zip(rest.iter().rev()) {
        assert_eq!((&a["step"], &a["loss"]), (&b["step"], &b["loss"]));
        assert_eq!(
            (&a["smoothed"], &a["validation_loss"]),
            (&b["smoothed"], &b["validation_loss"])
        );
    }
    same_files(&home.checkpoint("whole", 12), &home.checkpoint("broken", 12));
    // the newest two stay
    assert!(!home.checkpoint("whole", 4).exists() && home.checkpoint("whole", 8).exists());
}

#[test]
fn a_run_opens_at_once_and_small_matrices_are_in_it() {
    let home = Home::new();
    let lora = ["--run", "mine", "--steps", "2", "--lora", "2", "--sample-every", "1"];
    let mut command = home.command(&["finetune"]);
    command.arg(home.corpus()).args(["--model", TINY, "--json", "--window", "16"]).args(lora);
    let all = lines(&command.args(["--sample-length", "4"]).output().unwrap());
    assert!(all[1]["sample"].is_string() && all[2]["checkpoint"].is_string());
    let mut generate = home.command(&["generate", "--model", "run:mine", "--json", "--seed", "1"]);
    let sample = lines(&generate.args(["The", "--max-tokens", "3"]).output().unwrap());
    assert_eq!(sample[0]["tokens"].as_array().unwrap().len(), 3);
    // and goes on
    let more = home
        .command(&["finetune", "--run", "mine", "--json", "--steps", "3"])
        .arg(home.corpus())
        .output();
    assert_eq!(lines(&more.unwrap()).last().unwrap()["step"], 3);
    let none = home.command(&["generate", "--model", "run:other", "The"]).output().unwrap();
    assert!(err(&none).contains("no run of this name"), "{}", err(&none));
}

#[test]
fn a_run_is_resumed_as_it_was_started_unless_it_may_be_changed() {
    let home = Home::new();
    let changes: [&[&str]; 4] =
        [&["--seed", "5"], &["--batch-size", "2"], &["--accumulate", "2"], &["--clip", "0.5"]];
    lines(&home.finetune(&["--steps", "2", "--seed", "3"]).output().unwrap());
    let about = home.checkpoint("run1", 2).with_file_name("run.json");
    let before = fs::read_to_string(&about).unwrap();
    for change in changes {
        let said = refused(home.finetune(&["--steps", "3"]).args(change));
        assert!(said.contains(&format!("{} {} instead of", change[0], change[1])), "{said}");
        assert_eq!(fs::read_to_string(&about).unwrap(), before);
    }
    // the same again, and another number of steps, are no change
    lines(&home.finetune(&["--steps", "3", "--seed", "3"]).output().unwrap());
    let changed = ["--steps", "4", "--seed", "5", "--overwrite"];
    let all = lines(&home.finetune(&changed).output().unwrap());
    assert_eq!(all[0]["step"], 4, "{all:?}");
    assert!(fs::read_to_string(&about).unwrap().contains("\"seed\": 5"));
    // another text
    fs::write(home.corpus().join("train.txt"), "another text altogether, ".repeat(40)).unwrap();
    let said = refused(&mut home.finetune(&["--steps", "5"]));
    assert!(said.contains("--overwrite to resume it with this text"), "{said}");
    let all = lines(&home.finetune(&["--steps", "5", "--overwrite"]).output().unwrap());
    assert_eq!(all[0]["step"], 5, "{all:?}");
    // another model: from its beginning
    let mut other = home.command(&["finetune", "--model", "tests/fixtures/kinds/none"]);
    assert!(refused(other.arg(home.corpus())).contains("--overwrite to start this run again"));
}

#[test]
fn what_corpus_reads_is_read_in_the_same_way() {
    let home = Home::new();
    let rows: String = (0..60)
        .map(|i| format!("{i},\"The lamp, number {i}, stood by door {}.\"\n", i * 7))
        .collect();
    let table = home.path().join("posts.csv");
    fs::write(&table, format!("id,text\n{rows}")).unwrap();
    let made = home.path().join("made");
    let corpus =
        home.command(&["corpus", "posts.csv", "-o"]).arg(&made).current_dir(home.path()).output();
    assert!(corpus.unwrap().status.success());
    let fingerprint = |run: &str, corpus: &Path| {
        let mut command = home.command(&["finetune", "--model", TINY, "--json", "--window", "16"]);
        let output = command.args(["--steps", "1", "--run", run]).arg(corpus).output().unwrap();
        lines(&output);
        let json = fs::read(home.checkpoint(run, 1).with_file_name("run.json")).unwrap();
        let about: Value = serde_json::from_slice(&json).unwrap();
        (about["text"].clone(), err(&output))
    };
    let (own, said) = fingerprint("table", &table);
    assert!(said.contains("read as `unstuck corpus` reads it"), "{said}");
    assert_eq!(own, fingerprint("corpus", &made).0);
    let none = home.path().join("none");
    fs::create_dir(&none).unwrap();
    let empty = refused(home.command(&["finetune"]).arg(&none));
    assert!(empty.contains("no text found"), "{empty}");
}

#[test]
fn what_cannot_be_is_refused_and_nothing_is_lost() {
    let home = Home::new();
    lines(&home.finetune(&["--steps", "2"]).output().unwrap());
    let before = tensors(&home.checkpoint("run1", 2).join("model.safetensors"));

    let fresh = refused(&mut home.finetune(&["--steps", "2", "--restore-from", "fresh"]));
    assert!(fresh.contains("--overwrite"), "{fresh}");
    let other = refused(home.command(&["finetune", "--model", "inkwell"]).arg(home.corpus()));
    assert!(other.contains("this run was started from"), "{other}");
    let lora = refused(&mut home.finetune(&["--steps", "4", "--lora", "2"]));
    assert!(lora.contains("resumed with trained weights: --lora 2"), "{lora}");
    let large = refused(&mut home.finetune(&["--run", "large", "--lora", "10000"]));
    assert!(large.contains("--lora 10000: the rank must be at most"), "{large}");
    let text = home.corpus().join("train.txt");
    let old = fs::read_to_string(&text).unwrap();
    fs::write(&text, "another text altogether, ".repeat(40)).unwrap();
    let changed = refused(&mut home.finetune(&["--steps", "4"]));
    assert!(changed.contains("is not the one that this run was started with"), "{changed}");
    fs::write(&text, "too little").unwrap();
    let little = refused(&mut home.finetune(&["--run", "little"]));
    assert!(little.contains("too few for one window of 16"), "{little}");
    fs::write(&text, old).unwrap();
    assert_eq!(before, tensors(&home.checkpoint("run1", 2).join("model.safetensors")));

    let weights = home.checkpoint("run1", 2).join("model.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    bytes[8 + header..12 + header].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&weights, bytes).unwrap();
    let nan = refused(&mut home.finetune(&["--steps", "4"]));
    assert!(
        nan.contains("the loss is NaN or infinite at step 3; the checkpoint of step 2 is kept"),
        "{nan}"
    );
    assert!(nan.contains("lower --learning-rate"), "{nan}");
    assert!(!home.checkpoint("run1", 4).exists());
}

#[test]
fn training_goes_on_from_an_adapter_of_peft() {
    let home = Home::new();
    let [base, adapter] = ["base", "adapter"].map(|name| home.path().join(name));
    for folder in [&base, &adapter] {
        fs::create_dir(folder).unwrap();
    }
    let kinds = Path::new("tests/fixtures/kinds");
    for name in ["config.json", "model.safetensors"] {
        fs::copy(kinds.join("plain").join(name), base.join(name)).unwrap();
    }
    for name in ["vocab.json", "merges.txt"] {
        fs::copy(Path::new(MICRO).join(name), base.join(name)).unwrap();
    }
    let weights = "adapter_model.safetensors";
    fs::copy(kinds.join("lora").join(weights), adapter.join(weights)).unwrap();
    let config = fs::read(kinds.join("lora/adapter_config.json")).unwrap();
    let mut config: Value = serde_json::from_slice(&config).unwrap();
    config["base_model_name_or_path"] = base.to_str().unwrap().into();
    fs::write(adapter.join("adapter_config.json"), config.to_string()).unwrap();
    let before = tensors(&base.join("model.safetensors"));
    for (run, more) in [("whole", &[][..]), ("lora", &["--lora", "2"])] {
        let mut command = home.command(&["finetune"]);
        command.arg(home.corpus()).arg("--restore-from").arg(&adapter).args(["--run", run]);
        command.args(["--steps", "1", "--json", "--sample-every", "0", "--learning-rate", "1e-9"]);
        lines(&command.args(more).output().unwrap());
        // the adapter is merged into what is trained: the adapted matrix differs from the base model's, others don't
        let after = tensors(&home.checkpoint(run, 1).join("model.safetensors"));
        let bytes = |all: &[(String, Vec<u8>)], name: &str| {
            let found =
                all.iter().find(|(known, _)| known.trim_start_matches("transformer.") == name);
            let bytes = found.map(|(_, bytes)| bytes.clone()).unwrap();
            let floats = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
            floats.collect::<Vec<f32>>()
        };
        let far = |name: &str| {
            let (before, after) = (bytes(&before, name), bytes(&after, name));
            before.iter().zip(after).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        assert!(far("h.0.attn.c_attn.weight") > 0.01, "{run}");
        assert!(far("h.0.mlp.c_fc.weight") < 1e-4, "{run}");
    }
}
