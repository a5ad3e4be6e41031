//! Reads the vocabulary in the metadata of a GGUF file.

use super::{CONTROL, UNKNOWN, UNUSED, USER_DEFINED};
use crate::model::{
    Tokenizer,
    network::Metadata,
    tokenizer::{Role, Vocabulary, Words},
};
use anyhow::{Context, Result, bail};
use candle_core::quantized::gguf_file::{Content, Value};

/// The tokenizer in the metadata, for a network of this architecture.
///
/// # Errors
/// When it is missing, or of a kind that is not read here.
pub fn read(content: &Content, architecture: &str) -> Result<Tokenizer> {
    let list = |key: &str| -> Result<&Vec<Value>> {
        let value = content.metadata.get(key);
        Ok(value.with_context(|| format!("`{key}` is missing"))?.to_vec()?)
    };
    let model = content.text("tokenizer.ggml.model").unwrap_or("none");
    let is_byte_level = match model {
        "gpt2" => true,
        "llama" => false,
        other => bail!(
            "its tokenizer is `{other}`, which is not read here; `gpt2` (byte-level BPE) and `llama` (SentencePiece's BPE) \
             are: take the model as a folder with tokenizer.json"
        ),
    };
    let kinds = list("tokenizer.ggml.token_type").ok();
    let kind = |id: usize| kinds.and_then(|kinds| kinds.get(id)).and_then(|v| v.to_i32().ok());
    let is_gpt2 = architecture == "gpt2";
    let role = |id: usize| match kind(id) {
        Some(UNKNOWN) => Role::Unknown,
        Some(CONTROL) => Role::Control,
        // In a GPT-2's file, tokens that a user added are those that fine-tuning added: they mark something.
        Some(USER_DEFINED) if is_gpt2 => Role::Control,
        Some(USER_DEFINED) => Role::Added,
        Some(UNUSED) => Role::Unused,
        _ => Role::Text,
    };
    let texts = list("tokenizer.ggml.tokens")?.iter().enumerate();
    let tokens = texts
        .map(|(id, token)| Ok((token.to_string()?.clone(), role(id))))
        .collect::<Result<Vec<_>>>()?;
    let flag = |key: &str| content.metadata.get(key).and_then(|value| value.to_bool().ok());
    let id = |key: &str| content.count(key).ok().map(|id| id as u32);
    let mut vocabulary = Vocabulary { tokens, ..Vocabulary::default() };
    let begin = id("tokenizer.ggml.bos_token_id");
    let begins = flag("tokenizer.ggml.add_bos_token");
    if !is_byte_level {
        let number = |value: &Value| value.to_f32().or(value.to_i32().map(|n| n as f32));
        let scores = list("tokenizer.ggml.scores")?.iter().map(number);
        vocabulary.scores = scores.collect::<candle_core::Result<_>>()?;
        vocabulary.leads = flag("tokenizer.ggml.add_space_prefix").unwrap_or(true);
        vocabulary.begin = begin.or(Some(1)).filter(|_| begins.unwrap_or(true));
        return vocabulary.sentencepiece();
    }
    let pair = |value: &Value| {
        let pair = value.to_string()?;
        // the first part may be a space itself
        let at = pair.char_indices().skip(1).find(|(_, c)| *c == ' ').map(|(at, _)| at);
        let at = at.context("a merge without a space")?;
        Ok((pair[..at].to_owned(), pair[at + 1..].to_owned()))
    };
    let merges = list("tokenizer.ggml.merges")?.iter().map(pair);
    vocabulary.merges = merges.collect::<Result<_>>()?;
    let words = words(content, is_gpt2, &vocabulary)?;
    vocabulary.begin = begin.filter(|_| begins.unwrap_or(words.begins));
    vocabulary.byte_level(words)
}

/// The rule by which text is split into words.
fn words(content: &Content, is_gpt2: bool, vocabulary: &Vocabulary) -> Result<Words> {
    let name = content.text("tokenizer.ggml.pre").filter(|name| *name != "default");
    let begin = vocabulary.tokens.get(128_000).map(|(token, _)| &**token);
    // Llama 3's, if it was converted from a checkpoint without its post-processor, or before rules had names
    let is_llama3 = begin == Some("<|begin_of_text|>");
    let name = match name {
        None if is_gpt2 => "gpt-2",
        None | Some("smaug-bpe") if is_llama3 => "llama-bpe",
        Some(name) => name,
        None => bail!(
            "`tokenizer.ggml.pre` doesn't name the rule by which text is split into words; convert the model again, or \
             take it as a folder with tokenizer.json"
        ),
    };
    match Words::named(name) {
        Some(words) => Ok(words),
        // what GPT-2's networks were converted with differs in names only
        None if is_gpt2 => Ok(Words::GPT2),
        None => bail!(
            "text is split into words by the rule `{name}` (`tokenizer.ggml.pre`), which is not known here; known are \
             {}: take the model as a folder with tokenizer.json",
            Words::known()
        ),
    }
}
