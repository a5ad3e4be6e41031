//! What a show is begun with, opened before the screen is taken, so that mistakes are told where they can be read.

use super::{
    Rundown, Settings,
    publish::{Place, Publisher},
    speech::Speech,
};
use crate::clean::Bleeps;
use anyhow::Result;
use std::path::Path;

/// Everything that a show has besides the draft.
pub struct Gear {
    /// The prompts, when there is a rundown.
    pub rundown: Option<Rundown>,
    /// What must not be shown.
    pub bleeps: Bleeps,
    /// The way to viewers.
    pub publisher: Option<Publisher>,
    /// The voice, when it reads from the start.
    pub voice: Option<Speech>,
    /// What else was set.
    pub settings: Settings,
}

impl Gear {
    /// Opens what the settings and the command line name.
    ///
    /// # Errors
    /// A rundown or a list with mistakes, a port that is taken, a file that can't be written: each with its name.
    pub fn open(
        settings: Settings,
        rundown: Option<&Path>,
        bleep: &[std::path::PathBuf],
        overlay: Option<&Place>,
    ) -> Result<Self> {
        let mut bleeps = if settings.bleep { Bleeps::standard() } else { Bleeps::default() };
        for word in &settings.bleep_words {
            bleeps.add(word)?;
        }
        for file in bleep {
            bleeps.read(file)?;
        }
        let rundown = rundown.map(Rundown::read).transpose()?;
        let voice = settings.voice.then(|| Speech::new(&settings.speak, Default::default()));
        let voice = voice.transpose()?;
        let publisher = overlay.map(Publisher::open).transpose()?;
        Ok(Self { rundown, bleeps, publisher, voice, settings })
    }

    /// What the desk goes on air with: the settings alone. What is wrong in them is left out and told.
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
