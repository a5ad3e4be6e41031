//! Whose words: each class has a style on the page and a mark beside it, and the shares stand below.

use crate::{session::Author, tui::desk::Desk, ui::theme::Role};

/// How a class looks, its mark in the margin, and what it is called. The writer's own words need no mark.
pub fn look(author: Author) -> (Role, Option<char>, &'static str) {
    match author {
        Author::Writer => (Role::Text, None, "you"),
        Author::Machine => (Role::Machine, Some('▎'), "machine"),
        Author::Edited => (Role::Edited, Some('┊'), "edited by you"),
        Author::Pasted => (Role::Pasted, Some('+'), "pasted"),
        Author::Unknown => (Role::Unknown, Some('?'), "unknown"),
    }
}

/// The marks of a row, most telling first.
pub fn marks(authors: impl Iterator<Item = Author>) -> String {
    let there: Vec<_> = authors.collect();
    let marks = Author::ALL.into_iter().filter(|author| there.contains(author));
    marks.filter_map(|author| look(author).1).collect()
}

/// How much is whose, in hundredths of the characters: all of them together are a hundred. What is nothing is not
/// named.
pub fn shares(desk: &Desk) -> Vec<String> {
    let shares = desk.session.shares();
    let all = shares.all_chars().max(1);
    // Rounded where they end, not each for itself, so that nothing is lost or counted twice.
    let hundredths = |chars: usize| (chars * 200 + all) / (2 * all);
    let mut before = 0;
    let mut said = Vec::new();
    for author in Author::ALL {
        let chars = shares.chars(author);
        let percent = hundredths(before + chars) - hundredths(before);
        before += chars;
        let (_, mark, name) = look(author);
        let mark = mark.map_or(String::new(), |mark| format!("{mark} "));
        match (chars, percent) {
            (0, _) => {}
            // A trace is not nothing.
            (_, 0) => said.push(format!("{mark}{name} <1 %")),
            _ => said.push(format!("{mark}{name} {percent} %")),
        }
    }
    said
}
