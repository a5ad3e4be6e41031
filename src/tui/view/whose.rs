//! Who wrote what: each author has a style on the page and a mark in the margin, and the shares are in the status line.

use crate::{session::Author, tui::desk::Desk, ui::theme::Role};

/// The style of an author, its mark in the margin, and its name. The writer's own words have no mark.
pub fn look(author: Author) -> (Role, Option<char>, &'static str) {
    match author {
        Author::Writer => (Role::Text, None, "you"),
        Author::Machine => (Role::Machine, Some('▎'), "machine"),
        Author::Edited => (Role::Edited, Some('┊'), "edited by you"),
        Author::Pasted => (Role::Pasted, Some('+'), "pasted"),
        Author::Unknown => (Role::Unknown, Some('?'), "unknown"),
    }
}

/// The marks of a row, in the order of [`Author::ALL`].
pub fn marks(authors: impl Iterator<Item = Author>) -> String {
    let there: Vec<_> = authors.collect();
    let marks = Author::ALL.into_iter().filter(|author| there.contains(author));
    marks.filter_map(|author| look(author).1).collect()
}

/// Each author's share of the characters, in percent; they add up to 100. Authors without any are left out.
pub fn shares(desk: &Desk) -> Vec<String> {
    let shares = desk.session.shares();
    let all = shares.all_chars().max(1);
    // The cumulative sums are rounded, not each share, so that the percentages add up to 100.
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
            // A share below half a percent is shown as `<1 %`.
            (_, 0) => said.push(format!("{mark}{name} <1 %")),
            _ => said.push(format!("{mark}{name} {percent} %")),
        }
    }
    said
}
