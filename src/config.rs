//! Settings: defaults, under the user's file, under the environment, under flags. Only `main` reads them; what the
//! parts define as their own settings is put together here.

use crate::cli;
use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};
use unstuck::{
    clean::Level,
    commands::generate::{Form, Request, any_seed},
    model::Precision,
    token::SamplingParams,
    tui,
};

/// All that can be set, with what holds when nothing is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// A model's name, folder or file; the one in the program when there is none.
    pub model: Option<String>,
    /// How weights are held.
    pub quantization: Precision,
    /// How many threads the model may use; one a core when there is none.
    pub threads: Option<usize>,
    /// The desk.
    pub desk: tui::Settings,
    /// How `unstuck generate` chooses tokens.
    pub generate: SamplingParams,
}

impl Config {
    /// From the file, the environment (`UNSTUCK_MODEL`, ...) and the flags, each over the one before.
    /// With a broken file or variable the rest still holds: what is wrong comes as a second value, in sentences.
    pub fn load(flags: &cli::Global, env: impl Fn(&str) -> Option<String>) -> (Self, Vec<String>) {
        let mut wrong = Vec::new();
        let mut config = Self::from_file(flags, &env).unwrap_or_else(|error| {
            wrong.push(format!("{error:#}"));
            Self::default()
        });
        if let Some(threads) = env("UNSTUCK_THREADS") {
            match threads.parse() {
                Ok(n) if n > 0 => config.threads = Some(n),
                _ => wrong.push("UNSTUCK_THREADS: not a number above 0; left out".into()),
            }
        }
        if config.threads == Some(0) {
            wrong.push("threads: at least 1; left out".into());
            config.threads = None;
        }
        config.model = flags.model.clone().or(env("UNSTUCK_MODEL")).or(config.model);
        config.desk.theme =
            flags.theme.clone().or(env("UNSTUCK_THEME")).unwrap_or(config.desk.theme);
        config.threads = flags.threads.or(config.threads);
        config.quantization = flags.quantization.unwrap_or(config.quantization);
        (config, wrong)
    }

    fn from_file(flags: &cli::Global, env: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let named = flags.config.clone().or(env("UNSTUCK_CONFIG").map(PathBuf::from));
        let usual =
            || Some(places()?.config_dir().join("unstuck.toml")).filter(|path| path.exists());
        let Some(path) = named.or_else(usual) else { return Ok(Self::default()) };
        let what = || path.display().to_string();
        let text = fs::read_to_string(&path).with_context(what)?;
        Self::parse(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            anyhow!("{}: line {line}: {}", path.display(), error.message())
        })
    }

    /// The defaults, with what `text` says over them, however deep: half of a table leaves its other half alone.
    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let _: Self = toml::from_str(text)?; // for errors that know their line
        let mut all = toml::Table::try_from(Self::default()).map_err(serde::de::Error::custom)?;
        overlay(&mut all, toml::from_str(text)?);
        all.try_into()
    }

    /// What `unstuck generate` was asked for; the prompt may be read from standard input.
    ///
    /// # Errors
    /// When standard input can't be read or isn't UTF-8.
    pub fn generate(&self, args: cli::Generate) -> Result<Request> {
        let mut params = self.generate.clone();
        params.max_tokens = args.max_tokens.unwrap_or(params.max_tokens);
        params.temperature = args.temperature.unwrap_or(params.temperature);
        params.top_k = args.top_k.unwrap_or(params.top_k);
        params.top_p = args.top_p.unwrap_or(params.top_p);
        if params.top_p == 0.0 {
            params.top_p = 1.0; // how gpt-2-simple says "off"
        }
        params.min_p = args.min_p.unwrap_or(params.min_p);
        params.repetition_penalty = args.repetition_penalty.unwrap_or(params.repetition_penalty);
        params.seed = args.seed.unwrap_or_else(any_seed);
        params.stop.extend(args.stop);
        params.logprobs = args.logprobs.unwrap_or(params.logprobs);
        let delimiter = args.delimiter.strip_suffix('\n').unwrap_or(&args.delimiter).to_owned();
        Ok(Request {
            prompt: read_prompt(args.prompt.or(args.old.prefix))?,
            samples: args.samples,
            at_once: args.old.batch_size.unwrap_or(8),
            params,
            clean: match args.clean {
                cli::Clean::None => Level::None,
                cli::Clean::Prose => Level::Prose,
                cli::Clean::Post => Level::Post,
            },
            include_prompt: args.include_prompt || args.old.include_prefix.unwrap_or(false),
            form: if args.json {
                Form::Json { stream: args.stream }
            } else {
                Form::Text { delimiter }
            },
            output: args.output,
        })
    }
}

