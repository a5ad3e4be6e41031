//! What the history keeps of the model's side: every question as it is asked, every offer as it ends.

use super::Desk;
use crate::{
    session::Source,
    token::SamplingParams,
    ui::asking::{Asking, State},
};
use serde_json::json;

impl Desk {
    /// Looks through the offers for what the history doesn't have yet. After every event, so that nobody who asks
    /// or stops needs to think of it.
    pub fn keep_offers(&mut self) {
        for ((from, at), number, offer) in self.offers.all() {
            let Source { request, number } = *offer.source.get_or_insert_with(|| {
                let mut details = details(&self.asking, offer.seed);
                if let Some(by) = &offer.by {
                    details["model"] = by.as_str().into();
                }
                Source { request: self.session.ask_about(from, at, details), number }
            });
            // An opening alone is ours, not the model's.
            if !offer.is_live() && offer.tokens > 0 && offer.kept != offer.text.len() {
                offer.kept = offer.text.len();
                self.session.offer(request, number, &offer.text);
            }
        }
    }

    /// The chosen offer gives its place to another: what there is of it is kept.
    pub fn keep_replaced(&mut self) {
        if let Some(list) = self.offers.list_mut()
            && let Some(offer) = list.offers.get_mut(list.chosen)
            && offer.is_live()
        {
            offer.state = State::Stopped;
            self.keep_offers();
        }
    }

    /// A ghost of which something is taken goes to the history like an offer of a list, and only then: nobody asked for
    /// it. What of it was typed through is the writer's, so it is kept from here on.
    pub fn keep_ghost(&mut self) -> Option<Source> {
        let at = self.session.cursor();
        let ghost = self.offers.ghost.as_mut()?;
        let rest = ghost.list.rest(&self.session)?.len();
        let offer = ghost.list.offers.first_mut()?;
        let source = match offer.source {
            Some(source) => source,
            None => {
                let details = details(&self.asking, offer.seed);
                offer.kept = offer.text.len() - rest;
                let source = Source { request: self.session.ask(at, details), number: 1 };
                *offer.source.insert(source)
            }
        };
        let text = offer.text.get(offer.kept..)?;
        self.session.offer(source.request, source.number, text);
        Some(source)
    }
}

/// All that is needed to ask for the same again.
fn details(asking: &Asking, seed: u64) -> serde_json::Value {
    let sampling = SamplingParams { seed, ..asking.style.sampling.clone() };
    json!({ "model": asking.model.name(), "preset": asking.style.preset, "sampling": sampling })
}
