//! The bot's model, loaded when the first mention needs it, with a time limit per reply.

use crate::{
    clean::Level,
    generate::{Ask, Engine, Guide, Output, Prefix},
    splitmix::mix,
    token::{SamplingParams, copied},
};
use anyhow::{Result, anyhow, bail};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// The process is ending; this does not count as a failure.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Generates raw text from a prompt.
pub trait Voice {
    /// The model's name.
    ///
    /// # Errors
    /// When it can't be loaded.
    fn name(&mut self) -> Result<String>;

    /// A continuation of `prompt`; the same `seed` gives the same text.
    ///
    /// # Errors
    /// When the model fails or takes too long; [`Interrupted`] when the process is ending.
    fn say(&mut self, prompt: &str, seed: u64) -> Result<String>;

    /// Take other settings from the next text on.
    fn adjust(&mut self, _: &SamplingParams, _: Option<[usize; 2]>, _: Duration) {}

    /// The number of tokens of its last text that are copied from the training text; 0 if unknown.
    fn copied(&self) -> usize {
        0
    }
}

/// A local model, loaded at first use.
pub struct ModelVoice<F> {
    open: F,
    engine: Option<Engine>,
    params: SamplingParams,
    length: Option<[usize; 2]>,
    patience: Duration,
    stop: Arc<AtomicBool>,
    copied: usize,
}

impl<F: FnMut() -> Result<Engine>> ModelVoice<F> {
    /// `open` loads the model. Generation is abandoned after `patience`, or once `stop` is set.
    pub fn new(open: F, params: SamplingParams, patience: Duration, stop: Arc<AtomicBool>) -> Self {
        Self { open, engine: None, params, length: None, patience, stop, copied: 0 }
    }

    /// Draw the length of each text, in tokens, between these limits.
    pub fn with_length(self, length: Option<[usize; 2]>) -> Self {
        Self { length, ..self }
    }

    fn engine(&mut self) -> Result<&mut Engine> {
        let engine = match self.engine.take() {
            Some(engine) => engine,
            None => (self.open)()?,
        };
        Ok(self.engine.insert(engine))
    }
}

impl<F: FnMut() -> Result<Engine>> Voice for ModelVoice<F> {
    fn name(&mut self) -> Result<String> {
        Ok(self.engine()?.info().name.clone())
    }

    fn say(&mut self, prompt: &str, seed: u64) -> Result<String> {
        let max_tokens = self.length.map_or(self.params.max_tokens, |[least, most]| {
            let drawn = mix(seed) % (most.saturating_sub(least) as u64 + 1);
            least + usize::try_from(drawn).unwrap_or(0)
        });
        let params = SamplingParams { seed, max_tokens, ..self.params.clone() };
        let (patience, stop) = (self.patience, self.stop.clone());
        let begun = Instant::now();
        let ask = Ask {
            branch: seed,
            prompt: prompt.to_owned(),
            guide: Guide::default(),
            params,
            clean: Level::Prose,
            // a mention is complete, so its last word is too
            prefix: Prefix::Word,
        };
        let (mut text, mut tokens) = (String::new(), Vec::new());
        let engine = self.engine()?;
        engine.start(ask)?;
        // A step of a server returns soon even if nothing has arrived, so that a silent one can be abandoned.
        let ended = loop {
            if engine.is_idle() {
                break Ok::<_, anyhow::Error>(());
            }
            if stop.load(Ordering::Relaxed) {
                break Err(Interrupted.into());
            }
            if begun.elapsed() > patience {
                break Err(anyhow!("the model took longer than {} s", patience.as_secs()));
            }
            for (_, output) in engine.step()? {
                match output {
                    Output::Token(token) => {
                        text.push_str(&token.text);
                        tokens.push(token);
                    }
                    Output::Failed(why) => bail!(why),
                    Output::Done(_) | Output::Seen(_) | Output::Weighed(_) | Output::Checked(_) => {
                    }
                }
            }
        };
        engine.stop(seed);
        ended?;
        self.copied = copied(&tokens);
        Ok(text)
    }

    fn adjust(
        &mut self,
        sampling: &SamplingParams,
        length: Option<[usize; 2]>,
        patience: Duration,
    ) {
        (self.params, self.length, self.patience) = (sampling.clone(), length, patience);
    }

    fn copied(&self) -> usize {
        self.copied
    }
}
