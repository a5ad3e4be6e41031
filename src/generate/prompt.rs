//! Turns a draft's text into the tokens that a model reads. A text longer than the context is cut at its start, at a
//! sentence and in large steps. So the start stays the same while the text grows a little, and the KV cache can be
//! reused.

use super::Prefix;
use crate::{clean::sentence_ends, model::Tokenizer};
use anyhow::Result;

/// A tokenized prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The tokens that the tokenizer makes of the text; never empty.
    pub tokens: Vec<u32>,
    /// The byte of the text at which the tokens begin.
    pub sees_from: usize,
    /// How many of the tokens are fixed: at least one.
    pub fixed: usize,
    /// The bytes of the text behind the fixed tokens. The other tokens are only one way to cover them.
    pub owed: Vec<u8>,
}

/// How a text is cut that is longer than the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// At the start of a sentence and in steps of a quarter, so that the start stays the same while the text grows.
    Blocks,
    /// At the token at which the rest fits.
    Exact,
}

/// How many tokens a prompt may have.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// The most tokens.
    pub most: usize,
    /// By how many tokens the text is expected to grow: it is cut where it will be cut then. With 0 it is cut as it is.
    pub growth: usize,
}

impl Size {
    /// At most this many tokens, for a text as it is.
    pub fn most(most: usize) -> Self {
        Self { most, growth: 0 }
    }
}

/// Bytes per token of prose, about.
const TOKEN: usize = 4;

/// The largest number of tokens that are not fixed. A word can be of any length, above all in scripts without spaces;
/// what a tokenizer makes of its start doesn't depend on characters so far behind.
const LOOSE: usize = 8;

/// Make a prompt of this size. `prefix` says how many of the tokens are fixed. `lead` are tokens to read before
/// the text.
///
/// # Errors
/// When the tokenizer fails.
pub fn prepare(
    tokenizer: &Tokenizer,
    lead: &[u32],
    text: &str,
    size: Size,
    prefix: Prefix,
    cut: Cut,
) -> Result<Prompt> {
    let beside = Size { most: size.most.saturating_sub(lead.len()), ..size };
    let (mut tokens, sees_from) = fit(tokenizer, text, beside, cut)?;
    let boundary = boundary(text, prefix);
    let begin = tokenizer.begin().len();
    tokens.splice(begin..begin, lead.iter().copied());
    let begin = begin + lead.len();
    let (mut fixed, mut at) = (tokens.len(), text.len());
    while at > boundary && fixed > begin && tokens.len() - fixed < LOOSE {
        fixed -= 1;
        at = at.saturating_sub(tokenizer.bytes(tokens[fixed]).len());
    }
    if fixed == 0 && tokens.len() < size.most.max(2) {
        // An empty page, or its first word: the end-of-text token precedes every text in the training data.
        tokens.insert(0, tokenizer.end().unwrap_or(0));
    }
    let fixed = fixed.max(1);
    let owed = tokens[fixed..].iter().flat_map(|&id| tokenizer.bytes(id)).copied().collect();
    Ok(Prompt { tokens, sees_from, fixed, owed })
}

/// The byte up to which a text's tokens are the same whatever comes behind it. A tokenizer begins a new word at the
/// first of the spaces before it, so tokens change neither before a last word with its spaces nor before trailing
/// spaces.
fn boundary(text: &str, prefix: Prefix) -> usize {
    if prefix == Prefix::Tokens {
        return text.trim_end_matches(' ').len();
    }
    let body = text.trim_end();
    if body.len() < text.len() {
        return body.len();
    }
    body.trim_end_matches(|c: char| !c.is_whitespace()).trim_end().len()
}

