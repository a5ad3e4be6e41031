//! `unstuck doctor`: facts about this machine, its terminal and the program's folders, for bug reports. Nothing in it names
//! the person, the machine or a file.

use super::{Place, bench};
use crate::{
    generate::Engine,
    model::kernels::{self, Level},
    ui::{terminal, theme::Depth},
};
use anyhow::Result;
use serde::Serialize;
use std::{fmt::Write, path::Path, time::Instant};

/// What is known before the command runs.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// One JSON object instead of text.
    pub json: bool,
    /// The version, and what the program was built for.
    pub version: &'a str,
    /// Whether there is a settings file.
    pub has_settings: bool,
    /// How many settings are wrong and left out.
    pub wrong: usize,
    /// The state folder.
    pub state: &'a Path,
    /// The folders of models, the hub's cache among them.
    pub shelves: &'a [std::path::PathBuf],
    /// How many models are found by name.
    pub models: usize,
}

/// The facts.
#[derive(Debug, Serialize)]
struct Report {
    program: Vec<String>,
    system: System,
    settings: Settings,
    state: Folder,
    models: Models,
    terminal: Terminal,
    /// `None` when the built-in model can't be run.
    speed: Option<Speed>,
    /// What should be put right, each with the way out.
    advice: Vec<String>,
}

#[derive(Debug, Serialize)]
struct System {
    os: &'static str,
    processor: &'static str,
    /// The instructions that the kernels use.
    level: &'static str,
    threads: usize,
    memory_bytes: Option<u64>,
    free_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Settings {
    has_file: bool,
    wrong: usize,
}

#[derive(Debug, Serialize)]
struct Folder {
    exists: bool,
    writable: bool,
    /// Whether only its owner can write to it.
    private: bool,
}

#[derive(Debug, Serialize)]
struct Models {
    found: usize,
    /// How many of the folders where they are looked for exist.
    folders: usize,
}

#[derive(Debug, Serialize)]
struct Terminal {
    #[serde(flatten)]
    facts: terminal::Facts,
    term: String,
    program: String,
    colours: &'static str,
    tmux: bool,
    screen: bool,
    ssh: bool,
    wayland: bool,
    x11: bool,
    /// Keys that a program in it doesn't get, as far as the environment says.
    keeps: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Speed {
    model: String,
    load_s: f64,
    first_token_s: f64,
    tokens_a_second: f64,
    /// A speed that two free cores of this level exceed by far with the built-in model.
    expected: f64,
}

/// Collect the facts and print them. `load` opens the built-in model.
///
/// # Errors
/// When standard output can't be written.
pub fn run(
    request: &Request<'_>,
    env: impl Fn(&str) -> Option<String>,
    load: impl Fn() -> Result<Engine>,
) -> Result<()> {
    let report = Report::new(request, env, load);
    Place::open(None)?.write(&match request.json {
        true => serde_json::to_string_pretty(&report)? + "\n",
        false => report.text(),
    })
}

impl Report {
    fn new(
        request: &Request<'_>,
        env: impl Fn(&str) -> Option<String>,
        load: impl Fn() -> Result<Engine>,
    ) -> Self {
        let mut report = Self {
            program: request.version.lines().map(str::to_owned).collect(),
            system: System::look(),
            settings: Settings { has_file: request.has_settings, wrong: request.wrong },
            state: Folder::look(request.state),
            models: Models {
                found: request.models,
                folders: request.shelves.iter().filter(|folder| folder.is_dir()).count(),
            },
            terminal: Terminal::look(env),
            // an error may name a folder
            speed: Speed::measure(load).ok(),
            advice: Vec::new(),
        };
        report.advice = report.advise();
        report
    }

    fn advise(&self) -> Vec<String> {
        let (state, terminal) = (&self.state, &self.terminal);
        let slow = self.speed.as_ref().is_some_and(|speed| speed.tokens_a_second < speed.expected);
        let keys = terminal.facts.tells_keys == Some(false);
        let advice = [
            (self.settings.wrong > 0, "some settings are wrong: `unstuck config` names them"),
            (
                state.exists && !state.writable,
                "the state folder can't be written to: drafts keep no history",
            ),
            (
                state.exists && !state.private,
                "others can write to the state folder: chmod go-w on it",
            ),
            (
                keys,
                "the terminal doesn't tell all keys apart: if a key does nothing, bind another one in [keys]",
            ),
            (terminal.colours == "none", "no colours: NO_COLOR is set, or TERM is dumb"),
            (self.speed.is_none(), "the built-in model can't be run: is memory free?"),
            (
                slow,
                "writing is slower than this processor allows: other programs may be using its cores, or it saves power",
            ),
        ];
        advice.iter().filter(|(holds, _)| *holds).map(|(_, says)| (*says).to_owned()).collect()
    }

