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
    let keys_of_a_report = [
        "bits_per_character",
        "bits_per_word",
        "characters",
        "model",
        "perplexity",
        "quantization",
        "sentences",
        "tokens",
        "words",
    ];
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
            assert!((got - expected).abs() < 1e-4, "token {i}: {got}, not {expected}");
            assert_eq!(token["rank"], reference["ranks"][i - 1], "token {i}");
        }
    }
    let expected = reference["loss"].as_f64().expect("a number").exp();
    let got = report["perplexity"].as_f64().expect("a number");
    assert!((got / expected - 1.0).abs() < 1e-4, "{got}, not {expected}");
}

/// `unstuck score` with a text on standard input.
fn score(text: &[u8], args: &[&str]) -> Output {
    let home = TempDir::new().expect("a folder");
    let mut child = unstuck(home.path())
        .args(["score", "-", "--model", TINY])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), text).expect("written");
    child.wait_with_output().expect("it ends")
}

const TEXT: &str =
    "The lamps were out. Nobody said a word.\r\n\r\nThen it rained, for three days.\n";

#[test]
fn words_and_sentences_add_up_to_the_text() {
    let report = &json_lines(&score(TEXT.as_bytes(), &["--json"]))[0];
    let array = |name: &str| report[name].as_array().expect("an array").clone();
    let sum =
        |name: &str| -> f64 { array(name).iter().filter_map(|one| one["logprob"].as_f64()).sum() };
    let tokens =
        |name: &str| -> u64 { array(name).iter().filter_map(|one| one["tokens"].as_u64()).sum() };
    assert_eq!(tokens("words"), array("tokens").len() as u64);
    assert_eq!(tokens("sentences"), array("tokens").len() as u64);
    for name in ["words", "sentences"] {
        assert!((sum(name) - sum("tokens")).abs() < 1e-3, "{name}");
    }
    let text = |name: &str| -> Vec<String> {
        array(name).iter().map(|one| one["text"].as_str().expect("text").to_owned()).collect()
    };
    let sentences =
        ["The lamps were out.", "Nobody said a word.", "Then it rained, for three days."];
    assert_eq!(text("sentences"), sentences);
    assert_eq!(text("words").len(), 14);
    assert_eq!(text("tokens").concat(), TEXT.replace("\r\n", "\n"));
    assert_eq!(report["characters"], TEXT.replace("\r\n", "\n").chars().count());
    assert_eq!(keys(&array("sentences")[0]), ["logprob", "perplexity", "text", "tokens"]);
    // Where there is nothing to score, there is no number.
    let empty = &json_lines(&score(b"", &["--json"]))[0];
    assert_eq!(
        (&empty["perplexity"], empty["tokens"].as_array().map(Vec::len)),
        (&Value::Null, Some(0))
    );
}

#[test]
fn tables_have_a_row_for_each_unit_and_the_totals() {
    for (by, rows) in [("token", 22), ("word", 14), ("sentence", 3), ("document", 0)] {
        let printed = out(&score(TEXT.as_bytes(), &["--by", by, "--quantization", "f32"]));
        let lines: Vec<_> = printed.lines().collect();
        assert_eq!(lines.len(), rows + 2, "{by}: {printed}");
        assert!(
            lines[rows].contains("14 words, 3 sentences, read by tiny-gpt2 in f32"),
            "{printed}"
        );
        assert!(lines[rows + 1].starts_with("perplexity "), "{printed}");
    }
    assert_eq!(code(&score(b"one", &["--by", "word", "--json"])), Some(2));
}

/// The page needs nothing else, and what is in the text stays text.
#[test]
fn the_page_of_a_text_stands_alone() {
    let home = TempDir::new().expect("a folder");
    let page = home.path().join("page.html");
    let text = "A <script>alert(1)</script> & \u{1b}[31m\"so\" 🙂 雨が\n";
    let printed = out(&score(text.as_bytes(), &["--html", page.to_str().expect("UTF-8")]));
    assert!(printed.starts_with(|c: char| c.is_ascii_digit()) && printed.lines().count() == 2);
    let page = fs::read_to_string(&page).expect("a page");
    for (wanted, times) in [("<!DOCTYPE html>", 1), ("</html>", 1), ("<main>", 1), ("</main>", 1)] {
        assert_eq!(page.matches(wanted).count(), times, "{wanted}");
    }
    for banned in ["<script", "http:", "https:", "src=", "url(", "@import", "\u{1b}"] {
        assert!(!page.contains(banned), "{banned}");
    }
    let main = page.split("<main>").nth(1).and_then(|rest| rest.split("</main>").next());
    let spans =
        main.expect("a text").split('<').map(|part| part.rsplit('>').next().unwrap_or(part));
    let shown: String = spans.collect();
    assert_eq!(
        shown.trim_start(),
        "A &lt;script&gt;alert(1)&lt;/script&gt; &amp; \u{fffd}[31m&quot;so&quot; 🙂 雨が\n"
    );
    assert!(page.contains("title=\"rank "));
    let nowhere = score(b"one", &["--html", "no/such/folder/page.html"]);
    assert_eq!(code(&nowhere), Some(1));
    assert!(err(&nowhere).contains("no/such/folder/page.html: not written"), "{}", err(&nowhere));
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
