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
    let weights = &trainer.weights;
    weights.names().map(|name| (name.to_owned(), flat(&weights.merged(name).unwrap()))).collect()
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

/// The gradients of one window's mean loss, by name.
fn gradients(trainer: &mut Trainer, options: &Options) -> Vec<(String, Vec<f32>)> {
    trainer.accumulate(&[one_window()], options).unwrap();
    let names = trainer.weights.trained().iter().map(|(name, _)| name.clone());
    names.zip(trainer.gradients().unwrap()).collect()
}

#[test]
fn every_parameter_gets_the_reference_gradient() {
    let r = reference();
    let options = as_the_reference(&one_window());
    let all = gradients(&mut Trainer::new(weights(&Scope::Full)), &options);
    let norms = r["gradient_norms"].as_object().unwrap();
    assert_eq!(norms.len(), all.len());
    for (name, own) in &all {
        let norm = norms[name].as_f64().unwrap();
        let got = own.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        assert!((got / norm - 1.0).abs() < 1e-3, "{name}: {got} for {norm}");
        for (got, want) in own.iter().zip(r["gradient_sample"][name].as_array().unwrap()) {
            let want = want.as_f64().unwrap();
            assert!((f64::from(*got) - want).abs() < 1e-3 * norm, "{name}: {got} for {want}");
        }
    }
}

#[test]
fn what_is_made_again_has_the_same_gradients() {
    let options = Options { dropout: 0.2, ..as_the_reference(&one_window()) };
    let again = Options { checkpointing: true, ..options.clone() };
    let mut trainer = Trainer::new(weights(&Scope::Full));
    let kept = gradients(&mut trainer, &options);
    assert_eq!(kept, gradients(&mut trainer, &again));
}

/// Of small matrices too: what a step along a gradient changes is what the gradient says.
#[test]
fn small_matrices_get_the_gradient_that_the_loss_has() {
    let lora = Lora { rank: 3, alpha: 6.0, targets: vec!["c_attn".into(), "c_fc".into()] };
    let options = as_the_reference(&one_window());
    let mut trainer = Trainer::new(weights(&Scope::Lora(lora)));
    // the second matrices begin at 0, where the first ones' gradients are 0 too
    for _ in 0..3 {
        trainer.step_on(&[one_window()], &options).unwrap();
    }
    for (name, own) in gradients(&mut trainer, &options) {
        let norm = own.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        assert!(norm > 0.0, "{name}");
        let var = trainer.weights.trained().iter().find(|(n, _)| *n == name).unwrap().1.clone();
        let before = flat(&var);
        let size = before.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        let along = 3e-2 * size.max(0.1) / norm;
        let mut loss = |by: f64| {
            let moved =
                before.iter().zip(&own).map(|(x, g)| (f64::from(*x) + by * f64::from(*g)) as f32);
            let moved = candle_core::Tensor::from_vec(
                moved.collect::<Vec<f32>>(),
                var.shape(),
                var.device(),
            );
            var.set(&moved.unwrap()).unwrap();
            trainer.accumulate(&[one_window()], &options).unwrap().0
        };
        let slope = (loss(along) - loss(-along)) / (2.0 * along);
        loss(0.0);
        assert!((slope / (norm * norm) - 1.0).abs() < 0.05, "{name}: {slope} for {}", norm * norm);
    }
}

#[test]
fn a_deep_graph_and_the_floats_agree() {
    use candle_core::{Device, Tensor, Var};
    use unstuck::model::{Gpt2, Network, Precision, Raw, Spec};
    let batch = one_window();
    let options = as_the_reference(&batch);
    let mut trainer = Trainer::new(weights(&Scope::Full));
    let own = gradients(&mut trainer, &options);
    let mut vars = std::collections::HashMap::new();
    let network = Gpt2::load(trainer.weights.config.clone(), Precision::F32, &mut |spec: &Spec| {
        let name = &*spec.name;
        let var = Var::from_tensor(&trainer.weights.merged(name)?)?;
        vars.insert(name.to_owned(), var.clone());
        Ok(Raw::Float(var.as_tensor().clone()))
    })
    .unwrap();
    let ids = Tensor::new(batch.inputs.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
    let targets = Tensor::new(batch.targets.as_slice(), &Device::Cpu).unwrap();
    let logits = network.head(&network.forward(&ids).unwrap()).unwrap();
    let store = candle_nn::loss::cross_entropy(&logits, &targets).unwrap().backward().unwrap();
    for (name, own) in own {
        let graph = flat(store.get(vars[&name].as_tensor()).unwrap());
        let size = graph.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        let far = own.iter().zip(&graph).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(far < 1e-4 * size.max(1e-6), "{name}: {far} of {size}");
    }
}

/// What a GPU does, in candle's operations, on this processor.
#[test]
fn steps_in_a_graph_are_the_same_steps() {
    let lora = Lora { rank: 3, alpha: 6.0, targets: vec!["c_attn".into(), "c_fc".into()] };
    for scope in [Scope::Full, Scope::Blocks, Scope::Lora(lora)] {
        for checkpointing in [false, true] {
            let options = Options {
                checkpointing,
                clip: 0.5,
                weight_decay: 0.3,
                ..as_the_reference(&one_window())
            };
            let (mut own, mut graph) =
                (Trainer::new(weights(&scope)), Trainer::new(weights(&scope)));
            graph.move_to(&candle_core::Device::Cpu).unwrap();
            for _ in 0..3 {
                let step =
                    |trainer: &mut Trainer| trainer.step_on(&[one_window()], &options).unwrap();
                let (a, b) = (step(&mut own), step(&mut graph));
                assert!((a.loss / b.loss - 1.0).abs() < 1e-5, "{a:?} {b:?}");
                assert!((a.norm / b.norm - 1.0).abs() < 1e-3, "{a:?} {b:?}");
            }
            let both =
                gradients(&mut own, &options).into_iter().zip(gradients(&mut graph, &options));
            for ((name, a), (_, b)) in both {
                let size = a.iter().fold(0.0f32, |most, x| most.max(x.abs()));
                let far = a.iter().zip(&b).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
                assert!(far < 2e-2 * size, "{name}: {far} of {size}");
            }
            graph.copy_back().unwrap();
            for ((name, a), (_, b)) in values(&own).iter().zip(values(&graph)) {
                let far = a.iter().zip(&b).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
                // where a gradient is nearly 0 its sign decides, so a step may lie either way
                assert!(far < 3e-3, "{name}: {far}");
            }
            let data =
                Dataset::of_text(&two_hundred_lines(&tiny().tokenizer), &tiny().tokenizer, 3)
                    .unwrap();
            let short = Options { window: 16, validation_windows: 4, ..options };
            let (a, b) =
                (own.validate(&data, &short).unwrap(), graph.validate(&data, &short).unwrap());
            assert!((a / b - 1.0).abs() < 1e-3, "{a} {b}");
        }
    }
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
    let options = Options { learning_rate: 1e-2, scope: Scope::Lora(lora.clone()), ..options() };
    let mut trainer = Trainer::new(weights(&options.scope));
    assert_eq!(trainer.weights.count(), lora.parameters(&trainer.weights.config));
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
