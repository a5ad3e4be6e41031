//! `unstuck finetune`: its arguments, and how they change the options of a run.

use super::{ModelChoice, parse_count};
use clap::Args;
use std::path::PathBuf;
use unstuck::finetune::{
    FromScratch, Options, Start,
    weights::{Lora, Scope},
};

/// The arguments of `unstuck finetune`. An option that isn't given has its default; in a resumed run, the value that the
/// run was started with.
#[derive(Args, Debug)]
pub struct Finetune {
    /// The training text: a folder made by `unstuck corpus`, a text file, or anything else that `unstuck corpus` reads
    #[arg(value_name = "CORPUS")]
    pub corpus: PathBuf,

    /// The name of the run. Use the trained model with `--model run:NAME`
    #[arg(long, value_name = "NAME", default_value = "run1", value_parser = parse_name)]
    pub run: String,

    /// Total number of steps. A finished run continues when given a higher number [default: 1000]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = parse_steps)]
    pub steps: Option<usize>,

    /// Which weights to start with: `fresh` = the model's; `latest` = resume the run at its newest checkpoint, if there is one; PATH = those of the checkpoint in this folder
    #[arg(long, value_name = "fresh|latest|PATH", default_value = "latest")]
    pub restore_from: String,

    /// Change the existing run of this name: resume it with other options or another text, or start it again, which deletes its checkpoints
    #[arg(long)]
    pub overwrite: bool,

    /// Print one JSON object per line instead of text
    #[arg(long)]
    pub json: bool,

    /// The hyperparameters.
    #[command(flatten)]
    pub training: Training,

    /// The shape of a new model.
    #[command(flatten)]
    pub new_model: NewModel,

    /// Which weights are trained.
    #[command(flatten)]
    pub trained: TrainedWeights,

    /// How often the run reports, validates and saves.
    #[command(flatten)]
    pub intervals: Intervals,

    /// Which model it starts with.
    #[command(flatten)]
    pub choice: ModelChoice,
}

/// The hyperparameters of training.
#[derive(Args, Debug)]
#[command(next_help_heading = "Training")]
pub struct Training {
    /// Windows per batch; 8 is the default with --from-scratch [default: 4]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub batch_size: Option<usize>,

    /// Tokens per window [default: 256, or the model's context if that is shorter]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub window: Option<usize>,

    /// Batches per step: their gradients are accumulated, which has the effect of a larger batch in the same memory [default: 1]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub accumulate: Option<usize>,

    /// Peak learning rate; after the warmup it falls to a tenth along a cosine. 0.001 is the default with --from-scratch [default: 0.0001]
    #[arg(long, value_name = "F")]
    pub learning_rate: Option<f64>,

    /// Steps over which the learning rate rises to its peak; 0 = start at the peak. 100 is the default with --from-scratch [default: 20]
    #[arg(long, value_name = "N")]
    pub warmup: Option<usize>,

    /// AdamW weight decay for matrices; 0 = off [default: 0.1]
    #[arg(long, value_name = "F")]
    pub weight_decay: Option<f64>,

    /// Clip the gradient norm to this value; 0 = off [default: 1]
    #[arg(long, value_name = "F")]
    pub clip: Option<f64>,

    /// Dropout probability, below 1; 0 = off [default: 0]
    #[arg(long, value_name = "F")]
    pub dropout: Option<f32>,

    /// Recompute activations in the backward pass instead of keeping them: less memory, about a third more time
    #[arg(long)]
    pub gradient_checkpointing: bool,

    /// Random seed for the order of the text, dropout, new weights and samples [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// A new model with random weights.
#[derive(Args, Debug)]
#[command(next_help_heading = "Training from scratch")]
pub struct NewModel {
    /// Train a new model: random weights, and a vocabulary learned from the corpus
    #[arg(long, conflicts_with = "lora")]
    pub from_scratch: bool,

    /// Number of transformer blocks (n_layer)
    #[arg(long, value_name = "N", default_value = "4", requires = "from_scratch", value_parser = parse_count)]
    pub layers: usize,

    /// Embedding width (n_embd), a multiple of the heads
    #[arg(long, value_name = "N", default_value = "256", requires = "from_scratch", value_parser = parse_count)]
    pub width: usize,

    /// Attention heads per block (n_head) [default: width / 64, at least 1]
    #[arg(long, value_name = "N", requires = "from_scratch", value_parser = parse_count)]
    pub heads: Option<usize>,

    /// Context length in tokens (n_positions)
    #[arg(long, value_name = "N", default_value = "256", requires = "from_scratch", value_parser = parse_count)]
    pub context: usize,

