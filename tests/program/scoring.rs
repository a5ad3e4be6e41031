//! `unstuck score` and `unstuck bench` from outside.

use super::*;
use std::fs;

#[test]
fn scores_are_the_reference_implementations() {
    let reference = fs::read_to_string(format!("{TINY}/reference.json")).expect("the reference");
    let reference: Value = serde_json::from_str(&reference).expect("JSON");
    let home = TempDir::new().expect("a folder");
    let file = home.path().join("draft.txt");
    fs::write(&file, reference["text"].as_str().expect("text")).expect("written");
    let args = ["--model", TINY, "--json", "--quantization", "f32"];
    let output = unstuck(home.path()).arg("score").arg(&file).args(args).output();
    let report = &json_lines(&output.expect("the program starts"))[0];
    let keys_of_a_report = ["bits_per_character", "model", "perplexity", "quantization", "tokens"];
    assert_eq!(keys(report), keys_of_a_report);
    assert_eq!(report["quantization"], "f32");
    assert!(report["bits_per_character"].as_f64().expect("a number") > 0.0);
    assert_eq!(
        ids(report),
        reference["ids"]
            .as_array()
            .map_or(vec![], |ids| { ids.iter().filter_map(Value::as_u64).collect() })
    );
    let tokens = report["tokens"].as_array().expect("tokens");
    assert_eq!((&tokens[0]["logprob"], &tokens[0]["rank"]), (&Value::Null, &Value::Null));
    for (i, token) in tokens.iter().enumerate() {
        assert_eq!(keys(token), ["entropy", "id", "logprob", "rank", "text"]);
        if i > 0 {
            let expected = reference["logprobs"][i - 1].as_f64().expect("a number");
            let got = token["logprob"].as_f64().expect("a number");
            assert!((got - expected).abs() < 1e-3, "token {i}: {got}, not {expected}");
            assert_eq!(token["rank"], reference["ranks"][i - 1], "token {i}");
        }
    }
    let expected = reference["loss"].as_f64().expect("a number").exp();
    let got = report["perplexity"].as_f64().expect("a number");
    assert!((got / expected - 1.0).abs() < 1e-3, "{got}, not {expected}");
}

#[test]
fn what_can_t_be_scored_is_said() {
    let home = TempDir::new().expect("a folder");
    let file = home.path().join("draft.txt");
    fs::write(&file, b"\xff\xfe").expect("written");
    let name = file.to_str().expect("UTF-8");
    for (args, what) in [
        (["score", name, "--model", TINY], "not UTF-8"),
        (["score", "no/such/file", "--model", TINY], "no/such/file"),
    ] {
        let output = run(&args);
        assert_eq!(code(&output), Some(1));
        assert!(err(&output).starts_with("unstuck: "), "{}", err(&output));
        assert!(err(&output).contains(what), "{}", err(&output));
    }
    assert_eq!(code(&run(&["score"])), Some(2));
    assert_eq!(code(&run(&["bench", "--random", "12m"])), Some(2));
}
