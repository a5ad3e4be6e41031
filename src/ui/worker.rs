//! The model's own thread: requests in, news out. It loads the model there, so that keys work at once,
//! and whatever goes wrong there is news and never the end of the program.

use crate::{
    generate::{Ask, Engine, Look, ModelInfo, Output, Reading, Seen},
    token::{BranchId, StopReason, Token},
};
use anyhow::{Context, Result};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::Receiver,
    thread,
    time::{Duration, Instant},
};

/// What a front end asks of the model.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Begin a branch; the others go on.
    Generate(Ask),
    /// End a branch, or look no longer; unknown ones are ignored.
    Stop(BranchId),
    /// What might have stood in a token's place; the answer has this number.
    Look(BranchId, Look),
}

/// What the model's thread tells.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// The model can be asked.
    Loaded(ModelInfo),
    /// A branch has begun: what the model sees of its prompt.
    Reading(BranchId, Reading),
    /// A branch has grown.
    Token(BranchId, Token),
    /// A branch has ended.
    Done(BranchId, StopReason),
    /// What was looked for.
    Seen(BranchId, Seen),
    /// How many tokens a second come, all branches together.
    Speed(f32),
    /// A branch has failed, and ends; in a sentence with the way out.
    Failed(BranchId, String),
    /// There is no model, and none will come; in a sentence with the way out.
    Gone(String),
}

/// Starts the thread. `tell` takes the news to the front end's inbox, and is false when nobody listens any more.
pub fn spawn(
    load: impl FnOnce() -> Result<Engine> + Send + 'static,
    requests: Receiver<Request>,
    tell: impl Fn(News) -> bool + Send + 'static,
) -> Result<()> {
    thread::Builder::new()
        .name("model".into())
        .spawn(move || {
            let work = AssertUnwindSafe(|| match load() {
                Ok(engine) => {
                    let model = engine.info();
                    let (name, parameters) = (&model.name, model.parameters);
                    tracing::info!(name, parameters, held = model.quantization, "model loaded");
                    tell(News::Loaded(model.clone()));
                    Worker::new(engine, &tell).run(&requests)
                }
                Err(error) => {
                    tracing::error!("no model: {error:#}");
                    tell(News::Gone(format!("No model: {error:#}")))
                }
            });
            if let Err(panic) = catch_unwind(work) {
                let why = words(&*panic);
                tracing::error!("the model's thread broke down");
                tell(News::Gone(format!("The model broke down ({why}). Save and start again.")));
            }
        })
        .map(drop)
        .context("the model's thread can't be started")
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given")
}

/// The engine, the branches in hand, and the clock of their speed.
struct Worker<'a> {
    engine: Engine,
    tell: &'a dyn Fn(News) -> bool,
    live: Vec<BranchId>,
    clock: Clock,
}

/// How fast tokens come. Reading a prompt doesn't count: the first tokens only start the clock.
#[derive(Default)]
struct Clock {
    since: Option<Instant>,
    tokens: u32,
    told: Duration,
}

impl Clock {
    /// Counts the tokens of a step. Gives their number a second now and then, and at the end.
    fn count(&mut self, tokens: u32, is_end: bool, now: Instant) -> Option<f32> {
        let Some(since) = self.since else {
            self.since = (tokens > 0).then_some(now);
            return None;
        };
        self.tokens += tokens;
        let passed = now - since;
        if self.tokens == 0 || (!is_end && passed < self.told + PAUSE) {
            return None;
        }
        self.told = passed;
        Some(self.tokens as f32 / passed.as_secs_f32().max(1e-3))
    }
}

/// Between two words on the speed, so that it can be read.
const PAUSE: Duration = Duration::from_millis(250);

impl<'a> Worker<'a> {
    fn new(engine: Engine, tell: &'a dyn Fn(News) -> bool) -> Self {
        Self { engine, tell, live: Vec::new(), clock: Clock::default() }
    }

    /// Works until nobody asks or nobody listens.
    fn run(mut self, requests: &Receiver<Request>) -> bool {
        loop {
            if self.engine.is_idle() {
                self.live.clear();
                let Ok(request) = requests.recv() else { return false };
                if !self.take(request) {
                    return false;
                }
            }
            // The inbox is looked at between any two steps: a branch may come or go without the others noticing.
            for request in requests.try_iter() {
                if !self.take(request) {
                    return false;
                }
            }
            if !self.engine.is_idle() && !self.step() {
                return false;
            }
        }
    }

    fn take(&mut self, request: Request) -> bool {
        match request {
            Request::Stop(branch) => {
                self.engine.stop(branch);
                self.live.retain(|live| *live != branch);
                true
            }
            Request::Look(number, look) => match self.engine.look(number, &look) {
                Ok(()) => {
                    self.live.push(number);
                    true
                }
                Err(error) => (self.tell)(News::Failed(number, format!("{error:#}"))),
            },
            Request::Generate(ask) => {
                let branch = ask.branch;
                if self.engine.is_idle() {
                    self.clock = Clock::default();
                }
                match self.engine.start(ask) {
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
        }
    }

    fn step(&mut self) -> bool {
        let outputs = match self.engine.step() {
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
                Output::Seen(seen) => {
                    self.live.retain(|live| *live != branch);
                    News::Seen(branch, seen)
                }
            };
            if !(self.tell)(news) {
                return false;
            }
        }
        let speed = self.clock.count(tokens, self.engine.is_idle(), Instant::now());
        speed.is_none_or(|speed| (self.tell)(News::Speed(speed)))
    }

    /// A step that fails has failed for all branches in hand.
    fn fail(&mut self, why: &str) -> bool {
        tracing::error!("a step failed: {why}");
        std::mem::take(&mut self.live).into_iter().all(|branch| {
            self.engine.stop(branch);
            (self.tell)(News::Failed(branch, why.to_owned()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_is_told_now_and_then_and_at_the_end() {
        let (mut clock, start) = (Clock::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(clock.count(0, false, at(0)), None);
        assert_eq!(clock.count(3, false, at(900)), None);
        assert_eq!(clock.count(3, false, at(1000)), None);
        assert_eq!(clock.count(7, false, at(1400)), Some(20.0));
        assert_eq!(clock.count(5, false, at(1500)), None);
        assert_eq!(clock.count(0, true, at(1900)), Some(15.0));
    }
}
