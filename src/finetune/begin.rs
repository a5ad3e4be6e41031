//! How a run begins or goes on: from which model, with which options, on which text; and what keeps it from doing so.

use super::{
    adamw::Moments,
    dataset::{Dataset, Files},
    folder::{About, Folder, State, restore},
    history::History,
    options::Options,
    report::Report,
    run::{Request, Run, Start},
    trainer::Trainer,
    weights::{Scope, Weights},
};
use crate::model::{Config, Memorized, Model, Tokenizer};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// The shape of a model that is made from nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scratch {
    /// Blocks.
    pub layers: usize,
    /// Numbers of a token within.
    pub width: usize,
    /// Attention heads of a block.
    pub heads: usize,
    /// Tokens that the model sees at once.
    pub context: usize,
    /// Tokens that its vocabulary has at the most.
    pub vocabulary: usize,
}

impl Scratch {
    /// A model with weights drawn from the seed and a vocabulary learnt from a text.
    fn model(&self, text: &str, seed: u64) -> Result<Model> {
        let Self { layers, width, heads, context, vocabulary } = *self;
        ensure!(
            width.is_multiple_of(heads) && width <= 1 << 14 && layers <= 1 << 9,
            "--width {width} --heads {heads} --layers {layers}: the width has to divide by the heads, and neither \
             may be past any use"
        );
        ensure!((8..=1 << 16).contains(&context), "--context {context}: from 8 to 65536");
        let least = 512;
        ensure!(
            (least..=1 << 20).contains(&vocabulary),
            "--vocabulary {vocabulary}: at least {least}, since every byte is a token, and at most a million"
        );
        let tokenizer = Tokenizer::learn(text, vocabulary)?;
        let config = Config {
            n_layer: layers,
            n_head: heads,
            n_positions: context,
            vocab_size: tokenizer.size(),
            eos_token_id: tokenizer.end(),
            ..Config::gpt2(width)
        };
        Model::fresh(config, tokenizer, seed)
    }
}

impl Run {
    pub(super) fn open(request: &Request, report: &mut Report) -> Result<Self> {
        let folder = Folder::new(request.folder.clone());
        let shown = folder.path().display().to_string();
        let before = folder.about()?;
        let checkpoint = match &request.from {
            Start::Fresh => None,
            Start::Latest => folder.checkpoints().pop().map(|(_, path)| path),
            Start::Checkpoint(path) => Some(path.clone()),
        };
        let goes_on = request.from == Start::Latest && checkpoint.is_some();
        if before.is_some() && !goes_on && !folder.checkpoints().is_empty() {
            ensure!(
                request.overwrite,
                "{shown}: there is a run with checkpoints; give --overwrite to replace it, another --run, or \
                 --restore-from latest to go on with it"
            );
        }
        let recorded = before.filter(|_| goes_on);
        let scratch = match &recorded {
            Some(about) => about.scratch,
            None => request.scratch,
        };
        if let (Some(about), Some(asked)) = (&recorded, request.scratch) {
            ensure!(
                about.scratch == Some(asked),
                "{shown}: the run began from {}; leave --from-scratch out, or take another --run",
                about.scratch.map_or("a model".into(), |s| format!("nothing, {s:?}"))
            );
        }
        let began = recorded.as_ref().map(|about| about.model.as_deref());
        if let (Some(began), Some(model)) = (began, request.model) {
            ensure!(
                began == Some(model),
                "{shown}: the run began from {}, not from {model}; leave --model out, or take another --run",
                began.unwrap_or("the model in the program")
            );
        }
        let mut options = match &recorded {
            Some(about) => about.options.clone(),
            None if scratch.is_some() => Options::from_scratch(),
            None => Options::default(),
        };
        let usual = options.window;
        (request.change)(&mut options);
        let files = Files::find(request.corpus)?;
        // What all of which learns lies whole in its checkpoint; what has small matrices needs its model beside it.
        let whole = checkpoint.as_deref().filter(|_| match scratch {
            Some(_) => true,
            None => {
                let is_named = matches!(request.from, Start::Checkpoint(_));
                is_named && !matches!(options.scope, Scope::Lora(_))
            }
        });
        let place =
            whole.map(|path| path.to_str().context("a path that is no text")).transpose()?;
        let name = place.or(began.unwrap_or(request.model.or(request.usual)));
        let model = match scratch.filter(|_| place.is_none()) {
            Some(scratch) => scratch.model(&read(&files.train)?, options.seed)?,
            None => (request.open)(name)?,
        };
        let context = model.network.config.n_positions;
        if recorded.is_none() && options.window == usual {
            options.window = usual.min(context);
        }
        options.check()?;
        ensure!(
            options.window <= context,
            "--window {}: the model sees {context} tokens at once",
            options.window
        );
        let Model { network, tokenizer, memorized, .. } = model;
        let weights = Weights::new(network, &options.scope, options.seed)?;
        let (window, seed) = (options.window, options.seed);
        let train = Dataset::read(&files.train, &tokenizer, window, seed)?;
        let validation = match files.validation {
            Some(path) => {
                Dataset::read(&path, &tokenizer, window, seed).map(Some).or_else(|e| {
                    report.note(&format!("{e:#}; so nothing is validated"));
                    Ok::<_, anyhow::Error>(None)
                })?
            }
            None => None,
        };
        let about = About {
            model: name.filter(|_| scratch.is_none()).map(str::to_owned),
            scratch,
            corpus: request.corpus.to_owned(),
            text: train.fingerprint(),
            weights: weights.fingerprint()?,
            options: options.clone(),
        };
        let mut trainer = Trainer::new(weights);
        let mut state = State::default();
        // a model that was opened from its checkpoint has its numbers already, and AdamW begins anew
        if let Some(checkpoint) = checkpoint.as_ref().filter(|_| goes_on || place.is_none()) {
            state = restore(checkpoint, &mut trainer)?;
        }
        match &recorded {
            Some(old) => {
                ensure!(
                    old.weights == about.weights,
                    "{shown}: a run of another model, or of another choice of what learns; take another --run, \
                     or begin anew with --restore-from fresh --overwrite"
                );
                ensure!(
                    old.text == about.text,
                    "{shown}: the run learns another text than {} is now; take another --run, or give the run's \
                     checkpoint to --restore-from",
                    request.corpus.display()
                );
                folder.note(&about)?;
            }
            None => {
                // from elsewhere come the numbers, not the count
                (state, trainer.step) = (State::default(), 0);
                trainer.moments.iter_mut().for_each(Moments::reset);
                folder.begin(&about)?;
            }
        }
        // What the model was taught before, it still knows.
        let index = Memorized::of(train.each());
        let index = match &memorized {
            Some(older) => index.and(older),
            None => index,
        };
        index.write(&folder.path().join(crate::model::memorized::FILE))?;
        let history = History::open(folder.path(), state.step, recorded.is_none())?;
        Ok(Self { folder, options, trainer, tokenizer, train, validation, state, history })
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| {
        format!("{}: can't be read as UTF-8; `unstuck corpus` repairs it", path.display())
    })
}
