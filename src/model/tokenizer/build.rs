//! Makes tokenizers: from the files of GPT-2's first releases, from parts, and by learning one from a text.

use super::{
    END, Spelling, Tokenizer, Words,
    spelling::{Lead, in_byte_alphabet},
};
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};
use tokenizers::{
    AddedToken, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer, Trainer,
    models::bpe::{BPE, BpeTrainer, Vocab},
    pre_tokenizers::byte_level::ByteLevel,
    tokenizer::Tokenizer as Inner,
};

/// The parts of a byte-level BPE tokenizer, as files store them.
pub struct Parts {
    /// The tokens by id, spelled in GPT-2's byte alphabet.
    pub tokens: HashMap<u32, String>,
    /// The merges in order, each as "a b".
    pub merges: Vec<String>,
    /// The special tokens, which stand for no text.
    pub special: Vec<String>,
    /// The name of the rule that splits a text into words, in GGUF files.
    pub words: &'static str,
}

/// A token that was added to a vocabulary, or that is special in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Its text.
    pub text: String,
    /// Its id; `None` for the one that it has in the vocabulary.
    pub id: Option<u32>,
    /// Whether it stands for no text.
    pub is_special: bool,
}

impl Tokenizer {
    /// Read `vocab.json` (or `encoder.json`) and `merges.txt` (or `vocab.bpe`), and add tokens to them. A token without an id
    /// that is not in the vocabulary is left out.
    ///
    /// # Errors
    /// When a file is missing or malformed; the error names it.
    pub fn from_files(vocab: &Path, merges: &Path, added: &[Added]) -> Result<Self> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))
        };
        let mut ids: HashMap<String, u32> =
            serde_json::from_str(&read(vocab)?).with_context(|| format!("{}", vocab.display()))?;
        let text = read(merges)?;
        let pairs = text
            .lines()
            .filter(|line| !line.starts_with("#version") && !line.is_empty())
            .map(|line| {
                let (a, b) = line.split_once(' ').with_context(|| {
                    format!("{}: `{line}` is not two parts with a space between", merges.display())
                })?;
                Ok((a.to_string(), b.to_string()))
            })
            .collect::<Result<Vec<_>>>()?;
        for Added { text, id, .. } in added {
            if let (Some(id), false) = (id, ids.contains_key(text)) {
                ids.insert(text.clone(), *id);
            }
        }
        let known = |text: &str| ids.contains_key(text);
        let end = known(END).then(|| AddedToken::from(END, true));
        let more = added.iter().filter(|token| known(&token.text) && token.text != END);
        let more = more.map(|token| AddedToken::from(token.text.clone(), token.is_special));
        let added: Vec<_> = end.into_iter().chain(more).collect();
        Self::of_parts(ids, pairs, added).with_context(|| format!("{}", merges.display()))
    }

    /// Learn a vocabulary of at most `size` tokens from a text by byte-pair encoding (Sennrich et al. 2016). It
    /// contains all bytes and the end-of-text token.
    ///
    /// # Errors
    /// When the library fails.
    pub fn learn(text: &str, size: usize) -> Result<Self> {
        let mut trainer = BpeTrainer::builder()
            .show_progress(false)
            .vocab_size(size)
            .min_frequency(2)
            .special_tokens(vec![AddedToken::from(END, true)])
            .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
            .build();
        let bytes = ByteLevel::new(false, true, true);
        let words = |text: &str| {
            let mut text = PreTokenizedString::from(text);
            bytes.pre_tokenize(&mut text)?;
            let splits = text.get_splits(OffsetReferential::Original, OffsetType::Byte);
            Ok(splits.into_iter().map(|(word, ..)| word.to_owned()).collect())
        };
        let documents = text.split(END).flat_map(|document| document.split_inclusive('\n'));
        trainer.feed(documents, words).map_err(|e| anyhow!("{e}"))?;
        let mut bpe = BPE::default();
        trainer.train(&mut bpe).map_err(|e| anyhow!("{e}"))?;
        let mut inner = Inner::new(bpe);
        inner.with_pre_tokenizer(Some(bytes));
        inner.with_decoder(Some(bytes));
        let end = AddedToken::from(END, true);
        inner.add_special_tokens([end]).map_err(|e| anyhow!("{e}"))?;
        Self::new(inner, Spelling::ByteLevel, Lead::Nothing)
    }

    /// Build a tokenizer from tokens with their ids, merges in order, and special tokens.
    ///
    /// # Errors
    /// When a merge refers to a token that is not in the vocabulary.
    pub fn from_parts(
        tokens: HashMap<String, u32>,
        merges: Vec<(String, String)>,
        special: Vec<String>,
    ) -> Result<Self> {
        let special = special.into_iter().map(|token| AddedToken::from(token, true));
        Self::of_parts(tokens, merges, special.collect())
    }

    /// A tokenizer whose tokens are single characters. Other characters of a text are left out.
    ///
    /// # Errors
    /// When two characters have one id.
    pub fn of_characters(ids: &BTreeMap<char, u32>) -> Result<Self> {
        if ids.keys().all(char::is_ascii) {
            let in_bytes =
                ids.iter().map(|(character, id)| (in_byte_alphabet(*character as u8), *id));
            return Self::from_parts(in_bytes.collect(), Vec::new(), Vec::new());
        }
        // A character outside ASCII has several bytes, so the tokens are text, in which a mark stands for the space.
        let mark = "\u{2581}";
        let named = ids.iter().filter(|(character, _)| mark != character.to_string());
        let vocab: HashMap<String, u32> =
            named.map(|(character, id)| (character.to_string().replace(' ', mark), *id)).collect();
        let json = json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
            "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": mark},
            "pre_tokenizer": null, "post_processor": null,
            "decoder": {"type": "Sequence", "decoders": [
                {"type": "Replace", "pattern": {"String": mark}, "content": " "}, {"type": "Fuse"}]},
            "model": {"type": "BPE", "vocab": vocab, "merges": []},
        });
        Self::from_json(json.to_string().as_bytes())
    }

    fn of_parts(
        tokens: HashMap<String, u32>,
        merges: Vec<(String, String)>,
        added: Vec<AddedToken>,
    ) -> Result<Self> {
        let bpe = BPE::builder()
            .vocab_and_merges(tokens.into_iter().collect::<Vocab>(), merges)
            .build()
            .map_err(|e| anyhow!("{e}"))?;
        let mut inner = Inner::new(bpe);
        inner.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
        inner.with_decoder(Some(ByteLevel::new(false, true, true)));
        let (special, plain): (Vec<_>, Vec<_>) = added.into_iter().partition(|token| token.special);
        inner.add_special_tokens(special).map_err(|e| anyhow!("{e}"))?;
        inner.add_tokens(plain).map_err(|e| anyhow!("{e}"))?;
        Self::new(inner, Spelling::ByteLevel, Lead::Nothing)
    }

    /// The parts that it is made of.
    ///
    /// # Errors
    /// When it is not a byte-level BPE.
    pub fn parts(&self) -> Result<Parts> {
        ensure!(
            self.is_byte_level(),
            "its tokenizer is not a byte-level BPE, the only kind that is written here"
        );
        let tokens = self.inner.get_vocab(true).into_iter().map(|(t, id)| (id, t)).collect();
        let json: serde_json::Value = serde_json::from_str(&self.to_json()?)?;
        let merges = json["model"]["merges"].as_array().context("the tokenizer is no BPE")?;
        let merges = merges
            .iter()
            .map(|merge| match merge {
                serde_json::Value::String(pair) => pair.clone(),
                pair => {
                    let part = |i: usize| pair[i].as_str().unwrap_or_default();
                    format!("{} {}", part(0), part(1))
                }
            })
            .collect();
        let added = self.inner.get_added_tokens_decoder();
        let special = added.into_values().map(|t| t.content).collect();
        let ignores_merges = json["model"]["ignore_merges"] == true;
        let words = Words::of(&json["pre_tokenizer"], ignores_merges).context(
            "its tokenizer splits text into words by a rule that has no name in GGUF files, so it can't be written to one",
        )?;
        Ok(Parts { tokens, merges, special, words: words.names[0] })
    }
}
