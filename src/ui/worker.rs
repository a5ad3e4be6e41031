//! The model's thread: it receives requests and sends news. It loads the model, so that the interface stays
//! responsive meanwhile, and replaces it on request. An error or a panic in it becomes news and never ends the
//! program.

mod messages;

pub use messages::{News, Request};

use super::speed::Clock;
use crate::{
    generate::{Ask, Engine, Output, Reading, ScoreDraft},
    model::kernels::give_back,
    token::BranchId,
};
use anyhow::{Context, Result, bail};
use std::{
    any::Any,
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::Receiver,
    thread,
    time::Instant,
};

/// Start the thread with a fixed model. `tell` sends news to the user interface, and returns false when the receiver
/// is gone.
///
/// # Errors
/// When it can't be started.
pub fn spawn(
    load: impl FnOnce() -> Result<Engine> + Send + 'static,
    requests: Receiver<Request>,
    tell: impl Fn(News) -> bool + Send + 'static,
) -> Result<()> {
    let load = Cell::new(Some(load));
    let open = move |name: Option<&str>| match (name, load.take()) {
        (None, Some(load)) => load(),
        _ => bail!("no other model can be opened here"),
    };
    spawn_with(open, requests, tell)
}

/// Start the thread. `open` loads a model by its name; without a name, the first one.
///
/// # Errors
/// When it can't be started.
pub fn spawn_with(
    open: impl Fn(Option<&str>) -> Result<Engine> + Send + 'static,
    requests: Receiver<Request>,
    tell: impl Fn(News) -> bool + Send + 'static,
) -> Result<()> {
    thread::Builder::new()
        .name("model".into())
        .spawn(move || {
            let work = AssertUnwindSafe(|| one_after_another(&open, &requests, &tell));
            if let Err(panic) = catch_unwind(work) {
                let why = words(&*panic);
                tracing::error!("the model's thread broke down");
                tell(News::Gone(format!("The model broke down ({why}). Save and start again.")));
            }
        })
        .map(drop)
        .context("the model's thread can't be started")
}

/// Serve one model until another is requested. The first is unloaded before the second is loaded, since both may not
/// fit into memory.
fn one_after_another(
    open: &dyn Fn(Option<&str>) -> Result<Engine>,
    requests: &Receiver<Request>,
    tell: &dyn Fn(News) -> bool,
) {
    let (mut name, mut before): (Option<String>, Option<Option<String>>) = (None, None);
    loop {
        match open(name.as_deref()) {
            Ok(engine) => {
                let model = engine.info();
                let (called, parameters) = (&model.name, model.parameters);
                tracing::info!(
                    name = called,
                    parameters,
                    held = model.quantization,
                    "model loaded"
                );
                tell(News::Loaded(model.clone()));
                let worker = Worker::new(engine, open, tell);
                let Some(other) = worker.run(requests) else { return };
                give_back();
                before = Some(name.replace(other));
            }
            Err(error) => {
                tracing::error!("no model: {error:#}");
                // The previous model can't be loaded either, or there was none.
                let Some(good) = before.take() else {
                    tell(News::Gone(format!("No model: {error:#}")));
                    return;
                };
                tell(News::NotOpened(format!("{error:#}")));
                name = good;
            }
        }
    }
}

/// A panic's message.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given")
}

/// The engine, the live branches, and their speed.
struct Worker<'a> {
    engine: Engine,
    /// The second model and its name, while it has a live branch.
    beside: Option<(String, Engine)>,
    open: &'a dyn Fn(Option<&str>) -> Result<Engine>,
    tell: &'a dyn Fn(News) -> bool,
    live: Vec<BranchId>,
    /// The draft that is being scored.
    scoring: Option<BranchId>,
    /// The newest draft to be scored, which waits until no branch is live.
    waiting: Option<(BranchId, ScoreDraft)>,
    clock: Clock,
}

/// The minimum number of tokens for a speed that is remembered.
const MEASURED: u32 = 24;

