//! The history: a tree of revisions. Each node holds the change since its parent, in both directions,
//! so that any revision can be reached from any other. Undo and redo move along the timeline (`timeline`); every move
//! of the page is a walk in this tree.

use super::{
    draft::{Draft, Piece},
    timeline::{How, Timeline},
};
use std::time::SystemTime;

/// Names a text in the history: a node of the tree. 0 is the text as it was opened.
pub type Revision = usize;

/// What made a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The text as it was when the history began.
    Root,
    /// The writer typed.
    Typed,
    /// The writer pasted.
    Pasted,
    /// The writer deleted.
    Deleted,
    /// Text of the model was taken.
    Taken,
    /// An offer of the model, kept as a branch.
    Offered,
    /// Another program changed the file.
    Outside,
    /// Was pruned; only its number is left.
    Pruned,
}

impl Kind {
    /// The kind of a stored number.
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        let kinds = [
            Kind::Root,
            Kind::Typed,
            Kind::Pasted,
            Kind::Deleted,
            Kind::Taken,
            Kind::Offered,
            Kind::Outside,
            Kind::Pruned,
        ];
        kinds.into_iter().find(|kind| *kind as u8 == code)
    }
}

/// The cursor and the other end of the selection, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub cursor: usize,
    pub anchor: Option<usize>,
}

/// One step from a parent to its child.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub parent: Revision,
    pub kind: Kind,
    pub time: SystemTime,
    /// Where the change begins, in characters.
    pub at: usize,
    pub removed: Piece,
    pub inserted: Piece,
    pub before: Place,
    pub after: Place,
    /// The child visited last: redo goes to it when nothing was undone.
    pub redo: Option<Revision>,
    /// Whether the page has shown this revision.
    pub seen: bool,
    pub depth: usize,
    /// The request and the number in its list that the text came from.
    pub source: Option<Source>,
    /// How the model made an offer, as JSON; `None` for offers of older versions and other revisions.
    pub receipt: Option<Box<str>>,
    pub bookmarked: bool,
    pub name: Option<Box<str>>,
}

/// Names an offer: the request it answers and its number in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// What [`super::Session::ask`] gave.
    pub request: usize,
    /// 1 for the first offer.
    pub number: usize,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            parent: 0,
            kind: Kind::Root,
            time: SystemTime::UNIX_EPOCH,
            at: 0,
            removed: Piece::default(),
            inserted: Piece::default(),
            before: Place::default(),
            after: Place::default(),
            redo: None,
            seen: false,
            depth: 0,
            source: None,
            receipt: None,
            bookmarked: false,
            name: None,
        }
    }
}

impl Node {
    /// What is left of a node that was pruned: its number, so that the others keep theirs.
    pub fn pruned() -> Self {
        Self { kind: Kind::Pruned, ..Self::default() }
    }

    /// Where a place of the parent's text is in this one; `None` when it was deleted.
    fn forth(&self, at: usize) -> Option<usize> {
        shift(at, self.at, self.removed.len(), self.inserted.len())
    }

    /// Where a place of this text is in the parent's.
    fn back(&self, at: usize) -> Option<usize> {
        shift(at, self.at, self.inserted.len(), self.removed.len())
    }
}

/// A place after `removed` characters from `from` on became `inserted`. A place at the very spot of an
/// insertion stays before it: an offer begins where it was asked, whatever was typed there since.
fn shift(at: usize, from: usize, removed: usize, inserted: usize) -> Option<usize> {
    if at <= from {
        Some(at)
    } else if at >= from + removed {
        Some(at - removed + inserted)
    } else {
        None
    }
}

/// What the model was asked for, and where.
#[derive(Clone, Debug)]
pub struct Request {
    /// The text it was asked about.
    pub revision: Revision,
    /// The place in that text, in characters.
    pub at: usize,
    /// When it was written.
    pub time: SystemTime,
    /// Model, settings, seed: whatever the asker wants to find again.
    pub details: serde_json::Value,
}

/// All revisions, and the one on the page.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    current: Revision,
    /// The order in which revisions were on the page.
    pub timeline: Timeline,
    /// What the model was asked, in order.
    pub requests: Vec<Request>,
}

