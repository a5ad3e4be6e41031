//! Spelling on the desk: marks only when they are asked for, and the next word that the dictionary doesn't know.

use super::Desk;
use crate::{
    session::unseen,
    tui::spelling::{Spelling, plain},
};
use std::{collections::HashSet, ops::Range};

/// The dictionary once it is loaded, and the words that are marked.
#[derive(Default)]
pub struct Spell {
    /// The dictionary.
    pub spelling: Option<Spelling>,
    /// Unknown words are marked on the page.
    pub marks: bool,
    /// The unknown words in the viewport, in characters of the draft.
    pub unknown: Vec<Range<usize>>,
}

/// How much text around the viewport is read, in characters, so that no word is cut.
const AROUND: usize = 200;
/// How much text before the viewport is read to find out whether it is in a comment, in characters.
const BEFORE: usize = 10_000;

impl Desk {
    /// Marks unknown words, or doesn't any more.
    pub fn toggle_spelling(&mut self) {
        let marks = !self.world.spell.marks;
        if marks && !self.load_spelling() {
            return;
        }
        self.world.spell.marks = marks;
        let suggest = self.key("suggest");
        let name = self.world.spell.spelling.as_ref().map_or("", |spelling| &spelling.name);
        self.notices.say(match marks {
            true => {
                format!("Words that {name} doesn't know are marked. {suggest} suggests others.")
            }
            false => "Unknown words are not marked.".to_owned(),
        });
    }

    /// Loads the dictionary unless that was done. If there is none, tells the writer.
    pub fn load_spelling(&mut self) -> bool {
        if self.world.spell.spelling.is_none() {
            let told = &self.world.environment;
            let own = told.settings_file.as_ref().map(|file| file.with_file_name("dictionary.txt"));
            let loaded = Spelling::load(&told.dictionaries, &told.language, own.as_deref());
            match loaded {
                Ok(spelling) => self.world.spell.spelling = Some(spelling),
                Err(error) => self.notices.warn(format!("No spelling: {error:#}.")),
            }
        }
        self.world.spell.spelling.is_some()
    }

    /// The names of the draft's notes, which are known.
    fn names(&self) -> HashSet<String> {
        let names = &self.session.notes().names;
        let names = names.split(|c: char| !c.is_alphanumeric() && !"'’-".contains(c));
        let possessive = |name: &str| [plain(name), format!("{}'s", plain(name))];
        names.filter(|name| !name.is_empty()).flat_map(possessive).collect()
    }

    /// The unknown words of a part of the draft, in characters. Words in `hidden`, ranges of bytes of the draft, are none.
    fn unknown_in(&mut self, part: Range<usize>, hidden: &[Range<usize>]) -> Vec<Range<usize>> {
        let names = self.names();
        let text = self.session.text().slice(part.clone()).to_string();
        let first = self.session.text().char_to_byte(part.start);
        let Some(spelling) = &mut self.world.spell.spelling else { return Vec::new() };
        let unknown = spelling.unknown(&text, &names);
        let (mut byte, mut place) = (0, part.start);
        let seen = unknown
            .into_iter()
            .filter(|(range, _)| !hidden.iter().any(|part| part.contains(&(first + range.start))));
        seen.map(|(range, word)| {
            place += text[byte..range.start].chars().count();
            byte = range.start;
            place..place + word.chars().count()
        })
        .collect()
    }

    /// Front matter and comments in a part of the draft, as bytes of it. A comment may begin before the part.
    pub(super) fn hidden_near(&self, near: &Range<usize>) -> Vec<Range<usize>> {
        let text = self.session.text();
        let around = near.start.saturating_sub(BEFORE)..near.end;
        let first = text.char_to_byte(around.start);
        let hidden = unseen(&text.slice(around.clone()).to_string(), around.start == 0);
        hidden.into_iter().map(|part| first + part.start..first + part.end).collect()
    }

    /// Finds the unknown words in the viewport, if they are marked. The word that is being typed is left alone.
    pub fn mark_spelling(&mut self) {
        self.world.spell.unknown.clear();
        let Some(window) = self.page.window().filter(|_| self.world.spell.marks) else { return };
        let end = self.session.text().len_chars();
        let near = window.start.saturating_sub(AROUND)..(window.end + AROUND).min(end);
        let cursor = self.session.cursor();
        let hidden = self.hidden_near(&near);
        let mut unknown = self.unknown_in(near, &hidden);
        unknown.retain(|word| {
            word.end > window.start && word.start < window.end && word.end != cursor
        });
        self.world.spell.unknown = unknown;
    }

    /// The unknown word at the cursor, or the next one; after the last, the first. A paragraph is looked through at a
    /// time.
    pub fn next_unknown(&mut self) -> Option<Range<usize>> {
        let hidden = unseen(&self.session.text().to_string(), true);
        let cursor = self.session.cursor();
        let lines = self.session.text().len_lines();
        let here = self.session.text().char_to_line(cursor);
        for line in (here..lines).chain(0..=here) {
            let text = self.session.text();
            let range = text.line_to_char(line)..text.line_to_char(line + 1);
            let is_first = line == here;
            let mut unknown = self.unknown_in(range, &hidden).into_iter();
            let found = unknown.find(|word| !is_first || word.end >= cursor);
            if found.is_some() {
                return found;
            }
        }
        let line = self.session.text();
        let range = line.line_to_char(here)..line.line_to_char(here + 1);
        self.unknown_in(range, &hidden).into_iter().next()
    }
}
