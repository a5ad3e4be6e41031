//! A blind vote between two presets, or between two models, on the writer's own draft. At places of the draft, both
//! continue it; the writer sees the two texts without names, and says with one key which is better. What all votes came to
//! is kept, and shown at the end.

mod choose;
mod tally;

pub use choose::open;

use super::layer::{Flow, Layer};
use crate::{
    clean::{hanging, sentence_ends},
    splitmix::mix,
    token::BranchId,
    tui::{
        command::Opens,
        desk::{Desk, Notice},
        drawn,
        text::{cut, one_row, wrap},
        view::{Areas, Status, clear, heading, status::line},
    },
    ui::{
        asking::{List, Offer, Quotes, Style, quotes},
        keymap::Key,
        theme::Role,
        worker::{News, Request},
    },
};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};
use tally::Tallies;

/// The command.
pub const OPENS: Opens = Opens {
    name: "vote",
    heading: "The model",
    help: "A blind vote between two presets, or two models.",
    keys: &["alt-v"],
};

/// How many pairs one vote has.
const PAIRS: usize = 10;
/// How many pairs are made ahead of the one that is shown.
const AHEAD: usize = 1;
/// The least text before a place, in characters.
const BEFORE: usize = 120;
/// The most rows of one text.
const ROWS: usize = 4;

/// Places of a draft where it can be continued, in characters: ends of sentences with enough text before them, spread
/// over the draft.
fn places(text: &str) -> Vec<usize> {
    let (mut bytes, mut chars) = (0, 0);
    let in_chars = |end: usize| {
        chars += text[bytes..end].chars().count();
        bytes = end;
        chars
    };
    let ends: Vec<usize> = sentence_ends(text).map(in_chars).filter(|end| *end >= BEFORE).collect();
    let count = ends.len().min(PAIRS);
    (0..count).map(|n| ends[(n * ends.len() + ends.len() / 2) / count]).collect()
}

/// What is compared.
struct Sides {
    /// The names of the two presets, or of the two models.
    names: [String; 2],
    /// What both have in common: the name of the model, or of the preset.
    with: String,
    styles: [Style; 2],
    /// The model of the second side, if it is another one.
    beside: Option<String>,
}

/// A vote in progress.
struct Vote {
    of: Sides,
    places: Vec<usize>,
    seed: u64,
    /// The pairs that were asked for.
    pairs: Vec<Pair>,
    /// The pair that is shown; all of them once the result is.
    at: usize,
    /// The result, as sentences.
    result: Option<Vec<String>>,
    tallies: Option<Tallies>,
}

/// Two continuations of a place.
struct Pair {
    /// The text before the place, and the draft's quotes there.
    before: String,
    quotes: Quotes,
    /// The two continuations.
    sides: [Side; 2],
    /// Whether the second is shown first.
    swapped: bool,
}

/// One continuation.
struct Side {
    branch: BranchId,
    text: String,
    done: bool,
}

impl Pair {
    fn is_done(&self) -> bool {
        self.sides.iter().all(|side| side.done)
    }

    /// Whether there is something to choose: two texts that differ.
    fn is_worth_a_vote(&self) -> bool {
        let [a, b] = [&self.sides[0].text, &self.sides[1].text].map(|text| text.trim());
        a != b && !a.is_empty() && !b.is_empty()
    }

    /// The index of the side whose text is shown in this place.
    fn side(&self, shown: usize) -> usize {
        if self.swapped { 1 - shown } else { shown }
    }
}

impl Vote {
    fn new(of: Sides, places: Vec<usize>, seed: u64) -> Self {
        let (pairs, at, result, tallies) = (Vec::new(), 0, None, None);
        Self { of, places, seed, pairs, at, result, tallies }
    }

