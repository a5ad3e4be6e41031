//! A continuation in progress: chooses its next token from the logits, and turns it into text.

use super::{
    ban::{Ban, Verdict},
    cover::Covering,
    exclude::{exclude, forbid_more_of_the_word},
    memory::Memory,
    recorded::Recorded,
    sampler::{self, Bias, Choice, Marks, Moment, Rated},
    spellings::Spellings,
    text::Text,
    word,
};
use crate::{
    model::{Model, memorized},
    token::{Alternative, BranchId, Draw, SamplingParams, StopReason, Token},
};
use anyhow::{Result, bail};
use std::{collections::VecDeque, sync::Arc};

/// A continuation.
pub(super) struct Branch {
    pub(super) id: BranchId,
    pub(super) params: SamplingParams,
    /// The tokens of the prompt and of the continuation. Empty until the first token is chosen.
    pub(super) memory: Memory,
    /// The number of the covering that its first token is drawn from; `None` after that.
    pub(super) waits_for: Option<u64>,
    /// Behind a finished word: the text so far, until it is certain that the word isn't continued.
    pub(super) behind_word: Option<Vec<u8>>,
    /// What is added to the logits of words.
    pub(super) bias: Bias,
    /// Watches for what is banned.
    pub(super) ban: Option<Ban>,
    /// Tokens that are not shown, because they may still be replaced.
    pub(super) held: VecDeque<Held>,
    /// How many tokens were rejected. With the number of tokens, it determines the random numbers.
    pub(super) rejected: u64,
    /// Tokens of the continuation so far, and how many of them were shown.
    pub(super) generated: usize,
    pub(super) shown: usize,
    /// The surprise in bits that Mirostat lets through at the next token.
    pub(super) mu: f32,
    /// How many tokens at its end are copied from the training text.
    pub(super) copied: usize,
    pub(super) text: Text,
    /// The draws since the last token that was shown.
    pub(super) drawn: Vec<Draw>,
    /// The draws to follow, when a recorded continuation is checked.
    pub(super) recorded: Option<Recorded>,
}

/// A token that may still be replaced.
pub(super) struct Held {
    token: Token,
    bytes: Vec<u8>,
    /// Whether it ends the text.
    is_end: bool,
    from: Place,
}

/// The place of a token: what it is drawn from, and the state before it.
struct Place {
    source: Source,
    /// What the tokens that were rejected here add to the text, with their options.
    excluded: Vec<(u32, Vec<u8>)>,
    mu: f32,
    behind_word: Option<Vec<u8>>,
    copied: usize,
}

/// Where the probabilities of a token come from.
enum Source {
    /// The covers of the prompt's end.
    Covers(Arc<Covering>),
    /// The logits behind the tokens so far.
    Logits(Vec<f32>),
}

/// What a branch chooses from: logits after the penalties, and what each means.
struct Options<'a> {
    /// The raw logits, and the same after the penalties and with minus infinity for what is excluded.
    raw: &'a [f32],
    scores: Vec<f32>,
    /// The token of an option by its index, and the bytes that it adds to the text.
    meaning: &'a dyn Fn(u32) -> (u32, &'a [u8]),
    /// The option that was recorded here, in a check; `None` inside if there is no such option.
    wanted: Option<Option<u32>>,
}

/// What a branch shows in a step, and why it has ended. There may be no token, or several.
pub(super) type Added = (Vec<Token>, Option<StopReason>);

/// What the choice of a token needs of the engine.
#[derive(Clone, Copy)]
pub(super) struct With<'a> {
    pub(super) model: &'a Model,
    pub(super) spellings: &'a Spellings,
    pub(super) marks: &'a Marks,
}

impl Branch {
    /// Draw the first token: a cover of the prompt's end, with what it adds to the text.
    pub(super) fn begin(&mut self, covering: Arc<Covering>, with: With) -> Result<Added> {
        self.waits_for = None;
        self.draw(Source::Covers(covering), with)
    }

