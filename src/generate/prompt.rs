//! Turns a draft's text into the tokens that a model reads. A text longer than the context is cut at its start, at a
//! sentence and in large steps. So the start stays the same while the text grows a little, and the KV cache can be
//! reused.

use crate::{clean::sentence_ends, model::Tokenizer};
use anyhow::Result;

/// A tokenized prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The tokens to read; never empty.
    pub tokens: Vec<u32>,
    /// The byte of the text at which the tokens begin.
    pub sees_from: usize,
    /// Bytes of the text that are not in `tokens`, and with which the continuation must begin: trailing spaces (GPT-2's
    /// tokens contain the space before a word), or a half-typed word (token healing).
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

/// The maximum number of tokens that token healing takes back. Words in scripts without spaces can be of any length.
const HEALED: usize = 4;

/// Make a prompt of at most `most` tokens. With `heal`, the tokens of a half-typed last word are moved to `owed` (token
/// healing), so that the model can complete it with other tokens: "nobo" is " no" and "bo", but "nobody" contains
/// neither.
///
/// # Errors
/// When the tokenizer fails.
pub fn prepare(
    tokenizer: &Tokenizer,
    text: &str,
    most: usize,
    heal: bool,
    cut: Cut,
) -> Result<Prompt> {
    let body = text.trim_end_matches(' ');
    let mut owed = text.as_bytes()[body.len()..].to_vec();
    let (mut tokens, sees_from) = fit(tokenizer, body, most, cut)?;
    let begin = tokenizer.begin().len();
    if heal && owed.is_empty() {
        let typed =
            body.chars().rev().take_while(|c| c.is_alphanumeric()).map(char::len_utf8).sum();
        // A word's token includes the space before it.
        for _ in 0..HEALED {
            if owed.len() >= typed || tokens.len() < 2.max(begin + 1) {
                break;
            }
            let last = tokens.pop().map(|t| tokenizer.bytes(t)).unwrap_or_default();
            owed.splice(0..0, last.iter().copied());
        }
    }
    if tokens.is_empty() {
        // An empty page: begin with the end-of-text token, which precedes every text in the training data.
        tokens.push(tokenizer.end().unwrap_or(0));
    }
    Ok(Prompt { tokens, sees_from, owed })
}

/// The tokens of the end of a text, at most `most`, after those that begin every text, and the byte at which they begin.
///
/// # Errors
/// When the tokenizer fails.
pub fn fit(tokenizer: &Tokenizer, text: &str, most: usize, cut: Cut) -> Result<(Vec<u32>, usize)> {
    let mut from = match cut {
        // Prose averages far fewer than 16 bytes per token, so text before this window would never fit.
        Cut::Blocks => window(text, 16 * most),
        Cut::Exact => 0,
    };
    let begin = tokenizer.begin();
    let most = most.saturating_sub(begin.len()).max(1);
    let lead = if from == 0 { tokenizer.lead(text) } else { "" };
    let mut tokens = tokenizer.encode(&format!("{lead}{}", &text[from..]))?;
    if tokens.len() > most {
        let surplus = tokens.len() - most;
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

/// The start of a window of at most `most` bytes at the end of the text. It moves in steps of a quarter of `most`, so
/// that it stays the same while the text grows a little.
pub fn window(text: &str, most: usize) -> usize {
    if text.len() <= most {
        return 0;
    }
    let step = (most / 4).max(1);
    let mut from = (text.len() - most).div_ceil(step) * step;
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
        let p = prepare(&t, "The boat was gone.", 100, false, Cut::Blocks).unwrap();
        assert_eq!((t.decode(&p.tokens).as_str(), p.sees_from), ("The boat was gone.", 0));
        assert!(p.owed.is_empty());
    }

    #[test]
    fn trailing_spaces_are_owed_and_an_empty_page_has_a_beginning() {
        let t = tokenizer();
        let p = prepare(&t, "The boat  ", 100, true, Cut::Blocks).unwrap();
        assert_eq!((t.decode(&p.tokens).as_str(), p.owed.as_slice()), ("The boat", &b"  "[..]));
        assert_eq!(prepare(&t, "", 100, false, Cut::Blocks).unwrap().tokens, [t.end().unwrap()]);
        assert_eq!(prepare(&t, " ", 100, false, Cut::Blocks).unwrap().owed, b" ");
        let p = prepare(&t, "They were wait", 100, true, Cut::Blocks).unwrap();
        assert_eq!(t.decode(&p.tokens) + &String::from_utf8_lossy(&p.owed), "They were wait");
        assert!(!p.owed.is_empty());
        // The tokens of a half-typed word are owed together with the space before it; a text that ends otherwise owes
        // nothing.
        for (text, owed) in
            [("They saw nobo", " nobo"), ("They saw (nobo", "nobo"), ("They saw.", "")]
        {
            let p = prepare(&t, text, 100, true, Cut::Blocks).unwrap();
            let found = String::from_utf8_lossy(&p.owed).into_owned();
            assert!(found.ends_with(owed) && found.len() <= owed.len() + 2, "{text}: {found:?}");
        }
    }

    #[test]
    fn long_prompts_lose_whole_sentences_and_keep_their_front_for_a_while() {
        let t = tokenizer();
        let text: String = (0..80).map(|i| format!("Sentence number {i} was here. ")).collect();
        let mut fronts = Vec::new();
        for end in (text.len() / 2..text.len()).filter(|&i| text[i..].starts_with(" was")) {
            let p = prepare(&t, &text[..end], 100, false, Cut::Blocks).unwrap();
            assert!(p.tokens.len() <= 100 && p.tokens.len() > 50, "{}", p.tokens.len());
            assert_eq!(t.decode(&p.tokens), text[p.sees_from..end]);
            assert!(text[p.sees_from..].starts_with(" Sentence number"), "{:?}", p.sees_from);
            fronts.push(p.sees_from);
        }
        let kept = fronts.windows(2).filter(|w| w[0] == w[1]).count();
        assert!(kept * 2 >= fronts.len() - 1, "the front moved {} times", fronts.len() - 1 - kept);
    }

    #[test]
    fn text_without_sentences_is_cut_all_the_same() {
        let t = tokenizer();
        for text in ["word ".repeat(600), "x".repeat(3000), "é".repeat(3000), "🙂".repeat(900)] {
            let p = prepare(&t, &text, 64, false, Cut::Blocks).unwrap();
            assert!(p.tokens.len() <= 64 && !p.tokens.is_empty());
        }
    }

    #[test]
    fn an_exact_cut_keeps_as_many_tokens_as_fit() {
        let t = tokenizer();
        let text: String = (0..80).map(|i| format!("Sentence number {i} was here. ")).collect();
        let all = t.encode(text.trim_end()).unwrap();
        for most in [1, 7, 100, all.len() - 1, all.len(), all.len() + 1] {
            let p = prepare(&t, &text, most, false, Cut::Exact).unwrap();
            assert_eq!(p.tokens, all[all.len() - most.min(all.len())..], "{most}");
            assert_eq!(t.decode(&p.tokens), text.trim_end()[p.sees_from..], "{most}");
        }
    }
}
