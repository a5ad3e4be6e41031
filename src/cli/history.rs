//! Commands that read the history of a draft.

use super::ModelChoice;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use std::{path::PathBuf, time::Duration};
use strum::VariantNames;
use unstuck::{commands::export::Format, ui::chapters::read_clock};

/// Arguments of `unstuck verify`.
#[derive(Args, Debug)]
pub struct Verify {
    /// The draft
    #[arg(value_name = "DRAFT")]
    pub draft: PathBuf,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// Check with this model instead of those that the receipts name.
    #[command(flatten)]
    pub choice: ModelChoice,
}

/// Arguments of `unstuck export`.
#[derive(Args, Debug)]
pub struct Export {
    /// The draft
    #[arg(value_name = "DRAFT")]
    pub draft: PathBuf,

    /// What to make: md, html, json, notes (show notes), cast (asciicast), vtt (subtitles) or chapters
    #[arg(
        long,
        value_name = "FORMAT",
        value_parser = PossibleValuesParser::new(Format::VARIANTS).try_map(|name| name.parse::<Format>())
    )]
    pub format: Format,

    /// Write to FILE instead of standard output. Chapters are labels of Audacity in a file that ends in .txt, else JSON
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Only this sitting, from 1: a sitting ends with a pause of half an hour [default: all]
    #[arg(long, value_name = "N")]
    pub sitting: Option<usize>,

    /// The version of an asciicast: 3, or 2 for older players
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "3",
        value_parser = clap::value_parser!(u8).range(2..=3)
    )]
    pub asciicast: u8,

    /// Check with this model instead of those that the receipts name.
    #[command(flatten)]
    pub choice: ModelChoice,
}

/// Arguments of `unstuck replay`.
#[derive(Args, Debug)]
pub struct Replay {
    /// The draft
    #[arg(value_name = "DRAFT")]
    pub draft: PathBuf,

    /// Only this sitting, from 1: a sitting ends with a pause of half an hour [default: all]
    #[arg(long, value_name = "N")]
    pub sitting: Option<usize>,

    /// The speed: 2 is twice as fast as it was written
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = parse_speed)]
    pub speed: f32,

    /// Begin at this time: seconds, MM:SS or HH:MM:SS
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = parse_time)]
    pub at: Duration,

    /// Begin paused; the right arrow goes to the next change
    #[arg(long)]
    pub step: bool,

    /// Print the page after each change as text, as without a terminal
    #[arg(long)]
    pub text: bool,
}

fn parse_speed(text: &str) -> Result<f32, String> {
    let speed = text.parse().ok().filter(|speed| (0.01..=1000.0).contains(speed));
    speed.ok_or_else(|| "expected a number from 0.01 to 1000".into())
}

fn parse_time(text: &str) -> Result<Duration, String> {
    read_clock(text).ok_or_else(|| "expected seconds, MM:SS or HH:MM:SS".to_owned())
}
