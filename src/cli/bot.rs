//! What `unstuck bot` can be told.

use clap::{Args, Subcommand, ValueEnum};

/// The headless bot.
#[derive(Args, Debug)]
pub struct Bot {
    /// Where mentions come from, over the settings
    #[arg(long, global = true, value_name = "NAME")]
    pub platform: Option<Platform>,

    /// What to do.
    #[command(subcommand)]
    pub act: BotAct,
}

/// Where mentions come from.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Platform {
    /// X, once Twitter
    X,
    /// Not built yet
    Mastodon,
    /// JSON lines on standard input: {"id","author","text"}
    Console,
}

/// What the bot does, and what is done about it.
#[derive(Debug, Subcommand)]
pub enum BotAct {
    /// Answer mentions until stopped
    Run(BotRun),
    /// Look once, answer what is there, and end
    Once(BotRun),
    /// Look whether everything is as it has to be
    Check,
    /// Store the account's keys, read from standard input
    Login,
    /// Show the replies that wait for approval
    Queue {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Let replies be posted
    Approve {
        /// Mentions, by id
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Put other words in a waiting reply's place
    Edit {
        /// The mention's id
        #[arg(value_name = "ID")]
        id: String,
        /// The words
        text: String,
    },
    /// Drop replies
    Reject {
        /// Mentions, by id
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Delete a reply that was posted
    Retract {
        /// The mention's id, or the reply's
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Look for replies of which nobody knows whether they arrived
    Reconcile,
    /// Never answer an author again
    Optout {
        /// A handle or an id
        #[arg(value_name = "AUTHOR")]
        who: String,
        /// They asked to be answered again
        #[arg(long)]
        undo: bool,
    },
    /// Forget the texts of an author or a mention
    Forget {
        /// A handle or an id
        #[arg(value_name = "AUTHOR|ID")]
        name: String,
    },
    /// Show the ledger in figures
    Status {
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

/// How it runs.
#[derive(Args, Debug)]
pub struct BotRun {
    /// Look once, and end
    #[arg(long)]
    pub once: bool,

    /// Post nothing: say what would be said. On the console nothing is remembered either, unless a ledger is set
    #[arg(long)]
    pub dry_run: bool,
}
