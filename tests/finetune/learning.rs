//! Steps, schedules, windows and small matrices.

use super::{flat, options, reference, tiny, two_hundred_lines, weights};
use unstuck::finetune::{
    Options,
    adamw::rate,
    dataset::{Batch, Dataset},
    trainer::Trainer,
    weights::{Lora, Scope},
};

/// The reference's text as one window.
fn one_window() -> Batch {
    let ids: Vec<u32> =
        reference()["ids"].as_array().unwrap().iter().map(|x| x.as_u64().unwrap() as u32).collect();
    let t = ids.len() - 1;
    Batch { inputs: ids[..t].to_vec(), targets: ids[1..].to_vec() }
}

fn as_the_reference(batch: &Batch) -> Options {
    Options {
        window: batch.inputs.len(),
        learning_rate: 1e-3,
        clip: 0.0,
        steps: 1_000_000,
        ..options()
    }
}

/// All numbers of a model by name, as they are now.
fn values(trainer: &Trainer) -> Vec<(String, Vec<f32>)> {
    let merged = trainer.weights.merged().unwrap().into_iter();
    merged.map(|(name, tensor)| (name, flat(&tensor))).collect()
}

#[test]
fn one_step_agrees_with_the_reference() {
    let r = reference();
    let batch = one_window();
    let options = as_the_reference(&batch);
    let mut trainer = Trainer::new(weights(&Scope::Full));
    let before = trainer.step_on(&[one_window()], &options).unwrap();
    let want = r["loss"].as_f64().unwrap();
    assert!((before.loss / want - 1.0).abs() < 1e-5, "{} for {want}", before.loss);
    let after = trainer.step_on(&[batch], &options).unwrap();
    let want = r["loss_after_one_adamw_step"].as_f64().unwrap();
    assert!((after.loss / want - 1.0).abs() < 1e-3, "{} for {want}", after.loss);
    let norms = r["gradient_norms"].as_object().unwrap().values();
    let norm = norms.map(|x| x.as_f64().unwrap().powi(2)).sum::<f64>().sqrt();
    assert!((before.norm / norm - 1.0).abs() < 1e-3, "{} for {norm}", before.norm);
}

#[test]
fn two_hundred_lines_are_learnt() {
    let text = two_hundred_lines(&tiny().tokenizer);
    let data = Dataset::of_text(&text, &tiny().tokenizer, 3).unwrap();
    let options = Options {
        steps: 300,
        warmup: 10,
        batch: 8,
        window: 64,
        learning_rate: 2e-2,
        weight_decay: 0.0,
        ..options()
    };
    let mut trainer = Trainer::new(weights(&Scope::Full));
    let mut last = f64::INFINITY;
    for _ in 0..options.steps {
        last = trainer.step(&data, &options).unwrap().loss;
    }
    assert!(last < 0.1, "{last}");
    assert!(trainer.validate(&data, &options).unwrap() < 0.1);
}

#[test]
fn parts_of_a_batch_add_up_to_the_whole() {
    let data =
        Dataset::of_text(&two_hundred_lines(&tiny().tokenizer), &tiny().tokenizer, 3).unwrap();
    let whole = Options { batch: 4, ..options() };
    let parts = Options { batch: 1, accumulate: 4, ..options() };
    let (mut a, mut b) = (Trainer::new(weights(&Scope::Full)), Trainer::new(weights(&Scope::Full)));
    let (a, b) = (a.step(&data, &whole).unwrap(), b.step(&data, &parts).unwrap());
    assert!((a.loss / b.loss - 1.0).abs() < 1e-5 && (a.norm / b.norm - 1.0).abs() < 1e-4);
}

