//! Events during a show: keys, tokens, time. After each event, the voice and the viewers are updated.

use super::{Cue, Leave, Live, Panel, Shown, item::seen, publish::Publisher};
use crate::{
    session::Session,
    tui::Event,
    ui::{asking::Model, keymap::Key, signals::Signal, worker::News},
};
use crossterm::event::{Event as Terminal, KeyEvent};
use std::time::Duration;
use strum::EnumCount;

impl Live {
    /// Handles an event.
    pub fn handle(&mut self, event: &Event, session: &mut Session) {
        self.look_at_clock();
        match event {
            Event::Terminal(Terminal::Key(key)) if !key.is_release() => self.press(*key, session),
            Event::Terminal(Terminal::Paste(text)) => {
                if let Some(Panel::Line(line)) = &mut self.panel {
                    line.paste(text);
                }
            }
            Event::News(news) => self.hear(news),
            Event::Signal(Signal::End) | Event::Deaf(_) => {
                self.leaves = Some(Leave::Program);
                if let Some(keeper) = &mut self.keeper {
                    keeper.stay();
                }
            }
            _ => {}
        }
        if self.leaves.is_some() {
            self.leave(session);
            return self.keep(true, session);
        }
        self.note_takes(session);
        self.keep(matches!(event, Event::Terminal(_)), session);
        self.voice.follow(self.prompts.at(), self.prompts.current(), self.play.blank);
        self.publish();
        self.hear_troubles();
    }

    /// Shows the tokens that are due by now.
    fn look_at_clock(&mut self) {
        let passed = self.time.advance();
        if !self.runs() {
            return;
        }
        let item = self.prompts.current_mut();
        for number in item.on_screen() {
            item.takes[number].advance(passed, self.play.pace);
        }
        // When all takes are complete and shown, the show freezes.
        self.play.going = item.on_screen().iter().any(|number| !item.takes[*number].is_over());
    }

    /// Text is shown by itself now.
    pub(super) fn runs(&self) -> bool {
        self.play.going && !self.play.blank && self.panel.is_none()
    }

    /// The time until the show needs a tick, if no event comes first.
    pub fn wait(&self) -> Duration {
        let takes = self.item().on_screen().into_iter().map(|number| &self.item().takes[number]);
        let next = takes.filter_map(|take| take.left(self.play.pace)).filter(|_| self.runs()).min();
        // The recording clock shows seconds.
        let shown = self.time.on_tape().subsec_millis();
        let second = Duration::from_millis(u64::from(1000 - shown));
        // Not more often than the screen can be drawn.
        next.unwrap_or(second).min(second).max(Duration::from_millis(5))
    }

    fn press(&mut self, event: KeyEvent, session: &mut Session) {
        self.notice = None;
        let key = Key::from(event);
        if let Some(Panel::Line(_)) = self.panel {
            return self.press_line(key, event, session);
        }
        let Some(cue) = self.keymap.command(key) else { return };
        match self.panel.take() {
            Some(Panel::Dice(dice)) => self.press_dice(dice, cue, session),
            Some(Panel::Spot(spot)) => self.press_spot(spot, cue, session),
            Some(Panel::Help(row)) => {
                // Only the cues that must always work are run.
                match cue {
                    Cue::Up => self.panel = Some(Panel::Help(row.saturating_sub(1))),
                    Cue::Down => self.panel = Some(Panel::Help((row + 1).min(Cue::COUNT))),
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
                self.say(format!("There is no model. {key} opens the desk, which shows why."));
            }
            News::Token(branch, token) => {
                let bleeps = &self.bleeps;
                if let Some(take) = self.prompts.take_of(*branch)
                    && take.is_live()
                {
                    take.push(token.clone(), bleeps);
                }
            }
            News::Done(branch, why) => {
                let bleeps = &self.bleeps;
                if let Some(take) = self.prompts.take_of(*branch)
                    && take.is_live()
                {
                    take.end(*why, bleeps);
                }
            }
            News::Failed(branch, why) => {
                let why = self.reason(why);
                let bleeps = &self.bleeps;
                if let Some(take) = self.prompts.take_of(*branch) {
                    take.stop(bleeps);
                    let key = self.key(Cue::RollAgain);
                    let stop = if why.ends_with(['.', '?', '!']) { "" } else { "." };
                    self.say(format!("{why}{stop} {key} rolls again."));
                }
            }
            _ => {}
        }
    }

    /// Why a take failed, without paths and addresses, which viewers must not see. Only what a server did is of use here.
    fn reason(&self, why: &str) -> String {
        let server = match &self.asking.model {
            Model::Ready(info) => info.server.as_ref(),
            _ => None,
        };
        let why = server.map(|server| why.replace(&server.host, "The server"));
        why.filter(|why| !why.contains(['/', '\\'])).unwrap_or_else(|| "The model stopped".into())
    }

    /// Sends what is on the screen to the viewers.
    pub(super) fn publish(&mut self) {
        if self.publisher.is_none() {
            return;
        }
        let item = self.item();
        let shown = if self.play.blank {
            Shown::default()
        } else if let Some(Panel::Spot(spot)) = &self.panel {
            // Viewers guess, too.
            Shown { prompt: spot.text().to_owned(), ..Shown::default() }
        } else {
            let takes: Vec<_> =
                item.on_screen().iter().map(|number| item.takes[*number].seen()).collect();
            let prompt = match takes.first() {
                Some([lead, _]) => lead.clone(),
                None => item.seen(&self.bleeps),
            };
            let takes = takes.into_iter().map(|[_, said]| said).collect();
            let writer = item.own_on_screen().map(|text| seen(text, &self.bleeps));
            let bars = match &self.panel {
                Some(Panel::Dice(dice)) => dice.bars(item.take(), &self.bleeps),
                _ => Vec::new(),
            };
            Shown { prompt, takes, writer, bars }
        };
        if let Some(publisher) = &mut self.publisher {
            publisher.show(shown);
        }
    }

    /// Shows errors of the voice and the overlay.
    fn hear_troubles(&mut self) {
        let voice = self.voice.trouble();
        let overlay = self.publisher.as_ref().and_then(Publisher::trouble);
        if let Some(trouble) = voice.or(overlay) {
            self.say(trouble);
        }
    }
}
