//! The families of networks that can be opened.

use super::{
    gpt2,
    network::{Architecture, Family},
};
use anyhow::{Context, Result};

/// The families that are known here.
const FAMILIES: [Family; 1] = [gpt2::FAMILY];

/// The family of this name.
///
/// # Errors
/// When it is not known here.
pub fn family(name: &str) -> Result<&'static Family> {
    let known = FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>().join("`, `");
    let found = FAMILIES.iter().find(|family| family.name == name);
    found.with_context(|| format!("it describes a `{name}` model; only `{known}` is read here"))
}

/// Read `config.json`. A file that names no family is GPT-2's, whose first files named none.
///
/// # Errors
/// When it is malformed, or of a network that is not known here.
pub fn parse_config(json: &[u8]) -> Result<Box<dyn Architecture>> {
    let value: serde_json::Value = serde_json::from_slice(json)?;
    let name = value.get("model_type").and_then(|name| name.as_str()).unwrap_or("gpt2");
    (family(name)?.from_json)(&value)
}