    /// Asks for the pair that is shown and the next ones.
    fn ask(&mut self, desk: &mut Desk) {
        // A second model is loaded for what it is asked at once.
        let ahead = if self.of.beside.is_some() { PAIRS } else { AHEAD };
        let wanted = (self.at + 1 + ahead).min(self.places.len());
        while self.pairs.len() < wanted {
            let number = self.pairs.len();
            let seed = self.seed.wrapping_add(number as u64);
            let place = self.places[number];
            let prompt = desk.prompt(place);
            let before = prompt.0.clone();
            let list = desk.list_for(place, desk.session.revision(), prompt);
            let list = List { behind: String::new(), ..list };
            let sides = [0, 1].map(|side| {
                let branch = desk.asking.next_branch();
                let mut ask =
                    desk.asking.question(&list, &Offer::new(branch, seed, &list.form.lead));
                let sampling = self.of.styles[side].sampling.clone();
                let mut params = desk.asking.words.over(sampling);
                (params.seed, params.max_tokens, params.sentence) =
                    (seed, ask.params.max_tokens, ask.params.sentence);
                ask.params = params;
                desk.asking.send(match &self.of.beside {
                    Some(name) if side == 1 => Request::Beside(name.clone(), ask),
                    _ => Request::Generate(ask),
                });
                Side { branch, text: String::new(), done: false }
            });
            let swapped = mix(seed ^ 0x766f_7465) & 1 == 1;
            self.pairs.push(Pair { before, quotes: list.quotes, sides, swapped });
        }
    }

    /// Stops what is not complete.
    fn stop(&self, desk: &Desk) {
        let sides = self.pairs.iter().flat_map(|pair| &pair.sides);
        sides.filter(|side| !side.done).for_each(|side| desk.asking.stop(side.branch));
    }

    /// Counts the vote for the text shown in this place, or for neither, and goes on.
    fn count(&mut self, shown: Option<usize>, desk: &mut Desk) {
        let Some(pair) = self.pairs.get(self.at).filter(|pair| pair.is_done()) else { return };
        let winner = shown.map(|shown| &*self.of.names[pair.side(shown)]);
        let state = desk.world.environment.state.as_deref();
        let tallies = self.tallies.get_or_insert_with(|| Tallies::load(state));
        tallies.refresh();
        tallies.of(&self.of.names, &self.of.with).count(winner);
        if let Err(error) = tallies.write() {
            desk.notices.warn(format!("The vote was not saved: {error:#}"));
        }
        self.next(desk);
    }

    /// Goes to the next pair with something to choose, or to the result.
    fn next(&mut self, desk: &mut Desk) {
        self.at += 1;
        self.skip(desk);
    }

    fn skip(&mut self, desk: &mut Desk) {
        let idle = |pair: &Pair| pair.is_done() && !pair.is_worth_a_vote();
        while self.pairs.get(self.at).is_some_and(idle) {
            self.at += 1;
        }
        if self.at >= self.places.len() {
            self.end(desk);
        } else {
            self.ask(desk);
        }
    }

    /// Shows what all votes between these two came to.
    fn end(&mut self, desk: &mut Desk) {
        self.stop(desk);
        let state = desk.world.environment.state.as_deref();
        let tallies = self.tallies.get_or_insert_with(|| Tallies::load(state));
        let Sides { names: [a, b], with, .. } = &self.of;
        let mut result = vec![format!("All your votes between {a} and {b} with {with}:")];
        result.extend(tallies.of(&self.of.names, with).words());
        self.result = Some(result);
    }
}

impl Layer for Vote {
    fn press(&mut self, key: Key, _: KeyEvent, desk: &mut Desk) -> Flow {
        if self.result.is_some() {
            return match key.code() {
                KeyCode::Esc | KeyCode::Enter => Flow::Close,
                _ => Flow::Stay,
            };
        }
        match (key.code(), key.typed()) {
            (KeyCode::Esc, _) => self.end(desk),
            (KeyCode::Left, _) | (_, Some('1')) => self.count(Some(0), desk),
            (KeyCode::Right, _) | (_, Some('2')) => self.count(Some(1), desk),
            (_, Some('0' | ' ' | '=')) => self.count(None, desk),
            _ => {}
        }
        Flow::Stay
    }

