//! Recognises a request to be left alone, in eight languages. When in doubt it is one: a wrong opt-out costs the
//! person one "start", a missed one costs their trust.
//!
//! A post of at most [`SHORT`] words is searched clause by clause; of a longer post only the first and the last clause,
//! and only for phrases that name the person. A phrase must cover its clause, except for words of politeness around
//! it, so "the bus didn't stop" and "stop me if you know this one" are not requests. Text in quotation marks is what
//! a character says, so it does not count. The phrases are in `phrases.txt`.

mod fold;
mod japanese;

use fold::{clauses, fold, squeezed, stretched, without_quotes, words};
use std::{collections::HashSet, sync::LazyLock};
use unicode_normalization::char::is_combining_mark;

/// A post with at most this many words is short.
const SHORT: usize = 10;
/// The maximum number of words that `~` stands for.
const FILL: usize = 6;
/// The maximum number of words that `…` stands for.
const ANY: usize = 3;
/// Emoji that are a request when a post has nothing else.
const SIGNS: &str = "🛑✋🚫🔇🙅⛔";
/// The maximum number of characters of a request that is reported.
const SHOWN: usize = 60;

/// The request to be left alone that `text` contains, as the folded words of its clause; `None` if there is none.
/// `text` has no handles. `more` are the operator's own phrases, which count anywhere.
pub fn request(text: &str, more: &[String]) -> Option<String> {
    let spoken = without_quotes(text);
    let folded = fold(if spoken.chars().any(char::is_alphanumeric) { &spoken } else { text });
    let mut signs =
        text.chars().filter(|c| !c.is_whitespace() && !is_combining_mark(*c)).peekable();
    if signs.peek().is_some() && signs.all(|c| SIGNS.contains(c)) {
        return Some(text.trim().chars().take(SHOWN).collect());
    }
    own_phrase(text, more)
        .or_else(|| LANGUAGES.iter().find_map(|language| language.request(&folded)))
        .or_else(|| japanese::request(&folded))
        .map(|found| found.chars().take(SHOWN).collect())
}

/// The words of a text in the form in which phrases are written, with single spaces.
pub fn folded(text: &str) -> String {
    join(&words(&fold(text)))
}

/// The operator's phrase that `text` contains as whole words.
fn own_phrase(text: &str, more: &[String]) -> Option<String> {
    let spaced = |text: &str| format!(" {} ", folded(text));
    let text = spaced(text);
    more.iter().find(|phrase| !phrase.trim().is_empty() && text.contains(&spaced(phrase))).cloned()
}

/// The phrases of one language.
#[derive(Default)]
struct Language {
    /// Words that may surround a phrase.
    polite: HashSet<&'static str>,
    /// Words that `~` may stand for.
    fill: HashSet<&'static str>,
    /// Beginnings that may precede a phrase.
    leads: Vec<Vec<Part>>,
    phrases: Vec<Phrase>,
}

/// A phrase and where it counts.
struct Phrase {
    parts: Vec<Part>,
    /// Only as the whole post, or as its first clause when the rest speaks to somebody.
    whole: bool,
    /// It names the person, so that it counts in a long post too.
    personal: bool,
}

/// A part of a phrase.
enum Part {
    /// One of these words.
    Word { any: Vec<&'static str>, optional: bool },
    /// Up to [`FILL`] words of the language's `fill` or `polite`.
    Fill,
    /// Up to [`ANY`] words of any kind.
    Any,
}

/// The phrases of all languages but Japanese.
static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| {
    let mut languages: Vec<Language> = Vec::new();
    for (name, lines) in sections() {
        if name == JAPANESE {
            continue;
        }
        // Politeness in English is understood in every language.
        let polite = languages.first().map(|first| first.polite.clone()).unwrap_or_default();
        let mut language = Language { polite, ..Language::default() };
        lines.into_iter().for_each(|line| language.add(line));
        languages.push(language);
    }
    languages
});

/// Japanese has no spaces: its phrases are the ends of clauses.
const JAPANESE: &str = "ja";

