//! Usage, and what `unstuck generate` prints.

use super::*;
use std::{
    fs,
    io::{Read, Write},
};

#[test]
fn help_and_version_go_to_standard_output() {
    let help = out(&run(&["--help"]));
    for word in ["generate", "--model", "--config", "--theme", "--threads", "Examples:"] {
        assert!(help.contains(word), "{word} is not in the help");
    }
    let help = out(&run(&["generate", "--help"]));
    for word in ["--max-tokens", "--stop", "--logprobs", "--clean", "--delimiter", "-o, "] {
        assert!(help.contains(word), "{word} is not in the help");
    }
    let old = |word: &str| word.starts_with("--") && word.contains('_');
    assert!(!help.split_whitespace().any(old), "old names stay hidden");
    assert_eq!(out(&run(&["--version"])).split(' ').next(), Some("unstuck"));
}

#[test]
fn wrong_usage_is_2_and_says_what() {
    for args in [
        &["generate", "--temperature", "warm"][..],
        &["generate", "--temperature=-1"],
        &["generate", "--top-p", "1.5"],
        &["generate", "--min-p", "nan"],
        &["generate", "--repetition-penalty=-1"],
        &["generate", "-n", "0"],
        &["generate", "--max-tokens", "many"],
        &["generate", "--seed", "-3"],
        &["generate", "--stop", ""],
        &["generate", "--clean", "spotless"],
        &["generate", "--stream"],
        &["generate", "--logprobs", "3"],
        &["generate", "one", "two"],
        &["generate", "--threads", "0"],
        &["generate", "-q", "-v"],
        &["--no-such-flag"],
        &["draft.md", "generate", "x"],
    ] {
        let output = run(args);
        assert_eq!(code(&output), Some(2), "{args:?}: {}", err(&output));
        assert!(err(&output).starts_with("unstuck: "), "{args:?}: {}", err(&output));
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn greedy_text_is_the_reference_implementations() {
    let reference = fs::read_to_string(format!("{TINY}/reference.json")).expect("the reference");
    let reference: Value = serde_json::from_str(&reference).expect("JSON");
    let numbers = |key: &str| -> Vec<u64> {
        let list = reference[key].as_array().expect("a list");
        list.iter().map(|n| n.as_u64().expect("a number")).collect()
    };
    let first: Vec<u32> = numbers("ids")[..12].iter().map(|id| *id as u32).collect();
    let tokenizer = fs::read(format!("{TINY}/tokenizer.json")).expect("the tokenizer");
    let prompt =
        unstuck::model::Tokenizer::from_json(&tokenizer).expect("a tokenizer").decode(&first);
    let greedy =
        ["--json", "--temperature", "0", "--repetition-penalty", "1", "--max-tokens", "24"];
    let lines = json_lines(&generate(&[&[&*prompt], &greedy[..]].concat()));
    assert_eq!(ids(&lines[0]), numbers("greedy_from_first_12"));
    assert!(lines[0]["tokens"].as_array().is_some_and(|t| t.iter().all(|t| t["rank"] == 1)));
}

#[test]
fn json_has_just_the_promised_shape() {
    let lines = json_lines(&generate(&["The lamp", "--json", "--max-tokens", "5", "--seed", "3"]));
    let sample = &lines[0];
    let keys_of_a_sample =
        ["model", "prompt", "seed", "seen", "settings", "stop", "text", "tokens"];
    assert_eq!(keys(sample), keys_of_a_sample);
    assert_eq!(sample["prompt"], "The lamp");
    assert_eq!(sample["seen"]["from"], 0);
    assert_eq!(sample["seen"]["tokens"], sample["seen"]["of"]);
    assert_eq!(sample["seed"], 3);
    assert_eq!(sample["settings"]["max_tokens"], 5);
    assert!(["length", "eot"].contains(&sample["stop"].as_str().expect("a reason")));
    let tokens = sample["tokens"].as_array().expect("tokens");
    let mut text = String::new();
    for token in tokens {
        assert_eq!(keys(token), ["id", "logprob", "rank", "text"]);
        assert!(token["logprob"].as_f64().expect("a number") < 0.0);
        assert!(token["rank"].as_u64().expect("a number") >= 1);
        text += token["text"].as_str().expect("text");
    }
    assert_eq!(sample["text"], text);
}

#[test]
fn a_long_prompt_loses_no_more_than_it_must_and_that_is_said() {
    let prompt = "é lamp ".repeat(400);
    let seen = |max_tokens: usize| {
        let output = generate(&[&prompt, "--json", "--max-tokens", &max_tokens.to_string()]);
        (json_lines(&output)[0]["seen"].clone(), err(&output))
    };
    // the last token that is generated need not be read
    let (seen_of_one, said) = seen(1);
    let of = seen_of_one["of"].as_u64().expect("a number");
    let context = seen_of_one["tokens"].as_u64().expect("a number");
    assert!(context < of && said.contains(&format!("the prompt has {of} tokens")), "{said}");
    assert!(said.contains(&format!("the model's context of {context}")), "{said}");
    let (seen_of_nine, said) = seen(9);
    assert_eq!(seen_of_nine["tokens"].as_u64(), Some(context - 8));
    let from = seen_of_nine["from"].as_u64().expect("a number");
    assert!(from > seen_of_one["from"].as_u64().expect("a number"));
    assert!(said.contains(&format!("from character {from} on")), "{said}");
    assert_eq!(err(&generate(&[&prompt, "--quiet", "--max-tokens", "1"])), "");
}

#[test]
fn a_json_stream_is_tokens_and_then_their_sample() {
    let args = ["The", "--json", "--stream", "--logprobs", "4", "--max-tokens", "6", "-n", "2"];
    let lines = json_lines(&generate(&args));
    let mut tokens = Vec::new();
    let mut samples = 0;
    for line in lines {
        if line.get("tokens").is_some() {
            assert_eq!(line["tokens"], Value::Array(std::mem::take(&mut tokens)));
            samples += 1;
            continue;
        }
        assert_eq!(keys(&line), ["id", "logprob", "rank", "text", "top"]);
        let top = line["top"].as_array().expect("a list");
        assert_eq!(top.len(), 4);
        let promised = ["id", "logprob", "text"];
        assert!(top.iter().all(|other| promised.iter().all(|key| other.get(key).is_some())));
        tokens.push(line);
    }
    assert_eq!((samples, tokens.len()), (2, 0));
}

#[test]
fn samples_differ_and_each_can_be_made_again() {
    let args = ["Nobody", "--json", "--max-tokens", "12", "--seed", "7"];
    let three = json_lines(&generate(&[&args[..], &["-n", "3"]].concat()));
    assert_eq!(three, json_lines(&generate(&[&args[..], &["-n", "3"]].concat())));
    let seeds: Vec<_> = three.iter().map(|sample| sample["seed"].as_u64()).collect();
    assert_eq!(seeds, [Some(7), Some(8), Some(9)]);
    assert_ne!(ids(&three[0]), ids(&three[1]));
    let alone = json_lines(&generate(&["Nobody", "--json", "--max-tokens", "12", "--seed", "9"]));
    assert_eq!(ids(&three[2]), ids(&alone[0]));

    let unseeded = json_lines(&generate(&["Nobody", "--json", "--max-tokens", "12"]));
    let seed = unseeded[0]["seed"].to_string();
    let again = json_lines(&generate(&["Nobody", "--json", "--max-tokens", "12", "--seed", &seed]));
    assert_eq!(unseeded, again);
}

#[test]
fn text_is_the_samples_with_a_line_between() {
    let args = ["The lamp", "--max-tokens", "8", "--seed", "5", "-n", "2"];
    let json = json_lines(&generate(&[&args[..], &["--json"]].concat()));
    let line = |sample: &Value| {
        let text = sample["text"].as_str().expect("text");
        if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
    };
    let expected = format!("{}{}\n{}", line(&json[0]), "=".repeat(20), line(&json[1]));
    assert_eq!(out(&generate(&args)), expected);
    let with = out(&generate(&[&args[..], &["--delimiter", "--8<--"]].concat()));
    assert_eq!(with, expected.replace(&"=".repeat(20), "--8<--"));
    let with = out(&generate(&[&args[..5], &["--include-prompt"]].concat()));
    assert_eq!(with, format!("The lamp{}", line(&json[0])));
}

#[test]
fn a_prompt_may_come_from_standard_input() {
    let home = TempDir::new().expect("a folder");
    let feed = |bytes: &[u8]| {
        let mut child = unstuck(home.path())
            .args(["generate", "-", "--model", TINY, "--seed", "1", "--max-tokens", "9", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        child.stdin.take().expect("a pipe").write_all(bytes).expect("it reads");
        child.wait_with_output().expect("it ends")
    };
    let lines = json_lines(&feed("Nobody in the house\r\n".as_bytes()));
    assert_eq!(lines[0]["prompt"], "Nobody in the house");
    let output = feed(b"\xff\xfe");
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).starts_with("unstuck: standard input: not UTF-8"), "{}", err(&output));
}

#[test]
fn a_stop_text_ends_where_it_begins() {
    let args = ["The lamp", "--max-tokens", "20", "--temperature", "0", "--json"];
    let whole = json_lines(&generate(&args));
    let text = whole[0]["text"].as_str().expect("text");
    let middle: String = text.chars().skip(9).take(4).collect();
    let first = text.find(&middle).expect("it is there");
    let cut = json_lines(&generate(&[&args[..], &["--stop", "☃", "--stop", &middle]].concat()));
    assert_eq!(cut[0]["text"], text[..first]);
    assert_eq!(cut[0]["stop"], "stop");
}

#[test]
fn levels_of_cleaning_reach_what_is_printed() {
    let args =
        ["The lamp", "-n", "6", "--seed", "11", "--temperature", "3", "--top-k", "0", "--json"];
    let texts = |level: &str| -> Vec<String> {
        let lines = json_lines(&generate(&[&args[..], &["--clean", level]].concat()));
        lines.iter().map(|line| line["text"].as_str().expect("text").to_owned()).collect()
    };
    for text in texts("prose") {
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
    }
    for text in texts("post") {
        assert!(unstuck::clean::weight(&text) <= 280, "{text:?}");
        assert_eq!(unstuck::clean::hanging(&text), text, "whole sentences, or nothing");
    }
}

#[test]
fn old_commands_run() {
    let new = ["generate", "The lamp", "--model", TINY, "--max-tokens", "6", "--seed", "4"];
    // gpt-2-simple's defaults hold, and top_p is used instead of top_k
    let theirs = ["--temperature", "0.7", "--top-k", "0", "--top-p", "0.92"];
    let more = ["--repetition-penalty", "1", "-n", "2", "--include-prompt", "--delimiter", "~~"];
    let new = out(&run(&[&new[..], &theirs, &more].concat()));
    let old = [
        "generate",
        "--checkpoint_dir",
        "tests/fixtures",
        "--run_name",
        "tiny-gpt2",
        "--prefix",
        "The lamp",
        "--length",
        "6",
        "--nsamples",
        "2",
        "--batch_size",
        "2",
        "--include_prefix",
        "True",
        "--sample_delim",
        "~~\n",
        "--top_k",
        "100",
        "--top_p",
        "0.92",
        "--seed",
        "4",
        "--truncate",
        "☃",
    ];
    let output = run(&old);
    assert_eq!(out(&output), new);
    assert!(
        err(&output).contains("gpt-2-simple's options, so its defaults hold"),
        "{}",
        err(&output)
    );
    let file = TempDir::new().expect("a folder");
    let path = file.path().join("gen.txt");
    let path = path.to_str().expect("UTF-8");
    assert_eq!(out(&run(&[&old[..], &["--destination_path", path]].concat())), "");
    assert_eq!(fs::read_to_string(path).expect("written"), new);
}

#[test]
fn every_old_option_is_in_the_manual_and_does_what_that_says() {
    let page = fs::read_to_string("docs/from-gpt-2-simple.md").expect("the page");
    let home = TempDir::new().expect("a folder");
    let mut count = 0;
    for line in page.lines().filter(|line| line.starts_with("| `--")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let option = cells[1].trim_matches('`');
        let [name, values @ ..] = &option.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        for command in cells[2].split(", ") {
            let mut args = match (command, *name) {
                ("generate", "--length") => vec!["generate"],
                ("generate", _) => vec!["generate", "--max-tokens=2"],
                (_, "--dataset" | "--file_path" | "--train_data") => vec!["finetune"],
                _ => vec!["finetune", "no-corpus"],
            };
            args.push(name);
            args.extend(values);
            let output = unstuck(home.path())
                .current_dir(home.path())
                .args(&args)
                .output()
                .expect("it starts");
            let said = err(&output);
            count += 1;
            match cells[3].strip_prefix("no: ") {
                Some(way) => {
                    assert_eq!(code(&output), Some(2), "{line}: {said}");
                    let way = way.replace('`', "");
                    assert!(said.replace('`', "").contains(&way), "{line}: {said}");
                }
                // no corpus, no model of this name, no folder: but no wrong usage
                None => assert!([Some(0), Some(1)].contains(&code(&output)), "{line}: {said}"),
            }
            assert!(!said.contains("unexpected argument"), "{line}: {said}");
        }
    }
    assert!(count > 60, "{count}");
}

#[test]
fn a_command_with_a_spelling_mistake_opens_no_page() {
    for (args, meant) in [
        (&["generat"][..], "`unstuck generate`"),
        (&["import"], "`unstuck models import`"),
        (&["Score"], "`unstuck score`"),
        (&["modles", "list"], "`unstuck models`"),
        (&["generat", "The lamp"], "`unstuck generate`"),
    ] {
        let output = run(args);
        assert_eq!(code(&output), Some(2), "{args:?}");
        assert!(
            err(&output).contains(meant) && err(&output).contains("unstuck ./"),
            "{}",
            err(&output)
        );
    }
}

#[test]
fn the_names_of_the_field_are_understood() {
    let common = ["generate", "--json", "--temp", "0", "--model", TINY];
    let tokens = |more: &[&str]| {
        let output = run(&[&common[..], more].concat());
        json_lines(&output)[0]["tokens"].clone()
    };
    let want = tokens(&["The lamp", "--max-tokens", "4", "--seed", "1"]);
    let file = TempDir::new().expect("a folder");
    let path = file.path().join("prompt.txt");
    fs::write(&path, "The lamp\n").expect("written");
    let path = path.to_str().expect("UTF-8");
    for more in [
        &["-p", "The lamp", "--max-new-tokens", "4", "-s", "1"][..],
        &["--prompt", "The lamp", "--n-predict=4"],
        &["-f", path, "--n_predict", "4"],
        &["The lamp", "--max_tokens", "4", "--repeat-penalty", "1.05", "--repeat_last_n", "256"],
    ] {
        assert_eq!(tokens(more), want, "{more:?}");
    }
    let short = ["generate", "-m", TINY, "--json", "--temp", "0", "--max-tokens", "4", "The lamp"];
    assert_eq!(json_lines(&run(&short))[0]["tokens"], want);
    // options are in the commands that use them
    for args in
        [&["corpus", "x", "--stats", "--model", TINY][..], &["--theme", "ink", "score", "x"]]
    {
        assert_eq!(code(&run(args)), Some(2), "{args:?}");
    }
    let before =
        ["--model", TINY, "generate", "--json", "--temp", "0", "--max-tokens", "4", "The lamp"];
    assert_eq!(json_lines(&run(&before))[0]["tokens"], want);
}

#[test]
fn samples_go_to_files_as_gpt_2_simple_wrote_them() {
    let home = TempDir::new().expect("a folder");
    let tiny = fs::canonicalize(TINY).expect("a path");
    let args = [
        "--mode",
        "generate",
        "--nfiles",
        "3",
        "--nsamples",
        "2",
        "--length",
        "3",
        "--batch_size",
        "20",
    ];
    let mut command = unstuck(home.path());
    command.current_dir(home.path()).args(args).args([
        "--prefix",
        "Pies",
        "--include_prefix",
        "False",
    ]);
    let output = command
        .args(["--truncate", "<|endoftext|>", "--model"])
        .arg(tiny)
        .output()
        .expect("it starts");
    assert_eq!(out(&output).lines().count(), 3, "{}", err(&output));
    for path in out(&output).lines() {
        assert!(path.starts_with("gen/"), "{path}");
        let text = fs::read_to_string(home.path().join(path)).expect("a file");
        assert!(text.contains("====================\n") && !text.starts_with("Pies"), "{text}");
    }
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("out.txt");
    fs::write(&path, "before").expect("written");
    let name = path.to_str().expect("UTF-8");
    let args = ["The lamp", "--max-tokens", "5", "--seed", "2"];
    let printed = out(&generate(&args));
    assert_eq!(out(&generate(&[&args[..], &["-o", name]].concat())), "");
    assert_eq!(fs::read_to_string(&path).expect("written"), printed);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left over");

    let output = generate(&[&args[..], &["-o", folder.path().to_str().expect("UTF-8")]].concat());
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("is a folder"), "{}", err(&output));
    let nowhere = folder.path().join("no/such/out.txt");
    let output = generate(&[&args[..], &["-o", nowhere.to_str().expect("UTF-8")]].concat());
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).contains("no such folder"), "{}", err(&output));
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let home = TempDir::new().expect("a folder");
    let mut child = unstuck(home.path())
        .args(["generate", "The lamp", "--model", TINY, "-n", "400"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut pipe = child.stdout.take().expect("a pipe");
    pipe.read_exact(&mut [0]).expect("it writes");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((code(&output), &*err(&output)), (Some(0), ""));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said() {
    let home = TempDir::new().expect("a folder");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let mut command = unstuck(home.path());
    command.args(["generate", "x", "--model", TINY, "--max-tokens", "2"]).stdout(full);
    let output = command.output().expect("the program starts");
    assert_eq!(code(&output), Some(1));
    assert!(err(&output).starts_with("unstuck: standard output: "), "{}", err(&output));
}

#[test]
fn the_best_of_several_come_first_and_each_can_be_made_again() {
    let args = ["The lamp", "--json", "--max-tokens", "14", "--seed", "3", "--temperature", "1.5"];
    let all = json_lines(&generate(&[&args[..], &["-n", "8"]].concat()));
    let ranked = json_lines(&generate(&[&args[..], &["-n", "8", "--best-of", "8"]].concat()));
    let seeds = |lines: &[Value]| -> Vec<u64> {
        lines.iter().filter_map(|line| line["seed"].as_u64()).collect()
    };
    let mut sorted = seeds(&ranked);
    assert_ne!(sorted, seeds(&all));
    sorted.sort_unstable();
    assert_eq!(sorted, seeds(&all), "the same samples in another order");
    for line in &ranked {
        let same = all.iter().find(|other| other["seed"] == line["seed"]).expect("the sample");
        assert_eq!(line["tokens"], same["tokens"]);
        assert!(same.get("chosen").is_none());
        let scores = line["tokens"].as_array().expect("tokens").iter();
        let scores: Vec<f64> = scores.filter_map(|token| token["logprob"].as_f64()).collect();
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let score = line["chosen"]["score"].as_f64().expect("a score");
        assert!((score - mean).abs() < 1e-5, "{score} {mean}");
    }
    let best = json_lines(&generate(&[&args[..], &["-n", "2", "--best-of", "8"]].concat()));
    assert_eq!(best, ranked[..2]);
    // text is written after all were generated, and a cleaned post is ranked as it is printed
    let text = out(&generate(&[&args[..1], &args[2..], &["--best-of", "8"]].concat()));
    assert_eq!(text.trim_end_matches('\n'), best[0]["text"].as_str().expect("text"));
    let output = generate(&["The lamp", "-n", "3", "--best-of", "2"]);
    assert_eq!(code(&output), Some(2));
    assert!(err(&output).contains("--best-of 2 is less than --samples 3"), "{}", err(&output));
}
