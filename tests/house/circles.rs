//! No two folders of `src` need each other: files of different folders import each other in no circle.
//!
//! The graph has a node for each file. `use crate::a::B`, `super::c::D` and `child::e()` are edges to the file that
//! holds the item; a name that a `mod.rs` re-exports leads to the file it comes from. `mod` declarations and re-exports
//! are no edges, and tests inside a file aren't looked at.

use super::tidy::{code, sources};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    path::{Path, PathBuf},
};

/// A path of modules and items, from the crate on: `unstuck::tui::App`.
type Name = Vec<String>;

/// Modules of the program. All others are the library's.
const PROGRAM: [&str; 5] = ["main", "cli", "config", "log", "threads"];

#[derive(Default)]
struct Graph {
    paths: Vec<PathBuf>,
    /// The file of each module.
    modules: HashMap<Name, usize>,
    /// What a module imports or re-exports, by the names that it has there.
    aliases: HashMap<Name, HashMap<String, Name>>,
    edges: Vec<BTreeSet<usize>>,
}

impl Graph {
    fn new() -> Self {
        let mut graph = Self::default();
        let texts: Vec<_> = sources()
            .into_iter()
            .map(|(path, text)| {
                graph.modules.insert(module(&path), graph.paths.len());
                graph.paths.push(path);
                code(text.split("#[cfg(test)]\nmod ").next().unwrap())
            })
            .collect();
        let mut imports = Vec::new();
        for (file, text) in texts.iter().enumerate() {
            let own = module(&graph.paths[file]);
            for import in graph.imports(&own, text) {
                if let (true, Some(alias)) = (import.is_use, &import.alias) {
                    let aliases = graph.aliases.entry(own.clone()).or_default();
                    aliases.insert(alias.clone(), import.name.clone());
                }
                if !import.is_re_export {
                    imports.push((file, import.name));
                }
            }
        }
        graph.edges = vec![BTreeSet::new(); graph.paths.len()];
        for (file, name) in imports {
            if let Some(other) = graph.file(&name, 0).filter(|other| *other != file) {
                graph.edges[file].insert(other);
            }
        }
        graph
    }

    /// The paths that a file names.
    fn imports(&self, own: &Name, text: &str) -> Vec<Import> {
        let mut found = Vec::new();
        let word = |c: char| c.is_alphanumeric() || c == '_';
        for (at, _) in text.match_indices("::") {
            let before = &text[..at];
            let start = before.rfind(|c: char| !word(c)).map_or(0, |at| at + 1);
            let (before, first) = (&before[..start], &before[start..]);
            if before.ends_with("::") || before.ends_with(['.', '$']) {
                continue;
            }
            let child = [&own[..], &[first.to_owned()]].concat();
            let base: Name = match first {
                "crate" => own[..1].to_vec(),
                "self" => own.clone(),
                "super" => own[..own.len() - 1].to_vec(),
                "unstuck" => vec!["unstuck".into()],
                _ if self.modules.contains_key(&child) => child,
                _ => continue,
            };
            let statement = before.rsplit([';', '}', '{']).next().unwrap().trim();
            let is_use = statement.ends_with("use");
            let is_re_export = is_use && statement.starts_with("pub");
            for (name, alias) in tree(&text[at + 2..], base) {
                found.push(Import { name, alias, is_use, is_re_export });
            }
        }
        found
    }

    /// The file that holds what `name` names.
    fn file(&self, name: &[String], depth: usize) -> Option<usize> {
        let length = (1..=name.len()).rev().find(|n| self.modules.contains_key(&name[..*n]))?;
        let (module, rest) = name.split_at(length);
        let alias = rest.first().and_then(|first| self.aliases.get(module)?.get(first));
        match alias {
            Some(target) if depth < 8 => self.file(&[target, &rest[1..]].concat(), depth + 1),
            _ => self.modules.get(module).copied(),
        }
    }

    /// All files that a file needs, directly or through others.
    fn reached(&self, from: usize) -> BTreeSet<usize> {
        let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(at) = next.pop() {
            next.extend(self.edges[at].iter().filter(|to| reached.insert(**to)));
        }
        reached
    }

