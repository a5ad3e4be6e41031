//! Settings: defaults, overridden by the user's file, the environment and flags, in this order. Only `main` reads them;
//! each module defines its own settings, and they are combined here.
//!
//! Values are set one by one. Each is first tried alone, on top of the defaults, and is used only if it is valid. So a
//! mistake is reported with its line and costs one setting. The source of each value is kept for `unstuck config`. What
//! the user chooses for good, such as a theme, is written by `ui::keep`, which changes one value and keeps the rest of
//! the file. Messages of serde are reworded in `ui::mistake`, which suggests the nearest known name.

mod bot;
mod choose;
mod generate;
mod layers;
mod report;
#[cfg(test)]
mod tests;

pub use bot::act;
pub use choose::{file, set_model};

use crate::cli;
use anyhow::{Context, Result};
use layers::{Layers, Source};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use toml::{Table, Value};
use unstuck::{
    commands,
    generate::remote::EngineSettings,
    hub,
    model::Precision,
    session::History,
    token::{Preset, SamplingParams},
    tui,
    ui::{asking, keymap},
    whole,
};

/// All settings, with their defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The model's name, folder or file; by default the one in the program.
    pub model: Option<String>,
    /// A smaller model with the same vocabulary, which proposes tokens to save time; the text stays the same.
    pub draft: Option<String>,
    /// The format of the weights in memory.
    pub quantization: Precision,
    /// Number of threads for the model; by default one per core.
    pub threads: Option<usize>,
    /// Whether the history of a draft is kept in a journal.
    pub history: History,
    /// The language of the spelling, such as `en_GB`; empty = the system's.
    pub language: String,
    /// Whether drafts are opened in lines of text, without a screen.
    pub plain: bool,
    /// The desk.
    pub desk: tui::Settings,
    /// How offers are chosen from candidates.
    pub offers: asking::Settings,
    /// On air.
    pub live: tui::live::Settings,
    /// Servers that run models, by name.
    pub engines: BTreeMap<String, EngineSettings>,
    /// What determines a text of `unstuck generate`.
    pub generate: commands::generate::Settings,
    /// The headless bot.
    pub bot: unstuck::bot::Settings,
    /// Key bindings of the desk, over the default ones.
    pub keys: BTreeMap<String, String>,
}

/// The effective settings, their sources, and what was wrong.
pub struct Loaded {
    /// The effective settings.
    pub config: Config,
    /// Messages about settings that were ignored.
    pub wrong: Vec<String>,
    /// The state folder: `UNSTUCK_STATE`, or the default one.
    pub state: PathBuf,
    layers: Layers,
}

/// Environment variables and their settings.
const ENVIRONMENT: [(&str, &[&str]); 5] = [
    ("UNSTUCK_MODEL", &["model"]),
    ("UNSTUCK_QUANTIZATION", &["quantization"]),
    ("UNSTUCK_THREADS", &["threads"]),
    ("UNSTUCK_THEME", &["desk", "theme"]),
    ("UNSTUCK_PLAIN", &["plain"]),
];

