//! Recording requests and offers in the history: each request when it is made, each offer when it ends.

use super::Desk;
use crate::{
    session::{Session, Source},
    ui::asking::{Offer, Receipt, State},
};
use serde_json::Value;

impl Desk {
    /// Records what the history doesn't have yet. Called after every event, so that no other code has to.
    pub fn keep_offers(&mut self) {
        for ((from, at), number, offer) in self.offers.all() {
            self.asking.name_model(&mut offer.passes);
            let Source { request, number } = match offer.source {
                Some(source) => source,
                None => {
                    let request = self.session.ask_about(from, at, details(offer));
                    *offer.source.insert(Source { request, number })
                }
            };
            // An opening alone is not the model's text.
            if !offer.is_live() && offer.tokens > 0 && offer.kept != offer.text.len() {
                offer.kept = offer.text.len();
                let receipt = receipt(offer, request, &self.session);
                self.session.offer_with(request, number, &offer.text, receipt);
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
                self.asking.name_model(&mut offer.passes);
                offer.kept = offer.text.len() - rest;
                let typed = offer.text[..offer.kept].chars().count();
                offer.passes.iter_mut().for_each(|pass| pass.back = typed);
                let source = Source { request: self.session.ask(at, details(offer)), number: 1 };
                *offer.source.insert(source)
            }
        };
        // It may have grown since a part of it was recorded.
        offer.noted = 0;
        let receipt = receipt(offer, source.request, &self.session);
        let text = offer.text.get(offer.kept..)?;
        self.session.offer_with(source.request, source.number, text, receipt);
        Some(source)
    }
}

/// Everything needed to repeat the request.
fn details(offer: &Offer) -> Value {
    let made = offer.passes.first().and_then(|pass| serde_json::to_value(&*pass.made).ok());
    let mut details = made.unwrap_or_default();
    if let Some(by) = &offer.by {
        details["model"] = by.as_str().into();
    }
    details
}

/// The receipt of what the history doesn't have yet of an offer.
fn receipt(offer: &mut Offer, request: usize, session: &Session) -> Option<String> {
    let new = offer.passes.get(offer.noted..).filter(|new| !new.is_empty())?;
    let receipt = Receipt::write(new, &session.request(request)?.details);
    offer.noted = offer.passes.len();
    Some(receipt)
}
