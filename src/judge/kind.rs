//! What kind of prose a candidate is: description, action or dialogue, by simple measures of its words. They are for
//! ranking candidates of one place, not for saying what a single text is, and know only English.
//!
//! - Dialogue: the share of its words that are inside double quotes.
//! - Action: of the other words, those that are finite verbs of doing or moving, against those that describe.
//! - Description: the same the other way round. Adjectives, colours, and verbs of being and seeming describe.

use serde::{Deserialize, Serialize};
use strum::{EnumIter, EnumString, IntoStaticStr};

/// A kind of prose.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, EnumIter, EnumString, IntoStaticStr, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// How things are and look.
    Description,
    /// What somebody does.
    Action,
    /// What somebody says.
    Dialogue,
}

/// Verbs of doing and moving, as they stand in a story.
const ACTS: &str = " ran run runs went goes came comes walked walks turned turns took takes threw throws caught catches \
    opened opens closed closes shut pushed pulls pulled grabbed jumped leapt climbed fell falls fled rode drove swung hit \
    struck kicked broke breaks cut tore dropped lifted raised lowered carried dragged crept crawled hurried rushed stepped \
    stumbled followed chased fought shot fired killed seized snatched slammed knocked bent rose stopped started began \
    reached held put set laid gave gives got gets left leaves brought sent met drew poured lit ate drank wrote wiped shook \
    nodded waved pointed smiled laughed cried shouted whispered ducked spun slid slipped sank swam flew dived dug ";

/// Words that describe beside those with an ending of an adjective.
const DESCRIBES: &str = " was were is are had has been being seemed seems looked looks appeared lay lies stood stands hung \
    hangs smelled smelt felt black white red green blue grey gray yellow brown gold golden silver pale dark bright light dim \
    old young new big small little great long short tall low high wide narrow thin thick deep shallow heavy soft hard warm \
    cold cool hot wet dry damp clean dirty empty full quiet loud still slow quick rough smooth sharp dull sweet bitter \
    rotten broken faint strange ancient dusty rusty misty foggy rainy sunny stormy windy cloudy muddy sandy rocky grassy \
    crooked bare round square flat steep hollow open like ";

/// Endings of adjectives.
const ENDINGS: [&str; 7] = ["ous", "ful", "less", "ish", "ive", "able", "ic"];

impl Kind {
    /// How much of a text is of this kind, from 0 to 1. `open` says whether it begins inside a speech.
    pub fn share(self, text: &str, open: bool) -> f32 {
        let (mut said, mut acts, mut describes, mut all) = (0.0, 0.0, 0.0, 0.0);
        let (mut open, mut before) = (open, String::new());
        for part in text.split_inclusive(['"', '“', '”', '\n']) {
            for word in part.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’')) {
                let word = word.trim_matches(['\'', '’']).to_lowercase();
                if word.is_empty() {
                    continue;
                }
                all += 1.0;
                if open {
                    said += 1.0;
                } else if is_one_of(DESCRIBES, &word)
                    || ENDINGS.iter().any(|ending| word.len() > 5 && word.ends_with(ending))
                {
                    describes += 1.0;
                } else if is_one_of(ACTS, &word) || is_past(&word, &before) {
                    acts += 1.0;
                }
                before = word;
            }
            open = match part.chars().next_back() {
                Some('"') => !open,
                Some('“') => true,
                Some('”' | '\n') => false,
                _ => open,
            };
        }
        if all == 0.0 {
            return 0.0;
        }
        let said = said / all;
        // One more in the sum: a text with a single verb is not all action.
        let sum = acts + describes + 1.0;
        match self {
            Self::Dialogue => said,
            Self::Action => (1.0 - said) * acts / sum,
            Self::Description => (1.0 - said) * describes / sum,
        }
    }
}

fn is_one_of(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|other| other == word)
}

/// Whether a word in -ed is a verb: no form of "be" or "have" before it, which would make it an adjective or a perfect.
fn is_past(word: &str, before: &str) -> bool {
    let after = " was were is are be been being had has have a an the very so too ";
    word.len() > 4 && word.ends_with("ed") && !is_one_of(after, before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator;

    #[test]
    fn each_text_is_most_of_its_kind() {
        for (text, open, kind) in [
            (" He ran down the steps, jumped the wall and grabbed the rope.", false, Kind::Action),
            (" She took the oar and pushed off.", false, Kind::Action),
            (" The room was dark and narrow, with a low ceiling.", false, Kind::Description),
            (" It was an old, enormous house, grey and silent.", false, Kind::Description),
            (" \"I can't see you,\" she said. \"Come in.\"", false, Kind::Dialogue),
            (" “Nobody came, and nobody ran,” he said.", false, Kind::Dialogue),
            ("I ran all the way here,\" he said.", true, Kind::Dialogue),
        ] {
            let share = |kind: &Kind| (kind.share(text, open) * 1000.0) as u32;
            assert_eq!(Kind::iter().max_by_key(share), Some(kind), "{text}");
        }
        assert!(Kind::iter().all(|kind| kind.share(" … ", false) == 0.0));
        assert_eq!("action".parse(), Ok(Kind::Action));
    }
}
