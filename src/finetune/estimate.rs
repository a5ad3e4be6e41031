//! The memory that a run will need, from the shapes, so that a run that doesn't fit is refused before its first step.

use super::{
    cpu::ROWS,
    options::Options,
    weights::{Lora, Scope, Weights},
};
use crate::model::{
    Architecture,
    gpt2::Config,
    memory::{free, size},
};
use anyhow::{Result, bail};
use std::time::Duration;

/// Bytes for the program itself, its vocabulary, and the buffers of matrix multiplication.
const REST: u64 = 72 << 20;

/// The peak memory of a run with these weights in bytes, on texts of `tokens` tokens.
pub fn bytes(weights: &Weights, options: &Options, tokens: usize) -> u64 {
    Size::of(weights, tokens).bytes(&weights.config, options)
}

/// How many values of each kind a run keeps in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Parameters of the model.
    pub all: usize,
    /// Trained parameters.
    pub trained: usize,
    /// Tokens of the training and validation texts.
    pub tokens: usize,
}

impl Size {
    /// The size of a run with these weights.
    pub fn of(weights: &Weights, tokens: usize) -> Self {
        Self { all: weights.config.parameters(), trained: weights.count(), tokens }
    }

    /// Peak memory in bytes.
    pub fn bytes(&self, config: &Config, options: &Options) -> u64 {
        let (c, inner, v) = (config.n_embd, config.inner(), config.vocab_size);
        let rows = options.batch * options.window;
        let scores = 2 * options.window * options.window * crate::model::kernels::threads();
        // each trained parameter has a gradient and AdamW's two moments; LoRA adds its matrices, and to generate a sample
        // they are merged into copies of the model's
        let adapters = match &options.scope {
            Scope::Lora(lora) => {
                self.trained + lora.matrices(config).map(|m| m.len()).sum::<usize>()
            }
            _ => 0,
        };
        let weights = self.all + adapters + 3 * self.trained;
        let blocks = if options.checkpointing { 1 } else { config.n_layer };
        let activations = config.n_layer * c + blocks * (5 * c + inner);
        let scratch = 5 * c + 2 * inner + 3 * c;
        let logits = ROWS.min(rows) * v;
        let values = weights + rows * (activations + scratch) + logits + scores;
        4 * (values + self.tokens) as u64 + 8 * self.tokens as u64 + REST
    }

    /// Refuse a run that needs more memory than is free.
    ///
    /// # Errors
    /// Names the options with which it would fit.
    pub fn check(&self, config: &Config, options: &Options) -> Result<()> {
        self.fits(config, options, free())
    }

    fn fits(&self, config: &Config, options: &Options, free: u64) -> Result<()> {
        let need = self.bytes(config, options);
        if need <= free {
            return Ok(());
        }
        let fits = |size: &Self, options: &Options| size.bytes(config, options) <= free;
        let shown = |run: &Self, options: &Options| size(run.bytes(config, options));
        let mut smaller = options.clone();
        let mut ways = Vec::new();
        while !fits(self, &smaller) && (smaller.batch > 1 || smaller.window > 64) {
            match smaller.batch {
                1 => smaller.window = (smaller.window / 2).max(64),
                _ => smaller.batch /= 2,
            }
        }
        if fits(self, &smaller) {
            let Options { batch, window, .. } = smaller;
            let takes = shown(self, &smaller);
            ways.push(format!("--batch-size {batch} --window {window} would fit ({takes})"));
        }
        let again = Options { checkpointing: true, ..options.clone() };
        if !options.checkpointing && fits(self, &again) {
            ways.push(format!("so would --gradient-checkpointing ({})", shown(self, &again)));
        }
        let lora = Self { trained: Lora::of_rank(8).parameters(config), ..*self };
        if options.scope == Scope::Full && fits(&lora, options) {
            ways.push(format!("so would --lora 8 ({})", shown(&lora, options)));
        }
        let way_out = match ways.len() {
            0 => {
                "no other setting fits either: use a smaller model, or close other programs".into()
            }
            _ => ways.join("; "),
        };
        let way_out = way_out.trim_start_matches("so would ");
        bail!(
            "this run needs {} of memory, but only {} are free; {way_out}",
            size(need),
            size(free)
        )
    }
}

/// A duration for people, in one unit: "25 ms", "4.5 s", "40 min", "3.2 h".
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s < 0.1 => format!("{:.0} ms", s * 1000.0),
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Shape;

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let config = "355m".parse::<Shape>().unwrap().config();
        let all = config.parameters();
        let size = Size { all, trained: all, tokens: 1 << 20 };
        let options = Options::default();
        assert!(size.fits(&config, &options, 16 << 30).is_ok());
        let say = |free: u64| size.fits(&config, &options, free).unwrap_err().to_string();
        let little_less = say(size.bytes(&config, &options) - (64 << 20));
        for option in
            ["--batch-size 2 --window 256 would fit", "--gradient-checkpointing", "--lora 8"]
        {
            assert!(little_less.contains(option), "{little_less}");
        }
        let much_less = say(4 << 30);
        assert!(much_less.contains("; --lora 8 ("), "{much_less}");
        assert!(say(1 << 30).contains("a smaller model"), "{}", say(1 << 30));
    }

    #[test]
    fn checkpointing_and_small_matrices_save_memory() {
        let config = "124m".parse::<Shape>().unwrap().config();
        let all = config.parameters();
        let size = Size { all, trained: all, tokens: 0 };
        let options = Options::default();
        let again = Options { checkpointing: true, ..options.clone() };
        assert!(size.bytes(&config, &again) + (250 << 20) < size.bytes(&config, &options));
        let lora = Size { trained: 1 << 20, ..size };
        assert!(lora.bytes(&config, &options) + (1300 << 20) < size.bytes(&config, &options));
    }
}
