//! A rundown: the prompts of a show, in a Markdown file. `## name` begins a prompt. Lines like `seed: 7` directly below
//! are its settings, and its text follows after an empty line.

use crate::{token::Setting, ui::mistake, whole};
use anyhow::{Context, Result, anyhow, bail};
use std::path::{Path, PathBuf};

/// The most prompts of a rundown, and the most characters of one.
const PROMPTS: usize = 999;
const TEXT: usize = 20_000;

/// The prompts of a show, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rundown {
    /// The file it was read from.
    pub path: Option<PathBuf>,
    /// The title of the show.
    pub title: Option<String>,
    /// The prompts.
    pub prompts: Vec<Prompt>,
}

/// One prompt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// Its name, for the host.
    pub name: String,
    /// The text that the model continues.
    pub text: String,
    /// The seed of the first take; without it, each take has a new one.
    pub seed: Option<u64>,
    /// The number of takes rolled at once, 1 to 3.
    pub takes: Option<usize>,
    /// The pace, in words a minute.
    pub pace: Option<u32>,
    /// The length of a take, in tokens.
    pub tokens: Option<usize>,
    /// The temperature.
    pub temperature: Option<f32>,
    /// The writer's own continuation, hidden until the host shows it.
    pub writer: Option<String>,
}

/// The settings of a prompt.
const SETTINGS: [&str; 6] = ["seed", "takes", "pace", "tokens", "temperature", "writer"];

impl Rundown {
    /// Reads a file.
    ///
    /// # Errors
    /// The file can't be read, isn't UTF-8, or isn't a valid rundown. The error has its name and the line.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let bytes = whole::read(path).with_context(|| format!("the rundown {name}"))?;
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text,
            Err(wrong) => {
                let line = mistake::line(&String::from_utf8_lossy(&bytes), wrong.valid_up_to());
                bail!("the rundown {name}: line {line} isn't UTF-8; save it as UTF-8")
            }
        };
        let rundown = Self::parse(text).with_context(|| format!("the rundown {name}"))?;
        Ok(Self { path: Some(path.to_owned()), ..rundown })
    }

    /// Parses a rundown.
    ///
    /// # Errors
    /// The rundown is invalid. The error has the line.
    pub fn parse(text: &str) -> Result<Self> {
        let mut rundown = Self::default();
        // The line where the current prompt begins, and whether its text has begun.
        let (mut begun, mut in_text) = (0, false);
        let text = text.trim_start_matches('\u{feff}');
        let mut in_remark = false;
        for (number, line) in text.lines().enumerate() {
            let number = number + 1;
            let line = line.trim_end();
            if let Some(name) = line.strip_prefix("## ").map(str::trim) {
                rundown.close(begun)?;
                if let Some(other) = rundown.prompts.iter().position(|prompt| prompt.name == name) {
                    bail!("line {number}: `{name}` is already the name of prompt {}", other + 1);
                }
                if rundown.prompts.len() == PROMPTS {
                    bail!("line {number}: a rundown has at most {PROMPTS} prompts");
                }
                rundown.prompts.push(Prompt { name: name.into(), ..Prompt::default() });
                (begun, in_text) = (number, false);
                continue;
            }
            if line == "##" {
                bail!("line {number}: a prompt needs a name after `##`");
            }
            let Some(prompt) = rundown.prompts.last_mut() else {
                // Comments are allowed before the first prompt only.
                in_remark |= line.starts_with("<!--");
                if in_remark {
                    in_remark = !line.ends_with("-->");
                    continue;
                }
                match line.strip_prefix("# ") {
                    Some(title) if rundown.title.is_none() => {
                        rundown.title = Some(title.trim().into());
                    }
                    None if line.is_empty() => {}
                    _ => {
                        bail!(
                            "line {number}: text outside of a prompt; begin a prompt with `## name`"
                        )
                    }
                }
                continue;
            };
            if in_text {
                prompt.text.push_str(line);
                prompt.text.push('\n');
                if prompt.text.chars().count() > TEXT {
                    bail!(
                        "line {number}: the prompt `{}` is longer than {TEXT} characters",
                        prompt.name
                    );
                }
            } else if line.is_empty() {
                in_text = true;
            } else if let (true, Some(writer)) = (line.starts_with([' ', '\t']), &mut prompt.writer)
            {
                writer.push(' ');
                writer.push_str(line.trim_start());
            } else {
                prompt.set(line).with_context(|| format!("line {number}"))?;
            }
        }
        rundown.close(begun)?;
        if rundown.prompts.is_empty() {
            bail!("there is no prompt; begin one with `## name`");
        }
        Ok(rundown)
    }

    /// Ends the current prompt.
    fn close(&mut self, begun: usize) -> Result<()> {
        let Some(prompt) = self.prompts.last_mut() else { return Ok(()) };
        prompt.text = prompt.text.trim_matches('\n').trim_end().to_owned();
        if prompt.text.is_empty() {
            bail!(
                "line {begun}: the prompt `{}` has no text; it follows after an empty line",
                prompt.name
            );
        }
        if let Some(writer) = &mut prompt.writer {
            *writer = writer.trim().to_owned();
            let long = writer.chars().count() > TEXT;
            let wrong = if long { "is too long" } else { "has no text" };
            if long || writer.is_empty() {
                bail!("line {begun}: `writer` of the prompt `{}` {wrong}", prompt.name);
            }
        }
        Ok(())
    }
}

