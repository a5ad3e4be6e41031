//! Facts about the program and its machine: version and build, completions for shells, manual pages, facts for bug reports.

use super::{Cli, Global};
use crate::config;
use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use std::process::ExitCode;
use unstuck::{catalogue::Catalogue, commands, weights::EMBEDDED};

/// The version and facts about this build, for `--version` and bug reports.
pub fn version() -> String {
    let wide: Vec<_> =
        wide_arithmetic().into_iter().filter_map(|(name, there)| there.then_some(name)).collect();
    let wide = if wide.is_empty() { "none".into() } else { wide.join(", ") };
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let [model, size] = unstuck::weights::about_embedded();
    format!(
        "{}\ntarget: {} ({profile})\nSIMD: {wide}\nbuilt-in model: {model}, {size}",
        env!("CARGO_PKG_VERSION"),
        env!("TARGET"),
    )
}

/// The SIMD extensions that the kernels use, and whether the processor has them.
fn wide_arithmetic() -> [(&'static str, bool); 4] {
    #[cfg(target_arch = "x86_64")]
    return [
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avxvnni", std::arch::is_x86_feature_detected!("avxvnni")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    [("neon", cfg!(target_feature = "neon")), ("", false), ("", false), ("", false)]
}

/// The script that completes the command line in a shell.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "unstuck", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual page of the program, or of the command with these `names`, such as `["models", "pull"]`.
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
    // man's convention: `unstuck-models-pull`
    let title = page.get_bin_name().unwrap_or("unstuck").replace(' ', "-");
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone().name(title)).render(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Print facts for a bug report. Wrong settings are counted and left out.
///
/// # Errors
/// When standard output can't be written.
pub fn doctor(json: bool, loaded: &config::Loaded, flags: &Global) -> Result<ExitCode> {
    let env = |name: &str| std::env::var(name).ok();
    let shelves = config::shelves();
    let catalogue = Catalogue { default: None, draft: None, ..crate::catalogue(&loaded.config) };
    let request = commands::doctor::Request {
        json,
        version: &version(),
        has_settings: config::file(flags, env).is_some_and(|file| file.is_file()),
        wrong: loaded.wrong.len(),
        state: &loaded.state,
        shelves: &shelves,
        models: catalogue.names().len(),
    };
    commands::doctor::run(&request, env, || catalogue.open(Some(EMBEDDED)))?;
    Ok(ExitCode::SUCCESS)
}
