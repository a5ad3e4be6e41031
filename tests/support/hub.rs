//! A stand-in for the Hugging Face hub and its content network on this machine: raw sockets, so that it can break off,
//! fall silent, drip, or lie. It writes down all it is asked.

use serde_json::json;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

pub const COMMIT: &str = "607a30d783dfa663caf39e06633721c8d4cfcd7e";
pub use super::models::MICRO;

/// A model on the hub.
#[derive(Clone, Default)]
pub struct Repo {
    /// Content, and whether it lies in the content network.
    pub files: BTreeMap<String, (Vec<u8>, bool)>,
    pub moved_to: Option<&'static str>,
    pub gated: bool,
    pub private: bool,
    /// Known to the files' addresses, and not to the one of models.
    pub unlisted: bool,
    /// The hub gives names that are no checksums.
    pub unsummed: bool,
}

/// What happens instead of what should, to requests whose line has `on` in it.
pub struct Fault {
    pub on: &'static str,
    pub what: What,
    /// How often.
    pub times: usize,
}

#[derive(Clone)]
pub enum What {
    /// These bytes, and the end.
    Raw(Vec<u8>),
    /// The right answer, cut after so many bytes of content.
    Cut(usize),
    /// Nothing, until the other side goes.
    Silence,
    /// The right answer, a byte now and then, until the other side goes.
    Drip,
    /// The right length of other bytes.
    Damaged,
    /// A length that isn't the file's, and as many bytes.
    Longer,
    /// All of it, whatever part was asked for.
    NoRanges,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub of_content: bool,
    pub line: String,
    pub token: Option<String>,
    pub range: Option<String>,
}

#[derive(Default)]
pub struct World {
    pub repos: BTreeMap<String, Repo>,
    pub faults: Vec<Fault>,
    pub requests: Vec<Request>,
    pub token: Option<&'static str>,
    /// It knows no `HEAD`.
    pub headless: bool,
    content: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone)]
pub struct Fake {
    pub world: Arc<Mutex<World>>,
    pub url: String,
    content_url: String,
}

