//! README.md, docs/ and ARCHITECTURE.md are true: their tables are generated from the code, every command line, option,
//! setting, key, link and path that they name exists, and the pages that should be short are.
//!
//! After a change to a table's source: `UNSTUCK_UPDATE_DOCS=1 cargo test --release --test house manual`.

use crate::{program, tidy::sources};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    fs,
    path::{Path, PathBuf},
};
use strum::{EnumMessage, IntoEnumIterator};
use tempfile::TempDir;
use toml::{Table, Value};
use unstuck::{
    token::PRESETS,
    tui::{
        self, Command,
        live::{Cue, Settings},
        plain::{ACTS, LETTERS},
    },
    ui::{keymap::Keymap, theme::Role},
};

/// A page of the manual.
struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    fn open(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let text = fs::read_to_string(&path).unwrap();
        Self { path, text }
    }

    /// The lines outside of code blocks.
    fn prose(&self) -> impl Iterator<Item = &str> {
        let mut inside = false;
        self.text.lines().filter(move |line| {
            let fence = line.starts_with("```");
            inside ^= fence;
            !inside && !fence
        })
    }

    /// The code blocks whose fence names `language`.
    fn blocks(&self, language: &str) -> Vec<String> {
        let mut blocks = Vec::new();
        let mut open: Option<(bool, String)> = None;
        for line in self.text.lines() {
            match (&mut open, line.strip_prefix("```")) {
                (None, Some(name)) => open = Some((name.trim() == language, String::new())),
                (Some(_), Some(_)) => {
                    blocks.extend(open.take().filter(|(wanted, _)| *wanted).map(|(_, text)| text));
                }
                (Some((_, text)), None) => *text += &format!("{line}\n"),
                (None, None) => {}
            }
        }
        blocks
    }

    /// What is between backquotes.
    fn spans(&self) -> impl Iterator<Item = &str> {
        self.prose().flat_map(|line| line.split('`').skip(1).step_by(2))
    }

    /// The targets of links and pictures.
    fn links(&self) -> Vec<&str> {
        let targets = self.prose().flat_map(|line| line.split("](").skip(1));
        targets.filter_map(|rest| rest.split(')').next()).collect()
    }

    /// The anchors of its headings, as GitHub makes them.
    fn anchors(&self) -> Vec<String> {
        let headings = self.prose().filter(|line| line.starts_with('#'));
        headings
            .map(|line| {
                let name = line.trim_start_matches('#').trim().to_lowercase();
                name.chars()
                    .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                    .map(|c| if c == ' ' { '-' } else { c })
                    .collect()
            })
            .collect()
    }
}

/// README.md and the pages of docs/.
fn manual() -> Vec<Page> {
    let mut paths: Vec<_> =
        fs::read_dir("docs").unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.insert(0, "README.md".into());
    paths.into_iter().map(Page::open).collect()
}

/// Holds the part of a page between `<!-- name -->` and `<!-- /name -->` to `table`.
fn check_table(path: &str, name: &str, table: &str) {
    let text = fs::read_to_string(path).unwrap();
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = text.split_once(&open).unwrap();
    let (found, after) = rest.split_once(&close).unwrap();
    if std::env::var_os("UNSTUCK_UPDATE_DOCS").is_some() {
        fs::write(path, format!("{before}{open}{table}{close}{after}")).unwrap();
    } else {
        assert!(
            found == table,
            "the table `{name}` in {path} is out of date; see the heading of tests/house/manual.rs"
        );
    }
}

