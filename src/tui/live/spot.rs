//! A round for guests, "Spot the machine": a short passage is shown without marks, they say whose it is, and the host presses
//! a key for what they said. Passages are what the draft has by both hands, that of the show included.

use super::{Cue, Live, Panel, item};
use crate::{
    clean::sentence_ends,
    session::{Author, Session, WRITER, unseen, words},
    splitmix,
};

/// A passage has so many words; several short sentences are put together.
const FEWEST: usize = 6;
const ENOUGH: usize = 14;
const MOST: usize = 60;
/// How many passages a round has.
const ROUND: usize = 10;

/// A passage, and whether the machine wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Passage {
    text: String,
    is_machine: bool,
}

/// A round.
pub struct Spot {
    passages: Vec<Passage>,
    /// The number of the passage on the screen.
    now: usize,
    /// What was guessed: the machine, or the writer.
    guess: Option<bool>,
    /// How many guesses were right.
    right: usize,
}

impl Spot {
    /// A round with passages of a draft, of each hand at most half a round, in an order that the seed gives. `None` if the
    /// draft doesn't have both hands.
    fn of(session: &Session, mut seed: u64) -> Option<Self> {
        let (mut machine, mut writer): (Vec<_>, Vec<_>) =
            passages(session).into_iter().partition(|passage| passage.is_machine);
        if machine.is_empty() || writer.is_empty() {
            return None;
        }
        for hand in [&mut machine, &mut writer] {
            shuffle(hand, &mut seed);
            hand.truncate(ROUND / 2);
        }
        let mut passages = [machine, writer].concat();
        shuffle(&mut passages, &mut seed);
        Some(Self { passages, now: 0, guess: None, right: 0 })
    }

    fn passage(&self) -> &Passage {
        &self.passages[self.now.min(self.passages.len() - 1)]
    }

    /// The passage on the screen.
    pub fn text(&self) -> &str {
        &self.passage().text
    }

    /// What the host says about it: nothing before the guess.
    pub fn answer(&self) -> Option<String> {
        let guess = self.guess?;
        let passage = self.passage();
        let right = if guess == passage.is_machine { "Right" } else { "Wrong" };
        let whose = if passage.is_machine { "the machine" } else { "the writer" };
        Some(format!("{right}: {whose} wrote it."))
    }

    /// The score, in words.
    pub fn score(&self) -> String {
        let guessed = self.now + usize::from(self.guess.is_some());
        format!("{} of {guessed} right", self.right)
    }

    /// Which of how many passages is on the screen.
    pub fn place(&self) -> String {
        format!("passage {} of {}", self.now + 1, self.passages.len())
    }

    fn guess(&mut self, is_machine: bool) {
        if self.guess.is_none() {
            self.guess = Some(is_machine);
            self.right += usize::from(is_machine == self.passage().is_machine);
        }
    }

    /// Goes to the next passage. False after the last one.
    fn next(&mut self) -> bool {
        let more = self.now + 1 < self.passages.len();
        if more {
            (self.now, self.guess) = (self.now + 1, None);
        }
        more
    }
}

/// Fisher and Yates' shuffle.
fn shuffle<T>(all: &mut [T], seed: &mut u64) {
    for last in (1..all.len()).rev() {
        all.swap(last, (splitmix::next(seed) % (last as u64 + 1)) as usize);
    }
}

/// The passages of a draft: whole sentences by one hand. A draft without a history has an unknown author; that counts as
/// the writer if nothing else is the writer's.
fn passages(session: &Session) -> Vec<Passage> {
    let draft = session.text();
    // What only the writer may see isn't shown to guests.
    let hidden = unseen(&draft.to_string(), true).into_iter();
    let hidden: Vec<_> =
        hidden.map(|part| draft.byte_to_char(part.start)..draft.byte_to_char(part.end)).collect();
    let runs: Vec<_> = session.authors(0..draft.len_chars()).collect();
    let is_own = |author: Author| matches!(author, Author::Writer | Author::Edited);
    let has_own = runs.iter().any(|(_, author)| is_own(*author));
    let mut all = Vec::new();
    for (range, author) in runs {
        let is_machine = author == Author::Machine;
        if !is_machine && !is_own(author) && (has_own || author != Author::Unknown) {
            continue;
        }
        let before = draft.chars_at(range.start).reversed().find(|c| !matches!(c, ' ' | '\t'));
        let begins = before.is_none_or(|c| ".!?…\"”’\n".contains(c));
        let is_seen = |(at, _): &(usize, char)| !hidden.iter().any(|part| part.contains(at));
        let text = range.clone().zip(draft.chars_at(range.start)).filter(is_seen);
        let text: String = text.map(|(_, c)| c).collect();
        for (number, line) in text.split('\n').enumerate() {
            let line = line.strip_prefix(WRITER).unwrap_or(line);
            if line.starts_with('#') {
                continue;
            }
            all.extend(cut(line, number > 0 || begins).map(|text| Passage { text, is_machine }));
        }
    }
    all
}

