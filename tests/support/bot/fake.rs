//! A stand-in for X on this machine: raw sockets, so that it can carry a request out and then say nothing, half of
//! something, or rubbish. It checks signatures, keeps its own count of lengths, and writes down all it sees.

use serde_json::{Value, json};
use std::{
    collections::{HashSet, VecDeque},
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use unstuck::bot::{
    Secret, Secrets,
    x::oauth::{Signed, signature},
};

pub const ME: &str = "4200";
pub const HANDLE: &str = "inkbot";
pub const KEYS: [&str; 4] =
    ["ck/Kk+Public9", "cs/Hush+hush=Secret1", "4200-at/Token+Visible7", "as/Very=Hush+Secret2"];
const EPOCH: i64 = 1_288_834_974_657;

pub fn secrets() -> Secrets {
    Secrets {
        consumer_key: Secret::new(KEYS[0]),
        consumer_secret: Secret::new(KEYS[1]),
        access_token: Secret::new(KEYS[2]),
        access_secret: Secret::new(KEYS[3]),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Me,
    Mentions,
    Timeline,
    Lookup,
    Post,
    Delete,
}

/// What happens to one request instead of what should.
#[derive(Clone, Debug)]
pub struct Fault {
    pub kind: Kind,
    /// Carry the request out first.
    pub commit: bool,
    /// These bytes, then the connection is closed; `None`: the right answer.
    pub answer: Option<Vec<u8>>,
    /// Its reply is shown on the timeline only so much later, in milliseconds.
    pub lag: i64,
    /// Milliseconds before the answer, and before each of its bytes.
    pub delay: u64,
    pub drip: u64,
}

impl Fault {
    pub fn answer(kind: Kind, status: &str, headers: &[&str], body: &str) -> Self {
        Self::raw(kind, &http(status, headers, body))
    }

    pub fn raw(kind: Kind, bytes: &[u8]) -> Self {
        Self { kind, commit: false, answer: Some(bytes.to_vec()), lag: 0, delay: 0, drip: 0 }
    }

    /// The right answer, as far as it comes.
    pub fn right(kind: Kind) -> Self {
        Self { commit: true, answer: None, ..Self::raw(kind, b"") }
    }

    pub fn committed(self) -> Self {
        Self { commit: true, ..self }
    }
}

pub fn http(status: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
    if !headers.iter().any(|line| line.to_lowercase().starts_with("content-type")) {
        head += "content-type: application/json; charset=utf-8\r\n";
    }
    if !headers.iter().any(|line| line.to_lowercase().starts_with("content-length")) {
        head += &format!("content-length: {}\r\n", body.len());
    }
    for line in headers {
        head += line;
        head += "\r\n";
    }
    format!("{head}\r\n{body}").into_bytes()
}

#[derive(Clone, Debug, Default)]
pub struct User {
    pub id: String,
    pub handle: String,
    pub protected: bool,
    pub automated: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Post {
    pub id: u64,
    pub author: String,
    pub text: String,
    pub replied_to: Option<u64>,
    pub thread: Option<u64>,
    /// All of it, where `text` was cut.
    pub note: Option<String>,
    pub refers: Option<(&'static str, u64)>,
    pub history: Vec<u64>,
    pub range: Option<usize>,
    pub visible: i64,
    pub deleted: bool,
    pub without: Vec<String>,
}

#[derive(Default)]
pub struct World {
    /// Its clock, in milliseconds.
    pub now: i64,
    pub users: Vec<User>,
    pub posts: Vec<Post>,
    pub script: VecDeque<Fault>,
    /// Every request: what it was, and what status it got (0: none).
    pub log: Vec<(Kind, u16)>,
    pub requests: Vec<String>,
    pub page: usize,
    pub ignore_since: bool,
    pub new_names: bool,
    pub endless: bool,
    /// Answers say this is its time.
    pub date: bool,
    /// Do not care how the request is signed (another program's tests).
    pub keys: Option<Secrets>,
    pub skew: i64,
    pub nonces: HashSet<String>,
    pub serial: u64,
}

#[derive(Clone)]
pub struct Fake {
    pub world: Arc<Mutex<World>>,
    pub url: String,
    /// Another machine, where nobody may ever come with our keys.
    pub elsewhere: Arc<Mutex<usize>>,
    pub elsewhere_url: String,
}

impl Fake {
    pub fn start(now: i64) -> Self {
        let world = World { now, page: 100, date: true, keys: Some(secrets()), ..World::default() };
        let world = Arc::new(Mutex::new(world));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (shared, base) = (world.clone(), url.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, base) = (shared.clone(), base.clone());
                std::thread::spawn(move || serve(stream, &shared, &base));
            }
        });
        let other = TcpListener::bind("127.0.0.1:0").expect("a port");
        let elsewhere_url = format!("http://{}", other.local_addr().expect("an address"));
        let elsewhere = Arc::new(Mutex::new(0));
        let visits = elsewhere.clone();
        std::thread::spawn(move || {
            for _ in other.incoming() {
                *visits.lock().unwrap() += 1;
            }
        });
        Self { world, url, elsewhere, elsewhere_url }
    }

    /// The world, also after a case that failed in the midst of it: the next one makes it anew.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    pub fn id_at(&mut self, at: i64) -> u64 {
        self.serial += 1;
        (((at - EPOCH) << 22) as u64) + self.serial
    }

    /// Somebody writes something; its id.
    pub fn say(&mut self, author: &str, text: &str) -> u64 {
        let at = self.now;
        self.say_at(author, text, at)
    }

    pub fn say_at(&mut self, author: &str, text: &str, at: i64) -> u64 {
        let id = self.id_at(at);
        self.user(author);
        self.posts.push(Post {
            id,
            author: author.into(),
            text: text.into(),
            history: vec![id],
            ..Post::default()
        });
        id
    }

    pub fn user(&mut self, id: &str) -> &mut User {
        let at = self.users.iter().position(|user| user.id == id).unwrap_or_else(|| {
            let handle = format!("user{id}");
            self.users.push(User { id: id.into(), handle, ..User::default() });
            self.users.len() - 1
        });
        &mut self.users[at]
    }

    pub fn post(&mut self, id: u64) -> &mut Post {
        self.posts.iter_mut().find(|post| post.id == id).expect("a post")
    }

    /// The replies of ours to any version of a mention.
    pub fn replies(&self, mention: u64) -> Vec<&Post> {
        let history = self.posts.iter().find(|post| post.id == mention).map(|post| post.history[0]);
        let same = |id: u64| {
            id == mention
                || self.posts.iter().any(|post| post.id == id && Some(post.history[0]) == history)
        };
        self.posts
            .iter()
            .filter(|post| post.author == ME && post.replied_to.is_some_and(same))
            .collect()
    }

    pub fn count(&self, kind: Kind) -> usize {
        self.log.iter().filter(|(logged, _)| *logged == kind).count()
    }

    fn json(&self, post: &Post) -> Value {
        let name = |old: &'static str| match old {
            "edit_history_tweet_ids" if self.new_names => "edit_history_post_ids",
            "referenced_tweets" if self.new_names => "referenced_posts",
            "note_tweet" if self.new_names => "note_post",
            other => other,
        };
        let mut value = json!({
            "id": post.id.to_string(), "author_id": post.author,
            "text": post.text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
            "conversation_id": post.thread.or(post.replied_to).unwrap_or(post.id).to_string(),
            "created_at": "2026-11-22T09:00:00.000Z",
            name("edit_history_tweet_ids"): post.history.iter().map(u64::to_string).collect::<Vec<_>>(),
        });
        let mut refers: Vec<_> = post
            .refers
            .iter()
            .map(|(kind, id)| json!({"type": kind, "id": id.to_string()}))
            .collect();
        refers
            .extend(post.replied_to.map(|id| json!({"type": "replied_to", "id": id.to_string()})));
        if !refers.is_empty() {
            value[name("referenced_tweets")] = refers.into();
        }
        if let Some(note) = &post.note {
            value[name("note_tweet")] = json!({ "text": note });
        }
        if let Some(from) = post.range {
            value["display_text_range"] = json!([from, post.text.chars().count()]);
        }
        let named: Vec<_> = self
            .users
            .iter()
            .filter(|user| post.text.contains(&format!("@{}", user.handle)))
            .map(|user| json!({"id": user.id, "username": user.handle, "start": 0, "end": 1}))
            .collect();
        if !named.is_empty() {
            value["entities"] = json!({ "mentions": named });
        }
        value
    }

    fn listing(&self, mut posts: Vec<&Post>, query: &[(String, String)]) -> String {
        let asked =
            |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        posts.sort_by_key(|post| std::cmp::Reverse(post.id));
        if let Some(since) = asked("since_id").filter(|_| !self.ignore_since) {
            let since: u64 = since.parse().unwrap_or(0);
            posts.retain(|post| post.id > since);
        }
        let from: usize = asked("pagination_token").and_then(|t| t.parse().ok()).unwrap_or(0);
        let page: Vec<_> = posts.iter().skip(from).take(self.page).collect();
        if page.is_empty() {
            return r#"{"meta":{"result_count":0}}"#.into();
        }
        let mut meta = json!({"result_count": page.len()});
        if self.endless {
            meta["next_token"] = json!("1");
        } else if from + page.len() < posts.len() {
            meta["next_token"] = json!((from + page.len()).to_string());
        }
        let users: Vec<_> = self
            .users
            .iter()
            .filter(|user| page.iter().any(|post| post.author == user.id))
            .map(|user| {
                let mut value = json!({"id": user.id, "username": user.handle, "name": "x", "protected": user.protected});
                if user.automated {
                    value["affiliation"] = json!({"description": "Automated"});
                }
                value
            })
            .collect();
        let data: Vec<_> = page.iter().map(|post| self.json(post)).collect();
        json!({"data": data, "includes": {"users": users}, "meta": meta}).to_string()
    }

    /// Take a post, by the platform's own rules.
    fn create(&mut self, body: &[u8], lag: i64) -> (String, String) {
        let refuse = |status: &str, detail: &str| {
            let body = json!({"title": "Forbidden", "status": 403, "detail": detail, "type": "about:blank"});
            (status.to_owned(), body.to_string())
        };
        let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(body) else {
            return refuse(
                "400 Bad Request",
                "One or more parameters to your request was invalid.",
            );
        };
        let reply = fields.get("reply").and_then(Value::as_object).cloned().unwrap_or_default();
        let known = fields.keys().all(|name| name == "text" || name == "reply")
            && reply
                .keys()
                .all(|name| name == "in_reply_to_tweet_id" || name == "exclude_reply_user_ids");
        let to: Option<u64> = reply
            .get("in_reply_to_tweet_id")
            .and_then(Value::as_str)
            .and_then(|id| id.parse().ok());
        let is_own = !fields.contains_key("reply");
        let (true, Some(text), true) =
            (is_own || to.is_some(), fields.get("text").and_then(Value::as_str), known)
        else {
            return refuse(
                "400 Bad Request",
                "One or more parameters to your request was invalid.",
            );
        };
        if text.is_empty() || length(text) > 280 {
            return refuse("400 Bad Request", "Your Tweet text is too long.");
        }
        let letter = |c: char| c.is_ascii_alphabetic();
        let cashtags = text.split('$').skip(1).filter(|behind| behind.starts_with(letter)).count();
        if cashtags > 1 || text.contains("http") {
            return refuse("403 Forbidden", "You are not allowed to post this.");
        }
        let target = self.posts.iter().find(|post| Some(post.id) == to && !post.deleted);
        if target.is_none() && !is_own {
            let body = json!({"errors": [{"code": 385, "message": "You attempted to reply to a Tweet that is deleted or not visible to you."}]});
            return ("403 Forbidden".into(), body.to_string());
        }
        let names_us = |target: &Post| target.text.to_lowercase().contains(&format!("@{HANDLE}"));
        if !target.is_none_or(names_us) {
            return refuse(
                "403 Forbidden",
                "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.",
            );
        }
        if self.posts.iter().any(|post| post.author == ME && !post.deleted && post.text == text) {
            return refuse(
                "403 Forbidden",
                "You are not allowed to create a Tweet with duplicate content.",
            );
        }
        accepted(text);
        let without = reply.get("exclude_reply_user_ids").and_then(Value::as_array).cloned();
        let id = self.id_at(self.now);
        self.posts.push(Post {
            id,
            author: ME.into(),
            text: text.into(),
            replied_to: to,
            history: vec![id],
            visible: self.now + lag,
            without: without
                .unwrap_or_default()
                .iter()
                .filter_map(|v| Some(v.as_str()?.into()))
                .collect(),
            ..Post::default()
        });
        let name = if self.new_names { "edit_history_post_ids" } else { "edit_history_tweet_ids" };
        let data = json!({"data": {"id": id.to_string(), "text": text, name: [id.to_string()]}});
        ("201 Created".into(), data.to_string())
    }

    /// The right answer.
    fn answer(
        &mut self,
        kind: Kind,
        path: &str,
        query: &[(String, String)],
        body: &[u8],
        lag: i64,
    ) -> (String, String) {
        let ok = |body: String| ("200 OK".to_owned(), body);
        match kind {
            Kind::Me => ok(json!({"data": {"id": ME, "username": HANDLE, "name": "Ink", "description": "a bot by @ash"}}).to_string()),
            Kind::Mentions => {
                let named = |post: &&Post| {
                    !post.deleted && post.text.to_lowercase().contains(&format!("@{HANDLE}"))
                };
                ok(self.listing(self.posts.iter().filter(named).collect(), query))
            }
            Kind::Timeline => {
                let ours = |post: &&Post| !post.deleted && post.author == ME && post.visible <= self.now;
                ok(self.listing(self.posts.iter().filter(ours).collect(), query))
            }
            Kind::Lookup => {
                let id = path.rsplit('/').next().unwrap_or_default();
                match self.posts.iter().find(|post| post.id.to_string() == id && !post.deleted) {
                    Some(post) => ok(json!({"data": self.json(post)}).to_string()),
                    None => ok(json!({"errors": [{"title": "Not Found Error", "type": "https://api.x.com/2/problems/resource-not-found"}]}).to_string()),
                }
            }
            Kind::Post => self.create(body, lag),
            Kind::Delete => {
                let id = path.rsplit('/').next().unwrap_or_default().to_owned();
                self.posts.iter_mut().filter(|post| post.id.to_string() == id).for_each(|post| post.deleted = true);
                ok(r#"{"data":{"deleted":true}}"#.into())
            }
        }
    }

    /// Whether the request is signed by our keys, now, and never was before.
    fn is_signed(
        &mut self,
        method: &str,
        address: &str,
        query: &[(String, String)],
        header: &str,
    ) -> Result<(), &'static str> {
        let Some(keys) = &self.keys else { return Ok(()) };
        let field = |name: &str| {
            let at = header.find(&format!("{name}=\""))?;
            let rest = &header[at + name.len() + 2..];
            Some(decode(&rest[..rest.find('"')?]))
        };
        let (Some(nonce), Some(time), Some(given)) =
            (field("oauth_nonce"), field("oauth_timestamp"), field("oauth_signature"))
        else {
            return Err("unsigned");
        };
        let timestamp: i64 = time.parse().map_err(|_| "no time")?;
        let fields: Vec<_> = query.iter().map(|(n, v)| (&**n, &**v)).collect();
        let signed = Signed { method, address, fields: &fields, nonce: &nonce, timestamp };
        if signature(&signed, keys) != given {
            return Err("wrong signature");
        }
        if (timestamp - (self.now + self.skew) / 1000).abs() > 300 {
            return Err("Timestamp out of bounds");
        }
        if !self.nonces.insert(nonce) {
            return Err("nonce used before");
        }
        Ok(())
    }
}

