//! Texts that JSON has in pieces or beside labels.

use super::{
    names::{is_prose, rank},
    node::Node,
};
use std::borrow::Cow;

/// A text, or a text in pieces. Pieces are strings, and objects with the type and the text of a link or of emphasis;
/// addresses of links are left out. Strings alone are lines.
pub fn joined<'n>(value: &'n Node<'n>) -> Option<Cow<'n, str>> {
    let all = match value {
        Node::Text(text) => return Some((&**text).into()),
        Node::List(all) if !all.is_empty() => all,
        _ => return None,
    };
    // an address with its scheme is removed by the cleaning, which also closes the gap
    let lines = all.iter().all(|one| one.text().is_some());
    let mut out = String::new();
    for one in all {
        let kind = one.field("type").and_then(Node::text);
        let piece = match (one.text(), one.field("text").and_then(Node::text), kind) {
            (Some(text), ..) => text,
            (None, Some(text), Some("link")) if !text.contains("://") => continue,
            (None, Some(text), Some(_)) => text,
            _ => return None,
        };
        let spaced = out.ends_with(char::is_whitespace) || piece.starts_with(char::is_whitespace);
        if lines && !out.is_empty() && !spaced {
            out.push('\n');
        }
        out.push_str(piece);
    }
    Some(out.into())
}

/// The text among labelled values, as Facebook and Instagram have them: `{"Comment": {"value": "..."}}` or
/// `[{"label": "Message", "value": "..."}]`. Labels are in the language of the account, so it may be the longest prose.
pub fn labelled<'n>(value: &'n Node<'n>) -> Option<(usize, Cow<'n, str>)> {
    let mut pairs: Vec<(&str, &'n str)> = Vec::new();
    for (label, value) in value.fields() {
        pairs.extend(value.field("value").and_then(Node::text).map(|text| (&**label, text)));
    }
    for one in value.elements() {
        let label = one.field("label").and_then(Node::text).unwrap_or_default();
        pairs.extend(one.field("value").and_then(Node::text).map(|text| (label, text)));
    }
    let score = |(label, text): &(&str, &str)| match rank(label) {
        Some(rank) => (rank + 1, text.len()),
        None => (usize::from(is_prose(text)), text.len()),
    };
    let best = pairs.into_iter().max_by_key(score).filter(|pair| score(pair).0 > 0)?;
    Some((1, best.1.into()))
}
