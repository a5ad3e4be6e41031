//! The rows of the branch map as a list: a question is one row, with its offers inside, and a line of steps is one row,
//! with its steps inside. Both can be opened. A filter shows only the branches that have some words.

use crate::session::{Asked, Branch, Revision, Session};
use std::collections::{HashMap, HashSet};

/// A place of a text: where the model was asked.
type Place = (Revision, usize);

/// The most levels of line drawing that are kept of a row.
pub const DEEPEST: usize = 12;

/// What a row of the list is.
#[derive(Clone, Debug)]
pub enum What {
    /// A branch, by its number.
    Branch(usize),
    /// The offers of a question, by the number of its fold.
    Fold(usize),
    /// One step of a branch that was opened.
    Step(Box<Branch>),
}

/// A row of the list.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it is.
    pub what: What,
    /// Its indentation.
    pub depth: usize,
    /// The line drawing before its point: two characters for each level, of the last levels.
    pub trunk: String,
    parent: Option<usize>,
}

/// Offers of one question that are not on the page's line.
#[derive(Clone, Debug)]
pub struct Fold {
    place: Place,
    /// The numbers of their branches.
    members: Vec<usize>,
    /// What was asked there.
    pub asked: Asked,
}

/// All branches, and the rows that are shown of them.
#[derive(Default)]
pub struct List {
    branches: Vec<Branch>,
    /// For each branch, the branches that come from it.
    below: Vec<Vec<usize>>,
    folds: Vec<Fold>,
    /// The fold that a branch is in.
    fold_of: HashMap<usize, usize>,
    /// The text of each branch in lower case, once it was searched.
    written: Vec<String>,
    /// The questions that are open.
    open: HashSet<Place>,
    /// The first steps of the branches that are open.
    stepped: HashSet<Revision>,
    /// The rows, in the order in which they are drawn.
    pub items: Vec<Item>,
}

/// What a row is, whatever else changes in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The branch or step that leads to this revision.
    Revision(Revision),
    /// The question at this place.
    Place(Place),
}

impl List {
    /// Reads the branches again. What is open stays open.
    pub fn read(&mut self, session: &Session) {
        self.branches = session.branches();
        self.written.clear();
        self.below = vec![Vec::new(); self.branches.len()];
        for (number, branch) in self.branches.iter().enumerate() {
            if let Some(parent) = branch.parent {
                self.below[parent].push(number);
            }
        }
        self.fold(session);
        self.lay_out(session, "");
    }

    /// Finds the questions of which several offers are beside the page's line.
    fn fold(&mut self, session: &Session) {
        let all = session.asked();
        let mut folds: HashMap<(usize, Place), Vec<usize>> = HashMap::new();
        for (number, branch) in self.branches.iter().enumerate() {
            let Some(parent) = branch.parent else { continue };
            let is_aside = branch.depth > self.branches[parent].depth;
            let place = branch
                .source
                .filter(|_| branch.is_offer())
                .and_then(|source| session.place_of(source));
            if let (true, Some(place)) = (is_aside, place) {
                folds.entry((parent, place)).or_default().push(number);
            }
        }
        (self.folds, self.fold_of) = (Vec::new(), HashMap::new());
        for ((_, place), members) in folds.into_iter().filter(|(_, members)| members.len() > 1) {
            let Some(asked) = all.get(&place).copied() else { continue };
            members.iter().for_each(|member| _ = self.fold_of.insert(*member, self.folds.len()));
            self.folds.push(Fold { place, members, asked });
        }
    }

    /// Lists the rows anew: those that a search finds, or with nothing to search all that are not folded.
    pub fn lay_out(&mut self, session: &Session, wanted: &str) {
        let wanted = wanted.trim().to_lowercase();
        self.items.clear();
        if !wanted.is_empty() {
            return self.search(session, &wanted);
        }
        /// A row that is still to be listed.
        enum Next {
            Branch(usize),
            Fold(usize),
        }
        let mut waiting = Vec::new();
        if !self.branches.is_empty() {
            waiting.push((Next::Branch(0), 0, None));
        }
        while let Some((next, depth, parent)) = waiting.pop() {
            let here = Some(self.items.len());
            let item = |what, depth, parent| Item { what, depth, parent, trunk: String::new() };
            match next {
                Next::Fold(fold) => {
                    self.items.push(item(What::Fold(fold), depth, parent));
                    if self.open.contains(&self.folds[fold].place) {
                        let members = self.folds[fold].members.iter().rev();
                        waiting.extend(members.map(|one| (Next::Branch(*one), depth + 1, here)));
                    }
                }
                Next::Branch(number) => {
                    self.items.push(item(What::Branch(number), depth, parent));
                    let branch = &self.branches[number];
                    if self.stepped.contains(&branch.first) {
                        let steps = session.steps_of(branch);
                        let before_last = steps.len().saturating_sub(1);
                        for step in steps.into_iter().take(before_last) {
                            self.items.push(item(What::Step(Box::new(step)), depth + 1, here));
                        }
                    }
                    let mut next = Vec::new();
                    let mut folded = HashSet::new();
                    for child in &self.below[number] {
                        let is_aside = self.branches[*child].depth > branch.depth;
                        match self.fold_of.get(child) {
                            Some(fold) if folded.insert(*fold) => {
                                next.push((Next::Fold(*fold), depth + 1, here));
                            }
                            Some(_) => {}
                            None => {
                                let depth = depth + usize::from(is_aside);
                                next.push((Next::Branch(*child), depth, here));
                            }
                        }
                    }
                    waiting.extend(next.into_iter().rev());
                }
            }
        }
        self.draw_trunks();
    }

