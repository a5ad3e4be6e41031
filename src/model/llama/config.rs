//! The configurations of the Llama family: what `config.json` and the metadata of GGUF files say, and the table of
//! tensors. Llama, Mistral, Qwen2 and Qwen3 differ in biases, in a normalization of heads, and in how GGUF files order
//! the rows of queries and keys.

use super::{Llama, rope::Scaling};
use crate::model::{
    Precision,
    network::{Architecture, Dims, ELSEWHERE, Family, Network, Number},
    tensors::{Spec, Tensors},
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// The widest heads that are computed here.
const WIDEST: usize = 512;

/// The members of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// Llama 1 to 3.2, SmolLM2, TinyLlama and others.
    Llama,
    /// Mistral; in GGUF files it is `llama`.
    Mistral,
    /// Qwen2 and Qwen2.5, with biases of queries, keys and values.
    Qwen2,
    /// Qwen3, with a normalization of each query and key.
    Qwen3,
}

impl Member {
    const fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Mistral => "mistral",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Llama => "LlamaForCausalLM",
            Self::Mistral => "MistralForCausalLM",
            Self::Qwen2 => "Qwen2ForCausalLM",
            Self::Qwen3 => "Qwen3ForCausalLM",
        }
    }

    /// `general.architecture` in GGUF files.
    pub(super) const fn gguf(self) -> &'static str {
        match self {
            Self::Mistral => "llama",
            other => other.name(),
        }
    }
}

/// The family's entries in the list of families.
pub const FAMILIES: [Family; 4] = {
    macro_rules! entry {
        ($member:ident) => {
            Family {
                name: Member::$member.name(),
                from_json: |value| Ok(Box::new(Config::from_json(Member::$member, value)?)),
                from_gguf: |metadata| Ok(Box::new(Config::from_gguf(Member::$member, metadata)?)),
            }
        };
    }
    [entry!(Llama), entry!(Mistral), entry!(Qwen2), entry!(Qwen3)]
};

/// The configuration of a network of the Llama family.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Which member of the family it is.
    pub member: Member,
    /// The sizes.
    pub dims: Dims,
    /// Epsilon of the normalizations.
    pub epsilon: f64,
    /// The base of the rotary frequencies.
    pub theta: f64,
    /// How they are scaled.
    pub scaling: Scaling,
    /// Whether queries, keys and values have biases.
    pub biases: bool,
    /// Whether the output of attention has a bias.
    pub output_bias: bool,
    /// Whether the head is the embedding (weight tying).
    pub tied: bool,
    /// The token that begins a text.
    pub begin: Option<u32>,
    /// The tokens that end a text.
    pub ends: Vec<u32>,
}

impl Config {
    /// Parse the `config.json` of a member of the family.
    ///
    /// # Errors
    /// When a value is missing or out of range, or a setting is not supported.
    pub fn from_json(member: Member, value: &Value) -> Result<Self> {
        let count = |key: &str| value[key].as_u64().map(|n| n as usize);
        let needed = |key: &str| count(key).with_context(|| format!("`{key}` is missing"));
        let is = |key: &str| value[key].as_bool().unwrap_or(false);
        let (width, heads) = (needed("hidden_size")?, needed("num_attention_heads")?);
        let by_width = width / heads.max(1);
        let head_width = count("head_dim").unwrap_or(match member {
            Member::Qwen3 => 128,
            _ => by_width,
        });
        let mut context = needed("max_position_embeddings")?;
        // Within one window, sliding attention is the same as full attention.
        let slides = member == Member::Mistral || is("use_sliding_window");
        if let Some(window) = count("sliding_window").filter(|_| slides) {
            context = context.min(window);
        }
        let rope = match &value["rope_parameters"] {
            Value::Null => &value["rope_scaling"],
            newer => newer,
        };
        let theta = rope["rope_theta"].as_f64().or(value["rope_theta"].as_f64());
        let theta = theta.or(matches!(member, Member::Llama | Member::Mistral).then_some(1e4));
        for (key, plain) in [("hidden_act", "silu"), ("model_type", member.name())] {
            let found = value[key].as_str().unwrap_or(plain);
            ensure!(
                found == plain,
                "`{key}` is `{found}`; only `{plain}` is known here; {ELSEWHERE}"
            );
        }
        for key in ["mlp_bias", "rope_interleaved"] {
            ensure!(!is(key), "`{key}` is true, which is not computed here; {ELSEWHERE}");
        }
        let partly = value["partial_rotary_factor"].as_f64().unwrap_or(1.0);
        ensure!(
            partly == 1.0,
            "`partial_rotary_factor` is {partly}; only 1 is known here; {ELSEWHERE}"
        );
        let ends = match &value["eos_token_id"] {
            Value::Array(list) => list.iter().filter_map(Value::as_u64).collect(),
            one => one.as_u64().into_iter().collect::<Vec<_>>(),
        };
        let attention_bias = is("attention_bias");
        let config = Self {
            member,
            dims: Dims {
                vocabulary: needed("vocab_size")?,
                context,
                width,
                layers: needed("num_hidden_layers")?,
                heads,
                kv_heads: count("num_key_value_heads").unwrap_or(heads),
                head_width,
                inner: needed("intermediate_size")?,
            },
            epsilon: value["rms_norm_eps"].as_f64().unwrap_or(1e-6),
            theta: theta.context("`rope_theta` is missing")?,
            scaling: Scaling::from_json(rope, context)?,
            biases: member == Member::Qwen2 || attention_bias,
            output_bias: attention_bias && member != Member::Qwen2,
            tied: is("tie_word_embeddings"),
            begin: value["bos_token_id"].as_u64().map(|id| id as u32),
            ends: ends.into_iter().map(|id| id as u32).collect(),
        };
        config.check()?;
        Ok(config)
    }

