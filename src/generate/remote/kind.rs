//! What kind of server answers, and which models it has. The content of its answers decides, not their status: some
//! servers answer every path with 200.

use super::{address::Address, wire};
use crate::net::{Client, Method, Timeouts};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::time::Duration;

/// The longest answer about the server itself.
const LONGEST: u64 = 8 << 20;
/// How long such an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest context asked of Ollama, which reserves memory for all of it.
const OLLAMA: usize = 8192;
/// The context that is assumed when a server doesn't tell: that of most servers' defaults.
const UNTOLD: usize = 2048;

/// The kinds of servers that are told apart, because they differ in what they accept and report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// vLLM.
    Vllm,
    /// The server of llama.cpp.
    LlamaCpp,
    /// Text Generation Inference.
    Tgi,
    /// LM Studio.
    LmStudio,
    /// Ollama, by its own API: its completions apply a chat template.
    Ollama,
    /// Any other with OpenAI's completions.
    Other,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vllm => "vLLM",
            Self::LlamaCpp => "llama.cpp",
            Self::Tgi => "TGI",
            Self::LmStudio => "LM Studio",
            Self::Ollama => "Ollama",
            Self::Other => "the server",
        }
    }

    /// What it doesn't report, as parts of a sentence.
    pub fn lacks(self) -> Vec<&'static str> {
        let mut lacks = match self {
            Self::LlamaCpp => vec!["ranks of unlikely tokens"],
            Self::Vllm | Self::Ollama | Self::Other => {
                vec!["token ids", "ranks of unlikely tokens"]
            }
            Self::Tgi | Self::LmStudio => {
                vec!["token ids", "log-probabilities", "ranks", "alternatives"]
            }
        };
        lacks.push("copies of the training text");
        lacks
    }

    /// Whether it reports log-probabilities.
    pub fn has_logprobs(self) -> bool {
        !matches!(self, Self::Tgi | Self::LmStudio)
    }
}

/// A model of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Its name on the server.
    pub name: String,
    /// The size of its context in tokens, if the server tells.
    pub context: Option<usize>,
    /// Its parameters, if the server tells.
    pub parameters: Option<usize>,
}

/// What a server tells about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What kind of server it is.
    pub kind: Kind,
    /// Its models.
    pub models: Vec<Served>,
    /// How many continuations one request may ask for.
    pub at_once: usize,
}

/// Ask a server what it is and which models it has.
///
/// # Errors
/// When it can't be reached, refuses the key, or has no completions API.
pub fn probe(address: &Address) -> Result<Found> {
    let ask = Asker::new(address);
    let list = ask.get(&format!("{}/models", address.api))?;
    if let Some(data) = list.body["data"].as_array() {
        let owner = data.iter().find_map(|model| model["owned_by"].as_str()).unwrap_or_default();
        let models: Vec<_> = data.iter().filter_map(openai).collect();
        return Ok(match owner {
            "llamacpp" => {
                let props = ask.get(&format!("{}/props", address.root))?.body;
                let slots = props["total_slots"].as_u64().unwrap_or(1);
                Found { kind: Kind::LlamaCpp, models, at_once: slots as usize }
            }
            "vllm" => Found { kind: Kind::Vllm, models, at_once: usize::MAX },
            _ => ask.others(owner, models)?,
        });
    }
    let found = ask.others("", Vec::new())?;
    ensure!(
        found.kind != Kind::Other,
        "no completions API answers there{}; expected an address like http://127.0.0.1:8080/v1",
        list.says()
    );
    Ok(found)
}

/// A model in OpenAI's list.
fn openai(model: &Value) -> Option<Served> {
    let count = |value: &Value| value.as_u64().filter(|n| *n > 0).map(|n| n as usize);
    let context = [&model["max_model_len"], &model["meta"]["n_ctx"], &model["context_length"]];
    Some(Served {
        name: model["id"].as_str()?.to_owned(),
        context: context.into_iter().find_map(count),
        parameters: count(&model["meta"]["n_params"]),
    })
}

/// Sends short requests to a server.
struct Asker<'a> {
    address: &'a Address,
    client: Client,
}

/// A short answer.
struct Answer {
    status: u16,
    /// Its JSON; null if it is something else.
    body: Value,
}

impl Answer {
    /// What it says, for a sentence about an answer of no use.
    fn says(&self) -> String {
        let said = ["error", "detail", "message"].iter().any(|name| !self.body[*name].is_null());
        let said = said.then(|| wire::message(self.body.to_string().as_bytes())).flatten();
        let said = said.map(|said| format!(": {said}")).unwrap_or_default();
        format!(" (status {}{said})", self.status)
    }
}

impl<'a> Asker<'a> {
    fn new(address: &'a Address) -> Self {
        let timeouts = Timeouts {
            resolve: Some(PATIENCE),
            connect: Some(PATIENCE),
            total: Some(PATIENCE.min(address.silence)),
            ..Timeouts::default()
        };
        Self { address, client: Client::new(&timeouts, !address.here) }
    }

    fn get(&self, url: &str) -> Result<Answer> {
        self.ask(Method::Get, url, None)
    }

