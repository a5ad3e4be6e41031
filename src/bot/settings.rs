//! What the operator may set about the bot, in `[bot]` of the settings' file. No secret is here.

use super::x;
use crate::{
    mentions::{self, Filter, Gate},
    token::SamplingParams,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The whole of `[bot]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where mentions come from. Without it there is no bot.
    pub platform: Option<PlatformName>,
    /// What is posted.
    pub posting: Posting,
    /// The account's name, without the `@`: on X it has to be that of the keys; on the console it is `unstuck` when
    /// there is none.
    pub handle: Option<String>,
    /// The ledger's file; in the data folder when there is none.
    pub ledger: Option<PathBuf>,
    /// The file with the account's keys, readable by its owner alone; beside the settings when there is none.
    pub secrets: Option<PathBuf>,
    /// How often mentions are asked for.
    pub poll_seconds: u32,
    /// How long the platform may take to show a new reply on the account's own timeline.
    pub index_lag_seconds: u32,
    /// The most weight of a reply.
    pub limit: usize,
    /// How long the model may take for one reply.
    pub patience_seconds: u32,
    /// Needed for `posting = "auto"`.
    pub attestation: Attestation,
    /// Who is answered, and how often.
    pub policy: mentions::Settings,
    /// How the model chooses its words.
    pub sampling: SamplingParams,
    /// The platform X.
    pub x: x::Settings,
}

impl Settings {
    /// What a reply has to pass, whoever wrote it.
    pub fn gate<'a>(&'a self, secrets: &'a [&'a str], filter: Filter) -> Gate<'a> {
        Gate { settings: &self.policy, limit: self.limit, secrets, filter }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            platform: None,
            posting: Posting::default(),
            handle: None,
            ledger: None,
            secrets: None,
            poll_seconds: 60,
            index_lag_seconds: 90,
            limit: 280,
            patience_seconds: 120,
            attestation: Attestation::default(),
            policy: mentions::Settings::default(),
            sampling: SamplingParams { max_tokens: 80, ..SamplingParams::default() },
            x: x::Settings::default(),
        }
    }
}

/// The platforms that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlatformName {
    /// X, once Twitter.
    X,
    /// Not built yet.
    Mastodon,
    /// JSON lines on standard input and output.
    Console,
}

/// What is posted.
#[derive(Clone, Copy, Debug, Default, strum::Display, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Posting {
    /// Nothing.
    DryRun,
    /// What a person has approved (`unstuck bot approve`).
    #[default]
    Queue,
    /// All that passes the policy. Needs an attestation.
    Auto,
}

/// The operator's word that the platform's conditions for posting without a person looking are met.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Attestation {
    /// A person, as the account's profile names them.
    pub operator: String,
    /// The platform approved AI-generated replies by this account beforehand.
    pub approved_by_platform: bool,
    /// The profile has the platform's label for automated accounts, and names the operator.
    pub labelled: bool,
    /// The profile or the help text says how to opt out.
    pub opt_out_told: bool,
}

impl Attestation {
    /// What is missing, if anything.
    pub fn missing(&self) -> Option<&'static str> {
        [
            (!self.operator.trim().is_empty(), "operator (a person's name or account)"),
            (self.approved_by_platform, "approved_by_platform"),
            (self.labelled, "labelled"),
            (self.opt_out_told, "opt_out_told"),
        ]
        .into_iter()
        .find_map(|(there, name)| (!there).then_some(name))
    }

    /// The sentence that is recorded.
    pub fn statement(&self) -> String {
        format!(
            "{} states: the platform approved automated AI replies by this account beforehand; the profile is labelled \
             as automated and names the operator; how to opt out is told.",
            self.operator
        )
    }
}
