//! A stand-in for a server with Mastodon's client API on this machine. It keeps a token's posts, writes down every request,
//! and can break off, refuse or forget what newer servers know.

use serde_json::{Value, json};
use std::{
    collections::{HashMap, VecDeque},
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub const TOKEN: &str = "toot-Secret_Token-7";

#[derive(Clone, Debug, Default)]
pub struct Toot {
    pub id: u64,
    pub author: &'static str,
    pub content: String,
    pub visibility: String,
    pub warning: String,
    pub to: Option<u64>,
    pub created: i64,
    pub deleted: bool,
}

/// What happens to one request whose line contains `on`.
#[derive(Clone, Debug)]
pub struct Fault {
    pub on: &'static str,
    /// Carry it out first.
    pub commit: bool,
    /// The whole answer; empty: the connection is closed.
    pub answer: Vec<u8>,
}

#[derive(Default)]
pub struct World {
    pub now: i64,
    pub toots: Vec<Toot>,
    pub script: VecDeque<Fault>,
    /// Every request: its line, its key and its form.
    pub log: Vec<(String, Option<String>, HashMap<String, String>)>,
    /// It knows `Idempotency-Key`.
    pub knows_keys: bool,
    /// The account is marked as a bot.
    pub is_bot: bool,
    keys: HashMap<String, u64>,
}

#[derive(Clone)]
pub struct Server {
    world: Arc<Mutex<World>>,
    pub url: String,
}

impl Server {
    pub fn start(now: i64) -> Self {
        let world = World { now, is_bot: true, ..World::default() };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let this = Self { world: Arc::new(Mutex::new(world)), url };
        let shared = this.world.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        this
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// Somebody writes something; its id.
    pub fn say(&mut self, author: &'static str, content: &str) -> u64 {
        let id = 1000 + self.toots.len() as u64;
        let (content, visibility) = (content.to_owned(), "public".to_owned());
        self.toots.push(Toot {
            id,
            author,
            content,
            visibility,
            created: self.now,
            ..Toot::default()
        });
        id
    }

    pub fn toot(&mut self, id: u64) -> &mut Toot {
        self.toots.iter_mut().find(|toot| toot.id == id).expect("a post")
    }

    /// The bot's replies to a post.
    pub fn replies(&self, to: u64) -> Vec<Toot> {
        let ours = |toot: &&Toot| toot.author == "robo" && toot.to == Some(to) && !toot.deleted;
        self.toots.iter().filter(ours).cloned().collect()
    }

    fn json(&self, toot: &Toot) -> Value {
        let at = jiff::Timestamp::from_millisecond(toot.created).expect("a time");
        json!({
            "id": toot.id.to_string(), "created_at": at.to_string(), "content": toot.content,
            "visibility": toot.visibility, "spoiler_text": toot.warning, "sensitive": !toot.warning.is_empty(),
            "in_reply_to_id": toot.to.map(|id| id.to_string()),
            "account": {"id": format!("a-{}", toot.author), "acct": format!("{}@far.example", toot.author),
                "username": toot.author, "bot": toot.author == "otherbot", "note": ""},
            "mentions": if toot.content.contains("@robo") { json!([{"id": "a-robo", "acct": "robo"}]) } else { json!([]) },
        })
    }

    fn answer(
        &mut self,
        method: &str,
        target: &str,
        key: Option<&str>,
        form: &HashMap<String, String>,
    ) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let asked =
            |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        let before: u64 = asked("max_id").and_then(|id| id.parse().ok()).unwrap_or(u64::MAX);
        let limit: usize = asked("limit").and_then(|n| n.parse().ok()).unwrap_or(20);
        let id = path.split('/').nth(4).and_then(|id| id.parse::<u64>().ok());
        let found = id
            .and_then(|id| self.toots.iter().find(|toot| toot.id == id && !toot.deleted))
            .cloned();
        let none = || (404, json!({"error": "Record not found"}));
        let page = |keep: &dyn Fn(&Toot) -> bool| -> Vec<Toot> {
            let mut list: Vec<_> = self
                .toots
                .iter()
                .filter(|toot| !toot.deleted && toot.id < before && keep(toot))
                .cloned()
                .collect();
            list.sort_by_key(|toot| std::cmp::Reverse(toot.id));
            list.truncate(limit);
            list
        };
        match (method, path) {
            ("GET", "/api/v1/accounts/verify_credentials") => {
                let note = "<p>a bot by <a href=\"x\">@ash</a></p>";
                (
                    200,
                    json!({"id": "a-robo", "username": "robo", "acct": "robo", "bot": self.is_bot, "note": note}),
                )
            }
            ("GET", "/api/v2/instance") => {
                (200, json!({"configuration": {"statuses": {"max_characters": 500}}}))
            }
            ("GET", "/api/v1/notifications") => {
                let list = page(&|toot| toot.author != "robo" && toot.content.contains("@robo"));
                let list = list.iter().map(|toot| {
                    json!({"id": toot.id.to_string(), "type": "mention", "status": self.json(toot)})
                });
                (200, list.collect())
            }
            ("GET", "/api/v1/accounts/a-robo/statuses") => {
                // as on snac2, direct posts are not listed
                let list = page(&|toot| toot.author == "robo" && toot.visibility != "direct");
                (200, list.iter().map(|toot| self.json(toot)).collect())
            }
            ("GET", path) if path.ends_with("/context") => {
                let Some(found) = found else { return none() };
                let below =
                    self.toots.iter().filter(|toot| toot.to == Some(found.id) && !toot.deleted);
                let below: Vec<_> = below.map(|toot| self.json(toot)).collect();
                let mut above = Vec::new();
                let mut next = found.to;
                while let Some(toot) =
                    next.and_then(|id| self.toots.iter().find(|toot| toot.id == id))
                {
                    above.insert(0, self.json(toot));
                    next = toot.to;
                }
                (200, json!({"ancestors": above, "descendants": below}))
            }
            ("GET", _) => found.map_or_else(none, |toot| (200, self.json(&toot))),
            ("DELETE", _) => match found {
                Some(toot) => {
                    self.toot(toot.id).deleted = true;
                    (200, json!({}))
                }
                None => none(),
            },
            ("POST", "/api/v1/statuses") => {
                let known =
                    key.filter(|_| self.knows_keys).and_then(|key| self.keys.get(key).copied());
                if let Some(toot) =
                    known.and_then(|id| self.toots.iter().find(|toot| toot.id == id))
                {
                    return (200, self.json(toot));
                }
                let get = |name: &str| form.get(name).cloned().unwrap_or_default();
                let id = self.say("robo", &get("status"));
                self.toots.retain(|toot| toot.id != id || !get("status").is_empty());
                let to = get("in_reply_to_id").parse().ok();
                let toot = self.toot(id);
                (toot.visibility, toot.warning, toot.to) =
                    (get("visibility"), get("spoiler_text"), to);
                let value = toot.clone();
                self.keys.extend(key.map(|key| (key.to_owned(), id)));
                (200, self.json(&value))
            }
            _ => none(),
        }
    }
}

pub fn http(status: u16, headers: &[&str], body: &str) -> Vec<u8> {
    let mut head =
        format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    headers.iter().for_each(|line| head += &format!("{line}\r\n"));
    format!("{head}\r\n{body}").into_bytes()
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = rest.get(1..3).filter(|_| *first == b'%');
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &rest[3..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn serve(mut stream: TcpStream, world: &Mutex<World>) {
    let Ok(copy) = stream.try_clone() else { return };
    let mut reader = BufReader::new(copy);
    let (mut lines, mut line) = (Vec::new(), String::new());
    while reader.read_line(&mut line).unwrap_or(0) > 2 {
        lines.push(std::mem::take(&mut line));
    }
    let header = |name: &str| {
        lines.iter().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let size: usize = header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut body = vec![0; size];
    if reader.read_exact(&mut body).is_err() || lines.is_empty() {
        return;
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    let form: HashMap<_, _> = body
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    let mut words = lines[0].split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
    let line = format!("{method} {target}");
    let key = header("idempotency-key");
    world.log.push((line.clone(), key.clone(), form.clone()));
    let at = world.script.iter().position(|fault| line.contains(fault.on));
    let fault = at.and_then(|at| world.script.remove(at));
    let date = super::fake::http_date(world.now);
    let right = |world: &mut World| {
        let (status, body) = match header("authorization") {
            Some(given) if given == format!("Bearer {TOKEN}") => {
                world.answer(method, target, key.as_deref(), &form)
            }
            _ => (401, json!({"error": "The access token is invalid"})),
        };
        http(status, &[&format!("date: {date}")], &body.to_string())
    };
    let bytes = match fault {
        Some(fault) => {
            if fault.commit {
                right(&mut world);
            }
            fault.answer
        }
        None => right(&mut world),
    };
    drop(world);
    let _ = stream.write_all(&bytes);
}
