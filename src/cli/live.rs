//! What `unstuck --live` can be told.

use super::parse_number_of;
use clap::Args;
use std::path::PathBuf;
use unstuck::tui::live::{FASTEST, Gear, Place, SLOWEST, Settings};

/// Flags of a show.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "On air")]
pub struct Live {
    /// On air: the model at work in letters that can be read across a table, at reading pace
    #[arg(long)]
    pub live: bool,

    /// The prompts of the show: a page with `## name` above each
    #[arg(long, value_name = "FILE", requires = "live")]
    pub rundown: Option<PathBuf>,

    /// Words and phrases that are bleeped before anybody reads them, one a line; may be given several times
    #[arg(long, value_name = "FILE", requires = "live")]
    pub bleep: Vec<PathBuf>,

    /// How many words a minute [default: 140]
    #[arg(long, value_name = "N", requires = "live", value_parser = parse_pace)]
    pub pace: Option<u16>,

    /// For viewers: write what is shown to a file, or give it as a page on this machine
    #[arg(long, value_name = "FILE|http://127.0.0.1:PORT", requires = "live", value_parser = parse_place)]
    pub overlay: Option<Place>,

    /// Read aloud by this program, which reads a sentence from standard input, like "espeak-ng --stdin"
    #[arg(long, value_name = "PROGRAM", requires = "live")]
    pub speak: Option<String>,
}

impl Live {
    /// What a show is begun with, when one is: its files are read and its doors opened before the screen is taken.
    ///
    /// # Errors
    /// As [`Gear::open`].
    pub fn gear(&self, settings: &Settings) -> anyhow::Result<Option<Gear>> {
        if !self.live {
            return Ok(None);
        }
        let mut air = settings.clone();
        air.pace = self.pace.unwrap_or(air.pace);
        if let Some(program) = &self.speak {
            (air.speak, air.voice) = (program.clone(), true);
        }
        Gear::open(air, self.rundown.as_deref(), &self.bleep, self.overlay.as_ref()).map(Some)
    }
}

fn parse_pace(text: &str) -> Result<u16, String> {
    parse_number_of(text, SLOWEST, FASTEST)
}

fn parse_place(text: &str) -> Result<Place, String> {
    text.parse().map_err(|error: anyhow::Error| format!("{error:#}"))
}
