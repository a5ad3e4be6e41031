//! Markdown: the draft with a footnote for each text of the machine, and the machine's share at the end.

use crate::{
    session::{Author, Session, percent},
    ui::receipts::{Claim, Claims},
};
use std::fmt::Write;

/// The draft as Markdown.
pub fn write(session: &Session) -> String {
    let claims = Claims::of(session);
    let page: Vec<char> = session.text().chars().collect();
    let mut notes: Vec<(usize, &Claim)> = Vec::new();
    for claim in &claims.spans {
        // Words that were taken one by one have one footnote.
        let goes_on = notes.last().is_some_and(|(end, last)| {
            last.span.source == claim.span.source
                && page[*end..claim.span.range.start].iter().all(|c| c.is_whitespace())
        });
        let range = claim.span.range.clone();
        let blank = page[range.clone()].iter().rev().take_while(|c| c.is_whitespace()).count();
        let end = range.end - blank;
        match notes.last_mut().filter(|_| goes_on) {
            Some(last) => last.0 = end.max(last.0),
            None => notes.push((end, claim)),
        }
    }
    let mut text = String::new();
    let mut at = 0;
    for (number, (end, _)) in (1..).zip(&notes) {
        text.extend(&page[at..*end]);
        let _ = write!(text, "[^unstuck-{number}]");
        at = *end;
    }
    text.extend(&page[at..]);
    let shares = session.shares();
    let (machine, all) = (shares.words(Author::Machine), shares.all_words());
    let share = percent(machine, all);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let _ = writeln!(text, "\n---\n\n{share} of the words are by the machine.");
    if !notes.is_empty() {
        text.push('\n');
    }
    for (number, (_, claim)) in (1..).zip(&notes) {
        let _ = writeln!(text, "[^unstuck-{number}]: {}", about(&claims, claim));
    }
    text
}

/// What a footnote says of a text.
pub fn about(claims: &Claims, claim: &Claim) -> String {
    let Some(pass) = claims.pass(claim) else {
        return "By the machine; no receipt says how.".to_owned();
    };
    let made = &pass.made;
    let model = made.model.as_deref().unwrap_or("an unknown model");
    let form = made.numerics.as_ref().map(|numerics| format!(" ({})", numerics.weights));
    let form = form.unwrap_or_default();
    format!(
        "By {model}{form}, preset {}, temperature {}, seed {}.",
        made.preset, made.sampling.temperature, pass.seed
    )
}