    fn text(&self) -> String {
        let yes = |is: bool| if is { "yes" } else { "no" };
        let gib = |bytes: &Option<u64>| match bytes {
            Some(bytes) => format!("{:.1} GiB", *bytes as f64 / (1_u64 << 30) as f64),
            None => "unknown".into(),
        };
        let mut text = String::new();
        let mut line = |name: &str, says: String| {
            let _ = writeln!(text, "{name:<10} {says}");
        };
        for (number, fact) in self.program.iter().enumerate() {
            line(if number == 0 { "program" } else { "" }, fact.clone());
        }
        let System { os, processor, level, threads, memory_bytes, free_bytes } = &self.system;
        line("system", format!("{os}, {processor}, {level}, {threads} threads"));
        line("memory", format!("{}, {} free", gib(memory_bytes), gib(free_bytes)));
        line(
            "settings",
            match (self.settings.has_file, self.settings.wrong) {
                (false, 0) => "no file".into(),
                (_, 0) => "a file, in order".into(),
                (_, wrong) => format!("{wrong} wrong"),
            },
        );
        line(
            "state",
            match &self.state {
                Folder { exists: false, .. } => "no folder yet".into(),
                Folder { writable, private, .. } => {
                    format!("writable: {}, only by you: {}", yes(*writable), yes(*private))
                }
            },
        );
        line("models", format!("{} found in {} folders", self.models.found, self.models.folders));
        let Terminal { facts, term, program, colours, tmux, screen, ssh, wayland, x11, keeps } =
            &self.terminal;
        let size = facts.size.map_or("size unknown".into(), |(w, h)| format!("{w} x {h}"));
        let program = if program.is_empty() { "" } else { &*format!(" ({program})") };
        line("terminal", format!("{term}{program}, {size}, colours: {colours}"));
        let told = facts.tells_keys.map_or("not asked", yes);
        line(
            "",
            format!(
                "input: {}, output: {}, keys told apart: {told}",
                yes(facts.input),
                yes(facts.output)
            ),
        );
        line("", format!("tmux: {}, screen: {}, ssh: {}", yes(*tmux), yes(*screen), yes(*ssh)));
        for keys in keeps {
            line("", format!("keeps {keys}"));
        }
        line(
            "clipboard",
            format!("by the terminal (OSC 52); Wayland: {}, X11: {}", yes(*wayland), yes(*x11)),
        );
        line(
            "speed",
            match &self.speed {
                Some(Speed { model, load_s, first_token_s, tokens_a_second, expected }) => format!(
                    "{model}: loaded in {load_s:.2} s, first token in {:.0} ms, {tokens_a_second:.0} tokens a second \
                     (expected: {expected:.0} or more)",
                    first_token_s * 1e3
                ),
                None => "the built-in model can't be run".into(),
            },
        );
        for (number, says) in self.advice.iter().enumerate() {
            line(if number == 0 { "advice" } else { "" }, says.clone());
        }
        text
    }
}

impl System {
    fn look() -> Self {
        use sysinfo::{MemoryRefreshKind, RefreshKind};
        let only = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = sysinfo::System::new_with_specifics(only).ok();
        Self {
            os: std::env::consts::OS,
            processor: std::env::consts::ARCH,
            level: match kernels::level() {
                Level::Avx512Vnni => "AVX-512 with VNNI",
                Level::AvxVnni => "AVX2 with AVX-VNNI",
                Level::Avx2 => "AVX2",
                Level::Baseline => "the instructions that the program was built for",
            },
            threads: kernels::threads(),
            memory_bytes: system.as_ref().map(sysinfo::System::total_memory),
            free_bytes: system.as_ref().map(sysinfo::System::available_memory),
        }
    }
}

impl Folder {
    fn look(folder: &Path) -> Self {
        let exists = folder.is_dir();
        #[cfg(unix)]
        let private = {
            use std::os::unix::fs::MetadataExt;
            std::fs::metadata(folder).is_ok_and(|folder| folder.mode() & 0o022 == 0)
        };
        #[cfg(not(unix))]
        let private = exists;
        Self { exists, writable: exists && tempfile::tempfile_in(folder).is_ok(), private }
    }
}

impl Terminal {
    fn look(env: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
        // a name, not a text: what else somebody put there is not printed
        let name = |variable: &str| {
            let value = env(variable).unwrap_or_default();
            let is_name = value.len() <= 40
                && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c));
            if is_name { value } else { "unusual".into() }
        };
        let (no_color, colorterm, term) = (env("NO_COLOR"), env("COLORTERM"), env("TERM"));
        let program = name("TERM_PROGRAM");
        let keeps = [
            (is_set("TMUX"), "tmux's prefix, Ctrl+B unless it was changed"),
            (is_set("STY"), "screen's prefix, Ctrl+A unless it was changed"),
            (is_set("VTE_VERSION"), "F10, F11, and Ctrl+Shift with letters"),
            (is_set("WT_SESSION"), "Alt+Enter, F11, and Ctrl+Shift with letters"),
            (program == "vscode", "F1, Ctrl+P and what else the editor has bound"),
            (program == "Apple_Terminal", "Alt, unless Option is used as Meta"),
            (program == "iTerm.app", "Alt, unless Option sends Esc+"),
            (
                term.as_deref() == Some("linux"),
                "Alt+arrows and Alt+F1 to F6, which switch consoles",
            ),
        ];
        Self {
            facts: terminal::Facts::look(),
            term: name("TERM"),
            colours: match Depth::told(no_color.as_deref(), colorterm.as_deref(), term.as_deref()) {
                Depth::True => "all",
                Depth::Indexed => "256",
                Depth::Sixteen => "16",
                Depth::None => "none",
            },
            tmux: is_set("TMUX"),
            screen: is_set("STY"),
            ssh: is_set("SSH_CONNECTION") || is_set("SSH_TTY"),
            wayland: is_set("WAYLAND_DISPLAY"),
            x11: is_set("DISPLAY"),
            keeps: keeps.into_iter().filter_map(|(holds, keys)| holds.then_some(keys)).collect(),
            program,
        }
    }
}

