//! `config.json`, in its own field names; what this network cannot do is refused by name.

use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};

/// The shape of a GPT-2, as published in `config.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Must be `gpt2`.
    #[serde(default = "gpt2")]
    pub model_type: String,
    /// Tokens in the vocabulary.
    pub vocab_size: usize,
    /// Tokens the model can see at once.
    #[serde(alias = "n_ctx")]
    pub n_positions: usize,
    /// Width of the residual stream.
    pub n_embd: usize,
    /// Blocks.
    pub n_layer: usize,
    /// Attention heads in a block.
    pub n_head: usize,
    /// Width of the feed-forward layer; 4 `n_embd` where absent.
    #[serde(default)]
    pub n_inner: Option<usize>,
    /// Only the tanh form of GELU is GPT-2's.
    #[serde(default = "gelu_new")]
    pub activation_function: String,
    /// Added to the variance in layer normalization.
    #[serde(default = "epsilon")]
    pub layer_norm_epsilon: f64,
    /// Whether scores are divided by the square root of a head's width.
    #[serde(default = "yes")]
    pub scale_attn_weights: bool,
    /// Whether scores are divided by the layer's number, from 1 on.
    #[serde(default)]
    pub scale_attn_by_inverse_layer_idx: bool,
    /// A numerical habit of training in f16. Scores are f32 here always, so it changes nothing.
    #[serde(default)]
    pub reorder_and_upcast_attn: bool,
    /// Cross-attention is no part of a language model.
    #[serde(default)]
    pub add_cross_attention: bool,
    /// Whether the head is the embedding, transposed.
    #[serde(default = "yes")]
    pub tie_word_embeddings: bool,
    /// The token that ends a text.
    #[serde(default)]
    pub eos_token_id: Option<u32>,
}

fn gpt2() -> String {
    "gpt2".into()
}
fn gelu_new() -> String {
    "gelu_new".into()
}
fn epsilon() -> f64 {
    1e-5
}
fn yes() -> bool {
    true
}

impl Config {
    /// Read `config.json`. `n_positions` wins over `n_ctx` where both stand.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let mut value: serde_json::Value = serde_json::from_slice(json)?;
        if let Some(map) = value.as_object_mut() {
            if let Some(kind) = map.get("model_type").and_then(|v| v.as_str())
                && kind != "gpt2"
            {
                bail!("it describes a `{kind}` model; only `gpt2` is read here");
            }
            if map.contains_key("n_positions") {
                map.remove("n_ctx");
            }
        }
        let config: Self = serde_json::from_value(value)?;
        config.check()?;
        Ok(config)
    }

    /// The published vocabulary and context, one head 64 wide after the other, one layer.
    pub fn gpt2(n_embd: usize) -> Self {
        Self {
            model_type: gpt2(),
            vocab_size: 50_257,
            n_positions: 1024,
            n_embd,
            n_layer: 1,
            n_head: n_embd / 64,
            n_inner: None,
            activation_function: gelu_new(),
            layer_norm_epsilon: epsilon(),
            scale_attn_weights: true,
            scale_attn_by_inverse_layer_idx: false,
            reorder_and_upcast_attn: false,
            add_cross_attention: false,
            tie_word_embeddings: true,
            eos_token_id: Some(50_256),
        }
    }

    /// A width of the feed-forward layer, given or published.
    pub fn inner(&self) -> usize {
        self.n_inner.unwrap_or(4 * self.n_embd)
    }

    /// The published name of the matrix (v, c) that makes logits.
    pub fn head(&self) -> &'static str {
        if self.tie_word_embeddings { "wte.weight" } else { "lm_head.weight" }
    }

    /// What attention scores of a layer (from 0) are multiplied with.
    pub fn attention_scale(&self, layer: usize) -> f32 {
        let mut scale = 1.0;
        if self.scale_attn_weights {
            scale /= ((self.n_embd / self.n_head) as f32).sqrt();
        }
        if self.scale_attn_by_inverse_layer_idx {
            scale /= (layer + 1) as f32;
        }
        scale
    }

    /// How many parameters a model of this shape has, the tied head counted once.
    pub fn parameters(&self) -> usize {
        let (c, i) = (self.n_embd, self.inner());
        let block = 4 * c + (3 * c * c + 3 * c) + (c * c + c) + (c * i + i) + (i * c + c);
        (self.vocab_size + self.n_positions) * c + self.n_layer * block + 2 * c
    }

    fn check(&self) -> Result<()> {
        for (name, value, most) in [
            ("vocab_size", self.vocab_size, 1 << 22),
            ("n_positions", self.n_positions, 1 << 20),
            ("n_embd", self.n_embd, 1 << 16),
            ("n_layer", self.n_layer, 1 << 10),
            ("n_head", self.n_head, 1 << 12),
            ("n_inner", self.inner(), 1 << 20),
        ] {
            ensure!((1..=most).contains(&value), "`{name}` is {value}, which no GPT-2 has");
        }
        ensure!(
            self.n_embd.is_multiple_of(self.n_head),
            "`n_embd` {} does not divide by `n_head` {}",
            self.n_embd,
            self.n_head
        );
        ensure!(
            matches!(self.activation_function.as_str(), "gelu_new" | "gelu_pytorch_tanh"),
            "`activation_function` is `{}`; GPT-2's `gelu_new` is the only one known here",
            self.activation_function
        );
        ensure!(!self.add_cross_attention, "`add_cross_attention` is no part of a language model");
        ensure!(self.layer_norm_epsilon > 0.0, "`layer_norm_epsilon` must be above 0");
        Ok(())
    }
}
