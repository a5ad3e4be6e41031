//! Judges candidates for an offer by their text alone: what is wrong with one, which of them are the best, and which
//! language and form the draft has. Nothing here knows a model or a terminal, so the desk, on air, the bot and
//! `generate` can all use it.
//!
//! [`Place`] is what is known about the place in the draft. [`Place::fault`] runs one small function per [`Criterion`],
//! in the order of their weight; [`choose`] ranks what is left. A criterion that needs English words is off where the
//! draft is in another language.

mod balance;
mod ends;
mod form;
mod kind;
mod language;
mod names;
mod rank;
mod repeats;

pub use balance::{is_balanced, leaves_open};
pub use ends::{endings, ends_well, goes_on};
pub use form::Form;
pub use kind::Kind;
pub use language::{Language, language};
pub use names::{strange_name, strange_word};
pub use rank::{Candidate, LENGTH, choose};
pub use repeats::{Sentences, doubled, ends_in_loop, loops};

use crate::clean::is_english;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use strum::{EnumIter, IntoStaticStr};

/// One criterion of the filter, by its name in the settings.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Criterion {
    /// It ends at the end of a sentence, or of a line of verse or a list.
    Ends,
    /// Quotes and brackets are balanced, together with the text before and after it.
    Balanced,
    /// It doesn't repeat a phrase over and over.
    Loops,
    /// No word occurs twice in a row.
    Doubled,
    /// It has no name that the draft doesn't have.
    Names,
    /// Its words are English words, or words of the draft.
    Words,
    /// It has no sentence that the page or an earlier offer has.
    Repeats,
    /// Offers that are shown together begin with different words.
    Diverse,
}

impl Criterion {
    /// All of them: the default of the setting `filter`.
    pub const ALL: [Self; 8] = [
        Self::Ends,
        Self::Balanced,
        Self::Loops,
        Self::Doubled,
        Self::Names,
        Self::Words,
        Self::Repeats,
        Self::Diverse,
    ];
}

/// What is wrong with a candidate, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// It is empty, or only white space.
    Empty,
    /// It contains a banned word or phrase.
    Banned,
    /// It repeats one phrase over and over.
    Loop,
    /// It repeats a sentence of the page, or another offer.
    Repeated,
    /// A quote or bracket is left open, or closed without being open.
    Unbalanced,
    /// A word occurs twice in a row.
    Doubled,
    /// It doesn't end at the end of a sentence.
    Cut,
    /// It has a word that is not a word.
    Word,
    /// It has a name that the draft doesn't know.
    Name,
}

impl Fault {
    /// Whether a candidate with this fault is better than an empty place.
    pub fn is_small(self) -> bool {
        self >= Self::Cut
    }
}

/// The characters before the place that are searched for the beginning of the paragraph, and for words and names.
const BEFORE: usize = 32_768;

/// The place in the draft where a candidate would stand.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The text of its paragraph before it.
    before: String,
    /// The text of its paragraph after it.
    after: String,
    /// The half word that the candidate continues.
    half: String,
    /// Words of the draft, in lower case.
    words: HashSet<String>,
    /// Words of the draft that begin with a capital, in lower case.
    names: HashSet<String>,
    /// Whether the draft is in English, so that the list of words applies.
    english: bool,
    /// Whether a line end ends a candidate as a full stop does: in verse and in lists.
    lines: bool,
    /// Sentences of the page and of earlier offers.
    pub sentences: Sentences,
}

impl Place {
    /// The place between two texts. `half` is the half word at the end of `before` that candidates continue.
    pub fn new(before: &str, after: &str, half: &str) -> Self {
        let before = tail(before, BEFORE);
        let after = &after[..after.char_indices().nth(BEFORE).map_or(after.len(), |(at, _)| at)];
        let whole = before.strip_suffix(half).unwrap_or(before);
        let mut place = Self {
            before: before.rsplit('\n').next().unwrap_or_default().to_owned(),
            after: after.split('\n').next().unwrap_or_default().trim_end().to_owned(),
            half: half.to_owned(),
            english: matches!(language(before), Language::English | Language::Unknown),
            ..Self::default()
        };
        place.know(whole);
        place.know(after);
        place.sentences.add(before);
        place.sentences.add(after);
        place
    }

    /// Adds the words and names of another text that belongs to the draft, such as the author's note.
    pub fn know(&mut self, text: &str) {
        for word in names::words(text) {
            let lower = word.text.to_lowercase();
            if word.text.starts_with(char::is_uppercase) {
                self.names.insert(lower.clone());
            }
            self.words.insert(lower);
        }
    }

    /// Lets a line end stand for the end of a sentence.
    #[must_use]
    pub fn with_lines(self, lines: bool) -> Self {
        Self { lines, ..self }
    }

