//! Recording requests and offers in the history: each request when it is made, each offer when it ends.

use super::Desk;
use crate::{
    session::Source,
    ui::asking::{Asking, State},
};
use serde_json::json;

impl Desk {
    /// Records what the history doesn't have yet. Called after every event, so that no other code has to.
    pub fn keep_offers(&mut self) {
        for ((from, at), number, offer) in self.offers.all() {
            let Source { request, number } = *offer.source.get_or_insert_with(|| {
                let mut details = details(&self.asking, offer.seed);
                if let Some(by) = &offer.by {
                    details["model"] = by.as_str().into();
                }
                Source { request: self.session.ask_about(from, at, details), number }
            });
            // An opening alone is not the model's text.
            if !offer.is_live() && offer.tokens > 0 && offer.kept != offer.text.len() {
                offer.kept = offer.text.len();
                self.session.offer(request, number, &offer.text);
            }
        }
    }

    /// The chosen offer is about to be replaced: stops it and records its text so far.
    pub fn keep_replaced(&mut self) {
        if let Some(list) = self.offers.list_mut()
            && let Some(offer) = list.offers.get_mut(list.chosen)
            && offer.is_live()
        {
            offer.state = State::Stopped;
            self.keep_offers();
        }
    }

    /// Records a ghost when a part of it is taken, and only then, because nobody asked for it. What was typed through
    /// is the writer's, so only the rest is recorded.
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

/// Everything needed to repeat the request.
fn details(asking: &Asking, seed: u64) -> serde_json::Value {
    let (sampling, guide) = (asking.params(seed), &asking.guide);
    json!({
        "model": asking.model.name(), "preset": asking.style.preset, "sampling": sampling,
        "memory": guide.memory, "note": guide.note,
    })
}
