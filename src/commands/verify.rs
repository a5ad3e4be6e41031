//! `unstuck verify`: repeats the receipts of the machine's text in a draft.

use super::Place;
use crate::{
    generate::{Checked, Engine, remote::is_url},
    session::{Look, Reach, Session, look},
    ui::receipts::{Claims, Outcome, Proof, Verdict},
};
use anyhow::Result;
use serde::Serialize;
use std::{collections::HashMap, path::Path};
use strum::IntoEnumIterator;

/// How many characters of a span are printed.
const SHOWN: usize = 40;

/// Opens the model of this name with weights in this form (`q8_0`, ...); without a name, the one that the user chose.
pub type Open<'a> = &'a dyn Fn(Option<&str>, Option<&str>) -> Result<Engine>;

/// What to verify.
pub struct Request<'a> {
    /// The draft.
    pub draft: &'a Path,
    /// The state folder, which has the histories.
    pub state: &'a Path,
    /// Repeat all with the model that the user chose, whatever the receipts name.
    pub own_model: bool,
    /// Print one JSON object.
    pub json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    draft: String,
    /// `none`, `whole`, `cut`, `newer` or `damaged`.
    history: &'static str,
    /// Characters that another program wrote since the draft was saved here.
    outside: usize,
    spans: Vec<Row<'a>>,
    /// Whether all of the machine's text is proven, and nothing is missing.
    proven: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    /// Its place, in characters.
    from: usize,
    to: usize,
    text: &'a str,
    verdict: Verdict,
    why: &'a str,
    model: Option<&'a str>,
    sha256: Option<&'a str>,
    seed: Option<u64>,
    /// How many draws pick the recorded token, and how many do within rounding.
    same: usize,
    near: usize,
    /// Instructions of the processor, if they are others than here.
    kernels: Option<&'a str>,
}

/// Verify a draft and print what was found. Returns whether all of the machine's text is proven.
///
/// # Errors
/// When the draft or its history can't be read.
pub fn run(request: &Request, open: Open) -> Result<bool> {
    let Look { session, reach, outside, .. } = look(request.draft, request.state)?;
    let claims = Claims::of(&session);
    let mut engines = Engines::new(open, request.own_model);
    let checked: Vec<_> = claims.proofs.iter().map(|proof| engines.check(proof)).collect();
    let outcomes = claims.judge(&checked);
    let is_lost = reach != Reach::Whole;
    let report = Report {
        draft: request.draft.display().to_string(),
        history: reach.name(),
        outside,
        proven: outcomes.iter().all(|outcome| outcome.verdict.is_proof())
            && outside == 0
            && !is_lost,
        spans: claims.spans.iter().zip(&outcomes).map(|of| row(&claims, of)).collect(),
    };
    let mut place = Place::open(None)?;
    let text = match request.json {
        true => serde_json::to_string(&report)? + "\n",
        false => lines(&report, &reach, &session),
    };
    place.write(&text)?;
    Ok(report.proven)
}

/// The models that were opened for receipts, by the name and the form of the weights.
pub struct Engines<'a> {
    open: Open<'a>,
    own_model: bool,
    opened: HashMap<(Option<String>, Option<String>), Result<Engine, String>>,
}

impl<'a> Engines<'a> {
    /// No model is open yet. With `own_model`, all is asked of the one that the user chose.
    pub fn new(open: Open<'a>, own_model: bool) -> Self {
        Self { open, own_model, opened: HashMap::new() }
    }

    /// What the engine finds of each question of a proof, or why it can't be asked.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&mut self, proof: &Proof) -> Result<Vec<Checked>, Outcome> {
        if !proof.is_open() {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        for task in &proof.tasks {
            let made = &task.pass.made;
            let name = made.model.clone().filter(|_| !self.own_model);
            if name.as_deref().is_some_and(is_url) {
                return Err(Outcome::differs(
                    "the receipt names a server's address as a local model",
                ));
            }
            let form = made.numerics.as_ref().map(|numerics| numerics.weights.clone());
            let engine =
                self.engine(name, form).map_err(|why| Outcome::missing(&task.pass, &why))?;
            if let Some(other) = Outcome::of_model(&task.pass, engine.info()) {
                return Err(other);
            }
            let checked = engine.checked(task.ask.clone(), task.pass.draws.clone());
            all.push(checked.map_err(|error| Outcome::broken(&format!("{error:#}")))?);
        }
        Ok(all)
    }

