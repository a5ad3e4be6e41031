//! What the metadata of a GGUF file say about a network of the Llama family.

use super::{Config, Member, Scaling};
use crate::model::network::{Dims, ELSEWHERE, Metadata};
use anyhow::{Context, Result, bail, ensure};

impl Config {
    /// Parse the metadata of a GGUF file.
    ///
    /// # Errors
    /// When a value is missing or out of range, or a setting is not supported.
    pub(super) fn from_gguf(member: Member, metadata: &dyn Metadata) -> Result<Self> {
        let name = member.gguf();
        let key = |key: &str| format!("{name}.{key}");
        let needed = |k: &str| metadata.count(&key(k));
        let count = |k: &str| metadata.count(&key(k)).ok();
        let has = |tensor: &str| metadata.shape(tensor).is_some();
        let embedding = metadata.shape("token_embd.weight");
        let embedding = embedding.context("`token_embd.weight` is missing")?;
        let experts = count("expert_count").unwrap_or(0);
        ensure!(
            experts == 0,
            "it is a mixture of {experts} experts, which is not computed here; {ELSEWHERE}"
        );
        ensure!(
            !has("blk.0.attn_qkv.weight"),
            "`blk.0.attn_qkv.weight`: queries, keys and values are in one tensor; convert the model again without fusing \
             them"
        );
        let (width, heads) = (needed("embedding_length")?, needed("attention.head_count")?);
        let head_width = count("attention.key_length").unwrap_or(width / heads.max(1));
        for other in ["attention.value_length", "rope.dimension_count"] {
            let found = count(other).unwrap_or(head_width);
            ensure!(
                found == head_width,
                "`{}` is {found}, but its heads are {head_width} wide; only equal widths are known here",
                key(other)
            );
        }
        let context = needed("context_length")?;
        let float = |k: &str| metadata.float(&key(k)).map(f64::from);
        let factor =
            float("rope.scaling.factor").or(float("rope.scale_linear")).filter(|f| *f > 0.0);
        let kind = metadata.text(&key("rope.scaling.type")).unwrap_or("linear");
        let scaling = match (kind, factor.unwrap_or(1.0)) {
            _ if has("rope_freqs.weight") => Scaling::Tensor,
            ("none", _) | ("linear", 1.0) => Scaling::None,
            ("linear", factor) => Scaling::Linear { factor },
            ("yarn", factor) => Scaling::Yarn {
                factor,
                original: count("rope.scaling.original_context_length").unwrap_or(context) as f64,
                fast: 32.0,
                slow: 1.0,
                attention: None,
            },
            (other, _) => {
                bail!(
                    "`{}` is `{other}`; none, linear and yarn are known here; {ELSEWHERE}",
                    key("rope.scaling.type")
                )
            }
        };
        let epsilon = float("attention.layer_norm_rms_epsilon");
        let token = |key: &str| metadata.count(key).ok().map(|id| id as u32);
        let ends = ["eos", "eot", "eom"].map(|end| format!("tokenizer.ggml.{end}_token_id"));
        let config = Self {
            member,
            dims: Dims {
                vocabulary: embedding.first().copied().unwrap_or(0),
                context,
                width,
                layers: needed("block_count")?,
                heads,
                kv_heads: count("attention.head_count_kv").unwrap_or(heads),
                head_width,
                inner: needed("feed_forward_length")?,
            },
            epsilon: epsilon.with_context(|| {
                format!("`{}` is missing", key("attention.layer_norm_rms_epsilon"))
            })?,
            theta: float("rope.freq_base").unwrap_or(1e4),
            scaling,
            biases: has("blk.0.attn_q.bias"),
            output_bias: has("blk.0.attn_output.bias"),
            tied: !has("output.weight"),
            begin: token("tokenizer.ggml.bos_token_id"),
            ends: ends.iter().filter_map(|key| token(key)).collect(),
        };
        config.check()?;
        Ok(config)
    }
}
