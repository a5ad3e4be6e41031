//! The branch map: the tree of revisions as rows that a person can read, each a line of steps.

use super::{
    Author, Kind, Revision, SHOWN, Session, Source,
    beginning::Beginning,
    draft::{Draft, Piece},
    tree::Node,
};
use ropey::Rope;
use std::{
    collections::{HashMap, HashSet},
    time::SystemTime,
};

/// A row of the branch map: steps in a line, up to a fork or to a step that a person marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// Its last step: where one goes to see it.
    pub revision: Revision,
    /// Its first step.
    pub first: Revision,
    /// Its indentation: 0 is the page's own line, including undone steps; each line
    /// that branches off is one level to the right of its parent line.
    pub depth: usize,
    /// The row above it that it comes from; `None` for the first row.
    pub parent: Option<usize>,
    /// What its first step was.
    pub kind: Kind,
    /// The offer that its first step came from, or else the first offer taken in it.
    pub source: Option<Source>,
    /// When its first step was made.
    pub time: SystemTime,
    /// Its number of steps.
    pub steps: usize,
    /// The number of pieces of model text taken in it, and their number of words.
    pub taken: (usize, usize),
    /// The number of machine words that the writer changed in it.
    pub changed: usize,
    /// The beginning of the text it added, on one line: at most 80 characters, preceded by the beginning of
    /// the word that it continues.
    pub text: String,
    /// The name of its last step, if the writer gave one.
    pub name: Option<String>,
    /// Whether its last step has a bookmark.
    pub bookmarked: bool,
    /// Whether its last step is the current page.
    pub is_page: bool,
    /// Whether it is an ancestor of the current page.
    pub leads_to_page: bool,
    /// Whether its last step is the saved text.
    pub is_saved: bool,
}

impl Session {
    /// The row that begins with a step, without its position in the map.
    pub(super) fn row(&self, first: Revision, children: &[Vec<Revision>]) -> Option<Branch> {
        self.branch(first, children, &self.leading(), &Beginning::default())
    }

    /// Marks the ancestors of the current page.
    fn leading(&self) -> Vec<bool> {
        let mut leads = vec![false; self.tree.len()];
        let mut at = self.tree.current();
        leads[0] = true;
        while at != 0 {
            leads[at] = true;
            at = self.tree.node(at).map_or(0, |node| node.parent);
        }
        leads
    }

    /// The branch map, in the order it is drawn: each row after the one it comes from, what branches off there before
    /// the line goes on.
    pub fn branches(&self) -> Vec<Branch> {
        let (children, leads) = (self.children(), self.leading());
        let mut rows: Vec<Branch> = Vec::new();
        let beginning = Beginning::default();
        let mut waiting = vec![(0, None, 0)];
        while let Some((first, parent, depth)) = waiting.pop() {
            let Some(mut row) = self.branch(first, &children, &leads, &beginning) else { continue };
            (row.parent, row.depth) = (parent, depth);
            let below = &children[row.revision];
            // The line continues to the current revision, else to the child visited last.
            let last = self.tree.node(row.revision).and_then(|node| node.redo);
            let on = match below[..] {
                [only] => Some(only),
                _ => {
                    let is_last = |one: &Revision| Some(*one) == last;
                    let to_page = below.iter().find(|one| leads[**one]);
                    to_page.or(below.iter().find(|one| is_last(one))).copied()
                }
            };
            let index = Some(rows.len());
            waiting.extend(on.map(|on| (on, index, depth)));
            let aside = below.iter().rev().filter(|one| Some(**one) != on);
            waiting.extend(aside.map(|one| (*one, index, depth + 1)));
            rows.push(row);
        }
        rows
    }

