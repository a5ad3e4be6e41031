//! Biases of words: numbers that are added to the logits of tokens that write a word.
//!
//! A word has several spellings: as it is given, in lower case and with a capital, each with and without a space before
//! it. Each is what the tokenizer makes of it. Its first token has the bias wherever a word can begin, and each further
//! one behind those before it. A word that has begun is finished before another one is made likelier.

use crate::{clean::is_of_word, model::Tokenizer};
use std::collections::{BTreeMap, HashMap};

/// The biases of a text's words, as sequences of tokens.
#[derive(Default)]
pub struct Bias(Vec<Spelling>);

/// One spelling of a word.
struct Spelling {
    ids: Vec<u32>,
    /// Whether it has no space before it, so that it must not stand behind a letter.
    glued: bool,
    bias: f32,
}

impl Bias {
    /// The biases of words, by the words.
    pub fn new(tokenizer: &Tokenizer, words: &BTreeMap<String, f32>) -> Self {
        let mut all = Vec::new();
        for (word, bias) in words {
            for form in forms(word) {
                let ids = tokenizer.encode(&form).unwrap_or_default();
                if !ids.is_empty() {
                    all.push(Spelling { ids, glued: !form.starts_with(' '), bias: *bias });
                }
            }
        }
        Self(all)
    }

    /// Adds the biases to the scores of the tokens that may come behind `tokens`.
    pub fn apply(&self, scores: &mut [f32], tokens: &[u32], tokenizer: &Tokenizer) {
        // A token that begins several spellings has the largest bias of them, once.
        let mut biases: HashMap<u32, f32> = HashMap::new();
        // Inside a word that is likelier, no other one is.
        let begun = |spelling: &Spelling| {
            let parts = 1..spelling.ids.len();
            spelling.bias > 0.0 && parts.into_iter().any(|n| tokens.ends_with(&spelling.ids[..n]))
        };
        let inside = self.0.iter().any(begun);
        for Spelling { ids, glued, bias } in &self.0 {
            for (count, id) in ids.iter().enumerate() {
                let Some(before) = tokens.strip_suffix(&ids[..count]) else { continue };
                let begins = count == 0 && *bias > 0.0;
                if *glued && ends_in_word(before, tokenizer) || inside && begins {
                    continue;
                }
                let known = biases.entry(*id).or_default();
                if bias.abs() > known.abs() {
                    *known = *bias;
                }
            }
        }
        for (id, bias) in biases {
            if let Some(score) = scores.get_mut(id as usize) {
                *score += bias;
            }
        }
    }
}

/// The spellings of a word.
pub fn forms(word: &str) -> Vec<String> {
    let word = word.trim();
    let mut rest = word.chars();
    let capital: String =
        rest.next().into_iter().flat_map(char::to_uppercase).chain(rest.clone()).collect();
    let mut forms: Vec<String> = Vec::new();
    for form in [word.to_owned(), word.to_lowercase(), capital] {
        for form in [format!(" {form}"), form] {
            if !form.trim().is_empty() && !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

/// Whether tokens end in a letter or a digit.
fn ends_in_word(tokens: &[u32], tokenizer: &Tokenizer) -> bool {
    let last = tokens.last().map(|id| String::from_utf8_lossy(tokenizer.bytes(*id)));
    last.is_some_and(|text| text.chars().next_back().is_some_and(is_of_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_its_bias_in_every_spelling_where_it_can_begin() {
        let t =
            Tokenizer::from_json(include_bytes!("../../../models/inkwell/tokenizer.json")).unwrap();
        let bias = Bias::new(&t, &BTreeMap::from([("lamp".to_owned(), 2.0)]));
        let after = |text: &str| {
            let mut scores = vec![0.0; t.size()];
            bias.apply(&mut scores, &t.encode(text).unwrap(), &t);
            let raised = (0..t.size() as u32).filter(|id| scores[*id as usize] != 0.0);
            assert!(scores.iter().all(|score| *score == 0.0 || *score == 2.0));
            raised.map(|id| t.decode(&[id])).collect::<Vec<_>>()
        };
        let first = |form: &str| t.decode(&t.encode(form).unwrap()[..1]);
        let apart = after("She lit the");
        assert!(apart.contains(&first(" lamp")) && apart.contains(&first(" Lamp")), "{apart:?}");
        assert!(!apart.contains(&first("lamp")), "{apart:?}");
        let quoted = after("She said: \"");
        assert!(quoted.contains(&first("lamp")) && quoted.contains(&first("Lamp")), "{quoted:?}");
        // Behind the first token of a spelling, the next one.
        let rare = Bias::new(&t, &BTreeMap::from([("Zanzibarite".to_owned(), -3.0)]));
        let ids = t.encode(" Zanzibarite").unwrap();
        assert!(ids.len() > 2);
        let mut scores = vec![0.0; t.size()];
        rare.apply(&mut scores, &[t.encode("The").unwrap(), ids[..2].to_vec()].concat(), &t);
        assert_eq!((scores[ids[0] as usize], scores[ids[2] as usize]), (-3.0, -3.0));
        let wanted = Bias::new(&t, &BTreeMap::from([("Zanzibarite".to_owned(), 3.0)]));
        let mut scores = vec![0.0; t.size()];
        wanted.apply(&mut scores, &[t.encode("The").unwrap(), ids[..2].to_vec()].concat(), &t);
        assert_eq!((scores[ids[0] as usize], scores[ids[2] as usize]), (0.0, 3.0));
    }

    #[test]
    fn spellings_are_told_once() {
        assert_eq!(forms("lamp"), [" lamp", "lamp", " Lamp", "Lamp"]);
        assert_eq!(forms(" Mara "), [" Mara", "Mara", " mara", "mara"]);
        assert!(forms(" ").is_empty());
    }
}
