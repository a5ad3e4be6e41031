//! What a show needs besides the draft. It is opened before the terminal is taken over, so that errors are printed
//! normally.

use super::{
    Rundown, Settings,
    publish::{Place, Publisher},
    speech::Speech,
};
use crate::clean::Bleeps;
use anyhow::Result;
use std::path::Path;

/// What a show needs besides the draft.
pub struct Gear {
    /// The rundown, if there is one.
    pub rundown: Option<Rundown>,
    /// The words to bleep.
    pub bleeps: Bleeps,
    /// The overlay for viewers.
    pub publisher: Option<Publisher>,
    /// The voice, if it is switched on from the start.
    pub voice: Option<Speech>,
    /// The settings.
    pub settings: Settings,
}

impl Gear {
    /// Opens what the settings and the command line name. Nothing is written yet. `draft` is the draft's path, which the
    /// overlay must not have.
    ///
    /// # Errors
    /// The rundown or a bleep list is invalid, the port is taken, or the overlay's file can't be written.
    pub fn open(
        settings: Settings,
        rundown: Option<&Path>,
        bleep: &[std::path::PathBuf],
        overlay: Option<&Place>,
        draft: Option<&Path>,
    ) -> Result<Self> {
        let mut bleeps = if settings.bleep { Bleeps::standard() } else { Bleeps::default() };
        for word in &settings.bleep_words {
            bleeps.add(word)?;
        }
        for file in bleep {
            bleeps.read(file)?;
        }
        let read_from = rundown;
        let rundown = rundown.map(Rundown::read).transpose()?;
        let voice = settings.voice.then(|| Speech::new(&settings.speak, Default::default()));
        let voice = voice.transpose()?;
        let mut others: Vec<(&str, &Path)> = Vec::new();
        others.extend(draft.map(|draft| ("the draft", draft)));
        others.extend(read_from.map(|rundown| ("the rundown", rundown)));
        others.extend(bleep.iter().map(|list| ("a bleep list", list.as_path())));
        let publisher = overlay.map(|place| Publisher::open(place, &others)).transpose()?;
        Ok(Self { rundown, bleeps, publisher, voice, settings })
    }

    /// For a show that is begun from the desk: the settings alone. Invalid bleep words are skipped; the error is
    /// returned too.
    pub fn of_desk(settings: &Settings) -> (Self, Option<String>) {
        let mut bleeps = if settings.bleep { Bleeps::standard() } else { Bleeps::default() };
        let mut wrong = None;
        for word in &settings.bleep_words {
            if let Err(error) = bleeps.add(word) {
                wrong = Some(format!("live.bleep_words: {error:#}"));
            }
        }
        let settings = settings.clone();
        (Self { rundown: None, bleeps, publisher: None, voice: None, settings }, wrong)
    }
}
