//! How a corpus is made.

use anyhow::{Context, Result, bail};
use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};

/// How a corpus is made. The same settings and inputs give the same files, byte for byte. Stored in `corpus.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The tags around each document.
    pub tags: Tags,
    /// The fraction of the documents that goes to `validation.txt`, from 0 to below 1.
    pub validation: f64,
    /// Seed for choosing these documents.
    pub seed: u64,
    /// What counts as one document in plain text and Markdown.
    pub by: Unit,
    /// The column or JSON field with the text: a name, or the number of a column from 1; 0 = the whole row.
    pub column: Option<String>,
    /// Whether the first row of a table is a header.
    pub header: Header,
    /// Which duplicates are dropped.
    #[serde(rename = "repeats")]
    pub duplicates: Duplicates,
    /// What to do with bytes that aren't valid UTF-8.
    pub invalid: Invalid,
    /// The only author whose messages are read, where a file has the names of authors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The character between the fields of a table; `tab` is a tab. `None` = it is found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The encoding of files that have no mark. `None` = it is found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Whether it is an error when a file looks wrong.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
}

impl Settings {
    /// The delimiter as a byte.
    pub(super) fn delimiter(&self) -> Result<Option<u8>> {
        let Some(name) = &self.delimiter else { return Ok(None) };
        match name.as_bytes() {
            b"tab" | b"\\t" => Ok(Some(b'\t')),
            [one] if one.is_ascii() && *one != b'"' => Ok(Some(*one)),
            _ => bail!("--delimiter {name}: must be one ASCII character, or `tab`"),
        }
    }

    /// The encoding by its name.
    pub(super) fn encoding(&self) -> Result<Option<&'static Encoding>> {
        let Some(name) = &self.encoding else { return Ok(None) };
        let found = Encoding::for_label(name.as_bytes());
        Ok(Some(found.with_context(|| {
            format!("--encoding {name}: unknown; examples are utf-8, windows-1252, macintosh, utf-16le, shift_jis")
        })?))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tags: Tags::default(),
            validation: 0.05,
            seed: 0,
            by: Unit::default(),
            column: None,
            header: Header::default(),
            duplicates: Duplicates::default(),
            invalid: Invalid::default(),
            author: None,
            delimiter: None,
            encoding: None,
            strict: false,
        }
    }
}

/// The tags around each document in the text files.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Tags {
    /// None. A post is followed by a line break, prose by an empty line.
    None,
    /// [`super::END`] after it.
    #[default]
    End,
    /// [`super::START`] before it and [`super::END`] after it, as in gpt-2-simple.
    Both,
}

/// What counts as one document in plain text and Markdown.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Unit {
    /// A file. Long files are split at paragraphs, about every 16 KiB.
    #[default]
    File,
    /// A paragraph: the text between empty lines.
    Paragraph,
    /// A line.
    Line,
}

/// Whether the first row of a table is a header.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Header {
    /// It is one if it contains a known name of a text column.
    #[default]
    Auto,
    /// The first row is a header.
    Yes,
    /// The first row is data.
    No,
}

/// Which duplicates are dropped.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Duplicates {
    /// Exact and near duplicates.
    #[default]
    Drop,
    /// Only exact duplicates.
    Exact,
    /// None.
    Keep,
}

/// What to do with bytes that aren't valid UTF-8.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Invalid {
    /// A file in an older encoding is read as that. In a file that is UTF-8, each damaged sequence is replaced by `�` and
    /// counted.
    #[default]
    Replace,
    /// Stop with an error that names the file.
    Refuse,
}
