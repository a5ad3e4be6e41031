//! The tree as the writer uses it: requests and offers, sibling branches, bookmarks and names.

use super::{
    Author, Branch, Change, Kind, Request, Revision, Session, Source, draft::Piece,
    journal::Record, matching, tree::Node,
};
use anyhow::{Result, bail};
use ropey::Rope;
use std::{borrow::Cow, collections::HashMap, time::SystemTime};

/// What was asked at one place of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// When it was asked first.
    pub time: SystemTime,
    /// The number of offers.
    pub offers: usize,
    /// The number of offers of which something was taken.
    pub taken: usize,
}

impl Session {
    /// Remember that the model was asked at a place of the page (a char index), and how (`details`: model,
    /// settings, seed). Ends the step being typed. Gives the request's number for [`Session::offer`].
    pub fn ask(&mut self, at: usize, details: serde_json::Value) -> usize {
        let (revision, at) = (self.seal(), at.min(self.text().len_chars()));
        self.ask_about(revision, at, details)
    }

    /// As [`Session::ask`], about another text than the page's: a place in that of a revision that was sealed.
    pub fn ask_about(
        &mut self,
        revision: Revision,
        at: usize,
        details: serde_json::Value,
    ) -> usize {
        let text = details.to_string();
        self.note(Record::Request { revision, at, details: text.into() });
        self.tree.requests.push(Request { revision, at, time: (self.clock)(), details });
        self.tree.requests.len() - 1
    }

    /// A request by its number.
    pub fn request(&self, number: usize) -> Option<&Request> {
        self.tree.requests.get(number)
    }

    /// Add an offer as a branch of the revision it was requested at, wherever the cursor is now.
    /// `number` is its place in the list, from 1. An offer that went on is kept as one: only what is new of it is
    /// added. `None` when there is no such request, or no text.
    pub fn offer(&mut self, request: usize, number: usize, text: &str) -> Option<Revision> {
        self.offer_with(request, number, text, None)
    }

    /// As [`Session::offer`], with a receipt: JSON that says how the model made what is new of the offer.
    pub fn offer_with(
        &mut self,
        request: usize,
        number: usize,
        text: &str,
        receipt: Option<String>,
    ) -> Option<Revision> {
        let asked = self.tree.requests.get(request)?;
        let source = Some(Source { request, number });
        let (mut parent, mut at, mut rest) = (asked.revision, asked.at, text);
        self.tree.node(parent)?;
        if text.is_empty() || self.read_only.is_some() {
            return None;
        }
        for one in parent + 1..self.tree.len() {
            if rest.is_empty() {
                break;
            }
            let Some(node) = self.tree.node(one) else { continue };
            if (node.parent, node.kind, node.source) != (parent, Kind::Offered, source) {
                continue;
            }
            if let Some(more) = rest.strip_prefix(&*node.inserted.text) {
                (parent, rest) = (one, more);
                at += node.inserted.len();
            } else if node.inserted.text.starts_with(rest) {
                return Some(one);
            }
        }
        if rest.is_empty() {
            return Some(parent);
        }
        let inserted = Piece::new(rest, Author::Machine);
        let place = |cursor| super::Place { cursor, anchor: None };
        let node = Node {
            parent,
            kind: Kind::Offered,
            time: (self.clock)(),
            at,
            before: place(at),
            after: place(at + inserted.len()),
            inserted,
            source,
            receipt: receipt.map(String::into_boxed_str),
            ..Node::default()
        };
        self.note(Record::Step { visit: false, node: Cow::Borrowed(&node) });
        self.tree.add(node)
    }

    /// Take all or a part of an offer's text; as [`Session::take`], but the history records
    /// the offer.
    pub fn take_from(&mut self, source: Source, at: usize, text: &str) -> bool {
        self.insert_taken(at, text, Some(source))
    }

    /// The text of a revision; `None` when it doesn't exist.
    pub fn text_at(&self, revision: Revision) -> Option<Rope> {
        let mut draft = self.draft.clone();
        self.tree.carry(&mut draft, self.tree.current(), revision)?;
        Some(draft.text().clone())
    }

    /// The difference between two revisions; `None` when one doesn't exist.
    pub fn compare_revisions(&self, old: Revision, new: Revision) -> Option<Vec<Change>> {
        let (old, new) = (self.text_at(old)?.to_string(), self.text_at(new)?.to_string());
        Some(matching::difference(&old, &new))
    }

    /// Set or remove a bookmark at a revision. False when it doesn't exist.
    pub fn bookmark(&mut self, revision: Revision, on: bool) -> bool {
        let Some(node) = self.tree.node_mut(revision) else { return false };
        node.bookmarked = on;
        self.seal_if_here(revision);
        self.note(Record::Bookmark { revision, on });
        true
    }

