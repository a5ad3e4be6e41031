//! Candidates: a question draws more than it shows. Where they are drawn in a moment, they are drawn first, and the
//! best are shown. Elsewhere the offers stream at once; further candidates are drawn while the writer reads, and
//! replace an offer that turns out to have a fault. Those that are left over are there when the writer rolls again.

use super::{Asking, Fault, List, Model, Offer, State};
use crate::{
    clean::hanging,
    judge::{self, Candidate, Criterion, Form, endings},
    token::StopReason,
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The most candidates per question.
pub const CANDIDATES: usize = 24;

/// How many candidates are drawn for each offer, if the settings don't say.
const EACH: usize = 4;

/// How long a writer may wait for a pool, in seconds.
const PATIENCE: f32 = 0.3;

/// The usual length of a candidate in tokens.
const TOKENS: f32 = 25.0;

/// How many beginnings of candidates are weighed in the middle of a draft.
const WEIGHED: usize = 36;

/// How often candidates are drawn for one list.
pub const DRAWS: u8 = 3;

/// How offers are chosen from candidates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How many candidates a question draws, up to 24; 0 = four for each offer.
    pub candidates: usize,
    /// The criteria of the filter.
    pub filter: Vec<Criterion>,
    /// The largest share of a draft's words that may be the machine's, in percent; taking more is refused. 100 = no limit.
    pub machine_share: u8,
    /// Seconds without a key after which offers are asked for; 0 = never.
    pub stall_seconds: u32,
    /// Whether typing and deleting again and again asks for offers.
    pub delete_loop: bool,
    /// The writer chose the temperature: it is not the preset's, and stays whatever the model.
    #[serde(skip)]
    pub own_temperature: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            candidates: 0,
            filter: Criterion::ALL.into(),
            machine_share: 100,
            stall_seconds: 0,
            delete_loop: false,
            own_temperature: false,
        }
    }
}

impl Asking {
    /// How many candidates a question for `places` offers draws.
    pub fn wanted(&self, places: usize) -> usize {
        match self.style.candidates {
            0 => (EACH * places).min(CANDIDATES.max(places)),
            chosen => chosen.max(places),
        }
    }

    /// Whether spare candidates are drawn while the writer reads. On another machine each of them is a request, which may
    /// be billed, so there it takes a number of candidates in the settings.
    pub fn draws_ahead(&self) -> bool {
        let Model::Ready(info) = &self.model else { return false };
        let is_here = |host: &str| {
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            let ip = name.trim_matches(['[', ']']).parse::<IpAddr>();
            name == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
        };
        info.server.as_ref().is_none_or(|server| is_here(&server.host)) || self.style.candidates > 0
    }

    /// How many candidates can be drawn before the first offer is shown; `None` if the model is too slow for that, or
    /// nothing is to be chosen. Before anything was measured, only the model in the program is known to be fast.
    pub fn at_once(&self, places: usize) -> Option<usize> {
        let Model::Ready(info) = &self.model else { return None };
        // Each candidate of a server is a request of its own, and may be billed.
        if info.server.is_some() {
            return None;
        }
        let wanted = self.wanted(places);
        let fits = match self.speed {
            Some(speed) => (speed * PATIENCE / TOKENS) as usize,
            None if info.embedded => wanted,
            None => 0,
        };
        // Whole multiples, so that small changes of the speed don't change what a seed gives.
        let times = (wanted / places.max(1)).min(fits / places.max(1));
        (times > 1).then_some(if times * places + places > wanted {
            wanted
        } else {
            times * places
        })
    }
}

impl Offer {
    /// A place that waits until the pool is drawn.
    pub fn place() -> Self {
        Self { state: State::Choosing, ..Self::new(0, 0, "") }
    }

    /// The mean log-probability of its tokens.
    pub fn score(&self) -> f32 {
        match self.scored {
            (_, 0) => 0.0,
            (sum, count) => sum / count as f32,
        }
    }

    /// It has ended as `form` has it. If it ran out of tokens, the unfinished clause after its last full sentence is cut
    /// off. `taken` is how many bytes are on the page already; they stay.
    pub fn end(&mut self, why: StopReason, taken: usize, form: &Form, column: usize) {
        let whole = hanging(&self.text).len();
        if why == StopReason::Length && whole > taken && whole > self.opening.len() {
            self.text.truncate(whole);
        }
        if taken == 0 && form.has_lines() {
            self.text = form.fit(&self.text, column);
        }
        self.state = State::Done(why);
    }
}

impl List {
    /// The places that wait for the pool.
    pub fn waiting(&self) -> usize {
        self.offers.iter().filter(|offer| offer.state == State::Choosing).count()
    }

    /// Whether candidates of the pool are being generated.
    pub fn is_drawing(&self) -> bool {
        self.pool.iter().any(Offer::is_live)
    }

