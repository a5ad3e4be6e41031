//! `unstuck finetune`: what it can be told, and what that changes.

use super::parse_count;
use clap::Args;
use std::path::PathBuf;
use unstuck::finetune::{
    Options, Scratch, Start,
    weights::{Lora, Scope},
};

/// What `unstuck finetune` can be told. What is left out stays as the run has it, or at its default.
#[derive(Args, Debug)]
pub struct Finetune {
    /// The text: a folder that `unstuck corpus` made, or a text file
    #[arg(value_name = "CORPUS")]
    pub corpus: PathBuf,

    /// The run's name; afterwards `--model run:NAME` opens it
    #[arg(long, alias = "run-name", alias = "run_name", value_name = "NAME", default_value = "run1", value_parser = parse_name)]
    pub run: String,

    /// The run's last step [default: 1000]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub steps: Option<usize>,

    /// Where to begin: the model itself, the run's newest checkpoint if there is one, or a checkpoint's folder
    #[arg(
        long,
        alias = "restore_from",
        value_name = "fresh|latest|PATH",
        default_value = "latest"
    )]
    pub restore_from: String,

    /// Let a fresh run take the place of one that has checkpoints
    #[arg(long)]
    pub overwrite: bool,

    /// One JSON object a line
    #[arg(long)]
    pub json: bool,

    /// How it learns.
    #[command(flatten)]
    pub learning: Learning,

    /// What is made from nothing.
    #[command(flatten)]
    pub nothing: Nothing,

    /// What learns.
    #[command(flatten)]
    pub scope: WhatLearns,

    /// When it looks at itself.
    #[command(flatten)]
    pub pace: Pace,
}

/// How a run learns.
#[derive(Args, Debug)]
#[command(next_help_heading = "Learning")]
pub struct Learning {
    /// Windows that are read together [default: 4]
    #[arg(long, alias = "batch_size", value_name = "N", value_parser = parse_count)]
    pub batch_size: Option<usize>,

    /// Tokens of a window [default: 256, or all that the model sees at once]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub window: Option<usize>,

    /// Batches that one step adds up [default: 1]
    #[arg(long, alias = "accumulate_gradients", value_name = "N", value_parser = parse_count)]
    pub accumulate: Option<usize>,

    /// The highest learning rate; it falls to a tenth on a cosine [default: 0.0001]
    #[arg(long, alias = "learning_rate", value_name = "F")]
    pub learning_rate: Option<f64>,

    /// Steps over which the learning rate rises [default: 20]
    #[arg(long, value_name = "N")]
    pub warmup: Option<usize>,

    /// What matrices lose in a step, times the learning rate [default: 0.1]
    #[arg(long, value_name = "F")]
    pub weight_decay: Option<f64>,

    /// The longest a gradient may be; 0 leaves it as it is [default: 1]
    #[arg(long, value_name = "F")]
    pub clip: Option<f64>,

    /// The share of values that is dropped in a step [default: 0]
    #[arg(long, value_name = "F")]
    pub dropout: Option<f32>,

    /// Make again on the way back what blocks need there, instead of keeping it: less memory, a third more time
    #[arg(long)]
    pub gradient_checkpointing: bool,

    /// Draws the order of the text, what is dropped, and samples [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// A model of one's own from the first number on.
#[derive(Args, Debug)]
#[command(next_help_heading = "From nothing")]
pub struct Nothing {
    /// Begin with no model: weights drawn at random, a vocabulary learnt from the corpus
    #[arg(long, alias = "from_scratch", conflicts_with = "lora")]
    pub from_scratch: bool,

    /// Its blocks
    #[arg(long, value_name = "N", default_value = "4", requires = "from_scratch", value_parser = parse_count)]
    pub layers: usize,

    /// Numbers of a token within
    #[arg(long, value_name = "N", default_value = "256", requires = "from_scratch", value_parser = parse_count)]
    pub width: usize,

    /// Attention heads of a block [default: one for 64 of the width]
    #[arg(long, value_name = "N", requires = "from_scratch", value_parser = parse_count)]
    pub heads: Option<usize>,

    /// Tokens that it sees at once
    #[arg(long, value_name = "N", default_value = "256", requires = "from_scratch", value_parser = parse_count)]
    pub context: usize,

    /// Tokens of its vocabulary, at the most
    #[arg(long, value_name = "N", default_value = "4096", requires = "from_scratch", value_parser = parse_count)]
    pub vocabulary: usize,
}

/// Which numbers of the model learn.
#[derive(Args, Debug)]
#[command(next_help_heading = "What learns")]
pub struct WhatLearns {
    /// Leave the embeddings and the last norm as they are
    #[arg(long, alias = "only_train_transformer_layers", conflicts_with = "lora")]
    pub only_train_transformer_layers: bool,

