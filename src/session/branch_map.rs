//! The branch map: the tree of revisions as rows that a person can read, each a line of steps.

use super::{
    Author, Kind, Revision, Session, Source,
    draft::Draft,
    line::{Changed, LineText, words},
    tree::Node,
};
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
    /// Whether its last step was on the page before the last jump.
    pub is_before_jump: bool,
    /// The number of words of the text that its last step led to.
    pub words: usize,
}

impl Branch {
    /// Whether it is an offer, or text that was taken from one.
    pub fn is_offer(&self) -> bool {
        matches!(self.kind, Kind::Taken | Kind::Offered)
    }
}

/// What the branch map reads of the history at once, so that no row reads all of it again.
struct Survey {
    children: Vec<Vec<Revision>>,
    /// Marks the ancestors of the current page.
    leads: Vec<bool>,
    /// The page, carried from row to row.
    draft: Draft,
    /// The revision that `draft` has.
    at: Revision,
}

impl Session {
    fn survey(&self) -> Survey {
        let mut leads = vec![false; self.tree.len()];
        let mut at = self.tree.current();
        leads[0] = true;
        while at != 0 {
            leads[at] = true;
            at = self.tree.node(at).map_or(0, |node| node.parent);
        }
        let draft = self.draft.clone();
        Survey { children: self.children(), leads, draft, at: self.tree.current() }
    }

    /// The row that begins with a step, without its position in the map.
    pub(super) fn row(&self, first: Revision) -> Option<Branch> {
        self.branch(first, usize::MAX, &mut self.survey())
    }

    /// The branch map, in the order it is drawn: each row after the one it comes from, what branches off there before
    /// the line goes on.
    pub fn branches(&self) -> Vec<Branch> {
        let mut survey = self.survey();
        let mut rows: Vec<Branch> = Vec::new();
        let mut waiting = vec![(0, None, 0)];
        while let Some((first, parent, depth)) = waiting.pop() {
            let Some(mut row) = self.branch(first, usize::MAX, &mut survey) else { continue };
            (row.parent, row.depth) = (parent, depth);
            let below = &survey.children[row.revision];
            // The line continues to the current revision, else to the child visited last.
            let last = self.tree.node(row.revision).and_then(|node| node.redo);
            let on = match below[..] {
                [only] => Some(only),
                _ => {
                    let is_last = |one: &Revision| Some(*one) == last;
                    let to_page = below.iter().find(|one| survey.leads[**one]);
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

    /// The steps of a row, each as a row of its own.
    pub fn steps_of(&self, row: &Branch) -> Vec<Branch> {
        let mut survey = self.survey();
        let mut steps = vec![row.revision];
        while let Some(last) = steps.last().filter(|last| **last != row.first) {
            match self.tree.node(*last) {
                Some(node) => steps.push(node.parent),
                None => break,
            }
        }
        let one = |step: Revision| self.branch(step, 1, &mut survey);
        steps.into_iter().rev().filter_map(one).collect()
    }

    /// All text that was written in the steps of a row, to be searched.
    pub fn written_in(&self, row: &Branch) -> String {
        let mut parts = Vec::new();
        let mut at = row.revision;
        while let Some(node) = self.tree.node(at) {
            parts.push(node.inserted.text.as_str());
            if at == row.first {
                break;
            }
            at = node.parent;
        }
        if row.first == 0 {
            parts.push(&self.opening);
        }
        parts.reverse();
        parts.concat()
    }

    /// Whether a row of the map ends with a revision, so that the map leads to it.
    fn ends_row(&self, revision: Revision) -> bool {
        let is_marked = |node: &Node| node.bookmarked || node.name.is_some();
        self.before_jump() == Some(revision)
            || self.tree.node(revision).is_some_and(is_marked)
            || revision == self.tree.current()
            || self.is_in_file(revision)
    }

    /// Whether the file has the text of a revision.
    fn is_in_file(&self, revision: Revision) -> bool {
        self.stamp.is_some() && revision == self.saved_at
    }

    /// The row that begins with a step and has at most this many.
    fn branch(&self, first: Revision, most: usize, survey: &mut Survey) -> Option<Branch> {
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
            match survey.children[revision][..] {
                [next] if steps < most && !self.ends_row(revision) => {
                    revision = next;
                    steps += 1;
                }
                _ => break,
            }
        }
        let end = self.tree.node(revision)?;
        let mut text = said.text();
        if first != 0 && begin.kind != Kind::Deleted {
            text.insert_str(0, &said.beginning(self.carried(told, survey)?.text()));
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
            leads_to_page: survey.leads[first],
            is_saved: self.is_in_file(revision),
            is_before_jump: self.before_jump() == Some(revision),
            words: self.carried(revision, survey)?.shares().all_words(),
        })
    }

    /// The page of a revision, by the steps from the row before.
    fn carried<'a>(&self, to: Revision, survey: &'a mut Survey) -> Option<&'a Draft> {
        self.tree.carry(&mut survey.draft, survey.at, to)?;
        survey.at = to;
        Some(&survey.draft)
    }

    /// The children of every revision that the map shows: all but offers whose whole text is on another branch, and
    /// that the page has never shown.
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
                    || node.bookmarked
                    || node.name.is_some()
                    || node.seen
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
