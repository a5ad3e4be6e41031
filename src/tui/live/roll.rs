//! Rolling: asking the model for takes, from the prompt or from the middle of another take.

use super::{Live, take::Take};
use crate::{
    clean::{Bleeps, Level},
    generate::{Ask, Guide, Prefix},
    session::Session,
    token::{SamplingParams, Token},
    ui::{
        asking::{Asking, Made, Model, ON_AIR, Pass, tail},
        worker::Request,
    },
};

/// The number of alternatives requested with each token.
const ALTERNATIVES: usize = 10;
/// The number of tokens by which a take may exceed its length, to finish its sentence.
const TO_THE_END: usize = 60;

impl Live {
    /// Whether a take can be rolled. If not, shows why.
    fn may_roll(&mut self) -> bool {
        match self.asking.model {
            Model::Gone(_) => {
                let key = self.key(super::Cue::OffAir);
                self.say(format!("There is no model. {key} opens the desk, which shows why."));
                return false;
            }
            Model::Loading => {
                self.say("The model is still loading.");
                return false;
            }
            Model::Ready(_) => {}
        }
        if self.item().prompt.text.trim().is_empty() {
            let key = self.key(super::Cue::Guest);
            self.say(format!("The prompt is empty. {key} adds one."));
            return false;
        }
        true
    }

    /// Rolls `count` takes that begin with `opening`, tokens of the current take, and shows them.
    pub(super) fn roll(&mut self, opening: &[Token], count: usize, session: &mut Session) {
        if !self.may_roll() {
            return;
        }
        self.stop_item();
        self.voice.hush();
        let first = self.item().takes.len();
        let numbers: Vec<usize> = (first..first + count).collect();
        let lead = self.item().lead().to_owned();
        let begun: Vec<_> = self.item().take().map_or_else(Vec::new, |take| {
            take.passes.iter().filter(|(at, _)| *at < opening.len()).cloned().collect()
        });
        let mut params = self.params();
        for number in &numbers {
            params.seed = match self.item().prompt.seed {
                // The rundown has the seed of the first take; each following take adds one.
                Some(seed) => seed.wrapping_add(*number as u64),
                None => self.asking.next_seed(),
            };
            let branch = self.asking.next_branch();
            let mut take = Take::new(branch, params.seed, &lead, opening, &self.bleeps);
            take.shown = opening.len();
            take.passes.clone_from(&begun);
            take.passes.push((opening.len(), self.ask(branch, opening, params.clone())));
            self.prompts.current_mut().takes.push(take);
        }
        let item = self.prompts.current_mut();
        item.chosen = first;
        item.sides = if count > 1 { numbers.clone() } else { Vec::new() };
        self.play.going = true;
        self.note_asked(&numbers, session);
    }

    /// Continues the current take after its end.
    pub(super) fn go_on(&mut self) {
        if !self.may_roll() {
            return;
        }
        let params = self.params();
        let Some(take) = self.item().take() else { return };
        let (opening, seed) = (take.said.clone(), take.seed.wrapping_add(take.said.len() as u64));
        let branch = self.asking.next_branch();
        let pass = self.ask(branch, &opening, SamplingParams { seed, ..params });
        let bleeps = &self.bleeps;
        if let Some(take) = self.prompts.current_mut().take_mut() {
            take.passes.push((opening.len(), pass));
            take.go_on(branch, bleeps);
        }
        self.play.going = true;
    }

    /// Asks for a continuation of the prompt and of these tokens. Returns what is recorded of it.
    fn ask(&self, branch: u64, opening: &[Token], params: SamplingParams) -> Pass {
        let text = tail(&self.item().prompt.text);
        let characters = Some(text.chars().count());
        let said: String = opening.iter().map(|token| &*token.text).collect();
        let prompt = format!("{text}{said}");
        // The last word of a prompt is finished: Enter said so. A take ends with a whole token.
        let prefix = if opening.is_empty() { Prefix::Word } else { Prefix::Tokens };
        let guide = Guide::default();
        let ask = Ask { branch, prompt, guide, params, clean: Level::Prose, prefix };
        let made = Made { preset: ON_AIR.into(), candidates: 0, ..self.asking.made(&ask) };
        let pass = Pass { characters, ..Pass::of(&ask, &said, made) };
        self.asking.send(Request::Generate(ask));
        pass
    }

    /// The sampling parameters for the current prompt.
    pub(super) fn params(&self) -> SamplingParams {
        let (prompt, sampling) = (&self.item().prompt, &self.asking.style.sampling);
        let tokens = prompt.tokens.unwrap_or(self.play.tokens);
        SamplingParams {
            temperature: prompt.temperature.unwrap_or(sampling.temperature),
            max_tokens: tokens + TO_THE_END,
            sentence: Some(tokens),
            logprobs: ALTERNATIVES,
            ..sampling.clone()
        }
    }

    /// Stops the takes of the current prompt.
    pub(super) fn stop_item(&mut self) {
        let takes = self.prompts.current_mut().takes.iter_mut();
        stop(takes, &self.asking, &self.bleeps);
    }

    /// Stops the takes of all prompts.
    pub(super) fn stop_all(&mut self) {
        stop(self.prompts.takes_mut(), &self.asking, &self.bleeps);
    }
}

/// Stops the takes that the model is working on.
pub(super) fn stop<'a>(
    takes: impl Iterator<Item = &'a mut Take>,
    asking: &Asking,
    bleeps: &Bleeps,
) {
    for take in takes.filter(|take| take.is_live()) {
        asking.stop(take.branch);
        take.stop(bleeps);
    }
}