fn quoted(names: impl Iterator<Item = impl Display>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn desk_keys() -> Keymap<Command> {
    tui::keymap().unwrap()
}

fn live_keys() -> Keymap<Cue> {
    Settings::default().keymap().unwrap()
}

#[test]
fn the_tables_are_generated_from_the_code() {
    let mut table = String::from("| command | keys |\n|---|---|\n");
    let keymap = desk_keys();
    // Movement keys are the same as in other editors.
    for command in tui::commands().into_iter().filter(|command| command.heading() != "Moving") {
        let help = command.help().trim_end_matches('.');
        let keys = quoted(keymap.keys(command));
        let palette = format!("in the palette: {}", command.name().replace('-', " "));
        table += &format!("| {help} | {} |\n", if keys.is_empty() { palette } else { keys });
    }
    check_table("docs/desk.md", "keys", &table);

    let mut table = String::from("| act | keys |\n|---|---|\n");
    let keymap = live_keys();
    for cue in Cue::iter() {
        let help = cue.get_documentation().unwrap().trim_end_matches('.');
        table += &format!("| {help} | {} |\n", quoted(keymap.keys(cue)));
    }
    check_table("docs/on-air.md", "cues", &table);

    let mut table = String::from("| command | |\n|---|---|\n");
    for act in ACTS {
        let gap = if act.takes.is_empty() { "" } else { " " };
        let takes = act.takes.replace('|', "or");
        table += &format!("| `/{}{gap}{takes}` | {} |\n", act.name, act.help.trim_end_matches('.'));
    }
    check_table("docs/plain.md", "acts", &table);
    let letters = LETTERS.iter().map(|(letter, name)| format!("`/{letter}` is `/{name}`"));
    let letters = letters.collect::<Vec<_>>().join(", ");
    check_table("docs/plain.md", "letters", &format!("Short: {letters}.\n"));

    let mut table = String::from("| preset | for |\n|---|---|\n");
    for preset in PRESETS {
        table += &format!("| `{}` | {} |\n", preset.name, preset.about);
    }
    check_table("docs/desk.md", "presets", &table);

    let mut table = String::from("| file | where | if something is there |\n|---|---|---|\n");
    for file in unstuck::whole::WRITTEN {
        table += &format!("| {} | {} | {} |\n", file.what, file.place, file.exists);
    }
    check_table("docs/settings.md", "files", &table);

    let mut table = String::from("| role | used for |\n|---|---|\n");
    for role in Role::iter() {
        let name: &str = role.into();
        table += &format!("| `{name}` | {} |\n", role.get_documentation().unwrap());
    }
    check_table("docs/desk.md", "roles", &table);
}

/// The words of a command line as a shell splits them, up to a comment, a pipe or a redirection.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '#' | '|' | '<' | '>') => break,
            (None, c) if c.is_whitespace() => words.push(String::new()),
            (_, c) => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What follows `unstuck` in every command line: in a code block, also behind a pipe, or between backquotes.
fn command_lines(page: &Page) -> Vec<String> {
    let blocks = page.blocks("");
    let lines = blocks.iter().flat_map(|block| block.lines()).filter_map(|line| {
        line.strip_prefix("unstuck ").or_else(|| Some(line.split_once("| unstuck ")?.1))
    });
    let spans = page.spans().filter_map(|span| span.strip_prefix("unstuck "));
    lines.chain(spans).map(str::to_owned).collect()
}

/// The program's complaint about a command line, if it has one. `--help` keeps the command from being carried out.
fn complaint(home: &Path, line: &[String]) -> Option<String> {
    let output = program::unstuck(home).args(line).arg("--help").output().unwrap();
    (program::code(&output) != Some(0)).then(|| program::err(&output))
}

#[test]
fn every_command_line_and_option_exists() {
    let home = TempDir::new().unwrap();
    let script = program::unstuck(home.path()).args(["completions", "bash"]).output().unwrap();
    let script = program::success(&script);
    let options: BTreeSet<&str> =
        script.split(|c: char| c.is_whitespace() || "\"'()|".contains(c)).collect();
    let mut checked = 0;
    for page in manual() {
        for line in command_lines(&page) {
            let wrong = complaint(home.path(), &words(&line)).unwrap_or_default();
            assert!(wrong.is_empty(), "{}: `unstuck {line}`: {wrong}", page.path.display());
            checked += 1;
        }
        for word in page.spans().filter(|span| span.starts_with("--")).flat_map(words) {
            let name = word.split('=').next().unwrap();
            // Old names are hidden: only the parser knows them.
            let hidden = || {
                ["generate", "finetune"].iter().any(|command| {
                    let line = [(*command).to_owned(), format!("{name}=1")];
                    !complaint(home.path(), &line).is_some_and(|said| said.contains("unexpected"))
                })
            };
            let known = !name.starts_with("--") || options.contains(name) || hidden();
            assert!(known, "{}: there is no option `{name}`", page.path.display());
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} command lines and options were found");
}

/// All settings by their full names, with their defaults; `None` for those that have none.
fn settings() -> BTreeMap<String, Option<Value>> {
    fn flat(table: &Table, above: &str, found: &mut BTreeMap<String, Option<Value>>) {
        for (name, value) in table {
            let name = format!("{above}{name}");
            match value {
                Value::Table(table) => {
                    found.insert(name.clone(), None);
                    flat(table, &format!("{name}."), found);
                }
                value => drop(found.insert(name, Some(value.clone()))),
            }
        }
    }
    let text = fs::read_to_string("examples/unstuck.toml").unwrap();
    let mut all = BTreeMap::new();
    flat(&text.replace("#: ", "").parse().unwrap(), "", &mut all);
    let mut set = BTreeMap::new();
    flat(&text.parse().unwrap(), "", &mut set);
    for (name, value) in &mut all {
        *value = value.take().filter(|_| set.contains_key(name));
    }
    all
}

#[test]
fn every_setting_exists_and_none_is_left_out() {
    let known = settings();
    let page = Page::open("docs/settings.md");
    let rows = page.prose().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let (mut named, mut sampling) = (BTreeSet::new(), BTreeSet::new());
    for (name, rest) in rows {
        if known.contains_key(&format!("generate.{name}")) {
            sampling.insert(name);
            continue;
        }
        let value = known.get(name).unwrap_or_else(|| panic!("there is no setting `{name}`"));
        named.insert(name);
        let cell = rest.split(" | ").next().unwrap();
        let bare = cell.trim_matches('`');
        let fits = match value {
            _ if cell.starts_with("`UNSTUCK_") => true,
            None => ["none", "|", ""].iter().any(|open| cell.starts_with(open)),
            Some(Value::String(text)) => text == bare || text.is_empty() || cell == "a sentence",
            Some(value) => format!("x = {bare}").parse::<Table>().is_ok_and(|table| {
                let number =
                    |value: &Value| value.as_float().or(value.as_integer().map(|n| n as f64));
                table["x"] == *value
                    || number(value).is_some() && number(value) == number(&table["x"])
            }),
        };
        assert!(fits, "`{name}`: {cell} is not its default {value:?}");
    }
    for name in known.keys() {
        let part = name.rsplit('.').next().unwrap();
        let table = name.rsplit_once('.').map_or("", |(table, _)| table);
        let is_key = ["keys", "live.keys"].contains(&table);
        let is_table = known.keys().any(|other| other.starts_with(&format!("{name}.")));
        let is_sampling = ["generate", "desk.sampling", "bot.sampling"].contains(&table);
        let said = if is_sampling { sampling.contains(part) } else { named.contains(&**name) };
        assert!(said || is_key || is_table, "docs/settings.md leaves out `{name}`");
    }
    // A span such as `desk.idle` is a setting.
    for page in manual() {
        for span in page.spans() {
            let of_ours =
                ["desk.", "live.", "bot.", "generate."].iter().any(|top| span.starts_with(top));
            assert!(!of_ours || known.contains_key(span), "{}: `{span}`", page.path.display());
        }
    }
}

#[test]
fn example_settings_are_valid() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("example.toml");
    let mut checked = 0;
    for page in manual() {
        for block in page.blocks("toml") {
            fs::write(&file, &block).unwrap();
            let mut config = program::unstuck(home.path());
            let output = config.arg("--config").arg(&file).arg("config").output().unwrap();
            let said = program::err(&output);
            assert_eq!(program::code(&output), Some(0), "{}: {said}\n{block}", page.path.display());
            checked += 1;
        }
    }
    assert!(checked > 2, "only {checked} examples were found");
}

/// `desk.key("help")` names a command by a string; one that doesn't exist would be shown as "a key".
#[test]
fn sentences_of_the_desk_name_commands_that_exist() {
    let commands: Vec<_> = tui::commands().into_iter().map(Command::name).collect();
    let mut found = 0;
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("src/tui")) {
        for rest in text.split(".key(\"").skip(1) {
            let name = rest.split('"').next().unwrap();
            assert!(commands.contains(&name), "{}: there is no command `{name}`", path.display());
            found += 1;
        }
    }
    assert!(found > 0, "no sentence names a command");
}