impl Config {
    /// Loads the file, then the environment (`UNSTUCK_MODEL`, ...), then the flags; later ones override.
    /// Wrong values are ignored and reported.
    pub fn load(
        flags: &cli::Global,
        told: &cli::Overrides,
        env: impl Fn(&str) -> Option<String>,
    ) -> Loaded {
        let mut layers = Layers::new();
        let mut wrong = Vec::new();
        let named = flags.config.is_some() || env("UNSTUCK_CONFIG").is_some();
        if let Some(path) = file(flags, &env).filter(|path| named || path.exists()) {
            match whole::read_text(&path) {
                Ok(text) => wrong.extend(layers.read(&path, &text)),
                Err(error) => wrong.push(format!("{}: {error}", path.display())),
            }
        }
        for (variable, names) in ENVIRONMENT {
            if let Some(text) = env(variable).filter(|text| !text.is_empty()) {
                let value = match (names, &*text) {
                    (["threads"], number) => number.parse().ok().map(Value::Integer),
                    (["plain"], "1" | "true") => Some(Value::Boolean(true)),
                    (["plain"], "0" | "false") => Some(Value::Boolean(false)),
                    _ => None,
                };
                let value = value.unwrap_or(Value::String(text));
                if let Err(said) = layers.set(names, value, Source::Environment(variable)) {
                    wrong.push(format!("{variable}: {said}"));
                }
            }
        }
        let threads = told.threads.and_then(|n| i64::try_from(n).ok());
        let quantization = told.quantization.map(|form| form.to_string());
        for (flag, names, value) in [
            ("--model", &["model"][..], told.model.clone().map(Value::String)),
            ("--draft", &["draft"], told.draft.clone().map(Value::String)),
            ("--theme", &["desk", "theme"], told.theme.clone().map(Value::String)),
            ("--threads", &["threads"], threads.map(Value::Integer)),
            ("--quantization", &["quantization"], quantization.map(Value::String)),
        ] {
            let set = value.map(|value| layers.set(names, value, Source::Flag(flag)));
            if let Some(Err(said)) = set {
                wrong.push(format!("{flag}: {said}"));
            }
        }
        lay_preset(&mut layers);
        // Each value was checked when it was set, so this can't fail.
        let mut config: Self = layers.table.clone().try_into().unwrap_or_default();
        let temperature =
            layers.source(&["desk", "sampling", "temperature"].map(str::to_owned)).clone();
        // A preset's values have the source of its name.
        config.offers.own_temperature = temperature != Source::Default
            && temperature != *layers.source(&["desk".to_owned(), "preset".to_owned()]);
        config.desk.environment.keys = key_lines(&mut config.keys, &mut layers, &mut wrong);
        Loaded { config, wrong, state: state(env), layers }
    }

    /// Checks what the types don't: the ranges of numbers.
    fn check(&self) -> Result<(), String> {
        let ok = |fits: bool, wanted: &str| {
            if fits { Ok(()) } else { Err(format!("expected {wanted}")) }
        };
        ok(self.threads != Some(0), "a number from 1 up")?;
        ok((1..=6).contains(&self.desk.offers), "a number from 1 to 6")?;
        let page = &self.desk.page;
        ok(tui::WIDTHS.contains(&page.width), "a number from 20 to 200")?;
        ok(tui::MARGINS.contains(&page.margin), "a number from 3 to 40")?;
        ok((1..=600).contains(&self.desk.goals.minutes), "a number from 1 to 600")?;
        ok((2..=50).contains(&self.desk.critic.run), "a number from 2 to 50")?;
        ok(self.desk.critic.near <= 1000, "a number from 0 to 1000")?;
        ok(self.offers.stall_seconds <= 3600, "a number from 0 to 3600")?;
        ok(self.offers.machine_share <= 100, "a number from 0 to 100")?;
        for engine in self.engines.values() {
            engine.check().map_err(|error| format!("{error:#}"))?;
        }
        ok(self.offers.candidates <= asking::CANDIDATES, "a number from 0 to 24")?;
        let live = &self.live;
        ok(tui::live::Settings::has_pace(live.pace), "a number from 20 to 900")?;
        ok((1..=1000).contains(&live.tokens), "a number from 1 to 1000")?;
        ok(!live.speak.trim().is_empty(), "the name of a program")?;
        live.keymap().map_err(|error| format!("{error:#}"))?;
        let mut bleeps = unstuck::clean::Bleeps::default();
        let words = live.bleep_words.iter().map(|word| bleeps.add(word));
        words.collect::<Result<Vec<()>>>().map_err(|error| format!("{error:#}"))?;
        let policy = &self.bot.policy;
        let seconds = |seconds: u32, from: u32, to: u32| {
            ok((from..=to).contains(&seconds), &format!("a number from {from} to {to}"))
        };
        seconds(self.bot.poll_seconds, 1, 86_400)?;
        seconds(self.bot.index_lag_seconds, 10, 86_400)?;
        seconds(self.bot.patience_seconds, 1, 86_400)?;
        seconds(self.bot.x.timeout_seconds, 1, 600)?;
        seconds(self.bot.mastodon.timeout_seconds, 1, 600)?;
        ok((20..=25_000).contains(&self.bot.limit), "a number from 20 to 25000")?;
        if let Some([least, most]) = self.bot.length {
            let range = 1..=SamplingParams::default().max_tokens.max(1023);
            let fits = least <= most && range.contains(&least) && range.contains(&most);
            ok(fits, "two numbers from 1 to 1023, the smaller one first")?;
        }
        for money in [policy.budget_usd, policy.read_usd, policy.reply_usd] {
            ok((0.0..=10_000.0).contains(&money), "an amount from 0 to 10000")?;
        }
        for params in [&self.desk.sampling, &self.generate.sampling, &self.bot.sampling] {
            params.check().map_err(|wrong| format!("expected {}", wrong.expected))?;
        }
        Ok(())
    }
}

