//! The table of tensors of the Llama family.

use super::{Config, Member, Scaling};
use crate::model::{
    network::Dims,
    tensors::{Kind, Spec},
};

impl Config {
    /// Every tensor, in the order in which the network loads them.
    pub(super) fn table(&self) -> Vec<Spec> {
        let Dims { vocabulary: v, width: c, heads, kv_heads, head_width: d, inner, .. } = self.dims;
        let (q, kv) = (heads * d, kv_heads * d);
        // the converter of llama.cpp moves the rows of queries and keys of these members
        let moved = |heads| if self.member.gguf() == "llama" { heads } else { 0 };
        let spec = |name: String, gguf: String, shape: &[usize], kind, paired_heads| Spec {
            name,
            gguf,
            shape: shape.to_vec(),
            kind,
            in_out: false,
            paired_heads,
        };
        let plain =
            |name: String, gguf: String, shape: &[usize], kind| spec(name, gguf, shape, kind, 0);
        let mut all = vec![plain(
            "model.embed_tokens.weight".into(),
            "token_embd.weight".into(),
            &[v, c],
            Kind::Embedding,
        )];
        for i in 0..self.dims.layers {
            let name = |rest: &str| format!("model.layers.{i}.{rest}");
            let gguf = |rest: &str| format!("blk.{i}.{rest}");
            all.push(plain(
                name("input_layernorm.weight"),
                gguf("attn_norm.weight"),
                &[c],
                Kind::Gain,
            ));
            for (hf, ggml, rows, heads) in [
                ("self_attn.q_proj", "attn_q", q, moved(heads)),
                ("self_attn.k_proj", "attn_k", kv, moved(kv_heads)),
                ("self_attn.v_proj", "attn_v", kv, 0),
            ] {
                let part =
                    |end: &str| (name(&format!("{hf}.{end}")), gguf(&format!("{ggml}.{end}")));
                let (weight, in_gguf) = part("weight");
                all.push(spec(weight, in_gguf, &[rows, c], Kind::Matrix, heads));
                if self.biases {
                    let (bias, in_gguf) = part("bias");
                    all.push(spec(bias, in_gguf, &[rows], Kind::Bias, heads));
                }
            }
            if self.member == Member::Qwen3 {
                for part in ["q", "k"] {
                    let (hf, ggml) = (
                        format!("self_attn.{part}_norm.weight"),
                        format!("attn_{part}_norm.weight"),
                    );
                    all.push(plain(name(&hf), gguf(&ggml), &[d], Kind::Gain));
                }
            }
            all.push(plain(
                name("self_attn.o_proj.weight"),
                gguf("attn_output.weight"),
                &[c, q],
                Kind::Projection,
            ));
            if self.output_bias {
                all.push(plain(
                    name("self_attn.o_proj.bias"),
                    gguf("attn_output.bias"),
                    &[c],
                    Kind::Bias,
                ));
            }
            for (hf, ggml, shape, kind) in [
                ("post_attention_layernorm", "ffn_norm", &[c][..], Kind::Gain),
                ("mlp.gate_proj", "ffn_gate", &[inner, c], Kind::Matrix),
                ("mlp.up_proj", "ffn_up", &[inner, c], Kind::Matrix),
                ("mlp.down_proj", "ffn_down", &[c, inner], Kind::Projection),
            ] {
                all.push(plain(
                    name(&format!("{hf}.weight")),
                    gguf(&format!("{ggml}.weight")),
                    shape,
                    kind,
                ));
            }
        }
        all.push(plain("model.norm.weight".into(), "output_norm.weight".into(), &[c], Kind::Gain));
        if !self.tied {
            all.push(plain("lm_head.weight".into(), "output.weight".into(), &[v, c], Kind::Head));
        }
        if self.scaling == Scaling::Tensor {
            let name = "rope_freqs.weight";
            all.push(plain(name.into(), name.into(), &[d / 2], Kind::Gain));
        }
        all
    }
}
