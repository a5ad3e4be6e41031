//! The settings of the bot, `[bot]` in the settings file. They contain no secrets.

use super::{Posts, mastodon::Settings as MastodonSettings, x::Settings as XSettings};
use crate::{
    mentions::{self, Begin, Filter, Gate},
    token::SamplingParams,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// All settings in `[bot]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The platform. Without one the bot does not run.
    pub platform: Option<PlatformName>,
    /// What is posted.
    pub posting: Posting,
    /// The account's handle without `@`. On X it must match the keys; on the console the default is
    /// `unstuck`.
    pub handle: Option<String>,
    /// The ledger's file; by default in the data folder.
    pub ledger: Option<PathBuf>,
    /// The file with the account's keys, readable only by its owner; by default beside the settings.
    pub secrets: Option<PathBuf>,
    /// A file with figures for monitoring, written after each look; without, none is written.
    pub metrics: Option<PathBuf>,
    /// A file to which decisions and messages are appended as JSON lines; without, none is written.
    pub log: Option<PathBuf>,
    /// Seconds between polls for mentions.
    pub poll_seconds: u32,
    /// Seconds until a new reply is certain to appear on the account's timeline.
    pub index_lag_seconds: u32,
    /// The maximum weight of a reply; see [`crate::clean::weight`].
    pub limit: usize,
    /// How a reply begins: with the author's words, or with the model's.
    pub begin: Begin,
    /// The least and the most tokens of a reply; its length is drawn between them. Without it, `sampling.max_tokens`.
    pub length: Option<[usize; 2]>,
    /// Seconds that the model may take for one reply.
    pub patience_seconds: u32,
    /// Required for `posting = "auto"`.
    pub attestation: Attestation,
    /// Which mentions are answered, and how often.
    pub policy: mentions::Settings,
    /// Posts of the account's own.
    pub posts: Posts,
    /// How tokens are sampled.
    pub sampling: SamplingParams,
    /// The platform X.
    pub x: XSettings,
    /// Mastodon.
    pub mastodon: MastodonSettings,
}

impl Settings {
    /// The check that every reply must pass, the model's and the operator's.
    pub fn gate<'a>(&'a self, secrets: &'a [&'a str], filter: Filter) -> Gate<'a> {
        Gate { settings: &self.policy, limit: self.limit, secrets, filter, begin: self.begin }
    }

    /// How the model writes replies: around what they may not contain.
    pub fn voice(&self) -> SamplingParams {
        let mut sampling = self.sampling.clone();
        sampling.ban.extend(self.policy.blocked_words.iter().cloned());
        sampling.ban.retain(|phrase| !phrase.trim().is_empty());
        sampling
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
            metrics: None,
            log: None,
            poll_seconds: 60,
            index_lag_seconds: 90,
            limit: 280,
            begin: Begin::default(),
            length: None,
            patience_seconds: 120,
            attestation: Attestation::default(),
            policy: mentions::Settings::default(),
            posts: Posts::default(),
            sampling: SamplingParams { max_tokens: 80, ..SamplingParams::default() },
            x: XSettings::default(),
            mastodon: MastodonSettings::default(),
        }
    }
}

/// The known platforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlatformName {
    /// X, formerly Twitter.
    X,
    /// Mastodon, and servers with the same client API.
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
    /// Replies that a person has approved (`unstuck bot approve`).
    #[default]
    Queue,
    /// Every reply that passes the policy. Requires an attestation.
    Auto,
}

/// The operator's statement that the platform's conditions for posting without human review are met.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Attestation {
    /// The responsible person, as named in the account's profile.
    pub operator: String,
    /// The platform has approved AI-generated replies by this account.
    pub approved_by_platform: bool,
    /// The profile has the platform's label for automated accounts and names the operator.
    pub labelled: bool,
    /// The profile or the help text says how to opt out.
    pub opt_out_told: bool,
}

impl Attestation {
    /// The first thing that is missing, if any.
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

    /// The statement that is recorded in the ledger.
    pub fn statement(&self) -> String {
        format!(
            "{} states: the platform approved automated AI replies by this account beforehand; the profile is labelled \
             as automated and names the operator; how to opt out is told.",
            self.operator
        )
    }
}
