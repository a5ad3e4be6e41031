//! Every file that holds a GPT-2 opens as the same model, and says what is wrong with it when it does not.
#![allow(clippy::unwrap_used)]

use candle_core::{Device, Tensor};
use serde_json::Value;
use std::{fs, path::Path};
use unstuck::model::{
    Model, Precision,
    formats::{Checkpoint, Form},
};

const RUN: &str = "tests/fixtures/tiny-gpt-2-simple";

fn open(path: &Path) -> Model {
    Model::open(path, Precision::F32).unwrap()
}

fn refused(path: &Path) -> String {
    match Model::open(path, Precision::F32) {
        Ok(_) => panic!("{} opened", path.display()),
        Err(error) => format!("{error:#}"),
    }
}

/// A copy that may be broken.
fn copy(from: &str) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.path().join(path.file_name().unwrap())).unwrap();
    }
    to
}

fn last_logits(model: &Model, ids: &[u32]) -> Vec<f32> {
    let network = &model.network;
    let x =
        network.forward(&Tensor::new(ids, &Device::Cpu).unwrap().unsqueeze(0).unwrap()).unwrap();
    network.head(&x).unwrap().to_vec2().unwrap().pop().unwrap()
}

fn likeliest(logits: &[f32]) -> u32 {
    (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap() as u32
}

fn greedy(model: &Model, start: &[u32], count: usize) -> Vec<u32> {
    let mut ids = start.to_vec();
    for _ in 0..count {
        ids.push(likeliest(&last_logits(model, &ids)));
    }
    ids.split_off(start.len())
}

fn furthest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

fn ids(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as u32).collect()
}

#[test]
fn a_run_of_gpt_2_simple_opens_as_it_lies_there() {
    let reference: Value =
        serde_json::from_slice(&fs::read(format!("{RUN}/reference.json")).unwrap()).unwrap();
    let run = open(Path::new(RUN));
    let text = ids(&reference["ids"]);
    assert_eq!(run.tokenizer.encode(reference["text"].as_str().unwrap()).unwrap(), text);
    assert!(furthest(&last_logits(&run, &text), &numbers(&reference["logits_last"])) < 1e-4);
    let best = ids(&reference["argmax_per_position"]);
    for end in 1..=text.len() {
        assert_eq!(likeliest(&last_logits(&run, &text[..end])), best[end - 1]);
    }
    let greedy_want = ids(&reference["greedy"]);
    assert_eq!(greedy(&run, &text, greedy_want.len()), greedy_want);
}

#[test]
fn the_folder_above_and_the_index_of_a_step_mean_the_run() {
    let above = tempfile::tempdir().unwrap();
    let run = above.path().join("run1");
    fs::create_dir(&run).unwrap();
    for entry in fs::read_dir(RUN).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, run.join(path.file_name().unwrap())).unwrap();
    }
    for path in [above.path().to_owned(), run.clone(), run.join("model-400.index")] {
        let checkpoint = Checkpoint::open(&path).unwrap();
        assert_eq!((&*checkpoint.name, checkpoint.form()), ("run1", Form::TensorFlow));
        assert!(checkpoint.notes.is_empty());
    }
    fs::create_dir(above.path().join("run2")).unwrap();
    fs::copy(run.join("hparams.json"), above.path().join("run2/hparams.json")).unwrap();
    assert!(refused(above.path()).contains("it holds 2 runs; give one of them"));
}

#[test]
fn a_step_that_is_not_there_is_replaced_by_the_last_that_is() {
    let run = copy(RUN);
    let path = |name: &str| run.path().join(name);
    fs::write(path("checkpoint"), "model_checkpoint_path: \"C:\\\\runs\\\\model-900\"\n").unwrap();
    for step in [9, 77] {
        for end in ["index", "data-00000-of-00001"] {
            let name = path(&format!("model-{step}.{end}"));
            fs::copy(path(&format!("model-400.{end}")), name).unwrap();
        }
    }
    let opened = Checkpoint::open(run.path()).unwrap();
    assert_eq!(opened.files(), [path("model-400.data-00000-of-00001")]);
    assert!(opened.notes[0].contains("model-900"), "{:?}", opened.notes);
    fs::remove_file(path("checkpoint")).unwrap();
    let opened = Checkpoint::open(run.path()).unwrap();
    assert_eq!(opened.files(), [path("model-400.data-00000-of-00001")]);
}

#[test]
fn what_a_run_lacks_is_named() {
    let cases: [(&str, &[&str]); 5] = [
        ("hparams.json", &["hparams.json", "a run needs one"]),
        ("encoder.json", &["no tokenizer", "encoder.json"]),
        ("vocab.bpe", &["no tokenizer", "vocab.bpe"]),
        ("model-400.index", &["no checkpoint in it", "model-400.index"]),
        ("model-400.data-00000-of-00001", &["model-400.data-00000-of-00001: missing", "3,475,976"]),
    ];
    for (missing, said) in cases {
        let run = copy(RUN);
        fs::remove_file(run.path().join(missing)).unwrap();
        let error = refused(run.path());
        for part in said {
            assert!(error.contains(part), "without {missing}: {error}");
        }
    }
}

#[test]
fn the_missing_data_of_a_real_run_are_told_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let index = folder.path().join("model-1000.index");
    fs::copy("tests/fixtures/gpt2-355m.index", &index).unwrap();
    for path in [folder.path(), &index] {
        let error = refused(path);
        assert!(error.contains("model-1000.data-00000-of-00001: missing"), "{error}");
        assert!(error.contains("1,419,292,672 bytes"), "{error}");
    }
    fs::write(folder.path().join("model-1000.data-00000-of-00001"), [0; 1000]).unwrap();
    let error = refused(folder.path());
    assert!(error.contains("it has 1,000 bytes of 1,419,292,672: copy it again"), "{error}");
}

#[test]
fn damaged_weights_are_found_by_their_sum() {
    let run = copy(RUN);
    let data = run.path().join("model-400.data-00000-of-00001");
    let mut bytes = fs::read(&data).unwrap();
    // every tensor of the network lies in the file beside its optimizer's, so damage all of it a little
    for byte in bytes.iter_mut().step_by(64) {
        *byte ^= 1;
    }
    fs::write(&data, bytes).unwrap();
    let error = refused(run.path());
    assert!(error.contains("model-400.data-00000-of-00001"), "{error}");
    assert!(error.contains("is wrong: the file is damaged"), "{error}");
}
