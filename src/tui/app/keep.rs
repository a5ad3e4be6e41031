//! What the history keeps of the model's side: every question as it is asked, every offer as it ends.

use super::{App, Model};
use crate::{session::Source, token::SamplingParams, tui::offers::State};
use serde_json::json;

impl App {
    /// Looks through the offers for what the history doesn't have yet. After every event, so that nobody who asks
    /// or stops needs to think of it.
    pub(super) fn keep_offers(&mut self) {
        let model = match &self.model {
            Model::Ready(info) => Some(&info.name),
            _ => None,
        };
        for ((from, at), number, offer) in self.offers.all() {
            let Source { request, number } = *offer.source.get_or_insert_with(|| {
                // All that is needed to ask for the same again.
                let sampling = SamplingParams { seed: offer.seed, ..self.sampling.clone() };
                let details =
                    json!({ "model": model, "preset": self.preset, "sampling": sampling });
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
    pub(super) fn keep_replaced(&mut self) {
        if let Some(list) = self.offers.list_mut()
            && let Some(offer) = list.offers.get_mut(list.chosen)
            && offer.is_live()
        {
            offer.state = State::Stopped;
            self.keep_offers();
        }
    }
}