    /// The best candidates of the pool that are complete, as indices: at most `count`, the best first. With `clean`,
    /// only those without a fault.
    pub fn best(&self, count: usize, filter: &[Criterion], clean: bool) -> Vec<usize> {
        let ended: Vec<usize> = (0..self.pool.len())
            .filter(|at| matches!(self.pool[*at].state, State::Done(_)))
            .filter(|at| !clean || self.pool[*at].fault.is_none())
            .collect();
        // What all begin with makes none different from the others.
        let bare = |text: &'_ str| text.strip_prefix(&*self.form.lead).unwrap_or(text).to_owned();
        let texts: Vec<String> = ended.iter().map(|at| bare(&self.pool[*at].text)).collect();
        let candidates: Vec<Candidate> = ended
            .iter()
            .map(|at| &self.pool[*at])
            .zip(&texts)
            .map(|(offer, text)| Candidate {
                text,
                fault: offer.fault,
                score: offer.weighed.unwrap_or(offer.score()),
                any_length: offer.weighed.is_some(),
                wanted: self.words.count(text),
                share: self.words.only().map_or(0.0, |kind| self.place.share(kind, text)),
            })
            .collect();
        let shown: Vec<String> = self.offers.iter().map(|offer| bare(&offer.text)).collect();
        let shown: Vec<&str> = shown.iter().map(|text| &**text).collect();
        let diverse = filter.contains(&Criterion::Diverse);
        judge::choose(&candidates, count, &shown, diverse).into_iter().map(|at| ended[at]).collect()
    }

    /// For a place in the middle of a draft, replaces the complete candidates by their beginnings that can stand before
    /// the text behind it. `branches` gives each a new branch.
    pub fn cut_to_fit(&mut self, filter: &[Criterion], mut branch: impl FnMut() -> u64) {
        let ended =
            |offer: &mut Offer| matches!(offer.state, State::Done(_)) && offer.weighed.is_none();
        let mut whole: Vec<Offer> = self.pool.extract_if(.., ended).collect();
        whole.sort_by(|a, b| b.score().total_cmp(&a.score()));
        let mut texts: Vec<String> = Vec::new();
        for offer in whole {
            for text in endings(&offer.text, &self.behind) {
                let fault = self.place.fault(text, filter);
                let new = !texts.iter().any(|known| known == text);
                if new && fault.is_none_or(Fault::is_small) && texts.len() < WEIGHED {
                    texts.push(text.into());
                    let text = text.to_owned();
                    let state = State::Waiting;
                    self.pool.push(Offer { branch: branch(), text, fault, state, ..offer.clone() });
                }
            }
        }
    }

    /// Puts the best candidates into the places that wait. With `clean`, only those without a fault.
    pub fn fill(&mut self, filter: &[Criterion], clean: bool) {
        let best = self.best(self.waiting(), filter, clean);
        self.put(best);
    }

    /// In the middle of a draft, candidates that are complete wait for their weights. If this takes long, shows the best
    /// of those that have one, or else the likeliest, in the first place that waits. The other places go on waiting.
    /// Returns whether candidates wait for their weights.
    pub fn show_first(&mut self, filter: &[Criterion]) -> bool {
        let waits = |offer: &Offer| offer.state == State::Waiting && offer.tokens > 0;
        if !self.pool.iter().any(waits) {
            return false;
        }
        if self.waiting() == self.offers.len() {
            let mut first = self.best(1, filter, true);
            if first.is_empty() {
                let likeliest = self.pool.iter().enumerate().filter(|(_, offer)| waits(offer));
                let likeliest = likeliest.max_by(|a, b| a.1.score().total_cmp(&b.1.score()));
                if let Some((at, _)) = likeliest {
                    self.pool[at].state = State::Done(StopReason::Sentence);
                    first.push(at);
                }
            }
            self.put(first);
        }
        true
    }

    /// Puts the candidates that have most text into the places that wait, though they are not complete.
    pub fn fill_with_live(&mut self) {
        let mut live: Vec<usize> = (0..self.pool.len())
            .filter(|at| !matches!(self.pool[*at].state, State::Done(_)))
            .collect();
        live.sort_by_key(|at| std::cmp::Reverse(self.pool[*at].tokens));
        live.truncate(self.waiting());
        self.put(live);
    }

    /// Moves candidates of the pool to the places that wait.
    fn put(&mut self, chosen: Vec<usize>) {
        let places = self.offers.iter_mut().filter(|offer| offer.state == State::Choosing);
        for (place, at) in places.zip(&chosen) {
            *place = self.pool[*at].clone();
        }
        let mut at = 0;
        self.pool.retain(|_| {
            at += 1;
            !chosen.contains(&(at - 1))
        });
    }

    /// Drops the candidates that can't be shown, and fills the places that still wait with the reason.
    pub fn give_up(&mut self) {
        let worst = self.pool.iter().filter_map(|offer| offer.fault).min().unwrap_or(Fault::Empty);
        for place in self.offers.iter_mut().filter(|offer| offer.state == State::Choosing) {
            place.state = State::Dropped(worst);
        }
    }

