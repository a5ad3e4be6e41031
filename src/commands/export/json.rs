//! JSON: the text, its authors, and everything that the model was asked and offered, with the receipts.

use crate::session::{Kind, Session};
use anyhow::Result;
use serde_json::{Value, json};
use std::time::SystemTime;

/// The draft as one JSON object.
///
/// # Errors
/// Never for a draft that could be read.
pub fn write(session: &Session) -> Result<String> {
    let all = session.text().len_chars();
    let authors: Vec<Value> = session
        .authors(0..all)
        .map(|(range, author)| json!({ "from": range.start, "to": range.end, "author": author }))
        .collect();
    let spans = session.machine_spans();
    let machine: Vec<Value> = spans
        .iter()
        .map(|span| {
            json!({
                "from": span.range.start, "to": span.range.end, "revision": span.revision,
                "request": span.source.map(|of| of.request), "offer": span.source.map(|of| of.number),
            })
        })
        .collect();
    let requests: Vec<Value> =
        (0..session.requests()).filter_map(|number| request(session, number, &spans)).collect();
    let shares = session.shares();
    let object = json!({
        "draft": session.title(),
        "version": env!("CARGO_PKG_VERSION"),
        "text": session.text().to_string(),
        "words": shares.all_words(),
        "machine_words": shares.words(crate::session::Author::Machine),
        "authors": authors,
        "machine": machine,
        "requests": requests,
    });
    Ok(serde_json::to_string_pretty(&object)? + "\n")
}

fn request(
    session: &Session,
    number: usize,
    spans: &[crate::session::MachineSpan],
) -> Option<Value> {
    let request = session.request(number)?;
    let offers: Vec<Value> = session
        .offers_of(number)
        .into_iter()
        .map(|(of, taken)| {
            let parts = session.offered(of);
            let text: String = parts.iter().map(|part| part.text).collect();
            let receipts: Vec<Value> = parts
                .iter()
                .filter_map(|part| serde_json::from_str(part.receipt?).ok())
                .collect();
            json!({
                "number": of.number,
                "text": text,
                "taken": taken.is_some(),
                "kept": spans.iter().any(|span| span.source == Some(of) && span.kind == Kind::Taken),
                "receipts": receipts,
            })
        })
        .collect();
    let time = request.time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Some(json!({
        "number": number, "revision": request.revision, "at": request.at,
        "time": time.as_secs_f64(), "details": request.details, "offers": offers,
    }))
}
