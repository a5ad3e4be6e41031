//! Figures for monitoring, as a text file that Prometheus' node exporter collects.

use crate::{
    mentions::{Held, Ledger, LedgerError, Moment, State},
    whole,
};
use std::{fmt::Write, path::Path};

/// The figures of a ledger.
///
/// # Errors
/// When the database fails.
pub fn text(ledger: &Ledger, now: Moment) -> Result<String, LedgerError> {
    let summary = ledger.summary(now)?;
    let mut text = String::new();
    let mut gauge = |name: &str, about: &str, values: &[(String, f64)]| {
        let _ =
            writeln!(text, "# HELP unstuck_bot_{name} {about}\n# TYPE unstuck_bot_{name} gauge");
        for (label, value) in values {
            let _ = writeln!(text, "unstuck_bot_{name}{label} {value}");
        }
    };
    let states: Vec<_> = summary
        .states
        .iter()
        .map(|(state, count)| (format!("{{state=\"{state}\"}}"), *count as f64))
        .collect();
    gauge("mentions", "Mentions in the ledger by state.", &states);
    gauge("opted_out", "Authors who opted out.", &[(String::new(), summary.opted_out as f64)]);
    gauge(
        "spent_usd",
        "What was spent today, in US dollars.",
        &[(String::new(), summary.spent_usd)],
    );
    let looked = summary.looked.unwrap_or(0) as f64 / 1000.0;
    gauge(
        "last_look_seconds",
        "When mentions were last read, in Unix time.",
        &[(String::new(), looked)],
    );
    let until = |held: Held| {
        let hold = summary.holds.iter().find(|hold| hold.what == held);
        hold.map_or(0.0, |hold| (hold.until - now) as f64 / 1000.0)
    };
    let holds = [
        ("{what=\"reading\"}".to_owned(), until(Held::Reading)),
        ("{what=\"posting\"}".to_owned(), until(Held::Posting)),
    ];
    gauge("hold_seconds", "For how long reading and posting are still held.", &holds);
    Ok(text)
}

/// What the bot does, in one line.
///
/// # Errors
/// When the database fails.
pub fn line(ledger: &Ledger, now: Moment) -> Result<String, LedgerError> {
    let waiting = ledger.count(State::Waiting)?;
    let account = ledger.note("account.handle")?;
    let account = account.map_or("not connected yet".into(), |handle| format!("@{handle}"));
    let mut line = format!("{account}; {waiting} replies wait for approval");
    for hold in ledger.holds(now)? {
        let what = match hold.what {
            Held::Reading => "reading",
            Held::Posting => "posting",
        };
        let _ = write!(line, "; {what} is held: {}", hold.why);
    }
    Ok(line)
}

/// Write the figures to a file, whole or not at all.
///
/// # Errors
/// When the database fails or the file can't be written.
pub fn write(ledger: &Ledger, path: &Path, now: Moment) -> anyhow::Result<()> {
    whole::write(path, text(ledger, now)?.as_bytes())?;
    Ok(())
}
