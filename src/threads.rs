//! How many threads may compute.

use anyhow::{Context, Result};
use std::process::ExitCode;

/// The pool of threads below reads its size from the environment once: so a process that has it there takes over.
pub fn restart(threads: Option<usize>) -> Result<Option<ExitCode>> {
    const SIZE: &str = "CANDLE_NUM_THREADS";
    let Some(threads) = threads.map(|n| n.to_string()) else { return Ok(None) };
    if std::env::var(SIZE).is_ok_and(|now| now == threads) {
        return Ok(None);
    }
    let mut again = std::process::Command::new(std::env::current_exe().context("--threads")?);
    again.args(std::env::args_os().skip(1)).env(SIZE, &threads).env("RAYON_NUM_THREADS", &threads);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        Err(again.exec()).context("--threads")
    }
    #[cfg(not(unix))]
    {
        let code = again.status().context("--threads")?.code().unwrap_or(1);
        Ok(Some(ExitCode::from(u8::try_from(code).unwrap_or(1))))
    }
}