/// For another judge: every text that was accepted, with the weight we say it has, a line each.
fn accepted(text: &str) {
    let Some(path) = std::env::var_os("BOT_ACCEPTED_TEXTS") else { return };
    let mut line = json!([text, unstuck::clean::weight(text)]).to_string();
    line.push('\n');
    let file = std::fs::File::options().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(line.as_bytes())).expect("written");
}

/// Another way of counting than the program's: by UTF-16 units outside the four light ranges.
fn length(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247 => 100,
            _ => 200,
        })
        .sum::<usize>()
        / 100
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn serve(mut stream: TcpStream, world: &Mutex<World>, base: &str) {
    let Ok(copy) = stream.try_clone() else { return };
    let mut reader = BufReader::new(copy);
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line == "\r\n" {
            break;
        }
        head += &line;
    }
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let size: usize = header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut body = vec![0; size];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let mut words = head.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query: Vec<_> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect();
    let kind = match (method, path) {
        ("GET", "/2/users/me") => Kind::Me,
        ("GET", path) if path.ends_with("/mentions") => Kind::Mentions,
        ("GET", path) if path.starts_with("/2/users/") => Kind::Timeline,
        ("GET", _) => Kind::Lookup,
        ("POST", "/2/tweets") => Kind::Post,
        ("DELETE", _) => Kind::Delete,
        _ => return,
    };
    let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
    let address = format!("{base}{path}");
    let authorization = header("authorization").unwrap_or_default();
    let signed = world.is_signed(method, &address, &query, &authorization);
    world.requests.push(format!("{method} {target}\n{}", String::from_utf8_lossy(&body)));
    let fault = match world.script.iter().position(|fault| fault.kind == kind) {
        Some(at) if signed.is_ok() => world.script.remove(at),
        _ => None,
    };
    let bytes = match (&signed, &fault) {
        (Err(why), _) => {
            let body = json!({"errors": [{"code": 135, "message": why}]}).to_string();
            let date = http_date(world.now + world.skew);
            http("401 Unauthorized", &[&format!("date: {date}")], &body)
        }
        (Ok(()), Some(Fault { commit: false, answer: Some(bytes), .. })) => bytes.clone(),
        (Ok(()), fault) => {
            let lag = fault.as_ref().map_or(0, |fault| fault.lag);
            let (status, body) = world.answer(kind, path, &query, &body, lag);
            let right = if world.date {
                let date = http_date(world.now + world.skew);
                http(&status, &[&format!("date: {date}"), "x-transaction-id: 1f2e3d"], &body)
            } else {
                http(&status, &[], &body)
            };
            fault.as_ref().and_then(|fault| fault.answer.clone()).unwrap_or(right)
        }
    };
    let status = String::from_utf8_lossy(&bytes[..bytes.len().min(12)])
        .get(9..12)
        .and_then(|s| s.parse().ok());
    world.log.push((kind, status.unwrap_or(0)));
    drop(world);
    let (delay, drip) = fault.map_or((0, 0), |fault| (fault.delay, fault.drip));
    std::thread::sleep(Duration::from_millis(delay));
    if drip == 0 {
        let _ = stream.write_all(&bytes);
    } else {
        for byte in bytes {
            if stream.write_all(&[byte]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(drip));
        }
    }
    let _ = stream.flush();
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http_date(ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(ms).unwrap();
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap()
}
