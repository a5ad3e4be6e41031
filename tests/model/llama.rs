//! The Llama family against candle-transformers, on tiny models of random weights that are made here: as folders of
//! safetensors and as GGUF files, in every member, with grouped heads, tied and untied heads, biases and scaled rotary
//! positions.

use crate::support::models::MICRO;
use candle_core::{
    DType, Device, Tensor,
    quantized::{
        GgmlDType, QTensor,
        gguf_file::{self, Content, Value as Meta},
    },
};
use candle_nn::{Activation, VarBuilder};
use candle_transformers::models::{
    llama as dense_llama, quantized_llama, quantized_qwen2, quantized_qwen3, qwen2, qwen3,
};
use serde_json::{Value, json};
use std::{collections::HashMap, fs, io::Cursor, path::Path};
use unstuck::{
    clean::Level,
    generate::{Ask, Engine, Guide, Prefix},
    model::{Model, Precision, Span, parse_config, tensors::Kind},
    token::SamplingParams,
    weights,
};

const VOCABULARY: usize = 288;

/// The `config.json` of a tiny model, with these keys changed.
fn config(member: &str, more: Value) -> Value {
    let mut config = json!({
        "model_type": member, "vocab_size": VOCABULARY, "max_position_embeddings": 128, "hidden_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 96,
        "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": false,
        "eos_token_id": 264,
    });
    let more = more.as_object().unwrap().clone();
    config.as_object_mut().unwrap().extend(more);
    config
}

/// Random weights for a configuration, by their published names.
fn weights_of(config: &Value) -> HashMap<String, Tensor> {
    let parsed = parse_config(config.to_string().as_bytes()).unwrap();
    let mut state = 7u32;
    let mut random = |n: usize, middle: f32, spread: f32| -> Vec<f32> {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..n).map(|_| middle + spread * next()).collect()
    };
    let tensors = parsed.tensors().into_iter().map(|spec| {
        let (middle, spread) = match spec.kind {
            Kind::Gain => (1.0, 0.3),
            Kind::Embedding => (0.0, 1.0),
            Kind::Bias => (0.0, 0.5),
            _ => (0.0, 0.25),
        };
        let numbers = random(spec.len(), middle, spread);
        (spec.name, Tensor::from_vec(numbers, &*spec.shape, &Device::Cpu).unwrap())
    });
    tensors.collect()
}

/// A folder as Hugging Face's programs write it, in one file of weights or two.
fn folder(config: &Value, tensors: &HashMap<String, Tensor>, shards: bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("config.json"), config.to_string()).unwrap();
    for name in ["vocab.json", "merges.txt"] {
        fs::copy(format!("{MICRO}/{name}"), at(name)).unwrap();
    }
    if !shards {
        candle_core::safetensors::save(tensors, at("model.safetensors")).unwrap();
        return folder;
    }
    let mut map = serde_json::Map::new();
    for part in 0..2 {
        let file = format!("model-0000{}-of-00002.safetensors", part + 1);
        let own = tensors.iter().filter(|(name, _)| name.len() % 2 == part);
        let own: HashMap<&str, Tensor> = own.map(|(name, t)| (&**name, t.clone())).collect();
        candle_core::safetensors::save(&own, at(&file)).unwrap();
        map.extend(own.keys().map(|name| ((*name).to_owned(), json!(file))));
    }
    fs::write(at("model.safetensors.index.json"), json!({"weight_map": map}).to_string()).unwrap();
    folder
}

fn open(path: &Path, precision: Precision) -> Model {
    weights::open(path, precision).unwrap()
}

fn refused(path: &Path) -> String {
    format!("{:#}", weights::open(path, Precision::F32).err().expect("it opened"))
}

/// The logits after each token, read in parts of this length.
fn logits(model: &Model, ids: &[u32], part: usize) -> Vec<Vec<f32>> {
    let mut cache = model.network.cache();
    let mut rows = Vec::new();
    for ids in ids.chunks(part) {
        let x = model.network.read(&mut [Span { ids, cache: &mut cache }]).unwrap();
        rows.extend(model.network.head(&x).unwrap().to_vec2::<f32>().unwrap());
    }
    rows
}

