//! Commands that read the history of a draft: verify, export, replay.

use crate::{catalogue, cli, config::Config};
use anyhow::Result;
use std::{path::Path, process::ExitCode};
use unstuck::{catalogue::Catalogue, commands, generate::Engine};

/// Opens the model that a receipt names, with weights in the form that it names.
fn opener(config: &Config) -> impl Fn(Option<&str>, Option<&str>) -> Result<Engine> {
    let catalogue = catalogue(config);
    move |name, form| {
        let precision = form.and_then(|form| form.parse().ok()).unwrap_or(catalogue.precision);
        Catalogue { precision, draft: None, ..catalogue.clone() }.open(name)
    }
}

/// Repeat the receipts of a draft; exit code 1 if not all of the machine's text is proven.
///
/// # Errors
/// When the draft or its history can't be read.
pub fn verify(
    args: &cli::Verify,
    config: &Config,
    told: &cli::Overrides,
    state: &Path,
) -> Result<ExitCode> {
    let own_model = told.model.is_some();
    let request =
        commands::verify::Request { draft: &args.draft, state, own_model, json: args.json };
    let is_proven = commands::verify::run(&request, &opener(config))?;
    Ok(if is_proven { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Export a draft. `tell` gets notices, each a sentence.
///
/// # Errors
/// When the draft or its history can't be read, or the output can't be written.
pub fn export(
    args: &cli::Export,
    config: &Config,
    told: &cli::Overrides,
    state: &Path,
    tell: &mut dyn FnMut(&str),
) -> Result<()> {
    let request = commands::export::Request {
        draft: &args.draft,
        state,
        format: args.format,
        output: args.output.as_deref(),
        sitting: args.sitting,
        version: args.asciicast,
        own_model: told.model.is_some(),
    };
    commands::export::run(&request, &opener(config), tell)
}

/// Play the history of a draft. `tell` gets notices, each a sentence.
///
/// # Errors
/// When there is no history, or no such sitting.
pub fn replay(args: &cli::Replay, state: &Path, tell: &mut dyn FnMut(&str)) -> Result<()> {
    let no_color = std::env::var("NO_COLOR").is_ok_and(|value| !value.is_empty());
    let request = commands::replay::Request {
        draft: &args.draft,
        state,
        sitting: args.sitting,
        speed: args.speed,
        at: args.at,
        step: args.step,
        text: args.text,
        colour: !no_color,
    };
    commands::replay::run(&request, tell)
}
