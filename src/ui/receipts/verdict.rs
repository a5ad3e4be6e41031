//! What is known of a span of the machine.

use crate::{
    generate::ModelInfo,
    ui::asking::{Made, Pass},
};
use serde::Serialize;
use strum::{EnumIter, IntoStaticStr};

/// What is known of a span, best first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, EnumIter, IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every draw picks the recorded token.
    #[strum(serialize = "proven")]
    Proven,
    /// The same, but for draws so near to the edge of a token's share that rounding decides.
    #[strum(serialize = "agrees within rounding")]
    Rounding,
    /// A token that the writer chose from a list.
    #[strum(serialize = "chosen by hand")]
    Chosen,
    /// A version without receipts recorded it.
    #[strum(serialize = "recorded before receipts")]
    Before,
    /// A server made it.
    #[strum(serialize = "can't be verified")]
    Remote,
    /// Its model isn't here, or is another one.
    #[strum(serialize = "needs its model")]
    Model,
    /// Its offer was not recorded.
    #[default]
    #[strum(serialize = "has no receipt")]
    Unrecorded,
    /// The receipt, the history or the text is not what it was.
    #[strum(serialize = "differs")]
    Differs,
}

impl Verdict {
    /// Its words.
    pub fn words(self) -> &'static str {
        self.into()
    }

    /// Of draws that all agree, `near` of them within rounding.
    pub fn proven(near: usize) -> Self {
        if near == 0 { Self::Proven } else { Self::Rounding }
    }

    /// Whether the draws agree.
    pub fn is_proof(self) -> bool {
        matches!(self, Self::Proven | Self::Rounding)
    }
}

/// What was found of a span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// In one word.
    pub verdict: Verdict,
    /// Why, as a part of a sentence; may be empty.
    pub why: String,
    /// How many draws pick the recorded token.
    pub same: usize,
    /// How many do within rounding.
    pub near: usize,
}

impl Outcome {
    /// A verdict without draws.
    pub fn new(verdict: Verdict, why: &str) -> Self {
        Self { verdict, why: why.into(), same: 0, near: 0 }
    }

    /// Something isn't what it was.
    pub fn differs(why: &str) -> Self {
        Self::new(Verdict::Differs, why)
    }

    pub(super) fn before() -> Self {
        Self::new(Verdict::Before, "")
    }

    pub(super) fn remote(made: &Made) -> Self {
        let kind = made.server.as_deref().unwrap_or("a server");
        Self::new(
            Verdict::Remote,
            &format!("{kind} made it, on another machine or in another program"),
        )
    }

    /// Why a loaded model can't repeat a question; `None` if it can.
    pub fn of_model(pass: &Pass, info: &ModelInfo) -> Option<Self> {
        let Made { model, numerics, .. } = &*pass.made;
        let (wanted, here) = (numerics.as_ref(), info.numerics.as_deref());
        let wanted_sum = wanted.and_then(|numerics| numerics.sha256.as_deref());
        let here_sum = here.and_then(|numerics| numerics.sha256.as_deref());
        let name = model.as_deref().unwrap_or("a model without a name");
        if info.server.is_some() {
            let said = format!("{name}{}; {} is on a server", short(wanted_sum), info.name);
            return Some(Self::new(Verdict::Model, &said));
        }
        if wanted_sum.is_some() && wanted_sum != here_sum {
            let said = format!(
                "{name}{}; {} here is another{}",
                short(wanted_sum),
                info.name,
                short(here_sum)
            );
            return Some(Self::new(Verdict::Model, &said));
        }
        let forms = wanted.zip(here).map(|(wanted, here)| (&wanted.weights, &here.weights));
        let (wanted, here) = forms.filter(|(wanted, here)| wanted != here)?;
        let said = format!("{name} with weights in {wanted}; here they are in {here}");
        Some(Self::new(Verdict::Model, &said))
    }

    /// The model can't be opened.
    pub fn missing(pass: &Pass, why: &str) -> Self {
        let Made { model, numerics, .. } = &*pass.made;
        let sum = numerics.as_ref().and_then(|numerics| numerics.sha256.as_deref());
        let name = model.as_deref().unwrap_or("a model without a name");
        Self::new(Verdict::Model, &format!("{name}{} can't be opened: {why}", short(sum)))
    }

    /// The model has failed.
    pub fn broken(why: &str) -> Self {
        Self::new(Verdict::Model, &format!("the model failed: {why}"))
    }
}

/// A checksum in parentheses, as long as it takes to tell models apart.
fn short(sum: Option<&str>) -> String {
    let sum = sum.map(|sum| sum.get(..16).unwrap_or(sum));
    sum.map_or(String::new(), |sum| format!(" (sha256 {sum}…)"))
}
