//! The desk: the draft, the page, the requests to the model, and everything else that overlays use. It knows no
//! overlays, and neither draws, waits nor reads a clock. `App` routes events to it.

mod arrange;
mod ask;
mod branches;
mod clipboard;
mod critic;
mod edit;
mod field;
mod file;
mod follow;
mod hand;
mod heard;
mod keep;
mod models;
mod mouse;
mod moved;
mod notices;
mod path;
mod pool;
mod recent;
mod roll;
mod scores;
mod sheet;
mod shelf;
mod smart;
mod span;
mod spell;
mod stuck;
mod take;
mod tally;
mod times;
mod wanted;

pub use branches::describe;
pub use clipboard::Clipboard;
pub use field::Field;
pub use file::{Parked, Saved, is_unsaved};
pub use hand::{BINS, Hand};
pub use models::Choice;
pub use mouse::NOTCH;
pub use notices::{Notice, Notices};
pub use recent::Recent;
pub use scores::{Shown, Token};
pub use shelf::{Models, about, progress};
pub use times::moment;

use super::{
    Environment, Settings,
    command::{Command, Move},
    drawn::Drawn,
    look::PageLook,
    page::Page,
    search::Searched,
};
use crate::{
    session::{Motion, Revision, Session, Shares},
    ui::{
        asking::{Asking, MOST, Model, Offers, Style, Words},
        keymap::{Key, Keymap},
        theme::{Depth, Theme, Themes},
        worker::Request,
    },
};
use anyhow::Result;
use critic::Critic;
use crossterm::event::KeyCode;
use mouse::Pointer;
use scores::Scores;
use spell::Spell;
use std::sync::mpsc::Sender;
use stuck::Stuck;
use tally::Tally;

/// Everything on the desk.
pub struct Desk {
    /// The draft and its history.
    pub session: Session,
    /// The viewport on the draft.
    pub page: Page,
    /// The model in use and the style of offers.
    pub asking: Asking,
    /// The offers.
    pub offers: Offers,
    /// The clipboard.
    pub clipboard: Clipboard,
    /// Messages for the status line.
    pub notices: Notices,
    /// Which key runs which command.
    pub keymap: Keymap<Command>,
    /// How the desk looks.
    pub look: Look,
    /// The desk's surroundings: files and the system.
    pub world: World,
    /// Other models.
    pub models: Models,
    /// Where things were drawn last.
    pub drawn: Drawn,
    /// The last search.
    pub searched: Searched,
    /// The desk is to close.
    pub over: bool,
    pointer: Pointer,
}

/// How the desk looks.
pub struct Look {
    /// The theme in use.
    pub theme: Theme,
    /// All themes there are.
    pub themes: Themes,
    /// How many colours the terminal has.
    pub depth: Depth,
    /// What the page shows of its text.
    pub shown: Shown,
    /// Nothing is drawn, and commands are typed by their names.
    pub plain: bool,
    /// How the page looks.
    pub page: PageLook,
}

/// The desk's surroundings, and what the desk knows of them.
pub struct World {
    /// Files, and facts from the system.
    pub environment: Environment,
    /// Drafts that were opened here.
    pub recent: Recent,
    /// The writer was told that another program has changed the file.
    pub told_of_change: bool,
    /// The draft as it was when the desk opened it.
    pub opened: Opened,
    /// Drafts that are open but not on the page, the one left last first.
    pub parked: Vec<Parked>,
    /// The names of the commands that were run from the palette, the last one first.
    pub commands: Vec<&'static str>,
    /// The words that were written.
    pub tally: Tally,
    /// Spelling.
    pub spell: Spell,
    /// The critic.
    pub critic: Critic,
    /// How the model reads the draft.
    pub scores: Scores,
    /// Whether the writer is stuck.
    pub stuck: Stuck,
    /// The largest share of the draft's words that may be the machine's, in percent.
    pub machine_share: u8,
}

/// A draft as it was when the desk opened it.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    /// Its text.
    pub revision: Revision,
    /// Who had written how much of it.
    pub shares: Shares,
}

impl Opened {
    /// A draft as it is now.
    pub fn of(session: &Session) -> Self {
        Self { revision: session.revision(), shares: session.shares() }
    }
}

impl Desk {
    /// A desk with a draft. The cursor is at the end, or where the journal has it. `seed` is the seed of the first
    /// offer if the settings have none.
    ///
    /// # Errors
    /// The built-in keys or the built-in theme are broken.
    pub fn new(
        mut session: Session,
        settings: &Settings,
        mut keymap: Keymap<Command>,
        notices: Vec<String>,
        seed: u64,
        requests: Sender<Request>,
    ) -> Result<Self> {
        // A journal remembers the cursor.
        if session.revision() == 0 {
            session.motion(Motion::End, false);
        }
        let mut notices = Notices::new(notices);
        let themes = settings.environment.themes.clone();
        let theme = themes.load(&settings.theme, settings.depth).or_else(|error| {
            notices.warn(format!("{error:#}"));
            Themes::default().load(&Settings::default().theme, settings.depth)
        })?;
        let mut recent = Recent::load(settings.environment.state.as_deref());
        if let Some(path) = session.path() {
            recent.note(path);
        }
        for line in &settings.environment.keys {
            if let Err(error) = keymap.lay(line) {
                notices.warn(format!("{error:#}"));
            }
        }
        let style = Style {
            preset: settings.preset.clone(),
            sampling: settings.sampling.clone(),
            own_temperature: settings.choosing.own_temperature,
            offers: settings.offers.clamp(1, MOST),
            candidates: settings.choosing.candidates,
        };
        let mut desk = Self {
            page: Page::default(),
            asking: Asking::new(style, seed, requests),
            offers: Offers::new(settings.idle, settings.choosing.filter.clone()),
            clipboard: Clipboard::default(),
            notices,
            keymap,
            look: Look {
                theme,
                themes,
                depth: settings.depth,
                shown: Shown::Off,
                plain: false,
                page: settings.page,
            },
            world: World {
                environment: settings.environment.clone(),
                recent,
                told_of_change: false,
                parked: Vec::new(),
                commands: Vec::new(),
                machine_share: settings.choosing.machine_share,
                tally: Tally::load(settings.environment.state.as_deref(), settings.goals),
                spell: Spell::default(),
                critic: Critic::new(&settings.critic),
                scores: Scores::default(),
                stuck: Stuck::new(&settings.choosing),
                opened: Opened::of(&session),
            },
            models: Models::default(),
            drawn: Drawn::default(),
            searched: Searched::default(),
            over: false,
            pointer: Pointer::default(),
            session,
        };
        desk.asking.words = Words::new(settings.banned.clone());
        desk.heed_notes();
        desk.count_words();
        desk.greet();
        desk.tell_of_history();
        Ok(desk)
    }

