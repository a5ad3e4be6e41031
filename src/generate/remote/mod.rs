//! An engine on a server. Each request has a thread that reads its stream; a step takes what has arrived and never
//! waits long. `address.rs` is where the server is, `kind.rs` tells kinds of servers apart, `ask.rs` makes the body of
//! a request and `wire.rs` reads what comes back, `flight.rs` is one request, `branch.rs` one continuation.
//!
//! The text decides, not tokens: the tokenizer is the server's. Spaces at the end of a prompt are not sent, and removed
//! from the beginning of the answer. llama.cpp's server can be told what an answer begins with, so that the last word
//! isn't sent either: any tokens may spell it and go on from it. Other servers get a half-typed word as it is. Continuations of one prompt with consecutive seeds are one request with `n` if the
//! server streams them apart; each has the same seed as it would have alone.

mod address;
mod again;
mod ask;
mod branch;
mod chunk;
mod extras;
mod flight;
mod kind;
mod lines;
mod prompt;
mod wire;

pub use address::{Address, EngineSettings, is_url};
pub use kind::{Found, Kind, Served, probe};

use super::{Ask, Backend, ModelInfo, Output, Prefix, Reading, Server};
use crate::token::{BranchId, SamplingParams};
use anyhow::Result;
use ask::{Extent, Sent};
use branch::Branch;
use flight::{Flight, Heard};
use prompt::Gauge;
use std::{
    sync::mpsc::{self, Receiver, Sender},
    time::{Duration, Instant},
};
use wire::{Finish, Piece};

/// How long asks are gathered, so that several for one prompt become one request.
const GATHER: Duration = Duration::from_millis(6);
/// The longest time that a step waits for something to arrive.
const STEP: Duration = Duration::from_millis(20);
/// What [`ModelInfo::quantization`] is for a model on a server, whose form of weights isn't known.
pub const FORM: &str = "server";

/// A model on a server.
pub struct Remote {
    address: Address,
    info: ModelInfo,
    kind: Kind,
    model: String,
    /// How many continuations one request may have.
    at_once: usize,
    extent: Extent,
    gauge: Gauge,
    /// Asks that aren't sent yet.
    waiting: Vec<Ask>,
    /// Continuations that another request goes on with, because a banned phrase had come.
    resumed: Vec<Branch>,
    since: Option<Instant>,
    live: Vec<Request>,
    last: u64,
    heard: Receiver<(u64, Heard)>,
    tell: Sender<(u64, Heard)>,
}

/// A request in progress.
struct Request {
    number: u64,
    flight: Flight,
    /// The asks, in the order of the server's indices.
    asks: Vec<Ask>,
    /// Their continuations; `None` for one that has ended.
    branches: Vec<Option<Branch>>,
    /// The prompt as it was sent.
    prompt: String,
    halvings: u32,
}

impl Remote {
    /// Open a model of a server: ask what it is, and choose the model.
    ///
    /// # Errors
    /// When the server can't be reached, refuses the key, or doesn't have the model.
    pub fn open(address: Address) -> Result<Self> {
        let found = probe(&address)?;
        let served = kind::choose(&address, &found)?;
        let (tell, heard) = mpsc::channel();
        let kind = found.kind;
        let server = Server {
            kind: kind.name(),
            host: address.host.clone(),
            model: served.name.clone(),
            lacks: kind.lacks(),
        };
        let info = ModelInfo {
            name: format!("{}#{}", address.name, served.name),
            parameters: served.parameters,
            context: served.context.unwrap_or_default(),
            vocabulary: 0,
            embedded: false,
            quantization: FORM.into(),
            bytes: 0,
            server: Some(server),
            draft: None,
            numerics: None,
            about: Box::default(),
        };
        Ok(Self {
            address,
            info,
            kind,
            model: served.name,
            at_once: found.at_once,
            extent: Extent { logprobs: true, extras: true, grammar: kind == Kind::LlamaCpp },
            gauge: Gauge::default(),
            waiting: Vec::new(),
            resumed: Vec::new(),
            since: None,
            live: Vec::new(),
            last: 0,
            heard,
            tell,
        })
    }

    /// How many tokens a prompt may have beside this many generated ones.
    fn room(&self, max_tokens: usize) -> usize {
        let context = self.info.context;
        (context - max_tokens.clamp(1, context.div_ceil(4)).min(context)).max(1)
    }