    fn hear(&mut self, news: &News, desk: &mut Desk) -> Option<Flow> {
        if self.result.is_some() {
            return None;
        }
        let branch = match news {
            News::Token(branch, _) | News::Done(branch, _) => *branch,
            News::Failed(branch, _) | News::Reading(branch, _) => *branch,
            _ => return None,
        };
        let has = |pair: &&mut Pair| pair.sides.iter().any(|side| side.branch == branch);
        let Pair { before, quotes, sides, .. } = self.pairs.iter_mut().find(has)?;
        let side = sides.iter_mut().find(|side| side.branch == branch)?;
        match news {
            News::Token(_, token) => {
                let text = quotes::as_in(*quotes, before, &side.text, &token.text).into_owned();
                side.text.push_str(&text);
            }
            News::Done(..) => {
                let whole = hanging(&side.text).len();
                if whole > 0 {
                    side.text.truncate(whole);
                }
                side.done = true;
                self.skip(desk);
            }
            News::Failed(_, why) => {
                side.done = true;
                desk.notices.warn(format!("The model failed: {why}."));
                self.end(desk);
            }
            _ => {}
        }
        Some(Flow::Stay)
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        Status::Drawn
    }

    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        let (theme, screen) = (&desk.look.theme, areas.screen);
        let room = usize::from(screen.width);
        let [a, b] = &self.of.names;
        let (title, rows, keys) = match &self.result {
            Some(result) => {
                let rows =
                    result.iter().flat_map(|said| wrapped(said, "   ", room, ROWS)).collect();
                ("blind vote · the result".to_owned(), rows, vec![("Esc", "back")])
            }
            None => {
                let (at, of) = (self.at + 1, self.places.len());
                let title = format!("blind vote · {a} or {b} · {at} of {of}");
                let keys =
                    vec![("1", "first"), ("2", "second"), ("0", "neither"), ("Esc", "result")];
                (title, self.rows(room), keys)
            }
        };
        let height = (rows.len() as u16 + 2).min(screen.height);
        let over = Rect { y: screen.bottom() - height, height, ..screen };
        clear(desk, frame, over);
        frame.buffer_mut().set_line(over.x, over.y, &heading(desk, &title, room), over.width);
        for (y, (text, role)) in (over.y + 1..over.bottom() - 1).zip(&rows) {
            let row = Line::styled(cut(text, room), theme.style(*role));
            frame.buffer_mut().set_line(over.x, y, &row, over.width);
        }
        let said = match desk.notices.shown() {
            Some((Notice::Word(words) | Notice::Error(words), _)) => one_row(words),
            None => String::new(),
        };
        let keys: Vec<_> = keys.into_iter().map(|(key, act)| (key.to_owned(), act)).collect();
        let last = Rect { y: over.bottom() - 1, height: 1, ..over };
        line(desk, frame, last, Span::styled(said, theme.style(Role::Quiet)), &keys);
        drawn::Overlay::default()
    }
}

impl Vote {
    /// The rows of the pair: the end of the text before it, and the two texts, once both are complete.
    fn rows(&self, room: usize) -> Vec<(String, Role)> {
        let Some(pair) = self.pairs.get(self.at) else { return Vec::new() };
        let before = one_row(pair.before.trim_end().rsplit('\n').next().unwrap_or_default());
        let count = before.chars().count();
        let end: String =
            before.chars().skip(count.saturating_sub(room.saturating_sub(5))).collect();
        let mut rows = vec![(format!(" … {}", end.trim_start()), Role::Quiet)];
        for shown in 0..2 {
            let side = &pair.sides[pair.side(shown)];
            let text = if pair.is_done() { side.text.trim() } else { "…" };
            rows.push((String::new(), Role::Text));
            rows.extend(wrapped(text, &format!(" {} ", shown + 1), room, ROWS));
        }
        rows
    }
}

/// A text in rows, at most so many, behind a mark in the first.
fn wrapped(text: &str, mark: &str, room: usize, most: usize) -> Vec<(String, Role)> {
    let text = text.replace('\n', " ⏎ ");
    let inside = room.saturating_sub(4).max(1);
    let rows = wrap(&text, inside, 0);
    let rows = rows.into_iter().take(most).enumerate().map(|(n, range)| {
        let mark = if n == 0 { mark } else { "   " };
        (format!("{mark}{}", one_row(text[range].trim_end())), Role::Text)
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_ends_of_sentences_over_the_whole_draft() {
        let text: String = (0..60).map(|n| format!("Sentence {n} was here. ")).collect();
        let places = places(&text);
        assert_eq!(places.len(), PAIRS);
        assert!(places.is_sorted() && places[0] >= BEFORE && places[9] > 1_000, "{places:?}");
        assert!(places.iter().all(|at| text[..*at].ends_with('.')), "{places:?}");
        assert!(super::places("Too short. So.").is_empty());
    }
}