    /// Choose the next token from the first row of logits, and from each further row while the tokens are the proposed
    /// ones, behind which that row was read.
    pub(super) fn next(
        &mut self,
        rows: Vec<Vec<f32>>,
        proposed: &[u32],
        with: With,
    ) -> Result<Added> {
        let read = self.memory.tokens.len();
        let mut added = Vec::new();
        for (n, logits) in rows.into_iter().enumerate() {
            let rejected = self.rejected;
            let (tokens, stop) = self.draw(Source::Logits(logits), with)?;
            added.extend(tokens);
            // If a token was rejected, the tokens before it may be others, too.
            let is_next = self.memory.tokens.len() == read + n + 1 && self.rejected == rejected;
            if stop.is_some() || !is_next || self.memory.tokens.last() != proposed.get(n) {
                self.memory.cache.truncate(self.memory.tokens.len() - 1);
                return Ok((added, stop));
            }
        }
        Ok((added, None))
    }

    /// Draw a token. While that completes a banned phrase, go back to where the phrase begins, and draw there again.
    fn draw(&mut self, source: Source, with: With) -> Result<Added> {
        let mut place = Place {
            source,
            excluded: Vec::new(),
            mu: self.mu,
            behind_word: self.behind_word.clone(),
            copied: self.copied,
        };
        loop {
            if self.recorded.as_ref().is_some_and(Recorded::is_over) {
                return Ok(self.cut_short());
            }
            let Some((choice, id, bytes, top)) = self.choose(&place, with)? else {
                if self.recorded.is_some() {
                    continue; // the record can't be followed, which ends it
                }
                // All that is left here is banned: another token before it, if there is one, or the end.
                match self.held.len().checked_sub(1) {
                    Some(last) => place = self.back_to(last),
                    None => return Ok(self.cut_short()),
                }
                continue;
            };
            self.mu = choice.mu;
            if let Some(before) = &mut self.behind_word {
                before.extend(&bytes);
                if word::is_settled(before) {
                    self.behind_word = None;
                }
            }
            self.generated += 1;
            self.count_copied(with.model);
            let is_end = with.model.is_end(id);
            let (logprob, rank, copied) = (Some(choice.logprob), Some(choice.rank), self.copied);
            let drawn = Vec::new();
            let token =
                Token { id: Some(id), text: String::new(), logprob, rank, top, copied, drawn };
            place.excluded.push((choice.index, bytes.clone()));
            self.held.push_back(Held { token, bytes, is_end, from: place });
            let ended = is_end || self.generated >= self.params.max_tokens;
            match self.verdict(ended) {
                Verdict::Show(count) => return Ok(self.show(count)),
                Verdict::Reject(_) if self.ban.as_ref().is_some_and(Ban::is_spent) => {
                    return Ok(self.cut_short());
                }
                Verdict::Reject(index) => place = self.back_to(index - self.shown),
            }
        }
    }

    /// What the last token means for the ban.
    fn verdict(&mut self, ended: bool) -> Verdict {
        let (Some(ban), Some(last)) = (&mut self.ban, self.held.back()) else {
            return Verdict::Show(self.generated);
        };
        ban.push(if last.is_end { &[] } else { &last.bytes });
        ban.judge(ended)
    }

    /// Forget a token that is held back, and those behind it. Returns its place, where it is excluded now.
    fn back_to(&mut self, index: usize) -> Place {
        let gone = self.held.len() - index;
        let tokens = &mut self.memory.tokens;
        tokens.truncate(tokens.len() - gone.min(tokens.len()));
        self.memory.cache.truncate(tokens.len());
        if let Some(ban) = &mut self.ban {
            ban.back_to(self.shown + index);
        }
        self.generated -= gone;
        self.rejected += 1;
        let place = self.held.drain(index..).next().expect("a token is held").from;
        (self.mu, self.copied) = (place.mu, place.copied);
        self.behind_word.clone_from(&place.behind_word);
        place
    }

