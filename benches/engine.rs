//! Benchmarks of the engine's parts: `cargo bench --bench engine`. `unstuck bench` measures whole requests.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use unstuck::{
    clean::{Cleaner, Level},
    generate::{Ask, Engine, Guide, Prefix},
    model::{
        KvCache, Precision, Shape, Span,
        kernels::{Heap, Rows, TiledMatrix, attend, gelu, layer_norm, log_sum_exp, on_threads},
    },
    token::SamplingParams,
    weights,
};

/// Pseudo-random numbers in [-0.5, 0.5), the same each time.
fn noise(n: usize) -> Vec<f32> {
    let mut x = 1u32;
    let mut next = || {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..n).map(|_| next()).collect()
}

fn shape(name: &str) -> Shape {
    name.parse().expect("a published shape")
}

fn kernels(c: &mut Criterion) {
    let mut group = c.benchmark_group("kernels");
    let (rows, input) = (50_257, 768);
    let w = noise(rows * input);
    let head = TiledMatrix::quantize(rows, input, &mut Heap::default(), |o, row| {
        row.copy_from_slice(&w[o * input..(o + 1) * input]);
    })
    .expect("rows of whole blocks");
    group.throughput(Throughput::Bytes(head.bytes() as u64));
    for n in [1, 4, 64] {
        let x = noise(n * input);
        group.bench_function(format!("q8_0 head, {n} rows"), |b| {
            b.iter(|| on_threads(|| black_box(head.matmul(&x, None))));
        });
    }
    let x = noise(3072);
    group.throughput(Throughput::Elements(3072));
    let mut y = vec![0.0; x.len()];
    group.bench_function("gelu", |b| b.iter(|| on_threads(|| gelu(&x, black_box(&mut y)))));
    let (weight, bias, mut y) = (noise(768), noise(768), vec![0.0; 768]);
    group.bench_function("layer norm", |b| {
        b.iter(|| layer_norm(&x[..768], &weight, &bias, 1e-5, black_box(&mut y)));
    });
    let logits = noise(50_257);
    group.bench_function("log-sum-exp of a vocabulary", |b| {
        b.iter(|| black_box(log_sum_exp(&logits)));
    });
    group.finish();
}

fn attention(c: &mut Criterion) {
    let mut group = c.benchmark_group("attention");
    let width = shape("124m").config().n_embd;
    for (context, branches) in [(256, 1), (256, 4), (900, 1), (900, 4)] {
        let network = weights::random(shape("124m"), Precision::Q8_0).expect("memory").network;
        let mut cache = network.cache();
        let ids: Vec<u32> = (0..context as u32).collect();
        on_threads(|| network.read(&mut [Span { ids: &ids, cache: &mut cache }])).expect("fits");
        let caches: Vec<KvCache> = (0..branches).map(|_| cache.clone()).collect();
        let rows: Vec<Rows> =
            caches.iter().map(|cache| Rows { count: 1, cache, first: context - 1 }).collect();
        let qkv = noise(branches * 3 * width);
        group.bench_function(format!("{branches} branches over {context}"), |b| {
            b.iter(|| on_threads(|| black_box(attend(&qkv, &rows, 0, 0.125))));
        });
    }
    group.finish();
}

fn engine(c: &mut Criterion) {
    let mut group = c.benchmark_group("engine");
    group.sample_size(20);
    let models = [
        ("inkwell", weights::embedded(Precision::Q8_0)),
        ("random 124m", weights::random(shape("124m"), Precision::Q8_0)),
    ];
    for (name, model) in models {
        let mut engine = Engine::new(model.expect("a model"));
        for branches in [1, 4] {
            let prompt = "There were three rules on the island. ".repeat(12);
            group.throughput(Throughput::Elements(branches));
            group.bench_function(format!("{name}, a step of {branches}"), |b| {
                b.iter(|| {
                    if engine.is_idle() {
                        for branch in 0..branches {
                            let params =
                                SamplingParams { max_tokens: 100, branch, ..Default::default() };
                            let ask = Ask {
                                branch,
                                prompt: prompt.clone(),
                                guide: Guide::default(),
                                params,
                                clean: Level::Prose,
                                prefix: Prefix::Tokens,
                            };
                            engine.start(ask).expect("sound parameters");
                        }
                    }
                    black_box(engine.step().expect("a sound model"));
                });
            });
            (0..branches).for_each(|branch| engine.stop(branch));
        }
    }
    group.finish();
}

fn cleaning(c: &mut Criterion) {
    let text = include_str!("prose.txt");
    let mut group = c.benchmark_group("cleaning");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("prose, token by token", |b| {
        b.iter(|| {
            let mut cleaner = Cleaner::new(Level::Prose);
            let out: usize = text.split_inclusive(' ').map(|t| cleaner.push(t).len()).sum();
            black_box(out + cleaner.finish().len())
        });
    });
    group.finish();
}

criterion_group!(benches, kernels, attention, engine, cleaning);
criterion_main!(benches);
