//! Tokenizers of every kind: what they write is what the `tokenizers` crate decodes, and a text comes back as it was.
//! Those that can't give every text back are refused.

use serde_json::{Value, json};
use std::fs;
use tokenizers::tokenizer::Tokenizer as Reference;
use unstuck::{generate::Engine, model::Precision, model::Tokenizer, weights};

use crate::support::models::MICRO;

const TEXTS: [&str; 7] = [
    "the lamp",
    " the lamp",
    "  a lamp\n\n the  lamp",
    "A naïve café — 東京 🙂",
    "\tlamp.\r\nthe",
    "▁lamp",
    "a",
];

/// A SentencePiece vocabulary: special tokens, the 256 bytes, some pieces. Scores fall with the id.
fn pieces(bytes: bool) -> Vec<String> {
    let mut all: Vec<String> = ["<unk>", "<s>", "</s>"].map(str::to_owned).to_vec();
    if bytes {
        all.extend((0..256).map(|b| format!("<0x{b:02X}>")));
    }
    let words = ["▁t", "he", "▁the", "▁l", "am", "amp", "▁lamp", "lamp", "▁a", "▁▁", "la", "mp"];
    all.extend(words.map(str::to_owned));
    let letters = "▁abcdefghijklmnopqrstuvwxyzA.,\n".chars().map(String::from);
    all.extend(letters);
    all
}

fn added() -> Value {
    let token = |(id, content): (usize, &str)| {
        json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true})
    };
    ["<unk>", "<s>", "</s>"].into_iter().enumerate().map(token).collect()
}

