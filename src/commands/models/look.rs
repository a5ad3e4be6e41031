//! `unstuck models list`, `info` and `verify`.

use super::{millions, note};
use crate::{
    catalogue::{Catalogue, Found},
    commands::Place,
    hub,
    model::{
        Kind, Precision,
        memory::{self, size},
    },
    token::SamplingParams,
    weights::{Checkpoint, EMBEDDED, export},
};
use anyhow::{Context, Result};
use serde_json::json;
use std::path::PathBuf;

/// Print one line per model, or a JSON array. The default model is marked.
///
/// # Errors
/// When standard output can't be written.
pub fn list(catalogue: &Catalogue, as_json: bool) -> Result<()> {
    let mut place = Place::open(None)?;
    let mut rows = Vec::new();
    for name in catalogue.names() {
        let found = catalogue.find(Some(&name))?;
        let used = catalogue.default.as_deref().unwrap_or(EMBEDDED) == name;
        let at = found.place.as_deref().map(|path| path.display().to_string());
        let row = match found.checkpoint() {
            Ok(model) => json!({
                "name": name,
                "default": used,
                "parameters": model.config.parameters(),
                "form": model.form().to_string(),
                "bytes": bytes(&model),
                "place": at,
            }),
            Err(error) => {
                json!({ "name": name, "default": used, "place": at, "error": format!("{error:#}") })
            }
        };
        rows.push(row);
    }
    for (name, asked) in catalogue.served() {
        let used = catalogue.default.as_ref() == Some(&name);
        rows.push(match asked {
            Ok((kind, model)) => json!({
                "name": name, "default": used, "parameters": model.parameters, "form": null,
                "bytes": null, "place": null, "server": kind.name(), "context": model.context,
            }),
            Err(error) => {
                json!({ "name": name, "default": used, "place": null, "error": format!("{error:#}") })
            }
        });
    }
    if as_json {
        return place.write(&(serde_json::to_string(&rows)? + "\n"));
    }
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let mark = if row["default"] == true { '*' } else { ' ' };
        let facts = match row["error"].as_str() {
            Some(error) => format!("broken: {error}"),
            None if row["server"].is_string() => format!("on a server ({})", text("server")),
            None => format!(
                "{:>13}  {:<11} {}",
                millions(row["parameters"].as_u64().unwrap_or(0) as usize),
                text("form"),
                row["place"].as_str().unwrap_or("in the program"),
            ),
        };
        place.write(&format!("{mark} {:<20} {facts}\n", text("name")))?;
    }
    Ok(())
}

fn bytes(model: &Checkpoint) -> u64 {
    let length = |path: &PathBuf| path.metadata().map_or(0, |facts| facts.len());
    model.files().iter().map(length).sum()
}

/// Print a model's configuration, and the memory and form of its weights after loading.
///
/// # Errors
/// When it cannot be opened.
pub fn info(found: &Found, precision: Precision, as_json: bool) -> Result<()> {
    let model = found.checkpoint()?;
    let (config, notes, base) = (model.config.clone(), model.notes.clone(), model.base.clone());
    let own_head = config.tensors().iter().any(|spec| spec.kind == Kind::Head);
    let (_, defaults) = model.defaults.over(&SamplingParams::default(), |_| true);
    let dims = config.dims();
    let (form, bytes, files) = (model.form().to_string(), bytes(&model), model.files());
    let place =
        found.place.as_deref().map_or("in the program".into(), |path| path.display().to_string());
    let loaded = model.load(precision)?;
    let held = loaded.network.precisions();
    let (memory, work) = (loaded.network.bytes() as u64, memory::needed(&*config, precision));
    let mut out = Place::open(None)?;
    if as_json {
        let held: Vec<_> =
            held.iter().map(|(form, n)| json!({ "form": form, "matrices": n })).collect();
        let facts = json!({
            "name": loaded.name, "place": place, "form": form, "files": files, "bytes": bytes,
            "parameters": config.parameters(), "layers": dims.layers, "heads": dims.heads,
            "width": dims.width, "inner": dims.inner, "context": dims.context,
            "vocabulary": dims.vocabulary, "tokens": loaded.tokenizer.size(),
            "quantization": precision.to_string(), "held": held, "memory_bytes": memory,
            "needed_bytes": work, "notes": notes, "own_head": own_head, "base": base,
            "defaults": defaults,
        });
        return out.write(&(serde_json::to_string(&facts)? + "\n"));
    }
    let held: Vec<_> = held.iter().map(|(form, n)| format!("{n} {form}")).collect();
    let files = match files.len() {
        0 => String::new(),
        1 => format!(", {}", size(bytes)),
        n => format!(", {} in {n} files", size(bytes)),
    };
    let mut lines = vec![
        ("name", loaded.name.clone()),
        ("place", place),
        ("form", format!("{form}{files}")),
        ("size", format!("{} parameters", millions(config.parameters()))),
        (
            "shape",
            format!(
                "{} layers, {} heads, embedding width {}, feed-forward width {}",
                dims.layers, dims.heads, dims.width, dims.inner
            ),
        ),
        ("context", format!("{} tokens of {}", dims.context, dims.vocabulary)),
        ("held", format!("matrices: {}; {} in memory", held.join(", "), size(memory))),
        ("at work", format!("{} with {} tokens", size(work), dims.context.min(memory::LEAST))),
    ];
    let head = match own_head {
        true => format!(
            "its own, {} x {} ({} parameters)",
            dims.vocabulary,
            dims.width,
            millions(dims.vocabulary * dims.width)
        ),
        false => "the embedding".into(),
    };
    lines.insert(5, ("head", head));
    lines.extend(base.map(|base| ("over", format!("{base}; this is a LoRA adapter of it"))));
    if !defaults.is_empty() {
        lines.push(("defaults", format!("{defaults} (generation_config.json)")));
    }
    lines.extend(notes.into_iter().map(|note| ("note", note)));
    for (what, text) in lines {
        out.write(&format!("{what:<8} {text}\n"))?;
    }
    Ok(())
}

/// Verify a model: every tensor's shape, checksum (where the format has one) and values, the vocabulary, and a forward
/// pass.
///
/// # Errors
/// With the first problem that is found.
pub fn verify(found: &Found, precision: Precision) -> Result<()> {
    if let Some(bad) =
        found.place.as_deref().map(hub::damaged).transpose()?.and_then(|bad| bad.into_iter().next())
    {
        anyhow::bail!(
            "{}: its checksum is wrong; remove the model and pull it again",
            bad.display()
        );
    }
    let mut model = found.checkpoint()?;
    let tensors = model.config.tensors();
    for spec in &tensors {
        let numbers = export::floats(&mut model, spec)?;
        let bad = numbers.iter().position(|x| !x.is_finite());
        if let Some(at) = bad {
            anyhow::bail!("{}: `{}`: number {at} is {}", model.place(), spec.name, numbers[at]);
        }
    }
    let (name, parameters) = (model.name.clone(), model.config.parameters());
    note(&model.notes);
    let vocabulary = model.tokenizer.size();
    model.load(precision).context("the forward pass")?;
    Place::open(None)?.write(&format!(
        "{name}: sound: {} tensors, {} parameters, {vocabulary} tokens, a forward pass\n",
        tensors.len(),
        millions(parameters),
    ))
}