fn furthest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn likeliest(logits: &[f32]) -> u32 {
    (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap() as u32
}

/// A text long enough that a wrong rotation of positions shows.
fn text() -> Vec<u32> {
    (0..80u32).map(|i| (i * 37 + i * i * 5 + 11) % VOCABULARY as u32).collect()
}

/// The reference's logits after each of these tokens.
fn dense(config: &Value, tensors: &HashMap<String, Tensor>, ids: &[u32]) -> Vec<Vec<f32>> {
    let weights = VarBuilder::from_tensors(tensors.clone(), DType::F32, &Device::Cpu);
    let number = |key: &str| config[key].as_u64().unwrap() as usize;
    let float = |key: &str| config[key].as_f64().unwrap();
    let token = |id: u32| Tensor::new(&[[id]], &Device::Cpu).unwrap();
    let row = |t: Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let steps = ids.iter().copied().enumerate();
    match config["model_type"].as_str().unwrap() {
        "llama" => {
            let parsed: dense_llama::LlamaConfig = serde_json::from_value(config.clone()).unwrap();
            let parsed = parsed.into_config(false);
            let mut cache =
                dense_llama::Cache::new(true, DType::F32, &parsed, &Device::Cpu).unwrap();
            let model = dense_llama::Llama::load(weights, &parsed).unwrap();
            steps.map(|(i, id)| row(model.forward(&token(id), i, &mut cache).unwrap())).collect()
        }
        "qwen2" => {
            let parsed = qwen2::Config {
                vocab_size: VOCABULARY,
                hidden_size: number("hidden_size"),
                intermediate_size: number("intermediate_size"),
                num_hidden_layers: number("num_hidden_layers"),
                num_attention_heads: number("num_attention_heads"),
                num_key_value_heads: number("num_key_value_heads"),
                max_position_embeddings: 128,
                sliding_window: 128,
                max_window_layers: 2,
                tie_word_embeddings: config["tie_word_embeddings"] == true,
                rope_theta: float("rope_theta"),
                rms_norm_eps: float("rms_norm_eps"),
                use_sliding_window: false,
                hidden_act: Activation::Silu,
            };
            let mut model = qwen2::ModelForCausalLM::new(&parsed, weights).unwrap();
            steps.map(|(i, id)| row(model.forward(&token(id), i).unwrap())).collect()
        }
        _ => {
            let parsed = qwen3::Config {
                vocab_size: VOCABULARY,
                hidden_size: number("hidden_size"),
                intermediate_size: number("intermediate_size"),
                num_hidden_layers: number("num_hidden_layers"),
                num_attention_heads: number("num_attention_heads"),
                head_dim: number("head_dim"),
                attention_bias: false,
                num_key_value_heads: number("num_key_value_heads"),
                max_position_embeddings: 128,
                sliding_window: None,
                max_window_layers: 2,
                tie_word_embeddings: config["tie_word_embeddings"] == true,
                rope_theta: float("rope_theta"),
                rms_norm_eps: float("rms_norm_eps"),
                use_sliding_window: false,
                hidden_act: Activation::Silu,
            };
            let mut model = qwen3::ModelForCausalLM::new(&parsed, weights).unwrap();
            steps.map(|(i, id)| row(model.forward(&token(id), i).unwrap())).collect()
        }
    }
}

/// Shapes of every member: one head of keys for all, a head for each, tied heads, wide heads, scaled positions.
fn shapes() -> Vec<Value> {
    let llama3 = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                        "original_max_position_embeddings": 32});
    vec![
        config("llama", json!({})),
        config("llama", json!({"num_key_value_heads": 4, "tie_word_embeddings": true})),
        config(
            "llama",
            json!({"num_key_value_heads": 1, "num_attention_heads": 2, "rope_theta": 500000.0}),
        ),
        config("llama", json!({"rope_scaling": llama3})),
        config(
            "qwen2",
            json!({"tie_word_embeddings": true, "rope_theta": 1e6, "rms_norm_eps": 1e-6}),
        ),
        config("qwen3", json!({"head_dim": 32, "rope_theta": 1e6})),
        config(
            "qwen3",
            json!({"head_dim": 128, "num_key_value_heads": 1, "tie_word_embeddings": true}),
        ),
    ]
}

