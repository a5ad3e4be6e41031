//! Opening a run: new, resumed or continued from a checkpoint. Finds out which model, options and text it uses, and
//! refuses what would make a resumed run differ from the one that was started.

use super::{
    adamw::Moments,
    dataset::{Dataset, Files, read_text},
    folder::{Folder, RunInfo, STATE, State, restore},
    history::History,
    options::Options,
    report::Report,
    run::{Request, Run, Start},
    trainer::Trainer,
    weights::{Scope, Weights},
};
use crate::model::{Activation, Memorized, Model, Tokenizer, gpt2::Config};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// The shape of a new model that is trained from scratch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FromScratch {
    /// Transformer blocks (n_layer).
    pub layers: usize,
    /// Embedding width (n_embd).
    pub width: usize,
    /// Attention heads per block (n_head). Divides the width.
    pub heads: usize,
    /// Context length in tokens (n_positions).
    pub context: usize,
    /// Maximum number of tokens in the vocabulary. A short text may not have enough repeated parts for all of them.
    pub vocabulary: usize,
}

impl FromScratch {
    /// A model with random weights, drawn from the seed, and a byte-pair vocabulary learned from `text`.
    fn model(&self, text: &str, seed: u64) -> Result<Model> {
        let Self { layers, width, heads, context, vocabulary } = *self;
        ensure!(
            width.is_multiple_of(heads) && width <= 1 << 14 && layers <= 1 << 9,
            "--width {width} --heads {heads} --layers {layers}: the width must be a multiple of the heads and at most \
             16384, and there are at most 512 layers"
        );
        ensure!((8..=1 << 16).contains(&context), "--context {context}: must be from 8 to 65536");
        let least = 512;
        ensure!(
            (least..=1 << 20).contains(&vocabulary),
            "--vocabulary {vocabulary}: must be from {least} (every single byte is a token) to 1048576"
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
        Model::fresh(&config, tokenizer, seed)
    }
}

/// Why a request needs another model than the one that a run was started from, in a sentence with one way out; `None` if
/// it doesn't.
fn other_model(about: &RunInfo, request: &Request) -> Option<String> {
    if request.scratch.is_some() && request.scratch != about.scratch {
        let FromScratch { layers, width, heads, context, vocabulary } = match about.scratch {
            Some(scratch) => scratch,
            None => {
                let what = "this run was started from an existing model";
                return Some(format!("{what}; leave out --from-scratch and its options"));
            }
        };
        return Some(format!(
            "this run was started from scratch with --layers {layers} --width {width} --heads {heads} --context {context} \
             --vocabulary {vocabulary}; leave out --from-scratch and its options"
        ));
    }
    let model = request.model.filter(|model| about.model.as_deref() != Some(*model))?;
    let started = match (&about.model, about.scratch) {
        (Some(started), _) => started,
        (None, Some(_)) => "scratch",
        (None, None) => "the built-in model",
    };
    Some(format!("this run was started from {started}, not from {model}; leave out --model"))
}

impl Run {
    /// Open the run that a request asks for, and load its model, texts and checkpoint.
    pub(super) fn open(request: &Request, report: &mut Report) -> Result<Self> {
        let folder = Folder::new(request.folder.clone());
        let shown = folder.path().display().to_string();
        let before = folder.info()?;
        let mut checkpoint = match &request.from {
            Start::Fresh => None,
            Start::Latest => folder.checkpoints().pop().map(|(_, path)| path),
            Start::Checkpoint(path) => Some(path.clone()),
        };
        let mut resumes = request.from == Start::Latest && checkpoint.is_some();
        if before.is_some() && !resumes && !folder.checkpoints().is_empty() {
            ensure!(
                request.overwrite,
                "{shown}: this run exists and has checkpoints; give --overwrite to replace it, another --run, or \
                 --restore-from latest to resume it"
            );
        }
        let mut recorded = before.filter(|_| resumes);
        if let Some(why) = recorded.as_ref().and_then(|about| other_model(about, request)) {
            ensure!(
                request.overwrite,
                "{shown}: {why}, or give another --run, or --overwrite to start this run again"
            );
            report.note(&format!("{shown}: {why}; it is started again"));
            (recorded, checkpoint, resumes) = (None, None, false);
        }
        let scratch = match &recorded {
            Some(about) => about.scratch,
            None => request.scratch,
        };
        let started = recorded.as_ref().map(|about| about.model.as_deref());
        let mut options = match &recorded {
            Some(about) => about.options.clone(),
            None if scratch.is_some() => Options::from_scratch(),
            None => Options::default(),
        };
        let default_window = options.window;
        (request.apply_options)(&mut options);
        let changed = recorded.as_ref().map(|about| options.changed(&about.options));
        if let Some(changed) = changed.filter(|changed| !changed.is_empty()) {
            let changed = changed.join(", ");
            ensure!(
                request.overwrite,
                "{shown}: the run would be resumed with {changed}, so it would not be the run that was started; leave that \
                 out, give another --run, or give --overwrite to resume it like this"
            );
            report.note(&format!("{shown}: resumed with {changed}"));
        }
        let files = Files::find(request.corpus, &mut |sentence| report.note(sentence))?;
        // A checkpoint holds all weights, so it can be opened as the model. With LoRA the original model is needed, except
        // where the checkpoint is another program's.
        let whole = checkpoint.as_deref().filter(|_| match scratch {
            Some(_) => true,
            None => {
                let is_named = matches!(request.from, Start::Checkpoint(_));
                let is_ours = checkpoint.as_ref().is_some_and(|path| path.join(STATE).is_file());
                is_named && !(is_ours && matches!(options.scope, Scope::Lora(_)))
            }
        });
        let place = whole
            .map(|path| path.to_str().context("--restore-from: the path is not valid UTF-8"))
            .transpose()?;
        let name = place.or(started.unwrap_or(request.model.or(request.default_model)));
        let mut model = match scratch.filter(|_| place.is_none()) {
            Some(scratch) => scratch.model(&read_text(&files.train)?, options.seed)?,
            None => (request.open)(name)?,
        };
        let context = model.network.config().dims().context;
        if recorded.is_none() && options.window == default_window {
            options.window = default_window.min(context);
        }
        options.check()?;
        ensure!(
            options.window <= context,
            "--window {}: must be at most {context} tokens, the model's context",
            options.window
        );
        let memorized = model.memorized.take();
        let (network, tokenizer) = model.into_gpt2()?;
        ensure!(
            network.config.activation()? == Activation::TanhGelu,
            "a model with the activation function `{}` can be used, but not trained here; GPT-2's is `gelu_new`",
            network.config.activation_function
        );
        let weights = Weights::new(network, &options.scope, options.seed)?;
        let (window, seed) = (options.window, options.seed);
        let train = Dataset::read(&files.train, &tokenizer, window, seed)?;
        let validation = match files.validation {
            Some(path) => {
                Dataset::read(&path, &tokenizer, window, seed).map(Some).or_else(|e| {
                    report.note(&format!("{e:#}; training without validation"));
                    Ok::<_, anyhow::Error>(None)
                })?
            }
            None => None,
        };
        let about = RunInfo {
            model: name.filter(|_| scratch.is_none()).map(str::to_owned),
            scratch,
            corpus: request.corpus.to_owned(),
            text: train.fingerprint(),
            weights: weights.fingerprint()?,
            options: options.clone(),
        };
        let mut trainer = Trainer::new(weights);
        let mut state = State::default();
        // a model opened from a checkpoint has its weights already, and the optimizer starts fresh
        if let Some(checkpoint) = checkpoint.as_ref().filter(|_| resumes || place.is_none()) {
            state = restore(checkpoint, &mut trainer)?;
        }
        match &recorded {
            Some(old) => {
                ensure!(
                    old.weights == about.weights,
                    "{shown}: this run was started with another model or with other weights trained; give another --run, \
                     or start again with --restore-from fresh --overwrite"
                );
                let same = old.text == about.text;
                ensure!(
                    same || request.overwrite,
                    "{shown}: the text of {} is not the one that this run was started with; give another --run, start a \
                     new run with --restore-from and the path of this run's checkpoint, or give --overwrite to resume it \
                     with this text",
                    request.corpus.display()
                );
                if !same {
                    report.note(&format!("{shown}: resumed with another text"));
                }
                folder.write_info(&about)?;
            }
            None => {
                // another run's checkpoint gives the weights only: step count and optimizer state start at zero
                (state, trainer.step) = (State::default(), 0);
                trainer.moments.iter_mut().for_each(Moments::reset);
                folder.start(&about)?;
            }
        }
        // texts that the model was trained on before still count as memorized
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
