//! Classifies X's errors by status, by the end of the problem type, and by known sentences;
//! never by a whole address, since those are being renamed.

use super::http::Answer;
use crate::{
    bot::{Class, Refusal, clock::Jitter},
    mentions::Moment,
};
use serde_json::Value;

/// The kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A read: it is safe to repeat.
    Read,
    /// A read of the own account: a 404 means that the account is unusable.
    Me,
    /// A write.
    Write,
}

/// Classify a response that is not a success.
pub fn refusal(answer: &Answer, asked: Asked, now: Moment, jitter: &mut Jitter) -> Refusal {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said = sentences(&body);
    let kind = text(&body, "type");
    let status = answer.status;
    let class = classify(answer, &said.to_lowercase(), &kind, &body, asked, now, jitter);
    let mut says = match &*said {
        "" => format!("X answered {status}"),
        said => format!("X answered {status}: {said}"),
    };
    if status == 401 {
        says += "; check the keys and this machine's clock";
    } else if kind.ends_with("oauth1-permissions") {
        says += "; give the app Read and Write, then make a new access token";
    }
    if let Some(transaction) = &answer.headers.transaction {
        let id: String = transaction.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        says += &format!(" (transaction {id})");
    }
    Refusal { class, status: Some(status), says }
}

fn classify(
    answer: &Answer,
    said: &str,
    kind: &str,
    body: &Value,
    asked: Asked,
    now: Moment,
    jitter: &mut Jitter,
) -> Class {
    let codes: Vec<i64> = body["errors"]
        .as_array()
        .map(|errors| errors.iter().filter_map(|error| error["code"].as_i64()).collect())
        .unwrap_or_default();
    let coded = |wanted: &[i64]| codes.iter().any(|code| wanted.contains(code));
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let json = body.is_object();
    match answer.status {
        402 => Class::Credit,
        429 => match answer.headers.wait(now, jitter) {
            Some(until) => Class::Wait(until),
            None => Class::Transient,
        },
        401 => Class::Account,
        403 if !json => Class::Transient, // an error page of a proxy, not of the platform
        403 if coded(&[187]) || says(&["duplicate content"]) => Class::Duplicate,
        403 if coded(&[385]) || says(&["deleted or not visible"]) => Class::Gone,
        403 if coded(&[433])
            || says(&[
                "restricted who can reply",
                "blocked from",
                "have been blocked",
                "protected",
            ]) =>
        {
            Class::Never
        }
        403 if says(&[
            "not been mentioned",
            "only reply to or quote",
            "reply to this conversation",
        ]) =>
        {
            Class::NotEngaged
        }
        403 if coded(&[64, 226, 326, 453])
            || ["oauth1-permissions", "client-forbidden", "unsupported-authentication"]
                .iter()
                .any(|end| kind.ends_with(end))
            || says(&["suspended", "locked", "automated", "not-enrolled", "app permissions"]) =>
        {
            Class::Account
        }
        403 if asked == Asked::Write => Class::Never,
        404 if asked == Asked::Me && json => Class::Account,
        404 if asked == Asked::Write && json => Class::Gone,
        400 | 404 | 410 | 413 | 422 if asked == Asked::Write => Class::Never,
        300..=399 => Class::Transient, // redirects are not followed, so nothing was done
        // the request may have been carried out before its response was lost
        _ if asked == Asked::Write => Class::Uncertain,
        _ => Class::Transient,
    }
}

/// The messages in an error body, most useful first.
fn sentences(body: &Value) -> String {
    let mut all = vec![text(body, "title"), text(body, "detail")];
    if let Some(errors) = body["errors"].as_array() {
        for error in errors.iter().take(3) {
            all.extend([text(error, "message"), text(error, "detail"), text(error, "reason")]);
        }
    }
    all.push(text(body, "reason"));
    all.retain(|sentence| !sentence.is_empty());
    all.dedup();
    all.join(": ").chars().take(300).collect()
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_default().to_owned()
}
