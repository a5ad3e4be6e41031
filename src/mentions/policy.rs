//! Who is answered, and how often. Decides from plain facts; what it can't know, it refuses.

use super::{Account, Ask, Mention, Moment, address::ask};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the operator may set. The defaults keep well inside what platforms allow.
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
    /// What a day may cost, in US dollars; 0 stops all that costs.
    pub budget_usd: f64,
    /// What the platform takes for a mention read.
    pub read_usd: f64,
    /// What the platform takes for a reply.
    pub reply_usd: f64,
    /// Older mentions are not answered.
    pub max_age_hours: u32,
    /// An author who answers our reply within so many seconds is taken for a bot.
    pub quick_seconds: u32,
    /// Whether a quote that names us is answered.
    pub answer_quotes: bool,
    /// Whether what the platform calls sensitive is answered.
    pub answer_sensitive: bool,
    /// How many characters of a mention the model sees.
    pub prompt_characters: usize,
    /// Handles or ids that are never answered.
    pub blocked: Vec<String>,
    /// Words and phrases that no reply has, beside those the program knows.
    pub blocked_words: Vec<String>,
    /// Phrases that mean "never again", beside those the program knows.
    pub opt_out_words: Vec<String>,
    /// Texts are forgotten after so many days; ids stay, so that nothing is answered twice.
    pub keep_days: u32,
    /// What is said to `help`.
    pub help: String,
}

/// Where a bot's queue is, for those who work on it beside the bot.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The ledger's file.
    pub ledger: PathBuf,
    /// What the bot's replies have to keep to.
    pub settings: Settings,
    /// The most weight of one.
    pub limit: usize,
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
            answer_quotes: false,
            answer_sensitive: false,
            prompt_characters: 400,
            blocked: Vec::new(),
            blocked_words: Vec::new(),
            opt_out_words: Vec::new(),
            keep_days: 30,
            help: "I am a bot: a small language model goes on from what you write behind my name. \
                   It means nothing and knows nothing. Say stop, and I never answer you again."
                .into(),
        }
    }
}

/// What the ledger knows about an author and a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// They said stop, or the operator did for them.
    pub opted_out: bool,
    /// Replies to them that were sent or are on their way, of the last hour.
    pub author_hour: u32,
    /// The same of the last day.
    pub author_day: u32,
    /// Replies in this thread that were sent or are on their way.
    pub thread: u32,
    /// When we last answered them.
    pub answered: Option<Moment>,
    /// When they last got the help text.
    pub helped: Option<Moment>,
}

/// What becomes of a mention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing, for this reason.
    Skip(&'static str),
    /// The help text.
    Help,
    /// The model goes on from this.
    Answer(String),
}

const HOUR: Moment = 3_600_000;

/// Decide about one mention. An opt-out is the caller's to store before anything else; here it only skips.
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
        (asked == Ask::Stop || past.opted_out, "opted out"),
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
    match asked {
        Ask::Help if past.helped.is_some_and(|at| now - at < 24 * HOUR) => {
            Verdict::Skip("helped today already")
        }
        Ask::Help => Verdict::Help,
        Ask::Prompt(prompt) => Verdict::Answer(prompt),
        Ask::Stop => Verdict::Skip("opted out"),
    }
}