/// The passages of a line. If it doesn't begin with a sentence, its first one is left out; the end of an unfinished one is
/// always.
fn cut(line: &str, begins: bool) -> impl Iterator<Item = String> {
    let ends: Vec<usize> = sentence_ends(line).collect();
    let mut all = Vec::new();
    let mut from = if begins { 0 } else { ends.first().copied().unwrap_or(line.len()) };
    for end in ends {
        let text = line.get(from..end).unwrap_or_default().trim();
        let count = words(text);
        if count >= ENOUGH || (end == line.trim_end().len() && count >= FEWEST) {
            if count <= MOST {
                all.push(text.to_owned());
            }
            from = end;
        }
    }
    all.into_iter()
}

impl Live {
    /// Begins a round.
    pub(super) fn open_spot(&mut self, session: &mut Session) {
        self.play.going = false;
        // What was shown so far is in the draft, too.
        self.note_takes(session);
        self.note_shown(session);
        let seed = self.asking.next_seed();
        let bleeps = &self.bleeps;
        let spot = Spot::of(session, seed).map(|mut spot| {
            spot.passages.iter_mut().for_each(|one| one.text = item::seen(&one.text, bleeps));
            spot
        });
        match spot {
            Some(spot) => self.panel = Some(Panel::Spot(spot)),
            None => self.say(
                "For this round the draft needs whole sentences by the writer, and some by the machine.",
            ),
        }
    }

    pub(super) fn press_spot(&mut self, mut spot: Spot, cue: Cue, session: &mut Session) {
        match cue {
            Cue::Rewind => spot.guess(false),
            Cue::Step => spot.guess(true),
            Cue::Go | Cue::Choose | Cue::Next => {
                if spot.guess.is_none() {
                    let (writer, machine) = (self.key(Cue::Rewind), self.key(Cue::Step));
                    self.say(format!("Guess first: {writer} the writer, {machine} the machine."));
                } else if !spot.next() {
                    return self.say(format!("The round is over: {}.", spot.score()));
                }
            }
            Cue::Close | Cue::Spot => {
                return self.say(format!("The round is over: {}.", spot.score()));
            }
            Cue::Blank | Cue::Marker | Cue::Tape | Cue::Letters => {
                self.panel = Some(Panel::Spot(spot));
                return self.act(cue, session);
            }
            Cue::OffAir | Cue::Quit => return self.act(cue, session),
            _ => {}
        }
        self.panel = Some(Panel::Spot(spot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str =
        "The lamps were put out at nine, whether there was reading to be done or not.";
    const OTHER: &str =
        "Nobody had ever asked who lit them again in the morning, or why they did it.";

    fn drafted() -> Session {
        let mut session = Session::new();
        session.type_text(&format!("# A heading\n{OWN} And then"));
        let end = session.text().len_chars();
        session.take(end, &format!(" it rained. {OTHER} He"));
        session
    }

    #[test]
    fn passages_are_whole_sentences_by_one_hand() {
        let all = passages(&drafted());
        let passage = |text: &str, is_machine| Passage { text: text.into(), is_machine };
        assert_eq!(all, [passage(OWN, false), passage(OTHER, true)]);
        // A file without a history is taken for the writer's.
        assert_eq!(passages(&Session::from_text(OWN)), [passage(OWN, false)]);
        // Comments and front matter are for the writer alone.
        let private = format!("---\n{OTHER}\n---\n% {OTHER}\n<!-- {OTHER} -->\n{OWN}");
        assert_eq!(passages(&Session::from_text(&private)), [passage(OWN, false)]);
        assert!(Spot::of(&Session::from_text(OWN), 1).is_none());
        let short =
            "It rained. He left. The boat was gone, and so was Tomas with the mail, she said.";
        let one: Vec<_> = cut(short, true).collect();
        assert_eq!(one, [short]);
    }

    #[test]
    fn a_round_keeps_score() {
        let mut session = Session::new();
        for number in 0..12 {
            session.type_text(&format!("{OWN} Number {number} was the last one of them all.\n"));
            let end = session.text().len_chars();
            session.take(end, &format!("{OTHER}\n"));
            session.move_to(session.text().len_chars(), false);
        }
        let mut spot = Spot::of(&session, 5).expect("both hands");
        let mut hands = [0, 0];
        assert_eq!((spot.score().as_str(), spot.answer()), ("0 of 0 right", None));
        loop {
            let is_machine = spot.passage().is_machine;
            hands[usize::from(is_machine)] += 1;
            spot.guess(true);
            // A second guess doesn't count.
            spot.guess(false);
            let right = if is_machine { "Right: the machine" } else { "Wrong: the writer" };
            assert_eq!(spot.answer(), Some(format!("{right} wrote it.")));
            if !spot.next() {
                break;
            }
        }
        assert_eq!(hands, [ROUND / 2, ROUND / 2]);
        assert_eq!(spot.score(), format!("{} of {} right", hands[1], hands[0] + hands[1]));
    }
}
