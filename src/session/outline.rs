//! The outline of a draft: its headings and scenes.

use super::{Session, draft::words, unseen::front_matter};

/// A heading, or the beginning of a scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// The place of its first character.
    pub at: usize,
    /// 1 to 6 for a heading; [`SCENE`] for a scene.
    pub level: usize,
    /// Its title. For a scene, how it begins.
    pub title: String,
    /// The words from here to the next entry of the same level or a higher one.
    pub words: usize,
}

/// The level of a scene, below all headings.
pub const SCENE: usize = 7;

/// How much of a scene's beginning is its title, in characters.
const SHOWN: usize = 40;

/// The level and the title of a heading in Markdown: one to six `#` and a space.
pub fn heading(line: &str) -> Option<(usize, &str)> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    let title = rest.strip_prefix(' ')?.trim().trim_end_matches('#').trim_end();
    ((1..=6).contains(&level) && !title.is_empty()).then_some((level, title))
}

/// Whether a line separates scenes: `***`, `* * *`, `---`, `#` and the like.
fn is_break(line: &str) -> bool {
    let marks = || line.chars().filter(|c| !c.is_whitespace());
    match marks().next() {
        Some(mark @ ('*' | '-' | '~' | '_')) => marks().count() >= 3 && marks().all(|c| c == mark),
        Some('#' | '⁂') => marks().count() == 1,
        _ => false,
    }
}

impl Session {
    /// The headings and scenes of the draft, in order.
    pub fn outline(&self) -> Vec<Heading> {
        let text = self.text().to_string();
        let mut found: Vec<Heading> = Vec::new();
        // The words between an entry and the next one.
        let mut own = Vec::new();
        let mut at = 0;
        let mut between = String::new();
        let mut is_new_scene = false;
        let skipped = front_matter(&text).map_or(0, |end| text[..end].chars().count());
        let mut close = |between: &mut String, any: bool| {
            if any {
                own.push(words(between));
            }
            between.clear();
        };
        for line in text.split_inclusive('\n') {
            let (row, start) = (line.trim(), at);
            at += line.chars().count();
            if start < skipped {
                continue;
            }
            let entry = match heading(row) {
                Some((level, title)) => Some((level, title.to_owned())),
                None if is_break(row) => {
                    is_new_scene = true;
                    continue;
                }
                None if is_new_scene && !row.is_empty() => {
                    Some((SCENE, row.chars().take(SHOWN).collect()))
                }
                None => None,
            };
            if let Some((level, title)) = entry {
                close(&mut between, !found.is_empty());
                found.push(Heading { at: start, level, title, words: 0 });
                is_new_scene = false;
            }
            between.push_str(line);
        }
        close(&mut between, !found.is_empty());
        for number in 0..found.len() {
            let level = found[number].level;
            let inside = found[number + 1..].iter().take_while(|other| other.level > level).count();
            found[number].words = own[number..=number + inside].iter().sum();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_scenes_have_the_words_below_them() {
        let text = "---\n# not a heading\n---\nBefore.\n# The island #\nOne.\n## Three rules\n\nTwo three.\n* * *\n\nFour.\n## The boat\nFive.\n#no heading\n---\n# The end\n";
        let outline = Session::from_text(text).outline();
        let rows: Vec<_> = outline
            .iter()
            .map(|heading| (heading.level, heading.title.as_str(), heading.words))
            .collect();
        assert_eq!(
            rows,
            [
                (1, "The island", 13),
                (2, "Three rules", 5),
                (SCENE, "Four.", 1),
                (2, "The boat", 5),
                (1, "The end", 2),
            ]
        );
        let at = |number: usize| text.chars().skip(outline[number].at).take(4).collect::<String>();
        assert_eq!([at(0), at(2), at(4)], ["# Th", "Four", "# Th"]);
        assert!(Session::from_text("No headings.\n\nAt all.").outline().is_empty());
        assert_eq!(Session::from_text("# 雨が降る\n雨。").outline()[0].words, 5);
    }
}
