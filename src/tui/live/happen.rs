//! What happens during a show: keys, the model's words, time; and what follows from it for ears and viewers.

use super::{Cue, Leave, Live, Open, Shown, publish::Publisher, speech::Speech};
use crate::{
    session::Session,
    tui::Event,
    ui::{asking::Model, keymap::Key, signals::Signal, worker::News},
};
use crossterm::event::{Event as Terminal, KeyEvent};
use std::time::Duration;
use strum::EnumCount;

impl Live {
    /// Something has happened.
    pub fn handle(&mut self, event: &Event, session: &mut Session) {
        self.look_at_clock();
        match event {
            Event::Terminal(Terminal::Key(key)) if !key.is_release() => self.press(*key, session),
            Event::Terminal(Terminal::Paste(text)) => {
                if let Some(Open::Line(line)) = &mut self.open {
                    line.paste(text);
                }
            }
            Event::News(news) => self.hear(news),
            Event::Signal(Signal::End) | Event::Deaf(_) => self.leaves = Some(Leave::Program),
            _ => {}
        }
        if self.leaves.is_some() {
            return self.leave(session);
        }
        self.note_takes(session);
        self.read_aloud();
        self.publish();
        self.hear_troubles();
    }

    /// Time has passed since the last event: shows what may be shown by now.
    fn look_at_clock(&mut self) {
        let now = (self.clock)();
        let passed = now.saturating_sub(self.now);
        self.now = now;
        if !self.runs() {
            return;
        }
        let item = &mut self.items[self.at];
        for number in item.on_screen() {
            item.takes[number].advance(passed, self.pace);
        }
        // All is shown, and nothing more comes: the show stands.
        self.going = item.on_screen().iter().any(|number| !item.takes[*number].is_over());
    }

    /// Text comes by itself now.
    pub(super) fn runs(&self) -> bool {
        self.going && !self.blank && self.open.is_none()
    }

    /// How long until something has to be looked at again, if nothing happens before.
    pub fn wait(&self) -> Duration {
        let takes = self.item().on_screen().into_iter().map(|number| &self.item().takes[number]);
        let next = takes.filter_map(|take| take.left(self.pace)).filter(|_| self.runs()).min();
        // The tape's clock shows seconds.
        let shown = self.tape.time(self.now).subsec_millis();
        let second = Duration::from_millis(u64::from(1000 - shown));
        // Less than a frame is no wait.
        next.unwrap_or(second).min(second).max(Duration::from_millis(5))
    }

    fn press(&mut self, event: KeyEvent, session: &mut Session) {
        self.notice = None;
        let key = Key::from(event);
        if let Some(Open::Line(_)) = self.open {
            return self.press_line(key, event, session);
        }
        let Some(cue) = self.keymap.command(key) else { return };
        match self.open.take() {
            Some(Open::Dice(dice)) => self.press_dice(dice, cue, session),
            Some(Open::Help(row)) => {
                // Only what must work at any time does.
                match cue {
                    Cue::Up => self.open = Some(Open::Help(row.saturating_sub(1))),
                    Cue::Down => self.open = Some(Open::Help((row + 1).min(Cue::COUNT))),
                    Cue::Blank | Cue::Marker | Cue::OffAir | Cue::Quit => self.act(cue, session),
                    _ => {}
                }
            }
            _ => self.act(cue, session),
        }
    }

    fn hear(&mut self, news: &News) {
        match news {
            News::Loaded(info) => self.asking.model = Model::Ready(info.clone()),
            News::Gone(why) => {
                self.asking.model = Model::Gone(why.clone());
                self.stop_all();
                let key = self.key(Cue::OffAir);
                self.say(format!("There is no model. {key} leads to the desk, which tells why."));
            }
            News::Token(branch, token) => {
                let bleeps = &self.bleeps;
                if let Some(take) = self.items.iter_mut().find_map(|item| item.take_of(*branch))
                    && take.is_live()
                {
                    take.push(token.clone(), bleeps);
                }
            }
            News::Done(branch, why) => {
                let bleeps = &self.bleeps;
                if let Some(take) = self.items.iter_mut().find_map(|item| item.take_of(*branch))
                    && take.is_live()
                {
                    take.end(*why, bleeps);
                }
            }
            News::Failed(branch, _) => {
                let bleeps = &self.bleeps;
                if let Some(take) = self.items.iter_mut().find_map(|item| item.take_of(*branch)) {
                    take.stop(bleeps);
                    let key = self.key(Cue::RollAgain);
                    self.say(format!("The model stopped. {key} rolls again."));
                }
            }
            _ => {}
        }
    }

    /// Reads aloud what has become a sentence since.
    fn read_aloud(&mut self) {
        let item = &self.items[self.at];
        let chosen = (self.at, item.chosen);
        let Some(take) = item.take().filter(|_| item.sides.is_empty()) else { return };
        let shown = take.shown_text().len();
        if (self.spoken.0, self.spoken.1) != chosen || self.spoken.2 > shown {
            // Another take, or the same wound back: what was on its way isn't on the screen any more.
            self.spoken = (chosen.0, chosen.1, shown);
            self.hush();
            return;
        }
        if self.blank {
            return;
        }
        let (sentence, to) = take.sentences(self.spoken.2);
        if to > self.spoken.2 {
            self.spoken.2 = to;
            if let Some(voice) = &self.voice {
                voice.say(&sentence);
            }
        }
    }

    pub(super) fn hush(&self) {
        if let Some(voice) = &self.voice {
            voice.hush();
        }
    }

    /// Viewers get what is on the screen.
    pub(super) fn publish(&mut self) {
        if self.publisher.is_none() {
            return;
        }
        let item = self.item();
        let shown = if self.blank {
            Shown::default()
        } else {
            let takes: Vec<_> =
                item.on_screen().iter().map(|number| item.takes[*number].seen()).collect();
            let prompt = match takes.first() {
                Some([lead, _]) => lead.clone(),
                None => item.seen(&self.bleeps),
            };
            let takes = takes.into_iter().map(|[_, said]| said).collect();
            Shown { prompt, takes }
        };
        if let Some(publisher) = &mut self.publisher {
            publisher.show(shown);
        }
    }

    /// What the threads beside have to tell.
    fn hear_troubles(&mut self) {
        let voice = self.voice.as_ref().and_then(Speech::trouble);
        let overlay = self.publisher.as_ref().and_then(Publisher::trouble);
        if let Some(trouble) = voice.or(overlay) {
            self.say(trouble);
        }
    }
}