    /// Name a revision; an empty name removes the name. False when it doesn't exist.
    pub fn name(&mut self, revision: Revision, name: &str) -> bool {
        let Some(node) = self.tree.node_mut(revision) else { return false };
        node.name = (!name.is_empty()).then(|| name.into());
        self.seal_if_here(revision);
        self.note(Record::Name { revision, name: name.into() });
        true
    }

    fn seal_if_here(&mut self, revision: Revision) {
        self.growing &= revision != self.tree.current();
    }

    /// The place at which an offer was asked for.
    pub fn place_of(&self, source: Source) -> Option<(Revision, usize)> {
        self.request(source.request).map(|request| (request.revision, request.at))
    }

    /// What was asked at each place: its revision, and the position in its text.
    pub fn asked(&self) -> HashMap<(Revision, usize), Asked> {
        let (mut all, mut offers): (HashMap<_, Asked>, HashMap<Source, bool>) = Default::default();
        for request in &self.tree.requests {
            let place = (request.revision, request.at);
            all.entry(place).or_insert(Asked { time: request.time, offers: 0, taken: 0 });
        }
        for node in (0..self.tree.len()).filter_map(|one| self.tree.node(one)) {
            if let Some(source) = node.source {
                *offers.entry(source).or_default() |= node.kind == Kind::Taken;
            }
        }
        for (source, is_taken) in offers {
            if let Some(asked) = self.place_of(source).and_then(|place| all.get_mut(&place)) {
                asked.offers += 1;
                asked.taken += usize::from(is_taken);
            }
        }
        all
    }

    /// The last revision that two have in common; `None` when one doesn't exist.
    pub fn fork(&self, one: Revision, other: Revision) -> Option<Revision> {
        self.tree.fork(one, other)
    }

    /// The revision that undo leads to.
    pub fn undo_leads_to(&self) -> Option<Revision> {
        self.tree.timeline.before().map(|stop| stop.revision)
    }

    /// Delete a revision and all its descendants, in the journal too.
    ///
    /// # Errors
    /// The page or the saved text came of it, a bookmark is in it, there is none of that number, or the journal could
    /// not be written anew: then it is pruned here, and its text stays in the journal's file.
    pub fn prune(&mut self, revision: Revision) -> Result<()> {
        let Some(below) = self.tree.below(revision) else { bail!("there is no such branch") };
        let has = |one: Revision| one.checked_sub(revision).is_some_and(|one| below[one]);
        if has(self.tree.current()) {
            bail!("the page comes from this branch; go to another one first");
        }
        if has(self.saved_at) {
            bail!("the file has the text of this branch; save another one first");
        }
        let bookmarked = (revision..self.tree.len())
            .filter(|one| has(*one) && self.tree.node(*one).is_some_and(|node| node.bookmarked));
        match bookmarked.count() {
            0 => {}
            1 => bail!("it has a bookmark (★); take that off first"),
            many => bail!("it has {many} bookmarks (★); take them off first"),
        }
        self.note(Record::Prune { revision });
        self.tree.prune(revision);
        self.write_journal_anew()
    }

    /// Go to the next sibling branch, cyclically, at the step where it was left. False when there
    /// is no fork above the page.
    pub fn next_sibling(&mut self) -> bool {
        self.go_beside(1)
    }

    /// Go to the previous sibling branch, cyclically.
    pub fn previous_sibling(&mut self) -> bool {
        self.go_beside(-1)
    }

    fn go_beside(&mut self, by: isize) -> bool {
        let children = self.children();
        let Some((place, beside)) = self.beside(&children) else { return false };
        let next = (place as isize + by).rem_euclid(beside.len() as isize);
        let mut tip = beside[next as usize];
        while let Some(redo) = self.tree.node(tip).and_then(|node| node.redo) {
            tip = redo;
        }
        self.go(tip)
    }

    /// Which of how many branches beside one another the page is on, from 1, and the row that it begins with. `None`
    /// when there is no fork above the page.
    pub fn among(&self) -> Option<(usize, usize, Branch)> {
        let children = self.children();
        let (place, beside) = self.beside(&children)?;
        let branch = self.row(beside[place])?;
        Some((place + 1, beside.len(), branch))
    }

    /// The branches at the nearest fork above the page, and the place of the page's own among them.
    fn beside<'a>(&self, children: &'a [Vec<Revision>]) -> Option<(usize, &'a [Revision])> {
        let mut at = self.tree.current();
        while at != 0 {
            let parent = self.tree.node(at)?.parent;
            let beside = &children[parent];
            if let (true, Some(place)) =
                (beside.len() > 1, beside.iter().position(|one| *one == at))
            {
                return Some((place, beside));
            }
            at = parent;
        }
        None
    }
}