impl Fake {
    /// A hub with a tiny GPT-2 as `gpt2`.
    pub fn start() -> Self {
        let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (hub, content) = (bind(), bind());
        let at = |listener: &TcpListener| format!("http://{}", listener.local_addr().unwrap());
        let this = Self { world: Arc::default(), url: at(&hub), content_url: at(&content) };
        for (listener, of_content) in [(hub, false), (content, true)] {
            let fake = this.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let fake = fake.clone();
                    std::thread::spawn(move || fake.serve(&stream, of_content));
                }
            });
        }
        let repo = model(
            MICRO,
            &["config.json", "vocab.json", "merges.txt", "model.safetensors", "pytorch_model.bin"],
        );
        let old = Repo { moved_to: Some("openai-community/gpt2"), ..Repo::default() };
        this.world().repos.extend([("openai-community/gpt2".into(), repo), ("gpt2".into(), old)]);
        this
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub fn fail(&self, on: &'static str, times: usize, what: What) {
        self.world().faults.push(Fault { on, what, times });
    }

    /// The requests for content whose line has this in it.
    pub fn asked(&self, part: &str) -> Vec<Request> {
        self.world().requests.iter().filter(|r| r.line.contains(part)).cloned().collect()
    }

    fn serve(&self, stream: &TcpStream, of_content: bool) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let (mut token, mut range) = (None, None);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let Some((name, value)) = header.trim().split_once(':') else { break };
            match name.to_lowercase().as_str() {
                "authorization" => token = Some(value.trim().to_owned()),
                "range" => range = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let line = line.trim().trim_end_matches(" HTTP/1.1").to_owned();
        let request = Request { of_content, line, token, range };
        let (answer, fault) = {
            let mut world = self.world();
            world.requests.push(request.clone());
            let fault = world.fault(&request.line);
            (world.answer(&request, &self.content_url, fault.as_ref()), fault)
        };
        let mut out = stream;
        match fault {
            Some(What::Raw(bytes)) => out.write_all(&bytes).ok()?,
            Some(What::Silence) => drop(reader.read(&mut [0])),
            Some(What::Cut(n)) => {
                out.write_all(&answer.0).ok()?;
                out.write_all(&answer.1[..n.min(answer.1.len())]).ok()?;
            }
            Some(What::Drip) => {
                out.write_all(&answer.0).ok()?;
                for byte in answer.1 {
                    out.write_all(&[byte]).ok()?;
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            _ => {
                out.write_all(&answer.0).ok()?;
                out.write_all(&answer.1).ok()?;
            }
        }
        Some(())
    }
}

/// Files of a folder as a model of the hub: weights and vocabularies in the content network, the rest on the hub itself.
pub fn model(folder: &str, names: &[&str]) -> Repo {
    let read = |name: &&str| {
        let bytes = fs::read(Path::new(folder).join(name)).unwrap();
        ((*name).to_owned(), (bytes, name.ends_with(".safetensors") || name.ends_with(".bin")))
    };
    Repo { files: names.iter().map(read).collect(), ..Repo::default() }
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn git(bytes: &[u8]) -> String {
    let mut sum = sha1::Sha1::new();
    sum.update(format!("blob {}\0", bytes.len()));
    sum.update(bytes);
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An answer's head; its length is that of `body` unless a header says another.
pub fn head(status: &str, headers: &[String], length: usize) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
    if !headers.iter().any(|header| header.starts_with("content-length")) {
        text += &format!("content-length: {length}\r\n");
    }
    headers.iter().for_each(|header| text += &format!("{header}\r\n"));
    (text + "\r\n").into_bytes()
}

type Answer = (Vec<u8>, Vec<u8>);

fn refusal(status: &str, code: &str, says: &str) -> Answer {
    let headers = [format!("x-error-code: {code}"), format!("x-error-message: {says}")];
    (head(status, &headers, 0), Vec::new())
}

impl World {
    fn fault(&mut self, line: &str) -> Option<What> {
        let at = self.faults.iter().position(|fault| line.contains(fault.on) && fault.times > 0)?;
        self.faults[at].times -= 1;
        Some(self.faults[at].what.clone())
    }

    fn answer(&mut self, request: &Request, content_url: &str, fault: Option<&What>) -> Answer {
        let (method, path) = request.line.split_once(' ').unwrap();
        let path = path.split('?').next().unwrap().trim_start_matches('/');
        let (mut headers, mut body) = match request.of_content {
            true => match self.content.get(path) {
                Some(bytes) => content(bytes.clone(), request.range.as_deref(), fault, &[]),
                None => return refusal("403 Forbidden", "", "expired"),
            },
            false => self.at_home(path, request, content_url, fault),
        };
        if let (Some(What::Damaged), false) = (fault, body.is_empty()) {
            let middle = body.len() / 2;
            body[middle] ^= 1;
        }
        if method == "HEAD" {
            body.clear();
        }
        (std::mem::take(&mut headers), body)
    }

    fn at_home(
        &mut self,
        path: &str,
        request: &Request,
        content_url: &str,
        fault: Option<&What>,
    ) -> Answer {
        if let (Some(want), Some(token)) = (self.token, &request.token)
            && *token != format!("Bearer {want}")
        {
            return refusal("401 Unauthorized", "", "Invalid credentials in Authorization header");
        }
        if self.headless && request.line.starts_with("HEAD") {
            return refusal("501 Not Implemented", "", "");
        }
        let has_token = request.token.is_some();
        let none = || match has_token {
            true => refusal("404 Not Found", "RepoNotFound", "Repository not found"),
            false => refusal("401 Unauthorized", "RepoNotFound", "Invalid username or password."),
        };
        let (listing, file, cached) = match path.strip_prefix("api/resolve-cache/models/") {
            Some(rest) => {
                let (id, file) = rest.split_once(&format!("/{COMMIT}/")).unwrap();
                (id.to_owned(), Some(file.to_owned()), true)
            }
            None => match path.split_once("/resolve/main/") {
                Some((id, file)) => (id.to_owned(), Some(file.to_owned()), false),
                None => (path.trim_start_matches("api/models/").to_owned(), None, false),
            },
        };
        let Some(repo) = self.repos.get(&listing).cloned() else { return none() };
        if let Some(to) = repo.moved_to {
            let to = path.replacen(&*listing, to, 1);
            return (head("307 Temporary Redirect", &[format!("location: /{to}")], 0), Vec::new());
        }
        if repo.private && !has_token || repo.unlisted && file.is_none() {
            return none();
        }
        let Some(file) = file else {
            let files: Vec<_> =
                repo.files.keys().map(|name| json!({ "rfilename": name })).collect();
            let body = json!({"id": listing, "sha": COMMIT, "gated": repo.gated, "siblings": files,
                "cardData": {"license": "mit"}, "tags": ["text-generation", "license:mit"]});
            let body = body.to_string().into_bytes();
            return (head("200 OK", &["content-type: application/json".into()], body.len()), body);
        };
        if repo.gated {
            let status = if has_token { "403 Forbidden" } else { "401 Unauthorized" };
            return refusal(status, "GatedRepo", "Access to this model is restricted");
        }
        let commit = format!("x-repo-commit: {COMMIT}");
        let Some((bytes, large)) = repo.files.get(&file).cloned() else {
            return refusal("404 Not Found", "EntryNotFound", "Entry not found");
        };
        let name = |sum: String| if repo.unsummed { format!("v1-{}", bytes.len()) } else { sum };
        if large {
            let sum = name(sha256(&bytes));
            let headers = [
                format!("location: {content_url}/{sum}?X-Amz-Signature=very-secret"),
                format!("x-linked-etag: \"{sum}\""),
                format!("x-linked-size: {}", bytes.len()),
                "etag: \"of-the-redirect\"".into(),
                commit,
            ];
            self.content.insert(sum, bytes);
            return (head("302 Found", &headers, 0), Vec::new());
        }
        if !cached {
            let to = format!(
                "location: /api/resolve-cache/models/{listing}/{COMMIT}/{file}?%2Fmain%2F={file}"
            );
            return (head("307 Temporary Redirect", &[to, commit], 0), Vec::new());
        }
        let sum = format!("etag: \"{}\"", name(git(&bytes)));
        content(bytes, request.range.as_deref(), fault, &[sum, commit])
    }
}

fn content(
    bytes: Vec<u8>,
    range: Option<&str>,
    fault: Option<&What>,
    headers: &[String],
) -> Answer {
    let mut headers = headers.to_vec();
    let (from, to) = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')).unzip();
    let from = from.and_then(|from| from.parse().ok());
    let end = to.and_then(|to| to.parse().ok()).map_or(bytes.len(), |to: usize| to + 1);
    let from = from.filter(|_| !matches!(fault, Some(What::NoRanges)));
    let (status, mut body) = match from {
        Some(from) if from >= bytes.len() => {
            return (head("416 Range Not Satisfiable", &headers, 0), Vec::new());
        }
        Some(from) => {
            headers.push(format!("content-range: bytes {from}-{}/{}", end - 1, bytes.len()));
            ("206 Partial Content", bytes[from..end].to_vec())
        }
        None => ("200 OK", bytes),
    };
    if let Some(What::Longer) = fault {
        body.extend([0; 100]);
    }
    (head(status, &headers, body.len()), body)
}
