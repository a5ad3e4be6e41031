//! How byte-level tokenizers split a text into words before they merge bytes. GGUF files name the rule
//! (`tokenizer.ggml.pre`); a `tokenizer.json` spells it out.

use serde_json::{Value, json};

/// A rule that splits a text into words.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// Its names in GGUF files; the first is written.
    pub names: &'static [&'static str],
    /// What comes before the split into bytes.
    first: First,
    /// Whether a word that is in the vocabulary is one token, whatever the merges say.
    pub ignores_merges: bool,
    /// Whether texts begin with a token, if the file doesn't say.
    pub begins: bool,
}

#[derive(Clone, Copy, Debug)]
enum First {
    /// Nothing: GPT-2's own rule follows.
    Nothing,
    /// Each digit is a word; GPT-2's rule follows.
    Digits,
    /// This pattern instead of GPT-2's rule.
    Pattern(&'static str),
}

const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// All rules that are known here.
const ALL: [Words; 6] = [
    Words {
        names: &["gpt-2", "phi-2", "jina-es", "jina-de", "roberta-bpe", "mellum", "exaone4"],
        first: First::Nothing,
        ignores_merges: false,
        begins: false,
    },
    Words {
        names: &["smollm", "starcoder", "refact", "command-r", "codeshell"],
        first: First::Digits,
        ignores_merges: false,
        begins: false,
    },
    Words {
        names: &["llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral"],
        first: First::Pattern(LLAMA3),
        ignores_merges: true,
        begins: true,
    },
    Words {
        names: &["smaug-bpe", "dbrx"],
        first: First::Pattern(LLAMA3),
        ignores_merges: false,
        begins: false,
    },
    Words {
        names: &["qwen2", "deepseek-r1-qwen", "kormo", "stablelm2"],
        first: First::Pattern(QWEN2),
        ignores_merges: false,
        begins: false,
    },
    Words { names: &["tekken"], first: First::Pattern(TEKKEN), ignores_merges: true, begins: true },
];

impl Words {
    /// GPT-2's own rule.
    pub const GPT2: Self = ALL[0];

    /// The rule with this name in GGUF files.
    pub fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|words| words.names.contains(&name))
    }

    /// The rule of a `tokenizer.json`, if it has a name.
    pub fn of(pre_tokenizer: &Value, ignores_merges: bool) -> Option<Self> {
        let same = |words: &Words| plain(&words.pre_tokenizer()) == plain(pre_tokenizer);
        let merges = |words: &Words| {
            words.ignores_merges == ignores_merges || !matches!(words.first, First::Pattern(LLAMA3))
        };
        ALL.into_iter().find(|words| same(words) && merges(words))
    }

    /// All names, for error messages.
    pub fn known() -> String {
        ALL.iter().flat_map(|words| words.names).copied().collect::<Vec<_>>().join(", ")
    }

    /// The form in `tokenizer.json`.
    pub fn pre_tokenizer(&self) -> Value {
        let bytes = |own_rule: bool| json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": own_rule});
        match self.first {
            First::Nothing => bytes(true),
            First::Digits => json!({"type": "Sequence", "pretokenizers": [
                {"type": "Digits", "individual_digits": true}, bytes(true)]}),
            First::Pattern(pattern) => json!({"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": false},
                bytes(false)]}),
        }
    }
}

/// A pre-tokenizer without what makes no difference to tokens.
fn plain(pre_tokenizer: &Value) -> Value {
    let mut plain = pre_tokenizer.clone();
    if let Some(list) = plain.get_mut("pretokenizers").and_then(Value::as_array_mut) {
        list.iter_mut().for_each(|part| *part = self::plain(part));
    }
    if let Some(map) = plain.as_object_mut() {
        map.remove("trim_offsets");
        if map.get("use_regex") == Some(&json!(true)) {
            map.remove("use_regex");
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_found_by_its_names_and_its_form() {
        for words in ALL {
            for name in words.names {
                assert_eq!(Words::named(name).unwrap().names, words.names);
            }
            let found = Words::of(&words.pre_tokenizer(), words.ignores_merges).unwrap();
            assert_eq!(found.names, words.names);
        }
        assert!(Words::named("bloom").is_none());
        assert!(Words::of(&Value::Null, false).is_none());
    }
}
