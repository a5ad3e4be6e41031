//! One request to a server: a thread sends it, reads the stream, and passes events on. Until the first token it tries
//! again after errors that may pass; after that, an error ends the request and what came is kept.

use super::{
    address::Address,
    kind,
    lines::{Line, Lines},
    wire::{self, Event},
};
use crate::net::{self, Client, Method, Response, Timeouts, retry_after};
use anyhow::{Context, Result};
use std::{
    collections::HashSet,
    io::{ErrorKind, Read},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

/// How often a request is sent again before the first token.
const TRIES: u32 = 3;
/// The longest pause that a server may ask for. After a longer one the request fails and says when to try again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest body of an error, and of an answer that isn't a stream.
const LONGEST: u64 = 4 << 20;

/// What a request's thread reports.
#[derive(Debug)]
pub enum Heard {
    /// The server sent an event.
    Event(Event),
    /// The response is complete.
    End,
    /// The request has failed, or its response broke off.
    Failed(Problem),
}

/// Why a request has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The server rejects the request itself (400, 413, 422): its message.
    Rejected(String),
    /// Anything else, as a sentence that says what to do.
    Other(String),
}

/// A request in progress. Dropping it closes its connection.
pub struct Flight {
    client: Client,
    /// Dropped with it, which ends pauses.
    _stop: Sender<()>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.client.close();
    }
}

impl Flight {
    /// Send a request on a thread of its own, which reports to `heard` with this number.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub fn start(
        number: u64,
        address: &Address,
        url: String,
        body: String,
        heard: Sender<(u64, Heard)>,
    ) -> Result<Self> {
        let silence = Some(address.silence);
        let timeouts = Timeouts {
            resolve: Some(CONNECT),
            connect: Some(CONNECT),
            silence,
            response: silence,
            total: None,
        };
        let client = Client::new(&timeouts, !address.here);
        let (stop, stopped) = mpsc::channel();
        let pilot = Pilot {
            number,
            address: address.clone(),
            url,
            body,
            heard,
            client: client.clone(),
            stopped,
            came: false,
        };
        thread::Builder::new()
            .name("request".into())
            .spawn(move || pilot.run())
            .context("the thread for a request can't be started")?;
        Ok(Self { client, _stop: stop })
    }
}

/// The thread of a request.
struct Pilot {
    number: u64,
    address: Address,
    url: String,
    body: String,
    heard: Sender<(u64, Heard)>,
    client: Client,
    stopped: Receiver<()>,
    /// Whether text has arrived.
    came: bool,
}

/// How an attempt ended.
enum Outcome {
    /// Nothing more is to be done.
    Over(Heard),
    /// It may succeed after a pause, which the server may have asked for.
    Again(String, Option<Duration>),
}

