//! Receipts: what a history claims of the machine's text on the page, and whether that can be repeated.
//!
//! [`Claims::of`] reads the spans of the machine from a draft and, for each offer that they are from, the questions that
//! were recorded with it. A question is put again by [`Task`]: the engine follows the recorded draws and compares each
//! with what the seed draws now. [`Claims::judge`] then says of each span what was found.
//!
//! A span is proven when the prompt that the history has is the one in the receipt, every draw picks the recorded token,
//! the tokens spell the offer, and the span is a part of the offer. Whoever writes the journal can also write another
//! receipt that is true, so a proof says that a text came from this model, prompt and seed, not who asked for it.

mod verdict;

pub use verdict::{Outcome, Verdict};

use super::asking::{ON_AIR, Pass, Receipt, prompt, quotes::straight};
use crate::{
    generate::{Ask, Checked},
    session::{Kind, MachineSpan, Revision, Session, Source},
    token::Token,
};
use std::ops::Range;

/// A span of the machine on the page.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Where it is, and what wrote it.
    pub span: MachineSpan,
    /// Its text.
    pub text: String,
    /// The index of its proof, or what is known without one.
    proof: Result<usize, Outcome>,
}

impl Claim {
    /// The index of the proof that its verdict depends on; `None` when it is known without one.
    pub fn proof(&self) -> Option<usize> {
        self.proof.as_ref().ok().copied()
    }
}

/// An offer that spans of the page are from, with its receipt.
#[derive(Clone, Debug)]
pub struct Proof {
    source: Source,
    /// The parts of the offer in the history, each with the number of its last question.
    parts: Vec<(String, usize)>,
    /// The questions that led to it.
    pub tasks: Vec<Task>,
    /// What is wrong with it before anything is asked.
    wrong: Option<Outcome>,
}

/// One recorded question.
#[derive(Clone, Debug)]
pub struct Task {
    /// What was recorded of it.
    pub pass: Pass,
    /// The question, made again from the history.
    pub ask: Ask,
}

/// What a draft claims of the machine's text.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// The spans, in the order of the page.
    pub spans: Vec<Claim>,
    /// The offers that they are from.
    pub proofs: Vec<Proof>,
}

impl Claims {
    /// The claims of a draft about its page.
    pub fn of(session: &Session) -> Self {
        let mut claims = Self::default();
        let first = session.first_receipt();
        for span in session.machine_spans() {
            let text = session.text().slice(span.range.clone()).to_string();
            let proof = match span.source {
                Some(source) => Ok(claims.proof(source, session)),
                None => Err(without_source(&span, first)),
            };
            let proof = proof.and_then(|proof| {
                let written = session.written(span.revision);
                let is_whole = written.is_some_and(|(_, _, is_machine)| is_machine);
                let is_part = |all: &str| written.is_some_and(|(_, text, _)| is_in(text, all));
                let offer: String =
                    claims.proofs[proof].parts.iter().map(|(text, _)| &**text).collect();
                match () {
                    () if claims.proofs[proof].tasks.is_empty() => Ok(proof),
                    () if !is_whole => {
                        Err(Outcome::differs("its author was changed in the history"))
                    }
                    () if !is_part(&offer) => Err(Outcome::differs("it isn't a part of its offer")),
                    () => Ok(proof),
                }
            });
            claims.spans.push(Claim { span, text, proof });
        }
        claims
    }

    /// The index of the proof of an offer.
    fn proof(&mut self, source: Source, session: &Session) -> usize {
        let known = self.proofs.iter().position(|proof| proof.source == source);
        known.unwrap_or_else(|| {
            self.proofs.push(Proof::of(source, session));
            self.proofs.len() - 1
        })
    }

    /// What was found of each span. `checked` has, for each proof, what the engine found of each of its tasks, or why it
    /// can't be asked.
    pub fn judge(&self, checked: &[Result<Vec<Checked>, Outcome>]) -> Vec<Outcome> {
        let outcomes: Vec<Outcome> =
            self.proofs.iter().zip(checked).map(|(proof, checked)| proof.judge(checked)).collect();
        let of = |claim: &Claim| match &claim.proof {
            Ok(proof) => outcomes.get(*proof).cloned().unwrap_or_default(),
            Err(outcome) => outcome.clone(),
        };
        self.spans.iter().map(of).collect()
    }

    /// The tokens of a span, with their places in its text in characters; empty where they can't be told. `checked` is
    /// that of [`Claims::judge`].
    pub fn tokens<'a>(
        &self,
        claim: &Claim,
        checked: &'a [Result<Vec<Checked>, Outcome>],
    ) -> Vec<(Range<usize>, &'a Token)> {
        let proof = claim.proof.as_ref().ok().and_then(|proof| checked.get(*proof));
        let Some(Ok(passes)) = proof else { return Vec::new() };
        let plain = |text: &str| straight(text).chars().collect::<Vec<char>>();
        let lead = claim.text.chars().take_while(|c| c.is_whitespace()).count();
        let wanted = plain(claim.text.trim());
        for pass in passes.iter().filter(|_| !wanted.is_empty()) {
            let all = plain(&pass.text());
            let Some(from) = all.windows(wanted.len()).position(|part| part == wanted) else {
                continue;
            };
            let (mut at, mut tokens) = (0, Vec::new());
            for token in &pass.tokens {
                let end = at + token.text.chars().count();
                let (first, last) = (at.max(from), end.min(from + wanted.len()));
                if first < last {
                    tokens.push((first - from + lead..last - from + lead, token));
                }
                at = end;
            }
            return tokens;
        }
        Vec::new()
    }

    /// The last question that led to a span.
    pub fn pass(&self, claim: &Claim) -> Option<&Pass> {
        let proof = self.proofs.get(*claim.proof.as_ref().ok()?)?;
        proof.tasks.last().map(|task| &task.pass)
    }
}

