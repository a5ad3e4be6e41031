//! The network against the reference implementation's stored results on a tiny GPT-2 of random weights.

use crate::support::models::{RUN, TINY};
use candle_core::{DType, Device, Tensor, Var};
use serde_json::Value;
use std::{collections::HashMap, fs, path::Path};
use unstuck::generate::{Engine, perplexity};
use unstuck::model::{Gpt2, Model, Network, Precision, Raw, Span, Spec, Tokenizer, gpt2::Config};
use unstuck::weights;

fn reference() -> Value {
    serde_json::from_slice(&fs::read(format!("{TINY}/reference.json")).unwrap()).unwrap()
}

fn floats(v: &Value) -> Vec<f32> {
    v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

fn ids(v: &Value) -> Vec<u32> {
    v.as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as u32).collect()
}

fn tiny(precision: Precision) -> Model {
    weights::open(Path::new(TINY), precision).unwrap()
}

fn rows(network: &dyn Network, x: &Tensor) -> Vec<Vec<f32>> {
    network.head(x).unwrap().to_vec2().unwrap()
}

fn furthest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn the_tokenizer_agrees() {
    let r = reference();
    let model = tiny(Precision::F32);
    let text = r["text"].as_str().unwrap();
    assert_eq!(model.tokenizer.encode(text).unwrap(), ids(&r["ids"]));
    assert_eq!(model.tokenizer.decode(&ids(&r["ids"])), text);
}

