//! House rules that a reader may rely on: imports point down, files are short and say what they are, and what draws
//! on the terminal, computes or is `unsafe` stays in its rooms.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Top to bottom, as in `ARCHITECTURE.md`. A module may name only modules of lower lines, and anyone those of the last.
const LAYERS: [&[&str]; 9] = [
    &["main", "cli", "config", "log", "threads"],
    &["tui", "live", "bot", "finetune", "commands"],
    &["ui", "mentions"],
    &["catalogue"],
    &["session", "generate"],
    &["hub"],
    &["weights"],
    &["clean", "model"],
    &["token", "whole"],
];

/// Crates that only some rooms may name.
const ROOMS: [(&[&str], &[&str]); 3] = [
    (&["ratatui", "crossterm", "tui_textarea"], &["tui", "live", "ui"]),
    (
        &["candle_core", "candle_nn", "candle_transformers"],
        &["model", "weights", "generate", "finetune"],
    ),
    (&["ureq", "reqwest", "hyper", "attohttpc", "minreq"], &["bot", "live", "generate", "hub"]),
];

/// Files that may lift the ban on `unsafe`: the kernels, and the memory map of weights.
fn may_be_unsafe(path: &Path) -> bool {
    path.starts_with("src/model/kernels") || path == Path::new("src/weights/safetensors.rs")
}

#[test]
fn imports_point_down() {
    for (path, text) in sources() {
        let own = module(&path);
        if own == "lib" {
            continue;
        }
        for other in imported(&text) {
            let ok = other == own
                || layer(&own) == 0 && layer(&other) == 0
                || layer(&other) > layer(&own);
            assert!(ok, "{}: `{own}` must not import `{other}`", path.display());
        }
    }
}