    fn branch(
        &self,
        first: Revision,
        children: &[Vec<Revision>],
        leads: &[bool],
        beginning: &Beginning,
    ) -> Option<Branch> {
        let mut begin = self.tree.node(first)?;
        let mut said = LineText::new(if first == 0 { &self.opening } else { "" }, begin.at);
        let (mut revision, mut steps) = (first, 1);
        // The last revision up to which offsets in the row's text match the page.
        let mut told = first;
        let (mut source, mut taken, mut changed) = (None, (0, 0), Changed::default());
        loop {
            let node = self.tree.node(revision)?;
            said.step(node);
            if !said.is_torn {
                told = revision;
            }
            source = source.or(node.source);
            if node.kind == Kind::Taken {
                taken = (taken.0 + 1, taken.1 + words(&node.inserted, &Author::ALL));
            }
            changed.step(node);
            // If the history began with an empty page, the branch begins with the first change.
            if steps == 2 && first == 0 && self.opening.is_empty() {
                begin = node;
            }
            let is_marked = node.bookmarked || node.name.is_some();
            match children[revision][..] {
                // An empty first revision doesn't get a row of its own.
                [next] if !is_marked && (revision != self.tree.current() || revision == 0) => {
                    revision = next;
                    steps += 1;
                }
                _ => break,
            }
        }
        let end = self.tree.node(revision)?;
        let mut text = said.text();
        if first != 0 && begin.kind != Kind::Deleted {
            text.insert_str(0, &beginning.of(self, told, said.start, &said.text));
        }
        Some(Branch {
            revision,
            first,
            depth: 0,
            parent: None,
            kind: begin.kind,
            source,
            time: begin.time,
            steps,
            taken,
            changed: changed.all(),
            text,
            name: end.name.as_deref().map(str::to_owned),
            bookmarked: end.bookmarked,
            is_page: revision == self.tree.current(),
            leads_to_page: leads[first],
            is_saved: self.stamp.is_some() && revision == self.saved_at,
        })
    }

    /// The children of every revision, as a person sees them: all but offers that stand on another branch whole,
    /// and never went on themselves. All at once: to ask for each one's would read the whole tree each time.
    pub(super) fn children(&self) -> Vec<Vec<Revision>> {
        let mut all = vec![Vec::new(); self.tree.len()];
        for one in 1..self.tree.len() {
            if let Some(node) = self.tree.node(one) {
                all[node.parent].push(one);
            }
        }
        let taken = self.taken_whole(&all);
        let is_shown = |one: &Revision| {
            self.tree.node(*one).is_some_and(|node| {
                node.kind != Kind::Offered
                    || node.source.is_none_or(|source| !taken.contains(&source))
                    || *one == self.tree.current()
                    || node.bookmarked
                    || node.name.is_some()
                    || node.redo.is_some()
            })
        };
        for children in &mut all {
            children.retain(is_shown);
            // Offers are sorted by request and revision, whichever was finished first.
            let asked = |one: Revision| self.tree.node(one)?.source.map(|of| (of.request, one));
            let mut offers: Vec<_> = children.iter().filter_map(|one| asked(*one)).collect();
            offers.sort_unstable();
            let places = children.iter_mut().filter(|one| asked(**one).is_some());
            places.zip(offers).for_each(|(place, (_, one))| *place = one);
        }
        all
    }

    /// Offers of which all was taken, in pieces or at once, or of which all stands where it was asked, some of it
    /// typed.
    fn taken_whole(&self, children: &[Vec<Revision>]) -> HashSet<Source> {
        let mut offered: HashMap<Source, (usize, String)> = HashMap::new();
        // On the path to each revision: the offer last taken from, and how many characters of it were taken.
        let mut ways: Vec<(Option<Source>, usize)> = vec![(None, 0); self.tree.len()];
        let mut most: HashMap<Source, usize> = HashMap::new();
        for one in 0..self.tree.len() {
            let Some(node) = self.tree.node(one) else { continue };
            let (of, before) = ways[node.parent];
            ways[one] = (of, before);
            match (node.kind, node.source) {
                (Kind::Offered, Some(source)) => {
                    let (at, text) = offered.entry(source).or_insert((node.at, String::new()));
                    *at = (*at).min(node.at);
                    text.push_str(&node.inserted.text);
                }
                (Kind::Taken, Some(source)) => {
                    let before = if of == Some(source) { before } else { 0 };
                    let len = before + node.inserted.len();
                    ways[one] = (Some(source), len);
                    let most = most.entry(source).or_default();
                    *most = len.max(*most);
                }
                _ => {}
            }
        }
        let whole = offered.into_iter().filter(|(source, (at, text))| {
            most.get(source).is_some_and(|most| *most >= text.chars().count())
                || self
                    .request(source.request)
                    .is_some_and(|asked| self.stands(asked.revision, *at, text, children))
        });
        whole.map(|(source, _)| source).collect()
    }

    /// Whether a text was written at a place, typed or taken, in the steps right behind a revision.
    fn stands(&self, from: Revision, at: usize, text: &str, children: &[Vec<Revision>]) -> bool {
        let mut waiting = vec![(from, at, text)];
        while let Some((from, at, text)) = waiting.pop() {
            for &child in children.get(from).into_iter().flatten() {
                let Some(node) = self.tree.node(child) else { continue };
                let written = matches!(node.kind, Kind::Typed | Kind::Taken);
                if !written || node.at != at || node.removed.len() > 0 {
                    continue;
                }
                match text.strip_prefix(&*node.inserted.text) {
                    Some("") => return true,
                    Some(rest) => waiting.push((child, at + node.inserted.len(), rest)),
                    None if node.inserted.text.starts_with(text) => return true,
                    None => {}
                }
            }
        }
        false
    }
}

