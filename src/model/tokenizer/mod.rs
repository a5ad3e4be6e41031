//! Text to tokens and back, without loss of bytes, with the `tokenizers` crate: GPT-2's byte-level BPE and its
//! successors, and SentencePiece's BPE and Unigram (see `spelling.rs`).

mod build;
mod spelling;
mod vocabulary;
mod words;

pub use build::{Added, Parts};
pub use vocabulary::{Role, Vocabulary};
pub use words::Words;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use spelling::{Lead, Spelling, take_lead};
use tokenizers::{
    NormalizerWrapper, PreTokenizerWrapper, models::ModelWrapper, tokenizer::Tokenizer as Inner,
};

/// The token that marks the end of a text in GPT-2's vocabulary.
const END: &str = "<|endoftext|>";

/// Special tokens that end a text, in the vocabularies of all families.
const ENDS: [&str; 6] = [END, "<|end_of_text|>", "</s>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>"];

/// A tokenizer: a vocabulary, and the rules that split a text into its tokens.
pub struct Tokenizer {
    inner: Inner,
    /// The contents of `tokenizer.json`, if `inner` was changed after it was read.
    json: Option<String>,
    spelling: Spelling,
    lead: Lead,
    bytes: Vec<Vec<u8>>,
    /// Ids below the highest one that stand for no text and end none.
    holes: Vec<usize>,
    begin: Vec<u32>,
    ends: Vec<u32>,
}

#[derive(Deserialize)]
struct Probe {
    #[serde(default)]
    decoder: Value,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
}