/// The tokens of the end of a text, at most `size.most`, after those that begin every text, and the byte at which they begin.
///
/// # Errors
/// When the tokenizer fails.
pub fn fit(tokenizer: &Tokenizer, text: &str, size: Size, cut: Cut) -> Result<(Vec<u32>, usize)> {
    let mut from = match cut {
        // Prose averages far fewer than 16 bytes per token, so text before this window would never fit.
        Cut::Blocks => window(text, 16 * size.most, size.growth * TOKEN),
        Cut::Exact => 0,
    };
    let begin = tokenizer.begin();
    let most = size.most.saturating_sub(begin.len()).max(1);
    let lead = if from == 0 { tokenizer.lead(text) } else { "" };
    let mut tokens = tokenizer.encode(&format!("{lead}{}", &text[from..]))?;
    if tokens.len() + size.growth > most {
        let surplus = tokens.len() + size.growth - most;
        let block = (most / 4).max(1);
        let first = match cut {
            Cut::Exact => surplus,
            Cut::Blocks => {
                let drop = surplus.div_ceil(block) * block;
                first_kept(tokenizer, &tokens, drop.min(tokens.len() - 1))
            }
        };
        let dropped: usize = tokens[..first].iter().map(|&t| tokenizer.bytes(t).len()).sum();
        from += dropped.saturating_sub(lead.len());
        tokens.drain(..first);
    }
    tokens.splice(0..0, begin.iter().copied());
    Ok((tokens, from))
}

/// The index of the first token to keep when at least `drop` tokens are removed: the next one that begins a sentence,
/// else a word, within a quarter of all tokens; else `drop`.
pub fn first_kept(tokenizer: &Tokenizer, tokens: &[u32], drop: usize) -> usize {
    let reach = (drop + tokens.len() / 4).min(tokens.len());
    let bytes: Vec<u8> =
        tokens[drop..reach].iter().flat_map(|&t| tokenizer.bytes(t)).copied().collect();
    let text = String::from_utf8_lossy(&bytes);
    let ends: Vec<usize> = sentence_ends(&text).collect();
    let mut at = 0;
    let mut word = None;
    for (i, &token) in tokens[drop..reach].iter().enumerate() {
        let bytes = tokenizer.bytes(token);
        if ends.contains(&at) {
            return drop + i;
        }
        let begins_word = bytes.first().is_some_and(|b| b.is_ascii_whitespace());
        if i > 0 && begins_word && word.is_none() {
            word = Some(drop + i);
        }
        at += bytes.len();
    }
    word.unwrap_or(drop)
}

