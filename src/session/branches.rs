//! The tree as a person uses it: what was asked and offered, branches side by side, bookmarks and names.

use super::{
    Change, Kind, Request, Revision, SHOWN, Session, Source, draft::Piece, journal::Record,
    matching, tree::Node,
};
use crate::session::Author;
use anyhow::{Result, bail};
use ropey::Rope;
use std::{borrow::Cow, collections::HashSet, time::SystemTime};

/// A row of the branch map: steps in a line, up to a fork or to a step that a person marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Its last step: where one goes to see it.
    pub revision: Revision,
    /// Its first step.
    pub first: Revision,
    /// How many forks lie above it: how far it is drawn from the left.
    pub depth: usize,
    /// The row above it that it comes from; `None` for the first row.
    pub parent: Option<usize>,
    /// What its first step was.
    pub kind: Kind,
    /// The offer that its first step came from.
    pub source: Option<Source>,
    /// When its first step was made.
    pub time: SystemTime,
    /// How many steps it is, the first counted in.
    pub steps: usize,
    /// The beginning of what it put on the page, on one line: at most 80 characters.
    pub text: String,
    /// The name a person gave its last step.
    pub name: Option<String>,
    /// A person set a bookmark at its last step.
    pub bookmarked: bool,
    /// Its last step is the page.
    pub is_page: bool,
    /// It led to the page.
    pub leads_to_page: bool,
    /// Its last step is what the file says.
    pub is_saved: bool,
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

    /// Keep what the model answered as a branch from where it was asked, wherever the writer is by now.
    /// `number` is its place in the list, from 1. `None` when there is no such request, or no text.
    pub fn offer(&mut self, request: usize, number: usize, text: &str) -> Option<Revision> {
        let asked = self.tree.requests.get(request)?;
        let (parent, at) = (asked.revision, asked.at);
        if text.is_empty() || self.read_only.is_some() || self.tree.node(parent).is_none() {
            return None;
        }
        let inserted = Piece::new(text, Author::Machine);
        let place = |cursor| super::Place { cursor, anchor: None };
        let node = Node {
            parent,
            kind: Kind::Offered,
            time: (self.clock)(),
            at,
            before: place(at),
            after: place(at + inserted.len()),
            inserted,
            source: Some(Source { request, number }),
            ..Node::default()
        };
        self.note(Record::Step { visit: false, node: Cow::Borrowed(&node) });
        self.tree.add(node)
    }

    /// Take a text, or a part of one, that came from an offer; as [`Session::take`], but the history knows
    /// from which.
    pub fn take_from(&mut self, source: Source, at: usize, text: &str) -> bool {
        self.insert_taken(at, text, Some(source))
    }

    /// The text of any revision; `None` when there is none of that number.
    pub fn text_at(&self, revision: Revision) -> Option<Rope> {
        let mut draft = self.draft.clone();
        self.tree.carry(&mut draft, self.tree.current(), revision)?;
        Some(draft.text().clone())
    }

    /// What is different between two revisions; `None` when there is no such one.
    pub fn compare_revisions(&self, old: Revision, new: Revision) -> Option<Vec<Change>> {
        let (old, new) = (self.text_at(old)?.to_string(), self.text_at(new)?.to_string());
        Some(matching::difference(&old, &new))
    }

    /// Set a bookmark at a revision, or take it off. False when there is no such revision.
    pub fn bookmark(&mut self, revision: Revision, on: bool) -> bool {
        let Some(node) = self.tree.node_mut(revision) else { return false };
        node.bookmarked = on;
        self.seal_if_here(revision);
        self.note(Record::Bookmark { revision, on });
        true
    }

    /// Name a revision; an empty name takes the name off. False when there is no such revision.
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

    /// Forget a revision and all that came of it, in the journal too.
    ///
    /// # Errors
    /// The page or the saved text came of it, there is none of that number, or the journal could not be
    /// written anew: then it is pruned here, and its text stays in the journal's file.
    pub fn prune(&mut self, revision: Revision) -> Result<()> {
        let Some(below) = self.tree.below(revision) else { bail!("there is no such branch") };
        let has = |one: Revision| one.checked_sub(revision).is_some_and(|one| below[one]);
        if has(self.tree.current()) {
            bail!("the page comes from this branch; go to another one first");
        }
        if has(self.saved_at) {
            bail!("the file has the text of this branch; save another one first");
        }
        self.note(Record::Prune { revision });
        self.tree.prune(revision);
        self.write_journal_anew()
    }

    /// Go to the next branch beside this one, round and round: each as it was left last. False when there
    /// is no fork above the page.
    pub fn next_sibling(&mut self) -> bool {
        self.go_beside(1)
    }

    /// Go to the branch before this one, round and round.
    pub fn previous_sibling(&mut self) -> bool {
        self.go_beside(-1)
    }

    fn go_beside(&mut self, by: isize) -> bool {
        let children = self.children();
        let mut at = self.tree.current();
        while at != 0 {
            let parent = self.tree.node(at).map_or(0, |node| node.parent);
            let beside = &children[parent];
            if let (true, Some(place)) =
                (beside.len() > 1, beside.iter().position(|one| *one == at))
            {
                let next = (place as isize + by).rem_euclid(beside.len() as isize);
                let mut tip = beside[next as usize];
                while let Some(redo) = self.tree.node(tip).and_then(|node| node.redo) {
                    tip = redo;
                }
                return self.go(tip);
            }
            at = parent;
        }
        false
    }

    /// Offers of which something was taken: what was taken stands for them.
    fn taken(&self) -> HashSet<(usize, usize)> {
        let nodes = (0..self.tree.len()).filter_map(|one| self.tree.node(one));
        let taken = nodes.filter(|node| node.kind == Kind::Taken).filter_map(|node| node.source);
        taken.map(|source| (source.request, source.number)).collect()
    }

    /// The children of every revision, as a person sees them. All at once: to ask for each one's would
    /// read the whole tree each time.
    fn children(&self) -> Vec<Vec<Revision>> {
        let taken = self.taken();
        let mut children = vec![Vec::new(); self.tree.len()];
        for one in (1..self.tree.len()).filter(|one| self.is_shown(*one, &taken)) {
            if let Some(node) = self.tree.node(one) {
                children[node.parent].push(one);
            }
        }
        children
    }

    /// Every revision but offers that were taken in parts and never went on themselves.
    fn is_shown(&self, revision: Revision, taken: &HashSet<(usize, usize)>) -> bool {
        let Some(node) = self.tree.node(revision) else { return false };
        let is_taken = node.source.is_some_and(|of| taken.contains(&(of.request, of.number)));
        node.kind != Kind::Offered
            || !is_taken
            || revision == self.tree.current()
            || node.bookmarked
            || node.name.is_some()
            || node.redo.is_some()
    }

    /// The branch map, in the order it is drawn: each row after the one it comes from.
    pub fn branches(&self) -> Vec<Branch> {
        let children = self.children();
        let mut leads = vec![false; self.tree.len()];
        let mut at = self.tree.current();
        leads[0] = true;
        while at != 0 {
            leads[at] = true;
            at = self.tree.node(at).map_or(0, |node| node.parent);
        }

        let mut rows: Vec<Branch> = Vec::new();
        let mut waiting = vec![(0, None, 0)];
        while let Some((first, parent, depth)) = waiting.pop() {
            let Some(row) = self.branch(first, parent, depth, &children, &leads) else { continue };
            let below = &children[row.revision];
            let depth = depth + usize::from(below.len() > 1);
            let index = rows.len();
            waiting.extend(below.iter().rev().map(|child| (*child, Some(index), depth)));
            rows.push(row);
        }
        rows
    }

    /// The row that begins with a step.
    fn branch(
        &self,
        first: Revision,
        parent: Option<usize>,
        depth: usize,
        children: &[Vec<Revision>],
        leads: &[bool],
    ) -> Option<Branch> {
        let begin = self.tree.node(first)?;
        let mut text = String::new();
        if first == 0 {
            text.push_str(&self.opening);
        }
        let (mut revision, mut steps) = (first, 1);
        loop {
            let node = self.tree.node(revision)?;
            let left = SHOWN.saturating_sub(text.chars().count());
            text.extend(node.inserted.text.chars().take(left));
            let is_marked = node.bookmarked || node.name.is_some();
            match children[revision][..] {
                // An empty beginning is no row of its own.
                [next] if !is_marked && (revision != self.tree.current() || revision == 0) => {
                    revision = next;
                    steps += 1;
                }
                _ => break,
            }
        }
        let end = self.tree.node(revision)?;
        Some(Branch {
            revision,
            first,
            depth,
            parent,
            kind: begin.kind,
            source: begin.source,
            time: begin.time,
            steps,
            text: text.split_whitespace().collect::<Vec<_>>().join(" "),
            name: end.name.as_deref().map(str::to_owned),
            bookmarked: end.bookmarked,
            is_page: revision == self.tree.current(),
            leads_to_page: leads[first],
            is_saved: revision == self.saved_at,
        })
    }
}
