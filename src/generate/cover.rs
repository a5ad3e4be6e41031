//! Covers: the ways in which tokens can spell the end of a prompt. A model gives probabilities of tokens, but a writer
//! types characters, and the same characters can be spelled by different tokens: "nobo" by " no" and "bo", or by
//! " nobody" with two letters that are not typed yet. The probability of what comes next given the *characters* is a
//! sum over all covers: sequences of tokens whose text begins with the typed characters and whose last token reaches
//! behind them (or ends with them, and another token follows). Fixing the tokenizer's own tokens instead distorts it,
//! which is called the prompt boundary problem.
//!
//! [`Covering`] finds the covers and their probabilities by walking the tree of all prefixes of covers, as in Phan et
//! al. 2024 (arXiv 2410.09303), Vieira et al. 2024 (arXiv 2412.03719) and Hayase et al. 2025 (arXiv 2506.14123). The
//! tokenizer's own tokens are read first: nearly all of the probability branches off from them. Other nodes are then
//! read as one batch, the likeliest first, with KV caches that share the prompt; nodes that can't change the result
//! noticeably are dropped. All branches that continue the same prompt draw from the same covering.

use super::{memory::Memory, prompt::Prompt, spellings::Spellings};
use crate::{
    model::{KvCache, Span, Tokenizer, kernels::log_sum_exp},
    token::Draw,
};

/// A node whose probability is less than this fraction of all covers' is dropped.
const LEAST: f64 = 1e-5;
/// The largest number of nodes that are read. Text that no training data has can be spelled in many unlikely ways.
const MOST: usize = 128;

/// A place in the tree: some tokens that spell a beginning of the owed bytes, and the logits after them.
pub(super) struct Node {
    /// The index of the path that contains it, and how many of the path's tokens lead to it.
    path: usize,
    at: usize,
    /// How many of the owed bytes its tokens spell.
    pub(super) spelled: usize,
    /// The natural logarithm of the probability of its tokens after the fixed ones.
    pub(super) logprob: f64,
    /// The logits of the token behind it, and the logarithm of the sum of their exponentials.
    pub(super) logits: Vec<f32>,
    pub(super) total: f32,
}

/// Nodes that are read together: each has one more token than the one before it.
struct Path {
    memory: Memory,
    /// The next node: how many tokens lead to it, and as in [`Node`].
    at: usize,
    spelled: usize,
    logprob: f64,
}

/// A node that is not read yet: a token behind a node that is.
struct Child {
    parent: usize,
    token: u32,
    spelled: usize,
    logprob: f64,
}

/// The covers of one prompt's end, found during the engine's steps.
pub(super) struct Covering {
    /// Its number: branches that wait for it have the same.
    pub(super) number: u64,
    pub(super) prompt: Prompt,
    /// The paths of the tree; the first is the prompt as the tokenizer spells it.
    paths: Vec<Path>,
    /// How many of the paths are read.
    read: usize,
    /// The nodes that are read, and their children that are not.
    pub(super) nodes: Vec<Node>,
    children: Vec<Child>,
    /// The probability of all covers found so far.
    mass: f64,
}

impl Covering {
    pub(super) fn new(number: u64, prompt: Prompt, cache: KvCache) -> Self {
        let memory = Memory { tokens: prompt.tokens.clone(), cache };
        let first = Path { memory, at: prompt.fixed, spelled: 0, logprob: 0.0 };
        let (nodes, children) = (Vec::new(), Vec::new());
        Self { number, prompt, paths: vec![first], read: 0, nodes, children, mass: 0.0 }
    }

    /// The prompt, and the cache of what is read of it.
    pub(super) fn memory(&self) -> &Memory {
        &self.paths[0].memory
    }

    pub(super) fn cache_mut(&mut self) -> &mut KvCache {
        &mut self.paths[0].memory.cache
    }

    /// The prompt and its cache, to keep for later requests.
    pub(super) fn into_memory(mut self) -> Memory {
        self.paths.swap_remove(0).memory
    }

    /// Whether all covers are found.
    pub(super) fn is_done(&self) -> bool {
        self.read == self.paths.len()
    }

