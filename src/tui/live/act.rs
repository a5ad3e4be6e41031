//! What a cue does.

use super::{Cue, Leave, Live, Open, dice::Dice, line::Line, pace::Pace, speech::Speech};
use crate::session::Session;
use jiff::Timestamp;
use std::path::PathBuf;

/// How many takes stand side by side.
const SIDES: usize = 3;

impl Live {
    pub(super) fn act(&mut self, cue: Cue, session: &mut Session) {
        match cue {
            Cue::Go => self.go(session),
            Cue::Step => self.wind(|take| take.step(), "Nothing more has come yet."),
            Cue::Rewind => self.wind(|take| take.rewind(), "This is where the take begins."),
            Cue::ToStart => self.wind(
                |take| {
                    take.jump(false);
                    true
                },
                "",
            ),
            Cue::ToEnd => self.wind(
                |take| {
                    take.jump(true);
                    true
                },
                "",
            ),
            Cue::Slow => {
                self.pace.slow = !self.pace.slow;
                self.say(if self.pace.slow { "Slow motion." } else { "The usual pace." });
            }
            Cue::Faster | Cue::Slower => {
                self.pace.change(cue == Cue::Faster);
                self.say(format!("{} words a minute.", self.pace.words));
            }
            Cue::RollAgain => {
                let opening = self.item().take().map(|take| take.said[..take.shown].to_vec());
                let count = if self.item().takes.is_empty() { self.usual_takes() } else { 1 };
                self.roll(&opening.unwrap_or_default(), count, session);
            }
            Cue::Takes => {
                let opening = self.item().take().map(|take| take.said[..take.shown].to_vec());
                self.roll(&opening.unwrap_or_default(), SIDES, session);
            }
            Cue::Dice => self.open_dice(),
            Cue::Up | Cue::Down => {
                if !self.item_mut().choose(cue == Cue::Down) {
                    self.say("There is no other take there.");
                }
            }
            Cue::Choose => self.choose(),
            Cue::Next | Cue::Previous => self.turn(cue == Cue::Next, session),
            Cue::Guest => self.open_line(Line::guest()),
            Cue::Write => self.open_line(Line::writer()),
            Cue::Blank => {
                self.blank = !self.blank;
                self.going = false;
                self.hush();
            }
            Cue::BleepLast => self.bleep_last(),
            Cue::Marker => self.mark(session),
            Cue::Tape => {
                self.tape.toggle(self.now);
                let runs = self.tape.is_running();
                self.say(if runs { "The tape's clock runs." } else { "The tape's clock stands." });
            }
            Cue::Voice => self.toggle_voice(),
            Cue::Letters => self.letters = self.letters.next(),
            Cue::Help => self.open = Some(Open::Help(0)),
            Cue::Close => {}
            Cue::OffAir => self.leaves = Some(Leave::Desk),
            Cue::Quit => self.leaves = Some(Leave::Program),
        }
    }

    /// Rolls, freezes, goes on: whatever is next.
    fn go(&mut self, session: &mut Session) {
        if self.blank {
            let key = self.key(Cue::Blank);
            return self.say(format!("The screen is blank; {key} shows it again."));
        }
        if self.going {
            self.going = false;
            return;
        }
        let item = self.item();
        if item.takes.is_empty() {
            let count = self.usual_takes();
            return self.roll(&[], count, session);
        }
        let over = item.on_screen().iter().all(|number| item.takes[*number].is_over());
        if !over {
            self.going = true;
        } else if item.sides.is_empty() {
            self.go_on();
        } else {
            let key = self.key(Cue::Choose);
            self.say(format!("The takes have ended. {key} goes on with the one that is marked."));
        }
    }

    /// How many takes the rundown wants at once.
    fn usual_takes(&self) -> usize {
        self.item().prompt.takes.unwrap_or(1)
    }

    /// Freezes, and winds what is on the screen.
    fn wind(&mut self, by: impl Fn(&mut super::take::Take) -> bool, else_say: &str) {
        self.going = false;
        let item = &mut self.items[self.at];
        let mut moved = false;
        for number in item.on_screen() {
            moved |= by(&mut item.takes[number]);
        }
        if item.takes.is_empty() {
            let key = self.key(Cue::Go);
            self.say(format!("Nothing was rolled yet. {key} rolls."));
        } else if !moved {
            self.say(else_say);
        }
    }

    /// Of the takes side by side the chosen one stays on the screen, and goes on.
    fn choose(&mut self) {
        if self.item().sides.is_empty() {
            return;
        }
        let chosen = self.item().chosen;
        let others: Vec<u64> = self
            .item()
            .sides
            .iter()
            .filter(|number| **number != chosen)
            .map(|number| self.item().takes[*number].branch)
            .collect();
        for branch in others {
            let bleeps = &self.bleeps;
            if let Some(take) = self.items[self.at].take_of(branch)
                && take.is_live()
            {
                self.asking.stop(branch);
                take.stop(bleeps);
            }
        }
        let item = self.item_mut();
        item.sides.clear();
        let over = item.take().is_some_and(super::take::Take::is_over);
        self.going = !over;
    }