    /// Choose a token for a place, and put it into the memory. Returns the choice, the token, what it adds to the text,
    /// and the likeliest options. `None` if every option is banned.
    #[allow(clippy::type_complexity)]
    fn choose(
        &mut self,
        place: &Place,
        with: With,
    ) -> Result<Option<(Choice, u32, Vec<u8>, Vec<Alternative>)>> {
        let tokenizer = &with.model.tokenizer;
        let recorded = self.recorded.as_mut().and_then(Recorded::next);
        match &place.source {
            Source::Logits(logits) => {
                let tokens = &self.memory.tokens;
                let mut scores = sampler::scores(logits, tokens, &self.params, with.marks);
                self.bias.apply(&mut scores, tokens, tokenizer);
                tokenizer.forbid_unnamed(&mut scores);
                let meaning = |id| (id, tokenizer.bytes(id));
                let wanted = recorded.map(|draw| match draw {
                    Draw::Token(id) => Some(id),
                    Draw::Cover(_) => None,
                });
                let options = Options { raw: logits, scores, meaning: &meaning, wanted };
                let Some((choice, top)) = self.pick(options, place, with.marks)? else {
                    return Ok(None);
                };
                self.memory.tokens.push(choice.index);
                self.drawn.push(Draw::Token(choice.index));
                let bytes = tokenizer.bytes(choice.index).to_vec();
                Ok(Some((choice, choice.index, bytes, top)))
            }
            Source::Covers(covering) => {
                let (raw, scores, places) = self.covers(covering, with);
                let (owed, nodes) = (&covering.prompt.owed, &covering.nodes);
                let meaning = |index: u32| {
                    let (node, id) = places[index as usize];
                    (id, &tokenizer.bytes(id)[owed.len() - nodes[node].spelled..])
                };
                let wanted = recorded.map(|draw| covering.option(&places, &draw));
                let options = Options { raw: &raw, scores, meaning: &meaning, wanted };
                let Some((choice, top)) = self.pick(options, place, with.marks)? else {
                    return Ok(None);
                };
                let (node, id) = places[choice.index as usize];
                self.memory = covering.fork(&nodes[node], id);
                self.drawn.push(covering.draw(&self.memory));
                let bytes = meaning(choice.index).1.to_vec();
                Ok(Some((choice, id, bytes, top)))
            }
        }
    }

