//! Parse, load the configuration, hand over to one front end.

mod cli;
mod config;
mod headless;
mod history;
mod log;
mod open;
mod threads;

use anyhow::{Result, bail};
use cli::{Cli, Command, Models};
use config::Config;
use std::{
    io::{ErrorKind, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};
use unstuck::{
    bot::Trouble,
    catalogue::{Catalogue, Found},
    clean::for_terminal,
    commands, finetune,
    generate::Engine,
    hub::{self, Hub},
    model::{self, Precision},
    tui,
    ui::{
        remembered::Remembered,
        theme::{Depth, Themes},
    },
    weights::{self, EMBEDDED},
};

fn main() -> ExitCode {
    let cli::Line { cli, told, notices } = match cli::Line::read(std::env::args_os().collect()) {
        Ok(line) => line,
        Err(cli::Stop::Usage(sentence)) => {
            tell(&sentence);
            return ExitCode::from(2);
        }
        Err(cli::Stop::Help(help)) => {
            let _ = help.print(); // a closed pipe is no error here
            return ExitCode::SUCCESS;
        }
    };
    if !cli.global.quiet {
        notices.iter().for_each(|notice| tell(notice));
    }
    match run(cli, &told) {
        Ok(code) => code,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("{error:#}"));
            error.downcast_ref::<Trouble>().map_or(ExitCode::FAILURE, |why| why.exit_code().into())
        }
    }
}