/// The sections of `phrases.txt`: a language's code and its lines.
fn sections() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut sections: Vec<(&str, Vec<&str>)> = Vec::new();
    let lines = include_str!("phrases.txt").lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match (line.strip_prefix('[').and_then(|line| line.strip_suffix(']')), sections.last_mut())
        {
            (Some(name), _) => sections.push((name, Vec::new())),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    sections
}

impl Language {
    fn add(&mut self, line: &'static str) {
        let alternatives = |text: &'static str| text.split(" / ").map(parts);
        if let Some(words) = line.strip_prefix(":polite ") {
            self.polite.extend(words.split_whitespace());
        } else if let Some(words) = line.strip_prefix(":fill ") {
            self.fill.extend(words.split_whitespace());
        } else if let Some(leads) = line.strip_prefix(":lead ") {
            self.leads.extend(alternatives(leads));
        } else {
            let (whole, line) = line.strip_prefix("= ").map_or((false, line), |line| (true, line));
            let (personal, line) =
                line.strip_prefix("+ ").map_or((false, line), |line| (true, line));
            self.phrases.extend(alternatives(line).map(|parts| Phrase { parts, whole, personal }));
        }
    }

    /// The clause of a folded post that is a request.
    fn request(&self, post: &str) -> Option<String> {
        let clauses: Vec<Vec<&str>> = clauses(post).filter(|words| !words.is_empty()).collect();
        let mut all: Vec<&str> = clauses.iter().flatten().copied().collect();
        all.dedup();
        let letters: String = all.concat();
        if all.iter().all(|word| word.chars().count() == 1)
            && self.matches(&[&letters], |phrase| phrase.whole)
        {
            return Some(letters);
        }
        if all.len() > SHORT {
            let ends = [clauses.first(), clauses.last()];
            let found = ends.into_iter().flatten().flat_map(|clause| self.joined(clause));
            return found.into_iter().find(|c| self.matches(c, |p| p.personal)).map(join);
        }
        if self.matches(&all, |_| true) {
            return Some(join(&all));
        }
        let without = |index: usize| [&clauses[..index], &clauses[index + 1..]].concat().concat();
        let whole = [0, clauses.len().saturating_sub(1)].into_iter().find(|&index| {
            clauses.get(index).is_some_and(|clause| self.matches(clause, |_| true))
                && self.addresses(&without(index))
        });
        let mut parts = clauses.iter().flat_map(|clause| self.joined(clause));
        whole
            .map(|index| join(&clauses[index]))
            .or_else(|| parts.find(|part| self.matches(part, |phrase| !phrase.whole)).map(join))
    }

