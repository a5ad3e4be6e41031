//! Many prompts from one file, with one load of the model: each is a row, and each row's samples are JSON lines.

use super::{Request, Settings, print};
use crate::{clean, commands::Place, generate::Engine, whole};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Generate the samples of every row of a file, in the order of the rows. A row that is wrong, or fails, is a line with
/// its `error`, and the others go on. Returns the number of tokens.
///
/// # Errors
/// When the file can't be read, the output can't be written, or a row was wrong.
pub(super) fn prompts(
    request: &Request,
    file: &Path,
    engine: &mut Engine,
    notice: &mut dyn FnMut(&str),
) -> Result<usize> {
    let text = whole::read_text(file).with_context(|| file.display().to_string())?;
    let mut out = Place::open(request.output.as_deref())?;
    let rows = rows(&text);
    let (count, mut failed, mut tokens) = (rows.len(), 0, 0);
    for (number, row) in rows {
        let mut tell = |sentence: &str| notice(&format!("row {number}: {sentence}"));
        let made = row.and_then(|row| row.over(request));
        let made = made.and_then(|one| print(&one, engine, &mut tell, &mut out, Some(number)));
        match made {
            Ok(more) => tokens += more,
            Err(error) if error.downcast_ref::<std::io::Error>().is_some() => return Err(error),
            Err(error) => {
                failed += 1;
                out.write(&format!(
                    "{}\n",
                    json!({ "row": number, "error": format!("{error:#}") })
                ))?;
            }
        }
    }
    out.finish()?;
    if failed > 0 {
        bail!(
            "{failed} of {count} rows in {} failed; each has a line that says why",
            file.display()
        );
    }
    Ok(tokens)
}

/// A row: its prompt, and what it sets for itself.
#[derive(Debug, PartialEq)]
struct Row {
    prompt: String,
    samples: Option<usize>,
    best_of: Option<usize>,
    settings: Map<String, Value>,
}

/// The rows of a file that aren't blank, with the numbers of their lines. A file whose first row is a JSON object has one
/// in every row; else each row is a prompt.
fn rows(text: &str) -> Vec<(usize, Result<Row>)> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let lines: Vec<(usize, &str)> = lines.collect();
    let is_json = lines.first().is_some_and(|(_, line)| line.trim_start().starts_with('{'));
    let read = |line: &str| match is_json {
        true => Row::read(line),
        false => Ok(Row {
            prompt: clean::unified(line).into_owned(),
            samples: None,
            best_of: None,
            settings: Map::new(),
        }),
    };
    lines.into_iter().map(|(number, line)| (number, read(line))).collect()
}

impl Row {
    /// A row of JSON: `prompt`, `samples` and `best_of`, and settings, by themselves or in `settings`.
    fn read(line: &str) -> Result<Self> {
        let mut all: Map<String, Value> =
            serde_json::from_str(line).context("not a JSON object with a prompt")?;
        let prompt = match all.remove("prompt") {
            Some(Value::String(prompt)) => clean::unified(&prompt).into_owned(),
            Some(_) => bail!("its `prompt` is not text"),
            None => bail!("it has no `prompt`"),
        };
        let mut count = |name: &str| match all.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_u64().and_then(|n| usize::try_from(n).ok()) {
                Some(count @ 1..) => Ok(Some(count)),
                _ => bail!("its `{name}` is not a number from 1 up"),
            },
        };
        let (samples, best_of) = (count("samples")?, count("best_of")?);
        let mut settings = match all.remove("settings") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(settings)) => settings,
            Some(_) => bail!("its `settings` are not an object"),
        };
        settings.extend(all);
        Ok(Self { prompt, samples, best_of, settings })
    }

    /// The request of the row: what it sets, over what was asked for all rows.
    fn over(self, request: &Request) -> Result<Request> {
        let Self { prompt, samples, best_of, settings } = self;
        let settings: Settings = request.settings.with(settings)?;
        settings.sampling.check()?;
        let samples = samples.unwrap_or(request.samples);
        let best_of = best_of.or(request.best_of);
        if best_of.is_some_and(|best_of| best_of < samples) {
            bail!("its `best_of` is less than its `samples`");
        }
        Ok(Request { prompt, samples, best_of, settings, ..request.clone() }.with_must())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_prompt_or_an_object() {
        let numbers = |text: &str| {
            rows(text)
                .into_iter()
                .map(|(number, row)| (number, row.map(|row| row.prompt).map_err(|e| e.to_string())))
                .collect::<Vec<_>>()
        };
        let plain = numbers("Once\n\n {x\nTwice\r\n");
        let said: Vec<_> =
            plain.iter().map(|(n, row)| (*n, row.as_deref().unwrap_or("?"))).collect();
        assert_eq!(said, [(1, "Once"), (3, " {x"), (4, "Twice")]);
        let json = numbers(
            "\n{\"prompt\":\"Once\"}\nTwice\n{\"prompt\":3}\n{}\n{\"prompt\":\"\",\"samples\":0}",
        );
        let wrong: Vec<_> = json.iter().map(|(n, row)| (*n, row.is_err())).collect();
        assert_eq!(wrong, [(2, false), (3, true), (4, true), (5, true), (6, true)]);
        let row =
            Row::read(r#"{"prompt":"a","seed":4,"settings":{"seed":3,"top_k":2},"best_of":2}"#);
        let row = row.expect("a row");
        assert_eq!(
            (&row.settings["seed"], &row.settings["top_k"], row.best_of),
            (&json!(4), &json!(2), Some(2))
        );
    }
}