impl<'a> Worker<'a> {
    fn new(
        engine: Engine,
        open: &'a dyn Fn(Option<&str>) -> Result<Engine>,
        tell: &'a dyn Fn(News) -> bool,
    ) -> Self {
        let (beside, scoring, clock) = (None, None, Clock::default());
        Self { engine, beside, open, tell, live: Vec::new(), scoring, waiting: None, clock }
    }

    /// Serve requests until a channel closes or another model is requested; then returns its name. Drops the engine.
    fn run(mut self, requests: &Receiver<Request>) -> Option<String> {
        loop {
            if self.is_idle() {
                self.live.clear();
                if self.beside.take().is_some() {
                    give_back();
                }
                if !self.has_spare_work() {
                    match requests.recv().ok()? {
                        Request::Open(name) => return Some(name),
                        request => self.take(request).then_some(())?,
                    }
                }
            }
            // Requests are read between any two steps, so branches can start and stop without disturbing the others.
            for request in requests.try_iter() {
                match request {
                    Request::Open(name) => return Some(name),
                    request => self.take(request).then_some(())?,
                }
            }
            if !self.is_idle() {
                self.step().then_some(())?;
            } else if self.engine.is_reading_ahead() {
                self.read_on();
            } else if self.has_spare_work() {
                self.score_on().then_some(())?;
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.engine.is_idle() && self.beside.as_ref().is_none_or(|(_, engine)| engine.is_idle())
    }

    /// Whether there is work for the time in which no branch is live.
    fn has_spare_work(&self) -> bool {
        self.scoring.is_some() || self.waiting.is_some() || self.engine.is_reading_ahead()
    }

    /// Read a block of the prompt of a question that may come. Without it the question only takes longer.
    fn read_on(&mut self) {
        if let Err(error) = self.engine.read_on() {
            tracing::error!("not read ahead: {error:#}");
        }
    }

    /// Report how a branch started.
    fn begun(&mut self, branch: BranchId, started: Result<Reading>) -> bool {
        match started {
            Ok(reading) => {
                tracing::debug!(branch, tokens = reading.tokens, "asked");
                self.live.push(branch);
                (self.tell)(News::Reading(branch, reading))
            }
            Err(error) => {
                tracing::error!(branch, "not asked: {error:#}");
                (self.tell)(News::Failed(branch, format!("{error:#}")))
            }
        }
    }

    /// Report when a look or a text to weigh can't be queued.
    fn queued(&mut self, number: BranchId, begun: Result<()>) -> bool {
        match begun {
            Ok(()) => {
                self.live.push(number);
                true
            }
            Err(error) => (self.tell)(News::Failed(number, format!("{error:#}"))),
        }
    }

    fn start_beside(&mut self, name: String, ask: Ask) -> Result<Reading> {
        if self.beside.as_ref().is_none_or(|(known, _)| *known != name) {
            self.beside = None; // at most one second model is loaded
            let engine = (self.open)(Some(&name))?;
            self.beside = Some((name, engine));
        }
        self.beside.as_mut().context("no other model")?.1.start(ask)
    }

    fn take(&mut self, request: Request) -> bool {
        if self.is_idle() {
            self.clock = Clock::default();
        }
        match request {
            Request::Open(_) => true, // `run` handles it
            Request::Stop(branch) => {
                self.engine.stop(branch);
                if let Some((_, engine)) = &mut self.beside {
                    engine.stop(branch);
                }
                self.live.retain(|live| *live != branch);
                self.waiting.take_if(|(number, _)| *number == branch);
                if self.scoring.take_if(|scoring| *scoring == branch).is_some() {
                    self.engine.stop_scores();
                }
                true
            }
            Request::Score(number, draft) => {
                self.scoring = None;
                self.engine.stop_scores();
                self.waiting = Some((number, draft));
                true
            }
            Request::ReadAhead(ask) => {
                if let Err(error) = self.engine.read_ahead(&ask) {
                    tracing::error!("not read ahead: {error:#}");
                }
                true
            }
            Request::Look(number, look) => {
                let begun = self.engine.look(number, &look);
                self.queued(number, begun)
            }
            Request::Weigh(number, weigh) => {
                let begun = self.engine.weigh(number, &weigh);
                self.queued(number, begun)
            }
            Request::Check(ask, draws) => {
                let number = ask.branch;
                let begun = self.engine.check(ask, draws);
                self.queued(number, begun)
            }
            Request::Generate(ask) => {
                let branch = ask.branch;
                let started = self.engine.start(ask);
                self.begun(branch, started)
            }
            Request::Beside(name, ask) => {
                let branch = ask.branch;
                let started = self.start_beside(name, ask);
                self.begun(branch, started)
            }
        }
    }

    /// Read a block of the draft to be scored, the newest one.
    fn score_on(&mut self) -> bool {
        if let Some((number, draft)) = self.waiting.take() {
            if let Err(error) = self.engine.score_draft(&draft) {
                return (self.tell)(News::Failed(number, format!("{error:#}")));
            }
            self.scoring = Some(number);
        }
        let Some(number) = self.scoring else { return true };
        let told = match self.engine.score_on() {
            Ok(Some(scores)) => (self.tell)(News::Scores(number, scores)),
            Ok(None) => true,
            Err(error) => {
                tracing::error!("the draft isn't scored: {error:#}");
                (self.tell)(News::Failed(number, format!("{error:#}")))
            }
        };
        self.scoring = self.scoring.filter(|_| self.engine.is_scoring());
        told
    }

    fn step(&mut self) -> bool {
        let outputs = match self.step_both() {
            Ok(outputs) => outputs,
            Err(error) => return self.fail(&format!("{error:#}")),
        };
        let mut tokens = 0;
        for (branch, output) in outputs {
            let news = match output {
                Output::Token(token) => {
                    tokens += 1;
                    News::Token(branch, token)
                }
                Output::Done(why) => {
                    self.live.retain(|live| *live != branch);
                    tracing::debug!(branch, ?why, "done");
                    News::Done(branch, why)
                }
                Output::Failed(why) => {
                    self.live.retain(|live| *live != branch);
                    tracing::warn!(branch, "failed: {why}");
                    News::Failed(branch, why)
                }
                Output::Seen(seen) => {
                    self.live.retain(|live| *live != branch);
                    News::Seen(branch, seen)
                }
                Output::Weighed(weighed) => {
                    self.live.retain(|live| *live != branch);
                    News::Weighed(branch, weighed)
                }
                Output::Checked(checked) => {
                    self.live.retain(|live| *live != branch);
                    News::Checked(branch, checked)
                }
            };
            if !(self.tell)(news) {
                return false;
            }
        }
        let ended = self.is_idle();
        let Some(speed) = self.clock.count(tokens, ended, Instant::now()) else { return true };
        let alone = self.beside.is_none();
        let says_something = ended && alone && self.clock.tokens >= MEASURED;
        (self.tell)(News::Speed(speed)) && (!says_something || (self.tell)(News::Measured(speed)))
    }

    /// Run one step of this model, and one of the second model.
    fn step_both(&mut self) -> Result<Vec<(BranchId, Output)>> {
        let mut outputs = Vec::new();
        if !self.engine.is_idle() {
            outputs = self.engine.step()?;
        }
        if let Some((_, engine)) = self.beside.as_mut().filter(|(_, engine)| !engine.is_idle()) {
            outputs.append(&mut engine.step()?);
        }
        Ok(outputs)
    }

    /// A step that fails has failed for all live branches.
    fn fail(&mut self, why: &str) -> bool {
        tracing::error!("a step failed: {why}");
        std::mem::take(&mut self.live).into_iter().all(|branch| {
            self.engine.stop(branch);
            if let Some((_, engine)) = &mut self.beside {
                engine.stop(branch);
            }
            (self.tell)(News::Failed(branch, why.to_owned()))
        })
    }
}
