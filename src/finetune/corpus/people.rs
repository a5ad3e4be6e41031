//! Whose messages are read: the author who was asked for, else the owner if the archive says whose it is, else everyone.

use super::pipeline::Pipeline;
use crate::clean;

/// How many names are listed in a notice.
const LISTED: usize = 4;

/// The authors in a file.
#[derive(Debug, Default)]
pub struct People {
    /// The author who was asked for.
    author: Option<String>,
    /// Names of the archive's owner.
    owners: Vec<String>,
    /// The first authors that were seen.
    seen: Vec<String>,
    /// Whether there are messages of a chat.
    chat: bool,
    /// Whether any message was by somebody who is wanted.
    kept: bool,
}

impl People {
    /// Nobody has been seen yet. `owners` are names of the owner, as far as the archive has them.
    pub fn new(author: Option<&str>, owners: Vec<String>) -> Self {
        Self { author: author.map(str::to_owned), owners, ..Self::default() }
    }

    /// Whether a message by this author is wanted. `chat` = others speak in its file too.
    pub fn want(&mut self, authors: &[String], chat: bool) -> bool {
        let is_name = |name: &&String| name.contains(char::is_alphabetic);
        let Some(name) = authors.iter().find(is_name).or(authors.first()) else { return true };
        self.chat |= chat;
        if self.seen.len() < LISTED && !self.seen.contains(name) {
            self.seen.push(name.clone());
        }
        let is = |wanted: &String| authors.iter().any(|name| same(name, wanted));
        let wanted = match &self.author {
            Some(author) => is(author),
            None => self.owners.is_empty() || self.owners.iter().any(is),
        };
        self.kept |= wanted;
        wanted
    }

    /// Whether one more owner became known while the file was read.
    pub fn know(&mut self, owner: String) {
        if !self.owners.contains(&owner) {
            self.owners.push(owner);
        }
    }

    /// Say what the writer should know: that everyone's messages were read, or that nobody has the wanted name.
    pub fn notice(&self, pipeline: &mut Pipeline) {
        let names = clean::for_terminal(&self.seen.join(", ")).into_owned();
        if self.seen.is_empty() {
            return;
        }
        match &self.author {
            Some(author) if !self.kept => pipeline.warn(format_args!(
                "no message is by {author}; give --author a name that the file has: {names}"
            )),
            None if !self.owners.is_empty() && !self.kept => pipeline.warn(format_args!(
                "no message is by the owner of the archive ({}); --author NAME chooses another: {names}",
                clean::for_terminal(&self.owners[0])
            )),
            None if self.owners.is_empty() && (self.chat || self.seen.len() > 1) => {
                pipeline.notice(format_args!(
                    "it doesn't say whose it is, so the messages of everyone were read; --author NAME keeps those of \
                     one: {names}"
                ));
            }
            _ => {}
        }
    }
}

/// Whether two names are the same but for case and a leading `@`.
fn same(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.trim().trim_start_matches('@').to_lowercase();
    plain(one) == plain(other)
}
