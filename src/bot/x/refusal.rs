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
    let alike = alike(status, &kind, &codes(&body), &said);
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
    Refusal { class, status: Some(status), kind: alike, says }
}

/// What refusals for one reason have in common: status, and code, kind of the problem or sentence without its numbers.
fn alike(status: u16, kind: &str, codes: &[i64], said: &str) -> String {
    let end = kind.rsplit('/').next().unwrap_or_default();
    match codes.first() {
        Some(code) => format!("{status} code {code}"),
        None if !end.is_empty() && end != "about:blank" => format!("{status} {end}"),
        None => {
            let said = said.chars().filter(|c| !c.is_ascii_digit()).take(120);
            format!("{status} {}", said.collect::<String>())
        }
    }
}

/// The numbers of the errors in a body.
fn codes(body: &Value) -> Vec<i64> {
    let errors = body["errors"].as_array().map_or(&[][..], Vec::as_slice);
    errors.iter().filter_map(|error| error["code"].as_i64()).collect()
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
    let codes = codes(body);
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
        403 if coded(&OUR_CODES)
            || OUR_KINDS.iter().any(|end| kind.ends_with(end))
            || text(body, "reason") == "client-not-enrolled"
            || says(&OUR_SENTENCES) =>
        {
            Class::Account
        }
        403 if coded(&[433]) || says(&["restricted who can reply", "blocked", "protected"]) => {
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
        404 if asked == Asked::Me && json => Class::Account,
        404 if asked == Asked::Write && is_missing_post(kind, body) => Class::Gone,
        400 | 403..=407 | 410..=422 if asked == Asked::Write => Class::Unknown,
        300..=399 => Class::Transient, // redirects are not followed, so nothing was done
        // the request may have been carried out before its response was lost
        _ if asked == Asked::Write => Class::Uncertain,
        _ => Class::Transient,
    }
}

/// Codes of refusals that concern our own account: suspended, "looks automated", locked, access level.
const OUR_CODES: [i64; 4] = [64, 226, 326, 453];
/// The ends of problem types that concern our own account or app.
const OUR_KINDS: [&str; 3] =
    ["oauth1-permissions", "client-forbidden", "unsupported-authentication"];
/// Sentences about our own account, as far as they are known. Those about somebody else's ("the author has blocked you")
/// are about the mention.
const OUR_SENTENCES: [&str; 7] = [
    "your account is suspended",
    "your account has been suspended",
    "your account has been locked",
    "account is temporarily locked",
    "looks like it might be automated",
    "app permissions",
    "client app is not",
];

/// Whether a problem says that a post, and not something else, is missing.
fn is_missing_post(kind: &str, body: &Value) -> bool {
    let is_post = |value: &Value| matches!(value["resource_type"].as_str(), Some("tweet" | "post"));
    let errors = body["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let is_missing = kind.ends_with("resource-not-found")
        || errors.iter().any(|error| text(error, "type").ends_with("resource-not-found"));
    is_missing && (is_post(body) || errors.iter().any(is_post))
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