    /// The shortest way from a file to itself that leaves its folder.
    fn circle(&self, from: usize) -> Option<Vec<usize>> {
        let home = folder(&self.paths[from]);
        // Whether the way has left the folder is part of where it is.
        let mut came: BTreeMap<(usize, bool), (usize, bool)> = BTreeMap::new();
        let mut next = VecDeque::from([(from, false)]);
        while let Some(at) = next.pop_front() {
            for &to in &self.edges[at.0] {
                let step = (to, at.1 || folder(&self.paths[to]) != home);
                if came.contains_key(&step) {
                    continue;
                }
                came.insert(step, at);
                if step == (from, true) {
                    let mut way = vec![from];
                    let mut at = at;
                    while at != (from, false) {
                        way.push(at.0);
                        at = came[&at];
                    }
                    way.push(from);
                    way.reverse();
                    return Some(way);
                }
                next.push_back(step);
            }
        }
        None
    }
}

struct Import {
    name: Name,
    /// The name that it has in the file.
    alias: Option<String>,
    is_use: bool,
    is_re_export: bool,
}

/// The paths of `a::{b, c::D as E}` behind `base`, each with its last name.
fn tree(text: &str, base: Name) -> Vec<(Name, Option<String>)> {
    let text = text.trim_start();
    if let Some(inner) = text.strip_prefix('{') {
        let (mut depth, mut from, mut found) = (0, 0, Vec::new());
        for (at, c) in inner.char_indices() {
            let ends = depth == 0 && (c == ',' || c == '}');
            if ends && !inner[from..at].trim().is_empty() {
                found.extend(tree(&inner[from..at], base.clone()));
            }
            match c {
                _ if ends && c == '}' => break,
                _ if ends => from = at + 1,
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
        }
        return found;
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (first, rest) = text.split_at(end);
    let mut name = base;
    match first {
        "" => return vec![(name, None)],
        "self" => {}
        "super" => drop(name.pop()),
        _ => name.push(first.to_owned()),
    }
    if let Some(rest) = rest.strip_prefix("::") {
        return tree(rest, name);
    }
    let alias = rest
        .trim_start()
        .strip_prefix("as ")
        .map(|rest| rest.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
    let alias = alias.or_else(|| name.last().cloned());
    vec![(name, alias)]
}

/// `src/tui/app.rs` to `unstuck::tui::app`.
fn module(path: &Path) -> Name {
    let inner = path.strip_prefix("src").unwrap().with_extension("");
    let mut names: Name =
        inner.components().map(|part| part.as_os_str().to_str().unwrap().to_owned()).collect();
    let of_program = PROGRAM.contains(&&*names[0]);
    if matches!(&**names.last().unwrap(), "mod" | "lib" | "main") {
        names.pop();
    }
    names.insert(0, if of_program { "main" } else { "unstuck" }.into());
    names
}

/// The folder that a file belongs to: its own, if it has one. A file directly in `src` is a folder of its own.
fn folder(path: &Path) -> PathBuf {
    let inner = path.with_extension("");
    let parent = path.parent().unwrap();
    let has_own = inner.is_dir() || parent == Path::new("src");
    if has_own { inner } else { parent.to_owned() }
}

#[test]
fn no_circle_of_imports_between_folders() {
    let graph = Graph::new();
    assert!(graph.edges.iter().map(BTreeSet::len).sum::<usize>() > 300, "imports are found");
    let mut seen = BTreeSet::<usize>::new();
    let mut circles = String::new();
    for file in 0..graph.paths.len() {
        let Some(circle) = graph.circle(file).filter(|_| !seen.contains(&file)) else { continue };
        seen.extend(graph.reached(file).into_iter().filter(|f| graph.reached(*f).contains(&file)));
        let names: Vec<_> = circle.iter().map(|f| graph.paths[*f].display().to_string()).collect();
        circles += &format!("{}\n", names.join("\n  -> "));
    }
    assert!(circles.is_empty(), "files of different folders import each other:\n{circles}");
}

#[test]
fn trees_of_imports_are_read() {
    let names = |text: &str| -> Vec<String> {
        let found = tree(text, vec!["unstuck".into()]);
        found.into_iter().map(|(name, alias)| name.join("::") + " " + &alias.unwrap()).collect()
    };
    assert_eq!(names("a::B;"), ["unstuck::a::B B"]);
    assert_eq!(
        names("{\n a::{self, B as C, d::{E}},\n f,\n};"),
        ["unstuck::a a", "unstuck::a::B C", "unstuck::a::d::E E", "unstuck::f f"]
    );
}
