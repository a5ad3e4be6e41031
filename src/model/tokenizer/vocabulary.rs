//! Makes tokenizers from the vocabulary of a GGUF file.

use super::{
    Tokenizer,
    spelling::{Lead, Spelling},
    words::Words,
};
use anyhow::{Context, Result, anyhow, ensure};
use std::collections::HashMap;
use tokenizers::{
    AddedToken, DecoderWrapper, NormalizerWrapper, PreTokenizerWrapper,
    models::bpe::{BPE, Vocab},
    normalizers::Replace,
    tokenizer::Tokenizer as Inner,
};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A piece of text.
    Text,
    /// It stands for text that the vocabulary can't spell.
    Unknown,
    /// It marks the beginning or the end of something and is no text.
    Control,
    /// It is looked for in a text before the text is split.
    Added,
    /// Nothing.
    Unused,
}

/// A vocabulary, as a GGUF file stores it.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// The tokens with their roles; their numbers are their ids.
    pub tokens: Vec<(String, Role)>,
    /// The merges in order; SentencePiece's has none.
    pub merges: Vec<(String, String)>,
    /// The scores of the tokens, for SentencePiece's.
    pub scores: Vec<f32>,
    /// The token that texts begin with, if any.
    pub begin: Option<u32>,
    /// Whether SentencePiece's puts a space before a text.
    pub leads: bool,
}

impl Vocabulary {
    fn ids(&self) -> HashMap<&str, u32> {
        let used = self.tokens.iter().enumerate().filter(|(_, (_, role))| *role != Role::Unused);
        used.map(|(id, (token, _))| (&**token, id as u32)).collect()
    }

    fn finish(&self, mut inner: Inner, spelling: Spelling, lead: Lead) -> Result<Tokenizer> {
        for (token, role) in &self.tokens {
            let special = matches!(role, Role::Control | Role::Unknown);
            if special || *role == Role::Added {
                let token = AddedToken::from(token.clone(), special).normalized(false);
                inner.add_tokens([token]).map_err(|e| anyhow!("{e}"))?;
            }
        }
        let mut tokenizer = Tokenizer::new(inner, spelling, lead)?;
        let begin = self.begin.map(|id| {
            let token =
                self.tokens.get(id as usize).context("texts begin with an unknown token")?;
            Ok::<_, anyhow::Error>(&*token.0)
        });
        tokenizer.begin_with(begin.transpose()?)?;
        Ok(tokenizer)
    }

    /// A byte-level BPE with this rule for words.
    ///
    /// # Errors
    /// When a merge refers to a token that is not in the vocabulary.
    pub fn byte_level(self, words: Words) -> Result<Tokenizer> {
        let ids = self.ids().into_iter().map(|(token, id)| (token.to_owned(), id));
        let bpe = BPE::builder()
            .vocab_and_merges(ids.collect::<Vocab>(), self.merges.clone())
            .ignore_merges(words.ignores_merges)
            .build()
            .map_err(|e| anyhow!("{e}"))?;
        let mut inner = Inner::new(bpe);
        let split: PreTokenizerWrapper = serde_json::from_value(words.pre_tokenizer())?;
        inner.with_pre_tokenizer(Some(split));
        let decoder = serde_json::from_value(Words::GPT2.pre_tokenizer())?;
        inner.with_decoder(Some::<DecoderWrapper>(decoder));
        self.finish(inner, Spelling::ByteLevel, Lead::Nothing)
    }

    /// SentencePiece's BPE: the two neighbors whose joined piece has the highest score are merged first.
    ///
    /// # Errors
    /// When scores are missing.
    pub fn sentencepiece(self) -> Result<Tokenizer> {
        let ids = self.ids();
        ensure!(
            self.scores.len() == self.tokens.len(),
            "{} tokens have {} scores (`tokenizer.ggml.scores`)",
            self.tokens.len(),
            self.scores.len()
        );
        let mut merges = Vec::new();
        for (token, role) in &self.tokens {
            if *role != Role::Text {
                continue;
            }
            let mut splits: Vec<_> = token
                .char_indices()
                .skip(1)
                .map(|(at, _)| token.split_at(at))
                .filter_map(|(a, b)| Some((*ids.get(a)?, *ids.get(b)?, a, b)))
                .collect();
            splits.sort_unstable();
            let score = ids.get(&**token).and_then(|id| self.scores.get(*id as usize));
            let score = *score.context("a token without a score")?;
            merges.extend(splits.into_iter().map(|(.., a, b)| (score, a.to_owned(), b.to_owned())));
        }
        merges.sort_by(|a, b| b.0.total_cmp(&a.0));
        let merges = merges.into_iter().map(|(_, a, b)| (a, b)).collect();
        let unknown = self.tokens.iter().find(|(_, role)| *role == Role::Unknown);
        let bytes = ids.contains_key("<0x0A>");
        let vocab = ids.into_iter().map(|(token, id)| (token.to_owned(), id)).collect::<Vocab>();
        let mut builder = BPE::builder().vocab_and_merges(vocab, merges).byte_fallback(bytes);
        if let Some((token, _)) = unknown {
            builder = builder.unk_token(token.clone()).fuse_unk(true);
        }
        let mut inner = Inner::new(builder.build().map_err(|e| anyhow!("{e}"))?);
        let spaces = Replace::new(" ", "\u{2581}").map_err(|e| anyhow!("{e}"))?;
        inner
            .with_normalizer(Some(NormalizerWrapper::Replace(spaces)))
            .map_err(|e| anyhow!("{e}"))?;
        let decoder = serde_json::json!({"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "\u{2581}"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"}]});
        inner.with_decoder(Some::<DecoderWrapper>(serde_json::from_value(decoder)?));
        let lead = if self.leads { Lead::Space } else { Lead::Nothing };
        self.finish(inner, Spelling::Marked { space: '\u{2581}', bytes }, lead)
    }
}