    /// The next prompt or the one before. What was shown of this one stays in the draft.
    fn turn(&mut self, next: bool, session: &mut Session) {
        let to = if next { self.at + 1 } else { self.at.wrapping_sub(1) };
        if to >= self.items.len() {
            let key = self.key(Cue::Guest);
            return self.say(if next {
                format!("This is the last prompt. {key} takes another.")
            } else {
                "This is the first prompt.".into()
            });
        }
        self.stop_item();
        self.note_takes(session);
        self.note_shown(session);
        self.at = to;
        self.going = false;
        self.hush();
        self.take_pace();
    }

    /// The rundown may want a pace of its own for a prompt.
    pub(super) fn take_pace(&mut self) {
        if let Some(words) = self.item().prompt.pace {
            self.pace = Pace { slow: self.pace.slow, ..Pace::new(words as u16) };
        }
    }

    fn open_line(&mut self, line: Line) {
        self.going = false;
        self.open = Some(Open::Line(line));
    }

    fn open_dice(&mut self) {
        self.going = false;
        let item = self.item_mut();
        let Some((take, token)) = item.take().and_then(|take| Some((take, take.cursor()?))) else {
            return self.say("No token is shown yet.");
        };
        match Dice::at(take, token) {
            Some(dice) => self.open = Some(Open::Dice(dice)),
            None => self.say("What the dice chose among isn't known here."),
        }
    }

    /// The last word is bleeped from now on, and on the screen at once.
    fn bleep_last(&mut self) {
        let Some(word) = self.item().take().and_then(super::take::Take::last_word) else {
            return self.say("No word is shown yet.");
        };
        if self.bleeps.add(&word).is_err() {
            return self.say("This is too short to be bleeped.");
        }
        let bleeps = &self.bleeps;
        self.items.iter_mut().flat_map(|item| &mut item.takes).for_each(|take| take.judge(bleeps));
        self.hush();
        self.say("Bleeped, and from now on.");
    }

    /// Marks this moment. The first marker starts the tape's clock, when nobody has.
    fn mark(&mut self, session: &Session) {
        let starts = !self.tape.has_begun();
        if starts {
            self.tape.toggle(self.now);
        }
        if self.markers.file.is_none() {
            self.markers.file = self.markers_file(session);
        }
        let time = self.tape.time(self.now);
        let item = self.item();
        let name = super::item::seen(&item.prompt.name, &self.bleeps);
        let words = item.take().map(|take| take.seen()[1].clone()).unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().collect();
        let words = words[words.len().saturating_sub(6)..].join(" ");
        let title = if words.is_empty() { name } else { format!("{name}: …{words}") };
        let at = super::markers::clock(time);
        match self.markers.mark(time, &title) {
            Err(error) => {
                tracing::error!("markers: {error:#}");
                self.say(
                    "The marker is kept, but its file can't be written; the disk may be full.",
                );
            }
            Ok(()) if self.markers.file.is_none() => {
                self.say(format!("Marker {} at {at}; it is written nowhere.", self.markers.len()));
            }
            Ok(()) if starts => self.say("Marker 1. The tape's clock runs from here."),
            Ok(()) => self.say(format!("Marker {} at {at}.", self.markers.len())),
        }
    }

    /// A new file each show: beside the draft, or where the program keeps things.
    fn markers_file(&self, session: &Session) -> Option<PathBuf> {
        let now = Timestamp::try_from(session.now()).ok()?.to_zoned(self.zone.clone());
        let now = now.strftime("%Y-%m-%d-%H%M%S");
        match session.path() {
            Some(path) => {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                let path = std::path::absolute(path).ok()?;
                Some(path.with_file_name(format!("{stem}-{now}.chapters.txt")))
            }
            None => Some(self.state.as_ref()?.join("shows").join(format!("{now}.chapters.txt"))),
        }
    }

    fn toggle_voice(&mut self) {
        if self.voice.take().is_some() {
            return self.say("Silent.");
        }
        match Speech::new(&self.speak, Default::default()) {
            Ok(voice) => {
                // From here on: what is shown already was read by others.
                let item = self.item();
                let shown = item.take().map_or(0, |take| take.shown_text().len());
                self.spoken = (self.at, item.chosen, shown);
                self.say(format!("{} reads aloud.", voice.name()));
                self.voice = Some(voice);
            }
            Err(error) => self.say(format!("{error:#}")),
        }
    }
}
