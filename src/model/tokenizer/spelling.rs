//! How the tokens of a `tokenizer.json` spell text: in GPT-2's byte alphabet, or as SentencePiece does, with a mark for
//! the space and tokens for single bytes. The decoder of the file says which.
//!
//! Each token stands for its own bytes, wherever it is in a text. What a file does only at the start of a text (a space
//! before the first word) is taken out of the tokenizer and becomes its [`Lead`], so that a text's tokens spell exactly
//! the text. Tokenizers that can't give every text back, such as WordPiece, are refused.

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use std::collections::HashMap;

/// How tokens spell bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// Every byte is a character of GPT-2's byte alphabet.
    ByteLevel,
    /// Tokens are plain text, in which one character stands for the space.
    Marked {
        /// The character that stands for the space.
        space: char,
        /// Whether tokens such as `<0x0A>` stand for single bytes.
        bytes: bool,
    },
}

/// What is read before a text that begins a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lead {
    /// Nothing.
    #[default]
    Nothing,
    /// A space, unless the text begins with one.
    SpaceIfNone,
    /// A space.
    Space,
}

/// The kinds of the parts of a normalizer, pre-tokenizer or decoder, with sequences taken apart.
fn parts(value: &Value) -> Vec<(&str, &Value)> {
    let kind = value["type"].as_str().unwrap_or_default();
    let lists = ["normalizers", "pretokenizers", "decoders"];
    match lists.iter().find_map(|list| value[*list].as_array()) {
        Some(list) => list.iter().flat_map(parts).collect(),
        None if kind.is_empty() => Vec::new(),
        None => vec![(kind, value)],
    }
}

impl Spelling {
    /// The spelling that a decoder reverses, checked against how the file splits text.
    ///
    /// # Errors
    /// When text can't be restored from its tokens, or the decoder is unknown.
    pub fn of(decoder: &Value, pre_tokenizer: &Value, normalizer: &Value) -> Result<Self> {
        let split = parts(pre_tokenizer);
        let has = |parts: &[(&str, &Value)], kind: &str| parts.iter().any(|(k, _)| *k == kind);
        let drops = ["Whitespace", "WhitespaceSplit", "BertPreTokenizer", "CharDelimiterSplit"];
        if let Some((kind, _)) = split.iter().find(|(kind, _)| drops.contains(kind)) {
            bail!("its pre-tokenizer `{kind}` drops spaces and line breaks; {READ}");
        }
        let encodes_bytes = has(&split, "ByteLevel") || has(&parts(normalizer), "ByteLevel");
        let decoder = parts(decoder);
        if has(&decoder, "ByteLevel") || decoder.is_empty() && encodes_bytes {
            ensure!(
                encodes_bytes,
                "its decoder is `ByteLevel`, but it doesn't split text into bytes: text that it encodes comes back \
                 changed; {READ}"
            );
            return Ok(Self::ByteLevel);
        }
        let (mut space, mut bytes) = (None, false);
        for (kind, part) in decoder {
            match kind {
                "Metaspace" => space = part["replacement"].as_str().and_then(only),
                "Replace" if part["content"] == " " => {
                    space = part["pattern"]["String"].as_str().and_then(only);
                }
                "ByteFallback" => bytes = true,
                "Strip" if part["content"] == " " && part["stop"] == 0 => {}
                "Fuse" => {}
                other => bail!("its decoder is `{other}`; {READ}"),
            }
        }
        let Some(space) = space else {
            bail!("it has no decoder that says how its tokens spell spaces; {READ}")
        };
        ensure!(
            !encodes_bytes,
            "it splits text into bytes, but its decoder doesn't put them together again; {READ}"
        );
        Ok(Self::Marked { space, bytes })
    }

    /// The bytes of each token.
    pub fn speller(self) -> impl Fn(&str) -> Vec<u8> {
        let of_char = bytes_of_chars();
        move |token| match self {
            // a character outside the byte alphabet is taken literally
            Self::ByteLevel => {
                let mut buffer = [0; 4];
                let bytes = token.chars().flat_map(|c| match of_char.get(&c) {
                    Some(&byte) => vec![byte],
                    None => c.encode_utf8(&mut buffer).as_bytes().to_vec(),
                });
                bytes.collect()
            }
            Self::Marked { space, bytes } => match byte(token).filter(|_| bytes) {
                Some(byte) => vec![byte],
                None => token.replace(space, " ").into_bytes(),
            },
        }
    }
}

/// What is said of tokenizers that are not read.
const READ: &str =
    "byte-level BPE, and BPE and Unigram with SentencePiece's spelling, are read here";

/// The only character of a text.
fn only(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// The byte that a token such as `<0x0A>` stands for.
fn byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 2)
}

/// Take out of a normalizer and a pre-tokenizer what they put before a text, and return it. Unicode's composed form
/// (`NFC`) is taken out too: a draft is read as it is written.
pub fn take_lead(normalizer: &mut Value, pre_tokenizer: &mut Value) -> Lead {
    let mut lead = Lead::Nothing;
    take_from(normalizer, &mut lead);
    take_from(pre_tokenizer, &mut lead);
    lead
}

fn take_from(value: &mut Value, lead: &mut Lead) {
    for list in ["normalizers", "pretokenizers"] {
        if let Some(parts) = value.get_mut(list).and_then(Value::as_array_mut) {
            parts.iter_mut().for_each(|part| take_from(part, lead));
            parts.retain(|part| !part.is_null());
            return;
        }
    }
    match value["type"].as_str() {
        Some("NFC") => *value = Value::Null,
        Some("Prepend") if value["prepend"].as_str().is_some_and(|p| p == "\u{2581}") => {
            (*value, *lead) = (Value::Null, Lead::Space);
        }
        Some("Metaspace")
            if value["add_prefix_space"] != false && value["prepend_scheme"] != "never" =>
        {
            value["prepend_scheme"] = json!("never");
            if let Some(map) = value.as_object_mut() {
                map.remove("add_prefix_space");
            }
            *lead = Lead::SpaceIfNone;
        }
        Some("ByteLevel") if value["add_prefix_space"] == true => {
            value["add_prefix_space"] = json!(false);
            *lead = Lead::SpaceIfNone;
        }
        _ => {}
    }
}

/// A byte in GPT-2's byte alphabet.
pub fn in_byte_alphabet(byte: u8) -> String {
    let found = bytes_of_chars().into_iter().find(|(_, known)| *known == byte);
    found.map(|(character, _)| character.to_string()).unwrap_or_default()
}

/// GPT-2's byte alphabet: each byte is written as a printable character, itself if it is one, else the next from U+0100
/// on.
fn bytes_of_chars() -> HashMap<char, u8> {
    let mut next = 0x100;
    (0..=255u8)
        .map(|byte| match byte {
            b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff => (byte as char, byte),
            _ => {
                next += 1;
                (char::from_u32(next - 1).unwrap_or('\u{fffd}'), byte)
            }
        })
        .collect()
}