    /// Learn small matrices of this rank beside the model's own (LoRA); checkpoints have them added in
    #[arg(long, value_name = "RANK", value_parser = parse_count)]
    pub lora: Option<usize>,

    /// What they are added with, times their rank [default: twice the rank]
    #[arg(long, value_name = "F", requires = "lora")]
    pub lora_alpha: Option<f64>,

    /// The matrices that get them [default: c_attn,c_proj,c_fc]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', requires = "lora")]
    pub lora_targets: Option<Vec<String>>,
}

/// When a run looks at itself.
#[derive(Args, Debug)]
#[command(next_help_heading = "On the way")]
pub struct Pace {
    /// Steps between two lines; the terminal's bar moves with every step [default: 1]
    #[arg(long, alias = "print_every", value_name = "N", value_parser = parse_count)]
    pub print_every: Option<usize>,

    /// Steps between two samples; 0 for none [default: 100]
    #[arg(long, alias = "sample_every", value_name = "N")]
    pub sample_every: Option<usize>,

    /// Tokens of a sample [default: 60]
    #[arg(long, alias = "sample_length", value_name = "N", value_parser = parse_count)]
    pub sample_length: Option<usize>,

    /// Steps between two checkpoints [default: 100]
    #[arg(long, alias = "save_every", value_name = "N", value_parser = parse_count)]
    pub save_every: Option<usize>,

    /// Checkpoints that stay, the newest [default: 2]
    #[arg(long, alias = "max_checkpoints", value_name = "N", value_parser = parse_count)]
    pub keep: Option<usize>,

    /// Steps between two looks at validation.txt [default: 100]
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub validate_every: Option<usize>,

    /// End when so many looks in a row found nothing better; 0 never does [default: 0]
    #[arg(long, value_name = "N")]
    pub patience: Option<usize>,
}

impl Finetune {
    /// Where it begins.
    pub fn from(&self) -> Start {
        match self.restore_from.as_str() {
            "fresh" => Start::Fresh,
            "latest" => Start::Latest,
            path => Start::Checkpoint(path.into()),
        }
    }

    /// The shape of a model that is made from nothing, where that is wanted.
    pub fn scratch(&self) -> Option<Scratch> {
        let Nothing { layers, width, heads, context, vocabulary, from_scratch } = self.nothing;
        let heads = heads.unwrap_or((width / 64).max(1));
        from_scratch.then_some(Scratch { layers, width, heads, context, vocabulary })
    }

    /// Lay what was said over what holds.
    pub fn change(&self, options: &mut Options) {
        fn put<T: Copy>(to: &mut T, told: Option<T>) {
            *to = told.unwrap_or(*to);
        }
        let Learning { batch_size, window, accumulate, learning_rate, .. } = self.learning;
        let Learning { warmup, weight_decay, clip, dropout, seed, .. } = self.learning;
        put(&mut options.steps, self.steps);
        put(&mut options.batch, batch_size);
        put(&mut options.window, window);
        put(&mut options.accumulate, accumulate);
        put(&mut options.learning_rate, learning_rate);
        put(&mut options.warmup, warmup);
        put(&mut options.weight_decay, weight_decay);
        put(&mut options.clip, clip);
        put(&mut options.dropout, dropout);
        options.checkpointing |= self.learning.gradient_checkpointing;
        put(&mut options.seed, seed);
        let pace = &self.pace;
        put(&mut options.print_every, pace.print_every);
        put(&mut options.sample_every, pace.sample_every);
        put(&mut options.sample_length, pace.sample_length);
        put(&mut options.save_every, pace.save_every);
        put(&mut options.keep, pace.keep);
        put(&mut options.validate_every, pace.validate_every);
        put(&mut options.patience, pace.patience);
        if let Some(rank) = self.scope.lora {
            let alpha = self.scope.lora_alpha.unwrap_or(2.0 * rank as f64);
            let usual = || ["c_attn", "c_proj", "c_fc"].map(str::to_owned).to_vec();
            let targets = self.scope.lora_targets.clone().unwrap_or_else(usual);
            options.scope = Scope::Lora(Lora { rank, alpha, targets });
        } else if self.scope.only_train_transformer_layers {
            options.scope = Scope::Blocks;
        }
    }
}

/// A run is a folder of this name.
fn parse_name(name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let ok = name.chars().all(plain) && !name.starts_with('.') && !name.is_empty();
    ok.then(|| name.to_owned()).ok_or_else(|| "letters, digits, -, _ and . are wanted".into())
}
