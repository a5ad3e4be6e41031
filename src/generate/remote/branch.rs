//! One continuation from a server: its chunks of text become tokens with whole characters.

use super::{
    chunk,
    wire::{Finish, Piece, Told},
};
use crate::{
    generate::{
        Ask, Prefix,
        ban::{Ban, Verdict},
        text::Text,
    },
    token::{BranchId, StopReason, Token},
};

/// Text beyond this many bytes per requested token ends a continuation: the server ignores the limit.
const MOST_BYTES: usize = 64;

/// A continuation.
pub struct Branch {
    /// Its number.
    pub id: BranchId,
    /// The prompt, and the most tokens that may come.
    pub prompt: String,
    pub most: usize,
    text: Text,
    /// Whether a stop text was requested.
    stops: bool,
    logprobs: usize,
    /// The end of the prompt that wasn't sent, spaces or the last word, as far as the text has not repeated it yet.
    owed: Vec<u8>,
    /// The text doesn't begin with the word that it should begin with.
    pub is_astray: bool,
    /// The prompt's last word is finished, and the answer has not begun.
    after_word: bool,
    /// The first half of a character that a server has split into two surrogates.
    surrogate: Vec<u8>,
    /// How many more bytes may come.
    left: usize,
    /// How many more tokens may come. More are requested than the writer wants where a word is generated again.
    tokens_left: usize,
    /// Whether text has arrived.
    pub came: bool,
    /// What is banned, and the tokens that are held back because of it.
    ban: Option<Ban>,
    held: Vec<(Told, Vec<u8>)>,
    /// The text so far, without what is held back, and how many tokens it has.
    said: Vec<u8>,
    shown: usize,
    /// A banned phrase has come. What is left has to be continued by another request.
    pub is_banned: bool,
    /// How often that has happened, and the tokens in which the phrases began.
    pub rejected: u32,
    pub excluded: Vec<u32>,
}

/// How often a banned phrase is taken back before the text ends where it is: each time is a request.
const TRIES: u32 = 8;

impl Branch {
    /// A continuation without text. `owed` is the end of the prompt that wasn't sent.
    pub fn new(ask: &Ask, owed: &str) -> Self {
        let params = &ask.params;
        Self {
            id: ask.branch,
            prompt: ask.prompt.clone(),
            most: params.max_tokens,
            text: Text::new(params, ask.clean, &ask.prompt),
            after_word: ask.prefix == Prefix::Word && !owed.ends_with(' '),
            stops: !params.stop.is_empty(),
            logprobs: params.logprobs,
            owed: owed.as_bytes().to_vec(),
            is_astray: false,
            surrogate: Vec::new(),
            left: params.max_tokens.saturating_mul(MOST_BYTES),
            tokens_left: params.max_tokens,
            came: false,
            ban: Ban::new(params, &ask.prompt),
            held: Vec::new(),
            said: Vec::new(),
            shown: 0,
            is_banned: false,
            rejected: 0,
            excluded: Vec::new(),
        }
    }

    /// Add a chunk. Returns the tokens, and why the continuation has ended, if it has.
    pub fn push(&mut self, piece: Piece) -> (Vec<Token>, Option<StopReason>) {
        let mut tokens = Vec::new();
        self.came |= !piece.text.is_empty();
        for (told, bytes) in chunk::split(piece.text, piece.tokens) {
            let over = bytes.len() >= self.left;
            self.left = self.left.saturating_sub(bytes.len());
            let all = chunk::joined(&mut self.surrogate, bytes);
            let bytes = self.without_owed(&all);
            if self.is_astray {
                return (Vec::new(), None);
            }
            if bytes.is_empty() && !all.is_empty() {
                continue;
            }
            let bytes = self.without_word(bytes);
            let counts = told.id.is_some();
            self.tokens_left -= usize::from(counts && self.tokens_left > 0);
            let is_full = counts && self.tokens_left == 0;
            self.held.push((told, bytes));
            let stop = self.settle(over || is_full, &mut tokens);
            if stop.is_some() || self.is_banned {
                return (tokens, stop);
            }
            if over || is_full {
                tokens.extend(is_full.then(|| self.finish()).flatten());
                let met = self.text.ends_on_phrase();
                let stop = if met { StopReason::Phrase } else { StopReason::Length };
                return (tokens, Some(stop));
            }
        }
        let mut stop = piece.finish.map(|finish| match finish {
            Finish::Length | Finish::Aborted => StopReason::Length,
            Finish::Stop => StopReason::Stop,
            Finish::Either if self.stops => StopReason::Stop,
            Finish::Either | Finish::Eot => StopReason::Eot,
        });
        if stop.is_some() {
            self.is_astray = owes_word(&self.owed);
            let earlier = self.settle(true, &mut tokens);
            if earlier.is_some() || self.is_banned {
                return (tokens, earlier);
            }
            tokens.extend(self.finish());
            if self.text.ends_on_phrase() {
                stop = Some(StopReason::Phrase);
            }
        }
        (tokens, stop)
    }