fn overlay(below: &mut toml::Table, above: toml::Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => overlay(below, above),
            (_, value) => drop(below.insert(key, value)),
        }
    }
}

/// The folder of an old run, by gpt-2-simple's names for it.
pub fn old_run(old: &cli::OldNames) -> Option<String> {
    if old.run_name.is_none() && old.checkpoint_dir.is_none() {
        return None;
    }
    let folder = old.checkpoint_dir.as_deref().unwrap_or(Path::new("checkpoint"));
    let run = old.run_name.as_deref().unwrap_or("run1");
    Some(folder.join(run).to_string_lossy().into_owned())
}

/// Where models with a name lie: the data folder's `models`, then this folder's.
pub fn shelves() -> Vec<PathBuf> {
    let data = places().map(|places| places.data_dir().join("models"));
    data.into_iter().chain([PathBuf::from("models")]).collect()
}

fn places() -> Option<directories::ProjectDirs> {
    directories::ProjectDirs::from("", "", "unstuck")
}

/// The prompt itself, or standard input's text for `-`, without the line end that an editor or `echo` put there.
fn read_prompt(prompt: Option<String>) -> Result<String> {
    if prompt.as_deref() != Some("-") {
        return Ok(prompt.unwrap_or_default());
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).context("standard input")?;
    let Ok(mut text) = String::from_utf8(bytes) else {
        bail!("standard input: not UTF-8; convert it first, with iconv for example");
    };
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_readme_sets_can_be_set() {
        let readme = include_str!("../README.md");
        let (_, rest) = readme.split_once("```toml\n").unwrap();
        Config::parse(rest.split("```").next().unwrap()).unwrap();
    }

    #[test]
    fn half_a_table_leaves_its_other_half_alone() {
        let config = Config::parse("[desk.sampling]\ntemperature = 0.5\n").unwrap();
        let expected = tui::Settings::default().sampling;
        assert_eq!(config.desk.sampling, SamplingParams { temperature: 0.5, ..expected });
        assert_eq!(config.generate, SamplingParams::default());
    }

    #[test]
    fn flags_are_over_the_environment_and_that_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("unstuck.toml");
        fs::write(&file, "model = 'file'\nthreads = 3\n[desk]\ntheme = 'paper'\n").unwrap();
        let flags = cli::Global { config: Some(file), ..Default::default() };
        let env = |name: &str| (name == "UNSTUCK_MODEL").then(|| "env".to_owned());
        let (config, wrong) = Config::load(&flags, env);
        assert_eq!((config.model.as_deref(), config.threads), (Some("env"), Some(3)));
        assert_eq!((&*config.desk.theme, wrong.len()), ("paper", 0));
        let flags = cli::Global { model: Some("flag".into()), theme: Some("x".into()), ..flags };
        let (config, _) = Config::load(&flags, env);
        assert_eq!((config.model.as_deref(), &*config.desk.theme), (Some("flag"), "x"));
    }

    #[test]
    fn what_is_broken_is_said_and_the_rest_holds() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("unstuck.toml");
        fs::write(&file, "[desk]\ntheme = 'paper'\nhemingway = true\n").unwrap();
        let flags =
            cli::Global { config: Some(file), model: Some("m".into()), ..Default::default() };
        let (config, wrong) = Config::load(&flags, |_| Some("many".into()));
        assert_eq!(config.model.as_deref(), Some("m"));
        assert_eq!((wrong.len(), config.threads), (2, None));
        assert!(wrong[0].contains("unstuck.toml: line 3: unknown field `hemingway`"), "{wrong:?}");
        assert!(wrong[1].starts_with("UNSTUCK_THREADS: "), "{wrong:?}");
    }
}