fn template() -> Value {
    json!({"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}})
}

fn bpe() -> Value {
    let vocab: serde_json::Map<String, Value> =
        pieces(true).into_iter().enumerate().map(|(id, piece)| (piece, Value::from(id))).collect();
    let merges = ["▁ t", "h e", "▁t he", "▁ l", "a m", "am p", "▁l amp", "l amp", "▁ a", "▁ ▁"];
    json!({"type": "BPE", "dropout": null, "unk_token": "<unk>", "continuing_subword_prefix": null,
        "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true, "vocab": vocab, "merges": merges})
}

fn unigram(bytes: bool) -> Value {
    let scored = |(id, piece): (usize, String)| json!([piece, -(id as f64) / 20.0]);
    let vocab: Vec<Value> = pieces(bytes).into_iter().enumerate().map(scored).collect();
    json!({"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": bytes})
}

fn file(model: Value, normalizer: Value, pre_tokenizer: Value, decoder: Value) -> String {
    json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": added(),
        "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": template(),
        "decoder": decoder, "model": model})
    .to_string()
}

/// Llama 2's form: the space is put before a text by the normalizer.
fn llama() -> String {
    let normalizer = json!({"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]});
    file(bpe(), normalizer, Value::Null, fallback())
}

fn fallback() -> Value {
    json!({"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
        {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})
}

fn metaspace(scheme: &str) -> Value {
    json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": scheme != "first"})
}

#[test]
fn sentencepiece_writes_spaces_and_bytes() {
    for scheme in ["none", "always", "first", "never"] {
        let json = match scheme {
            "none" => llama(),
            _ => {
                let decoders = json!({"type": "Sequence", "decoders":
                    [{"type": "ByteFallback"}, metaspace(scheme)]});
                file(bpe(), Value::Null, metaspace(scheme), decoders)
            }
        };
        let ours = Tokenizer::from_json(json.as_bytes()).unwrap();
        let reference = Reference::from_bytes(&json).unwrap();
        assert_eq!(ours.begin(), [1], "{scheme}");
        assert!(ours.is_end(2) && !ours.is_end(1));
        for text in TEXTS {
            let lead = ours.lead(text);
            let ids = ours.encode(&format!("{lead}{text}")).unwrap();
            let whole = reference.encode(text, true).unwrap();
            assert_eq!([ours.begin(), &ids].concat(), whole.get_ids(), "{scheme}: {text:?}");
            // "▁" itself can't be told from a space
            let text = text.replace('▁', " ");
            assert_eq!(ours.decode(&ids), format!("{lead}{text}"), "{scheme}");
            let decoded = reference.decode(whole.get_ids(), true).unwrap();
            assert_eq!(decoded.trim_start(), text.trim_start(), "{scheme}");
        }
        // Each token has its bytes, wherever it is; what can't be spelled is never sampled.
        assert_eq!(ours.bytes(3 + 0x0a), b"\n");
        let lamp = pieces(true).iter().position(|piece| piece == "▁lamp").unwrap() as u32;
        assert_eq!(ours.bytes(lamp), b" lamp");
        let mut scores = vec![0.0; ours.size() + 3];
        ours.forbid_unnamed(&mut scores);
        let forbidden: Vec<_> = (0..scores.len()).filter(|id| scores[*id] < 0.0).collect();
        assert_eq!(forbidden, [vec![0], (ours.size()..scores.len()).collect()].concat());
    }
}

#[test]
fn unigram_is_decoded_as_its_file_says() {
    for bytes in [true, false] {
        let json = file(unigram(bytes), Value::Null, metaspace("always"), metaspace("always"));
        let ours = Tokenizer::from_json(json.as_bytes()).unwrap();
        let reference = Reference::from_bytes(&json).unwrap();
        for text in ["the lamp", "the lamp, a lamp.", "a\nlamp"] {
            let ids = ours.encode(&format!(" {text}")).unwrap();
            assert_eq!(ids, reference.encode(text, false).unwrap().get_ids());
            assert_eq!(ours.decode(&ids), format!(" {text}"));
        }
    }
}

#[test]
fn names_of_control_tokens_in_prose_are_text() {
    let mut ours = Tokenizer::from_json(llama().as_bytes()).unwrap();
    assert_eq!(ours.encode("</s>").unwrap(), [2]);
    ours.without_control_tokens();
    let ids = ours.encode("</s> a").unwrap();
    assert!(!ids.contains(&2), "{ids:?}");
    assert_eq!(ours.decode(&ids), "</s> a");
    let mut scores = vec![0.0; ours.size()];
    ours.forbid_unnamed(&mut scores);
    let forbidden: Vec<_> = (0..scores.len()).filter(|id| scores[*id] < 0.0).collect();
    assert_eq!(forbidden, [0, 1], "the end of a text may be sampled");
}

#[test]
fn what_does_not_give_the_text_back_is_refused_by_name() {
    let bytes = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true});
    let kind = |name: &str| json!({"type": name});
    let wordpiece = json!({"type": "WordPiece", "prefix": "##", "cleanup": true});
    let suffix = json!({"type": "BPEDecoder", "suffix": "</w>"});
    for (pre_tokenizer, decoder, said) in [
        (Value::Null, wordpiece.clone(), "`WordPiece`"),
        (kind("BertPreTokenizer"), wordpiece, "`BertPreTokenizer` drops spaces"),
        (bytes.clone(), metaspace("always"), "splits text into bytes"),
        (metaspace("always"), bytes.clone(), "doesn't split text into bytes"),
        (kind("Whitespace"), bytes, "`Whitespace` drops spaces"),
        (Value::Null, suffix, "`BPEDecoder`"),
        (Value::Null, Value::Null, "no decoder"),
    ] {
        let json = file(bpe(), Value::Null, pre_tokenizer, decoder);
        let error = Tokenizer::from_json(json.as_bytes()).err().expect(said).to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// The smallest GPT-2 with a SentencePiece vocabulary: what it generates and scores is plain text.
#[test]
fn a_model_with_such_a_vocabulary_begins_as_it_was_trained() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["config.json", "model.safetensors"] {
        fs::copy(format!("{MICRO}/{name}"), at(name)).unwrap();
    }
    // the weights have 265 tokens: those of single bytes, and a few letters
    let mut small: Value = serde_json::from_str(&llama()).unwrap();
    let mut few = pieces(true);
    few.truncate(259);
    few.extend(["▁", "L", "a", "m", "p"].map(str::to_owned));
    small["model"]["vocab"] =
        few.into_iter().enumerate().map(|(id, piece)| (piece, Value::from(id))).collect();
    small["model"]["merges"] = json!([]);
    fs::write(at("tokenizer.json"), small.to_string()).unwrap();
    let open = || weights::open(folder.path(), Precision::F32).unwrap();
    let scored = Engine::new(open()).score("Lamp").unwrap();
    assert_eq!(scored.iter().map(|token| &*token.text).collect::<String>(), "Lamp");
    assert!(scored[0].logprob.is_some(), "the first token follows the one that begins a text");
    // `tokenizer_config.json` has the last word
    fs::write(at("tokenizer_config.json"), r#"{"add_bos_token": false}"#).unwrap();
    assert!(Engine::new(open()).score("Lamp").unwrap()[0].logprob.is_none());
    fs::write(at("tokenizer_config.json"), r#"{"add_bos_token": true, "bos_token": "<x>"}"#)
        .unwrap();
    let error = format!("{:#}", weights::open(folder.path(), Precision::F32).err().unwrap());
    assert!(error.contains("tokenizer_config.json: the vocabulary lacks `<x>`"), "{error}");
}
