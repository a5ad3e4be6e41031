//! Every file that holds a GPT-2 opens as the same model, and says what is wrong with it when it does not.

use crate::support::models::{MICRO, RUN};
use candle_core::{DType, Device, Tensor};
use serde_json::Value;
use std::{collections::HashMap, fs, path::Path};
use unstuck::{
    model::{Model, Precision},
    weights::{
        self, Checkpoint, Form,
        bundle::{Index, Slot},
    },
};

fn open(path: &Path) -> Model {
    weights::open(path, Precision::F32).unwrap()
}

fn refused(path: &Path) -> String {
    match weights::open(path, Precision::F32) {
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
    let ids = Tensor::new(ids, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let x = network.as_gpt2().unwrap().forward(&ids).unwrap();
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
        ("hparams.json", &["hparams.json", "copy it from the folder of the model"]),
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

/// The index of a checkpoint whose tensors lie in two data files: one block, nothing packed, no key shortened.
fn index_of_two(slots: &[(&str, &Slot)]) -> Vec<u8> {
    fn varint(to: &mut Vec<u8>, mut n: u64) {
        while n >= 0x80 {
            to.push(n as u8 | 0x80);
            n >>= 7;
        }
        to.push(n as u8);
    }
    fn number(to: &mut Vec<u8>, field: u8, n: u64) {
        to.push(field << 3);
        varint(to, n);
    }
    fn message(to: &mut Vec<u8>, field: u8, inner: &[u8]) {
        to.push(field << 3 | 2);
        varint(to, inner.len() as u64);
        to.extend(inner);
    }
    fn entry(to: &mut Vec<u8>, key: &str, value: &[u8]) {
        to.push(0);
        varint(to, key.len() as u64);
        varint(to, value.len() as u64);
        to.extend(key.as_bytes());
        to.extend(value);
    }
    fn block(file: &mut Vec<u8>, mut entries: Vec<u8>) -> Vec<u8> {
        entries.extend([0, 0, 0, 0, 1, 0, 0, 0, 0]);
        let mut place = Vec::new();
        varint(&mut place, file.len() as u64);
        varint(&mut place, entries.len() as u64 - 1);
        let sum = crc32c::crc32c(&entries).rotate_right(15).wrapping_add(0xa282_ead8);
        file.extend(entries);
        file.extend(sum.to_le_bytes());
        place
    }
    let mut entries = Vec::new();
    entry(&mut entries, "", &[1 << 3, 2]);
    for (name, slot) in slots {
        let (mut value, mut shape) = (Vec::new(), Vec::new());
        for size in &slot.dims {
            let mut dim = Vec::new();
            number(&mut dim, 1, *size as u64);
            message(&mut shape, 2, &dim);
        }
        number(&mut value, 1, slot.kind);
        message(&mut value, 2, &shape);
        number(&mut value, 3, slot.shard);
        number(&mut value, 4, slot.offset);
        number(&mut value, 5, slot.size);
        value.push(6 << 3 | 5);
        value.extend(slot.sum.to_le_bytes());
        entry(&mut entries, name, &value);
    }
    let mut file = Vec::new();
    let first = block(&mut file, entries);
    let mut index = Vec::new();
    entry(&mut index, "z", &first);
    let mut footer = block(&mut file, index);
    footer.splice(0..0, [0, 0]);
    footer.resize(40, 0);
    file.extend(footer);
    file.extend(0xdb47_7524_8b80_fb57u64.to_le_bytes());
    file
}

#[test]
fn tensors_may_lie_in_several_data_files() {
    let run = copy(RUN);
    let path = |name: &str| run.path().join(name);
    let index = Index::parse(&fs::read(path("model-400.index")).unwrap()).unwrap();
    let data = fs::read(path("model-400.data-00000-of-00001")).unwrap();
    let (mut files, mut slots) = ([Vec::new(), Vec::new()], Vec::new());
    for (n, (name, slot)) in index.slots.iter().enumerate() {
        let file = &mut files[n % 2];
        let at = file.len() as u64;
        file.extend(&data[slot.offset as usize..][..slot.size as usize]);
        slots.push((name.as_str(), Slot { shard: n as u64 % 2, offset: at, ..slot.clone() }));
    }
    let slots: Vec<(&str, &Slot)> = slots.iter().map(|(name, slot)| (*name, slot)).collect();
    fs::write(path("model-400.index"), index_of_two(&slots)).unwrap();
    fs::remove_file(path("model-400.data-00000-of-00001")).unwrap();
    fs::write(path("model-400.data-00000-of-00002"), &files[0]).unwrap();
    // The second is not there yet: it is named, with its size.
    let error = refused(run.path());
    assert!(error.contains("model-400.data-00001-of-00002: missing"), "{error}");
    fs::write(path("model-400.data-00001-of-00002"), &files[1]).unwrap();
    let text = [5, 17, 400, 9];
    assert_eq!(last_logits(&open(run.path()), &text), last_logits(&open(Path::new(RUN)), &text));
    assert_eq!(Checkpoint::open(run.path()).unwrap().files().len(), 2);
}

/// The micro model's folder with only these of its files.
fn micro(files: &[&str]) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for name in [&["config.json", "vocab.json", "merges.txt"], files].concat() {
        fs::copy(format!("{MICRO}/{name}"), to.path().join(name)).unwrap();
    }
    to
}

fn micro_reference(variant: &str) -> (Vec<u32>, Vec<f32>) {
    let json: Value =
        serde_json::from_slice(&fs::read(format!("{MICRO}/reference.json")).unwrap()).unwrap();
    (ids(&json["ids"]), numbers(&json["logits_last"][variant]))
}

/// How far a model is from the reference, of the largest logit.
fn off(model: &Model) -> f32 {
    let (ids, want) = micro_reference("plain");
    let size = want.iter().map(|x| x.abs()).fold(0.0, f32::max);
    furthest(&last_logits(model, &ids), &want) / size
}

fn tensors() -> HashMap<String, Tensor> {
    candle_core::safetensors::load(format!("{MICRO}/model.safetensors"), &Device::Cpu).unwrap()
}

#[test]
fn pytorchs_files_of_both_ages_open() {
    let folder = micro(&["pytorch_model.bin"]);
    assert_eq!(Checkpoint::open(folder.path()).unwrap().form(), Form::PyTorch);
    assert!(off(&open(folder.path())) < 1e-5);
    fs::copy(format!("{MICRO}/legacy.bin"), folder.path().join("pytorch_model.bin")).unwrap();
    assert!(off(&open(folder.path())) < 1e-5);
    // in two parts: here the same file twice, and a part that is not there
    let folder = micro(&[]);
    for (part, name) in [("1", "pytorch_model.bin"), ("2", "legacy.bin")] {
        let to = folder.path().join(format!("pytorch_model-0000{part}-of-00002.bin"));
        fs::copy(format!("{MICRO}/{name}"), to).unwrap();
    }
    let index = serde_json::json!({ "weight_map": {
        "a": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin" }});
    fs::write(folder.path().join("pytorch_model.bin.index.json"), index.to_string()).unwrap();
    assert!(off(&open(folder.path())) < 1e-5);
    fs::remove_file(folder.path().join("pytorch_model-00002-of-00002.bin")).unwrap();
    assert!(refused(folder.path()).contains("pytorch_model-00002-of-00002.bin: missing"));
}

#[test]
fn safetensors_open_in_parts_and_in_every_type() {
    let all = tensors();
    let folder = micro(&[]);
    let mut map = serde_json::Map::new();
    let mut parts = [HashMap::new(), HashMap::new()];
    for (i, (name, tensor)) in all.iter().enumerate() {
        map.insert(name.clone(), format!("part-{}.safetensors", i % 2).into());
        parts[i % 2].insert(name.clone(), tensor.clone());
    }
    for (i, part) in parts.iter().enumerate() {
        let to = folder.path().join(format!("part-{i}.safetensors"));
        candle_core::safetensors::save(part, to).unwrap();
    }
    let index = folder.path().join("model.safetensors.index.json");
    fs::write(&index, serde_json::json!({ "weight_map": map }).to_string()).unwrap();
    assert!(off(&open(folder.path())) < 1e-5);
    for outside in ["../part-0.safetensors", "/etc/passwd", "..", ""] {
        let map = serde_json::json!({ "weight_map": { "a": outside } });
        fs::write(&index, map.to_string()).unwrap();
        assert!(
            refused(folder.path()).contains("is not the name of a file in its folder"),
            "{outside}"
        );
    }

    for (dtype, far) in
        [(DType::F64, 1e-5), (DType::F16, 0.005), (DType::BF16, 0.05), (DType::F8E4M3, 0.5)]
    {
        let folder = micro(&[]);
        let cast: HashMap<String, Tensor> =
            all.iter().map(|(name, t)| (name.clone(), t.to_dtype(dtype).unwrap())).collect();
        candle_core::safetensors::save(&cast, folder.path().join("model.safetensors")).unwrap();
        let off = off(&open(folder.path()));
        assert!(off < far, "{dtype:?}: {off}");
    }
}

#[test]
fn a_head_of_its_own_counts_whether_or_not_the_configuration_says_so() {
    let folder = micro(&[]);
    let mut all = tensors();
    let head = (all["transformer.wte.weight"].clone() * 2.0).unwrap();
    all.insert("lm_head.weight".into(), head);
    candle_core::safetensors::save(&all, folder.path().join("model.safetensors")).unwrap();
    let (ids, want) = micro_reference("plain");
    let want: Vec<f32> = want.iter().map(|x| 2.0 * x).collect();
    for tied in [true, false] {
        change(&folder.path().join("config.json"), |c| c["tie_word_embeddings"] = tied.into());
        assert!(furthest(&last_logits(&open(folder.path()), &ids), &want) < 1e-3, "{tied}");
    }
}

fn change(path: &Path, change: impl Fn(&mut Value)) {
    let mut value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, value.to_string()).unwrap();
}

#[test]
fn what_a_configuration_asks_for_is_done_or_refused_by_name() {
    for (variant, key, value) in [
        ("inverse_layer", "scale_attn_by_inverse_layer_idx", true),
        ("unscaled", "scale_attn_weights", false),
        ("reordered", "reorder_and_upcast_attn", true),
    ] {
        let folder = micro(&["model.safetensors"]);
        change(&folder.path().join("config.json"), |c| c[key] = value.into());
        let (ids, want) = micro_reference(variant);
        assert!(furthest(&last_logits(&open(folder.path()), &ids), &want) < 1e-4, "{variant}");
    }
    for (key, value) in [
        ("activation_function", Value::from("mish")),
        ("add_cross_attention", true.into()),
        ("n_head", 7.into()),
        ("n_layer", 100_000.into()),
        ("n_embd", 0.into()),
        ("n_inner", u64::MAX.into()),
    ] {
        let folder = micro(&["model.safetensors"]);
        change(&folder.path().join("config.json"), |c| c[key] = value.clone());
        assert!(refused(folder.path()).contains(key), "{key}: {}", refused(folder.path()));
    }
}

#[test]
fn a_vocabulary_may_have_holes_but_not_be_another_models() {
    let folder = micro(&["model.safetensors"]);
    let vocab = folder.path().join("vocab.json");
    change(&vocab, |v| drop(v.as_object_mut().unwrap().remove("Ġand")));
    let merges = fs::read_to_string(folder.path().join("merges.txt")).unwrap();
    fs::write(folder.path().join("merges.txt"), merges.replace("Ġ and\n", "")).unwrap();
    let model = open(folder.path());
    assert!(model.tokenizer.bytes(261).is_empty());
    assert_eq!(model.tokenizer.decode(&model.tokenizer.encode(" and then").unwrap()), " and then");
    fs::write(folder.path().join("merges.txt"), merges).unwrap();
    assert!(refused(folder.path()).contains("merges.txt"), "a merge of what is not there");
    for far in [265u32, 4_000_000_000] {
        let folder = micro(&["model.safetensors"]);
        change(&folder.path().join("vocab.json"), |v| v["zzz"] = far.into());
        let said = refused(folder.path());
        assert!(said.contains("tokens up to") || said.contains("the vocabulary numbers"), "{said}");
    }
}

#[test]
fn a_file_of_llama_cpps_converter_opens() {
    // convert_hf_to_gguf.py --outtype f16, on the micro model
    let path = Path::new(MICRO).join("converted.gguf");
    let model = open(&path);
    assert!(off(&model) < 0.005, "{}", off(&model));
    let own = open(micro(&["model.safetensors"]).path()).tokenizer;
    for text in ["the lamp and then", "naïve 東京\n\n 🙂", "<|endoftext|>x"] {
        assert_eq!(model.tokenizer.encode(text).unwrap(), own.encode(text).unwrap());
    }
    assert_eq!(model.tokenizer.end(), own.end());
}

#[test]
fn gguf_files_that_lie_are_refused() {
    let whole = fs::read(format!("{MICRO}/converted.gguf")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.gguf");
    let say = |bytes: &[u8]| {
        let _ = fs::remove_file(&path);
        fs::write(&path, bytes).unwrap();
        refused(&path)
    };
    let with = |at: usize, number: u64| {
        let mut bytes = whole.clone();
        bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
        bytes
    };
    for count in [1 << 40, u64::MAX] {
        assert!(say(&with(8, count)).contains("it claims"), "tensors");
        assert!(say(&with(16, count)).contains("it claims"), "metadata");
        assert!(say(&with(24, count)).contains("x.gguf: not a complete GGUF file"), "a key");
    }
    // one more piece of metadata before the others: an alignment of 0, or of no power of two
    for alignment in [0u32, 33, u32::MAX] {
        let mut bytes = whole[..24].to_vec();
        let count = u64::from_le_bytes(whole[16..24].try_into().unwrap());
        bytes[16..24].copy_from_slice(&(count + 1).to_le_bytes());
        bytes.extend(17u64.to_le_bytes());
        bytes.extend(b"general.alignment");
        bytes.extend(4u32.to_le_bytes());
        bytes.extend(alignment.to_le_bytes());
        bytes.extend(&whole[24..]);
        assert!(say(&bytes).contains("general.alignment"), "{alignment}");
    }
    let mut other = whole.clone();
    let at = whole.windows(4).position(|four| four == b"gpt2").unwrap();
    other[at..at + 4].copy_from_slice(b"lama");
    assert!(say(&other).contains("it describes a `lama` model"));
    assert!(say(&whole[..whole.len() - 100]).contains("x.gguf"));
    assert!(say(&whole[..3000]).contains("ends early"));
    assert!(say(b"").contains("x.gguf"));
    let mut archive = vec![0; 1024];
    archive[257..262].copy_from_slice(b"ustar");
    assert!(say(&archive).contains("unpack it"));
}

#[test]
fn pickles_that_want_more_than_to_be_read_are_refused() {
    let folder = micro(&["pytorch_model.bin"]);
    let path = folder.path().join("pytorch_model.bin");
    let whole = fs::read(&path).unwrap();
    let at = whole.windows(24).position(|w| w == b"ccollections\nOrderedDict").unwrap();
    let mut bytes = whole.clone();
    bytes[at..at + 24].copy_from_slice(b"cposix\nsystem##########\n");
    fs::write(&path, &bytes).unwrap();
    let said = refused(folder.path());
    assert!(said.contains("pytorch_model.bin") && said.contains("`posix.system"), "{said}");
    bytes[at] = b'i';
    fs::write(&path, &bytes).unwrap();
    assert!(refused(folder.path()).contains("no pickle of weights does"));
    for part in [&whole[..whole.len() / 2], b"PK", b"neither", b""] {
        fs::write(&path, part).unwrap();
        assert!(refused(folder.path()).contains("pytorch_model.bin"));
    }
}

#[test]
fn safetensors_that_lie_about_lengths_are_refused() {
    let folder = micro(&[]);
    let path = folder.path().join("model.safetensors");
    let say = |head: &str, length: u64, data: usize| {
        let _ = fs::remove_file(&path);
        let bytes = [&length.to_le_bytes(), head.as_bytes(), &vec![0; data]].concat();
        fs::write(&path, bytes).unwrap();
        refused(folder.path())
    };
    let entry = |name: &str, from: usize, to: usize| {
        format!(r#""{name}":{{"dtype":"F32","shape":[2],"data_offsets":[{from},{to}]}}"#)
    };
    let overlap = format!("{{{},{}}}", entry("wte.weight", 0, 8), entry("wpe.weight", 4, 12));
    let outside = format!("{{{}}}", entry("wte.weight", 0, 8));
    for (head, length, data) in [
        (&*overlap, overlap.len() as u64, 12),
        (&*outside, outside.len() as u64, 4),
        (&*outside, u64::MAX, 8),
        (&*outside, 1 << 40, 8),
        (&*outside, 99_000_000, 8),
    ] {
        assert!(
            say(head, length, data).contains("model.safetensors: not a whole safetensors file")
        );
    }
    assert!(say(&outside, outside.len() as u64, 8).contains("wte.weight"), "another shape");
}