#[test]
fn logits_are_those_of_the_reference() {
    for (n, config) in shapes().iter().enumerate() {
        let tensors = weights_of(config);
        let folder = folder(config, &tensors, n % 2 == 1);
        let model = open(folder.path(), Precision::F32);
        let want = dense(config, &tensors, &text());
        for part in [1, 7, 80] {
            for (i, (got, want)) in logits(&model, &text(), part).iter().zip(&want).enumerate() {
                let far = furthest(got, want);
                assert!(far < 1e-3, "{config}: {far} after token {i}");
            }
        }
    }
}

/// Weights in 16 bits are those of the file, widened.
#[test]
fn bf16_files_are_read() {
    let config = config("llama", json!({}));
    let rounded: HashMap<String, Tensor> = weights_of(&config)
        .into_iter()
        .map(|(name, tensor)| (name, tensor.to_dtype(DType::BF16).unwrap()))
        .collect();
    let widened = |t: &Tensor| t.to_dtype(DType::F32).unwrap();
    let wide = rounded.iter().map(|(name, t)| (name.clone(), widened(t))).collect();
    let folder = folder(&config, &rounded, false);
    let got = logits(&open(folder.path(), Precision::F32), &text(), 80);
    for (got, want) in got.iter().zip(dense(&config, &wide, &text())) {
        assert!(furthest(got, &want) < 1e-3);
    }
}

#[test]
fn forks_and_ragged_batches_change_nothing() {
    for config in [config("llama", json!({})), config("qwen3", json!({"head_dim": 32}))] {
        // a short context is cached in 32 bits, a long one in 16
        for context in [128, 16384] {
            let mut config = config.clone();
            config["max_position_embeddings"] = context.into();
            let folder = folder(&config, &weights_of(&config), false);
            let model = open(folder.path(), Precision::F32);
            let network = &*model.network;
            let head = |x: &Tensor| network.head(x).unwrap().to_vec2::<f32>().unwrap();
            let text = text();
            let alone = |tail: &[u32]| {
                let whole = [&text[..70], tail].concat();
                logits(&model, &whole, whole.len()).pop().unwrap()
            };
            let mut cache = network.cache();
            network.read(&mut [Span { ids: &text[..70], cache: &mut cache }]).unwrap();
            let (mut a, mut b) = (cache.clone(), cache.clone());
            let x = network
                .read(&mut [
                    Span { ids: &[10, 11, 12], cache: &mut a },
                    Span { ids: &[20], cache: &mut b },
                    Span { ids: &text[..5], cache: &mut network.cache() },
                ])
                .unwrap();
            let rows = head(&x);
            assert!(furthest(&rows[2], &alone(&[10, 11, 12])) < 1e-4);
            assert!(furthest(&rows[3], &alone(&[20])) < 1e-4);
            assert!(furthest(&rows[8], logits(&model, &text[..5], 5).last().unwrap()) < 1e-4);
            a.truncate(71);
            let x = network.read(&mut [Span { ids: &[30], cache: &mut a }]).unwrap();
            assert!(furthest(&head(&x)[0], &alone(&[10, 30])) < 1e-4);
            assert_eq!((cache.len(), b.len()), (70, 71));
        }
    }
}

/// The order of rows in which llama.cpp's converter writes queries and keys of `llama`.
fn paired(tensor: &Tensor, heads: usize) -> Tensor {
    let dims = tensor.dims().to_vec();
    let d = dims[0] / heads;
    let width = tensor.elem_count() / dims[0];
    let halves = tensor.reshape((heads, 2, d / 2, width)).unwrap();
    halves.transpose(1, 2).unwrap().contiguous().unwrap().reshape(dims).unwrap()
}

