//! The published GPT-2 models, as they are before anything is fetched.

/// A published model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// What people call it, and the hub still understands.
    pub name: &'static str,
    /// Its id on the hub.
    pub id: &'static str,
    /// How many parameters.
    pub parameters: usize,
    /// Bytes to fetch, about: its weights in f32 and its vocabulary.
    pub bytes: u64,
    /// What it may be used for.
    pub licence: &'static str,
}

/// All of them, from small to large.
pub const KNOWN: [Known; 5] = [
    Known {
        name: "distilgpt2",
        id: "distilbert/distilgpt2",
        parameters: 81_912_576,
        bytes: 354_000_000,
        licence: "Apache-2.0",
    },
    Known {
        name: "gpt2",
        id: "openai-community/gpt2",
        parameters: 124_439_808,
        bytes: 550_000_000,
        licence: "MIT",
    },
    Known {
        name: "gpt2-medium",
        id: "openai-community/gpt2-medium",
        parameters: 354_823_168,
        bytes: 1_521_000_000,
        licence: "MIT",
    },
    Known {
        name: "gpt2-large",
        id: "openai-community/gpt2-large",
        parameters: 774_030_080,
        bytes: 3_249_000_000,
        licence: "MIT",
    },
    Known {
        name: "gpt2-xl",
        id: "openai-community/gpt2-xl",
        parameters: 1_557_611_200,
        bytes: 6_433_000_000,
        licence: "MIT",
    },
];

/// The published model of this name, by either of its names.
pub fn known(name: &str) -> Option<Known> {
    KNOWN.into_iter().find(|known| known.name == name || known.id == name)
}

/// All that a name may be called on the hub and in caches, itself first.
pub(super) fn names(name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    if let Some(known) = known(name) {
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
    use crate::model::{Architecture, gpt2::Config};

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
    }

    #[test]
    fn a_model_is_known_by_its_short_and_its_long_name() {
        assert_eq!(names("gpt2"), ["gpt2", "openai-community/gpt2"]);
        assert_eq!(names("openai-community/gpt2"), ["openai-community/gpt2", "gpt2"]);
        assert_eq!(names("me/mine"), ["me/mine"]);
        assert_eq!(nearest("gtp2"), Some("gpt2"));
        assert_eq!(nearest("openai/gpt2-XL"), Some("gpt2-xl"));
        assert_eq!(nearest("llama-3-8b"), None);
    }
}
