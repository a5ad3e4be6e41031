//! Going on air and coming back. During a show all events are the show's; a show that was left goes on where it was, with
//! its clock.

use super::{
    Event,
    desk::Desk,
    live::{self, Clock, Gear, Leave, Live, Stage},
};
use crate::{
    session::History,
    ui::{signals::Signal, worker::News},
};
use ratatui::Frame;
use std::{rc::Rc, time::Duration};

/// The show that runs, and the one that was left.
pub struct Show {
    /// The one that runs.
    on: Option<Box<Live>>,
    /// The one that was left for the desk.
    left: Option<Box<Live>>,
    settings: live::Settings,
    /// The time since some moment.
    time: Rc<dyn Fn() -> Duration>,
}

impl Show {
    /// No show yet; `settings` are for those to come.
    pub fn new(settings: &live::Settings) -> Self {
        let time = Rc::new(|| Duration::ZERO);
        Self { on: None, left: None, settings: settings.clone(), time }
    }

    /// Where shows get the time from.
    pub fn set_clock(&mut self, clock: impl Fn() -> Duration + 'static) {
        self.time = Rc::new(clock);
    }

    /// A show runs.
    pub fn is_on(&self) -> bool {
        self.on.is_some()
    }

    /// How long until the show has to be called again.
    pub fn wait(&self) -> Option<Duration> {
        self.on.as_ref().map(|live| live.wait())
    }

    /// Draws the show. False when there is none.
    pub fn draw(&self, frame: &mut Frame) -> bool {
        self.on.as_ref().inspect(|live| live.draw(frame)).is_some()
    }

    /// Begins a show with what was opened for it.
    pub fn begin(&mut self, gear: Gear, desk: &mut Desk) {
        desk.stop_all();
        desk.keep_offers();
        match Live::new(gear, self.stage(desk), &desk.session) {
            Ok(live) => self.on = Some(Box::new(live)),
            Err(error) => desk.notices.warn(format!("{error:#}")),
        }
    }

    /// From the desk: the show that was left goes on, or one of the draft alone begins.
    pub fn on_air(&mut self, desk: &mut Desk) {
        if let Some(mut live) = self.left.take() {
            desk.stop_all();
            desk.keep_offers();
            live.come_back(self.stage(desk), &desk.session);
            self.on = Some(live);
            return;
        }
        let (gear, wrong) = Gear::of_desk(&self.settings);
        if let Some(wrong) = wrong {
            desk.notices.warn(wrong);
        }
        self.begin(gear, desk);
    }

    fn stage(&self, desk: &Desk) -> Stage {
        let time = self.time.clone();
        let clock: Clock = Box::new(move || time());
        Stage {
            asking: desk.asking.clone(),
            theme: desk.look.theme.clone(),
            clock,
            zone: desk.world.environment.zone.clone(),
            state: desk.world.environment.state.clone(),
            resumes: desk.world.environment.history == History::On,
        }
    }

    /// Something has happened during the show. Tells where the host goes, when the show is left.
    pub fn handle(&mut self, event: Event, desk: &mut Desk) -> Option<Leave> {
        let mut live = self.on.take()?;
        live.handle(&event, &mut desk.session);
        match event {
            // Tokens for a show are its own; what is said of the model is everybody's.
            Event::News(News::Reading(..) | News::Token(..) | News::Done(..)) => {}
            Event::News(News::Seen(..) | News::Weighed(..) | News::Checked(..)) => {}
            // The draft may still be being scored; other requests that fail are the show's.
            Event::News(News::Scores(number, scores)) => desk.hear_scores(number, &scores),
            Event::News(News::Failed(number, why)) => _ = desk.scores_failed(number, &why),
            Event::News(news) => desk.hear(news),
            Event::Shelf(word) => desk.hear_shelf(word),
            Event::Signal(Signal::End) | Event::Deaf(_) => desk.over = true,
            _ => {}
        }
        let history = desk.session.notices();
        if !history.is_empty() {
            live.warn();
        }
        history.into_iter().for_each(|notice| desk.notices.warn(notice));
        let leaves = live.leaves();
        match leaves {
            None => self.on = Some(live),
            Some(_) => self.left = Some(live),
        }
        leaves
    }
}