    /// The clause itself, and its parts between conjunctions.
    fn joined<'a>(&self, clause: &'a [&'a str]) -> Vec<&'a [&'a str]> {
        let mut parts = vec![clause];
        parts.extend(clause.split(|word| CONJUNCTIONS.contains(word)));
        parts.retain(|part| !part.is_empty());
        parts
    }

    /// Whether words speak to somebody, rather than tell a story.
    fn addresses(&self, words: &[&str]) -> bool {
        let narrates = words.iter().any(|word| NARRATION.contains(word));
        let to_us =
            |word: &&str| self.polite.contains(*word) || SPEAKERS.contains(word) || *word == "stop";
        words.is_empty() || !narrates && words.iter().any(to_us)
    }

    /// Whether a phrase that `wanted` selects covers the words, except for politeness and a lead.
    fn matches(&self, words: &[&str], wanted: impl Fn(&Phrase) -> bool) -> bool {
        let after_lead = |rest: &[&str], lead: &[Part]| {
            self.ends(lead, rest).into_iter().filter(|end| *end > 0).any(|end| {
                let rest = &rest[end..];
                (0..=self.polite_words(rest)).any(|skip| self.covers(&rest[skip..], &wanted))
            })
        };
        (0..=self.polite_words(words)).any(|skip| {
            let rest = &words[skip..];
            self.covers(rest, &wanted) || self.leads.iter().any(|lead| after_lead(rest, lead))
        })
    }

    /// How many words of politeness the words begin with.
    fn polite_words(&self, words: &[&str]) -> usize {
        words.iter().take_while(|word| self.polite.contains(**word)).count()
    }

    /// Whether phrases cover the words, with only politeness between and behind them.
    fn covers(&self, words: &[&str], wanted: &impl Fn(&Phrase) -> bool) -> bool {
        !words.is_empty()
            && self.phrases.iter().filter(|phrase| wanted(phrase)).any(|phrase| {
                self.ends(&phrase.parts, words).into_iter().any(|end| {
                    let rest = &words[end..];
                    let rest = &rest[self.polite_words(rest)..];
                    end > 0
                        && (rest.is_empty()
                            || phrase.personal && is_vocative(&words[end..])
                            || self.covers(rest, wanted))
                })
            })
    }

    /// All numbers of words at which `parts` may end when they begin with the first word.
    fn ends(&self, parts: &[Part], words: &[&str]) -> Vec<usize> {
        let mut ends = vec![0];
        for part in parts {
            let mut next = Vec::new();
            for end in ends {
                match part {
                    Part::Word { any, optional } => {
                        if *optional {
                            next.push(end);
                        }
                        if words.get(end).is_some_and(|word| any.iter().any(|w| is(word, w))) {
                            next.push(end + 1);
                        }
                    }
                    Part::Fill => {
                        let rest = words[end..].iter().take(FILL);
                        let fills = |word: &&&str| {
                            self.fill.contains(**word) || self.polite.contains(**word)
                        };
                        let fill = rest.take_while(fills).count();
                        next.extend(end..=end + fill);
                    }
                    Part::Any => next.extend(end..=words.len().min(end + ANY)),
                }
            }
            next.sort_unstable();
            next.dedup();
            ends = next;
        }
        ends
    }
}

/// Words that join two clauses without a mark.
const CONJUNCTIONS: &[&str] = &[
    "and", "or", "but", "because", "since", "so", "y", "o", "pero", "et", "ou", "mais", "und",
    "oder", "aber", "e", "ou", "ma", "en", "of", "maar", "i",
];
/// Words with which a story says who speaks.
const NARRATION: &[&str] = &[
    "said",
    "says",
    "cried",
    "whispered",
    "shouted",
    "he",
    "she",
    "they",
    "dijo",
    "dit",
    "sagte",
    "disse",
    "zei",
];
/// Words of somebody who speaks to somebody.
const SPEAKERS: &[&str] = &[
    "i", "im", "ive", "ill", "me", "my", "you", "youre", "your", "u", "ur", "this", "yo", "me",
    "tu", "te", "moi", "je", "vous", "toi", "ich", "mir", "mich", "du", "dich", "sie", "eu",
    "voce", "io", "mi", "ti", "ik", "mij", "je", "jij",
];

/// Whether words only say what somebody is called: "you creep".
fn is_vocative(words: &[&str]) -> bool {
    let you = ["you", "u", "ya", "du", "tu", "toi", "voce", "jij"];
    words.len() <= 4 && words.first().is_some_and(|word| you.contains(word))
}

fn join(words: &[&str]) -> String {
    words.join(" ")
}

/// Whether a word is the one of a pattern, also when it is stretched ("stooop"). `*` stands for any letters.
fn is(word: &str, pattern: &str) -> bool {
    let same =
        |word: &str, pattern: &str| match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
            (Some(start), _) => word.starts_with(start),
            (None, Some(end)) => word.len() > end.len() + 1 && word.ends_with(end),
            (None, None) => word == pattern,
        };
    same(word, pattern) || stretched(word) && same(&squeezed(word), &squeezed(pattern))
}

/// The parts of a phrase's notation.
fn parts(notation: &'static str) -> Vec<Part> {
    let part = |word: &'static str| {
        match word {
            "~" => return Part::Fill,
            "…" => return Part::Any,
            _ => {}
        }
        let (optional, word) = word.strip_prefix('?').map_or((false, word), |word| (true, word));
        let any = word.split('/').map(|word| word.trim_start_matches('?')).collect();
        Part::Word { any, optional }
    };
    notation.split_whitespace().map(part).collect()
}