    /// Maximum number of tokens in the vocabulary, at least 512
    #[arg(long, value_name = "N", default_value = "4096", requires = "from_scratch", value_parser = parse_count)]
    pub vocabulary: usize,
}

/// Which weights are trained.
#[derive(Args, Debug)]
#[command(next_help_heading = "Trained weights")]
pub struct TrainedWeights {
    /// Train only the transformer blocks; the embeddings and the last layer norm are frozen
    #[arg(long, conflicts_with = "lora")]
    pub only_train_transformer_layers: bool,

    /// Train LoRA matrices of this rank and freeze the model's own weights: less memory. Checkpoints have them merged in
    #[arg(long, value_name = "RANK", value_parser = parse_count)]
    pub lora: Option<usize>,

    /// LoRA's alpha: the product of its matrices is scaled by alpha / rank [default: twice the rank]
    #[arg(long, value_name = "F", requires = "lora")]
    pub lora_alpha: Option<f64>,

    /// The matrices that get LoRA, by how their names end, separated by commas [default: c_attn,c_proj,c_fc]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', requires = "lora")]
    pub lora_targets: Option<Vec<String>>,
}

/// How often a run reports, validates and saves.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output and checkpoints")]
pub struct Intervals {
    /// Print a line every N steps; on a terminal the progress bar shows every step instead [default: 1]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub print_every: Option<usize>,

    /// Generate and print a sample text every N steps; 0 = never [default: 100]
    #[arg(long, value_name = "N")]
    pub sample_every: Option<usize>,

    /// Tokens per sample [default: 60]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub sample_length: Option<usize>,

    /// Save a checkpoint every N steps, and at the end [default: 100]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub save_every: Option<usize>,

    /// Keep the N newest checkpoints and delete older ones [default: 2]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub keep: Option<usize>,

    /// Measure the loss on validation.txt every N steps, and at the end [default: 100]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub validate_every: Option<usize>,

    /// Early stopping: end after N validations in a row without a lower loss; 0 = off [default: 0]
    #[arg(long, value_name = "N")]
    pub patience: Option<usize>,
}

impl Finetune {
    /// Which weights the run starts with.
    pub fn from(&self) -> Start {
        match self.restore_from.as_str() {
            "fresh" => Start::Fresh,
            "latest" => Start::Latest,
            path => Start::Checkpoint(path.into()),
        }
    }

    /// The shape of the new model with `--from-scratch`.
    pub fn scratch(&self) -> Option<FromScratch> {
        let NewModel { layers, width, heads, context, vocabulary, from_scratch } = self.new_model;
        let heads = heads.unwrap_or((width / 64).max(1));
        from_scratch.then_some(FromScratch { layers, width, heads, context, vocabulary })
    }

    /// Change `options` to what was given on the command line.
    pub fn apply(&self, options: &mut Options) {
        fn put<T: Copy>(to: &mut T, given: Option<T>) {
            *to = given.unwrap_or(*to);
        }
        let Training { batch_size, window, accumulate, learning_rate, .. } = self.training;
        let Training { warmup, weight_decay, clip, dropout, seed, .. } = self.training;
        put(&mut options.steps, self.steps);
        put(&mut options.batch, batch_size);
        put(&mut options.window, window);
        put(&mut options.accumulate, accumulate);
        put(&mut options.learning_rate, learning_rate);
        put(&mut options.warmup, warmup);
        put(&mut options.weight_decay, weight_decay);
        put(&mut options.clip, clip);
        put(&mut options.dropout, dropout);
        options.checkpointing |= self.training.gradient_checkpointing;
        put(&mut options.seed, seed);
        let intervals = &self.intervals;
        put(&mut options.print_every, intervals.print_every);
        put(&mut options.sample_every, intervals.sample_every);
        put(&mut options.sample_length, intervals.sample_length);
        put(&mut options.save_every, intervals.save_every);
        put(&mut options.keep, intervals.keep);
        put(&mut options.validate_every, intervals.validate_every);
        put(&mut options.patience, intervals.patience);
        if let Some(rank) = self.trained.lora {
            let default = Lora::of_rank(rank);
            let alpha = self.trained.lora_alpha.unwrap_or(default.alpha);
            let targets = self.trained.lora_targets.clone().unwrap_or(default.targets);
            options.scope = Scope::Lora(Lora { rank, alpha, targets });
        } else if self.trained.only_train_transformer_layers {
            options.scope = Scope::Blocks;
        }
    }
}

/// gpt-2-simple's -1 trained until it was stopped.
fn parse_steps(text: &str) -> Result<usize, String> {
    match text.starts_with('-') {
        true => Err("a run has a number of steps; give one that is large enough. Ctrl+C ends a run at any step and keeps its \
                     weights"
            .into()),
        false => parse_count(text),
    }
}

/// The name of a run, which is also the name of its folder.
fn parse_name(name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let ok = name.chars().all(plain) && !name.starts_with('.') && !name.is_empty();
    ok.then(|| name.to_owned())
        .ok_or_else(|| "must consist of letters, digits, -, _ and ., and not start with .".into())
}
