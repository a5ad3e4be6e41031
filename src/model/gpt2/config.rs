//! GPT-2's configuration: `config.json` with its field names, and the table of tensors.

use super::Gpt2;
use crate::model::{
    Precision,
    network::{Architecture, Dims, Family, Metadata, Network, Number},
    ops::Activation,
    tensors::{Kind, Spec, Tensors},
};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// GPT-2's entry in the list of families.
pub const FAMILY: Family = Family {
    name: "gpt2",
    from_json: |value| Ok(Box::new(Config::from_json(value)?)),
    from_gguf: |metadata| Ok(Box::new(Config::from_gguf(metadata)?)),
};

/// The contents of a GPT-2's `config.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Must be `gpt2`.
    #[serde(default = "gpt2")]
    pub model_type: String,
    /// The number of tokens in the vocabulary.
    pub vocab_size: usize,
    /// The length of the context in tokens.
    #[serde(alias = "n_ctx")]
    pub n_positions: usize,
    /// Width of the residual stream.
    pub n_embd: usize,
    /// The number of blocks (layers).
    pub n_layer: usize,
    /// Attention heads per block.
    pub n_head: usize,
    /// Width of the feed-forward layer; 4 `n_embd` if absent.
    #[serde(default)]
    pub n_inner: Option<usize>,
    /// The activation function: a name of `transformers`; see [`Config::activation`].
    #[serde(default = "gelu_new")]
    pub activation_function: String,
    /// Epsilon of layer normalization, added to the variance.
    #[serde(default = "epsilon")]
    pub layer_norm_epsilon: f64,
    /// Whether attention scores are divided by the square root of a head's width.
    #[serde(default = "yes")]
    pub scale_attn_weights: bool,
    /// Whether attention scores are also divided by the layer's number, counted from 1.
    #[serde(default)]
    pub scale_attn_by_inverse_layer_idx: bool,
    /// A setting for training in f16. Attention scores are always f32 here, so it has no effect.
    #[serde(default)]
    pub reorder_and_upcast_attn: bool,
    /// Cross-attention; must be false.
    #[serde(default)]
    pub add_cross_attention: bool,
    /// Whether the head is the transposed embedding (weight tying).
    #[serde(default = "yes")]
    pub tie_word_embeddings: bool,
    /// The token that ends a text; the first one if the file lists several.
    #[serde(default, deserialize_with = "first_token")]
    pub eos_token_id: Option<u32>,
}

/// A token's id, or the first of a list of them.
fn first_token<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let value = Value::deserialize(from)?;
    let first = value.as_array().map_or(&value, |list| list.first().unwrap_or(&Value::Null));
    let id = first.as_u64().and_then(|id| u32::try_from(id).ok());
    match id {
        None if !first.is_null() => Err(serde::de::Error::custom(
            "`eos_token_id` must be the id of a token, or a list of them",
        )),
        id => Ok(id),
    }
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
    /// Parse `config.json`. `n_positions` takes precedence over `n_ctx`.
    ///
    /// # Errors
    /// When it is malformed, or has a setting that this network doesn't support.
    pub fn parse(json: &[u8]) -> Result<Self> {
        Self::from_json(&serde_json::from_slice(json)?)
    }

    fn from_json(value: &Value) -> Result<Self> {
        let mut value = value.clone();
        if let Some(map) = value.as_object_mut()
            && map.contains_key("n_positions")
        {
            map.remove("n_ctx");
        }
        let config: Self = serde_json::from_value(value)?;
        config.check()?;
        Ok(config)
    }

    fn from_gguf(metadata: &dyn Metadata) -> Result<Self> {
        let embedding = metadata.shape("token_embd.weight");
        let embedding = embedding.context("`token_embd.weight` is missing")?;
        // The converter always writes 4 `n_embd` as the feed-forward width, so the tensor's shape is used instead.
        let up = metadata.shape("blk.0.ffn_up.weight");
        Self::from_json(&json!({
            "vocab_size": embedding.first().copied().unwrap_or(0),
            "n_positions": metadata.count("gpt2.context_length")?,
            "n_embd": metadata.count("gpt2.embedding_length")?,
            "n_layer": metadata.count("gpt2.block_count")?,
            "n_head": metadata.count("gpt2.attention.head_count")?,
            "n_inner": up.and_then(|shape| shape.first().copied()),
            "layer_norm_epsilon": metadata
                .float("gpt2.attention.layer_norm_epsilon")
                .unwrap_or(1e-5),
            "tie_word_embeddings": metadata.shape("output.weight").is_none(),
            "eos_token_id": metadata.count("tokenizer.ggml.eos_token_id").ok(),
        }))
    }

    /// One layer with the published vocabulary and context, and heads of 64; the width must be a multiple of 64.
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

    /// The activation function of the feed-forward layer.
    ///
    /// # Errors
    /// When it is not known here.
    pub fn activation(&self) -> Result<Activation> {
        Activation::named(&self.activation_function).with_context(|| {
            format!(
                "`activation_function` is `{}`, which is not known here; GPT-2's is `gelu_new`",
                self.activation_function
            )
        })
    }

    /// The width of the feed-forward layer.
    pub fn inner(&self) -> usize {
        self.n_inner.unwrap_or(4 * self.n_embd)
    }

    /// The published name of the matrix (v, c) that computes logits.
    pub fn head(&self) -> &'static str {
        if self.tie_word_embeddings { "wte.weight" } else { "lm_head.weight" }
    }

    /// The factor of the attention scores in a layer, counted from 0.
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

    fn check(&self) -> Result<()> {
        for (name, value, most) in [
            ("vocab_size", self.vocab_size, 1 << 22),
            ("n_positions", self.n_positions, 1 << 20),
            ("n_embd", self.n_embd, 1 << 16),
            ("n_layer", self.n_layer, 1 << 10),
            ("n_head", self.n_head, 1 << 12),
            ("n_inner", self.inner(), 1 << 20),
        ] {
            ensure!(
                (1..=most).contains(&value),
                "`{name}` is {value}; it must be between 1 and {most}"
            );
        }
        ensure!(
            self.n_embd.is_multiple_of(self.n_head),
            "`n_embd` {} does not divide by `n_head` {}",
            self.n_embd,
            self.n_head
        );
        self.activation()?;
        ensure!(!self.add_cross_attention, "`add_cross_attention` is no part of a language model");
        ensure!(self.layer_norm_epsilon > 0.0, "`layer_norm_epsilon` must be above 0");
        Ok(())
    }
}

