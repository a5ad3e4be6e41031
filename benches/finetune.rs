//! Benchmark of fine-tuning steps: random weights of 124M in f32, batch 4 x 256. Prints one JSON object.
//! `benches/finetune.sh` alternates this with PyTorch's loop. Arguments: the number of steps, and optionally
//! `checkpointing` or `lora`.

use anyhow::Result;
use std::time::Instant;
use unstuck::{
    finetune::{
        Options,
        dataset::Dataset,
        trainer::Trainer,
        weights::{Lora, Scope, Weights},
    },
    model::{Precision, kernels},
    weights,
};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let has = |name: &str| args.iter().any(|arg| arg == name);
    let steps = args.iter().find_map(|arg| arg.parse::<usize>().ok()).unwrap_or(4);
    kernels::start(None, false);
    let shape = "124m".parse().map_err(anyhow::Error::msg)?;
    let (network, tokenizer) = weights::random(shape, Precision::F32)?.into_gpt2()?;
    let mut options = Options { checkpointing: has("checkpointing"), ..Options::default() };
    if has("lora") {
        options.scope = Scope::Lora(Lora::of_rank(8));
    }
    let mut trainer = Trainer::new(Weights::new(network, &options.scope, 1)?);
    let data = Dataset::of_text(&include_str!("prose.txt").repeat(8), &tokenizer, 1)?;
    let estimated = trainer.estimate(&data, &options)?.as_secs_f64();
    let mut seconds = Vec::new();
    for _ in 0..=steps {
        let begun = Instant::now();
        trainer.step(&data, &options)?;
        seconds.push(begun.elapsed().as_secs_f64());
    }
    seconds.remove(0); // the first step also allocates its memory
    let json = serde_json::json!({
        "step_s": seconds,
        "estimated_step_s": estimated,
        "estimated_bytes": unstuck::finetune::bytes(&trainer.weights, &options, data.tokens()),
        "peak_kib": most_memory(),
    });
    println!("{json}");
    Ok(())
}

/// The peak memory of this process so far in KiB, where the system reports it.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
