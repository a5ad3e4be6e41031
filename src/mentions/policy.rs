//! The policy: which mentions are answered, and how often. It decides from plain facts, and refuses when one is missing.

use super::{Account, Ask, Begin, Ledger, Mention, Moment, address::ask};
use crate::{
    clean::Severity,
    judge::{Language, language},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The policy's settings. The defaults are well within what platforms allow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Replies to one author within an hour.
    pub per_author_hour: u32,
    /// Replies to one author within a day.
    pub per_author_day: u32,
    /// Replies in one thread, ever.
    pub per_thread: u32,
    /// Replies within an hour.
    pub per_hour: u32,
    /// Replies within a day.
    pub per_day: u32,
    /// The budget per day in US dollars; 0 stops everything that costs.
    pub budget_usd: f64,
    /// The platform's price of reading a mention, in US dollars.
    pub read_usd: f64,
    /// The platform's price of a reply, in US dollars.
    pub reply_usd: f64,
    /// The maximum age of a mention that is answered.
    pub max_age_hours: u32,
    /// An author who answers our reply within this many seconds is taken for a bot.
    pub quick_seconds: u32,
    /// What becomes of mentions in another language than English.
    pub foreign: Foreign,
    /// Whether quotes that mention us are answered.
    pub answer_quotes: bool,
    /// Whether posts that the platform marks as sensitive are answered.
    pub answer_sensitive: bool,
    /// Maximum number of characters of a mention in the prompt.
    pub prompt_characters: usize,
    /// Handles or ids that are never answered.
    pub blocked: Vec<String>,
    /// The severity from which a word of the built-in list is refused.
    pub refuse_from: Severity,
    /// Words and phrases that no reply may contain, in addition to the built-in ones.
    pub blocked_words: Vec<String>,
    /// Phrases that are an opt-out, in addition to the built-in ones.
    pub opt_out_words: Vec<String>,
    /// Texts are deleted after this many days; ids are kept, so that nothing is answered twice.
    pub keep_days: u32,
    /// The reply to `help`.
    pub help: String,
}

/// What becomes of mentions in a language that the model may not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Foreign {
    /// They get the help text, once a day.
    #[default]
    Help,
    /// They are left alone.
    Skip,
    /// They are answered like others.
    Answer,
}

/// Where the bot's queue is, for the desk and the operator's commands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// The ledger's file.
    pub ledger: PathBuf,
    /// The policy that replies must follow.
    pub settings: Settings,
    /// The maximum weight of a reply.
    pub limit: usize,
    /// How a reply begins.
    pub begin: Begin,
}

/// The usual ledger of an account: each handle has its own. One from before handles had their own is kept if it belongs to
/// this account, or doesn't say to which.
pub fn usual_ledger(folder: &Path, platform: &str, handle: Option<&str>) -> PathBuf {
    let shared = folder.join(format!("{platform}.sqlite"));
    let plain: String = handle
        .unwrap_or_default()
        .trim_start_matches(['@', '＠'])
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '_' })
        .collect();
    if plain.is_empty() {
        return shared;
    }
    let own = folder.join(format!("{platform}-{plain}.sqlite"));
    let is_others = || {
        let known = Ledger::handle_in(&shared);
        known.is_some_and(|known| {
            Some(known.to_lowercase()) != handle.map(|h| h.trim_start_matches('@').to_lowercase())
        })
    };
    if own.exists() || !shared.exists() || is_others() { own } else { shared }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            per_author_hour: 3,
            per_author_day: 10,
            per_thread: 1,
            per_hour: 30,
            per_day: 300,
            budget_usd: 1.0,
            read_usd: 0.001,
            reply_usd: 0.01,
            max_age_hours: 24,
            quick_seconds: 5,
            foreign: Foreign::default(),
            answer_quotes: false,
            answer_sensitive: false,
            prompt_characters: 400,
            blocked: Vec::new(),
            refuse_from: Severity::Strong,
            blocked_words: Vec::new(),
            opt_out_words: Vec::new(),
            keep_days: 30,
            help: "I am a bot: a small language model goes on from what you write behind my name. \
                   It means nothing and knows nothing. Say stop, and I never answer you again; say start to undo that."
                .into(),
        }
    }
}

/// The ledger's counts for an author and a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Whether the author has opted out, or the operator did it for them.
    pub opted_out: bool,
    /// Replies to the author in the last hour, sent or in progress.
    pub author_hour: u32,
    /// Replies to the author in the last day, sent or in progress.
    pub author_day: u32,
    /// Replies in this thread, sent or in progress.
    pub thread: u32,
    /// When the author was last answered.
    pub answered: Option<Moment>,
    /// When the author last got the help text.
    pub helped: Option<Moment>,
}

/// The decision about a mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No reply, for this reason.
    Skip(&'static str),
    /// The help text.
    Help,
    /// A continuation of this prompt.
    Answer(String),
}

const HOUR: Moment = 3_600_000;

/// Decide about one mention. The caller must have stored an opt-out before; here it only leads to a skip.
pub fn judge(
    settings: &Settings,
    mention: &Mention,
    me: &Account,
    past: &Past,
    born: Moment,
    now: Moment,
) -> Verdict {
    let asked = ask(&mention.text, &me.handle, settings.prompt_characters, &settings.opt_out_words);
    let author = &mention.author;
    let is = |name: &String| {
        let name = name.trim_start_matches('@');
        name == author.id || name.eq_ignore_ascii_case(&author.handle)
    };
    let since_reply = past.answered.map(|at| mention.created - at);
    let skips = [
        (author.id == me.id, "our own"),
        (matches!(asked, Ask::Stop(_)) || past.opted_out, "opted out"),
        (mention.repost, "a repost"),
        (author.protected, "a protected account"),
        (settings.blocked.iter().any(is), "blocked"),
        (author.automated, "another bot"),
        (!mention.explicit, "named only by the thread"),
        (mention.quote && !settings.answer_quotes, "a quote"),
        (mention.sensitive && !settings.answer_sensitive, "sensitive"),
        (mention.created < born, "older than the ledger"),
        (now - mention.created > Moment::from(settings.max_age_hours) * HOUR, "too old"),
        (
            since_reply
                .is_some_and(|ms| (0..Moment::from(settings.quick_seconds) * 1000).contains(&ms)),
            "answered faster than a person",
        ),
        (past.thread >= settings.per_thread, "enough in this thread"),
        (past.author_hour >= settings.per_author_hour, "enough for this author this hour"),
        (past.author_day >= settings.per_author_day, "enough for this author today"),
    ];
    if let Some((_, reason)) = skips.iter().find(|(holds, _)| *holds) {
        return Verdict::Skip(reason);
    }
    let is_foreign = match &asked {
        Ask::Prompt(prompt) if settings.foreign != Foreign::Answer => {
            matches!(language(prompt), Language::Other(_) | Language::Foreign)
        }
        _ => false,
    };
    let asked = match settings.foreign {
        Foreign::Skip if is_foreign => return Verdict::Skip("another language"),
        Foreign::Help if is_foreign => Ask::Help,
        _ => asked,
    };
    match asked {
        Ask::Help | Ask::Start if past.helped.is_some_and(|at| now - at < 24 * HOUR) => {
            Verdict::Skip("helped today already")
        }
        Ask::Help | Ask::Start => Verdict::Help,
        Ask::Prompt(prompt) => Verdict::Answer(prompt),
        Ask::Stop(_) => Verdict::Skip("opted out"),
    }
}