#[test]
fn terminals_tensors_and_networks_stay_in_their_rooms() {
    for (path, text) in sources() {
        let own = module(&path);
        for (crates, rooms) in ROOMS {
            for name in crates {
                let used = names(&code(&text), &format!("{name}::"));
                assert!(
                    !used || rooms.contains(&&*own),
                    "{}: `{name}` has no place in `{own}`",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn files_are_short_and_headed() {
    let mut lengths: Vec<_> = sources()
        .into_iter()
        .map(|(path, text)| {
            let heading = text
                .lines()
                .take_while(|line| line.starts_with("//!"))
                .filter(|line| line.len() > 3)
                .count();
            let heading = if path == Path::new("src/lib.rs") { heading.min(4) } else { heading };
            assert!((1..=4).contains(&heading), "{}: a heading of 1 to 4 lines", path.display());
            let length = text.lines().count();
            assert!(length <= 400, "{}: {length} lines are too long", path.display());
            length
        })
        .collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= 200, "the median file has {median} lines");
    for (path, text) in files(&["tests", "examples", "benches"], &["rs"]) {
        assert!(text.starts_with("//!"), "{} lacks a heading", path.display());
    }
}

#[test]
fn unsafe_stays_in_its_room_with_its_reason() {
    for (path, text) in sources() {
        let code = code(&text);
        let uses = names(&code, "unsafe") || code.contains("allow(unsafe_code)");
        assert!(!uses || may_be_unsafe(&path), "{}: no place for `unsafe`", path.display());
        let lines: Vec<_> = text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            if !names(&self::code(line), "unsafe {") && !names(&self::code(line), "unsafe impl") {
                continue;
            }
            let said = lines[i.saturating_sub(4)..=i].iter().any(|line| line.contains("SAFETY"));
            assert!(said, "{}:{}: an unsafe block without its SAFETY", path.display(), i + 1);
        }
    }
}

#[test]
fn no_state_hides_in_statics() {
    for (path, text) in sources() {
        for line in code(&text).lines().map(str::trim) {
            let line = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            let constant =
                line.contains("&[u8]") || line.contains("&str") || !line.contains("Mutex");
            let state = line.starts_with("static mut")
                || line.starts_with("thread_local!")
                || line.starts_with("static ")
                    && (!constant || line.contains("Atomic") || line.contains("OnceLock"));
            assert!(!state, "{}: global state: {line}", path.display());
        }
    }
}

#[test]
fn names_are_nouns_that_say_something() {
    for (path, text) in sources() {
        let stem = path.file_stem().unwrap().to_string_lossy().to_lowercase();
        assert!(
            !["utils", "util", "helpers", "common", "misc"].contains(&&*stem),
            "{}",
            path.display()
        );
        for word in ["struct", "enum", "trait"] {
            for rest in code(&text).split(&format!("{word} ")).skip(1) {
                let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
                let vague = ["Manager", "Handler", "Helper", "Service", "Ctx", "Utils"];
                let bad = vague.iter().any(|end| name.ends_with(end));
                assert!(!bad, "{}: `{name}` says nothing", path.display());
            }
        }
    }
}

/// A clone is all that is needed: no file leans on what lies beside the repository or names a package host.
#[test]
fn the_repository_stands_alone() {
    let folders =
        ["src", "tests", "examples", "benches", "themes", "models", "docs", ".ci", ".github"];
    let mut all = files(&folders, &["rs", "toml", "md", "sh", "yml", "run"]);
    for name in ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Cargo.toml", ".ci/run"] {
        if let Ok(text) = fs::read_to_string(name) {
            all.push((name.into(), text));
        }
    }
    // in pieces, so that this file passes too
    let hosts = [["crates", ".io"], ["static.crates", ".io"], ["pypi", ".org"], ["npmjs", ".com"]];
    for (path, text) in all {
        assert!(!text.contains(&["../", "shared"].concat()), "{} leans outside", path.display());
        for host in hosts {
            assert!(!text.contains(&host.concat()), "{} names a host", path.display());
        }
    }
}

fn layer(module: &str) -> usize {
    LAYERS
        .iter()
        .position(|layer| layer.contains(&module))
        .unwrap_or_else(|| panic!("`{module}` is in no layer: add it to ARCHITECTURE.md and here"))
}

/// The part of the crate that a file belongs to: `src/tui/app.rs` to `tui`.
fn module(path: &Path) -> String {
    let first =
        path.components().nth(1).expect("a path in src").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules of this crate that `text` names, be it `crate::a::B` or `unstuck::{a::B, c::{D, E}}`.
fn imported(text: &str) -> Vec<String> {
    let code = code(text);
    let mut found = Vec::new();
    for root in ["crate::", "unstuck::"] {
        for (at, _) in code.match_indices(root) {
            let inside_a_word = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if !inside_a_word {
                found.extend(heads(&code[at + root.len()..]));
            }
        }
    }
    // a macro or an item of the root itself is no module
    found.retain(|name| name.starts_with(|c: char| c.is_lowercase()));
    found
}

/// The first names behind one root.
fn heads(rest: &str) -> Vec<String> {
    let head = |path: &str| -> String {
        path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    if !rest.starts_with('{') {
        return vec![head(rest)];
    }
    let mut depth = 0;
    let mut names = Vec::new();
    for (at, c) in rest.char_indices() {
        let begins = depth == 1 && c == ',' || depth == 0 && c == '{';
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if begins {
            names.push(head(&rest[at + 1..]));
        }
        if depth == 0 {
            break;
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Whether `name` stands in `text` as a word, or begins a path when it ends in `::`.
fn names(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let goes_on = text[at + name.len()..].starts_with(word) && !name.ends_with(':');
        !text[..at].ends_with(word) && !goes_on
    })
}

/// `text` without what follows `//` in each line.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).fold(
        String::new(),
        |mut all, line| {
            all.push_str(line);
            all.push('\n');
            all
        },
    )
}

fn sources() -> Vec<(PathBuf, String)> {
    files(&["src"], &["rs"])
}

/// All text files below `folders` whose names end so.
fn files(folders: &[&str], extensions: &[&str]) -> Vec<(PathBuf, String)> {
    let mut todo: Vec<_> = folders.iter().map(PathBuf::from).collect();
    let mut found = Vec::new();
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("a readable folder").path();
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                todo.push(path);
            } else if extensions.contains(&&*extension) {
                let text = fs::read_to_string(&path).expect("text");
                found.push((path, text));
            }
        }
    }
    found
}
