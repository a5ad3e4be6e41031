//! A stand-in for a server that runs a model, on this machine: raw sockets, so that it can break off, fall silent, split
//! characters, or lie. It writes down all it is asked.

use super::hub::head;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
};

/// What it says it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Says {
    Vllm,
    LlamaCpp,
    Tgi,
    LmStudio,
    Ollama,
    /// A list of models and nothing else.
    #[default]
    Plain,
    /// Every path is answered with 200 and a page.
    Pages,
}

/// What happens instead of the right answer to a request for text.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, with these headers and body.
    Status(&'static str, &'static [&'static str], &'static str),
    /// A response of status 200 with this type, and these chunks, each sent alone.
    Chunks(&'static str, Vec<Vec<u8>>),
    /// The right stream, cut after so many events; `[DONE]` isn't sent.
    Cut(usize),
    /// The right stream without `[DONE]`.
    NoDone,
    /// The beginning of the right stream, after so many events nothing more until the other side goes.
    Silence(usize),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub key: Option<String>,
    pub body: Value,
}

#[derive(Default)]
pub struct World {
    pub says: Says,
    pub key: Option<&'static str>,
    pub models: Vec<&'static str>,
    pub faults: VecDeque<Fault>,
    pub requests: Vec<Request>,
    /// It knows no `n`, and ignores it.
    pub ignores_n: bool,
    /// How many tokens a prompt may have, at four characters a token.
    pub context: Option<usize>,
    /// What it writes; otherwise a few words with the seed in them.
    pub words: Option<Vec<&'static str>>,
    /// How many connections the other side closed while an answer was due.
    pub gone: usize,
}

/// The server, until the test ends.
#[derive(Clone)]
pub struct Fake {
    pub world: Arc<Mutex<World>>,
    pub url: String,
}

impl Fake {
    pub fn start(says: Says) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let world = World { says, models: vec!["tiny"], ..World::default() };
        let fake = Self { world: Arc::new(Mutex::new(world)), url };
        let this = fake.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let this = this.clone();
                std::thread::spawn(move || this.serve(&stream));
            }
        });
        fake
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub fn fail(&self, fault: Fault) {
        self.world().faults.push_back(fault);
    }

    /// The bodies of the requests for text.
    pub fn asked(&self) -> Vec<Value> {
        let world = self.world();
        let texts = world.requests.iter().filter(|request| is_for_text(&request.path));
        texts.map(|request| request.body.clone()).collect()
    }

    fn serve(&self, stream: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let (mut key, mut length) = (None, 0);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let Some((name, value)) = header.trim().split_once(':') else { break };
            match name.to_lowercase().as_str() {
                "authorization" => key = Some(value.trim().to_owned()),
                "content-length" => length = value.trim().parse().ok()?,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let path = line.split(' ').nth(1)?.to_owned();
        let request = Request { path, key, body };
        let (answer, fault) = {
            let mut world = self.world();
            world.requests.push(request.clone());
            let fault = is_for_text(&request.path).then(|| world.faults.pop_front()).flatten();
            (world.answer(&request), fault)
        };
        let mut out = stream;
        match (answer, fault) {
            (_, Some(Fault::Status(status, headers, body))) => {
                let headers: Vec<_> = headers.iter().map(|line| (*line).to_owned()).collect();
                out.write_all(&head(status, &headers, body.len())).ok()?;
                out.write_all(body.as_bytes()).ok()?;
            }
            (_, Some(Fault::Chunks(kind, chunks))) => {
                self.begin(stream, kind)?;
                for bytes in chunks {
                    chunk(stream, &bytes)?;
                }
                chunk(stream, b"")?;
            }
            (Answer::Json(status, body), _) => {
                let body = body.to_string();
                let headers = ["content-type: application/json".to_owned()];
                out.write_all(&head(status, &headers, body.len())).ok()?;
                out.write_all(body.as_bytes()).ok()?;
            }
            (Answer::Page, _) => {
                let page = "<html><body>Unexpected endpoint or method.</body></html>";
                out.write_all(&head("200 OK", &[], page.len())).ok()?;
                out.write_all(page.as_bytes()).ok()?;
            }
            (Answer::Stream(kind, mut events), fault) => {
                self.begin(stream, kind)?;
                let silent = matches!(fault, Some(Fault::Silence(_)));
                match fault {
                    Some(Fault::Cut(n) | Fault::Silence(n)) => events.truncate(n),
                    Some(Fault::NoDone) => events.retain(|event| !event.contains("[DONE]")),
                    _ => {}
                }
                for event in events {
                    chunk(stream, event.as_bytes())?;
                }
                if silent {
                    // The read ends when the other side closes the connection.
                    let _ = reader.read(&mut [0]);
                    self.world().gone += 1;
                    return None;
                }
                if !matches!(fault, Some(Fault::Cut(_))) {
                    chunk(stream, b"")?;
                }
            }
        }
        Some(())
    }

    fn begin(&self, mut stream: &TcpStream, kind: &str) -> Option<()> {
        let head = format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).ok()
    }
}

fn chunk(mut stream: &TcpStream, bytes: &[u8]) -> Option<()> {
    stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).ok()?;
    stream.write_all(bytes).ok()?;
    stream.write_all(b"\r\n").ok()?;
    stream.flush().ok()
}

fn is_for_text(path: &str) -> bool {
    path.ends_with("/completions") || path == "/api/generate"
}