    /// Send the gathered asks.
    fn send_waiting(&mut self) -> Vec<(BranchId, Output)> {
        self.since = None;
        let mut outputs = Vec::new();
        let mut asks = std::mem::take(&mut self.waiting).into_iter().peekable();
        while let Some(first) = asks.next() {
            let mut group = vec![first];
            while group.len() < self.at_once {
                let Some(next) = asks.next_if(|next| follows(&group, next)) else { break };
                group.push(next);
            }
            outputs.extend(self.send(group, 0));
        }
        outputs
    }

    /// Send one request. Returns failures.
    fn send(&mut self, asks: Vec<Ask>, halvings: u32) -> Vec<(BranchId, Output)> {
        let Some(first) = asks.first() else { return Vec::new() };
        let is_word = self.extent.grammar && first.prefix != Prefix::Tokens;
        let at = is_word.then(|| prompt::last_word(&first.prompt)).flatten();
        let at = at.unwrap_or(first.prompt.trim_end_matches(' ').len());
        let (body, owed) = first.prompt.split_at(at);
        let word = (self.extent.grammar && !owed.is_empty() && !body.is_empty()).then_some(owed);
        let is_finished = first.prefix == Prefix::Word && !owed.ends_with(' ');
        let (lead, body) = (first.guide.lead(), first.guide.with_note(body).text);
        let mut params = first.params.clone();
        params.max_tokens = params.max_tokens.min((self.info.context / 2).max(1));
        params.max_tokens += word.map_or(0, |word| self.gauge.tokens(word));
        let most = (self.room(params.max_tokens) >> halvings).max(1);
        let most = most.saturating_sub(self.gauge.tokens(&lead)).max(1);
        let prompt = format!("{lead}{}", &body[self.gauge.cut(&body, most)..]);
        let branches: Vec<Option<Branch>> = asks
            .iter()
            .map(|ask| {
                let mut resumed = self.resumed.extract_if(.., |branch| branch.id == ask.branch);
                Some(resumed.next().map_or_else(|| Branch::new(ask, owed), |b| b.resumed(owed)))
            })
            .collect();
        let excluded = branches.iter().flatten().flat_map(|branch| branch.excluded.clone());
        let excluded: Vec<u32> = excluded.collect();
        let request = ask::body(
            self.kind,
            &self.model,
            self.info.context,
            Sent { text: &prompt, word, is_finished, excluded: &excluded },
            &params,
            asks.len(),
            self.extent,
        );
        self.last += 1;
        let number = self.last;
        let url = ask::path(self.kind, &self.address.api, &self.address.root);
        let tell = self.tell.clone();
        match Flight::start(number, &self.address, url, request.to_string(), tell) {
            Ok(flight) => {
                self.live.push(Request { number, flight, asks, branches, prompt, halvings });
                Vec::new()
            }
            Err(error) => {
                let why = format!("{error:#}");
                asks.iter().map(|ask| (ask.branch, Output::Failed(why.clone()))).collect()
            }
        }
    }

    fn hear(&mut self, number: u64, heard: Heard) -> Vec<(BranchId, Output)> {
        let Some(at) = self.live.iter().position(|request| request.number == number) else {
            return Vec::new(); // stopped meanwhile
        };
        let mut outputs = Vec::new();
        match heard {
            Heard::Event(event) => {
                let request = &mut self.live[at];
                if let Some(tokens) = event.prompt_tokens {
                    self.gauge.learn(&request.prompt, tokens);
                }
                let (mut again, mut banned) = (Vec::new(), Vec::new());
                for piece in event.pieces {
                    let index = piece.index;
                    let Some(slot) = request.branches.get_mut(piece.index) else { continue };
                    let Some(branch) = slot else { continue };
                    let id = branch.id;
                    let (tokens, stop) = branch.push(piece);
                    if branch.is_astray {
                        *slot = None;
                        again.push(request.asks[index].clone());
                        continue;
                    }
                    if branch.is_banned {
                        banned.extend(slot.take().map(|one| (request.asks[index].clone(), one)));
                    }
                    outputs.extend(tokens.into_iter().map(|token| (id, Output::Token(token))));
                    if let Some(stop) = stop {
                        *slot = None;
                        outputs.push((id, Output::Done(stop)));
                    }
                }
                let halvings = request.halvings;
                if request.branches.iter().all(Option::is_none) {
                    self.live.remove(at); // closes the connection
                }
                for (ask, branch) in banned {
                    outputs.extend(self.go_on(ask, branch, halvings));
                }
                for ask in again {
                    // The server doesn't heed the grammar: the word is sent as it is.
                    self.extent.grammar = false;
                    outputs.extend(self.send(vec![ask], halvings));
                }
            }
            Heard::End => {
                let request = self.live.remove(at);
                let (alone, halvings) = (request.asks.len() == 1, request.halvings);
                for (ask, mut branch) in request.left() {
                    // A server that ignores `n` has sent only the first.
                    if !alone && !branch.came {
                        self.at_once = 1;
                        outputs.extend(self.send(vec![ask], halvings));
                        continue;
                    }
                    let (tokens, stop) =
                        branch.push(Piece { finish: Some(Finish::Eot), ..Piece::default() });
                    let id = branch.id;
                    outputs.extend(tokens.into_iter().map(|token| (id, Output::Token(token))));
                    match stop {
                        Some(stop) => outputs.push((id, Output::Done(stop))),
                        None => outputs.extend(self.go_on(ask, branch, halvings)),
                    }
                }
            }
            Heard::Failed(problem) => {
                let request = self.live.remove(at);
                outputs.extend(self.fail(request, problem));
            }
        }
        outputs
    }
}