    /// Shows the journal's warnings.
    pub fn tell_of_history(&mut self) {
        for notice in self.session.notices() {
            self.notices.warn(notice);
        }
    }

    /// The first key of a command, for use in a sentence; in plain mode, its name.
    pub fn key(&self, command: impl Into<&'static str>) -> String {
        let name = command.into();
        if self.look.plain {
            return format!("/{name}");
        }
        let mut keys = self.keymap.keys_of(name);
        keys.next().map_or_else(|| "a key".into(), |key| key.to_string())
    }

    /// The first place of the draft that the model saw in the last request; `None` before any request was read.
    pub fn seen_from(&self) -> Option<usize> {
        self.offers.sees.and_then(|(at, from)| self.session.map(at, from))
    }

    /// A key was pressed: removes the short message, and resets scrolling by the wheel.
    pub fn key_pressed(&mut self) {
        self.notices.forget_word();
        self.pointer.forget();
        self.offers.scrolled = None;
    }

    /// Handles a key on the page: first by the list, if it has the focus; then by the table of keys; then as text.
    /// Returns the command to run, if any.
    pub fn press(&mut self, key: Key) -> Option<Command> {
        if self.offers.focus && self.press_list(key) {
            return None;
        }
        if let Some(command) = self.keymap.command(key) {
            return Some(command);
        }
        // Shift with a movement key selects.
        let unshifted = key.unshifted().and_then(|key| self.keymap.command(key));
        if let Some(to) = unshifted.and_then(Command::leads) {
            self.page.go(&mut self.session, to, true);
        } else if let Some(typed) = key.typed() {
            self.type_text(typed.encode_utf8(&mut [0; 4]));
        }
        None
    }

    /// Arrows and Enter while the list has the focus; other keys return the focus to the page. Returns whether the key
    /// was for the list.
    fn press_list(&mut self, key: Key) -> bool {
        let Some(list) = self.offers.list_mut() else {
            self.offers.focus = false;
            return false;
        };
        let last = list.offers.len().saturating_sub(1);
        match key.code() {
            KeyCode::Up => list.chosen = list.chosen.saturating_sub(1),
            KeyCode::Down => list.chosen = (list.chosen + 1).min(last),
            KeyCode::Enter => {
                self.offers.focus = false;
                self.take_chosen();
            }
            KeyCode::Esc => self.offers.focus = false,
            _ => {
                let command = self.keymap.command(key);
                // A command for an offer leaves the focus on the list.
                self.offers.focus = command.is_some_and(Command::is_about_an_offer);
                return command == Some(Command::Offers);
            }
        }
        true
    }

    /// Runs a command. Commands that open overlays are run by the app, and do nothing here.
    pub fn run(&mut self, command: Command) {
        if command.is_at_the_cursor() {
            self.page.come_back();
        }
        match command {
            Command::Ask => self.ask(),
            Command::AskOrTab => self.ask_or_tab(),
            Command::Stop => self.stop(),
            Command::RollAgain => self.roll_again(),
            Command::RollOne => self.roll_one(),
            Command::Pin => self.pin(),
            Command::Longer => self.longer(),
            Command::Idle => self.toggle_idle(),
            Command::MoreOffers => self.one_more(),
            Command::FewerOffers => self.one_fewer(),
            Command::TakeWord | Command::TakeSentence | Command::Right => {
                self.take_or_move(command)
            }
            Command::TakeAll => self.take_all(),
            Command::Offers => self.focus_offers(),
            Command::PreviousList => {
                if !self.offers.previous() {
                    self.notices.say("There is no earlier list of offers.");
                }
            }
            Command::NextList => {
                if !self.offers.following() {
                    self.notices.say("There is no later list of offers.");
                }
            }
            Command::NextBranch | Command::PreviousBranch => self.go_beside(command),
            Command::Whose => self.show_next(),
            Command::Critic => self.toggle_critic(),
            _ => match (command.numbered(), command.leads()) {
                (Some(number), _) => self.take_number(number),
                (_, Some(to)) => self.go(to),
                _ if self.arrange(command) || self.change_look(command) => {}
                _ => self.edit(command),
            },
        }
    }

    /// Moves the cursor.
    pub fn go(&mut self, to: Move) {
        self.page.go(&mut self.session, to, false);
    }

    /// Whether the model can be asked now.
    pub fn is_ready(&self) -> bool {
        matches!(self.asking.model, Model::Ready(_))
    }
}
