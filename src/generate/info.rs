//! Facts about a loaded model, and about the server that runs it.

use super::Numerics;
use crate::model::About;

/// The facts about a loaded model that a status line or a JSON line shows.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInfo {
    /// Its name, as front ends show it.
    pub name: String,
    /// How many parameters; `None` if a server doesn't tell.
    pub parameters: Option<usize>,
    /// The size of its context, in tokens.
    pub context: usize,
    /// The size of its vocabulary; 0 if a server doesn't tell.
    pub vocabulary: usize,
    /// Whether it is the small model in the binary.
    pub embedded: bool,
    /// The form of most of its weights in memory: `q8_0`, `f32`, ...
    pub quantization: String,
    /// The size of its weights in memory, in bytes.
    pub bytes: usize,
    /// The server that runs it; `None` for a model on this machine.
    pub server: Option<Server>,
    /// The draft model that proposes tokens for it.
    pub draft: Option<String>,
    /// What its numbers depend on; `None` for a server.
    pub numerics: Option<Box<Numerics>>,
    /// What its files say about it.
    pub about: Box<About>,
}

/// A server that runs a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// What kind of server it is: `vLLM`, `llama.cpp`, ...
    pub kind: &'static str,
    /// Its host and port.
    pub host: String,
    /// The model's name on the server.
    pub model: String,
    /// What it doesn't report, as parts of a sentence.
    pub lacks: Vec<&'static str>,
}

impl Server {
    /// A sentence about what it doesn't report.
    pub fn notice(&self) -> String {
        let Self { kind, host, lacks, .. } = self;
        format!(
            "{kind} at {host} reports no {}; they are left out or null. The same seed need not give the same text again",
            lacks.join(", no ")
        )
    }
}