/// An event of a stream.
pub fn event(index: usize, text: &str, finish: Value) -> String {
    let choice = json!({ "index": index, "text": text, "logprobs": null, "finish_reason": finish });
    format!("data: {}\n\n", json!({ "object": "text_completion", "choices": [choice] }))
}

enum Answer {
    Json(&'static str, Value),
    Page,
    Stream(&'static str, Vec<String>),
}

impl World {
    fn answer(&self, request: &Request) -> Answer {
        let unknown =
            || Answer::Json("404 Not Found", json!({ "error": { "message": "File Not Found" } }));
        if self.key.is_some_and(|key| request.key.as_deref() != Some(&format!("Bearer {key}"))) {
            return Answer::Json("401 Unauthorized", json!({ "error": "Unauthorized" }));
        }
        if self.says == Says::Pages {
            return Answer::Page;
        }
        let list = |owner: &str, extra: Value| {
            let models = self.models.iter().map(|name| {
                let mut model = json!({ "id": name, "object": "model", "owned_by": owner });
                for (name, value) in extra.as_object().unwrap() {
                    model[name] = value.clone();
                }
                model
            });
            Answer::Json("200 OK", json!({ "object": "list", "data": models.collect::<Vec<_>>() }))
        };
        match (&*request.path, self.says) {
            ("/v1/models", Says::Vllm) => {
                list("vllm", json!({ "max_model_len": self.context.unwrap_or(512) }))
            }
            ("/v1/models", Says::LlamaCpp) => {
                list("llamacpp", json!({ "meta": { "n_ctx": 256, "n_params": 14_000_000 } }))
            }
            ("/v1/models", Says::Tgi | Says::Plain) => list("someone", json!({})),
            ("/v1/models", Says::LmStudio) => list("organization_owner", json!({})),
            ("/v1/models", Says::Ollama) => list("library", json!({})),
            ("/props", Says::LlamaCpp) => Answer::Json("200 OK", json!({ "total_slots": 4 })),
            ("/info", Says::Tgi) => {
                Answer::Json("200 OK", json!({ "model_id": "tiny", "max_total_tokens": 300 }))
            }
            ("/api/v0/models", Says::LmStudio) => Answer::Json(
                "200 OK",
                json!({ "data": [
                    { "id": "tiny", "type": "llm", "publisher": "me", "max_context_length": 400 },
                    { "id": "vectors", "type": "embeddings", "publisher": "me" },
                ] }),
            ),
            // LM Studio answers other paths with 200 and an error.
            (_, Says::LmStudio) if !is_for_text(&request.path) => {
                Answer::Json("200 OK", json!({ "error": "Unexpected endpoint or method." }))
            }
            ("/api/version", Says::Ollama) => {
                Answer::Json("200 OK", json!({ "version": "0.33.0" }))
            }
            ("/api/tags", Says::Ollama) => {
                Answer::Json("200 OK", json!({ "models": [{ "name": "tiny:latest" }] }))
            }
            ("/api/show", Says::Ollama) => {
                Answer::Json("200 OK", json!({ "model_info": { "llama.context_length": 131_072 } }))
            }
            ("/tokenize", Says::Vllm) => {
                let text = request.body["prompt"].as_str().unwrap_or_default();
                Answer::Json("200 OK", json!({ "count": text.split_whitespace().count() }))
            }
            ("/api/generate", Says::Ollama) => {
                Answer::Stream("application/x-ndjson", self.lines(request))
            }
            ("/v1/completions", Says::Ollama) => {
                panic!("its completions apply a chat template")
            }
            ("/v1/completions", _) => self.completions(request),
            _ => unknown(),
        }
    }

    fn words_of(&self, seed: u64) -> Vec<String> {
        match &self.words {
            Some(words) => words.iter().map(|word| (*word).to_owned()).collect(),
            None => vec![" The".into(), format!(" seed{seed}"), " sang.".into()],
        }
    }

    fn completions(&self, request: &Request) -> Answer {
        let body = &request.body;
        let prompt = body["prompt"].as_str().unwrap_or_default();
        if self.context.is_some_and(|most| prompt.len() / 4 > most) {
            let says = "This model's maximum context length is exceeded";
            return Answer::Json("400 Bad Request", json!({ "error": { "message": says } }));
        }
        let n = if self.ignores_n { 1 } else { body["n"].as_u64().unwrap_or(1) };
        let seed = body["seed"].as_u64().unwrap_or_default();
        let all: Vec<_> = (0..n).map(|child| self.words_of(seed + child)).collect();
        let mut events = vec![": ping\n\n".to_owned()];
        // The children's events are interleaved, the last one's first.
        for place in 0..all.iter().map(Vec::len).max().unwrap_or(0) {
            for (index, words) in all.iter().enumerate().rev() {
                events.extend(words.get(place).map(|word| event(index, word, Value::Null)));
            }
        }
        events.extend((0..all.len()).map(|index| event(index, "", "length".into())));
        let usage = json!({ "choices": [], "usage": { "prompt_tokens": 1 + prompt.len() / 4 } });
        events.push(format!("data: {usage}\n\n"));
        events.push("data: [DONE]\n\n".into());
        Answer::Stream("text/event-stream", events)
    }

    fn lines(&self, request: &Request) -> Vec<String> {
        let seed = request.body["options"]["seed"].as_u64().unwrap_or_default();
        let words = self.words_of(seed);
        let lines = words.iter().map(|word| json!({ "response": word, "done": false }));
        let last =
            json!({ "response": "", "done": true, "done_reason": "stop", "prompt_eval_count": 9 });
        lines.chain([last]).map(|line| format!("{line}\n")).collect()
    }
}
