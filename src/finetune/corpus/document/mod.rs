//! Documents of word processors and writing programs, as plain text: their paragraphs, without notes, comments, page
//! numbers and deleted text.

mod docx;
mod epub;
mod latex;
mod novel;
mod odt;
mod package;
mod rtf;
mod scrivener;
mod xml;

pub use package::Package;
pub use scrivener::texts as scrivener;

use anyhow::Result;

/// The format of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Word and others (.docx), in a ZIP.
    Docx,
    /// OpenDocument (.odt), in a ZIP.
    Odt,
    /// An electronic book (.epub), in a ZIP.
    Epub,
    /// OpenDocument as one XML file (.fodt).
    FlatOdt,
    /// Rich Text Format.
    Rtf,
    /// LaTeX.
    Latex,
    /// A document of novelWriter (.nwd).
    Novel,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Docx => "DOCX",
            Self::Odt => "ODT",
            Self::Epub => "EPUB",
            Self::FlatOdt => "flat ODT",
            Self::Rtf => "RTF",
            Self::Latex => "LaTeX",
            Self::Novel => "a document of novelWriter",
        }
    }
}

/// The text of a document, and how many bytes of it may be text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The text.
    pub text: String,
    /// The bytes of all text in the document, with notes and the like.
    pub parts: usize,
}

/// The words of a document that is one file of text.
///
/// # Errors
/// When it is damaged.
pub fn words(kind: Kind, source: &str) -> Result<Words> {
    let text = match kind {
        Kind::Rtf => return Ok(rtf::words(source)),
        Kind::FlatOdt => return odt::words(source),
        Kind::Latex => latex::text(source),
        Kind::Novel => novel::text(source),
        Kind::Docx | Kind::Odt | Kind::Epub => source.to_owned(),
    };
    Ok(Words { parts: text.len(), text })
}

/// The words of a document in a ZIP.
///
/// # Errors
/// When it is damaged, encrypted or too large.
pub fn packed(kind: Kind, package: &mut Package) -> Result<Words> {
    match kind {
        Kind::Docx => docx::words(package),
        Kind::Epub => epub::words(package),
        _ => odt::words(&package.text("content.xml")?),
    }
}

/// Whether text may be a note about the document and not a part of it: for novelWriter's own notes and what was thrown
/// away.
pub fn is_aside(source: &str) -> bool {
    novel::is_aside(source)
}

/// Join paragraphs to a text. An empty line comes between them, unless the document has empty paragraphs for that, or
/// its paragraphs are lines, as those of a poem or a script are.
fn joined(paragraphs: &[String]) -> String {
    let filled = || paragraphs.iter().filter(|paragraph| !paragraph.trim().is_empty());
    let count = filled().count();
    let empty = paragraphs.len() - count;
    let short = filled().filter(|paragraph| paragraph.chars().count() <= 60).count();
    let lines = count >= 4 && short * 10 >= count * 9;
    let separator = if lines || empty * 4 >= count.max(1) { "\n" } else { "\n\n" };
    paragraphs.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_poem_stay_together() {
        let join =
            |all: &[&str]| joined(&all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(join(&["One.", "Two."]), "One.\n\nTwo.");
        assert_eq!(join(&["one", "two", "", "three", "four"]), "one\ntwo\n\nthree\nfour");
        assert_eq!(join(&["one", "two", "three", "four"]), "one\ntwo\nthree\nfour");
        let long = "a sentence that goes on for longer than a line of verse would ever go on";
        assert_eq!(join(&[long; 5]), [long; 5].join("\n\n"));
        assert_eq!(join(&[]), "");
    }
}
