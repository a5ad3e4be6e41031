//! The prompts of a show, in order, and the current one.

use super::{
    item::{Item, Origin},
    rundown::{Prompt, Rundown},
    take::Take,
};
use crate::token::BranchId;

/// The prompts of a show. There is always at least one.
pub struct Prompts {
    items: Vec<Item>,
    at: usize,
}

impl Prompts {
    /// The prompts of a rundown; without one, the draft is the only prompt.
    pub fn new(rundown: Option<Rundown>, draft: impl FnOnce() -> String) -> Self {
        let prompts = rundown.map(|rundown| rundown.prompts).unwrap_or_default();
        let mut items: Vec<Item> =
            prompts.into_iter().map(|prompt| Item::new(Origin::Rundown, prompt)).collect();
        if items.is_empty() {
            let prompt = Prompt { name: "the draft".into(), text: draft(), ..Prompt::default() };
            items.push(Item::new(Origin::Draft, prompt));
        }
        Self { items, at: 0 }
    }

    /// The current prompt.
    pub fn current(&self) -> &Item {
        &self.items[self.at]
    }

    /// The current prompt.
    pub fn current_mut(&mut self) -> &mut Item {
        &mut self.items[self.at]
    }

    /// The index of the current prompt.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The number of prompts.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// All prompts.
    pub fn iter(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// The index of the first prompt of a kind.
    pub fn find(&self, is: impl Fn(&Item) -> bool) -> Option<usize> {
        self.items.iter().position(is)
    }

    /// All prompts.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.items.iter_mut()
    }

    /// The takes of all prompts.
    pub fn takes_mut(&mut self) -> impl Iterator<Item = &mut Take> {
        self.items.iter_mut().flat_map(|item| &mut item.takes)
    }

    /// The take that a branch is decoded for.
    pub fn take_of(&mut self, branch: BranchId) -> Option<&mut Take> {
        self.takes_mut().find(|take| take.branch == branch)
    }

    /// The index of the next prompt, or of the previous one. `None` if there is none.
    pub fn beside(&self, next: bool) -> Option<usize> {
        let to = if next { Some(self.at + 1) } else { self.at.checked_sub(1) };
        to.filter(|to| *to < self.items.len())
    }

    /// Makes another prompt the current one.
    pub fn go_to(&mut self, at: usize) {
        self.at = at.min(self.items.len() - 1);
    }

    /// Inserts a prompt after the current one and makes it the current one, so that the rundown continues where it was
    /// left. An empty draft is replaced: it was no prompt.
    pub fn insert(&mut self, item: Item) {
        let current = self.current();
        if current.takes.is_empty() && current.prompt.text.trim().is_empty() {
            self.items[self.at] = item;
        } else {
            self.at += 1;
            self.items.insert(self.at, item);
        }
    }
}
