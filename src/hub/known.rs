//! Published models, as they are before anything is fetched.

/// A published model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// What people call it.
    pub name: &'static str,
    /// Whether the hub understands this name too.
    on_hub: bool,
    /// Its id on the hub.
    pub id: &'static str,
    /// How many parameters.
    pub parameters: usize,
    /// Bytes to fetch, about: its weights and its vocabulary.
    pub bytes: u64,
    /// What it may be used for.
    pub licence: &'static str,
}

/// All of them: GPT-2 in f32, then others in bf16, each from small to large.
pub const KNOWN: [Known; 10] = [
    Known {
        name: "distilgpt2",
        on_hub: true,
        id: "distilbert/distilgpt2",
        parameters: 81_912_576,
        bytes: 354_000_000,
        licence: "Apache-2.0",
    },
    Known {
        name: "gpt2",
        on_hub: true,
        id: "openai-community/gpt2",
        parameters: 124_439_808,
        bytes: 550_000_000,
        licence: "MIT",
    },
    Known {
        name: "gpt2-medium",
        on_hub: true,
        id: "openai-community/gpt2-medium",
        parameters: 354_823_168,
        bytes: 1_521_000_000,
        licence: "MIT",
    },
    Known {
        name: "gpt2-large",
        on_hub: true,
        id: "openai-community/gpt2-large",
        parameters: 774_030_080,
        bytes: 3_249_000_000,
        licence: "MIT",
    },
    Known {
        name: "gpt2-xl",
        on_hub: true,
        id: "openai-community/gpt2-xl",
        parameters: 1_557_611_200,
        bytes: 6_433_000_000,
        licence: "MIT",
    },
    Known {
        name: "smollm2-135m",
        on_hub: false,
        id: "HuggingFaceTB/SmolLM2-135M",
        parameters: 134_515_008,
        bytes: 272_000_000,
        licence: "Apache-2.0",
    },
    Known {
        name: "smollm2-360m",
        on_hub: false,
        id: "HuggingFaceTB/SmolLM2-360M",
        parameters: 361_821_120,
        bytes: 726_000_000,
        licence: "Apache-2.0",
    },
    Known {
        name: "qwen2.5-0.5b",
        on_hub: false,
        id: "Qwen/Qwen2.5-0.5B",
        parameters: 494_032_768,
        bytes: 996_000_000,
        licence: "Apache-2.0",
    },
    Known {
        name: "qwen3-0.6b",
        on_hub: false,
        id: "Qwen/Qwen3-0.6B-Base",
        parameters: 596_049_920,
        bytes: 1_204_000_000,
        licence: "Apache-2.0",
    },
    Known {
        name: "llama-3.2-1b",
        on_hub: false,
        id: "meta-llama/Llama-3.2-1B",
        parameters: 1_235_814_400,
        bytes: 2_481_000_000,
        licence: "Llama 3.2 Community License",
    },
];

/// The published model of this name, by either of its names.
pub fn known(name: &str) -> Option<Known> {
    KNOWN.into_iter().find(|known| known.name == name || known.id == name)
}

/// Whether this is a name of a published model that the hub understands.
pub(super) fn is_on_hub(name: &str) -> bool {
    KNOWN.iter().any(|known| known.id == name || known.on_hub && known.name == name)
}

/// All that a name may be called on the hub and in caches, itself first.
pub(super) fn names(name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    if let Some(known) = known(name) {
        if !known.on_hub {
            return vec![known.id.to_owned()];
        }
        names.extend([known.name, known.id].map(str::to_owned));
        names.dedup();
        let first = names.remove(0);
        names.retain(|other| *other != first);
        names.insert(0, first);
    }
    names
}

/// The published model that was probably meant.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let last = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let far = |known: &Known| strsim::damerau_levenshtein(&last, known.name);
    let nearest = KNOWN.iter().min_by_key(|known| far(known))?;
    (far(nearest) <= 2).then_some(nearest.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Architecture, gpt2::Config, parse_config};

    #[test]
    fn published_shapes_have_the_published_sizes() {
        for (name, width, layers) in [
            ("distilgpt2", 768, 6),
            ("gpt2", 768, 12),
            ("gpt2-medium", 1024, 24),
            ("gpt2-large", 1280, 36),
            ("gpt2-xl", 1600, 48),
        ] {
            let config = Config { n_layer: layers, ..Config::gpt2(width) };
            let known = known(name).expect("it is known");
            assert_eq!(known.parameters, config.parameters(), "{name}");
            let weights = 4 * known.parameters as u64;
            // the hub's files also hold the masks, and there is the vocabulary
            assert!((weights..weights * 6 / 5).contains(&known.bytes), "{name}");
        }
        for (name, member, vocabulary, width, layers, heads, head, inner) in [
            ("smollm2-135m", "llama", 49_152, 576, 30, (9, 3), 64, 1536),
            ("smollm2-360m", "llama", 49_152, 960, 32, (15, 5), 64, 2560),
            ("qwen2.5-0.5b", "qwen2", 151_936, 896, 24, (14, 2), 64, 4864),
            ("qwen3-0.6b", "qwen3", 151_936, 1024, 28, (16, 8), 128, 3072),
            ("llama-3.2-1b", "llama", 128_256, 2048, 16, (32, 8), 64, 8192),
        ] {
            let config = serde_json::json!({
                "model_type": member, "vocab_size": vocabulary, "hidden_size": width, "num_hidden_layers": layers,
                "num_attention_heads": heads.0, "num_key_value_heads": heads.1, "head_dim": head,
                "intermediate_size": inner, "max_position_embeddings": 8192, "rope_theta": 1e5,
                "tie_word_embeddings": true,
            });
            let config = parse_config(config.to_string().as_bytes()).expect("a configuration");
            let known = known(name).expect("it is known");
            assert_eq!(known.parameters, config.parameters(), "{name}");
            let weights = 2 * known.parameters as u64;
            assert!((weights..weights * 21 / 20).contains(&known.bytes), "{name}");
        }
    }

    #[test]
    fn a_model_is_known_by_its_short_and_its_long_name() {
        assert_eq!(names("gpt2"), ["gpt2", "openai-community/gpt2"]);
        assert_eq!(names("openai-community/gpt2"), ["openai-community/gpt2", "gpt2"]);
        assert_eq!(names("me/mine"), ["me/mine"]);
        assert_eq!(names("smollm2-135m"), ["HuggingFaceTB/SmolLM2-135M"]);
        assert_eq!(nearest("gtp2"), Some("gpt2"));
        assert_eq!(nearest("openai/gpt2-XL"), Some("gpt2-xl"));
        assert_eq!(nearest("llama-3-8b"), None);
    }
}