    fn engine(
        &mut self,
        name: Option<String>,
        form: Option<String>,
    ) -> Result<&mut Engine, String> {
        let Self { open, opened, .. } = self;
        let engine = opened.entry((name, form)).or_insert_with_key(|(name, form)| {
            let is = |engine: &Engine| {
                form.as_ref().is_none_or(|form| *form == engine.info().quantization)
            };
            // Files that are quantized have a form of their own, so the usual one comes first.
            let usual = open(name.as_deref(), None);
            let engine = match usual {
                Ok(engine) if !is(&engine) => open(name.as_deref(), form.as_deref()).or(Ok(engine)),
                usual => usual,
            };
            engine.map_err(|error| format!("{error:#}"))
        });
        engine.as_mut().map_err(|why| why.clone())
    }
}

fn row<'a>(
    claims: &'a Claims,
    (claim, outcome): (&'a crate::ui::receipts::Claim, &'a Outcome),
) -> Row<'a> {
    let pass = claims.pass(claim);
    let numerics = pass.and_then(|pass| pass.made.numerics.as_ref());
    let kernels = numerics.map(|numerics| &*numerics.kernels);
    Row {
        from: claim.span.range.start,
        to: claim.span.range.end,
        text: &claim.text,
        verdict: outcome.verdict,
        why: &outcome.why,
        model: pass.and_then(|pass| pass.made.model.as_deref()),
        sha256: numerics.and_then(|numerics| numerics.sha256.as_deref()),
        seed: pass.map(|pass| pass.seed),
        same: outcome.same,
        near: outcome.near,
        kernels: kernels.filter(|kernels| *kernels != crate::model::kernels::level().name()),
    }
}

/// The report for a reader: a line for each span, and what all come to.
fn lines(report: &Report, reach: &Reach, session: &Session) -> String {
    let mut text = String::new();
    for row in &report.spans {
        let line = session.text().char_to_line(row.from) + 1;
        let shown: String = row.text.trim().chars().take(SHOWN).collect();
        let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        let more = if row.text.trim().chars().count() > SHOWN { "…" } else { "" };
        text += &format!("line {line}, \"{shown}{more}\": {}", row.verdict.words());
        if !row.why.is_empty() {
            text += &format!(": {}", row.why);
        }
        if let (true, Some(model), Some(seed)) = (row.verdict.is_proof(), row.model, row.seed) {
            text += &format!(" ({model}, seed {seed}, {} draws", row.same + row.near);
            if row.near > 0 {
                text += &format!(", {} within rounding", row.near);
            }
            if let Some(kernels) = row.kernels {
                text += &format!(", recorded with {kernels}");
            }
            text += ")";
        }
        text += "\n";
    }
    let name = &report.draft;
    text += &match (reach, report.spans.len()) {
        (Reach::None, _) => {
            format!("{name} has no history here, so nothing is known of its text.\n")
        }
        (_, 0) => format!("{name} has no text of the machine.\n"),
        (_, spans) => {
            let count = |verdict| report.spans.iter().filter(|row| row.verdict == verdict).count();
            let all = Verdict::iter().map(|verdict| (verdict, count(verdict)));
            let all = all.filter(|(_, count)| *count > 0);
            let all: Vec<_> =
                all.map(|(verdict, count)| format!("{count} {}", verdict.words())).collect();
            let noun = if spans == 1 { "span" } else { "spans" };
            format!("{spans} {noun} of the machine: {}.\n", all.join(", "))
        }
    };
    if let Some(lack) = reach.lack() {
        text += &format!("The history of {name} {lack}.\n");
    }
    if report.outside > 0 {
        text += &format!(
            "Another program has written {} characters of {name} since it was saved here.\n",
            report.outside
        );
    }
    text
}