/// What is known of a span that is from no offer.
fn without_source(span: &MachineSpan, first: Option<Revision>) -> Outcome {
    match (span.kind, first) {
        // The writer chose another token from the list of those that were likely.
        (Kind::Taken, Some(first)) if first < span.revision => {
            Outcome::new(Verdict::Chosen, "a token that was chosen from a list, not drawn")
        }
        (Kind::Taken, _) => Outcome::before(),
        _ => Outcome::differs("it is marked as the machine's, but no offer was taken there"),
    }
}

impl Proof {
    fn of(source: Source, session: &Session) -> Self {
        let mut proof = Self { source, parts: Vec::new(), tasks: Vec::new(), wrong: None };
        let Some(request) = session.request(source.request) else {
            proof.wrong = Some(Outcome::differs("its request is missing in the history"));
            return proof;
        };
        let offered = session.offered(source);
        if offered.is_empty() {
            proof.wrong = Some(Outcome::new(
                Verdict::Unrecorded,
                "its offer isn't in the history: the program ended before the offer did",
            ));
        }
        let text = session.text_at(request.revision);
        for part in offered {
            let Some(receipt) = part.receipt else {
                proof.wrong = Some(Outcome::before());
                continue;
            };
            let (Some(receipt), Some(text)) = (Receipt::read(receipt, &request.details), &text)
            else {
                proof.wrong = Some(Outcome::differs("its receipt can't be read"));
                continue;
            };
            if receipt.passes.is_empty() {
                proof.wrong = Some(Outcome::differs("its receipt has no draws"));
            }
            for pass in receipt.passes {
                let at = request.at.saturating_sub(pass.back).min(text.len_chars());
                let before = match pass.characters {
                    Some(count) => text.slice(at.saturating_sub(count)..at).to_string(),
                    None => prompt(text, at).0,
                };
                let ask = pass.ask(&before.replace("\r\n", "\n"));
                proof.tasks.push(Task { pass, ask });
            }
            proof.parts.push((part.text.to_owned(), proof.tasks.len().saturating_sub(1)));
        }
        proof.wrong = proof.wrong.or_else(|| {
            let wrong = proof.tasks.iter().find(|task| !task.pass.is_for(&task.ask));
            let is_remote = |task: &&Task| task.pass.made.server.is_some();
            match (proof.tasks.iter().find(is_remote), wrong) {
                (Some(task), _) => Some(Outcome::remote(&task.pass.made)),
                (None, Some(_)) => Some(Outcome::differs(
                    "what the model read isn't in the history: the text before it was changed",
                )),
                (None, None) => None,
            }
        });
        proof
    }

    /// Whether the engine has to be asked.
    pub fn is_open(&self) -> bool {
        self.wrong.is_none()
    }

    fn judge(&self, checked: &Result<Vec<Checked>, Outcome>) -> Outcome {
        let checked = match (&self.wrong, checked) {
            (Some(wrong), _) => return wrong.clone(),
            (None, Err(why)) => return why.clone(),
            (None, Ok(checked)) => checked,
        };
        if checked.len() < self.tasks.len() {
            return Outcome::default();
        }
        if let Some(wrong) = checked.iter().find(|checked| !checked.agrees()) {
            let draws = wrong.same + wrong.near + wrong.other.len() + wrong.left;
            return Outcome::differs(&format!(
                "{} of {draws} draws pick another token than the receipt has",
                wrong.other.len() + wrong.left
            ));
        }
        let said = |number: usize| {
            format!("{}{}", self.tasks[number].pass.opening, checked[number].text())
        };
        if self.parts.iter().any(|(text, last)| !is_in(text, &said(*last))) {
            return Outcome::differs("the recorded tokens spell another text");
        }
        // A show that was resumed has only the texts of what was drawn before.
        let is_resumed =
            |task: &Task| task.pass.made.preset == ON_AIR && !task.pass.opening.is_empty();
        if self.tasks.first().is_some_and(is_resumed) {
            let why = "its beginning is from before the show was resumed";
            return Outcome::new(Verdict::Unrecorded, why);
        }
        // A later question continues what was said, or a token of a list instead of the one that was drawn.
        let by_hand = (1..self.tasks.len())
            .filter(|number| !said(number - 1).is_empty())
            .any(|number| !is_in(&self.tasks[number].pass.opening, &said(number - 1)));
        let same = checked.iter().map(|checked| checked.same).sum();
        let near = checked.iter().map(|checked| checked.near).sum();
        let why = if by_hand { "a token in it was chosen from a list" } else { "" };
        Outcome { verdict: Verdict::proven(near), why: why.into(), same, near }
    }
}

/// Whether a text is a part of another, but for the shape of quotes, the white space, and control characters, which a
/// draft leaves out.
fn is_in(part: &str, all: &str) -> bool {
    let plain = |text: &str| {
        let straight = |c| match c {
            '“' | '”' => '"',
            '‘' | '’' => '\'',
            other => other,
        };
        let kept = text.chars().filter(|c| !c.is_control() || c.is_whitespace()).map(straight);
        let kept: String = kept.collect();
        kept.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    plain(all).contains(&plain(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_whatever_its_quotes_and_lines() {
        assert!(is_in(" “No,”\n  she said.", "So: \"No,\" she said. He left."));
        assert!(!is_in(" \"No,\" he said.", "So: \"No,\" she said. He left."));
    }
}