impl Architecture for Config {
    fn family(&self) -> &'static str {
        FAMILY.name
    }

    fn dims(&self) -> Dims {
        Dims {
            vocabulary: self.vocab_size,
            context: self.n_positions,
            width: self.n_embd,
            layers: self.n_layer,
            heads: self.n_head,
            kv_heads: self.n_head,
            head_width: self.n_embd / self.n_head,
            inner: self.inner(),
        }
    }

    fn tensors(&self) -> Vec<Spec> {
        let (c, v, inner) = (self.n_embd, self.vocab_size, self.inner());
        let spec = |name: String, gguf: String, shape: &[usize], kind| {
            let in_out = matches!(kind, Kind::Matrix | Kind::Projection);
            Spec { name, gguf, shape: shape.to_vec(), kind, in_out, paired_heads: 0 }
        };
        let mut all = vec![
            spec("wte.weight".into(), "token_embd.weight".into(), &[v, c], Kind::Embedding),
            spec(
                "wpe.weight".into(),
                "position_embd.weight".into(),
                &[self.n_positions, c],
                Kind::Positions,
            ),
        ];
        let mut pair = |name: &str, gguf: &str, shape: &[usize], kind| {
            let out = &shape[shape.len() - 1..];
            all.push(spec(format!("{name}.weight"), format!("{gguf}.weight"), shape, kind));
            all.push(spec(format!("{name}.bias"), format!("{gguf}.bias"), out, Kind::Bias));
        };
        for i in 0..self.n_layer {
            for (name, gguf, shape, kind) in [
                ("ln_1", "attn_norm", &[c][..], Kind::Gain),
                ("ln_2", "ffn_norm", &[c], Kind::Gain),
                ("attn.c_attn", "attn_qkv", &[c, 3 * c], Kind::Matrix),
                ("attn.c_proj", "attn_output", &[c, c], Kind::Projection),
                ("mlp.c_fc", "ffn_up", &[c, inner], Kind::Matrix),
                ("mlp.c_proj", "ffn_down", &[inner, c], Kind::Projection),
            ] {
                pair(&format!("h.{i}.{name}"), &format!("blk.{i}.{gguf}"), shape, kind);
            }
        }
        pair("ln_f", "output_norm", &[c], Kind::Gain);
        if !self.tie_word_embeddings {
            all.push(spec("lm_head.weight".into(), "output.weight".into(), &[v, c], Kind::Head));
        }
        all
    }

    fn load(&self, precision: Precision, from: &mut dyn Tensors) -> Result<Box<dyn Network>> {
        Ok(Box::new(Gpt2::load(self.clone(), precision, from)?))
    }

    fn end(&self) -> Option<u32> {
        self.eos_token_id
    }

    fn tie_head(&mut self) {
        self.tie_word_embeddings = true;
    }

    fn to_json(&self) -> Value {
        let mut json = json!(self);
        // The older name, which llama.cpp's converter uses.
        json["n_ctx"] = json!(self.n_positions);
        json["architectures"] = json!(["GPT2LMHeadModel"]);
        json["bos_token_id"] = json!(self.eos_token_id);
        json["dtype"] = json!("float32");
        json
    }

    fn to_gguf(&self) -> Vec<(String, Number)> {
        let numbers = [
            ("gpt2.context_length", Number::Count(self.n_positions)),
            ("gpt2.embedding_length", Number::Count(self.n_embd)),
            ("gpt2.block_count", Number::Count(self.n_layer)),
            ("gpt2.feed_forward_length", Number::Count(self.inner())),
            ("gpt2.attention.head_count", Number::Count(self.n_head)),
            ("gpt2.attention.layer_norm_epsilon", Number::Float(self.layer_norm_epsilon)),
        ];
        numbers.into_iter().map(|(key, number)| (key.to_owned(), number)).collect()
    }

    fn fits_gguf(&self) -> Result<()> {
        ensure!(
            self.scale_attn_weights && !self.scale_attn_by_inverse_layer_idx,
            "GGUF has no key for this model's attention scaling; --to hf can hold it"
        );
        ensure!(
            self.activation()? == Activation::TanhGelu,
            "GGUF has no key for this model's activation function, `{}`; --to hf can hold it",
            self.activation_function
        );
        Ok(())
    }

    fn boxed(&self) -> Box<dyn Architecture> {
        Box::new(self.clone())
    }
}