impl Pilot {
    fn run(mut self) {
        let mut tries = 0;
        loop {
            let (why, wait) = match self.attempt() {
                Outcome::Over(last) => return self.tell(last),
                Outcome::Again(why, wait) => (why, wait),
            };
            tries += 1;
            let wait = wait.unwrap_or(self.address.pause * 2u32.pow(tries - 1));
            if wait > LONGEST_PAUSE {
                let why = format!("{why}; try again in {} s", wait.as_secs());
                return self.tell(Heard::Failed(Problem::Other(why)));
            }
            if self.came || tries > TRIES {
                return self.tell(Heard::Failed(Problem::Other(why)));
            }
            tracing::warn!(tries, "{why}; sending again");
            if self.stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    fn tell(&self, heard: Heard) {
        // If nobody listens any more, the engine is gone.
        let _ = self.heard.send((self.number, heard));
    }

    fn attempt(&mut self) -> Outcome {
        let host = self.address.host.clone();
        let bearer = self.address.key.as_ref().map(|key| format!("Bearer {}", key.reveal()));
        let mut headers =
            vec![("Content-Type", "application/json"), ("Accept", "text/event-stream")];
        headers.extend(bearer.as_deref().map(|key| ("Authorization", key)));
        match self.client.send(Method::Post, &self.url, &headers, Some(&self.body)) {
            Ok(response) if response.status() == 200 => self.stream(response),
            Ok(response) => self.refusal(response),
            Err(net::Error::Timeout) => failed(self.silent()),
            Err(error @ (net::Error::Tls(_) | net::Error::Proxy)) => {
                failed(format!("{host}: {error}"))
            }
            Err(error) => Outcome::Again(format!("{host}: {error}; is the server running?"), None),
        }
    }

    fn silent(&self) -> String {
        let (host, seconds) = (&self.address.host, self.address.silence.as_secs());
        format!(
            "{host} was silent for {seconds} s; timeout_seconds in [engines] sets how long to wait"
        )
    }

    /// A response with an error's status.
    fn refusal(&self, response: Response) -> Outcome {
        let (status, host) = (response.status(), &self.address.host);
        let wait = retry_after(|name| response.header(name));
        let says = response.read(LONGEST).ok().and_then(|body| wire::message(&body));
        let says = says.map(|says| self.without_key(&says));
        let because = says.as_ref().map(|says| format!(": {says}")).unwrap_or_default();
        match status {
            300..400 => failed(format!(
                "{host} redirects to another address (status {status}); give that address instead"
            )),
            401 | 403 => failed(kind::refused(&self.address, status)),
            404 => {
                failed(format!("{host} doesn't know the model or the path (status 404){because}"))
            }
            400 | 413 | 422 => {
                let says = says.unwrap_or_else(|| format!("status {status}"));
                Outcome::Over(Heard::Failed(Problem::Rejected(says)))
            }
            429 => {
                Outcome::Again(format!("{host} has too many requests (status 429){because}"), wait)
            }
            408 | 500.. => Outcome::Again(format!("{host} fails (status {status}){because}"), wait),
            _ => failed(format!("{host} answers with status {status}{because}")),
        }
    }

    /// A server may repeat the request in its message.
    fn without_key(&self, says: &str) -> String {
        match &self.address.key {
            Some(key) => says.replace(key.reveal(), "(the key)"),
            None => says.to_owned(),
        }
    }

    /// Read a response of status 200.
    fn stream(&mut self, response: Response) -> Outcome {
        let kind = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if !kind.starts_with("application/json") {
            return self.read(Lines::new(response.into_reader()));
        }
        // An error, or a whole answer; or the server gives its stream the wrong type.
        let body = match response.read(LONGEST) {
            Ok(body) => body,
            Err(net::Error::Timeout) => return failed(self.silent()),
            Err(error) => return self.broken(&format!("sent no whole answer ({error})")),
        };
        match wire::event(&body) {
            Some(event) => self.pass_on(event).unwrap_or(Outcome::Over(Heard::End)),
            None => self.read(Lines::new(&*body)),
        }
    }

    fn read<R: Read>(&mut self, mut lines: Lines<R>) -> Outcome {
        let (mut data, mut open, mut finished) = (Vec::new(), HashSet::new(), HashSet::new());
        let mut done = false;
        loop {
            let line = match lines.next() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) if error.kind() == ErrorKind::InvalidData => {
                    return self.broken("sent a line of more than a megabyte");
                }
                Err(error) => {
                    if done {
                        break;
                    }
                    return match net::Error::of_body(&error) {
                        net::Error::Timeout => failed(self.silent()),
                        _ => self.broken("closed the connection early"),
                    };
                }
            };
            match line {
                Line::Data(more) if more == b"[DONE]" => {
                    done = true;
                    break;
                }
                Line::Data(more) => {
                    if !data.is_empty() {
                        data.push(b'\n');
                    }
                    data.extend(more);
                    let Some(event) = wire::event(&data) else {
                        if data.len() as u64 > LONGEST {
                            return self.broken("sent an event that is too long");
                        }
                        continue;
                    };
                    data.clear();
                    for piece in &event.pieces {
                        open.insert(piece.index);
                        if piece.finish.is_some() {
                            finished.insert(piece.index);
                        }
                    }
                    if let Some(outcome) = self.pass_on(event) {
                        return outcome;
                    }
                }
                Line::Foreign => {
                    return self.broken("sent something that is not a stream of events");
                }
                Line::Blank if !data.is_empty() => {
                    return self.broken("sent an event that is not JSON");
                }
                Line::Blank | Line::Other => {}
            }
        }
        match () {
            () if !data.is_empty() => self.broken("sent an event that is not JSON"),
            // Some servers send no `[DONE]`.
            () if done || !open.is_empty() && open == finished => Outcome::Over(Heard::End),
            () => self.broken("ended the stream early"),
        }
    }

    /// Pass an event on. `Some` ends the request: the event was an error, or nobody listens.
    fn pass_on(&mut self, event: Event) -> Option<Outcome> {
        if let Some(says) = &event.error {
            let says = self.without_key(says);
            let host = &self.address.host;
            return Some(match self.came {
                true => failed(format!("{host} failed while it wrote: {says}")),
                false => Outcome::Over(Heard::Failed(Problem::Rejected(says))),
            });
        }
        self.came |= event.pieces.iter().any(|piece| !piece.text.is_empty());
        let sent = self.heard.send((self.number, Heard::Event(event)));
        sent.is_err().then_some(Outcome::Over(Heard::End))
    }

    /// The response can't be read on. Before the first token the request is sent again.
    fn broken(&self, what: &str) -> Outcome {
        let host = &self.address.host;
        match self.came {
            true => failed(format!("{host} {what}; the text so far is kept")),
            false => Outcome::Again(format!("{host} {what}"), None),
        }
    }
}

fn failed(why: String) -> Outcome {
    Outcome::Over(Heard::Failed(Problem::Other(why)))
}