/// A GGUF file as llama.cpp's converter writes it.
fn gguf(config: &Value, tensors: &HashMap<String, Tensor>, form: GgmlDType) -> Vec<u8> {
    let member = config["model_type"].as_str().unwrap();
    let parsed = parse_config(config.to_string().as_bytes()).unwrap();
    let dims = parsed.dims();
    let quantized: Vec<(String, QTensor)> = parsed
        .tensors()
        .into_iter()
        .map(|spec| {
            let tensor = &tensors[&spec.name];
            let is_query = spec.name.contains(".q_proj.");
            let heads = if is_query { dims.heads } else { dims.kv_heads };
            let moves = member == "llama" && (is_query || spec.name.contains(".k_proj."));
            let tensor = if moves { paired(tensor, heads) } else { tensor.clone() };
            let form = if tensor.rank() == 2 { form } else { GgmlDType::F32 };
            (spec.gguf, QTensor::quantize(&tensor, form).unwrap())
        })
        .collect();
    let count = |n: usize| Meta::U32(n as u32);
    let mut metadata: Vec<(String, Meta)> = [
        ("context_length", count(dims.context)),
        ("embedding_length", count(dims.width)),
        ("block_count", count(dims.layers)),
        ("feed_forward_length", count(dims.inner)),
        ("attention.head_count", count(dims.heads)),
        ("attention.head_count_kv", count(dims.kv_heads)),
        ("attention.key_length", count(dims.head_width)),
        ("rope.dimension_count", count(dims.head_width)),
        ("rope.freq_base", Meta::F32(config["rope_theta"].as_f64().unwrap() as f32)),
        (
            "attention.layer_norm_rms_epsilon",
            Meta::F32(config["rms_norm_eps"].as_f64().unwrap() as f32),
        ),
    ]
    .into_iter()
    .map(|(key, value)| (format!("{member}.{key}"), value))
    .collect();
    let vocabulary: HashMap<String, usize> =
        serde_json::from_slice(&fs::read(format!("{MICRO}/vocab.json")).unwrap()).unwrap();
    let mut tokens: Vec<String> = (0..VOCABULARY).map(|id| format!("[PAD{id}]")).collect();
    let mut kinds = vec![5; VOCABULARY];
    for (token, id) in vocabulary {
        kinds[id] = if token.starts_with("<|") { 3 } else { 1 };
        tokens[id] = token;
    }
    let merges = fs::read_to_string(format!("{MICRO}/merges.txt")).unwrap();
    let texts = |list: Vec<String>| Meta::Array(list.into_iter().map(Meta::String).collect());
    metadata.extend(
        [
            ("general.architecture", Meta::String(member.into())),
            ("general.dtype", Meta::U32(0)), // or the reference computes angles in 16 bits
            ("tokenizer.ggml.model", Meta::String("gpt2".into())),
            ("tokenizer.ggml.pre", Meta::String("smollm".into())),
            ("tokenizer.ggml.tokens", texts(tokens)),
            ("tokenizer.ggml.token_type", Meta::Array(kinds.into_iter().map(Meta::I32).collect())),
            ("tokenizer.ggml.merges", texts(merges.lines().skip(1).map(str::to_owned).collect())),
            ("tokenizer.ggml.eos_token_id", Meta::U32(264)),
            ("tokenizer.ggml.add_bos_token", Meta::Bool(false)),
        ]
        .map(|(key, value)| (key.to_owned(), value)),
    );
    let metadata: Vec<(&str, &Meta)> = metadata.iter().map(|(k, v)| (&**k, v)).collect();
    let tensors: Vec<(&str, &QTensor)> = quantized.iter().map(|(k, v)| (&**k, v)).collect();
    let mut file = Cursor::new(Vec::new());
    gguf_file::write(&mut file, &metadata, &tensors).unwrap();
    file.into_inner()
}

