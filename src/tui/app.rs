//! The app: the desk, the overlays over it, and the show when there is one. It passes each event to the overlay on top,
//! then to the desk. Nothing here waits or reads a clock.

use super::{
    Event, Settings,
    command::Command,
    desk::{Clipboard, Desk},
    drawn,
    live::{Gear, Leave},
    overlay::{self, Flow, Layer, Recovered},
    show::Show,
    tour::Tour,
    view::{self, Areas, Status},
};
use crate::{
    clean::for_terminal,
    session::Session,
    ui::{
        asking::Offers,
        keymap::Key,
        shelf::Errand,
        signals::Signal,
        worker::{News, Request},
    },
};
use anyhow::Result;
use crossterm::event::{
    Event as Terminal, KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::Frame;
use std::{sync::mpsc::Sender, time::Duration};

/// Everything on the screen.
pub struct App {
    desk: Desk,
    /// Overlays, the one on top last.
    layers: Vec<Box<dyn Layer>>,
    show: Show,
    tour: Option<Tour>,
}

impl App {
    /// Opens a draft. `seed` is the seed of the first offer if the settings have none.
    ///
    /// # Errors
    /// The built-in keys or the built-in theme are broken.
    pub fn new(
        session: Session,
        settings: &Settings,
        notices: Vec<String>,
        seed: u64,
        requests: Sender<Request>,
    ) -> Result<Self> {
        let keymap = overlay::keymap()?;
        let desk = Desk::new(session, settings, keymap, notices, seed, requests)?;
        let mut app = Self { desk, layers: Vec::new(), show: Show::new(&settings.air), tour: None };
        if settings.environment.tour {
            app.run(Command::Tour);
        }
        app.ask_recovered();
        Ok(app)
    }

    /// Connects the clipboards of the terminal and the system.
    pub fn use_systems_clipboard(&mut self, env: impl Fn(&str) -> Option<String>) {
        self.desk.clipboard = Clipboard::of_system(env);
    }

    /// Connects the shelf of other models.
    pub fn use_shelf(&mut self, errands: Sender<Errand>) {
        self.desk.use_shelf(errands);
    }

    /// Sets the clock of shows: the time since some fixed moment.
    pub fn set_clock(&mut self, clock: impl Fn() -> Duration + 'static) {
        self.show.set_clock(clock);
    }

    /// The draft.
    pub fn session(&self) -> &Session {
        &self.desk.session
    }

    /// The desk.
    pub(super) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The desk, to be changed.
    pub(super) fn desk_mut(&mut self) -> &mut Desk {
        &mut self.desk
    }

    /// The overlay on top.
    pub(super) fn top(&self) -> Option<&dyn Layer> {
        self.layers.last().map(|layer| &**layer)
    }

    /// Closes the overlay on top.
    pub(super) fn close(&mut self) {
        self.layers.pop();
    }

    /// The offers.
    pub fn offers(&self) -> &Offers {
        &self.desk.offers
    }

    /// Whether the writer has left.
    pub fn is_over(&self) -> bool {
        self.desk.over
    }

    /// The title of the terminal's window. On air it doesn't show the draft's name.
    pub fn title(&self) -> String {
        if self.show.is_on() {
            return "on air · unstuck".into();
        }
        let session = &self.desk.session;
        let unsaved = if session.is_saved() { "" } else { " ●" };
        let title = session.title().replace(['\n', '\t'], " ");
        format!("{}{unsaved} · unstuck", for_terminal(&title))
    }

    /// How long until the app needs a [`Event::Tick`]; `None` if it needs none.
    pub fn wait(&self) -> Option<Duration> {
        self.show.wait().into_iter().chain(self.desk.timer_wait()).min()
    }

    /// Whether a show runs.
    pub fn is_on_air(&self) -> bool {
        self.show.is_on()
    }

    /// After how long without a key the app needs an [`Event::Stall`]; `None` if it needs none.
    pub fn stall(&self) -> Option<Duration> {
        self.desk.world.stuck.stall()
    }

    /// Draws everything.
    pub fn draw(&mut self, frame: &mut Frame) {
        if !self.show.draw(frame) {
            self.draw_desk(frame);
        }
        view::settle(frame.buffer_mut());
    }

    fn draw_desk(&mut self, frame: &mut Frame) {
        let desk = &mut self.desk;
        view::ground(desk, frame);
        let Some(mut areas) = Areas::of(frame.area(), desk) else {
            return view::too_small(desk, frame);
        };
        view::lay_out(desk, &areas);
        desk.mark_spelling();
        desk.criticize();
        let layer = self.layers.last();
        let window = desk.page.window().unwrap_or_default();
        let marks = layer.map(|layer| layer.marks(&desk.session, window)).unwrap_or_default();
        let mut drawn = view::draw(desk, frame, &mut areas, &marks, layer.is_none());
        let mut status = Status::Page;
        if let Some(layer) = layer {
            drawn.overlay = layer.draw(desk, frame, &areas);
            status = layer.status(desk);
        }
        // A message may cover rows above the status line.
        view::status::draw(desk, frame, areas.status, status);
        desk.page.drawn_at(drawn.page);
        desk.drawn = drawn;
    }

    /// Handles an event.
    pub fn handle(&mut self, event: Event) {
        if self.show.is_on() {
            return self.happen_on_air(event);
        }
        match event {
            Event::Terminal(Terminal::Key(key)) if !key.is_release() => {
                let cursor = self.desk.session.cursor();
                let before = self.desk.session.text().len_chars();
                self.press(key);
                self.desk.tend_ghost(Some(cursor));
                self.desk.look_for_delete_loop(before);
            }
            Event::Stall => {
                if self.layers.is_empty() {
                    self.desk.offer_unasked();
                }
            }
            Event::Rest => {
                if self.layers.is_empty() {
                    self.desk.rested();
                }
            }
            Event::Tick => self.desk.look_at_timer(),
            Event::Terminal(Terminal::Paste(text)) => {
                self.desk.notices.forget_word();
                if !self.route(|layer, desk| layer.paste(&text, desk)) {
                    self.desk.paste(&text);
                }
                self.desk.tend_ghost(None);
            }
            Event::Terminal(Terminal::FocusGained) => self.desk.look_at_file(),
            Event::Terminal(Terminal::Mouse(event)) => {
                self.point(event);
                self.desk.tend_ghost(None);
            }
            Event::Terminal(Terminal::Resize(..)) => self.desk.page.resize(),
            Event::Terminal(_) => {}
            Event::News(news) => {
                self.hear(news);
                self.desk.tend_ghost(None);
            }
            Event::Shelf(word) => {
                self.desk.hear_shelf(word);
                self.refresh();
            }
            // The system ends the program, perhaps with the terminal: no question is asked, and nothing is lost.
            Event::Signal(Signal::End) | Event::Deaf(_) => self.desk.over = true,
            Event::Signal(_) => {}
        }
        self.follow_tour(false);
        self.desk.count_words();
        self.desk.tend_scores();
        self.desk.read_ahead();
        if self.desk.over {
            self.desk.stop_all();
            self.desk.world.tally.write();
        }
        self.desk.keep_offers();
        self.desk.tell_of_history();
        self.desk.open_what_came();
    }

    fn press(&mut self, event: KeyEvent) {
        self.desk.key_pressed();
        let key = Key::from(event);
        if self.tour.is_some()
            && key.code() == KeyCode::Esc
            && self.layers.is_empty()
            && !self.desk.can_stop()
        {
            return self.follow_tour(true);
        }
        if self.route(|layer, desk| layer.press(key, event, desk)) {
            return;
        }
        if let Some(command) = self.desk.press(key) {
            self.run(command);
        }
    }

    fn follow_tour(&mut self, skipped: bool) {
        let Some(mut tour) = self.tour.take() else { return };
        if tour.follow(skipped, &mut self.desk) {
            self.tour = Some(tour);
        }
    }

    fn point(&mut self, event: MouseEvent) {
        let at = (event.column, event.row);
        let Some(top) = self.layers.last_mut() else { return self.desk.point(event) };
        match event.kind {
            MouseEventKind::ScrollUp => top.wheel(-1, &mut self.desk),
            MouseEventKind::ScrollDown => top.wheel(1, &mut self.desk),
            MouseEventKind::Down(MouseButton::Left) => {
                let taken = self.route(|layer, desk| layer.click(at, desk));
                if !taken {
                    self.desk.click(at);
                }
            }
            MouseEventKind::Up(MouseButton::Left) => self.desk.release(),
            _ => {}
        }
    }

    fn hear(&mut self, news: News) {
        let flow = self.layers.last_mut().and_then(|layer| layer.hear(&news, &mut self.desk));
        if let Some(flow) = flow {
            let layer = self.layers.pop();
            self.flow(layer, flow);
            return;
        }
        let is_other_model = matches!(news, News::Loaded(_));
        self.desk.hear(news);
        if is_other_model {
            self.refresh();
        }
    }

    fn refresh(&mut self) {
        self.layers.iter_mut().for_each(|layer| layer.refresh(&self.desk));
    }

    /// Passes an event to the overlay on top, and to the next one if it passes. False if none took it.
    fn route(&mut self, mut event: impl FnMut(&mut dyn Layer, &mut Desk) -> Flow) -> bool {
        while let Some(mut layer) = self.layers.pop() {
            let flow = event(&mut *layer, &mut self.desk);
            if !matches!(flow, Flow::Pass) {
                self.flow(Some(layer), flow);
                return true;
            }
        }
        false
    }

    /// Carries out the result of an event. `layer` is the overlay that handled it; it is not on the stack.
    fn flow(&mut self, layer: Option<Box<dyn Layer>>, flow: Flow) {
        match flow {
            Flow::Stay => self.layers.extend(layer),
            Flow::Close | Flow::Pass => {}
            Flow::Open(other) => {
                self.layers.extend(layer);
                self.put_on_top(other);
            }
            Flow::Replace(other) => self.put_on_top(other),
            Flow::Run(command) => self.run(command),
        }
    }

    fn put_on_top(&mut self, layer: Box<dyn Layer>) {
        // This overlay was not drawn yet. Until then, it may be scrolled to any row.
        self.desk.drawn.overlay =
            drawn::Overlay { most: usize::MAX / 2, ..drawn::Overlay::default() };
        self.layers.push(layer);
    }

    /// Runs a command.
    pub(super) fn run(&mut self, command: Command) {
        if let Some(tour) = &mut self.tour {
            tour.hear(command, &self.desk);
        }
        let flow = match command {
            Command::Tour => {
                self.tour = Some(Tour::begin(&mut self.desk));
                return;
            }
            Command::Opens(opens) => overlay::open(opens, &mut self.desk),
            Command::Save => overlay::save(&mut self.desk, false),
            Command::Quit => overlay::quit(&mut self.desk),
            Command::OnAir => return self.on_air(),
            other => return self.desk.run(other),
        };
        self.flow(None, flow);
    }

    /// Asks about recovered text after a crash, if there is any.
    fn ask_recovered(&mut self) {
        if let Some(question) = Recovered::of(&self.desk) {
            self.put_on_top(Box::new(question));
        }
    }

    /// Starts a show with the devices opened for it.
    pub fn go_on_air(&mut self, gear: Gear) {
        self.layers.clear();
        self.show.begin(gear, &mut self.desk);
    }

    fn on_air(&mut self) {
        self.layers.clear();
        self.show.on_air(&mut self.desk);
    }

    fn happen_on_air(&mut self, event: Event) {
        match self.show.handle(event, &mut self.desk) {
            None => {}
            Some(Leave::Program) if !self.desk.over => {
                let flow = overlay::quit(&mut self.desk);
                self.flow(None, flow);
            }
            // The question was open before the show and wasn't answered.
            Some(Leave::Desk) => {
                self.desk.tend_scores();
                self.ask_recovered();
            }
            Some(Leave::Program) => {}
        }
    }
}
