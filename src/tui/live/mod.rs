//! On air: a model at work before an audience. It is a mode of the desk, with the same model thread, session and theme,
//! and has the same form: events in, requests out, and a clock that is passed in. `Live::wait` says when it must be
//! called again.
//!
//! The model runs ahead, and the screen follows. A `Take` has all tokens that arrived, and the number of them that are
//! shown. `pace` pays for each word that starts. A token is shown once it is certain what may be seen of it:
//! `Bleeps::judge` (`clean/bleep`) gets the end of the prompt and all that was said as one text, and returns what must
//! be hidden, and the byte up to which later text can't change that. So screen, voice, viewers' page and markers have
//! one source, and it doesn't matter how words are split into tokens.
//!
//! Rolling again, a what-if and continuing are the same: ask after some tokens of a take. Each question and each take
//! goes into the history, as on the desk. What was shown of the current take goes into the draft when its prompt is
//! left (`notes.rs`). Voice and viewers have threads of their own, which are sent messages and never waited for. The
//! page (`page/`) is a small HTTP server that only this machine can reach.

mod act;
mod cue;
mod dice;
mod gear;
mod happen;
mod item;
mod line;
mod markers;
mod notes;
mod overlay;
mod pace;
mod page;
mod play;
mod prompts;
mod publish;
mod resume;
mod roll;
mod rundown;
mod settings;
mod shown;
mod speech;
mod spot;
mod take;
mod view;
mod voice;

pub use cue::{Cue, KEYS};
pub use gear::Gear;
pub use pace::{FASTEST, SLOWEST};
pub use publish::{Place, Publisher};
pub use rundown::{Prompt, Rundown};
pub use settings::{Letters, Settings};
pub use shown::Shown;
pub use speech::{Patience, Speech};

use crate::{
    clean::Bleeps,
    session::Session,
    token::BranchId,
    ui::{
        asking::Asking,
        keymap::{Key, Keymap},
        theme::Theme,
    },
};
use anyhow::Result;
use dice::Dice;
use item::{Item, Origin};
use jiff::tz::TimeZone;
use line::Line;
use markers::Markers;
use play::{Play, Time};
use prompts::Prompts;
use resume::Keeper;
use spot::Spot;
use std::{path::PathBuf, time::Duration};
use strum::IntoEnumIterator;
use voice::Voice;

/// A monotonic clock: the time since some start. Passed in, so that tests can control it.
pub type Clock = Box<dyn Fn() -> Duration>;

/// A panel over the text. It gets the keys.
enum Panel {
    Line(Line),
    Dice(Dice),
    /// The round for guests.
    Spot(Spot),
    /// The list of keys, scrolled to a row.
    Help(usize),
}

/// What follows when a show is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Go to the desk.
    Desk,
    /// Quit the program.
    Program,
}

/// What the desk passes to a show.
pub struct Stage {
    /// The model, the sampling style and the channel to the worker.
    pub asking: Asking,
    /// The colours.
    pub theme: Theme,
    /// The time.
    pub clock: Clock,
    /// The host's time zone.
    pub zone: TimeZone,
    /// The state folder, for the markers of a draft without a file, and for the show itself.
    pub state: Option<PathBuf>,
    /// The show is saved, so that it can be resumed: the draft has a history.
    pub resumes: bool,
}

/// A show.
pub struct Live {
    prompts: Prompts,
    panel: Option<Panel>,
    play: Play,
    time: Time,
    look: Look,
    markers: Markers,
    bleeps: Bleeps,
    voice: Voice,
    /// Saves the show, so that it can be resumed.
    keeper: Option<Keeper>,
    publisher: Option<Publisher>,
    notice: Option<String>,
    asking: Asking,
    keymap: Keymap<Cue>,
    leaves: Option<Leave>,
}

/// How the show looks.
struct Look {
    letters: Letters,
    theme: Theme,
}

/// The first branch number of a show. The desk's numbers are far below.
const FIRST_BRANCH: BranchId = 1 << 40;