    /// The worst fault of a candidate that is complete, among those that the filter looks for.
    pub fn fault(&self, text: &str, filter: &[Criterion]) -> Option<Fault> {
        if text.trim().is_empty() {
            return Some(Fault::Empty);
        }
        let on = |criterion| filter.contains(&criterion);
        let whole = format!("{}{text}", self.half);
        let english = self.english;
        let checks: [(Criterion, Fault, &dyn Fn() -> bool); 7] = [
            (Criterion::Loops, Fault::Loop, &|| loops(text)),
            (Criterion::Repeats, Fault::Repeated, &|| self.sentences.has_one_of(&whole)),
            (Criterion::Balanced, Fault::Unbalanced, &|| {
                !is_balanced(&self.before, text, &self.after)
            }),
            (Criterion::Doubled, Fault::Doubled, &|| doubled(&self.before, text, &self.after)),
            (Criterion::Ends, Fault::Cut, &|| !self.ends_well(text)),
            (Criterion::Words, Fault::Word, &|| {
                english && strange_word(&whole, &self.words).is_some()
            }),
            (Criterion::Names, Fault::Name, &|| {
                english && strange_name(self.lead(), &whole, &self.names).is_some()
            }),
        ];
        checks.iter().find(|(criterion, _, found)| on(*criterion) && found()).map(|found| found.1)
    }

    /// Whether a candidate may end where it does.
    pub fn ends_well(&self, text: &str) -> bool {
        ends_well(text, &self.after, self.lines)
    }

    /// How much of a candidate is of a kind, from 0 to 1.
    pub fn share(&self, kind: Kind, text: &str) -> f32 {
        let quotes = self.before.chars().filter(|c| *c == '"').count();
        let curly = self.before.rfind('“') > self.before.rfind('”');
        kind.share(text, quotes % 2 == 1 || curly)
    }

    /// The text of the paragraph before the candidate, without the half word that it continues.
    fn lead(&self) -> &str {
        self.before.strip_suffix(&*self.half).unwrap_or(&self.before)
    }

    /// Whether a last word counts as finished when the writer asks: it is an English word, the draft has it elsewhere,
    /// or it is a capitalised word that nothing knows. In another language, whose words are not known, every word
    /// counts. In scripts without capitals no word does, because many of them write no spaces.
    pub fn is_finished(&self, word: &str) -> bool {
        let cased = |c: char| c.is_uppercase() || c.is_lowercase();
        if !word.chars().filter(|c| c.is_alphabetic()).all(cased) {
            return false;
        }
        let lower = word.to_lowercase();
        let capital = word.starts_with(char::is_uppercase);
        let is_long = word.chars().count() > 1;
        self.words.contains(&lower)
            || if self.english { is_english(&lower) || capital && is_long } else { is_long }
    }
}

/// The word, or the beginning of one, that a text ends in; empty if it ends otherwise.
pub fn last_word(text: &str) -> &str {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’');
    let word = &text[text.trim_end_matches(inside).len()..];
    word.trim_start_matches(['\'', '’'])
}

/// The last `most` characters of a text.
fn tail(text: &str, most: usize) -> &str {
    let at = text.char_indices().rev().nth(most.saturating_sub(1)).map_or(0, |(at, _)| at);
    &text[at..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator;

    #[test]
    fn each_criterion_finds_its_fault_and_can_be_switched_off() {
        let place = Place::new("Mara lit the lamp. \"Come in,\" she said. ", "", "");
        for (text, criterion, fault) in [
            ("The door was open and", Criterion::Ends, Fault::Cut),
            ("\"The door is open.", Criterion::Balanced, Fault::Unbalanced),
            (
                "She sat in the chair in the chair in the chair in the chair.",
                Criterion::Loops,
                Fault::Loop,
            ),
            ("The the door was open.", Criterion::Doubled, Fault::Doubled),
            ("Then old Harkness came in.", Criterion::Names, Fault::Name),
            ("The door was unblorted again.", Criterion::Words, Fault::Word),
            ("Mara lit the lamp.", Criterion::Repeats, Fault::Repeated),
        ] {
            assert_eq!(place.fault(text, &Criterion::ALL), Some(fault), "{text}");
            let others: Vec<_> = Criterion::iter().filter(|other| *other != criterion).collect();
            assert_ne!(place.fault(text, &others), Some(fault), "{text}");
        }
        assert_eq!(place.fault("Mara came in, and the lamp went out.", &Criterion::ALL), None);
        assert_eq!(place.fault(" \n", &[]), Some(Fault::Empty));
        assert_eq!(Criterion::ALL.len(), Criterion::iter().count());
    }

    #[test]
    fn a_draft_in_another_language_has_no_strange_words() {
        let draft =
            "La pluie tombait depuis le matin, et la lampe brûlait dans la petite chambre. ";
        let place = Place::new(draft, "", "");
        assert_eq!(place.fault("Le vieux Harkness attendait.", &Criterion::ALL), None);
        assert_eq!(place.fault("Le vieux attendait et", &Criterion::ALL), Some(Fault::Cut));
    }

    #[test]
    fn a_word_is_finished_if_somebody_knows_it() {
        let place = Place::new("The quorn was old. She called it her quorn", "", "quorn");
        for (word, finished) in
            [("smallest", true), ("quorn", true), ("Pell", true), ("so", true), ("nobo", false)]
        {
            assert_eq!(place.is_finished(word), finished, "{word}");
        }
        let alone = Place::new("She called it her quorn", "", "quorn");
        assert!(!alone.is_finished("quorn"));
        let french =
            Place::new("La vieille dame attendait une lettre qui ne venait pas. Il la", "", "");
        assert!(french.is_finished("garda") && !french.is_finished("g"));
        let chinese = Place::new("夜里,灯灭了。她站在门口,灯灭了", "", "");
        assert!(!chinese.is_finished("灯灭了"));
    }
}