    fn ask(&self, method: Method, url: &str, body: Option<&Value>) -> Result<Answer> {
        let text = body.map(Value::to_string);
        let bearer = self.address.key.as_ref().map(|key| format!("Bearer {}", key.reveal()));
        let mut headers = vec![("Accept", "application/json")];
        headers.extend(text.as_ref().map(|_| ("Content-Type", "application/json")));
        headers.extend(bearer.as_deref().map(|key| ("Authorization", key)));
        let host = &self.address.host;
        let response = self.client.send(method, url, &headers, text.as_deref());
        let response = response.with_context(|| format!("{host}: is the server running?"))?;
        let status = response.status();
        if matches!(status, 401 | 403) {
            bail!("{}", refused(self.address, status));
        }
        let body = response.read(LONGEST).with_context(|| host.clone())?;
        Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or_default() })
    }

    /// Tells the servers apart that don't say what they are in the list of models.
    fn others(&self, owner: &str, models: Vec<Served>) -> Result<Found> {
        let root = &self.address.root;
        let found = |kind, models| Found { kind, models, at_once: 1 };
        if owner == "koboldcpp" {
            return Ok(found(Kind::Other, models)); // it imitates Ollama
        }
        let version = self.get(&format!("{root}/api/version"))?.body;
        if version["version"].is_string() {
            let tags = self.get(&format!("{root}/api/tags"))?.body;
            if let Some(list) = tags["models"].as_array() {
                let names = list.iter().filter_map(|model| model["name"].as_str());
                let served = names.map(|name| Served { name: name.into(), ..Served::default() });
                return Ok(found(Kind::Ollama, served.collect()));
            }
        }
        let info = self.get(&format!("{root}/info"))?.body;
        if let (Some(name), true) = (info["model_id"].as_str(), info["max_total_tokens"].is_u64()) {
            let context = info["max_total_tokens"].as_u64().map(|n| n as usize);
            return Ok(found(
                Kind::Tgi,
                vec![Served { name: name.into(), context, parameters: None }],
            ));
        }
        let own = self.get(&format!("{root}/api/v0/models"))?.body;
        if let Some(list) = own["data"].as_array()
            && list.iter().any(|model| model["publisher"].is_string() || model["arch"].is_string())
        {
            let writes = list.iter().filter(|model| model["type"] != "embeddings");
            let served = writes.filter_map(|model| {
                let lengths = [&model["loaded_context_length"], &model["max_context_length"]];
                let context = lengths.into_iter().find_map(Value::as_u64).map(|n| n as usize);
                Some(Served { name: model["id"].as_str()?.into(), context, parameters: None })
            });
            return Ok(found(Kind::LmStudio, served.collect()));
        }
        Ok(found(Kind::Other, models))
    }
}

/// A sentence about a refused key.
pub fn refused(address: &Address, status: u16) -> String {
    let host = &address.host;
    match address.key {
        Some(_) => format!("{host} refuses the key (status {status}); check it"),
        None => format!(
            "{host} wants a key (status {status}): set key_file in [engines], or UNSTUCK_ENGINE_KEY for an address"
        ),
    }
}

/// The model of a server that an address means, with its context.
///
/// # Errors
/// When the server doesn't have it, or has several and none is named.
pub fn choose(address: &Address, found: &Found) -> Result<Served> {
    let names = || found.models.iter().map(|model| wire::short(&model.name));
    let list = || match names().count() {
        0 => "none".to_owned(),
        count @ 13.. => {
            format!("{} and {} more", names().take(12).collect::<Vec<_>>().join(", "), count - 12)
        }
        _ => names().collect::<Vec<_>>().join(", "),
    };
    let mut chosen = match (&address.model, &found.models[..]) {
        (None, [only]) => only.clone(),
        (None, _) => bail!(
            "{} has several models; write #NAME after the address, or set `model`: {}",
            address.host,
            list()
        ),
        (Some(name), models) => {
            let same = |model: &&Served| {
                model.name == *name || model.name.strip_suffix(":latest") == Some(name)
            };
            match models.iter().find(same) {
                Some(model) => model.clone(),
                // A server that doesn't list its models may still have this one.
                None if models.is_empty() => Served { name: name.clone(), ..Served::default() },
                None => bail!("{} has no model `{name}`; it has: {}", address.host, list()),
            }
        }
    };
    if found.kind == Kind::Ollama {
        let url = format!("{}/api/show", address.root);
        let body = json!({ "model": chosen.name });
        let info =
            Asker::new(address).ask(Method::Post, &url, Some(&body))?.body["model_info"].take();
        let fields = info.as_object().into_iter().flatten();
        for (name, value) in fields {
            let count = value.as_u64().map(|n| n as usize);
            match name {
                name if name.ends_with(".context_length") => chosen.context = count,
                name if name == "general.parameter_count" => chosen.parameters = count,
                _ => {}
            }
        }
        chosen.context = Some(chosen.context.unwrap_or(UNTOLD).min(OLLAMA));
    }
    chosen.context.get_or_insert(UNTOLD);
    Ok(chosen)
}

/// How many tokens a text is, if the server counts them.
pub fn count(address: &Address, kind: Kind, model: &str, text: &str) -> Option<usize> {
    let body = match kind {
        Kind::LlamaCpp => json!({ "content": text }),
        Kind::Vllm => json!({ "model": model, "prompt": text }),
        _ => return None,
    };
    let url = format!("{}/tokenize", address.root);
    let answer = Asker::new(address).ask(Method::Post, &url, Some(&body)).ok()?.body;
    let count = answer["count"].as_u64().map(|count| count as usize);
    count.or_else(|| answer["tokens"].as_array().map(Vec::len))
}