#[test]
fn small_matrices_are_all_that_learns() {
    let data =
        Dataset::of_text(&two_hundred_lines(&tiny().tokenizer), &tiny().tokenizer, 3).unwrap();
    let lora = Lora { rank: 4, alpha: 8.0, targets: vec!["c_attn".into(), "mlp.c_proj".into()] };
    let options = Options { learning_rate: 1e-2, scope: Scope::Lora(lora), ..options() };
    let mut trainer = Trainer::new(weights(&options.scope));
    let before = values(&trainer);
    let names: Vec<&String> = trainer.weights.trained().iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 2 * 2 * 2);
    let first = trainer.step(&data, &options).unwrap().loss;
    let mut last = first;
    for _ in 0..20 {
        last = trainer.step(&data, &options).unwrap().loss;
    }
    assert!(last < first, "{last} after {first}");
    for ((name, before), (_, after)) in before.iter().zip(values(&trainer)) {
        let own = name.ends_with("c_attn.weight") || name.ends_with("mlp.c_proj.weight");
        assert_eq!(*before != after, own, "{name}");
    }
}

#[test]
fn blocks_alone_leave_the_embeddings() {
    let data =
        Dataset::of_text(&two_hundred_lines(&tiny().tokenizer), &tiny().tokenizer, 3).unwrap();
    let mut trainer = Trainer::new(weights(&Scope::Blocks));
    let before = values(&trainer);
    trainer.step(&data, &options()).unwrap();
    for ((name, before), (_, after)) in before.iter().zip(values(&trainer)) {
        assert_eq!(*before != after, name.starts_with("h."), "{name}");
    }
}

#[test]
fn what_is_dropped_is_a_function_of_the_seed() {
    let batch = || vec![one_window()];
    let dropping = Options { dropout: 0.3, ..as_the_reference(&one_window()) };
    let loss = |options: &Options| {
        Trainer::new(weights(&Scope::Full)).step_on(&batch(), options).unwrap().loss
    };
    assert_eq!(loss(&dropping).to_bits(), loss(&dropping).to_bits());
    assert_ne!(loss(&dropping), loss(&Options { seed: 9, ..dropping.clone() }));
    assert_ne!(loss(&dropping), loss(&Options { dropout: 0.0, ..dropping.clone() }));
}

#[test]
fn an_epoch_shows_every_token_once_and_each_document_whole() {
    let tokenizer = tiny().tokenizer;
    let text =
        "one alone<|endoftext|>\ntwo of them<|endoftext|>\nand three here, longer<|endoftext|>\n";
    let data = Dataset::of_text(text, &tokenizer, 5).unwrap();
    assert_eq!(data.documents(), 3);
    let windows = data.windows(4);
    let seen = |epoch: usize| data.batch(epoch * windows, windows, 4);
    let (first, second) = (seen(0), seen(1));
    assert_ne!(first, second);
    assert_eq!(first, seen(0));
    // a batch over the end of an epoch is the end of one and the beginning of the next
    let across = data.batch(windows - 1, 2, 4);
    assert_eq!(across.inputs[..4], first.inputs[(windows - 1) * 4..]);
    assert_eq!(across.inputs[4..], second.inputs[..4]);
    for window in first.inputs.chunks(4).zip(first.targets.chunks(4)) {
        assert_eq!(window.0[1..], window.1[..3]);
    }
    assert!(first.inputs.contains(&tokenizer.end().unwrap()));
}

#[test]
fn a_long_text_has_the_tokens_of_the_whole() {
    let tokenizer = tiny().tokenizer;
    let text = "A line of words, and some more.\n\n  An indented one.\n".repeat(3000);
    let data = Dataset::of_text(&text, &tokenizer, 0).unwrap();
    let mut whole = tokenizer.encode(&text).unwrap();
    whole.extend(tokenizer.end());
    let ours = data.in_order(0, usize::MAX / 2, 1);
    assert_eq!(ours.inputs, whole[..whole.len() - 1]);
}

#[test]
fn the_learning_rate_rises_and_falls() {
    assert_eq!(rate(1.0, 5, 10, 100), 0.5);
    assert_eq!(rate(1.0, 10, 10, 100), 1.0);
    assert!((rate(1.0, 55, 10, 100) - 0.55).abs() < 1e-9);
    assert!((rate(1.0, 100, 10, 100) - 0.1).abs() < 1e-9);
}
