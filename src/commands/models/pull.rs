//! `unstuck models pull`: downloads a model from the hub, with a progress line if standard error is a terminal.

use super::note;
use crate::{
    clean::for_terminal,
    commands::Place,
    hub::{Hub, Pulled, Step},
    model::memory::size,
    weights::Checkpoint,
};
use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::IsTerminal,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Download a model into the shared cache. Setting `stop` ends the download; what has been downloaded is kept.
/// Returns the model's name, and its licence if the hub has one.
///
/// # Errors
/// When it can't be downloaded, or was stopped.
pub fn pull(
    hub: &Hub,
    name: &str,
    quiet: bool,
    stop: &Arc<AtomicBool>,
) -> Result<(String, Option<String>)> {
    let mut line = Line::new(name, quiet);
    let pulled = hub.pull(name, &mut |step| {
        line.show(step);
        match stop.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    line.bar.finish_and_clear();
    let Pulled::Here { name, snapshot, fetched, licence, unchecked } = pulled? else {
        bail!("{name}: stopped; the same command resumes the download");
    };
    Checkpoint::open(&snapshot)
        .with_context(|| format!("{name}: downloaded and verified, but it doesn't open"))?;
    let came = match fetched {
        0 => "already here".into(),
        bytes => format!("fetched, {}", size(bytes)),
    };
    let terms = licence.as_ref().map_or(String::new(), |licence| format!(" (licence: {licence})"));
    let mut text = format!("{name}: {came}{terms}; --model {name} opens it\n");
    if !unchecked.is_empty() {
        text += &format!(
            "{name}: the hub gave no checksum for {}; only lengths were verified\n",
            unchecked.join(", ")
        );
    }
    Place::open(None)?.write(&text)?;
    Ok((name, licence))
}

/// The progress line on standard error. If that is not a terminal, only waits are told, one line each.
struct Line {
    bar: ProgressBar,
    name: String,
    /// Whether waits are told.
    tells: bool,
    /// What is left of the wait that was told last.
    left: Duration,
}

impl Line {
    fn new(name: &str, quiet: bool) -> Self {
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr_with_hz(5)
        };
        let bar = ProgressBar::with_draw_target(None, target)
            .with_prefix(for_terminal(name).into_owned());
        bar.set_style(style("{prefix}: {wide_msg}"));
        bar.set_message("asking the hub");
        bar.enable_steady_tick(Duration::from_millis(500));
        let tells = !quiet && !std::io::stderr().is_terminal();
        Self { bar, name: name.to_owned(), tells, left: Duration::ZERO }
    }

    fn show(&mut self, step: Step) {
        if let Step::Waiting(left, why) = &step {
            // a wait is reported in slices, each with less left
            if self.tells && (self.left.is_zero() || *left > self.left) {
                let seconds = left.as_secs_f32().ceil();
                note(&[format!("{}: {why}; trying again in {seconds} s", self.name)]);
            }
            let slice = Duration::from_millis(500);
            self.left = if *left <= slice { Duration::ZERO } else { *left };
        }
        let bar = &self.bar;
        match step {
            Step::Sizes { total, here } => {
                bar.set_length(total);
                bar.set_position(here);
                bar.reset_eta(); // what was downloaded earlier must not count towards the rate
                bar.set_message("");
                bar.set_style(
                    style(
                        "{prefix}: {decimal_bytes} of {decimal_total_bytes} {bar:20} {decimal_bytes_per_sec}, {eta} left{msg}",
                    )
                    .progress_chars("=> "),
                );
            }
            Step::Bytes(bytes) => {
                bar.set_message("");
                bar.set_position(bytes);
            }
            Step::Checking(file) => bar.set_message(format!("; checking {}", for_terminal(&file))),
            Step::Waiting(left, why) => bar.set_message(format!(
                "; {}: trying again in {} s",
                for_terminal(&why),
                left.as_secs_f32().ceil()
            )),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