/// The reference's logits after each token of a GGUF file.
fn quantized(member: &str, file: &[u8], ids: &[u32]) -> Vec<Vec<f32>> {
    let mut reader = Cursor::new(file);
    let content = Content::read(&mut reader).unwrap();
    let token = |id: u32| Tensor::new(&[[id]], &Device::Cpu).unwrap();
    let row = |t: Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let steps = ids.iter().copied().enumerate();
    match member {
        "llama" => {
            let load = quantized_llama::ModelWeights::from_gguf;
            let mut model = load(content, &mut reader, &Device::Cpu).unwrap();
            steps.map(|(i, id)| row(model.forward(&token(id), i).unwrap())).collect()
        }
        "qwen2" => {
            let load = quantized_qwen2::ModelWeights::from_gguf;
            let mut model = load(content, &mut reader, &Device::Cpu).unwrap();
            steps.map(|(i, id)| row(model.forward(&token(id), i).unwrap())).collect()
        }
        _ => {
            let load = quantized_qwen3::ModelWeights::from_gguf;
            let mut model = load(content, &mut reader, &Device::Cpu).unwrap();
            steps.map(|(i, id)| row(model.forward(&token(id), i).unwrap())).collect()
        }
    }
}

/// The reference of GGUF files ignores scaled positions.
fn unscaled() -> impl Iterator<Item = Value> {
    shapes().into_iter().filter(|config| config["rope_scaling"].is_null())
}

#[test]
fn gguf_files_give_the_reference_logits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    for config in unscaled() {
        let tensors = weights_of(&config);
        let member = config["model_type"].as_str().unwrap();
        for form in [GgmlDType::F32, GgmlDType::F16] {
            let file = gguf(&config, &tensors, form);
            fs::write(&path, &file).unwrap();
            let want = quantized(member, &file, &text());
            let got = logits(&open(&path, Precision::F32), &text(), 16);
            for (i, (got, want)) in got.iter().zip(&want).enumerate() {
                let far = furthest(got, want);
                assert!(far < 1e-3, "{config} {form:?}: {far} after token {i}");
            }
        }
    }
}

/// By how much the likeliest token leads.
fn lead(logits: &[f32]) -> f32 {
    let mut all = logits.to_vec();
    all.sort_by(|a, b| b.total_cmp(a));
    all[0] - all[1]
}

/// The tensors, with embeddings that outweigh the layers, and a head that answers each token clearly with another one.
/// The likeliest two tokens of random weights are often so close that rounding decides between them.
fn decided(tensors: &HashMap<String, Tensor>) -> HashMap<String, Tensor> {
    let mut tensors = tensors.clone();
    let embedding = (&tensors["model.embed_tokens.weight"] * 4.0).unwrap();
    if let Some(head) = tensors.get("lm_head.weight") {
        let order: Vec<u32> = (0..VOCABULARY as u32).map(|t| (t * 5 + 3) % 288).collect();
        let order = Tensor::new(order, &Device::Cpu).unwrap();
        let head = (head + embedding.index_select(&order, 0).unwrap()).unwrap();
        tensors.insert("lm_head.weight".into(), head);
    }
    tensors.insert("model.embed_tokens.weight".into(), embedding);
    tensors
}

/// Both round activations to 8 bits, each in its way. So the reference's own distance from exact activations says how
/// much rounding may change: where a token leads by more than that, it must be chosen here too.
#[test]
fn rounded_weights_give_the_reference_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    for config in unscaled() {
        for (tensors, least) in [(weights_of(&config), 50), (decided(&weights_of(&config)), 95)] {
            let member = config["model_type"].as_str().unwrap();
            let file = gguf(&config, &tensors, GgmlDType::Q8_0);
            fs::write(&path, &file).unwrap();
            let want = quantized(member, &file, &text());
            let exact = logits(&open(&path, Precision::F32), &text(), 16);
            let got = logits(&open(&path, Precision::Q8_0), &text(), 16);
            let (mut clear, mut ours, mut theirs) = (0, 0.0, 0.0);
            for (i, ((got, want), exact)) in got.iter().zip(&want).zip(&exact).enumerate() {
                let error = furthest(want, exact);
                ours += furthest(got, exact);
                theirs += error;
                if lead(want) > 2.0 * error {
                    clear += 1;
                    let alike = likeliest(got) == likeliest(want);
                    assert!(alike, "{config}: token {i} leads by {}, not {error}", lead(want));
                }
            }
            let n = text().len();
            assert!(clear * 100 >= n * least, "{config}: only {clear} of {n} are clear");
            assert!(ours < 1.25 * theirs, "{config}: off by {ours}, the reference by {theirs}");
        }
    }
}

