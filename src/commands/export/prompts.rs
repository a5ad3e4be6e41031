//! The prompts of a draft: the places where the model was asked, with all that it offered there.

use super::Source;
use crate::{
    session::{self, Author, What},
    ui::asking::{Made, Pass, Receipt},
};
use std::{sync::Arc, time::Duration};

/// The most words of a title that is made of a prompt.
const TITLE: usize = 8;

/// A place where the model was asked.
pub struct Prompt {
    /// When it was asked first, from the beginning of what is exported.
    pub time: Duration,
    /// On air, the heading above it; elsewhere its first words.
    pub title: String,
    /// Its text: what stood there when the model was asked, back to the heading or the start of the paragraph.
    pub text: String,
    /// What the model offered there, in order.
    pub takes: Vec<Take>,
    /// What the writer wrote there.
    pub own: String,
    /// Where it is on the page, if it still is.
    at: Option<usize>,
}

/// Something that the model offered.
pub struct Take {
    /// When it was complete.
    pub time: Duration,
    /// Its text.
    pub text: String,
    /// Whether a part of it is on the page.
    pub is_kept: bool,
    /// Whether a part of it was on the page.
    pub was_taken: bool,
    /// The settings it was made with.
    pub made: Arc<Made>,
    /// Its seed, if it is known.
    pub seed: Option<u64>,
}

/// The prompts of what is exported, in order. Questions with the same prompt, one after another, are one.
pub fn of(source: &Source) -> Vec<Prompt> {
    let session = &source.session;
    let kept: Vec<_> = session.machine_spans().into_iter().filter_map(|span| span.source).collect();
    let mut prompts: Vec<Prompt> = Vec::new();
    for (at, time) in source.scenes() {
        let What::Asked(number) = source.film.scenes[at].what else { continue };
        let Some(request) = session.request(number) else { continue };
        let Some(text) = session.text_at(request.revision) else { continue };
        let offers = session.offers_of(number);
        let receipts = |of| {
            let parts = session.offered(of).into_iter();
            let read = parts.filter_map(|part| Receipt::read(part.receipt?, &request.details));
            read.flat_map(|receipt| receipt.passes).collect::<Vec<Pass>>()
        };
        let characters = offers.iter().find_map(|(of, _)| receipts(*of).first()?.characters);
        let before = text.slice(..request.at.min(text.len_chars())).to_string();
        let (title, text) = prompt(&before, characters);
        let takes = offers.iter().filter_map(|(of, taken)| {
            let parts = session.offered(*of);
            let text: String = parts.iter().map(|part| part.text).collect();
            let passes = receipts(*of);
            let made = passes.first().map(|pass| pass.made.clone());
            let made = made.or_else(|| Made::of(&request.details).map(Arc::new));
            let seed = passes.first().map(|pass| pass.seed).or_else(|| {
                let seeds = request.details.get("seeds").and_then(|seeds| seeds.get(of.number - 1));
                seeds.and_then(serde_json::Value::as_u64)
            });
            Some(Take {
                time: source.time_of(*of).unwrap_or(time),
                is_kept: kept.contains(of),
                was_taken: taken.is_some(),
                seed: seed.or_else(|| Some(made.as_ref()?.sampling.seed)),
                made: made.unwrap_or_default(),
                text: Some(text).filter(|text| !text.trim().is_empty())?,
            })
        });
        let takes: Vec<Take> = takes.collect();
        let at = session.map(request.at, request.revision);
        match prompts.last_mut().filter(|last| last.text == text && last.title == title) {
            Some(last) => last.takes.extend(takes),
            None => prompts.push(Prompt { time, title, text, takes, own: String::new(), at }),
        }
    }
    let ends: Vec<usize> = (0..prompts.len())
        .map(|number| {
            let next = prompts[number + 1..].iter().find_map(|prompt| prompt.at);
            next.unwrap_or(session.text().len_chars())
        })
        .collect();
    for (prompt, end) in prompts.iter_mut().zip(ends) {
        let Some(at) = prompt.at.filter(|at| *at < end) else { continue };
        let runs = session.authors(at..end).filter(|(_, author)| *author == Author::Writer);
        let own: String = runs.map(|(range, _)| session.text().slice(range).to_string()).collect();
        let own = own.trim();
        prompt.own = own.strip_prefix(session::WRITER).unwrap_or(own).trim().to_owned();
    }
    prompts
}

impl Source {
    /// When an offer was complete.
    fn time_of(&self, of: session::Source) -> Option<Duration> {
        let is = |what: &What| matches!(what, What::Offered(source, _) if *source == of);
        self.scenes().find(|(at, _)| is(&self.film.scenes[*at].what)).map(|(_, time)| time)
    }
}

/// The title and the text of the prompt at the end of a text. `characters` is its length, where that is known.
fn prompt(before: &str, characters: Option<usize>) -> (String, String) {
    let title = before.lines().rev().find_map(session::heading);
    let title = title.map(|(_, title)| title.to_owned());
    let text = match characters {
        Some(count) => {
            let skipped = before.chars().count().saturating_sub(count);
            before.chars().skip(skipped).collect()
        }
        None => before.trim_end().rsplit("\n\n").next().unwrap_or_default().to_owned(),
    };
    let text = text.trim().to_owned();
    let words: Vec<&str> = text.split_whitespace().take(TITLE).collect();
    let own = if words.is_empty() { "an empty page".to_owned() } else { words.join(" ") };
    (title.filter(|_| characters.is_some()).unwrap_or(own), text)
}
