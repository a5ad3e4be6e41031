//! HTML: one page that needs nothing else. Each author has a look of its own, and the machine's tokens a colour by their
//! rank, where the receipts could be repeated.

use super::markdown::about;
use crate::{
    clean::encode,
    generate::{Checked, Likelihood, Measure},
    session::{Author, Session, percent},
    token::Token,
    ui::receipts::{Claims, Outcome},
};
use std::fmt::Write;

/// The style of the page. The colours of ranks differ in lightness too, so that they can be told apart without colours.
const STYLE: &str = include_str!("page.css");

/// The page. `checked` is what was found of each proof of the claims.
pub fn write(
    session: &Session,
    claims: &Claims,
    checked: &[Result<Vec<Checked>, Outcome>],
) -> String {
    let title = encode(&session.title());
    let outcomes = claims.judge(checked);
    let shares = session.shares();
    let (machine, all) = (shares.words(Author::Machine), shares.all_words());
    let share = percent(machine, all);
    let label = |(level, label)| format!("<span class=\"r{level}\">{label}</span>");
    let levels: Vec<String> = Measure::Rank.labels().into_iter().enumerate().map(label).collect();
    let levels = levels.join(" ");
    let mut page = format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n\
         <input type=\"checkbox\" id=\"tokens\" checked><label for=\"tokens\">token colours</label>\n\
         <p class=\"legend\"><span class=\"writer\">the writer</span> <span class=\"machine\">the machine</span> \
         <span class=\"edited\">edited</span> <span class=\"pasted\">pasted</span> \
         <span class=\"unknown\">unknown</span> <span class=\"ranks\">rank of a token: {levels}</span></p>\n<main>"
    );
    let mut spans = claims.spans.iter().zip(&outcomes).peekable();
    for (range, author) in session.authors(0..session.text().len_chars()) {
        let text = session.text().slice(range.clone()).to_string();
        let class = match author {
            Author::Writer => "writer",
            Author::Machine => "machine",
            Author::Edited => "edited",
            Author::Pasted => "pasted",
            Author::Unknown => "unknown",
        };
        if author != Author::Machine {
            let _ = write!(page, "<span class=\"{class}\">{}</span>", encode(&text));
            continue;
        }
        while let Some((claim, outcome)) =
            spans.next_if(|(claim, _)| claim.span.range.end <= range.end)
        {
            let why = if outcome.why.is_empty() { "" } else { ": " };
            let about = about(claims, claim);
            let about = format!("{about} {}{why}{}", outcome.verdict.words(), outcome.why);
            let tokens = claims.tokens(claim, checked);
            let _ = write!(
                page,
                "<span class=\"{class}\" title=\"{}\">{}</span>",
                encode(&about),
                coloured(&claim.text, &tokens)
            );
        }
    }
    let _ = write!(
        page,
        "</main>\n<p class=\"foot\">{all} words, {share} by the machine. unstuck {}</p>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    );
    page
}

/// A text with its tokens in the colours of their ranks.
fn coloured(text: &str, tokens: &[(std::ops::Range<usize>, &Token)]) -> String {
    let chars: Vec<char> = text.chars().collect();
    let part = |from: usize, to: usize| encode(&chars[from..to].iter().collect::<String>());
    let (mut out, mut at) = (String::new(), 0);
    for (range, token) in tokens {
        out += &part(at, range.start);
        let said = part(range.start, range.end);
        at = range.end;
        let Some(rank) = token.rank else {
            out += &said;
            continue;
        };
        let logprob = token.logprob.unwrap_or(f32::NEG_INFINITY);
        let level = Measure::Rank.level(Likelihood { logprob, rank, entropy: 0.0 });
        let likely = token.logprob.map_or(String::new(), |p| format!(", {:.1} %", 100.0 * p.exp()));
        let _ = write!(out, "<span class=\"r{level}\" title=\"rank {rank}{likely}\">{said}</span>");
    }
    out + &part(at, chars.len())
}
