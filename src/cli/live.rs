//! Options of `unstuck --live`.

use super::parse_number_of;
use clap::Args;
use std::path::{Path, PathBuf};
use unstuck::tui::live::{FASTEST, Gear, Place, SLOWEST, Settings};

/// Options of a show.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "On air")]
pub struct Live {
    /// Go on air: show the model at work in large text, at reading pace
    #[arg(long)]
    pub live: bool,

    /// The prompts of the show: a text file with a line `## name` above each
    #[arg(long, value_name = "FILE", requires = "live")]
    pub rundown: Option<PathBuf>,

    /// A file of words and phrases to bleep, one per line; can be given several times
    #[arg(long, value_name = "FILE", requires = "live")]
    pub bleep: Vec<PathBuf>,

    /// Words per minute, 20 to 900 [default: 140]
    #[arg(long, value_name = "N", requires = "live", value_parser = parse_pace)]
    pub pace: Option<u16>,

    /// For viewers: write the shown text to a file, or serve it as a page on this machine
    #[arg(long, value_name = "FILE|http://127.0.0.1:PORT", requires = "live", value_parser = parse_place)]
    pub overlay: Option<Place>,

    /// Read aloud with this program, which gets one sentence at a time on standard input. Example: "espeak-ng --stdin"
    #[arg(long, value_name = "PROGRAM", requires = "live")]
    pub speak: Option<String>,
}

impl Live {
    /// Reads the files of a show and opens its outputs, before the screen is taken; `None` without `--live`. Nothing is
    /// written yet. The overlay must not be `draft`.
    ///
    /// # Errors
    /// As [`Gear::open`].
    pub fn gear(&self, settings: &Settings, draft: Option<&Path>) -> anyhow::Result<Option<Gear>> {
        if !self.live {
            return Ok(None);
        }
        let mut air = settings.clone();
        air.pace = self.pace.unwrap_or(air.pace);
        if let Some(program) = &self.speak {
            (air.speak, air.voice) = (program.clone(), true);
        }
        let overlay = self.overlay.as_ref();
        Gear::open(air, self.rundown.as_deref(), &self.bleep, overlay, draft).map(Some)
    }
}

fn parse_pace(text: &str) -> Result<u16, String> {
    parse_number_of(text, SLOWEST, FASTEST)
}

fn parse_place(text: &str) -> Result<Place, String> {
    text.parse().map_err(|error: anyhow::Error| format!("{error:#}"))
}