impl Tree {
    /// A history that begins now.
    pub fn new(time: SystemTime) -> Self {
        Self {
            nodes: vec![Node { time, seen: true, ..Node::default() }],
            current: 0,
            timeline: Timeline::default(),
            requests: Vec::new(),
        }
    }

    pub fn current(&self) -> Revision {
        self.current
    }

    pub fn node(&self, revision: Revision) -> Option<&Node> {
        self.nodes.get(revision).filter(|node| node.kind != Kind::Pruned)
    }

    pub fn node_mut(&mut self, revision: Revision) -> Option<&mut Node> {
        self.nodes.get_mut(revision).filter(|node| node.kind != Kind::Pruned)
    }

    /// The node on the page.
    pub fn here(&self) -> &Node {
        &self.nodes[self.current]
    }

    pub fn here_mut(&mut self) -> &mut Node {
        &mut self.nodes[self.current]
    }

    /// How many revisions there are, pruned ones counted in.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Add a child of `node.parent` without going there. `None` when there is no such parent.
    pub fn add(&mut self, mut node: Node) -> Option<Revision> {
        node.depth = self.node(node.parent)?.depth + 1;
        self.nodes.push(node);
        Some(self.nodes.len() - 1)
    }

    /// Add a child of the current revision and show it.
    pub fn push(&mut self, node: Node) -> Revision {
        let (parent, left) = (self.current, node.before);
        self.nodes.push(Node { parent, depth: self.here().depth + 1, seen: true, ..node });
        self.current = self.nodes.len() - 1;
        self.nodes[parent].redo = Some(self.current);
        self.timeline.push(self.current, left, false);
        self.current
    }

    /// Extend the current step by another change if that continues where the step stopped: typing
    /// at its end, deleting on either side of it.
    pub fn grow(&mut self, at: usize, removed: &Piece, inserted: &Piece) -> bool {
        let node = &mut self.nodes[self.current];
        let (gone, came) = (removed.len(), inserted.len());
        match node.kind {
            Kind::Typed if gone == 0 && at == node.at + node.inserted.len() => {
                node.inserted.append(inserted);
            }
            Kind::Deleted if came == 0 && at == node.at => node.removed.append(removed),
            Kind::Deleted if came == 0 && at + gone == node.at => {
                let mut all = removed.clone();
                all.append(&node.removed);
                (node.at, node.removed) = (at, all);
            }
            _ => return false,
        }
        true
    }

    /// Delete a revision and its descendants. `None` when it doesn't exist, or when it is (or led to)
    /// the text on the page.
    pub fn prune(&mut self, revision: Revision) -> Option<()> {
        let gone = self.below(revision)?;
        let is_gone = |one: Revision| one >= revision && gone[one - revision];
        if is_gone(self.current) {
            return None;
        }
        for (one, node) in self.nodes.iter_mut().enumerate() {
            if is_gone(one) {
                *node = Node::pruned();
            } else if node.redo.is_some_and(is_gone) {
                node.redo = None;
            }
        }
        self.timeline.forget(is_gone);
        Some(())
    }

    /// For each revision from this one on: whether it is this one or came of it.
    pub fn below(&self, revision: Revision) -> Option<Vec<bool>> {
        self.node(revision)?;
        let mut below = vec![true];
        for node in &self.nodes[revision + 1..] {
            let parent = node.parent.checked_sub(revision);
            below.push(node.kind != Kind::Pruned && parent.is_some_and(|parent| below[parent]));
        }
        Some(below)
    }

    /// The path from one revision to another: a number of steps up, then down these.
    fn way(&self, from: Revision, to: Revision) -> Option<(Vec<Revision>, Vec<Revision>)> {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        let (mut from, mut to) = (from, to);
        while from != to {
            let (a, b) = (self.node(from)?, self.node(to)?);
            if a.depth >= b.depth {
                up.push(from);
                from = a.parent;
            } else {
                down.push(to);
                to = b.parent;
            }
        }
        down.reverse();
        Some((up, down))
    }

