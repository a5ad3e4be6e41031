//! What a run will take, said before its first step: memory from the shapes, time from a block that is timed.

use super::{
    cpu::ROWS,
    options::Options,
    weights::{Scope, Weights},
};
use crate::model::{
    Config,
    memory::{free, size},
};
use anyhow::{Result, bail};
use std::time::Duration;

/// The program itself, its vocabulary, and what gemm packs.
const REST: u64 = 72 << 20;

/// Bytes at the height of a run with these weights, on texts of so many tokens.
pub fn bytes(weights: &Weights, options: &Options, text: usize) -> u64 {
    Size::of(weights, text).bytes(&weights.config, options)
}

/// How many numbers a run holds, and of which kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Of the model.
    pub all: usize,
    /// Those that learn.
    pub learning: usize,
    /// The tokens of the texts.
    pub text: usize,
}

impl Size {
    /// Of a run.
    pub fn of(weights: &Weights, text: usize) -> Self {
        Self { all: weights.config.parameters(), learning: weights.count(), text }
    }

    /// Bytes at the height of a step.
    pub fn bytes(&self, config: &Config, options: &Options) -> u64 {
        let (c, inner, v) = (config.n_embd, config.inner(), config.vocab_size);
        let rows = options.batch * options.window;
        let scores = 2 * options.window * options.window * crate::model::kernels::threads();
        // A gradient and both of AdamW's means; small matrices stand beside all of
        // them, and for a sample they are added into copies.
        let beside = match options.scope {
            Scope::Lora(_) => self.learning + config.n_layer * (4 * c * c + 2 * c * inner),
            _ => 0,
        };
        let weights = self.all + beside + 3 * self.learning;
        let blocks = if options.checkpointing { 1 } else { config.n_layer };
        let kept = config.n_layer * c + blocks * (5 * c + inner);
        let at_once = 5 * c + 2 * inner + 3 * c;
        let logits = ROWS.min(rows) * v;
        let numbers = weights + rows * (kept + at_once) + logits + scores;
        4 * (numbers + self.text) as u64 + 8 * self.text as u64 + REST
    }

    /// Refuse what needs more memory than is free, naming what would fit.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn check(&self, config: &Config, options: &Options) -> Result<()> {
        self.fits(config, options, free())
    }

    fn fits(&self, config: &Config, options: &Options, free: u64) -> Result<()> {
        let need = self.bytes(config, options);
        if need <= free {
            return Ok(());
        }
        let fits = |size: &Self, options: &Options| size.bytes(config, options) <= free;
        let shown = |way: &Self, options: &Options| size(way.bytes(config, options));
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
        // 8 rows and columns beside the three targets that are usual
        let small = 8 * config.n_layer * (6 * config.n_embd + 2 * config.inner());
        let lora = Self { learning: small, ..*self };
        if options.scope == Scope::Full && fits(&lora, options) {
            ways.push(format!("so would --lora 8 ({})", shown(&lora, options)));
        }
        let way_out = match ways.len() {
            0 => {
                "nothing smaller fits either: take a smaller model, or close other programs".into()
            }
            _ => ways.join("; "),
        };
        let way_out = way_out.trim_start_matches("so would ");
        bail!("it needs {} of memory, and {} are free; {way_out}", size(need), size(free))
    }
}

/// Seconds as a person says them.
pub fn spoken(time: Duration) -> String {
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
        let size = Size { all, learning: all, text: 1 << 20 };
        let options = Options::default();
        assert!(size.fits(&config, &options, 16 << 30).is_ok());
        let say = |free: u64| size.fits(&config, &options, free).unwrap_err().to_string();
        let little_less = say(size.bytes(&config, &options) - (64 << 20));
        for way in ["--batch-size 2 --window 256 would fit", "--gradient-checkpointing", "--lora 8"]
        {
            assert!(little_less.contains(way), "{little_less}");
        }
        let much_less = say(4 << 30);
        assert!(much_less.contains("; --lora 8 ("), "{much_less}");
        assert!(say(1 << 30).contains("a smaller model"), "{}", say(1 << 30));
    }

    #[test]
    fn checkpointing_and_small_matrices_save_memory() {
        let config = "124m".parse::<Shape>().unwrap().config();
        let all = config.parameters();
        let size = Size { all, learning: all, text: 0 };
        let options = Options::default();
        let again = Options { checkpointing: true, ..options.clone() };
        assert!(size.bytes(&config, &again) + (250 << 20) < size.bytes(&config, &options));
        let lora = Size { learning: 1 << 20, ..size };
        assert!(lora.bytes(&config, &options) + (1300 << 20) < size.bytes(&config, &options));
    }
}