    /// Shows what is certain of the tokens that are held back. Returns why the text ends, if it does.
    fn settle(&mut self, ended: bool, tokens: &mut Vec<Token>) -> Option<StopReason> {
        let count = self.shown + self.held.len();
        let verdict = match &mut self.ban {
            None => Verdict::Show(count),
            Some(ban) => {
                if ban.count() < count
                    && let Some((_, bytes)) = self.held.last()
                {
                    ban.push(bytes);
                }
                ban.judge(ended)
            }
        };
        match verdict {
            Verdict::Show(count) => {
                let mut carried = String::new();
                for (told, bytes) in self.held.drain(..count - self.shown).collect::<Vec<_>>() {
                    self.shown += 1;
                    self.said.extend(&bytes);
                    let (text, stop) = self.text.push(&bytes);
                    let mut text = std::mem::take(&mut carried) + &text;
                    let ban = self.ban.as_ref().filter(|_| stop.is_none() && self.shown < count);
                    if ban.is_some_and(|ban| ban.is_phrase_before(self.shown)) {
                        carried = std::mem::take(&mut text);
                    }
                    let only_shows_the_end = text.is_empty() && stop.is_some();
                    if !only_shows_the_end {
                        tokens.push(self.token(told, text));
                    }
                    if stop.is_some() {
                        return stop;
                    }
                }
                None
            }
            Verdict::Reject(index) => {
                let gone = self.held.split_off(index - self.shown);
                self.excluded.extend(gone.first().and_then(|(told, _)| told.id));
                if let Some(ban) = &mut self.ban {
                    ban.back_to(index);
                }
                self.rejected += 1;
                self.is_banned = self.rejected <= TRIES;
                if self.is_banned {
                    return None;
                }
                tokens.extend(self.finish());
                Some(StopReason::Length)
            }
        }
    }

    /// What another request continues after a banned phrase: the text so far, and how many tokens it has.
    pub fn accepted(&self) -> (String, usize) {
        let held = self.held.iter().flat_map(|(_, bytes)| bytes);
        let all: Vec<u8> = self.said.iter().chain(held).copied().collect();
        (String::from_utf8_lossy(&all).into_owned(), self.shown + self.held.len())
    }

    /// The same continuation for another request. `owed` is the end of its prompt that isn't sent.
    pub fn resumed(self, owed: &str) -> Self {
        Self {
            owed: owed.as_bytes().to_vec(),
            after_word: false,
            is_banned: false,
            surrogate: Vec::new(),
            came: false,
            tokens_left: self.most.saturating_sub(self.shown + self.held.len()).max(1),
            ..self
        }
    }

    /// The text that was held back because more might have come.
    pub fn finish(&mut self) -> Option<Token> {
        let text = self.text.finish();
        (!text.is_empty()).then(|| self.token(Told::default(), text))
    }

    fn token(&self, told: Told, text: String) -> Token {
        let mut top = told.top;
        top.truncate(self.logprobs);
        Token {
            id: told.id,
            text,
            logprob: told.logprob,
            rank: told.rank,
            top,
            copied: 0,
            drawn: Vec::new(),
        }
    }

    /// Removes the end of the prompt that wasn't sent: the model generates it again as the beginning of the text. Spaces
    /// may be missing there, a word may not.
    fn without_owed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let paid = self.owed.iter().zip(bytes).take_while(|(a, b)| a == b).count();
        self.owed.drain(..paid);
        if paid < bytes.len() {
            self.is_astray = owes_word(&self.owed);
            self.owed.clear();
        }
        bytes[paid..].to_vec()
    }
}

/// Whether more than spaces is owed.
fn owes_word(owed: &[u8]) -> bool {
    owed.iter().any(|byte| *byte != b' ')
}

impl Branch {
    /// Removes the letters that continue a finished word: a server can't be told that it is finished.
    fn without_word(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        if !self.after_word {
            return bytes;
        }
        let is_letter = |b: &&u8| b.is_ascii_alphanumeric() || **b >= 0x80;
        let more = bytes.iter().take_while(is_letter).count();
        self.after_word = more == bytes.len();
        bytes[more..].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clean::Level, generate::Guide, token::SamplingParams};

    fn ask(params: &SamplingParams) -> Ask {
        let (prompt, params) = (String::new(), params.clone());
        Ask {
            branch: 1,
            prompt,
            guide: Guide::default(),
            params,
            clean: Level::Prose,
            prefix: Prefix::Characters,
        }
    }

    fn of(params: &SamplingParams, owed: &str, chunks: &[&[u8]]) -> (String, Option<StopReason>) {
        all(&mut Branch::new(&ask(params), owed), chunks)
    }

    fn all(branch: &mut Branch, chunks: &[&[u8]]) -> (String, Option<StopReason>) {
        let mut all = String::new();
        for chunk in chunks {
            let (tokens, stop) = branch.push(Piece { text: chunk.to_vec(), ..Piece::default() });
            all.extend(tokens.into_iter().map(|token| token.text));
            if stop.is_some() {
                return (all, stop);
            }
        }
        all.extend(branch.finish().map(|token| token.text));
        (all, None)
    }