    /// The tokens to read in this step: at most `most` of the prompt, else all paths that are not read.
    pub(super) fn spans(&mut self, most: usize) -> impl Iterator<Item = Span<'_>> {
        self.paths[self.read..].iter_mut().map(move |path| {
            let (ids, cache) = path.memory.next_block(most);
            Span { ids, cache }
        })
    }

    /// The rows of the next step whose logits are needed, counted from the first row of its spans.
    pub(super) fn rows(&self, most: usize) -> Vec<u32> {
        let mut rows = Vec::new();
        let mut first = 0;
        for path in &self.paths[self.read..] {
            let have = path.memory.cache.len();
            let count = (path.memory.tokens.len() - have).min(most);
            // The logits of the node with `at` tokens are in the row of its last token.
            let needed = (path.at - 1).max(have)..have + count;
            rows.extend(needed.map(|token| (first + token - have) as u32));
            first += count;
        }
        rows
    }

    /// Takes the logits of [`Covering::rows`], after the spans were read. Adds the paths to read in the next step, at
    /// most `most` tokens.
    pub(super) fn hear(
        &mut self,
        logits: &mut impl Iterator<Item = Vec<f32>>,
        tokenizer: &Tokenizer,
        spellings: &Spellings,
        most: usize,
        context: usize,
    ) {
        for path in self.read..self.paths.len() {
            while self.paths[path].at <= self.paths[path].memory.cache.len() {
                let Some(row) = logits.next() else { break };
                self.add(path, row, tokenizer, spellings);
            }
            let Path { memory, at, .. } = &self.paths[path];
            if *at > memory.tokens.len() {
                self.read = path + 1;
            }
        }
        if self.is_done() {
            self.branch_off(tokenizer, spellings, most, context);
        }
    }

    /// Adds the next node of a path, whose logits are known now, with its children.
    fn add(&mut self, path: usize, logits: Vec<f32>, tokenizer: &Tokenizer, spellings: &Spellings) {
        let Path { memory, at, spelled, logprob } = &self.paths[path];
        let (next, at, spelled, logprob) =
            (memory.tokens.get(*at).copied(), *at, *spelled, *logprob);
        let total = log_sum_exp(&logits);
        let after = |id: u32| {
            logprob + f64::from(logits.get(id as usize).map_or(f32::NEG_INFINITY, |x| x - total))
        };
        let rest = &self.prompt.owed[spelled..];
        let parent = self.nodes.len();
        for token in spellings.within(tokenizer, rest).filter(|id| Some(*id) != next) {
            let spelled = spelled + tokenizer.bytes(token).len();
            self.children.push(Child { parent, token, spelled, logprob: after(token) });
        }
        self.mass += match rest {
            [] => logprob.exp(),
            _ => spellings.beyond(tokenizer, rest).iter().map(|&id| after(id).exp()).sum(),
        };
        let walking = &mut self.paths[path];
        walking.at += 1;
        if let Some(next) = next {
            walking.spelled += tokenizer.bytes(next).len();
            walking.logprob = after(next);
        }
        self.nodes.push(Node { path, at, spelled, logprob, logits, total });
    }

    /// Makes paths of the likeliest children, and drops those that are too unlikely.
    fn branch_off(
        &mut self,
        tokenizer: &Tokenizer,
        spellings: &Spellings,
        most: usize,
        context: usize,
    ) {
        let least = (self.mass * LEAST).ln();
        self.children.retain(|child| child.logprob >= least);
        self.children.sort_by(|a, b| b.logprob.total_cmp(&a.logprob));
        let mut room = most.min(MOST.saturating_sub(self.nodes.len()));
        let mut taken = 0;
        for child in &self.children {
            let path = self.path_of(child, tokenizer, spellings);
            let unread = path.memory.tokens.len() - path.memory.cache.len();
            if unread > room {
                break;
            }
            taken += 1;
            if path.memory.tokens.len() <= context {
                room -= unread;
                self.paths.push(path);
            }
        }
        self.children.drain(..taken);
    }

    /// A path from a child to the end of the owed bytes, by the longest token at each place.
    fn path_of(&self, child: &Child, tokenizer: &Tokenizer, spellings: &Spellings) -> Path {
        let Child { parent, token, spelled, logprob } = *child;
        let mut memory = self.fork(&self.nodes[parent], token);
        let at = memory.tokens.len();
        let mut end = spelled;
        while let Some(next) = spellings.within(tokenizer, &self.prompt.owed[end..]).next_back() {
            memory.tokens.push(next);
            end += tokenizer.bytes(next).len();
        }
        Path { memory, at, spelled, logprob }
    }

    /// The index in `places` of a recorded draw. A place is a node and the token that follows it. `None` if the draw isn't
    /// among them.
    pub(super) fn option(&self, places: &[(usize, u32)], draw: &Draw) -> Option<u32> {
        let path = match draw {
            Draw::Token(id) => std::slice::from_ref(id),
            Draw::Cover(ids) => ids,
        };
        let (last, before) = path.split_last()?;
        let is_path = |node: &Node| self.tokens_to(node)[self.prompt.fixed..] == *before;
        let mut nodes = self.nodes.iter();
        let node = nodes.position(is_path)?;
        places.iter().position(|place| *place == (node, *last)).map(|index| index as u32)
    }

    /// What is recorded of a cover that was drawn: its tokens behind the fixed ones.
    pub(super) fn draw(&self, drawn: &Memory) -> Draw {
        match &drawn.tokens[self.prompt.fixed..] {
            [id] => Draw::Token(*id),
            ids => Draw::Cover(ids.to_vec()),
        }
    }

    /// The tokens up to a node.
    pub(super) fn tokens_to(&self, node: &Node) -> &[u32] {
        &self.paths[node.path].memory.tokens[..node.at]
    }

    /// The tokens up to a node and one more, with the cache of those up to the node.
    pub(super) fn fork(&self, node: &Node, token: u32) -> Memory {
        let memory = &self.paths[node.path].memory;
        let mut tokens = memory.tokens[..node.at].to_vec();
        tokens.push(token);
        let mut cache = memory.cache.clone();
        cache.truncate(node.at);
        Memory { tokens, cache }
    }
}
