//! Paragraphs by number, in plain mode. A paragraph is a line of the draft that isn't blank.

use super::Plain;
use crate::{
    session::Session,
    tui::{
        search::{How, Search},
        text::count,
    },
};
use std::{borrow::Cow, ops::Range};

/// The paragraphs of a draft: the ranges of their characters, without line breaks.
fn paragraphs(session: &Session) -> Vec<Range<usize>> {
    let mut start = 0;
    let mut found = Vec::new();
    for line in session.text().lines() {
        let len = line.len_chars();
        let breaks = line.chars_at(len).reversed().take_while(|c| matches!(c, '\n' | '\r')).count();
        if line.chars().any(|c| !c.is_whitespace()) {
            found.push(start..start + len - breaks);
        }
        start += len;
    }
    found
}

impl Plain {
    /// The number of the paragraph with the cursor, from 0, or of the last one before it; and all of them.
    fn here(&self) -> (Option<usize>, Vec<Range<usize>>) {
        let all = paragraphs(self.session());
        let cursor = self.session().cursor();
        let after = all.partition_point(|range| range.start <= cursor);
        (after.checked_sub(1), all)
    }

    /// The text of a range, in one line.
    fn text(&self, range: Range<usize>) -> String {
        self.session().text().slice(range).to_string()
    }

    /// A paragraph with its number.
    fn numbered(&self, number: usize, range: &Range<usize>) -> String {
        format!("{}: {}", number + 1, self.text(range.clone()))
    }

    /// The paragraph of a number that was typed, from 1; without one, that of the cursor.
    fn named(&mut self, text: &str) -> Option<(usize, Range<usize>)> {
        let (here, all) = self.here();
        let number = match text.trim() {
            "" => here,
            text => text.parse::<usize>().ok().and_then(|number| number.checked_sub(1)),
        };
        let found = number.and_then(|number| Some((number, all.get(number)?.clone())));
        if found.is_none() {
            self.fail(match all.len() {
                0 => "the draft is empty.".to_owned(),
                all => format!("there is no paragraph {}. There are {all}.", text.trim()),
            });
        }
        found
    }

    /// Says where the cursor is.
    pub(super) fn say_where(&mut self, _: &str) {
        let (here, all) = self.here();
        let session = self.session();
        let cursor = session.cursor();
        let words = count(session.shares().all_words(), "word");
        let place = match here {
            None => "At the start.".to_owned(),
            Some(number) => {
                let range = &all[number];
                let at = match cursor {
                    at if at == range.start => "at its start",
                    at if at < range.end => "inside it",
                    at if at == range.end => "at its end",
                    _ => "on the line after it",
                };
                format!("Paragraph {} of {}, {at}.", number + 1, all.len())
            }
        };
        let saved = if session.is_saved() { "Saved." } else { "Not saved." };
        self.say(format!("{place} {words}. {saved}"));
    }

    /// Prints the paragraph with the cursor.
    pub(super) fn say_here(&mut self) {
        let (here, all) = self.here();
        match here {
            Some(number) => self.say(self.numbered(number, &all[number])),
            None => self.say("At the start."),
        }
    }

    /// Prints paragraphs: the one at the cursor, `3`, `3 5` or `all`.
    pub(super) fn print(&mut self, text: &str) {
        let (_, all) = self.here();
        let mut words = text.split([' ', ',']).filter(|word| !word.is_empty());
        let (first, last) = (words.next().unwrap_or_default(), words.next());
        let range = match first {
            "all" => 0..all.len(),
            first => {
                let Some((from, _)) = self.named(first) else { return };
                let last = last.map_or(Some(from), |last| Some(self.named(last)?.0));
                let Some(last) = last else { return };
                from..last + 1
            }
        };
        let lines = range.map(|number| self.numbered(number, &all[number])).collect();
        self.say_all(lines);
    }

    fn go_to(&mut self, at: usize) {
        let desk = self.app.desk_mut();
        desk.session.move_to(at, false);
        desk.page.forget_column();
    }

    /// Goes to the end of the next paragraph, or of the previous one.
    pub(super) fn step(&mut self, on: bool) {
        let (here, all) = self.here();
        let cursor = self.session().cursor();
        let to = match (here, on) {
            (None, true) => Some(0),
            (None, false) => None,
            (Some(here), true) => Some(here + 1),
            // From the line after a paragraph, back is that paragraph.
            (Some(here), false) if cursor > all[here].end => Some(here),
            (Some(here), false) => here.checked_sub(1),
        };
        match to.and_then(|to| all.get(to)) {
            Some(range) => {
                self.go_to(range.end);
                self.say_here();
            }
            None if on => self.say("This is the last paragraph."),
            None => self.say("This is the first paragraph."),
        }
    }

