//! Moving between sibling branches, and describing a branch in words.

use super::Desk;
use crate::{
    session::{Branch, Kind, Revision},
    tui::{command::Command, text::count},
};

impl Desk {
    /// Goes to another revision, and says how to go back.
    pub fn jump(&mut self, to: Revision) {
        if to == self.session.revision() {
            return;
        }
        let done = self.session.go(to);
        self.edited(done);
        if done {
            let undo = self.key(Command::Undo);
            self.notices.say(format!("{undo} goes back to where you were."));
        }
    }

    /// Goes to the next or the previous sibling branch.
    pub fn go_beside(&mut self, command: Command) {
        let done = match command {
            Command::PreviousBranch => self.session.previous_sibling(),
            _ => self.session.next_sibling(),
        };
        if let Some((number, all, row)) = self.session.among().filter(|_| done) {
            let (next, back) = (self.key(Command::NextBranch), self.key(Command::PreviousBranch));
            let what = describe(&row);
            let undo = self.key(Command::Undo);
            let words = format!(
                "Branch {number} of {all}: {what}. {next} next, {back} back, {undo} undoes it."
            );
            self.notices.say(words);
        } else if !done && self.session.read_only().is_none() {
            let map = self.key("branches");
            self.notices.say(format!("There is no sibling branch here. {map} shows all branches."));
        }
        self.edited(true);
    }
}

/// Who wrote a branch, and from which offer.
pub fn describe(row: &Branch) -> String {
    let offer = row.source.map_or(String::new(), |source| format!("offer {}", source.number));
    let offer = match row.taken {
        _ if row.kind == Kind::Offered => offer,
        (0, _) => String::new(),
        _ if row.source.is_none() && row.kind == Kind::Taken => "taken".into(),
        _ if row.source.is_none() => "the machine".into(),
        (1, _) if row.kind == Kind::Taken => format!("{offer}, taken"),
        (1, _) => offer,
        (pieces, words) if pieces == words => format!("{offer}, word by word"),
        (pieces, _) => format!("{offer}, in {pieces} pieces"),
    };
    let mut parts: Vec<_> = match row.kind {
        Kind::Root if row.steps > row.taken.0 + 1 => vec!["initial text".to_owned(), "you".into()],
        Kind::Root => vec!["initial text".into()],
        Kind::Typed | Kind::Deleted => vec!["you".into()],
        Kind::Pasted => vec!["you, pasted".into()],
        Kind::Outside => vec!["another program".into()],
        Kind::Taken | Kind::Offered | Kind::Pruned => Vec::new(),
    };
    parts.extend(Some(offer).filter(|offer| !offer.is_empty()));
    let mut said = parts.join(" and ");
    if row.changed > 0 {
        said.push_str(&format!(", you changed {}", count(row.changed, "word")));
    }
    said
}