/// Applies the values of the named preset where no other source sets them.
fn lay_preset(layers: &mut Layers) {
    let named = layers.source(&["desk".into(), "preset".into()]).clone();
    let name = layers.table.get("desk").and_then(|desk| desk.get("preset")?.as_str());
    let Some(preset) = name.and_then(Preset::named).filter(|_| named != Source::Default) else {
        return;
    };
    let usual = tui::Settings::default().sampling;
    let (told, usual) = (Table::try_from(preset.over(&usual)), Table::try_from(usual));
    let (Ok(told), Ok(usual)) = (told, usual) else { return };
    for (name, value) in told {
        let names = ["desk", "sampling", &name];
        let is_open = *layers.source(&names.map(str::to_owned)) == Source::Default;
        if is_open && usual.get(&name) != Some(&value) {
            // Presets are valid.
            let _ = layers.set(&names, value, named.clone());
        }
    }
}

/// The key bindings with their places. Invalid ones are removed and reported.
fn key_lines(
    keys: &mut BTreeMap<String, String>,
    layers: &mut Layers,
    wrong: &mut Vec<String>,
) -> Vec<keymap::Line> {
    let place = |key: &String| layers.source(&["keys".to_owned(), key.clone()]).clone();
    let mut lines: Vec<_> =
        keys.iter().map(|(key, command)| (place(key), key.clone(), command.clone())).collect();
    lines.sort_by_key(|(place, ..)| match place {
        Source::File(_, line) => *line,
        _ => 0,
    });
    let lines = lines.into_iter().map(|(place, key, command)| keymap::Line {
        place: place.to_string(),
        key,
        command,
    });
    let mut good = Vec::new();
    let Ok(mut keymap) = tui::keymap() else { return good };
    for line in lines {
        if let Err(error) = keymap.lay(&line) {
            wrong.push(format!("{error:#}"));
            keys.remove(&line.key);
            layers.drop(&["keys", &line.key]);
        } else {
            good.push(line);
        }
    }
    good
}

/// The default settings file.
fn usual_file() -> Option<PathBuf> {
    Some(places()?.config_dir().join("unstuck.toml"))
}

/// The folder of the user's themes.
pub fn themes() -> Option<PathBuf> {
    Some(places()?.config_dir().join("themes"))
}

/// The folder for the program's state and log.
fn state(env: impl Fn(&str) -> Option<String>) -> PathBuf {
    let told = env("UNSTUCK_STATE").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let usual = || {
        let places = places()?;
        Some(places.state_dir().unwrap_or_else(|| places.data_local_dir()).to_owned())
    };
    // Without a home, state is kept in the temporary folder.
    told.or_else(usual).unwrap_or_else(|| std::env::temp_dir().join("unstuck"))
}

/// The folder of imported models in the data folder.
///
/// # Errors
/// When there is no home directory.
pub fn shelf() -> Result<PathBuf> {
    let places = places().context("no home, so no data folder; set HOME")?;
    Ok(places.data_dir().join("models"))
}

/// Where models are looked up by name: the data folder's `models`, `./models`, the hub's cache.
pub fn shelves() -> Vec<PathBuf> {
    let data = places().map(|places| places.data_dir().join("models"));
    data.into_iter().chain([Path::new("models").to_owned()]).chain(hub_cache()).collect()
}

/// The shared cache of programs for the Hugging Face hub.
pub fn hub_cache() -> Option<PathBuf> {
    hub::cache_folder(|name| std::env::var(name).ok())
}

/// The folder of runs of `unstuck finetune`.
pub fn runs() -> PathBuf {
    shelves().first().map_or_else(|| "runs".into(), |shelf| shelf.with_file_name("runs"))
}

fn places() -> Option<directories::ProjectDirs> {
    directories::ProjectDirs::from("", "", "unstuck")
}
