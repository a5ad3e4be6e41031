//! Bans: words and phrases that a continuation must not contain.
//!
//! While tokens arrive, the text is searched. Tokens that may still turn out to begin a banned phrase are held back. When
//! a phrase is complete, generation goes back to the token in which it begins, excludes that token there, and draws
//! again with a new random number; what came after it is forgotten. So the text has the distribution of the sampler, but
//! for tokens that have led to a banned phrase at their place. It is not the distribution of the sampler under the
//! condition that no phrase occurs: that would need all continuations. The method is known as backtracking or anti-slop
//! sampling (KoboldCpp's banned strings; S. Paech's antislop sampler, 2024).
//!
//! A phrase may begin in text that can't be changed: in the prompt, or in tokens that were shown. Then the first token
//! behind it is excluded.

use crate::{clean::Phrases, token::SamplingParams};

/// How many bytes of the prompt a phrase can begin in.
const BEFORE: usize = 400;
/// How many tokens may be excluded, per token of the longest continuation, before the text ends.
const MOST: usize = 32;

/// Watches the text of one continuation.
pub(super) struct Ban {
    phrases: Phrases,
    /// The end of the prompt and all tokens so far.
    text: Vec<u8>,
    /// How many bytes of that are the prompt's.
    prompt: usize,
    tokens: Vec<Begun>,
    /// The first byte at which a phrase may be in the making.
    open: usize,
    /// How many tokens were shown.
    shown: usize,
    /// How many more tokens may be excluded.
    left: usize,
}

/// Where a token begins.
struct Begun {
    /// Its first byte.
    at: usize,
    /// `Ban::open` before it.
    open: usize,
}

/// What follows from the text so far.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// So many tokens can be shown, of all.
    Show(usize),
    /// The token with this index has led to a banned phrase.
    Reject(usize),
}

impl Ban {
    /// Watches a continuation of a prompt. `None` if nothing is banned.
    pub(super) fn new(params: &SamplingParams, prompt: &str) -> Option<Self> {
        let phrases = Phrases::new(&params.ban);
        if phrases.is_empty() {
            return None;
        }
        let mut from = prompt.len().saturating_sub(BEFORE);
        while !prompt.is_char_boundary(from) {
            from += 1;
        }
        // A text can't begin inside a word.
        if from > 0 {
            from += prompt[from..].find(char::is_whitespace).unwrap_or(0);
        }
        let text = prompt.as_bytes()[from..].to_vec();
        Some(Self {
            phrases,
            prompt: text.len(),
            text,
            tokens: Vec::new(),
            open: 0,
            shown: 0,
            left: MOST.saturating_mul(params.max_tokens),
        })
    }

    /// Adds a token.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.tokens.push(Begun { at: self.text.len(), open: self.open });
        self.text.extend(bytes);
    }

    /// How many tokens there are.
    pub(super) fn count(&self) -> usize {
        self.tokens.len()
    }

    /// Removes the token with this index and those behind it.
    pub(super) fn back_to(&mut self, index: usize) {
        if let Some(first) = self.tokens.get(index) {
            (self.open, self.left) = (first.open, self.left.saturating_sub(1));
            self.text.truncate(first.at);
            self.tokens.truncate(index);
        }
    }

    /// Whether the limit of excluded tokens is reached. The text then has to end.
    pub(super) fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// Looks at the text. If it `ended`, nothing is held back.
    pub(super) fn judge(&mut self, ended: bool) -> Verdict {
        let scan = self.scan(self.open, self.text.len(), self.prompt, ended);
        if let Some(begins) = scan.whole {
            return Verdict::Reject(self.token_at(begins).max(self.shown));
        }
        if ended {
            self.shown = self.tokens.len();
            return Verdict::Show(self.shown);
        }
        self.open = scan.open.unwrap_or(self.text.len()).min(self.whole());
        let mut show = self.token_at(self.open).max(self.shown);
        // What is shown must not end in a phrase, though the tokens that are held back would make it another word.
        while show > self.shown && show < self.tokens.len() && self.is_phrase_before(show) {
            show -= 1;
        }
        self.shown = show;
        Verdict::Show(show)
    }

    /// Whether the text before the token with this index ends in a phrase, if nothing came behind it.
    pub(super) fn is_phrase_before(&self, index: usize) -> bool {
        let Some(next) = self.tokens.get(index) else { return false };
        let from = next.at.saturating_sub(BEFORE);
        self.scan(from, next.at, self.prompt, true).whole.is_some()
    }

    /// The length of the text without an incomplete character at its end.
    fn whole(&self) -> usize {
        let last = self.text.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
        let is_begun = std::str::from_utf8(last).is_err_and(|error| error.error_len().is_none());
        self.text.len() - if is_begun { last.len() } else { 0 }
    }

    /// Looks for phrases from a byte up to another that end behind a third. Returns the bytes where they begin.
    fn scan(&self, from: usize, to: usize, behind: usize, ended: bool) -> Found {
        // The character before tells whether a word begins here.
        let start = self.text[..from].iter().rposition(|byte| byte & 0xc0 != 0x80).unwrap_or(0);
        let behind = behind.saturating_sub(start);
        let scan = self.phrases.scan(&self.text[start..to], from - start, behind, ended);
        Found {
            whole: scan.whole.map(|range| range.start + start),
            open: scan.open.map(|at| at + start),
        }
    }

    /// The index of the token that contains a byte.
    fn token_at(&self, byte: usize) -> usize {
        match byte == self.text.len() {
            true => self.tokens.len(),
            false => self.tokens.partition_point(|token| token.at <= byte).saturating_sub(1),
        }
    }
}