/// The start of a window of at most `most` bytes at the end of the text when it has grown by `growth` bytes. It moves in
/// steps of a quarter of `most`, so that it stays the same while the text grows a little.
pub fn window(text: &str, most: usize, growth: usize) -> usize {
    let surplus = (text.len() + growth).saturating_sub(most);
    let step = (most / 4).max(1);
    let mut from = (surplus.div_ceil(step) * step).min(text.len());
    while !text.is_char_boundary(from) {
        from += 1;
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokenizer() -> Tokenizer {
        Tokenizer::from_json(include_bytes!("../../models/inkwell/tokenizer.json")).unwrap()
    }

    #[test]
    fn short_prompts_are_read_whole() {
        let t = tokenizer();
        let p =
            prepare(&t, &[], "The boat was gone.", Size::most(100), Prefix::Tokens, Cut::Blocks)
                .unwrap();
        assert_eq!((t.decode(&p.tokens).as_str(), p.sees_from), ("The boat was gone.", 0));
        assert!(p.owed.is_empty());
    }

    #[test]
    fn the_end_of_a_prompt_is_owed_as_characters() {
        let t = tokenizer();
        let owed = |text: &str, prefix| {
            let p = prepare(&t, &[], text, Size::most(100), prefix, Cut::Blocks).unwrap();
            let before: Vec<u8> =
                p.tokens[..p.fixed].iter().flat_map(|&id| t.bytes(id)).copied().collect();
            let before = String::from_utf8(before).unwrap();
            let owed = String::from_utf8(p.owed).unwrap();
            assert_eq!(format!("{}{owed}", before.trim_start_matches("<|endoftext|>")), text);
            owed
        };
        for (text, expected) in [
            ("They saw nobo", " nobo"),
            ("They saw (nobo", " (nobo"),
            ("They don'", " don'"),
            ("They saw.", " saw."),
            ("They saw ", " "),
            ("They saw  ", "  "),
            ("They saw.\n\n", "\n\n"),
            ("They saw.\n\n  He", "\n\n  He"),
            ("The", "The"),
            (" ", " "),
            ("", ""),
        ] {
            assert_eq!(owed(text, Prefix::Characters), expected, "{text:?}");
        }
        assert_eq!(owed("They saw nobo", Prefix::Tokens), "");
        assert_eq!(owed("They saw  ", Prefix::Tokens), "  ");
        assert_eq!(owed("", Prefix::Tokens), "");
        let p = prepare(&t, &[], "", Size::most(100), Prefix::Characters, Cut::Blocks).unwrap();
        assert_eq!((p.tokens, p.fixed), (vec![t.end().unwrap()], 1));
        // Of a word without spaces only the last tokens are owed.
        let p =
            prepare(&t, &[], &"中文".repeat(40), Size::most(400), Prefix::Characters, Cut::Blocks)
                .unwrap();
        assert_eq!(p.tokens.len() - p.fixed, LOOSE);
    }

    #[test]
    fn long_prompts_lose_whole_sentences_and_keep_their_front_for_a_while() {
        let t = tokenizer();
        let text: String = (0..80).map(|i| format!("Sentence number {i} was here. ")).collect();
        let mut fronts = Vec::new();
        for end in (text.len() / 2..text.len()).filter(|&i| text[i..].starts_with(" was")) {
            let p = prepare(&t, &[], &text[..end], Size::most(100), Prefix::Tokens, Cut::Blocks)
                .unwrap();
            assert!(p.tokens.len() <= 100 && p.tokens.len() > 50, "{}", p.tokens.len());
            assert_eq!(t.decode(&p.tokens), text[p.sees_from..end]);
            assert!(text[p.sees_from..].starts_with(" Sentence number"), "{:?}", p.sees_from);
            fronts.push(p.sees_from);
        }
        let kept = fronts.windows(2).filter(|w| w[0] == w[1]).count();
        assert!(kept * 2 >= fronts.len() - 1, "the front moved {} times", fronts.len() - 1 - kept);
    }

    #[test]
    fn the_lead_is_before_what_is_kept() {
        let t = tokenizer();
        let lead = t.encode("Mara keeps the light.\n\n").unwrap();
        let text: String = (0..80).map(|i| format!("Sentence number {i} was here. ")).collect();
        for (text, begins) in [(text.as_str(), " Sentence"), ("The boat", "The boat"), ("", "")] {
            let p =
                prepare(&t, &lead, text, Size::most(100), Prefix::Characters, Cut::Blocks).unwrap();
            assert!(p.tokens.len() <= 100 && p.tokens.starts_with(&lead), "{text}");
            assert!(p.fixed >= lead.len());
            let rest = t.decode(&p.tokens[lead.len()..]);
            assert!(rest.starts_with(begins) && text.ends_with(&rest), "{rest}");
        }
    }

    #[test]
    fn text_without_sentences_is_cut_all_the_same() {
        let t = tokenizer();
        for text in ["word ".repeat(600), "x".repeat(3000), "é".repeat(3000), "🙂".repeat(900)] {
            let p = prepare(&t, &[], &text, Size::most(64), Prefix::Tokens, Cut::Blocks).unwrap();
            assert!(p.tokens.len() <= 64 && !p.tokens.is_empty());
        }
    }

    #[test]
    fn an_exact_cut_keeps_as_many_tokens_as_fit() {
        let t = tokenizer();
        let text: String = (0..80).map(|i| format!("Sentence number {i} was here. ")).collect();
        let text = text.trim_end();
        let all = t.encode(text).unwrap();
        for most in [1, 7, 100, all.len() - 1, all.len(), all.len() + 1] {
            let p = prepare(&t, &[], text, Size::most(most), Prefix::Tokens, Cut::Exact).unwrap();
            assert_eq!(p.tokens, all[all.len() - most.min(all.len())..], "{most}");
            assert_eq!(t.decode(&p.tokens), text[p.sees_from..], "{most}");
        }
    }
}
