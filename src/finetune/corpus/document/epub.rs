//! The text of EPUB: the pages in the order of reading.

use super::{
    super::html,
    Package, Words,
    xml::{Step, attribute, walk},
};
use anyhow::{Context, Result, bail};
use std::collections::HashMap;

/// The words of a book.
///
/// # Errors
/// When it is damaged, encrypted or too large.
pub fn words(package: &mut Package) -> Result<Words> {
    refuse_locked(package)?;
    let container = package.text("META-INF/container.xml")?;
    let mut root = None;
    walk(&container, &mut |step| {
        if let Step::Start("rootfile", tag) = step {
            root = root.take().or_else(|| attribute(tag, "full-path"));
        }
    })?;
    let root = root.context("META-INF/container.xml names no book; it is damaged")?;
    let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut words = Words::default();
    for page in pages(&package.text(&root)?)? {
        let Some(bytes) = package.part(&resolved(folder, &page))? else { continue };
        let source = super::xml::decoded(&bytes);
        words.parts += html::visible_bytes(&source);
        let text = html::text(&source);
        if !words.text.is_empty() && !text.is_empty() {
            words.text.push_str("\n\n");
        }
        words.text.push_str(&text);
    }
    Ok(words)
}

/// The paths of the pages in the order of reading, without the table of contents.
fn pages(package: &str) -> Result<Vec<String>> {
    let mut items: HashMap<String, String> = HashMap::new();
    let mut order = Vec::new();
    walk(package, &mut |step| match step {
        Step::Start("item", tag) => {
            let contents = attribute(tag, "properties")
                .is_some_and(|all| all.split_whitespace().any(|property| property == "nav"));
            if let (Some(id), Some(path), false) =
                (attribute(tag, "id"), attribute(tag, "href"), contents)
            {
                items.insert(id, path);
            }
        }
        Step::Start("itemref", tag) if attribute(tag, "linear").as_deref() != Some("no") => {
            order.extend(attribute(tag, "idref"));
        }
        _ => {}
    })?;
    Ok(order.iter().filter_map(|id| items.get(id).cloned()).collect())
}

/// A path relative to a folder in the archive. Its characters may be escaped as in an address.
fn resolved(folder: &str, path: &str) -> String {
    let path = path.split('#').next().unwrap_or_default();
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    let path = String::from_utf8_lossy(&bytes).into_owned();
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// An error if the pages are encrypted. Encrypted fonts do no harm.
fn refuse_locked(package: &mut Package) -> Result<()> {
    let Some(bytes) = package.part("META-INF/encryption.xml")? else { return Ok(()) };
    let mut locked = false;
    walk(&String::from_utf8_lossy(&bytes), &mut |step| {
        if let Step::Start("CipherReference", tag) = step {
            let path = attribute(tag, "URI").unwrap_or_default().to_lowercase();
            locked |= [".xhtml", ".html", ".htm", ".xml"].iter().any(|end| path.ends_with(end));
        }
    })?;
    if locked {
        bail!(
            "a book with copy protection, whose pages are encrypted; export your text from the program it was written in"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_in_order() {
        let package = "<package><manifest><item id='b' href='b.xhtml'/><item id='a' href='a%20b.xhtml'/>\
            <item id='n' href='nav.xhtml' properties='nav'/></manifest>\
            <spine><itemref idref='n'/><itemref idref='a'/><itemref idref='b'/><itemref idref='x'/></spine></package>";
        assert_eq!(pages(package).unwrap(), ["a%20b.xhtml", "b.xhtml"]);
        assert_eq!(resolved("OEBPS/text", "../a%20b.xhtml#x"), "OEBPS/a b.xhtml");
        assert_eq!(resolved("", "../../a%2"), "a%2");
    }
}