impl Request {
    /// The asks whose continuations have not ended.
    fn left(self) -> Vec<(Ask, Branch)> {
        let Self { asks, branches, flight, .. } = self;
        drop(flight);
        asks.into_iter().zip(branches).filter_map(|(ask, branch)| Some((ask, branch?))).collect()
    }
}

/// Whether an ask can be in one request with those before it: it differs only in its number, and its seed is the next.
fn follows(group: &[Ask], next: &Ask) -> bool {
    let Some(first) = group.first() else { return false };
    let mut alike = next.clone();
    alike.branch = first.branch;
    alike.params.seed = first.params.seed;
    let expected = ask::seed(first.params.seed) + group.len() as u64;
    alike == *first && ask::seed(next.params.seed) == expected
}

impl Backend for Remote {
    fn ignores(&self, params: &SamplingParams) -> Vec<&'static str> {
        extras::ignored(self.kind, params)
    }

    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn count(&self, text: &str) -> Result<usize> {
        let counted = kind::count(&self.address, self.kind, &self.model, text);
        Ok(counted.unwrap_or_else(|| self.gauge.tokens(text)))
    }

    fn start(&mut self, ask: Ask) -> Result<Reading> {
        self.stop(ask.branch);
        let guided = ask.guide.with_note(ask.prompt.trim_end_matches(' '));
        let memory = self.gauge.tokens(&ask.guide.lead());
        let body = &guided.text;
        let room = self.room(ask.params.max_tokens).saturating_sub(memory);
        let from = self.gauge.cut(body, room);
        let tokens = memory + self.gauge.tokens(&body[from..]);
        let guide = (memory, self.gauge.tokens(guided.note_from(from)));
        let reading = Reading { tokens, guide, sees_from: guided.original(from) };
        self.waiting.push(ask);
        self.since.get_or_insert_with(Instant::now);
        Ok(reading)
    }

    fn step(&mut self) -> Result<Vec<(BranchId, Output)>> {
        let mut outputs = Vec::new();
        let left = self.since.map(|since| GATHER.saturating_sub(since.elapsed()));
        if left == Some(Duration::ZERO) {
            outputs = self.send_waiting();
        }
        let patience = match left {
            _ if !outputs.is_empty() => Duration::ZERO,
            Some(left) if !left.is_zero() => left,
            _ => STEP,
        };
        let first = self.heard.recv_timeout(patience).ok();
        let all: Vec<_> = first.into_iter().chain(self.heard.try_iter()).collect();
        for (number, heard) in all {
            outputs.extend(self.hear(number, heard));
        }
        Ok(outputs)
    }

    /// End a branch. The connection is closed when no other branch needs it.
    fn stop(&mut self, branch: BranchId) {
        self.waiting.retain(|ask| ask.branch != branch);
        for request in &mut self.live {
            for slot in &mut request.branches {
                slot.take_if(|one| one.id == branch);
            }
        }
        self.live.retain(|request| request.branches.iter().any(Option::is_some));
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.live.is_empty()
    }
}