impl Speed {
    fn measure(load: impl Fn() -> Result<Engine>) -> Result<Self> {
        let begun = Instant::now();
        let mut engine = load()?;
        let load_s = begun.elapsed().as_secs_f64();
        let (first_token_s, tokens_a_second) = bench::brief(&mut engine)?;
        // far below what two free cores write, so that only real trouble is reported
        let expected = match kernels::level() {
            Level::Avx512Vnni => 200.0,
            Level::Avx2 | Level::AvxVnni => 150.0,
            Level::Baseline => 30.0,
        };
        Ok(Self {
            model: engine.info().name.clone(),
            load_s,
            first_token_s,
            tokens_a_second,
            expected,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_environment_says_is_told_without_its_texts() {
        let env = |name: &str| {
            let value = match name {
                "TERM" => "xterm-256color",
                "TERM_PROGRAM" => "ash's own terminal",
                "SSH_CONNECTION" => "192.0.2.1 22",
                "TMUX" => "/tmp/ash/tmux",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let terminal = Terminal::look(env);
        assert_eq!((&*terminal.term, terminal.colours), ("xterm-256color", "256"));
        assert!(terminal.ssh && terminal.tmux && !terminal.x11);
        assert_eq!(terminal.keeps.len(), 1);
        let all = serde_json::to_string(&terminal).expect("JSON");
        assert!(!all.contains("ash") && !all.contains("192"), "{all}");
    }

    #[test]
    fn what_is_wrong_has_a_way_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let request = Request {
            json: false,
            version: "1\n2",
            has_settings: true,
            wrong: 3,
            state: folder.path(),
            shelves: &[],
            models: 1,
        };
        let report = Report::new(&request, |_| None, || anyhow::bail!("/home/ash: no"));
        let text = report.text();
        for part in ["3 wrong", "`unstuck config`", "can't be run", "1 found in 0 folders"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("ash") && !text.contains("tmp"), "{text}");
        assert!(report.state.writable && report.state.exists);
    }
}
