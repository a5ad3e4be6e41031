//! Finds posts that are cut copies of longer ones: an X archive has the beginning of a long post beside the whole of it, in
//! another file. What may be cut is held back until everything was read.

use super::Form;
use std::collections::HashMap;

/// A cut copy has at least as many characters.
const SHORTEST: usize = 40;
/// Posts with more characters may have a cut copy.
const LONG: usize = 130;
/// How many characters of them are remembered.
const REMEMBERED: usize = 400;
/// A post with so many characters may be cut even if it doesn't end with an ellipsis.
const FULL: std::ops::RangeInclusive<usize> = 250..=300;
/// How many posts are remembered, and how many held back.
const MOST: usize = 20_000;

/// A post that may be cut.
#[derive(Debug)]
pub struct Held {
    /// The post as it was read.
    pub text: String,
    /// What it is.
    pub form: Form,
    /// The post without what was removed.
    clean: String,
}

/// Long posts, and those that may be their beginnings.
#[derive(Debug, Default)]
pub struct Cuts {
    /// By their first characters.
    long: HashMap<String, Vec<String>>,
    count: usize,
    held: Vec<Held>,
}

impl Cuts {
    /// Consider a post. Returns whether it is held back.
    pub fn hold(&mut self, text: &str, clean: &str, form: Form) -> bool {
        let length = clean.chars().count();
        if length > LONG && self.count < MOST {
            self.count += 1;
            let start = clean.chars().take(REMEMBERED).collect();
            self.long.entry(key(clean)).or_default().push(start);
        }
        let cut = clean.ends_with('…') || clean.ends_with("...");
        let may_be = cut && (SHORTEST..=REMEMBERED).contains(&length) || FULL.contains(&length);
        if !may_be || self.held.len() >= MOST {
            return false;
        }
        self.held.push(Held { text: text.to_owned(), form, clean: clean.to_owned() });
        true
    }

    /// The posts that were held back, and whether each is the beginning of a longer one.
    pub fn release(&mut self) -> Vec<(Held, bool)> {
        let held = std::mem::take(&mut self.held);
        held.into_iter()
            .map(|post| (self.is_cut(&post.clean), post))
            .map(|(cut, p)| (p, cut))
            .collect()
    }

    fn is_cut(&self, clean: &str) -> bool {
        let start = clean.trim_end_matches(['…', '.', ' ']);
        let longer = self.long.get(&key(start)).into_iter().flatten();
        let whole = |long: &&String| long.len() > clean.len() && long.starts_with(start);
        start.chars().count() >= SHORTEST && longer.filter(whole).count() > 0
    }
}

fn key(text: &str) -> String {
    text.chars().take(SHORTEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_beginnings_of_longer_posts_are_cut() {
        let whole = format!("It begins on the stairs, and {}so it ended.", "went on ".repeat(40));
        let cut: String = whole.chars().take(200).collect();
        let mut cuts = Cuts::default();
        assert!(cuts.hold("", &format!("{}…", cut.trim_end()), Form::Post));
        assert!(!cuts.hold("", &cut, Form::Post));
        assert!(!cuts.hold("", &whole, Form::Post) && !cuts.hold("", "And so on…", Form::Post));
        let other = format!("It begins on the stairs, and then {}…", "it didn't ".repeat(8));
        assert!(cuts.hold("", &other, Form::Post));
        let full: String = whole.chars().take(280).collect();
        assert!(cuts.hold("", &full, Form::Post));
        let found: Vec<bool> = cuts.release().into_iter().map(|(_, cut)| cut).collect();
        assert_eq!(found, [true, false, true]);
    }
}