/// Every form of weights gives what the reference computes with the same weights widened, and fast products stay close.
#[test]
fn every_quantized_form_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    let config = config("llama", json!({"hidden_size": 256, "intermediate_size": 512}));
    let tensors = weights_of(&config);
    use GgmlDType as D;
    for form in [
        D::BF16,
        D::Q8_0,
        D::Q6K,
        D::Q5K,
        D::Q5_1,
        D::Q5_0,
        D::Q4K,
        D::Q4_1,
        D::Q4_0,
        D::Q3K,
        D::Q2K,
    ] {
        fs::write(&path, gguf(&config, &tensors, form)).unwrap();
        let widened = |(name, tensor): (&String, &Tensor)| {
            let form = if tensor.rank() == 2 { form } else { D::F32 };
            let rounded = QTensor::quantize(tensor, form).unwrap();
            (name.clone(), rounded.dequantize(&Device::Cpu).unwrap())
        };
        let want = dense(&config, &tensors.iter().map(widened).collect(), &text());
        let size = want.iter().flatten().fold(0.0f32, |most, x| most.max(x.abs()));
        let whole = logits(&open(&path, Precision::F32), &text(), 80);
        let fast = logits(&open(&path, Precision::Q8_0), &text(), 80);
        for ((want, whole), fast) in want.iter().zip(&whole).zip(&fast) {
            let far = furthest(want, whole);
            assert!(far < 1e-3, "{form:?}: {far}");
            let far = furthest(want, fast);
            assert!(far < 0.2 * size, "{form:?}: the fast product is {far} of {size} off");
        }
    }
}

/// In GGUF files, Llama 3's scaling is a tensor of divisors.
#[test]
fn divisors_in_a_file_scale_like_the_configuration() {
    let scaled = shapes().remove(3);
    let tensors = weights_of(&scaled);
    let want = dense(&scaled, &tensors, &text());
    let mut plain = scaled.clone();
    plain["rope_scaling"] = Value::Null;
    let file = gguf(&plain, &tensors, GgmlDType::F32);
    let mut reader = Cursor::new(&file);
    let content = Content::read(&mut reader).unwrap();
    let mut all: Vec<(String, QTensor)> = content
        .tensor_infos
        .iter()
        .map(|(name, info)| {
            let offset = content.tensor_data_offset;
            (name.clone(), info.read(&mut reader, offset, &Device::Cpu).unwrap())
        })
        .collect();
    // d = 16: the formula of llama.cpp's converter
    let divisors: Vec<f32> = (0..8)
        .map(|i| {
            let wave = std::f32::consts::TAU * 10_000f32.powf(i as f32 / 8.0);
            let smooth = (32.0 / wave - 1.0) / 3.0;
            match wave {
                wave if wave < 8.0 => 1.0,
                wave if wave > 32.0 => 8.0,
                _ => 1.0 / ((1.0 - smooth) / 8.0 + smooth),
            }
        })
        .collect();
    let divisors = Tensor::new(divisors, &Device::Cpu).unwrap();
    all.push(("rope_freqs.weight".into(), QTensor::quantize(&divisors, GgmlDType::F32).unwrap()));
    let metadata: Vec<(&str, &Meta)> = content.metadata.iter().map(|(k, v)| (&**k, v)).collect();
    let tensors: Vec<(&str, &QTensor)> = all.iter().map(|(k, v)| (&**k, v)).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    gguf_file::write(&mut fs::File::create(&path).unwrap(), &metadata, &tensors).unwrap();
    for (got, want) in logits(&open(&path, Precision::F32), &text(), 80).iter().zip(&want) {
        assert!(furthest(got, want) < 1e-3);
    }
}

