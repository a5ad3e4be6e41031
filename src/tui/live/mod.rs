//! On air: a model at work before an audience. It is a mode of the desk, with the same model thread, session and theme,
//! and has the same form: events in, requests out, and a clock that is passed in. `Live::wait` says when it wants to be
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
mod pace;
mod page;
mod play;
mod prompts;
mod publish;
mod roll;
mod rundown;
mod settings;
mod shown;
mod speech;
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
use std::{path::PathBuf, time::Duration};
use strum::IntoEnumIterator;
use voice::Voice;

/// Time since some moment, which only goes on. Handed in, so that tests can make any time pass.
pub type Clock = Box<dyn Fn() -> Duration>;

/// What stands before the text and has the keys.
enum Panel {
    Line(Line),
    Dice(Dice),
    /// The keys, from some row on.
    Help(usize),
}

/// Where one goes from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// To the desk.
    Desk,
    /// Out of the program.
    Program,
}

/// What the desk hands over.
pub struct Stage {
    /// The model, how it is asked, and the way to it.
    pub asking: Asking,
    /// How roles look.
    pub theme: Theme,
    /// The time.
    pub clock: Clock,
    /// Where the host's clock hangs.
    pub zone: TimeZone,
    /// The folder for the markers of a draft that has none.
    pub state: Option<PathBuf>,
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
    publisher: Option<Publisher>,
    notice: Option<String>,
    asking: Asking,
    /// The usual length of a take, in tokens.
    tokens: usize,
    keymap: Keymap<Cue>,
    leaves: Option<Leave>,
}

/// How the show looks.
struct Look {
    letters: Letters,
    theme: Theme,
}

/// Branches of a show have numbers of their own, far from the desk's.
const FIRST_BRANCH: BranchId = 1 << 40;

impl Live {
    /// Goes on air with what was opened for it. Without a rundown the draft itself is the prompt.
    ///
    /// # Errors
    /// The table of keys is broken; the program's own isn't.
    pub fn new(gear: Gear, stage: Stage, session: &Session) -> Result<Self> {
        let Gear { rundown, bleeps, publisher, voice, settings } = gear;
        let prompts = Prompts::new(rundown, || session.text().to_string());
        let mut notice = session.read_only().map(|_| {
            "This draft can only be read here: nothing of the show is kept in it.".to_owned()
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
            play: Play::new(settings.pace),
            time: Time::new(stage.clock),
            look: Look { letters: settings.letters, theme: stage.theme },
            markers: Markers::new(stage.zone, stage.state),
            bleeps,
            voice: Voice::new(voice, settings.speak),
            publisher,
            notice,
            asking: stage.asking.with_branches_from(FIRST_BRANCH),
            tokens: settings.tokens.max(1),
            keymap,
            leaves: None,
        };
        live.take_pace();
        live.publish();
        Ok(live)
    }

    /// Back on air after a while at the desk, where the draft may have become another one.
    pub fn come_back(&mut self, stage: Stage, session: &Session) {
        (self.leaves, self.notice) = (None, None);
        (self.asking.model, self.asking.style) = (stage.asking.model, stage.asking.style);
        self.look.theme = stage.theme;
        self.time.advance();
        for item in self.prompts.iter_mut() {
            // What stands in the draft is the writer's now.
            item.section = None;
            if item.origin == Origin::Draft {
                let text = session.text().to_string();
                *item = Item::new(Origin::Draft, Prompt { text, ..item.prompt.clone() });
            }
        }
        self.publish();
    }

    /// Off air.
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

    /// Where the host wants to go.
    pub fn leaves(&self) -> Option<Leave> {
        self.leaves
    }

    fn item(&self) -> &Item {
        self.prompts.current()
    }

    /// Says something until the next key.
    fn say(&mut self, notice: impl Into<String>) {
        self.notice = Some(notice.into());
    }

    /// Something is wrong with the draft's history. What it is may name folders.
    pub fn warn(&mut self) {
        let key = self.key(Cue::OffAir);
        self.say(format!(
            "Not everything is kept of this show; {key} leads to the desk, which tells why."
        ));
    }

    /// The usual key of a cue, as a hint names it.
    fn key(&self, cue: Cue) -> String {
        self.keymap.keys(cue).next().map_or_else(|| "a key".into(), name)
    }
}

/// A key as a hint names it: a letter as it is typed.
fn name(key: Key) -> String {
    key.typed().filter(|c| *c != ' ').map_or_else(|| key.to_string(), |c| c.to_string())
}