    /// The options for the first token. Every option of every node is rated as a token is: its probability is that of
    /// the cover among all covers. Penalties and the chain of steps apply to these; the prompt's own tokens are given, so
    /// the penalties don't make a spelling of them unlikely. Returns the raw logits, those after the penalties, and the
    /// node and the token of each option.
    fn covers(&self, covering: &Covering, with: With) -> (Vec<f32>, Vec<f32>, Vec<(usize, u32)>) {
        let tokenizer = &with.model.tokenizer;
        let tokens = &covering.prompt.tokens;
        let owed = &covering.prompt.owed;
        let (mut raw, mut scores, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (index, node) in covering.nodes.iter().enumerate() {
            let offset = node.logprob as f32 - node.total;
            let mut penalized = sampler::scores(&node.logits, tokens, &self.params, with.marks);
            self.bias.apply(&mut penalized, covering.tokens_to(node), tokenizer);
            tokenizer.forbid_unnamed(&mut penalized);
            let mut add = |id: u32| {
                raw.push(node.logits[id as usize] + offset);
                scores.push(penalized[id as usize] + offset);
                places.push((index, id));
            };
            match &owed[node.spelled..] {
                [] => (0..node.logits.len() as u32).for_each(&mut add),
                rest => with.spellings.beyond(tokenizer, rest).iter().copied().for_each(&mut add),
            }
        }
        (raw, scores, places)
    }

    /// Choose one of the options, and rate the likeliest. `None` if all of them are excluded at this place.
    fn pick(
        &mut self,
        options: Options,
        place: &Place,
        marks: &Marks,
    ) -> Result<Option<(Choice, Vec<Alternative>)>> {
        let Options { raw, mut scores, meaning, wanted } = options;
        if let Some(before) = &self.behind_word {
            forbid_more_of_the_word(before, &mut scores, meaning);
        }
        exclude(&place.excluded, &mut scores, meaning);
        let named = |Rated { index, logprob, after }| {
            let (id, bytes) = meaning(index);
            let text = String::from_utf8_lossy(bytes).into_owned();
            Alternative { id: Some(id), text, logprob, after }
        };
        let may_exclude = |index| marks.may_exclude(meaning(index).0);
        let position = self.generated as u64 | self.rejected << 32;
        let moment = Moment { position, mu: self.mu, may_exclude: &may_exclude };
        if let (Some(wanted), Some(recorded)) = (wanted, &mut self.recorded) {
            let found = wanted
                .and_then(|index| sampler::compare(raw, &scores, &self.params, moment, index));
            recorded.note(found.map(|(_, fit)| fit));
            return Ok(found.map(|(choice, _)| (choice, Vec::new())));
        }
        let top = match self.params.logprobs {
            0 => Vec::new(),
            _ => sampler::alternatives(raw, &scores, &self.params, moment)
                .into_iter()
                .map(named)
                .collect(),
        };
        match sampler::choose(raw, &scores, &self.params, moment) {
            Some(choice) => Ok(Some((choice, top))),
            None if place.excluded.is_empty() => {
                bail!("the model gave no numbers; its weights may be damaged")
            }
            None => Ok(None),
        }
    }

    /// Show tokens until `count` of all tokens are shown, or the text ends.
    fn show(&mut self, count: usize) -> Added {
        let mut tokens = Vec::new();
        // Of tokens that are shown together, one after which the text would end in a banned phrase has no text of its
        // own; the next one has it.
        let mut carried = String::new();
        while self.shown < count {
            let Some(Held { mut token, bytes, is_end, .. }) = self.held.pop_front() else { break };
            self.shown += 1;
            let (mut text, mut stop) = match is_end {
                true => (String::new(), Some(StopReason::Eot)),
                false => self.text.push(&bytes),
            };
            if stop.is_none() && self.shown >= self.params.max_tokens {
                stop = Some(StopReason::Length);
            }
            let is_cut = matches!(stop, Some(StopReason::Eot | StopReason::Length));
            if is_cut {
                text += &self.text.finish();
            }
            let only_shows_the_end =
                text.is_empty() && stop.is_some_and(|stop| stop != StopReason::Length);
            if is_cut && self.text.ends_on_phrase() {
                stop = Some(StopReason::Phrase);
            }
            if !only_shows_the_end {
                token.drawn = std::mem::take(&mut self.drawn);
                token.text = std::mem::take(&mut carried) + &text;
                let ban = self.ban.as_ref().filter(|_| stop.is_none() && self.shown < count);
                if ban.is_some_and(|ban| ban.is_phrase_before(self.shown)) {
                    carried = std::mem::take(&mut token.text);
                }
                tokens.push(token);
            }
            if stop.is_some() {
                return (tokens, stop);
            }
        }
        (tokens, None)
    }

    /// End the text, because nothing but banned phrases would follow.
    fn cut_short(&mut self) -> Added {
        let text = self.text.finish();
        let (top, drawn) = (Vec::new(), std::mem::take(&mut self.drawn));
        let rest = Token { id: None, text, logprob: None, rank: None, top, copied: 0, drawn };
        let rest = (!rest.text.is_empty()).then_some(rest);
        (rest.into_iter().collect(), Some(StopReason::Length))
    }

    /// Count how many tokens at the end are copied from the training text.
    fn count_copied(&mut self, model: &Model) {
        let tokens = &self.memory.tokens;
        let own = &tokens[tokens.len() - self.generated.min(memorized::RUN).min(tokens.len())..];
        let length = |id: &u32| model.tokenizer.bytes(*id).len();
        let is_long = || own.iter().map(length).sum::<usize>() >= memorized::LEAST;
        let is_copy = model.memorized.as_ref().is_some_and(|index| index.ends_in_copy(own));
        self.copied = match self.copied {
            0 if is_copy && is_long() => memorized::RUN,
            before if is_copy && before > 0 => before + 1,
            _ => 0,
        };
    }
}