    /// Goes to the end of a paragraph, to `start` or `end`, or to a share of the text such as `50%`.
    pub(super) fn go(&mut self, text: &str) {
        let end = self.session().text().len_chars();
        let share =
            text.trim().strip_suffix('%').and_then(|share| share.trim().parse::<usize>().ok());
        match (text.trim(), share) {
            ("start", _) => self.go_to(0),
            ("end", _) => self.go_to(end),
            (_, Some(share)) => self.go_to(end * share.min(100) / 100),
            (number, None) => {
                let Some((_, range)) = self.named(number) else { return };
                self.go_to(range.end);
            }
        }
        self.say_here();
    }

    /// Goes to the next match of a text; without one, of the last text.
    pub(super) fn find(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.wanted = text.trim().to_owned();
        }
        if self.wanted.is_empty() {
            return self.fail("find what? Write /find and some words.");
        }
        let session = self.session();
        let search = Search::new(&self.wanted, How::default());
        let found = search.all(&Cow::from(session.text().slice(..)));
        let cursor = session.cursor();
        let next = found.partition_point(|range| range.start < cursor);
        let Some(range) = found.get(next).or(found.first()).cloned() else {
            return self.say(format!("Not found: {}.", self.wanted));
        };
        let number = if next == found.len() { 1 } else { next + 1 };
        let round = if next == found.len() && next > 0 { ", from the top" } else { "" };
        let all = found.len();
        let session = &mut self.app.desk_mut().session;
        session.move_to(range.start, false);
        session.move_to(range.end, true);
        self.say(format!("Match {number} of {all}{round}."));
        self.say_here();
    }

    /// Replaces the match that was found last, and goes to the next one.
    pub(super) fn replace(&mut self, text: &str) {
        let selected = self.session().selection();
        let mut parts = self.replacements(text);
        parts.retain(|(range, _)| Some(range) == selected.as_ref());
        if parts.is_empty() {
            return self.fail("nothing is found yet. /find goes to a match.");
        }
        let desk = self.app.desk_mut();
        let done = desk.session.replace(&parts);
        desk.edited(done);
        if done {
            self.say_here();
            self.find("");
        }
    }

    /// Replaces every match of the last search text, as one step.
    pub(super) fn replace_all(&mut self, text: &str) {
        let parts = self.replacements(text);
        if parts.is_empty() {
            return self.say("There is nothing to replace.");
        }
        let desk = self.app.desk_mut();
        let done = desk.session.replace(&parts);
        desk.edited(done);
        if done {
            self.say(format!("{} replaced. /undo undoes it.", parts.len()));
        }
    }

    /// Every match of the last search text, with its replacement.
    fn replacements(&self, text: &str) -> Vec<(Range<usize>, String)> {
        let search = Search::new(&self.wanted, How::default());
        search.replacements(&Cow::from(self.session().text().slice(..)), text)
    }

    /// Replaces a paragraph: `3 Its new text.`
    pub(super) fn change(&mut self, text: &str) {
        let (number, words) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        if words.trim().is_empty() {
            return self.fail("write the new text behind the number: /change 3 The new text.");
        }
        let Some((_, range)) = self.named(number) else { return };
        let desk = self.app.desk_mut();
        let end = range.start + words.chars().count();
        let done = desk.session.replace(&[(range, words.to_owned())]);
        desk.edited(done);
        if done {
            self.go_to(end);
            self.say_here();
        }
    }

    /// Deletes a paragraph with its line break.
    pub(super) fn delete(&mut self, text: &str) {
        if text.trim().is_empty() {
            return self.fail("which paragraph? Type its number: /delete 2.");
        }
        let Some((number, range)) = self.named(text) else { return };
        let words = self.text(range.clone());
        let desk = self.app.desk_mut();
        let page = desk.session.text();
        let next = (page.char_to_line(range.end) + 1).min(page.len_lines());
        let end = page.line_to_char(next);
        desk.session.move_to(range.start, false);
        desk.session.move_to(end, true);
        let done = desk.session.delete(crate::session::Motion::Left);
        desk.edited(done);
        if done {
            self.say(format!("Deleted paragraph {}: {words}", number + 1));
        }
    }
}