/// What a line of steps put on the page, as it reads after them: its beginning.
struct LineText {
    /// Where in the page's text it begins.
    start: usize,
    text: Vec<char>,
    /// Something from elsewhere stands at its end, so places in it say nothing any more.
    is_torn: bool,
}

impl LineText {
    /// So much is put together: more than is shown, for some of it may go again.
    const MOST: usize = 4 * SHOWN;

    fn new(opening: &str, start: usize) -> Self {
        let text: Vec<char> = opening.chars().collect();
        Self { start: if text.is_empty() { start } else { 0 }, text, is_torn: false }
    }

    fn step(&mut self, node: &Node) {
        let Node { at, removed, inserted, .. } = node;
        let end = self.start + self.text.len();
        if self.is_torn {
            return;
        }
        if *at < self.start
            && node.kind == Kind::Typed
            && at + removed.len() >= end
            && *at + inserted.len() > self.start
        {
            // One step replaced several places, before this text and in it. The inserted text includes what is between
            // them: continue with its part from here, starting at the next word.
            let from = self.start - at;
            let mut now = inserted.text.chars().skip(from - 1).peekable();
            let cut = now.by_ref().take_while(|c| !c.is_whitespace()).count();
            self.text = now.take(Self::MOST).collect();
            self.start += cut;
        } else if *at < self.start {
            // A change before this text: remove what it deleted of this text, and move the start.
            let gone = (at + removed.len()).saturating_sub(self.start).min(self.text.len());
            self.text.drain(..gone);
            let start = (self.start + gone + inserted.len()).saturating_sub(removed.len());
            self.start = start.max(*at);
        } else if *at <= end {
            let from = at - self.start;
            let to = (from + removed.len()).min(self.text.len());
            self.text.splice(from..to, inserted.text.chars());
            self.text.truncate(Self::MOST);
        } else if self.text.len() < SHOWN && inserted.len() > 0 {
            // A change elsewhere on the page: show it after an ellipsis.
            let more = inserted.text.chars().take(SHOWN);
            self.text.extend([' ', '…', ' '].into_iter().chain(more));
            self.is_torn = true;
        }
    }

    /// On one line, as much as a row shows.
    fn text(&self) -> String {
        let all: String = self.text.iter().collect();
        let line = all.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(SHOWN).collect()
    }
}

/// Counts words of the machine's that the writer changed: what was put in among them, or what went of them. A word
/// that is deleted and typed anew in its place is one.
#[derive(Default)]
struct Changed {
    words: usize,
    /// The words that the last step deleted, and where.
    gone: Option<(usize, usize)>,
}

impl Changed {
    fn step(&mut self, node: &Node) {
        if !matches!(node.kind, Kind::Typed | Kind::Pasted | Kind::Deleted) {
            return;
        }
        let mut gone = words(&node.removed, &[Author::Machine, Author::Edited]);
        let mut came = words(&node.inserted, &[Author::Edited]);
        // A step that replaced several places includes the unchanged text between them, which is not a change.
        let kept = words(&node.inserted, &[Author::Machine]);
        if kept > 0 {
            gone = words(&node.removed, &[Author::Machine]).saturating_sub(kept);
            came = came.saturating_sub(words(&node.removed, &[Author::Edited]));
        }
        let before = self.gone.take();
        if node.kind == Kind::Deleted {
            self.words += before.map_or(0, |(words, _)| words);
            self.gone = Some((gone, node.at));
        } else {
            let here = gone.max(came);
            self.words += match before {
                Some((gone, at)) if at == node.at => gone.max(here),
                Some((gone, _)) => gone + here,
                None => here,
            };
        }
    }

    fn all(self) -> usize {
        self.words + self.gone.map_or(0, |(words, _)| words)
    }
}

/// How many words of a piece are by one of these.
fn words(piece: &Piece, authors: &[Author]) -> usize {
    if !piece.runs.iter().any(|run| authors.contains(&run.author)) {
        return 0;
    }
    let shares = Draft::from_parts(Rope::from_str(&piece.text), piece.runs.clone()).shares();
    authors.iter().map(|author| shares.words(*author)).sum()
}