#[test]
fn every_key_exists() {
    let mut known: BTreeSet<String> =
        ["Ctrl+U", "Ctrl+G", "Ctrl+Shift+V"].map(str::to_owned).into_iter().collect();
    let (desk, live) = (desk_keys(), live_keys());
    known.extend(desk.commands().iter().flat_map(|act| desk.keys(*act)).map(|key| key.to_string()));
    known.extend(Cue::iter().flat_map(|act| live.keys(act)).map(|key| key.to_string()));
    for page in manual() {
        for span in page.spans() {
            let function = span.strip_prefix('F').is_some_and(|n| n.parse::<u8>().is_ok());
            let chord = span.starts_with("Ctrl+") || span.starts_with("Alt+") || function;
            assert!(!chord || known.contains(span), "{}: no key `{span}`", page.path.display());
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let mut pages = manual();
    pages.extend(["ARCHITECTURE.md", "CHANGELOG.md"].map(Page::open));
    for page in &pages {
        for link in page.links().into_iter().filter(|link| !link.starts_with("http")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => page.path.clone(),
                path => page.path.parent().unwrap().join(path),
            };
            assert!(target.exists(), "{}: {link}", page.path.display());
            let found =
                anchor.is_empty() || Page::open(target).anchors().iter().any(|a| a == anchor);
            assert!(found, "{}: {link}", page.path.display());
        }
    }
    let readme = Page::open("README.md");
    for page in pages.iter().filter(|page| page.path.starts_with("docs")) {
        let path = page.path.to_str().unwrap();
        let linked = readme.links().iter().any(|link| link.split('#').next() == Some(path));
        assert!(linked, "README.md doesn't link {path}");
    }
}

#[test]
fn the_map_names_only_what_exists() {
    let page = Page::open("ARCHITECTURE.md");
    for span in page.spans().filter(|span| span.contains('/') && !span.contains(' ')) {
        let roots = ["", "src/"].map(|root| Path::new(root).join(span));
        let ours = ["src/", "tests/", "docs/", "examples/", "themes/"];
        let looks_like_a_path =
            ours.iter().any(|top| span.starts_with(top)) || span.ends_with(".rs");
        assert!(
            !looks_like_a_path || roots.iter().any(|path| path.exists()),
            "ARCHITECTURE.md names `{span}`, which is not there"
        );
    }
}

#[test]
fn the_first_pages_are_short() {
    for (page, most) in [("README.md", 8), ("ARCHITECTURE.md", 10)] {
        let bytes = fs::metadata(page).unwrap().len();
        assert!(bytes <= most * 1024, "{page} has {bytes} bytes; at most {most} KiB");
    }
}
