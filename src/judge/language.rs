//! The language of a draft: English by its share of known words, another one by its commonest words or its letters.

use super::{names::words, tail};
use crate::clean::is_english;

/// The language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Another language, by its name.
    Other(&'static str),
    /// Not English; nothing is known of it.
    Foreign,
    /// There is too little text to tell.
    Unknown,
}

/// How many characters at the end of a text decide.
const READ: usize = 2_000;

/// Fewer words than this tell nothing.
const LEAST: usize = 6;

/// The share of English words in percent below which a text is not English.
const ENGLISH: usize = 55;

/// The commonest words of languages.
const COMMON: [(&str, &str); 11] = [
    (
        "French",
        "le la les des une est dans que qui et il elle pas pour sur avec je ne du au un ce se sa son",
    ),
    (
        "German",
        "der die das und ist nicht ein eine er sie es war mit dem den zu auf im von sich als wie ich",
    ),
    (
        "Spanish",
        "el la los las una es en que y no se por con para del un su lo como pero más era sus al",
    ),
    (
        "Italian",
        "il la gli una è di che e non per con del della un si le come ma era nel sono al suo",
    ),
    (
        "Portuguese",
        "o a os as uma é em que e não se por com para do da um seu como mas era no na ao",
    ),
    (
        "Dutch",
        "de het een en van is niet dat in op te met was zij hij voor aan er maar ook zijn naar",
    ),
    ("Swedish", "och att det som en är på inte för med av till den jag han hon var ett om så men"),
    ("Danish", "og at det som en er på ikke for med af til den jeg han hun var et om så men i"),
    ("Norwegian", "og å det som en er på ikke for med av til den jeg han hun var et om så men i"),
    ("Finnish", "ja on ei se hän oli että kun niin mutta myös jo vain sen mitä kuin nyt hänen"),
    ("Polish", "i w nie na się z do to że jest o jak po ale za od jego tak było przez co"),
];

/// Letters of languages that are not written in Latin letters.
const LETTERS: [(&str, std::ops::RangeInclusive<char>); 9] = [
    ("Japanese", '\u{3040}'..='\u{30ff}'),
    ("Korean", '\u{ac00}'..='\u{d7af}'),
    ("Chinese", '\u{4e00}'..='\u{9fff}'),
    ("Russian", '\u{400}'..='\u{4ff}'),
    ("Greek", '\u{370}'..='\u{3ff}'),
    ("Hebrew", '\u{590}'..='\u{5ff}'),
    ("Arabic", '\u{600}'..='\u{6ff}'),
    ("Hindi", '\u{900}'..='\u{97f}'),
    ("Thai", '\u{e00}'..='\u{e7f}'),
];

/// The language of the end of a text.
pub fn language(text: &str) -> Language {
    let text = tail(text, READ);
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let of = |name: &'static str, range: &std::ops::RangeInclusive<char>| {
        let found = text.chars().filter(|c| range.contains(c)).count();
        (found >= LEAST && found * 4 > letters).then_some(Language::Other(name))
    };
    if let Some(found) = LETTERS.iter().find_map(|(name, range)| of(name, range)) {
        return found;
    }
    let lower: Vec<&str> = words(text)
        .map(|word| word.text)
        .filter(|word| word.starts_with(char::is_lowercase))
        .collect();
    if lower.len() < LEAST {
        return Language::Unknown;
    }
    let english = lower.iter().filter(|word| is_english(word)).count();
    if english * 100 >= lower.len() * ENGLISH {
        return Language::English;
    }
    let share = |common: &str| {
        let common: Vec<&str> = common.split_whitespace().collect();
        lower.iter().filter(|word| common.contains(word)).count()
    };
    let best = COMMON
        .iter()
        .map(|(name, common)| (share(common), *name))
        .rev()
        .max_by_key(|found| found.0);
    match best {
        Some((found, name)) if found * 100 >= lower.len() * 12 => Language::Other(name),
        _ => Language::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_told_by_its_words() {
        for (text, expected) in [
            ("", Language::Unknown),
            ("The boat.", Language::Unknown),
            (
                "The lamps were put out at nine, whether there was reading or not.",
                Language::English,
            ),
            (
                "She said his name was Pell, and the quorn of the old vessarine was lost.",
                Language::English,
            ),
            (
                "La pluie tombait depuis le matin, et la lampe brûlait dans la chambre.",
                Language::Other("French"),
            ),
            (
                "Der Regen fiel seit dem Morgen, und die Lampe brannte in dem kleinen Zimmer.",
                Language::Other("German"),
            ),
            (
                "La lluvia caía desde la mañana y la lámpara ardía en el cuarto.",
                Language::Other("Spanish"),
            ),
            (
                "La pioggia cadeva dal mattino e la lampada bruciava nella stanza che non era sua.",
                Language::Other("Italian"),
            ),
            (
                "Дождь шёл с самого утра, и лампа горела в маленькой комнате.",
                Language::Other("Russian"),
            ),
            ("雨は朝から降っていて、小さな部屋に灯がともっていた。", Language::Other("Japanese")),
            ("xqv blort mimsy gimble wabe borogove outgrabe", Language::Foreign),
        ] {
            assert_eq!(language(text), expected, "{text}");
        }
    }
}
