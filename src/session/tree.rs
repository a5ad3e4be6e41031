//! The one history: a tree of revisions. Each node holds what changed since its parent, both ways round,
//! so that any revision can be reached from any other. Undo, redo and branches are walks in it.

use super::draft::{Draft, Piece};
use std::time::SystemTime;

/// Names a text in the history: a node of the tree. 0 is the text as it was opened.
pub type Revision = usize;

/// What made a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Another program changed the file.
    Outside,
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
    /// The child that redo goes to: the one visited last.
    pub redo: Option<Revision>,
    pub depth: usize,
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
            depth: 0,
        }
    }
}

impl Node {
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

/// All revisions, and the one on the page.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    current: Revision,
}

impl Tree {
    /// A history that begins now.
    pub fn new(time: SystemTime) -> Self {
        Self { nodes: vec![Node { time, ..Node::default() }], current: 0 }
    }

    pub fn current(&self) -> Revision {
        self.current
    }

    pub fn node(&self, revision: Revision) -> Option<&Node> {
        self.nodes.get(revision)
    }

    /// The node on the page.
    pub fn here(&self) -> &Node {
        &self.nodes[self.current]
    }

    pub fn here_mut(&mut self) -> &mut Node {
        &mut self.nodes[self.current]
    }

    /// Add a child of the current revision and stand on it. Its `parent` and `depth` are set here.
    pub fn push(&mut self, mut node: Node) {
        node.parent = self.current;
        node.depth = self.here().depth + 1;
        let revision = self.nodes.len();
        self.here_mut().redo = Some(revision);
        self.nodes.push(node);
        self.current = revision;
    }

    /// One step towards the root, on the page and in the tree. Gives where the cursor was.
    pub fn undo(&mut self, draft: &mut Draft) -> Option<Place> {
        if self.current == 0 {
            return None;
        }
        let revision = self.current;
        let node = self.here();
        draft.replace(node.at..node.at + node.inserted.len(), &node.removed);
        let (parent, place) = (node.parent, node.before);
        self.current = parent;
        self.here_mut().redo = Some(revision);
        Some(place)
    }

    /// One step to the child visited last. Gives where the cursor was.
    pub fn redo(&mut self, draft: &mut Draft) -> Option<Place> {
        let child = self.here().redo?;
        self.step(child, draft)
    }

    /// One step to a child of the current revision.
    fn step(&mut self, child: Revision, draft: &mut Draft) -> Option<Place> {
        let node = self.nodes.get(child).filter(|node| node.parent == self.current)?;
        draft.replace(node.at..node.at + node.removed.len(), &node.inserted);
        let place = node.after;
        self.here_mut().redo = Some(child);
        self.current = child;
        Some(place)
    }

    /// The way from one revision to another: so many steps up, then down these.
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

    /// Go to any revision. Gives where the cursor was there; `None` when there is no such revision.
    pub fn go(&mut self, to: Revision, draft: &mut Draft) -> Option<Place> {
        let (up, down) = self.way(self.current, to)?;
        for _ in up {
            self.undo(draft)?;
        }
        for child in down {
            self.step(child, draft)?;
        }
        Some(self.here().after)
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
