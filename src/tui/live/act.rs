//! Running a cue.

use super::{
    Cue, Leave, Live, Panel,
    dice::Dice,
    item,
    line::{Line, Purpose},
    markers, roll,
};
use crate::session::Session;

/// The number of takes shown side by side.
const SIDES: usize = 3;

impl Live {
    pub(super) fn act(&mut self, cue: Cue, session: &mut Session) {
        match cue {
            Cue::Go => self.go(session),
            Cue::Step => self.wind(|take| take.step(), "No more tokens yet."),
            Cue::Rewind => self.wind(|take| take.rewind(), "This is the start of the take."),
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
                self.play.pace.slow = !self.play.pace.slow;
                self.say(if self.play.pace.slow { "Slow motion." } else { "Normal pace." });
            }
            Cue::Faster | Cue::Slower => {
                self.play.pace.change(cue == Cue::Faster);
                let words = self.play.pace.words;
                match &mut self.prompts.current_mut().prompt.pace {
                    Some(own) => *own = u32::from(words),
                    None => self.play.usual = words,
                }
                self.say(format!("{} words a minute.", self.play.pace.words));
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
                if !self.prompts.current_mut().choose(cue == Cue::Down) {
                    self.say("There is no other take.");
                }
            }
            Cue::Choose => self.choose(),
            Cue::Next | Cue::Previous => self.turn(cue == Cue::Next, session),
            Cue::Guest => self.open_line(Line::new(Purpose::Guest, "")),
            Cue::Spot => self.open_spot(session),
            Cue::Write => self.open_line(Line::new(Purpose::Writer, "")),
            Cue::Reveal => self.reveal(session),
            Cue::Blank => {
                self.play.toggle_blank();
                self.voice.hush();
            }
            Cue::BleepLast => self.bleep_last(),
            Cue::Unbleep => self.unbleep(),
            Cue::Marker => self.mark(session),
            Cue::Tape => {
                let begins = !self.time.has_tape();
                let runs = self.time.toggle_tape();
                self.say(if runs { "Recording clock started." } else { "Recording clock paused." });
                if begins {
                    self.begin_chapter(session);
                }
            }
            Cue::SetTape => {
                let now = markers::clock(self.time.on_tape());
                self.open_line(Line::new(Purpose::Clock, &now));
            }
            Cue::Voice => self.toggle_voice(),
            Cue::Letters => self.look.letters = self.look.letters.next(),
            Cue::Help => self.panel = Some(Panel::Help(0)),
            Cue::Close => {}
            Cue::OffAir => self.leaves = Some(Leave::Desk),
            Cue::Quit => self.leaves = Some(Leave::Program),
        }
    }

    /// Rolls, freezes or continues, depending on the state.
    fn go(&mut self, session: &mut Session) {
        if self.play.blank {
            let key = self.key(Cue::Blank);
            return self.say(format!("The screen is blank. {key} shows it again."));
        }
        if self.play.going {
            self.play.going = false;
            return;
        }
        let item = self.item();
        if item.takes.is_empty() {
            let count = self.usual_takes();
            return self.roll(&[], count, session);
        }
        let over = item.on_screen().iter().all(|number| item.takes[*number].is_over());
        if !over {
            self.play.going = true;
        } else if item.sides.is_empty() {
            self.go_on();
        } else {
            let key = self.key(Cue::Choose);
            self.say(format!("The takes have ended. {key} continues the chosen one."));
        }
    }

    /// The number of takes to roll at once, from the rundown.
    fn usual_takes(&self) -> usize {
        self.item().prompt.takes.unwrap_or(1)
    }

    /// Freezes, and moves the takes on the screen with `by`. If none of them moved, shows `else_say`.
    fn wind(&mut self, by: impl Fn(&mut super::take::Take) -> bool, else_say: &str) {
        self.play.going = false;
        let item = self.prompts.current_mut();
        let mut moved = false;
        for number in item.on_screen() {
            moved |= by(&mut item.takes[number]);
        }
        if item.takes.is_empty() {
            let key = self.key(Cue::Go);
            self.say(format!("There is no take yet. {key} rolls one."));
        } else if !moved {
            self.say(else_say);
        }
    }

    /// Closes the takes side by side and continues the chosen one.
    fn choose(&mut self) {
        if self.item().sides.is_empty() {
            return;
        }
        let item = self.prompts.current_mut();
        let (sides, chosen) = (std::mem::take(&mut item.sides), item.chosen);
        let is_other = |number: usize| number != chosen && sides.contains(&number);
        let takes = item.takes.iter_mut().enumerate();
        let others = takes.filter(|(number, _)| is_other(*number)).map(|(_, take)| take);
        roll::stop(others, &self.asking, &self.bleeps);
        let over = self.item().take().is_some_and(super::take::Take::is_over);
        self.play.going = !over;
    }

    /// Goes to the next or previous prompt. What was shown of this one is written to the draft.
    fn turn(&mut self, next: bool, session: &mut Session) {
        let Some(to) = self.prompts.beside(next) else {
            let key = self.key(Cue::Guest);
            return self.say(if next {
                format!("This is the last prompt. {key} adds one.")
            } else {
                "This is the first prompt.".into()
            });
        };
        self.stop_item();
        self.note_takes(session);
        self.note_shown(session);
        self.prompts.go_to(to);
        self.play.going = false;
        self.voice.hush();
        self.begin_prompt(session);
    }

    /// Called when another prompt has become the current one: it has its pace, and its chapter.
    pub(super) fn begin_prompt(&mut self, session: &Session) {
        self.take_pace();
        if self.time.tape_runs() {
            self.begin_chapter(session);
        }
    }

    /// Sets the current prompt's own pace, or the usual one.
    pub(super) fn take_pace(&mut self) {
        let own = self.item().prompt.pace.map(|words| words as u16);
        self.play.set_pace(own.unwrap_or(self.play.usual));
    }

    /// Writes a chapter for the current prompt.
    fn begin_chapter(&mut self, session: &Session) {
        self.markers.choose_file(session);
        let name = item::seen(&self.item().prompt.name, &self.bleeps);
        if let Err(error) = self.markers.begin_prompt(self.time.on_tape(), &name) {
            tracing::error!("chapters: {error:#}");
            self.say("The chapters file can't be written. The disk may be full.");
        }
    }

    /// Shows the writer's own continuation, or hides it. One from the rundown goes into the draft when it is first shown.
    fn reveal(&mut self, session: &mut Session) {
        let item = self.prompts.current_mut();
        if item.own().is_none() {
            let key = self.key(Cue::Write);
            return self.say(format!("There is no continuation by the writer. {key} types one."));
        }
        item.revealed = !item.revealed;
        if item.revealed && item.written.is_empty() && !std::mem::replace(&mut item.noted, true) {
            let text = item.prompt.writer.clone().unwrap_or_default();
            self.note_written(&text, session);
        }
    }

    fn open_line(&mut self, line: Line) {
        self.play.going = false;
        self.panel = Some(Panel::Line(line));
    }

    fn open_dice(&mut self) {
        self.play.going = false;
        let item = self.prompts.current_mut();
        let Some((take, token)) = item.take().and_then(|take| Some((take, take.cursor()?))) else {
            return self.say("No token is shown yet.");
        };
        match Dice::at(take, token) {
            Some(dice) => self.panel = Some(Panel::Dice(dice)),
            None => self.say("The candidates for this token aren't known."),
        }
    }

    /// Bleeps the last word from now on, and where it is already shown.
    fn bleep_last(&mut self) {
        let Some(word) = self.item().take().and_then(super::take::Take::last_word) else {
            return self.say("No word is shown yet.");
        };
        if self.bleeps.add_late(&word).is_err() {
            return self.say("This word is too short to be bleeped.");
        }
        self.judge_again();
        self.voice.hush();
        let key = self.key(Cue::Unbleep);
        self.say(format!("Bleeped, now and from now on. {key} takes it back."));
    }

    /// Takes back the last bleep of the host.
    fn unbleep(&mut self) {
        if self.bleeps.take_back().is_none() {
            let key = self.key(Cue::BleepLast);
            return self.say(format!("Nothing was bleeped with {key}."));
        }
        self.judge_again();
        self.say("The last bleep is taken back.");
    }

    /// Finds the words to bleep again, after the list has changed.
    pub(super) fn judge_again(&mut self) {
        let bleeps = &self.bleeps;
        self.prompts.takes_mut().for_each(|take| take.judge(bleeps));
    }

    /// Sets a marker. The first one starts the recording clock, if it wasn't started.
    fn mark(&mut self, session: &Session) {
        let starts = !self.time.has_tape();
        if starts {
            self.time.toggle_tape();
        }
        self.markers.choose_file(session);
        let time = self.time.on_tape();
        let item = self.item();
        let name = item::seen(&item.prompt.name, &self.bleeps);
        let words = item.take().map(|take| take.seen()[1].clone()).unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().collect();
        let words = words[words.len().saturating_sub(6)..].join(" ");
        let title = if words.is_empty() { name } else { format!("{name}: …{words}") };
        let at = markers::clock(time);
        match self.markers.mark(time, &title) {
            Err(error) => {
                tracing::error!("markers: {error:#}");
                self.say("The marker is set, but its file can't be written. The disk may be full.");
            }
            Ok(()) if !self.markers.has_file() => {
                self.say(format!(
                    "Marker {} at {at}. It isn't saved: there is no folder for it.",
                    self.markers.len()
                ));
            }
            Ok(()) if starts => self.say("Marker 1. Recording clock started."),
            Ok(()) => self.say(format!("Marker {} at {at}.", self.markers.len())),
        }
    }

    fn toggle_voice(&mut self) {
        let said = match self.voice.toggle(self.prompts.at(), self.prompts.current()) {
            Ok(Some(program)) => format!("{program} reads aloud."),
            Ok(None) => "Reading aloud is off.".into(),
            Err(error) => format!("{error:#}"),
        };
        self.say(said);
    }
}