fn run(cli: Cli, told: &cli::Overrides) -> Result<ExitCode> {
    let loaded = Config::load(&cli.global, told, |name| std::env::var(name).ok());
    match &cli.command {
        Some(Command::Config(_)) => return settings(&loaded),
        Some(Command::Completions { shell }) => return print(&cli::about::completions(*shell)),
        Some(Command::Man { command }) => return print(&cli::about::manual(command)?),
        Some(Command::Doctor { json }) => return cli::about::doctor(*json, &loaded, &cli.global),
        _ => {}
    }
    begin_log(&cli, &loaded.state);
    let told_theme = loaded.variable(&["desk", "theme"]).map(str::to_owned);
    let theme_from = loaded.source(&["desk", "theme"]);
    let open = loaded.open_sampling();
    let config::Loaded { mut config, mut wrong, state, .. } = loaded;
    config.desk.environment.settings_file =
        config::file(&cli.global, |name| std::env::var(name).ok());
    config.desk.environment.told_theme = told_theme;
    if let Some(code) = threads::restart(config.threads)? {
        return Ok(code);
    }
    let is_desk = matches!(cli.command, None | Some(Command::Tour(_)));
    model::kernels::start(config.threads, is_desk);
    if is_desk {
        // Only the desk uses the theme, so only the desk reports a wrong one.
        if let Err(error) = Themes::new(config::themes()).load(&config.desk.theme, Depth::True) {
            wrong.push(format!("{theme_from}: `desk.theme`: {error:#}"));
            config.desk.theme = tui::Settings::default().theme;
        }
        let notices = if cli.global.quiet { Vec::new() } else { wrong };
        let what = match cli.command {
            None => open::What::Draft(cli.file.as_deref()),
            Some(_) => open::What::Tour,
        };
        open::draft(&what, &cli.live, cli.plain, config, &state, notices)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(command) = cli.command else { return Ok(ExitCode::SUCCESS) };
    // commands refuse wrong settings, so that scripts get what they asked for; the desk reports them and opens
    if let Some(wrong) = wrong.into_iter().next() {
        match command {
            Command::Bot(_) => bail!(Trouble::Configuration(wrong)),
            _ => bail!(wrong),
        }
    }
    let quiet = cli.global.quiet;
    let mut notice = |sentence: &str| {
        if !quiet {
            tell(sentence);
        }
    };
    match command {
        // Printed above, before the settings were checked.
        Command::Config(_)
        | Command::Completions { .. }
        | Command::Man { .. }
        | Command::Doctor { .. }
        | Command::Tour(_) => {}
        Command::Generate(args) => generate(*args, &config, open, &cli.global)?,
        Command::Corpus(args) => corpus(args, cli.global.quiet)?,
        Command::Bot(args) => headless::run(&args, &config, &cli.global, told)?,
        Command::Finetune(args) => {
            learn(&args, &config, told.model.as_deref(), cli.global.quiet)?;
        }
        Command::Score(args) => {
            let engine = Catalogue { draft: None, ..catalogue(&config) }.open(None)?;
            let by = match args.by {
                cli::By::Token => commands::score::By::Token,
                cli::By::Word => commands::score::By::Word,
                cli::By::Sentence => commands::score::By::Sentence,
                cli::By::Document => commands::score::By::Document,
            };
            let (html, quiet) = (args.html.as_deref(), cli.global.quiet);
            let request =
                commands::score::Request { file: &args.file, json: args.json, html, by, quiet };
            commands::score::run(&request, &engine)?;
        }
        Command::Forget(args) => commands::forget::run(&args.draft, &state)?,
        Command::Verify(args) => return history::verify(&args, &config, told, &state),
        Command::Export(args) => history::export(&args, &config, told, &state, &mut notice)?,
        Command::Replay(args) => history::replay(&args, &state, &mut notice)?,
        Command::Models(command) => models(command, &cli.global, &config, &state)?,
        Command::Bench(args) => {
            if let (Some(shape), Some(path)) = (args.random, &args.write) {
                let model = weights::random(shape, config.quantization)?;
                return commands::bench::write(&model, path).map(|()| ExitCode::SUCCESS);
            }
            if args.random.is_some() && told.draft.is_some() {
                bail!("--draft: random weights have no draft model; leave it out");
            }
            let request = commands::bench::Request { json: args.json, steady: args.steady };
            let threads = config.threads.unwrap_or_else(model::kernels::threads);
            commands::bench::run(&request, threads, || match args.random {
                Some(shape) => Ok(Engine::new(weights::random(shape, config.quantization)?)),
                None => catalogue(&config).open(None),
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(text: &str) -> Result<ExitCode> {
    let mut place = commands::Place::open(None)?;
    place.write(text)?;
    place.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// Begin the log. Without one the program still runs.
fn begin_log(cli: &Cli, state: &Path) {
    if let Err(error) = log::begin(state, cli.global.quiet, cli.global.verbose)
        && cli.global.verbose > 0
    {
        tell(&format!("no log: {error:#}"));
    }
    let what = cli.command.as_ref().map_or("the desk", |_| "a command");
    tracing::info!(version = env!("CARGO_PKG_VERSION"), target = env!("TARGET"), what, "begun");
}

/// Print the effective settings; exit code 1 if some were ignored as wrong.
fn settings(loaded: &config::Loaded) -> Result<ExitCode> {
    print(&loaded.report())?;
    loaded.wrong.iter().for_each(|wrong| tell(wrong));
    Ok(if loaded.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Run a subcommand of `unstuck models`.
fn models(command: Models, flags: &cli::Global, config: &Config, state: &Path) -> Result<()> {
    use commands::models as run;
    let catalogue = catalogue(config);
    let used = config.model.as_deref();
    let found = |name: Option<String>| catalogue.find(name.as_deref());
    match command {
        Models::List(args) => run::list(&catalogue, args.json),
        Models::Info(args) => run::info(&found(args.name)?, config.quantization, args.json),
        Models::Verify(args) => run::verify(&found(args.name)?, config.quantization),
        Models::Pull(args) => {
            let settings = hub::Settings::from_env(|name| std::env::var(name).ok())?;
            let hub = Hub::new(settings, hub::Conditions::default());
            let (name, licence) = run::pull(&hub, &args.name, flags.quiet, &interrupted()?)?;
            if let Some(licence) = licence {
                Remembered::load(Some(state)).note_licence(&name, &licence);
            }
            Ok(())
        }
        Models::Pack(args) => {
            let name = args.name.as_deref().or(used).unwrap_or(EMBEDDED).to_owned();
            run::pack(&found(args.name)?, &name, &args.output, args.resumable)
        }
        Models::Unpack(args) => run::unpack(&args.file, args.name.as_deref(), &config::shelf()?),
        Models::Import(args) => {
            run::import(&catalogue.at(&args.path)?, args.name.as_deref(), &config::shelf()?)
        }
        Models::Export(args) => {
            let to = match args.to {
                cli::To::Hf => run::To::HuggingFace,
                cli::To::Gguf => run::To::Gguf,
            };
            run::export(&found(args.name)?, to, &args.output, config.quantization)
        }
        Models::Remove(args) => {
            run::remove(&args.name, &config::shelf()?, config::hub_cache().as_deref(), args.yes)
        }
        Models::Default(args) => {
            let mut place = commands::Place::open(None)?;
            let Some(name) = args.name else {
                return place.write(&format!("{}\n", used.unwrap_or(EMBEDDED)));
            };
            catalogue.check(Some(&name))?;
            let name = match catalogue.find(Some(&name)) {
                // a relative path is only right in the current folder; names in the data folder and the hub's cache are kept
                Ok(Found { place: Some(path), .. })
                    if !path.starts_with(config::shelf()?)
                        && !config::hub_cache().is_some_and(|cache| path.starts_with(cache)) =>
                {
                    std::fs::canonicalize(path)?.to_string_lossy().into_owned()
                }
                _ => name,
            };
            let file = config::set_model(flags, |name| std::env::var(name).ok(), &name)?;
            place.write(&format!("{name} is the default model now; saved in {}\n", file.display()))
        }
    }
}

/// Print continuations; with `verbose` also the speed.
fn generate(
    args: cli::Generate,
    config: &Config,
    open: Vec<&'static str>,
    flags: &cli::Global,
) -> Result<()> {
    let (files, folder) = (args.files, args.into.clone());
    let mut request = config.generate(args, open)?;
    let mut engine = catalogue(config).open(None)?;
    let begun = Instant::now();
    let mut notice = |sentence: &str| {
        if !flags.quiet {
            tell(sentence);
        }
    };
    request.heed(engine.info(), &mut notice);
    let tokens = match folder {
        None => commands::generate::run(&request, &mut engine, &mut notice)?,
        Some(folder) => {
            let files = files.unwrap_or(1);
            commands::generate::to_files(&request, files, &folder, &mut engine, &mut notice)?
        }
    };
    if flags.verbose > 0 {
        let model = engine.info();
        let seconds = begun.elapsed().as_secs_f64();
        let parameters = model.parameters.map(|count| format!(" ({count} parameters)"));
        tell(&format!(
            "{}{}: {tokens} tokens in {seconds:.1} s, {:.0} a second, seed {}",
            model.name,
            parameters.unwrap_or_default(),
            tokens as f64 / seconds,
            request.settings.sampling.seed
        ));
    }
    Ok(())
}

/// Make a corpus and print a summary; without an output path nothing is written.
fn corpus(args: cli::Corpus, quiet: bool) -> Result<()> {
    let (stats, preview) = (args.stats, args.preview);
    let request = args.request();
    let shown = !quiet && std::io::stderr().is_terminal();
    let (summary, samples) = finetune::corpus::make(&request, &mut |so_far| {
        if shown {
            let documents = so_far.documents;
            let mut stderr = std::io::stderr().lock();
            let _ = write!(stderr, "\r{} documents read, {} kept ", documents.read, documents.kept);
        }
    })?;
    if shown {
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K"); // the line of progress leaves
    }
    if !quiet {
        tell(&format!("corpus: {summary}"));
        summary.notices.iter().for_each(|notice| tell(notice));
    }
    let mut out = commands::Place::open(None)?;
    if preview {
        out.write(&samples.to_string())?;
    }
    if stats {
        out.write(&format!("{}\n", serde_json::to_string_pretty(&summary)?))?;
    }
    out.finish()
}

/// A flag that Ctrl-C and SIGTERM set; the second signal ends the program at once.
fn interrupted() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_default(signal, stop.clone())?;
        signal_hook::flag::register(signal, stop.clone())?;
    }
    Ok(stop)
}

/// Fine-tune a model. Ctrl-C stops it after the current step, a second one at once.
fn learn(args: &cli::Finetune, config: &Config, model: Option<&str>, quiet: bool) -> Result<()> {
    let stop = interrupted()?;
    // the run's own records say from which model it began: one without a name is the embedded one
    let catalogue = Catalogue { default: None, ..catalogue(config) };
    let request = finetune::Request {
        corpus: &args.corpus,
        folder: config::runs().join(&args.run),
        from: args.from(),
        overwrite: args.overwrite,
        model,
        scratch: args.scratch(),
        default_model: config.model.as_deref(),
        apply_options: &|options| args.apply(options),
        open: &|name| catalogue.find(name)?.load(Precision::F32),
        stop,
    };
    let mut out = std::io::stdout().lock();
    let mut report = finetune::Report::new(&mut out, args.json, quiet);
    match finetune::run(&request, &mut report)? {
        finetune::Ending::Stopped => bail!("finetune: stopped before its last step"),
        finetune::Ending::Done | finetune::Ending::EarlyStop => Ok(()),
    }
}

/// The models of this machine, and which of them the settings choose.
fn catalogue(config: &Config) -> Catalogue {
    Catalogue {
        folders: config::shelves(),
        engines: config.engines.clone(),
        precision: config.quantization,
        default: config.model.clone(),
        draft: config.draft.clone(),
    }
}

/// Print one line to standard error. Escape sequences, of file names for example, are removed if it is a terminal.
fn tell(sentence: &str) {
    let mut stderr = std::io::stderr().lock();
    let safe = if stderr.is_terminal() { for_terminal(sentence) } else { sentence.into() };
    let _ = writeln!(stderr, "unstuck: {safe}");
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}
