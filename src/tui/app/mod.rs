//! The desk's state: events in, requests out. Nothing here draws, waits, or looks at a clock.

mod air;
mod answer;
mod ask;
mod branches;
mod dials;
mod edit;
mod file;
mod find;
mod follow;
mod heard;
mod keep;
mod mentions;
mod models;
mod mouse;
mod pick;
mod press;
mod roll;
mod span;
mod take;
mod token;

use super::{
    Event, Settings,
    clipboard::Clipboard,
    command::Command,
    dials::Way,
    models::Models,
    notices::Notices,
    offers::{MOST, Offers},
    overlay::Overlay,
    page::Page,
    recent::Recent,
};
use crate::{
    generate::ModelInfo,
    mentions::Place,
    session::{History, Motion, Revision, Session},
    token::SamplingParams,
    ui::{
        keymap::{DEFAULTS, Keymap},
        signals::Signal,
        theme::{Depth, Theme, Themes},
        worker::{News, Request},
    },
};
use anyhow::Result;
use crossterm::event::Event as Terminal;
use jiff::tz::TimeZone;
use ratatui::Frame;
use std::{path::PathBuf, sync::mpsc::Sender};

/// How far the model has come.
pub(super) enum Model {
    /// It is being read.
    Loading,
    /// It can be asked.
    Ready(ModelInfo),
    /// It will never come; why, and the way out.
    Gone(String),
}

/// The desk.
pub struct App {
    pub(super) session: Session,
    pub(super) page: Page,
    pub(super) offers: Offers,
    pub(super) overlay: Option<Overlay>,
    pub(super) notices: Notices,
    pub(super) model: Model,
    /// Tokens a second.
    pub(super) speed: Option<f32>,
    /// The place from which the model saw the text when it was asked last, and that text.
    pub(super) sees: Option<(usize, Revision)>,
    pub(super) keymap: Keymap<Command>,
    pub(super) theme: Theme,
    pub(super) themes: Themes,
    depth: Depth,
    pub(super) preset: String,
    sampling: SamplingParams,
    /// How many offers a question gets.
    pub(super) count: usize,
    /// How the writer's settings have offers made.
    pub(super) own: Way,
    banned: Vec<String>,
    seed: u64,
    taken: Option<take::Taken>,
    /// A branch that was begun by taking an offer where it was asked, and the text that was left for it.
    branched: Option<(Revision, Revision)>,
    /// The last step back led out of that branch, so the next one on leads into it again.
    left_branch: bool,
    /// A line is offered to a writer who rests.
    pub(super) rests: bool,
    /// What was looked for last, and what came in its place.
    sought: (String, String),
    clipboard: Clipboard,
    recent: Recent,
    /// The file that settings chosen here are kept in, and what comes before it at each start.
    file: Option<PathBuf>,
    told_theme: Option<String>,
    /// Where drafts that are opened here keep their history, if they do.
    state: Option<PathBuf>,
    history: History,
    pointer: mouse::Pointer,
    requests: Sender<Request>,
    /// The page shows whose words they are.
    pub(super) whose: bool,
    /// Where the bot's queue is, if there is a bot.
    pub(super) mentions: Option<Place>,
    /// The writer was told that another program has changed the file.
    told_of_change: bool,
    /// What is known of other models, and of the one that comes.
    pub(super) models: Models,
    /// Where the writer's clock hangs.
    pub(super) zone: TimeZone,
    over: bool,
    air: air::Air,
}