/// Where phrases begin.
struct Found {
    whole: Option<usize>,
    open: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text that a model shows that always has this next token, with those it would choose instead.
    fn run(prompt: &str, ban: &[&str], choices: &[&[&str]]) -> (String, Vec<String>) {
        let ban = ban.iter().map(|phrase| (*phrase).to_owned()).collect();
        let params = SamplingParams { ban, ..SamplingParams::default() };
        let mut ban = Ban::new(&params, prompt).expect("something is banned");
        let (mut drawn, mut tries): (Vec<&str>, Vec<usize>) = (Vec::new(), vec![0; choices.len()]);
        let mut shown = Vec::new();
        while drawn.len() < choices.len() {
            let place = drawn.len();
            drawn.push(choices[place][tries[place]]);
            ban.push(drawn[place].as_bytes());
            match ban.judge(drawn.len() == choices.len()) {
                Verdict::Show(count) => shown.push(drawn[..count].concat()),
                Verdict::Reject(index) => {
                    ban.back_to(index);
                    drawn.truncate(index);
                    tries[index] += 1;
                    tries[index + 1..].fill(0);
                }
            }
        }
        (drawn.concat(), shown)
    }

    #[test]
    fn a_phrase_is_taken_back_from_where_it_begins() {
        let (text, shown) =
            run("", &["of a sudden"], &[&[" all"], &[" of", " at"], &[" a"], &[" sudden"], &["."]]);
        assert_eq!(text, " all at a sudden.");
        assert!(!shown.iter().any(|shown| shown.contains("of")), "{shown:?}");
        // A longer word is another word.
        let (text, _) = run("", &["sudden"], &[&[" sudden", " late"], &["ly"], &["."]]);
        assert_eq!(text, " suddenly.");
        // At the end of the text the word is over.
        let (text, _) = run("", &["sudden"], &[&[" so"], &[" sudden", " late"]]);
        assert_eq!(text, " so late");
    }

    #[test]
    fn a_phrase_may_begin_in_the_prompt() {
        let (text, _) = run("She said it was all of", &["of a"], &[&[" a", " the"], &[" dream"]]);
        assert_eq!(text, " the dream");
        let (text, _) = run("I don", &["don't"], &[&["'t", "ned"], &[" it"]]);
        assert_eq!(text, "ned it");
        // What is there already is not the model's.
        let (text, _) =
            run("all of a sudden", &["of a sudden", "sudden"], &[&[" she"], &[" left"]]);
        assert_eq!(text, " she left");
    }

    #[test]
    fn what_was_shown_stays() {
        // " of" is shown when " a" comes; then " a" gives way to " the", and " the" completes another phrase.
        let ban = ["of the", "a sudden"];
        let choices: [&[&str]; 4] =
            [&[" of"], &[" a", " the", " my"], &[" sudden", " own"], &["."]];
        let (text, shown) = run("", &ban, &choices);
        assert_eq!(text, " of my sudden.");
        assert!(shown.iter().all(|shown| text.starts_with(shown.as_str())), "{shown:?}");
        // "sudden" alone is never shown, though it turns out to be another word.
        let (_, shown) =
            run("", &["sudden", ", and"], &[&[" sudden"], &["ly,", "ly"], &[" and"], &["."]]);
        assert!(!shown.contains(&" sudden".to_owned()), "{shown:?}");
    }

    #[test]
    fn parts_of_a_character_wait_for_the_rest() {
        let params = SamplingParams { ban: vec!["…".into()], ..SamplingParams::default() };
        let mut ban = Ban::new(&params, "").expect("something is banned");
        ban.push(b" so");
        assert_eq!(ban.judge(false), Verdict::Show(1));
        ban.push(b"\xe2\x80");
        assert_eq!(ban.judge(false), Verdict::Show(1));
        ban.push(b"\xa6");
        assert_eq!(ban.judge(false), Verdict::Reject(1));
        ban.back_to(1);
        ban.push(b"\xe2\x80\x94");
        assert_eq!(ban.judge(false), Verdict::Show(2));
        assert!(Ban::new(&SamplingParams::default(), "").is_none());
    }
}