impl Tokenizer {
    /// Parse the contents of `tokenizer.json`.
    ///
    /// # Errors
    /// When it is not a tokenizer, the ids have too large gaps, or its tokens don't give the text back.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        // The library panics at a malformed decoder and at a malformed `Precompiled` normalizer, so check both first.
        let Probe { decoder, mut normalizer, mut pre_tokenizer } = serde_json::from_slice(json)?;
        let mapped = normalizer.to_string().contains("Precompiled");
        ensure!(
            !mapped,
            "its normalizer `Precompiled` replaces characters, so that a draft wouldn't come back as it was written"
        );
        let spelling = Spelling::of(&decoder, &pre_tokenizer, &normalizer)?;
        let mut inner = Inner::from_bytes(json).map_err(|e| anyhow!("{e}"))?;
        // Prompts are neither truncated nor padded.
        inner.with_padding(None);
        inner.with_truncation(None).map_err(|e| anyhow!("{e}"))?;
        let before = (normalizer.clone(), pre_tokenizer.clone());
        let lead = take_lead(&mut normalizer, &mut pre_tokenizer);
        let mut whole = None;
        if before != (normalizer.clone(), pre_tokenizer.clone()) {
            let normalizer: Option<NormalizerWrapper> = serde_json::from_value(normalizer)?;
            let pre_tokenizer: Option<PreTokenizerWrapper> = serde_json::from_value(pre_tokenizer)?;
            inner.with_normalizer(normalizer).map_err(|e| anyhow!("{e}"))?;
            inner.with_pre_tokenizer(pre_tokenizer);
            whole = Some(String::from_utf8_lossy(json).into_owned());
        }
        let mut this = Self::new(inner, spelling, lead)?;
        this.json = whole;
        Ok(this)
    }

    fn new(inner: Inner, spelling: Spelling, lead: Lead) -> Result<Self> {
        let ids = inner.get_vocab(true);
        ensure!(!ids.is_empty(), "the vocabulary is empty");
        let size = ids.values().max().map_or(0, |&most| most as usize + 1);
        ensure!(
            size <= 4 * ids.len() + 1024,
            "the vocabulary numbers {} tokens up to {size}",
            ids.len()
        );
        let added = inner.get_added_tokens_decoder();
        let spell = spelling.speller();
        let mut bytes = vec![Vec::new(); size];
        let mut owners: Vec<Option<String>> = vec![None; size];
        for (text, id) in ids {
            if let Some(other) = owners[id as usize].replace(text.clone()) {
                bail!(
                    "`{other}` and `{text}` both have the id {id}; give each token an id of its own"
                );
            }
            let is_literal = spelling == Spelling::ByteLevel && added.contains_key(&id);
            bytes[id as usize] = if is_literal { text.into_bytes() } else { spell(&text) };
        }
        let is_special = |id: &u32| added.get(id).is_some_and(|token| token.special);
        let mut ends: Vec<u32> = ENDS.iter().filter_map(|end| inner.token_to_id(end)).collect();
        // GPT-2's has its role even if the file doesn't say so.
        ends.retain(|id| is_special(id) || inner.token_to_id(END) == Some(*id));
        let unknown = match inner.get_model() {
            ModelWrapper::BPE(bpe) => bpe.unk_token.clone(),
            ModelWrapper::Unigram(_) => Some("<unk>".to_owned()),
            _ => None,
        };
        let unknown = unknown.and_then(|token| inner.token_to_id(&token));
        let unknown = unknown.filter(|id| is_special(id) && !ends.contains(id));
        let unknown = unknown.map(|id| id as usize);
        let is_hole = |id: &usize| bytes[*id].is_empty() || unknown == Some(*id);
        let holes = (0..size).filter(is_hole).collect();
        let begin = begin(&inner)?;
        Ok(Self { inner, json: None, spelling, lead, bytes, holes, begin, ends })
    }

    /// Read the names of special tokens in a text as plain text from now on, and never sample such a token unless it
    /// ends a text: a chat model continues prose, in which they don't occur.
    pub fn without_control_tokens(&mut self) {
        self.inner.set_encode_special_tokens(true);
        for (id, token) in self.inner.get_added_tokens_decoder() {
            if let Some(bytes) = self.bytes.get_mut(id as usize).filter(|_| token.special) {
                bytes.clear();
            }
        }
        let ends = &self.ends;
        let is_hole = |id: &usize| self.bytes[*id].is_empty() && !ends.contains(&(*id as u32));
        let known = std::mem::take(&mut self.holes);
        self.holes = (0..self.bytes.len())
            .filter(|id| known.binary_search(id).is_ok() || is_hole(id))
            .collect();
    }

    /// Begin every text with this token, or with none, whatever the tokenizer itself says.
    ///
    /// # Errors
    /// When the vocabulary lacks the token.
    pub fn begin_with(&mut self, token: Option<&str>) -> Result<()> {
        let id = |token: &str| {
            let id = self.inner.token_to_id(token);
            id.with_context(|| format!("the vocabulary lacks `{token}`, with which texts begin"))
        };
        self.begin = token.map(id).transpose()?.into_iter().collect();
        Ok(())
    }

    /// End texts with these tokens, besides those that end a text in every vocabulary.
    pub fn end_with(&mut self, ids: &[u32]) {
        let known = ids.iter().filter(|id| (**id as usize) < self.bytes.len());
        let new: Vec<u32> = known.copied().filter(|id| !self.ends.contains(id)).collect();
        self.ends.extend(new);
    }

    /// The highest id plus 1.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The id of the token that separates the texts of a training set, if there is one.
    pub fn end(&self) -> Option<u32> {
        self.ends.first().copied()
    }

    /// The name of a token in files.
    pub fn name(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// Whether a token ends a text.
    pub fn is_end(&self, id: u32) -> bool {
        self.ends.contains(&id)
    }

    /// The tokens to read before every text, because the model was trained with them; usually none or one.
    pub fn begin(&self) -> &[u32] {
        &self.begin
    }

    /// The space to put before a text that begins a document, because the model was trained with it; usually none.
    pub fn lead(&self, text: &str) -> &'static str {
        match self.lead {
            Lead::Space => " ",
            // a literal mark is taken for a space too
            Lead::SpaceIfNone if !text.starts_with([' ', '\u{2581}']) => " ",
            _ => "",
        }
    }

    /// Whether tokens are spelled in GPT-2's byte alphabet.
    pub fn is_byte_level(&self) -> bool {
        self.spelling == Spelling::ByteLevel
    }

    /// The tokens of a text, without [`Tokenizer::begin`] and [`Tokenizer::lead`]: their bytes are those of the text,
    /// unless the vocabulary can't spell it.
    ///
    /// # Errors
    /// Only when the vocabulary lacks a byte.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.inner.encode_fast(text, false).map_err(|e| anyhow!("{e}"))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The bytes of a token; empty for an id without a token.
    pub fn bytes(&self, id: u32) -> &[u8] {
        self.bytes.get(id as usize).map_or(&[], Vec::as_slice)
    }

    /// Exclude ids that stand for no text from sampling: set their scores to minus infinity.
    pub fn forbid_unnamed(&self, scores: &mut [f32]) {
        let size = self.bytes.len().min(scores.len());
        scores[size..].fill(f32::NEG_INFINITY);
        for &id in self.holes.iter().take_while(|&&id| id < size) {
            scores[id] = f32::NEG_INFINITY;
        }
    }

    /// The text of tokens, with `�` for invalid UTF-8.
    pub fn decode(&self, ids: &[u32]) -> String {
        let bytes: Vec<u8> = ids.iter().flat_map(|&id| self.bytes(id)).copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The contents of `tokenizer.json`.
    ///
    /// # Errors
    /// When the library fails.
    pub fn to_json(&self) -> Result<String> {
        match &self.json {
            Some(json) => Ok(json.clone()),
            None => self.inner.to_string(false).map_err(|e| anyhow!("{e}")),
        }
    }
}

/// The tokens that the post-processor puts before a text. Those that it puts after one are not wanted: texts go on.
fn begin(inner: &Inner) -> Result<Vec<u32>> {
    if inner.get_post_processor().is_none() {
        return Ok(Vec::new());
    }
    let ids = |special| -> Result<Vec<u32>> {
        Ok(inner.encode_fast("a", special).map_err(|e| anyhow!("{e}"))?.get_ids().to_vec())
    };
    let (plain, whole) = (ids(false)?, ids(true)?);
    let at = whole.windows(plain.len().max(1)).position(|window| window == plain);
    Ok(at.map_or_else(Vec::new, |at| whole[..at].to_vec()))
}
