//! Going on air and coming back. While a show runs, everything that happens is its own; a show that was left goes on
//! where it was, with its clock.

use super::{App, Model};
use crate::{
    clean::for_terminal,
    tui::{
        Event,
        live::{self, Clock, Gear, Leave, Live, Stage},
    },
    ui::worker::News,
};
use std::{rc::Rc, time::Duration};

/// What the desk knows of shows.
pub(super) struct Air {
    /// The one that runs.
    pub live: Option<Box<Live>>,
    /// The one that was left for the desk.
    left: Option<Box<Live>>,
    settings: live::Settings,
    /// The time as the desk was given it.
    time: Rc<dyn Fn() -> Duration>,
}

impl Air {
    /// No show; how those to come are set.
    pub fn new(settings: &live::Settings) -> Self {
        Self {
            live: None,
            left: None,
            settings: settings.clone(),
            time: Rc::new(|| Duration::ZERO),
        }
    }
}

impl App {
    /// Where shows get the time from: how long it is since some moment.
    pub fn set_clock(&mut self, clock: impl Fn() -> Duration + 'static) {
        self.air.time = Rc::new(clock);
    }

    /// Begins a show with what was opened for it.
    pub fn go_on_air(&mut self, gear: Gear) {
        self.stop_all();
        self.keep_offers();
        self.overlay = None;
        match Live::new(gear, self.stage(), &self.session) {
            Ok(live) => self.air.live = Some(Box::new(live)),
            Err(error) => self.notices.warn(format!("{error:#}")),
        }
    }

    /// On air from the desk: the show that was left, or one of the draft alone.
    pub(super) fn on_air(&mut self) {
        if let Some(mut live) = self.air.left.take() {
            self.stop_all();
            self.keep_offers();
            live.come_back(self.stage(), &self.session);
            self.air.live = Some(live);
            return;
        }
        let (gear, wrong) = Gear::of_desk(&self.air.settings);
        if let Some(wrong) = wrong {
            self.notices.warn(wrong);
        }
        self.go_on_air(gear);
    }

    fn stage(&self) -> Stage {
        let time = self.air.time.clone();
        let clock: Clock = Box::new(move || time());
        Stage {
            requests: self.requests.clone(),
            model: match &self.model {
                Model::Loading => live::Model::Loading,
                Model::Ready(info) => info.into(),
                Model::Gone(_) => live::Model::Gone,
            },
            sampling: self.sampling.clone(),
            seed: self.seed,
            theme: self.theme.clone(),
            clock,
            zone: self.zone.clone(),
            state: self.state.clone(),
        }
    }

    /// Something has happened during a show.
    pub(super) fn happen(&mut self, mut live: Box<Live>, event: Event) {
        live.handle(&event, &mut self.session);
        match event {
            // Words for a show are its own; what is said of the model is everybody's.
            Event::News(News::Reading(..) | News::Token(..) | News::Done(..)) => {}
            Event::News(News::Failed(..) | News::Seen(..)) => {}
            Event::News(news) => self.hear(news),
            Event::Shelf(word) => self.hear_shelf(word),
            Event::Signal(crate::ui::signals::Signal::End) | Event::Deaf(_) => self.over = true,
            _ => {}
        }
        let history = self.session.notices();
        if !history.is_empty() {
            live.warn();
        }
        history.into_iter().for_each(|notice| self.notices.warn(notice));
        match live.leaves() {
            None => self.air.live = Some(live),
            Some(leave) => {
                self.air.left = Some(live);
                match (leave, self.session.recovery()) {
                    (Leave::Program, _) if !self.over => self.quit(),
                    // It was asked before the show, and nobody could answer.
                    (Leave::Desk, Some(recovery)) => self.ask_recovered(recovery),
                    _ => {}
                }
            }
        }
    }

    /// What the terminal's window may be called. On air the draft's name is nobody's business.
    pub fn title(&self) -> String {
        if self.air.live.is_some() {
            return "on air · unstuck".into();
        }
        let unsaved = if self.session.is_saved() { "" } else { " ●" };
        let title = self.session.title().replace(['\n', '\t'], " ");
        format!("{}{unsaved} · unstuck", for_terminal(&title))
    }

    /// How long until something has to be looked at, if nothing happens before; `None` when nothing has.
    pub fn wait(&self) -> Option<Duration> {
        self.air.live.as_ref().map(|live| live.wait())
    }
}
