//! Arguments of `unstuck bot`.

use super::DraftModelOptions;
use clap::{Args, Subcommand, ValueEnum};

/// The bot.
#[derive(Args, Debug)]
pub struct Bot {
    /// Where mentions come from [default: the setting bot.platform]
    #[arg(long, global = true, value_name = "NAME")]
    pub platform: Option<Platform>,

    /// The command.
    #[command(subcommand)]
    pub act: BotAct,
}

/// Where mentions come from.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Platform {
    /// X, formerly Twitter
    X,
    /// Mastodon, and servers with the same client API
    Mastodon,
    /// JSON lines on standard input, each with "id", "author" and "text"
    Console,
}

/// The commands of `unstuck bot`.
#[derive(Clone, Debug, Subcommand)]
pub enum BotAct {
    /// Answer mentions until stopped
    Run(BotRun),
    /// Answer the mentions that are there now, and end
    Once(BotRun),
    /// Check settings, keys, ledger and model, and report what is missing
    Check(DraftModelOptions),
    /// Store the account's keys, read from standard input: X's four, or Mastodon's access token
    Login,
    /// List the replies that wait for approval
    Queue {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Approve replies, so that they are posted
    Approve {
        /// Ids of mentions, as in `unstuck bot queue`
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Post them although the filter objects to a word
        #[arg(long)]
        anyway: bool,
    },
    /// Change the text of a waiting reply
    Edit {
        /// The mention's id
        #[arg(value_name = "ID")]
        id: String,
        /// The new text
        text: String,
        /// Keep it although the filter objects to a word
        #[arg(long)]
        anyway: bool,
    },
    /// Have waiting replies drawn again with another seed
    Roll {
        /// Ids of mentions, as in `unstuck bot queue`
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Reject replies, so that they are never posted
    Reject {
        /// Ids of mentions, as in `unstuck bot queue`
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Delete a reply that was posted
    Retract {
        /// The id of the mention or of the reply
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Look on the platform for replies that may or may not have arrived
    Reconcile,
    /// Opt an author out: never answer them again
    Optout {
        /// The author's handle or id
        #[arg(value_name = "AUTHOR")]
        who: String,
        /// Answer the author again, because they asked for it
        #[arg(long)]
        undo: bool,
    },
    /// Delete the stored texts of an author or a mention
    Forget {
        /// The author's handle or id, or the mention's id
        #[arg(value_name = "AUTHOR|ID")]
        name: String,
    },
    /// End all holds at once, because what was wrong has been put right
    Resume,
    /// Show the account, counts of mentions and replies, costs, holds and the last error
    Status {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Options of `unstuck bot run` and `unstuck bot once`.
#[derive(Args, Clone, Debug)]
pub struct BotRun {
    /// Answer the mentions that are there now, and end
    #[arg(long)]
    pub once: bool,

    /// Post nothing, and print what would be posted. On the console nothing is stored either, unless the setting
    /// bot.ledger names a file
    #[arg(long)]
    pub dry_run: bool,

    /// Options of the model.
    #[command(flatten)]
    pub model: DraftModelOptions,
}