    /// Lists the branches that have all words of a search, in their text or in their name.
    fn search(&mut self, session: &Session, wanted: &str) {
        if self.written.is_empty() {
            let text = |branch: &Branch| {
                let name = branch.name.as_deref().unwrap_or_default();
                format!("{}\n{name}", session.written_in(branch)).to_lowercase()
            };
            self.written = self.branches.iter().map(text).collect();
        }
        let found = |text: &&String| wanted.split_whitespace().all(|word| text.contains(word));
        for (number, _) in self.written.iter().enumerate().filter(|(_, text)| found(text)) {
            let what = What::Branch(number);
            self.items.push(Item { what, depth: 0, parent: None, trunk: String::new() });
        }
    }

    /// The line drawing before each row's point: a mark for each line that continues below.
    fn draw_trunks(&mut self) {
        // For each depth: whether its line continues below.
        let mut goes_on: Vec<bool> = Vec::new();
        for number in (0..self.items.len()).rev() {
            let depth = self.items[number].depth;
            let parent = self.items[number].parent.map(|parent| self.items[parent].depth);
            goes_on.resize(depth + 1, false);
            let shown = depth.saturating_sub(DEEPEST);
            let mut marks: Vec<_> =
                goes_on[shown..depth].iter().map(|on| if *on { "│ " } else { "  " }).collect();
            if parent.is_some_and(|parent| parent < depth) {
                if let Some(last) = marks.last_mut() {
                    *last = if goes_on[depth - 1] { "├─" } else { "└─" };
                }
                (goes_on[depth - 1], goes_on[depth]) = (true, false);
            } else {
                goes_on[depth] = true;
            }
            self.items[number].trunk = marks.concat();
        }
    }

    /// The number of branches.
    pub fn len(&self) -> usize {
        self.branches.len()
    }

    /// The branch of a row; `None` for a question.
    pub fn branch(&self, item: usize) -> Option<&Branch> {
        match &self.items.get(item)?.what {
            What::Branch(number) => self.branches.get(*number),
            What::Step(step) => Some(step),
            What::Fold(_) => None,
        }
    }

    /// The question of a row, and whether it is open.
    pub fn question(&self, item: usize) -> Option<(&Fold, bool)> {
        let What::Fold(fold) = self.items.get(item)?.what else { return None };
        let fold = self.folds.get(fold)?;
        Some((fold, self.open.contains(&fold.place)))
    }

    /// Opens or closes a row; `None` does the other of the two. False when there is nothing in it.
    pub fn toggle(&mut self, item: usize, on: Option<bool>) -> bool {
        fn set<T: Eq + std::hash::Hash>(all: &mut HashSet<T>, one: T, on: Option<bool>) {
            if on.unwrap_or(!all.contains(&one)) {
                all.insert(one);
            } else {
                all.remove(&one);
            }
        }
        match self.items.get(item).map(|item| item.what.clone()) {
            Some(What::Fold(fold)) => set(&mut self.open, self.folds[fold].place, on),
            Some(What::Branch(number)) if self.branches[number].steps > 1 => {
                set(&mut self.stepped, self.branches[number].first, on);
            }
            _ => return false,
        }
        true
    }

    /// What a row is, to find it again.
    pub fn key(&self, item: usize) -> Option<Key> {
        match self.question(item) {
            Some((fold, _)) => Some(Key::Place(fold.place)),
            None => self.branch(item).map(|branch| Key::Revision(branch.revision)),
        }
    }

    /// The row of a key. For a branch in a question that is not open: the question's row.
    pub fn find(&self, key: Key) -> Option<usize> {
        (0..self.items.len()).find(|item| self.key(*item) == Some(key)).or_else(|| {
            let Key::Revision(revision) = key else { return None };
            let mut number = self.branches.iter().position(|one| one.revision == revision)?;
            loop {
                if let Some(fold) = self.fold_of.get(&number) {
                    let place = Key::Place(self.folds[*fold].place);
                    let row = (0..self.items.len()).find(|item| self.key(*item) == Some(place));
                    if row.is_some() {
                        return row;
                    }
                }
                number = self.branches[number].parent?;
            }
        })
    }

    /// Opens the questions that a branch is in.
    pub fn reveal(&mut self, key: Key) {
        let Key::Revision(revision) = key else { return };
        let mut at = self.branches.iter().position(|one| one.revision == revision);
        while let Some(number) = at {
            if let Some(fold) = self.fold_of.get(&number) {
                self.open.insert(self.folds[*fold].place);
            }
            at = self.branches[number].parent;
        }
    }
}