impl Prompt {
    /// Reads one line below the name.
    fn set(&mut self, line: &str) -> Result<()> {
        let Some((name, value)) =
            line.split_once(':').map(|(name, value)| (name.trim(), value.trim()))
        else {
            bail!("`{line}` isn't a setting; a prompt's text begins after an empty line")
        };
        let wanted = |what: &str| format!("`{name}`: expected {what}, not `{value}`");
        let count = |least: usize, most: usize| {
            let number = value.parse().ok().filter(|number| (least..=most).contains(number));
            number.with_context(|| wanted(&format!("a number from {least} to {most}")))
        };
        match name {
            "seed" => {
                let seed = value.parse().ok();
                self.seed = Some(seed.with_context(|| wanted("a whole number from 0 on"))?);
            }
            "takes" => self.takes = Some(count(1, 3)?),
            "pace" => {
                self.pace =
                    Some(count(usize::from(super::SLOWEST), usize::from(super::FASTEST))? as u32)
            }
            "tokens" => self.tokens = Some(count(1, 1000)?),
            "temperature" => {
                let said = |said| anyhow!("`{name}`: {said}, not `{value}`");
                self.temperature = Some(Setting::TEMPERATURE.parse_number(value).map_err(said)?);
            }
            "writer" => self.writer = Some(value.to_owned()),
            _ => {
                let meant = mistake::meant(name, &SETTINGS);
                bail!(
                    "there is no setting `{name}`{meant} (a prompt's text begins after an empty line)"
                )
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_valid() {
        let rundown = Rundown::parse(include_str!("../../../examples/rundown.md")).expect("good");
        assert!(rundown.title.is_some() && rundown.prompts.len() >= 3);
        assert!(rundown.prompts.iter().any(|prompt| prompt.seed.is_some()));
    }

    #[test]
    fn names_settings_and_texts() {
        let text = "\u{feff}# Show\r\n\r\n## one\r\nseed: 7\r\ntakes: 3\r\n\r\nA boat.\r\n\r\nIt: sank.\r\n## two\n\n\n#x\n";
        let rundown = Rundown::parse(text).expect("good");
        assert_eq!(rundown.title.as_deref(), Some("Show"));
        let [one, two] = &rundown.prompts[..] else { panic!("two prompts") };
        assert_eq!(
            (one.text.as_str(), one.seed, one.takes),
            ("A boat.\n\nIt: sank.", Some(7), Some(3))
        );
        assert_eq!((two.name.as_str(), two.text.as_str()), ("two", "#x"));
    }

    #[test]
    fn the_writers_own_continuation() {
        let text = "## a\nwriter: that nobody\n  slept: not once.\nseed: 1\n\nThe first was\n";
        let rundown = Rundown::parse(text).expect("good");
        let prompt = &rundown.prompts[0];
        assert_eq!(prompt.writer.as_deref(), Some("that nobody slept: not once."));
        assert_eq!((prompt.seed, prompt.text.as_str()), (Some(1), "The first was"));
    }

    #[test]
    fn mistakes_are_told_with_their_lines() {
        for (text, says) in [
            ("", "there is no prompt"),
            ("# A\n\nHello\n", "line 3: text outside of a prompt"),
            ("# A\n# B\n", "line 2: text outside"),
            ("## a\n\nx\n\n## a\n\ny\n", "line 5: `a` is already the name of prompt 1"),
            ("## a\n\n\n## b\n\ny\n", "line 1: the prompt `a` has no text"),
            ("## a\n\nx\n## b\n", "line 4: the prompt `b` has no text"),
            ("##\n", "line 1: a prompt needs a name"),
            ("## a\nsead: 3\n\nx", "line 2: there is no setting `sead`; did you mean `seed`?"),
            ("## a\nseed: x\n\nx", "line 2: `seed`: expected a whole number from 0 on, not `x`"),
            ("## a\ntakes: 4\n\nx", "line 2: `takes`: expected a number from 1 to 3, not `4`"),
            ("## a\npace: 1\n\nx", "line 2: `pace`"),
            ("## a\nwriter:\n\nx", "line 1: `writer` of the prompt `a` has no text"),
            ("## a\ntemperature: -1\n\nx", "line 2: `temperature`"),
            (
                "## a\nThe boat.\n",
                "line 2: `The boat.` isn't a setting; a prompt's text begins after",
            ),
        ] {
            let error = Rundown::parse(text).expect_err(text);
            assert!(format!("{error:#}").contains(says), "{text:?}: {error:#}");
        }
    }
}