#[test]
fn vocabulary_and_merges_make_the_same_tokenizer() {
    let json: Value =
        serde_json::from_slice(&fs::read(format!("{TINY}/tokenizer.json")).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (vocab, merges) = (folder.path().join("vocab.json"), folder.path().join("merges.txt"));
    fs::write(&vocab, json["model"]["vocab"].to_string()).unwrap();
    let lines: Vec<String> = json["model"]["merges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| match m {
            Value::String(pair) => pair.clone(),
            pair => format!("{} {}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()),
        })
        .collect();
    fs::write(&merges, format!("#version: 0.2\n{}\n", lines.join("\n"))).unwrap();
    let files = Tokenizer::from_files(&vocab, &merges, &[]).unwrap();
    let whole = tiny(Precision::F32).tokenizer;
    for text in ["A plain line, and \"quotes\"; it's 3.14.", " naïve café — 東京 👩‍👩‍👧 \t\n\n x", ""]
    {
        assert_eq!(files.encode(text).unwrap(), whole.encode(text).unwrap());
        assert_eq!(files.decode(&files.encode(text).unwrap()), text);
    }
    assert_eq!(files.end(), whole.end());
}

#[test]
fn full_and_cached_logits_agree_with_the_reference() {
    let r = reference();
    let ids = ids(&r["ids"]);
    let model = tiny(Precision::F32);
    let network = &*model.network;
    let whole = Tensor::new(ids.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let full = rows(network, &network.as_gpt2().unwrap().forward(&whole).unwrap());
    assert!(furthest(full.last().unwrap(), &floats(&r["logits_last"])) < 1e-4);

    // every way of cutting the text in two, and token by token
    for cut in 1..ids.len() {
        let mut cache = network.cache();
        let mut got = Vec::new();
        for part in [&ids[..cut], &ids[cut..]] {
            let x = network.read(&mut [Span { ids: part, cache: &mut cache }]).unwrap();
            got.extend(rows(network, &x));
        }
        for (a, b) in got.iter().zip(&full) {
            assert!(furthest(a, b) < 1e-4);
        }
    }
    let mut cache = network.cache();
    for (i, id) in ids.iter().enumerate() {
        let x = network.read(&mut [Span { ids: &[*id], cache: &mut cache }]).unwrap();
        assert!(furthest(&rows(network, &x)[0], &full[i]) < 1e-4);
    }
}

#[test]
fn log_probabilities_and_ranks_agree() {
    let r = reference();
    let ids = ids(&r["ids"]);
    let model = tiny(Precision::F32);
    let mut cache = model.network.cache();
    let x = model.network.read(&mut [Span { ids: &ids, cache: &mut cache }]).unwrap();
    let logits = rows(&*model.network, &x);
    let (logprobs, ranks) = (floats(&r["logprobs"]), floats(&r["ranks"]));
    for (i, row) in logits[..ids.len() - 1].iter().enumerate() {
        let logit = row[ids[i + 1] as usize];
        let logprob = logit - unstuck::model::kernels::log_sum_exp(row);
        assert!((logprob - logprobs[i]).abs() < 1e-4, "{logprob} for {}", logprobs[i]);
        let above = row.iter().filter(|x| **x > logit).count() as f32;
        assert!((above + 1.0 - ranks[i]).abs() < 0.5, "{above} for {}", ranks[i]);
    }
}

#[test]
fn the_greedy_continuation_agrees() {
    let r = reference();
    let start = &ids(&r["ids"])[..12];
    let want = ids(&r["greedy_from_first_12"]);
    let model = tiny(Precision::F32);
    let mut cache = model.network.cache();
    let mut read = start.to_vec();
    let mut got = Vec::new();
    while got.len() < want.len() {
        let x = model.network.read(&mut [Span { ids: &read, cache: &mut cache }]).unwrap();
        let logits = rows(&*model.network, &x).pop().unwrap();
        let best = (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap();
        got.push(best as u32);
        read = vec![best as u32];
    }
    assert_eq!(got, want);
}

#[test]
fn forks_share_nothing_that_they_write() {
    let model = tiny(Precision::F32);
    let network = &*model.network;
    let mut cache = network.cache();
    network.read(&mut [Span { ids: &[5, 6, 7], cache: &mut cache }]).unwrap();
    let fresh = |tail: u32| {
        let mut cache = network.cache();
        let x = network.read(&mut [Span { ids: &[5, 6, 7, tail, 9], cache: &mut cache }]).unwrap();
        rows(network, &x).pop().unwrap()
    };
    let (mut a, mut b) = (cache.clone(), cache.clone());
    // both in one pass, then each alone, then back to the prefix
    network
        .read(&mut [Span { ids: &[10], cache: &mut a }, Span { ids: &[20], cache: &mut b }])
        .unwrap();
    let x = network
        .read(&mut [Span { ids: &[9], cache: &mut a }, Span { ids: &[9], cache: &mut b }])
        .unwrap();
    let both = rows(network, &x);
    assert!(furthest(&both[0], &fresh(10)) < 1e-4);
    assert!(furthest(&both[1], &fresh(20)) < 1e-4);
    a.truncate(3);
    let x = network.read(&mut [Span { ids: &[20, 9], cache: &mut a }]).unwrap();
    assert!(furthest(&rows(network, &x)[1], &fresh(20)) < 1e-4);
    assert_eq!((cache.len(), b.len()), (3, 5));
}

#[test]
fn eight_bits_stay_close() {
    let r = reference();
    let ids = ids(&r["ids"]);
    for precision in [Precision::Q8_0, Precision::Q4k] {
        let model = tiny(precision);
        let mut cache = model.network.cache();
        let x = model.network.read(&mut [Span { ids: &ids, cache: &mut cache }]).unwrap();
        let last = rows(&*model.network, &x).pop().unwrap();
        let want = floats(&r["logits_last"]);
        let size = want.iter().map(|x| x.abs()).fold(0.0, f32::max);
        let far = furthest(&last, &want);
        assert!(far < 0.03 * size, "{precision}: {far} of {size}");
    }
}

/// The bar is that of the field: eight bits cost nothing that a reader could tell.
#[test]
fn perplexity_stays_within_half_a_percent_in_eight_bits() {
    let perplexity_of = |model: Model| {
        perplexity(&Engine::new(model).score(include_str!("../../benches/prose.txt")).unwrap())
            .unwrap()
    };
    let trained = |p| weights::open(Path::new(RUN), p).unwrap();
    let exact = perplexity_of(trained(Precision::F32));
    for (precision, most) in
        [(Precision::F16, 1e-3), (Precision::Bf16, 3e-3), (Precision::Q8_0, 5e-3)]
    {
        let rounded = perplexity_of(trained(precision));
        assert!((rounded / exact - 1.0).abs() < most, "{precision}: {rounded} for {exact}");
    }
    // The model in the binary is in eight bits already: what is left is the rounding of activations.
    let exact = perplexity_of(weights::embedded(Precision::F32).unwrap());
    let rounded = perplexity_of(weights::embedded(Precision::Q8_0).unwrap());
    assert!((rounded / exact - 1.0).abs() < 5e-3, "{rounded} for {exact}");
}

/// The tiny model with every parameter a variable.
fn trainable() -> (Gpt2, HashMap<String, Var>) {
    let config = Config::parse(&fs::read(format!("{TINY}/config.json")).unwrap()).unwrap();
    let path = format!("{TINY}/model.safetensors");
    let tensors = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
    let mut vars = HashMap::new();
    let network = Gpt2::load(config, Precision::F32, &mut |spec: &Spec| {
        let name = &*spec.name;
        let tensor = tensors.get(name).or_else(|| tensors.get(&format!("transformer.{name}")));
        let var = Var::from_tensor(&tensor.unwrap().to_dtype(DType::F32)?)?;
        vars.insert(name.to_string(), var.clone());
        Ok(Raw::Float(var.as_tensor().clone()))
    })
    .unwrap();
    (network, vars)
}

#[test]
fn every_parameter_gets_the_reference_gradient() {
    let r = reference();
    let ids = ids(&r["ids"]);
    let (network, vars) = trainable();
    let whole = Tensor::new(ids.as_slice(), &Device::Cpu).unwrap();
    let x = network.forward(&whole.unsqueeze(0).unwrap()).unwrap();
    let logits = network.head(&x.narrow(0, 0, ids.len() - 1).unwrap()).unwrap();
    let loss = candle_nn::loss::cross_entropy(&logits, &whole.narrow(0, 1, ids.len() - 1).unwrap())
        .unwrap();
    let want = r["loss"].as_f64().unwrap() as f32;
    assert!((loss.to_scalar::<f32>().unwrap() - want).abs() < 1e-4);
    let grads = loss.backward().unwrap();
    let norms = r["gradient_norms"].as_object().unwrap();
    assert_eq!(norms.len(), vars.len());
    for (name, norm) in norms {
        let grad = grads.get(vars[name].as_tensor()).unwrap_or_else(|| panic!("{name} has none"));
        let flat: Vec<f32> = grad.flatten_all().unwrap().to_vec1().unwrap();
        let got = flat.iter().map(|x| (x * x) as f64).sum::<f64>().sqrt();
        let norm = norm.as_f64().unwrap();
        assert!((got / norm - 1.0).abs() < 1e-3, "{name}: {got} for {norm}");
        for (got, want) in flat.iter().zip(floats(&r["gradient_sample"][name])) {
            assert!((got - want).abs() < 1e-3 * norm as f32, "{name}: {got} for {want}");
        }
    }
}