    /// Takes out the best candidate without a fault.
    pub fn spare(&mut self, filter: &[Criterion]) -> Option<Offer> {
        let best = *self.best(1, filter, true).first()?;
        Some(self.pool.remove(best))
    }

    /// How many complete candidates have no fault.
    pub fn spares(&self) -> usize {
        let good = |offer: &&Offer| matches!(offer.state, State::Done(_)) && offer.fault.is_none();
        self.pool.iter().filter(good).count()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        generate::{ModelInfo, Server},
        token::{SamplingParams, StopReason},
        ui::asking::Style,
    };
    use std::sync::mpsc;

    pub fn info() -> ModelInfo {
        ModelInfo {
            name: "m".into(),
            parameters: Some(1),
            context: 512,
            vocabulary: 1,
            embedded: false,
            quantization: "f32".into(),
            bytes: 1,
            server: None,
            draft: None,
            numerics: None,
            about: Box::default(),
        }
    }

    fn asking(embedded: bool, candidates: usize, speed: Option<f32>) -> Asking {
        let sampling = SamplingParams::default();
        let own_temperature = false;
        let preset = "prose".to_owned();
        let style = Style { preset, sampling, own_temperature, offers: 3, candidates };
        let model = Model::Ready(ModelInfo { embedded, ..info() });
        Asking { model, speed, ..Asking::new(style, 1, mpsc::channel().0) }
    }

    #[test]
    fn the_pool_is_as_big_as_the_speed_allows() {
        for (embedded, candidates, speed, places, expected) in [
            (true, 0, None, 3, Some(12)),
            (true, 0, None, 6, Some(24)),
            (false, 0, None, 3, None),
            (false, 0, Some(2_000.0), 3, Some(12)),
            (true, 0, Some(800.0), 3, Some(9)),
            (true, 0, Some(300.0), 3, None),
            (true, 20, Some(9_000.0), 3, Some(20)),
            // As many as are shown: nothing to choose.
            (true, 3, None, 3, None),
            (true, 1, None, 3, None),
        ] {
            let asking = asking(embedded, candidates, speed);
            assert_eq!(asking.at_once(places), expected, "{candidates} {speed:?} {places}");
        }
        assert_eq!(asking(false, 0, None).wanted(3), 12);
        // Spares cost nothing on this machine.
        for (host, candidates, ahead) in [
            ("127.0.0.1:8080", 0, true),
            ("[::1]:8080", 0, true),
            ("localhost:11434", 0, true),
            ("api.example.com:443", 0, false),
            ("10.0.0.7:8000", 0, false),
            ("api.example.com:443", 12, true),
        ] {
            let kind = "vLLM";
            let server = Server { kind, host: host.into(), model: "m".into(), lacks: Vec::new() };
            let model = Model::Ready(ModelInfo { server: Some(server), ..info() });
            let asking = Asking { model, ..asking(false, candidates, None) };
            assert_eq!(asking.draws_ahead(), ahead, "{host} {candidates}");
        }
        assert!(asking(false, 0, None).draws_ahead());
        assert_eq!(asking(false, 1, None).wanted(3), 3);
    }

    #[test]
    fn the_best_are_shown_and_the_rest_are_spares() {
        let offer = |branch, text: &str, score, fault| Offer {
            text: text.into(),
            scored: (score, 1),
            fault,
            state: State::Done(StopReason::Sentence),
            ..Offer::new(branch, 0, "")
        };
        let mut list = List { offers: vec![Offer::place(), Offer::place()], ..List::default() };
        list.pool = vec![
            offer(1, " The lamp went out before the others came.", -2.0, None),
            offer(2, " The boat was gone before the others came.", -1.0, None),
            offer(3, " Rain fell on the boats until the morning", -0.5, Some(Fault::Cut)),
            offer(4, " Nobody asked who had been there before them.", -3.0, None),
            offer(5, " \"Rain fell on the boats until the morning.", -0.5, Some(Fault::Unbalanced)),
        ];
        list.fill(&Criterion::ALL, true);
        let shown: Vec<_> = list.offers.iter().map(|offer| offer.branch).collect();
        assert_eq!((shown, list.waiting(), list.spares()), (vec![2, 4], 0, 1));
        assert_eq!(list.spare(&Criterion::ALL).map(|offer| offer.branch), Some(1));
        assert_eq!(list.spare(&Criterion::ALL), None);
        // A small fault is better than an empty place; a serious one isn't.
        list.offers = vec![Offer::place(), Offer::place()];
        list.fill(&Criterion::ALL, true);
        assert_eq!(list.waiting(), 2);
        list.fill(&Criterion::ALL, false);
        list.give_up();
        assert_eq!(list.offers[0].branch, 3);
        assert_eq!(list.offers[1].state, State::Dropped(Fault::Unbalanced));
    }
}