impl Live {
    /// Begins a show. Without a rundown the draft is the prompt.
    ///
    /// # Errors
    /// The built-in table of keys is invalid, which is a bug.
    pub fn new(gear: Gear, stage: Stage, session: &Session) -> Result<Self> {
        let Gear { rundown, bleeps, publisher, voice, settings } = gear;
        let read_from = rundown.as_ref().and_then(|rundown| rundown.path.clone());
        let state = stage.state.as_deref().filter(|_| stage.resumes);
        let keeper = Keeper::new(state, session, read_from.as_deref());
        let prompts = Prompts::new(rundown, || session.text().to_string());
        let mut notice = session.read_only().map(|_| {
            "This draft is read-only here: nothing of the show is saved in it.".to_owned()
        });
        let keymap = settings.keymap().or_else(|error| {
            notice = Some(format!("{error:#}"));
            Keymap::parse_any(KEYS, Cue::iter())
        })?;
        if let Some(address) = publisher.as_ref().and_then(Publisher::address) {
            notice = notice.or(Some(format!("Viewers see this at http://{address}/")));
        }
        let mut live = Self {
            prompts,
            panel: None,
            play: Play::new(settings.pace, settings.tokens),
            time: Time::new(stage.clock),
            look: Look { letters: settings.letters, theme: stage.theme },
            markers: Markers::new(stage.zone, stage.state),
            bleeps,
            voice: Voice::new(voice, settings.speak),
            keeper,
            publisher,
            notice,
            asking: stage.asking.with_branches_from(FIRST_BRANCH),
            keymap,
            leaves: None,
        };
        let saved = live.keeper.as_ref().and_then(|keeper| keeper.found(session.now()));
        if let Some(saved) = saved {
            live.resume(saved, session);
        }
        live.take_pace();
        live.publish();
        Ok(live)
    }

    /// Continues the show after a visit to the desk, where the draft may have changed.
    pub fn come_back(&mut self, stage: Stage, session: &Session) {
        (self.leaves, self.notice) = (None, None);
        (self.asking.model, self.asking.style) = (stage.asking.model, stage.asking.style);
        self.look.theme = stage.theme;
        self.time.advance();
        for item in self.prompts.iter_mut() {
            // What was written into the draft may have been edited: it isn't updated any more.
            item.section = None;
            if item.origin == Origin::Draft {
                let text = session.text().to_string();
                *item = Item::new(Origin::Draft, Prompt { text, ..item.prompt.clone() });
            }
        }
        self.publish();
    }

    /// Ends the show: stops the model, writes to the draft, clears what viewers see.
    fn leave(&mut self, session: &mut Session) {
        self.stop_all();
        self.note_takes(session);
        self.note_shown(session);
        self.play.going = false;
        self.panel = None;
        self.voice.hush();
        if let Some(publisher) = &mut self.publisher {
            publisher.show(Shown::default());
        }
    }

    /// Whether the show is being left, and for what.
    pub fn leaves(&self) -> Option<Leave> {
        self.leaves
    }

    fn item(&self) -> &Item {
        self.prompts.current()
    }

    /// Shows a notice until the next key.
    fn say(&mut self, notice: impl Into<String>) {
        self.notice = Some(notice.into());
    }

    /// Tells that the history couldn't be written. The reason isn't shown on air: it may contain paths.
    pub fn warn(&mut self) {
        let key = self.key(Cue::OffAir);
        self.say(format!(
            "Not all of this show could be saved. {key} opens the desk, which shows why."
        ));
    }

    /// The first key of a cue, as shown in hints.
    fn key(&self, cue: Cue) -> String {
        self.keymap.keys(cue).next().map_or_else(|| "a key".into(), name)
    }
}

/// The name of a key in hints: for a letter, the letter itself.
fn name(key: Key) -> String {
    key.typed().filter(|c| *c != ' ').map_or_else(|| key.to_string(), |c| c.to_string())
}