    /// The last revision that two have in common; `None` when one doesn't exist.
    pub fn fork(&self, one: Revision, other: Revision) -> Option<Revision> {
        let (up, _) = self.way(one, other)?;
        Some(up.last().map_or(one, |last| self.nodes[*last].parent))
    }

    /// Where the cursor belongs after going to another revision: where it was before it was left, or where its
    /// last step put it.
    pub fn place(&self, to: Revision) -> Option<Place> {
        let (up, down) = self.way(self.current, to)?;
        let left = up.last().filter(|_| down.is_empty());
        Some(left.map_or(self.nodes[to].after, |step| self.nodes[*step].before))
    }

    /// Change a page from one revision's text to another's. `None` when the steps don't fit the page.
    pub fn carry(&self, draft: &mut Draft, from: Revision, to: Revision) -> Option<()> {
        let (up, down) = self.way(from, to)?;
        for node in up.into_iter().map(|step| &self.nodes[step]) {
            let range = node.at..node.at + node.inserted.len();
            draft.fits(&range).then(|| draft.replace(range, &node.removed))?;
        }
        for node in down.into_iter().map(|step| &self.nodes[step]) {
            let range = node.at..node.at + node.removed.len();
            draft.fits(&range).then(|| draft.replace(range, &node.inserted))?;
        }
        Some(())
    }

    /// Whether one revision came of another, or is it.
    pub fn descends(&self, revision: Revision, from: Revision) -> bool {
        self.way(from, revision).is_some_and(|(up, _)| up.is_empty())
    }

    /// Show another revision, and record how on the timeline. `left`: the cursor before. `None` when the revision
    /// doesn't exist.
    pub fn travel(&mut self, to: Revision, how: How, left: Place) -> Option<()> {
        let (up, down) = self.way(self.current, to)?;
        match how {
            How::Seen => {
                self.nodes[to].seen = true;
                return Some(());
            }
            How::Undo if self.timeline.back_to(to) => {}
            How::Redo if self.timeline.forth_to(to) => {}
            How::Redo => self.timeline.push(to, self.nodes[to].before, false),
            How::Undo | How::Jump => self.timeline.push(to, left, true),
            How::Join => {
                self.timeline.push(to, left, true);
                self.timeline.join();
            }
            How::Unsaid if self.timeline.back_to(to) || self.timeline.forth_to(to) => {}
            // In older versions undo went to the parent, so it went through each of these.
            How::Unsaid if up.is_empty() => {
                for step in down {
                    self.timeline.push(step, self.nodes[step].before, false);
                }
            }
            How::Unsaid => self.timeline.push(to, left, true),
        }
        self.visit(to)
    }

    /// Make another revision current, and remember the path for redo. `None` when it doesn't exist.
    fn visit(&mut self, to: Revision) -> Option<()> {
        let (up, down) = self.way(self.current, to)?;
        for step in up.into_iter().chain(down) {
            let parent = self.nodes[step].parent;
            self.nodes[parent].redo = Some(step);
        }
        self.current = to;
        self.nodes[to].seen = true;
        Some(())
    }

    /// Show a revision that was just added, as [`Tree::push`] does.
    pub fn enter(&mut self, added: Revision) -> Option<()> {
        let left = self.node(added)?.before;
        self.timeline.push(added, left, false);
        self.visit(added)
    }

    /// Where a place of one revision is in the current one; `None` when it was deleted on the way.
    pub fn map(&self, at: usize, from: Revision) -> Option<usize> {
        let (up, down) = self.way(from, self.current)?;
        let at = up.iter().try_fold(at, |at, step| self.nodes[*step].back(at))?;
        down.iter().try_fold(at, |at, step| self.nodes[*step].forth(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_moves_with_its_text() {
        for (at, from, removed, inserted, expected) in [
            (3, 5, 0, 2, Some(3)),
            (5, 5, 0, 2, Some(5)),
            (6, 5, 0, 2, Some(8)),
            (5, 5, 3, 0, Some(5)),
            (6, 5, 3, 0, None),
            (8, 5, 3, 1, Some(6)),
        ] {
            assert_eq!(shift(at, from, removed, inserted), expected);
        }
    }
}