impl App {
    /// A desk on a draft, with the cursor where one goes on. `seed` is the first offer's when the settings
    /// name none.
    pub fn new(
        mut session: Session,
        settings: &Settings,
        notices: Vec<String>,
        seed: u64,
        requests: Sender<Request>,
    ) -> Result<Self> {
        // A history remembers where the writer was.
        if session.revision() == 0 {
            session.motion(Motion::End, false);
        }
        let mut notices = Notices::new(notices);
        if let Some(reason) = session.read_only() {
            notices.warn(reason);
        }
        let themes = settings.themes.clone();
        let theme = themes.load(&settings.theme, settings.depth).or_else(|error| {
            notices.warn(format!("{error:#}"));
            Themes::default().load(&Settings::default().theme, settings.depth)
        })?;
        let mut recent = Recent::load(settings.state.as_deref());
        if let Some(path) = session.path() {
            recent.note(path);
        }
        let mut keymap = Keymap::parse(DEFAULTS)?;
        for line in &settings.keys {
            if let Err(error) = keymap.lay(line) {
                notices.warn(format!("{error:#}"));
            }
        }
        let mut app = Self {
            page: Page::default(),
            offers: Offers::default(),
            overlay: None,
            notices,
            model: Model::Loading,
            speed: None,
            sees: None,
            keymap,
            theme,
            themes,
            depth: settings.depth,
            preset: settings.preset.clone(),
            sampling: settings.sampling.clone(),
            count: settings.offers.clamp(1, MOST),
            own: Way {
                preset: settings.preset.clone(),
                sampling: settings.sampling.clone(),
                offers: settings.offers.clamp(1, MOST),
            },
            banned: settings.banned.clone(),
            seed: if settings.sampling.seed == 0 { seed } else { settings.sampling.seed },
            taken: None,
            branched: None,
            left_branch: false,
            rests: settings.idle,
            sought: Default::default(),
            clipboard: Clipboard::default(),
            recent,
            file: settings.file.clone(),
            told_theme: settings.told_theme.clone(),
            state: settings.state.clone(),
            history: settings.history,
            pointer: mouse::Pointer::default(),
            requests,
            whose: false,
            mentions: settings.mentions.clone(),
            told_of_change: false,
            models: Models::default(),
            zone: settings.zone.clone(),
            over: false,
            air: air::Air::new(&settings.air),
            session,
        };
        if let Some(recovery) = app.session.recovery() {
            app.ask_recovered(recovery);
        }
        app.tell_of_history();
        Ok(app)
    }

    /// What went wrong with the history, or happened to it, is said as soon as something else happens.
    fn tell_of_history(&mut self) {
        for notice in self.session.notices() {
            self.notices.warn(notice);
        }
    }

    /// From now on what is copied goes to the terminal and the system too, and what the system has is pasted.
    pub fn use_systems_clipboard(&mut self, env: impl Fn(&str) -> Option<String>) {
        self.clipboard = Clipboard::of_system(env);
    }

    /// The draft.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The place from which the model saw the text when it was asked last; `None` before it has read anything.
    pub(super) fn seen_from(&self) -> Option<usize> {
        self.sees.and_then(|(at, from)| self.session.map(at, from))
    }

    /// How tokens are chosen.
    pub(super) fn sampling(&self) -> &SamplingParams {
        &self.sampling
    }

    /// The writer has left.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Shows everything.
    pub fn draw(&mut self, frame: &mut Frame) {
        match &self.air.live {
            Some(live) => live.draw(frame),
            None => super::view::draw(self, frame),
        }
        super::view::settle(frame.buffer_mut());
    }

    /// Something has happened.
    pub fn handle(&mut self, event: Event) {
        if let Some(live) = self.air.live.take() {
            return self.happen(live, event);
        }
        match event {
            Event::Terminal(Terminal::Key(key)) if !key.is_release() => {
                let cursor = self.session.cursor();
                self.press(key);
                self.tend_ghost(Some(cursor));
            }
            Event::Rest => self.rested(),
            Event::Tick => {}
            Event::Terminal(Terminal::Paste(text)) => {
                self.pasted(&text);
                self.tend_ghost(None);
            }
            Event::Terminal(Terminal::FocusGained) => self.look_at_file(),
            // What stands under the pointer is asked first.
            Event::Terminal(Terminal::Mouse(event)) => {
                if !self.point_at_offers(event) {
                    self.point(event);
                }
                self.tend_ghost(None);
            }
            Event::Terminal(Terminal::Resize(..)) => self.page.resize(),
            Event::Terminal(_) => {}
            Event::News(news) => {
                self.hear(news);
                self.tend_ghost(None);
            }
            Event::Shelf(word) => self.hear_shelf(word),
            // The system wants the program gone, perhaps with the terminal: nothing is asked, and nothing lost.
            Event::Signal(Signal::End) | Event::Deaf(_) => self.over = true,
            Event::Signal(_) => {}
        }
        if self.over {
            self.stop_all();
        }
        self.keep_offers();
        self.tell_of_history();
        self.open_what_came();
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Loaded(info) => self.greet(info),
            News::NotOpened(why) => self.keep_model(&why),
            News::Gone(why) => self.lose_model(why),
            News::Speed(speed) => self.speed = Some(speed),
            News::Measured(speed) => self.note_speed(speed),
            News::Reading(branch, reading) => self.read(branch, reading),
            News::Token(branch, token) => self.grow(branch, &token),
            News::Done(branch, why) => self.finish(branch, why),
            News::Seen(number, seen) => self.see(number, seen),
            News::Failed(branch, why) => {
                if !self.saw_nothing(branch, &why) {
                    self.fail(branch, why);
                }
            }
        }
    }

    fn send(&self, request: Request) {
        // The worker hangs up only when it has told that the model is gone.
        let _ = self.requests.send(request);
    }
}