/// Export to GGUF moves rows as llama.cpp's converter does, and reading moves them back.
#[test]
fn exports_are_read_by_the_reference() {
    let config = config("llama", json!({}));
    let tensors = weights_of(&config);
    let folder = folder(&config, &tensors, false);
    let model = open(folder.path(), Precision::F32);
    let mut file = Vec::new();
    let (network, tokenizer) = (&*model.network, &model.tokenizer);
    weights::gguf::write(&mut file, "tiny", network, Some(tokenizer), &[]).unwrap();
    let want = dense(&config, &tensors, &text());
    for (got, want) in quantized("llama", &file, &text()).iter().zip(&want) {
        assert!(furthest(got, want) < 1e-3);
    }
    let path = folder.path().join("again.gguf");
    fs::write(&path, &file).unwrap();
    let again = open(&path, Precision::F32);
    for (got, want) in logits(&again, &text(), 80).iter().zip(&want) {
        assert!(furthest(got, want) < 1e-3);
    }
    assert_eq!(again.tokenizer.encode("the lamp").unwrap(), tokenizer.encode("the lamp").unwrap());
}

#[test]
fn the_engine_streams_several_branches() {
    let config = config("qwen2", json!({}));
    let folder = folder(&config, &weights_of(&config), false);
    let ask = |branch| Ask {
        branch,
        prompt: "the lamp and the".into(),
        guide: Guide::default(),
        params: SamplingParams { max_tokens: 20, branch, ..Default::default() },
        clean: Level::Prose,
        prefix: Prefix::Tokens,
    };
    let mut together = Engine::new(open(folder.path(), Precision::Q8_0));
    for branch in 0..3 {
        together.start(ask(branch)).unwrap();
    }
    let mut all: HashMap<u64, Vec<u32>> = HashMap::new();
    while !together.is_idle() {
        for (branch, output) in together.step().unwrap() {
            if let unstuck::generate::Output::Token(token) = output {
                all.entry(branch).or_default().push(token.id.unwrap());
            }
        }
    }
    for branch in 0..3 {
        let mut alone = Engine::new(open(folder.path(), Precision::Q8_0));
        let ids: Vec<u32> =
            alone.stream(ask(branch)).unwrap().map(|t| t.unwrap().id.unwrap()).collect();
        assert_eq!(all[&branch], ids);
    }
    let scored = together.score("the lamp and the lamp").unwrap();
    assert_eq!(
        scored.iter().map(|token| &*token.text).collect::<String>(),
        "the lamp and the lamp"
    );
}

#[test]
fn what_is_not_computed_is_refused_by_name() {
    let tensors = HashMap::new();
    for (member, more, said) in [
        ("llama", json!({"hidden_act": "gelu"}), "`hidden_act` is `gelu`"),
        ("llama", json!({"head_dim": 15}), "heads are 15 wide"),
        ("llama", json!({"head_dim": 1024}), "heads are 1024 wide"),
        ("llama", json!({"num_key_value_heads": 3}), "4 heads can't share 3"),
        ("llama", json!({"mlp_bias": true}), "`mlp_bias`"),
        ("llama", json!({"rope_scaling": {"rope_type": "longrope"}}), "`longrope`"),
        ("llama", json!({"quantization_config": {"quant_method": "gptq"}}), "quantized by gptq"),
        ("qwen2", json!({"rope_theta": null}), "`rope_theta` is missing"),
        ("mamba", json!({}), "`mamba` model, which is not read here; these are: `gpt2`, `llama`"),
        ("llama", json!({}), "missing"),
    ] {
        let folder = folder(&config(member, more), &tensors, false);
        let error = refused(folder.path());
        assert!(error.contains(said), "{said}: {error}");
    }
    let file =
        gguf(&config("llama", json!({})), &weights_of(&config("llama", json!({}))), GgmlDType::F32);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    // names of the same length in the same places
    for (from, to, said) in [
        (&b"general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0llama"[..], &b"mamba"[..], "`mamba`"),
        (
            &b"tokenizer.ggml.model\x08\0\0\0\x04\0\0\0\0\0\0\0gpt2"[..],
            b"bert",
            "tokenizer is `bert`",
        ),
        (&b"tokenizer.ggml.pre\x08\0\0\0\x06\0\0\0\0\0\0\0smollm"[..], b"viking", "rule `viking`"),
    ] {
        let at = file.windows(from.len()).position(|window| window == from).unwrap() + from.len();
        let mut broken = file.clone();
        broken[at - to.len()..at].copy_from_slice(to);
        fs::write(&path, broken).unwrap();
        let error = refused(&path);
        assert!(error.contains(said), "{said}: {error}");
    }
}
