//! Rules for the sources: imports point down, files are short and have a heading, and terminals, tensors, HTTP and
//! `unsafe` are used only in the modules made for them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The layers of `ARCHITECTURE.md`, from top to bottom. A module may import modules of lower layers only; those of the
/// first layer may import each other.
const LAYERS: [&[&str]; 9] = [
    &["main", "cli", "config", "headless", "history", "log", "open", "threads"],
    &["tui", "bot", "finetune", "commands"],
    &["ui", "mentions"],
    &["catalogue"],
    &["session", "generate"],
    &["hub"],
    &["weights", "judge"],
    &["clean", "model"],
    &["net", "splitmix", "token", "whole"],
];

/// Crates, and the modules that may name them.
const ROOMS: [(&[&str], &[&str]); 3] = [
    (&["ratatui", "crossterm", "tui_textarea"], &["tui", "ui"]),
    (
        &["candle_core", "candle_nn", "candle_transformers"],
        &["model", "weights", "generate", "finetune"],
    ),
    (&["ureq", "reqwest", "hyper", "attohttpc", "minreq"], &["net"]),
];

/// Files that may contain `unsafe`: the kernels, and the memory map of weights.
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
fn the_modules_of_these_rules_exist() {
    let rooms = ROOMS.iter().flat_map(|(_, rooms)| rooms.iter());
    for name in LAYERS.concat().iter().chain(rooms) {
        let there = Path::new(&format!("src/{name}.rs")).exists()
            || Path::new(&format!("src/{name}/mod.rs")).exists();
        assert!(there, "there is no module `{name}`: remove it from tests/house/tidy.rs");
    }
}

#[test]
fn terminals_tensors_and_http_have_their_modules() {
    for (path, text) in sources() {
        let own = module(&path);
        for (crates, rooms) in ROOMS {
            for name in crates {
                let used = names(&code(&text), &format!("{name}::"));
                assert!(
                    !used || rooms.contains(&&*own),
                    "{}: `{own}` must not use `{name}`",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn files_are_short_and_have_a_heading() {
    let mut lengths: Vec<_> = sources()
        .into_iter()
        .map(|(path, text)| {
            let has_heading = text.starts_with("//! ");
            assert!(has_heading, "{}: a heading (`//!`) is missing", path.display());
            let length = text.lines().count();
            assert!(length <= 400, "{}: {length} lines, more than 400", path.display());
            length
        })
        .collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= 200, "the median file has {median} lines");
    for (path, text) in files(&["tests", "examples", "benches"], &["rs"]) {
        assert!(text.starts_with("//!"), "{}: a heading (`//!`) is missing", path.display());
    }
}

#[test]
fn unsafe_code_is_where_it_may_be_and_says_why() {
    for (path, text) in sources() {
        // A keyword of the Content-Security-Policy.
        let code = code(&text).replace("'unsafe-inline'", "");
        let uses = names(&code, "unsafe") || code.contains("allow(unsafe_code)");
        assert!(
            !uses || may_be_unsafe(&path),
            "{}: `unsafe` is allowed in the kernels and the memory map only",
            path.display()
        );
        let lines: Vec<_> = text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            if !names(&self::code(line), "unsafe {") && !names(&self::code(line), "unsafe impl") {
                continue;
            }
            let said = lines[i.saturating_sub(4)..=i].iter().any(|line| line.contains("SAFETY"));
            assert!(
                said,
                "{}:{}: an unsafe block without a comment `SAFETY`",
                path.display(),
                i + 1
            );
        }
    }
}

#[test]
fn there_is_no_global_state() {
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
fn no_name_is_vague() {
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
                assert!(!bad, "{}: `{name}` is too vague", path.display());
            }
        }
    }
}

/// A clone of the repository is enough to work on it: no file refers to a folder beside it or to a package registry.
#[test]
fn nothing_outside_the_repository_is_needed() {
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
        assert!(
            !text.contains(&["../", "shared"].concat()),
            "{}: refers to a folder outside",
            path.display()
        );
        for host in hosts {
            assert!(!text.contains(&host.concat()), "{}: names a package registry", path.display());
        }
    }
}

/// `App` joins what is independent, and no type of the desk knows everything.
#[test]
fn types_of_the_desk_have_few_fields() {
    let mut found = 0;
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("src/tui")) {
        for (name, fields) in structs(&code(&text)) {
            let most = if name == "App" { 8 } else { 14 };
            assert!(fields <= most, "{}: `{name}` has {fields} fields", path.display());
            found += fields;
        }
    }
    assert!(found > 100, "only {found} fields were found");
}

/// The structs of a file with named fields, and how many they have.
fn structs(code: &str) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    let mut indent = None;
    for line in code.lines() {
        let depth = line.len() - line.trim_start().len();
        let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
        if let (Some("struct"), Some(name), true) =
            (words.next(), words.next(), line.ends_with('{'))
        {
            let name = name.split('<').next().unwrap_or_default();
            (indent, _) = (Some(depth), found.push((name.to_owned(), 0)));
        } else if line.trim() == "}" && indent == Some(depth) {
            indent = None;
        } else if let (Some(outer), Some((_, fields))) = (indent, found.last_mut()) {
            let is_field = depth == outer + 4 && line.contains(": ") && !line.contains("#[");
            *fields += usize::from(is_field);
        }
    }
    found
}

#[test]
fn fields_are_counted() {
    let text = "struct A;\npub(super) struct App<'a> {\n    #[x(a: 1)]\n    pub a: B,\n    b: (u8, u8),\n}\nfn f() {\n    c: 1\n}\n";
    assert_eq!(structs(text), [("App".to_owned(), 2)]);
}

fn layer(module: &str) -> usize {
    LAYERS.iter().position(|layer| layer.contains(&module)).unwrap_or_else(|| {
        panic!("`{module}` is in no layer: add it to ARCHITECTURE.md and to tests/house/tidy.rs")
    })
}

/// The module of the crate that a file belongs to: `src/tui/app.rs` to `tui`.
fn module(path: &Path) -> String {
    let first =
        path.components().nth(1).expect("a path in src").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules of this crate that `text` names, as in `crate::a::B` or `unstuck::{a::B, c::{D, E}}`.
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
    // The root also has macros and items, which are no modules.
    found.retain(|name| name.starts_with(|c: char| c.is_lowercase()));
    found
}

/// The first names of the paths that follow `crate::`.
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

/// Whether `text` contains `name` as a word; as the beginning of a path when it ends in `::`.
fn names(text: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let goes_on = text[at + name.len()..].starts_with(word) && !name.ends_with(':');
        !text[..at].ends_with(word) && !goes_on
    })
}

/// `text` without comments.
pub fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).fold(
        String::new(),
        |mut all, line| {
            all.push_str(line);
            all.push('\n');
            all
        },
    )
}

pub fn sources() -> Vec<(PathBuf, String)> {
    files(&["src"], &["rs"])
}

/// All text files in `folders`, and in the folders inside them, that have one of these extensions.
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