    pub(super) fn check(&self) -> Result<()> {
        let Dims { vocabulary, context, width, layers, heads, kv_heads, head_width, inner } =
            self.dims;
        for (name, value, most) in [
            ("the vocabulary", vocabulary, 1 << 22),
            ("the context", context, 1 << 24),
            ("the width", width, 1 << 16),
            ("the number of layers", layers, 1 << 10),
            ("the number of heads", heads, 1 << 12),
            ("the number of key and value heads", kv_heads, 1 << 12),
            ("the width of a head", head_width, 1 << 12),
            ("the width of the feed-forward layer", inner, 1 << 20),
        ] {
            ensure!(
                (1..=most).contains(&value),
                "{name} is {value}; it must be between 1 and {most}"
            );
        }
        ensure!(
            head_width.is_multiple_of(2) && head_width <= WIDEST,
            "its heads are {head_width} wide; heads of an even width up to {WIDEST} are computed here; {ELSEWHERE}"
        );
        ensure!(
            heads.is_multiple_of(kv_heads),
            "{heads} heads can't share {kv_heads} heads of keys and values evenly"
        );
        ensure!(
            self.epsilon > 0.0 && self.epsilon < 1.0,
            "the epsilon {} makes no sense",
            self.epsilon
        );
        ensure!(self.theta > 1.0, "the base of rope is {}; it must be above 1", self.theta);
        Ok(())
    }
}

impl Architecture for Config {
    fn family(&self) -> &'static str {
        self.member.name()
    }

    fn dims(&self) -> Dims {
        self.dims
    }

    fn tensors(&self) -> Vec<Spec> {
        self.table()
    }

    fn load(&self, precision: Precision, from: &mut dyn Tensors) -> Result<Box<dyn Network>> {
        Ok(Box::new(Llama::load(self.clone(), precision, from)?))
    }

    fn gguf_name(&self) -> &'static str {
        self.member.gguf()
    }

    fn end(&self) -> Option<u32> {
        self.ends.first().copied()
    }

    fn ends(&self) -> Vec<u32> {
        self.ends.clone()
    }

    fn tie_head(&mut self) {
        self.tied = true;
    }

    fn to_json(&self) -> Value {
        let Dims { vocabulary, context, width, layers, heads, kv_heads, head_width, inner } =
            self.dims;
        let mut json = json!({
            "architectures": [self.member.class()],
            "model_type": self.member.name(),
            "vocab_size": vocabulary,
            "max_position_embeddings": context,
            "hidden_size": width,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": kv_heads,
            "head_dim": head_width,
            "intermediate_size": inner,
            "hidden_act": "silu",
            "rms_norm_eps": self.epsilon,
            "rope_theta": self.theta,
            "rope_scaling": self.scaling.to_json(),
            "attention_bias": self.output_bias,
            "tie_word_embeddings": self.tied,
            "bos_token_id": self.begin,
            "dtype": "float32",
        });
        json["eos_token_id"] = match &self.ends[..] {
            [one] => json!(one),
            ends => json!(ends),
        };
        json
    }

    fn to_gguf(&self) -> Vec<(String, Number)> {
        let Dims { context, width, layers, heads, kv_heads, head_width, inner, .. } = self.dims;
        let mut numbers = vec![
            ("context_length", Number::Count(context)),
            ("embedding_length", Number::Count(width)),
            ("block_count", Number::Count(layers)),
            ("feed_forward_length", Number::Count(inner)),
            ("attention.head_count", Number::Count(heads)),
            ("attention.head_count_kv", Number::Count(kv_heads)),
            ("attention.key_length", Number::Count(head_width)),
            ("attention.value_length", Number::Count(head_width)),
            ("rope.dimension_count", Number::Count(head_width)),
            ("attention.layer_norm_rms_epsilon", Number::Float(self.epsilon)),
            ("rope.freq_base", Number::Float(self.theta)),
        ];
        if let Scaling::Linear { factor } = self.scaling {
            numbers.push(("rope.scaling.factor", Number::Float(factor)));
        }
        let name = self.member.gguf();
        numbers.into_iter().map(|(key, number)| (format!("{name}.{key}"), number)).collect()
    }

    fn fits_gguf(&self) -> Result<()> {
        ensure!(
            !matches!(self.scaling, Scaling::Llama3 { .. } | Scaling::Yarn { .. }),
            "the scaling of its rotary positions can't be written to GGUF here; --to hf can hold it"
        );
        Ok(())
    }

    fn fits_json(&self) -> Result<()> {
        ensure!(
            self.scaling != Scaling::Tensor,
            "the GGUF file has the scaling of its rotary positions as a tensor, which config.json can't hold; export the \
             original checkpoint instead"
        );
        Ok(())
    }

    fn boxed(&self) -> Box<dyn Architecture> {
        Box::new(self.clone())
    }
}