    #[test]
    fn chunks_are_joined_to_whole_characters() {
        let all = SamplingParams::default();
        assert_eq!(of(&all, "", &[b" caf\xc3", b"\xa9 ", b"\xf0\x9f", b"\x99\x82"]).0, " café 🙂");
        // U+1F642 as two surrogates, in one chunk and in two.
        let (high, low): (&[u8], &[u8]) = (b"\xed\xa0\xbd", b"\xed\xb9\x82");
        assert_eq!(of(&all, "", &[b"a", high, low, b"b"]).0, "a🙂b");
        assert_eq!(of(&all, "", &[b"a\xed\xa0\xbd\xed\xb9\x82b"]).0, "a🙂b");
        assert_eq!(of(&all, "", &["한국 \u{d7a3}".as_bytes()]).0, "한국 \u{d7a3}");
        assert_eq!(of(&all, "", &[b"a\x1b[31mred"]).0, "ared");
    }

    #[test]
    fn spaces_at_the_end_of_the_prompt_are_not_doubled() {
        let all = SamplingParams::default();
        assert_eq!(of(&all, " ", &[b" hello"]).0, "hello");
        assert_eq!(of(&all, "  ", &[b" ", b" ", b" x"]).0, " x");
        assert_eq!(of(&all, " ", &[b"hello there"]).0, "hello there");
        assert_eq!(of(&all, " ", &[b"\n", b" x"]).0, "\n x");
    }

    #[test]
    fn the_word_at_the_end_of_the_prompt_is_not_doubled() {
        let all = SamplingParams::default();
        assert_eq!(of(&all, " nobo", &[b" nob", b"ody came"]).0, "dy came");
        assert_eq!(of(&all, " nobo", &[b" nobo"]).0, "");
        for wrong in [&b" nothing"[..], b"nobody", b".", b" no body"] {
            let mut branch = Branch::new(&ask(&all), " nobo");
            let (tokens, _) = branch.push(Piece { text: wrong.to_vec(), ..Piece::default() });
            assert!(branch.is_astray && tokens.is_empty(), "{wrong:?}");
        }
        let mut short = Branch::new(&ask(&all), " nobo");
        let end = Piece { text: b" n".to_vec(), finish: Some(Finish::Eot), ..Piece::default() };
        short.push(end);
        assert!(short.is_astray);
    }

    #[test]
    fn a_finished_word_gets_no_more_letters() {
        let finished = Ask { prefix: Prefix::Word, ..ask(&SamplingParams::default()) };
        let with = |chunks: &[&[u8]]| all(&mut Branch::new(&finished, ""), chunks).0;
        assert_eq!(with(&[b"in", b"g home"]), " home");
        assert_eq!(with(&[b" home"]), " home");
        assert_eq!(with(&[b", and", b" so"]), ", and so");
    }

    #[test]
    fn stops_are_found_also_if_the_server_ignores_them() {
        let params =
            SamplingParams { stop: vec!["###".into()], max_tokens: 2, ..Default::default() };
        assert_eq!(
            of(&params, "", &[b"one #", b"## two"]),
            ("one ".into(), Some(StopReason::Stop))
        );
        let endless = [b"0123456789".as_slice(); 20];
        let (text, stop) = of(&params, "", &endless);
        assert_eq!((text.len(), stop), (130, Some(StopReason::Length)));
    }

    #[test]
    fn the_word_that_is_generated_again_does_not_count() {
        let piece = |text: &str| Piece {
            text: text.into(),
            tokens: vec![Told { id: Some(1), text: text.into(), ..Told::default() }],
            ..Piece::default()
        };
        let params = SamplingParams { max_tokens: 2, ..SamplingParams::default() };
        for (owed, pieces) in [(" ", [" a", " b", " c"]), (" so", [" so", "on", " b"])] {
            let mut branch = Branch::new(&ask(&params), owed);
            let (mut text, mut ended) = (String::new(), None);
            for part in pieces {
                if ended.is_none() {
                    let (tokens, stop) = branch.push(piece(part));
                    text.extend(tokens.into_iter().map(|token| token.text));
                    ended = stop;
                }
            }
            let want = if owed == " " { "a b" } else { "on b" };
            assert_eq!((&*text, ended), (want, Some(StopReason::Length)));
        }
    }

    #[test]
    fn tokens_keep_what_was_told_of_them() {
        let told = |text: &str, id| Told { id: Some(id), text: text.into(), ..Told::default() };
        let params = SamplingParams::default();
        let mut branch = Branch::new(&ask(&params), "");
        let piece = Piece {
            text: b" a b".to_vec(),
            tokens: vec![told(" a", 1), told(" b", 2)],
            ..Piece::default()
        };
        let (tokens, _) = branch.push(piece);
        let got: Vec<_> = tokens.iter().map(|token| (token.id, &*token.text)).collect();
        assert_eq!(got, [(Some(1), " a"), (Some(2), " b")]);
        // A character of two tokens: the first has no text yet.
        let half =
            Piece { text: Vec::new(), tokens: vec![told("\u{fffd}", 3)], ..Piece::default() };
        let (tokens, _) = branch.push(half);
        assert_eq!((tokens[0].id, &*tokens[0].text), (Some(3), ""));
    }
}
