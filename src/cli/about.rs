//! What the program tells about itself: its version and making, completions for shells, its manual.

use super::Cli;
use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_complete::Shell;

/// The version and the facts of this build, for `--version` and for reports of what went wrong.
pub fn version() -> String {
    let wide: Vec<_> =
        wide_arithmetic().into_iter().filter_map(|(name, there)| there.then_some(name)).collect();
    let wide = if wide.is_empty() { "none found here".into() } else { wide.join(", ") };
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let [model, size] = unstuck::weights::about_embedded();
    format!(
        "{}\ntarget: {} ({profile})\nwide arithmetic: {wide}\nmodel: {model}, {size}, in the program",
        env!("CARGO_PKG_VERSION"),
        env!("TARGET"),
    )
}

/// What the kernels look for in the processor, and whether it is there.
fn wide_arithmetic() -> [(&'static str, bool); 3] {
    #[cfg(target_arch = "x86_64")]
    return [
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    [("neon", cfg!(target_feature = "neon")), ("", false), ("", false)]
}

/// The script that completes our words in a shell.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "unstuck", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual's page of the program, or of the command that `names` lead to.
///
/// # Errors
/// When there is no such command.
pub fn manual(names: &[String]) -> Result<String> {
    let mut command = Cli::command();
    command.build();
    let mut page: &Command = &command;
    for name in names {
        let found = page.find_subcommand(name);
        page = found.with_context(|| format!("there is no command `{}`", names.join(" ")))?;
    }
    // Pages are named as they are called.
    let title = page.get_bin_name().unwrap_or("unstuck").replace(' ', "-");
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone().name(title)).render(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
