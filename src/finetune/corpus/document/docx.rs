//! The text of DOCX. Paragraphs of the main part; deleted text, comments, notes, headers, tables of contents and the
//! instructions of fields are left out.

use super::{
    Package, Words, joined,
    xml::{Step, attribute, walk},
};
use anyhow::Result;

/// Elements whose text isn't part of the document. Those that end in `Pr` are properties.
const LEFT_OUT: &[&str] = &[
    "del",
    "moveFrom",
    "instrText",
    "delText",
    "delInstrText",
    "Fallback",
    "footnoteReference",
    "endnoteReference",
    "annotationRef",
    "commentReference",
    "tblGrid",
    "lastRenderedPageBreak",
];

/// The words of a document.
///
/// # Errors
/// When it is damaged or too large.
pub fn words(package: &mut Package) -> Result<Words> {
    let main = main_part(package)?;
    let source = package.text(&main)?;
    let mut reader = Paragraphs::default();
    walk(&source, &mut |step| reader.step(step))?;
    Ok(Words { text: joined(&reader.done), parts: reader.parts })
}

/// The path of the main part, which the relations of the package name.
fn main_part(package: &mut Package) -> Result<String> {
    let mut found = None;
    let relations = package.part("_rels/.rels")?.unwrap_or_default();
    walk(&String::from_utf8_lossy(&relations), &mut |step| {
        if let Step::Start("Relationship", tag) = step
            && attribute(tag, "Type").is_some_and(|kind| kind.ends_with("/officeDocument"))
        {
            found = found.take().or_else(|| attribute(tag, "Target"));
        }
    })?;
    let path = found.unwrap_or_else(|| "word/document.xml".into());
    Ok(path.trim_start_matches('/').to_owned())
}

/// The paragraphs so far.
#[derive(Default)]
struct Paragraphs {
    done: Vec<String>,
    /// The open paragraphs: one may be in a text box of another.
    open: Vec<String>,
    /// Paragraphs of text boxes, which follow the paragraph with the box.
    boxes: Vec<String>,
    /// How many elements that are left out are open.
    left_out: usize,
    /// How many elements with text are open.
    text: usize,
    /// Whether the current paragraph is a line of a table of contents.
    contents: bool,
    parts: usize,
}

impl Paragraphs {
    fn step(&mut self, step: Step) {
        match step {
            Step::Start("pStyle", tag) => {
                let style = attribute(tag, "val").unwrap_or_default().to_lowercase();
                self.contents = style.starts_with("toc");
                self.left_out += 1;
            }
            Step::End("pStyle") => self.left_out -= 1,
            Step::Start(name, _) if is_left_out(name) => self.left_out += 1,
            Step::End(name) if is_left_out(name) => self.left_out = self.left_out.saturating_sub(1),
            Step::Text(text) if self.text > 0 => {
                self.parts += text.len();
                self.add(text);
            }
            Step::Start("t", _) => self.text += 1,
            Step::End("t") => self.text = self.text.saturating_sub(1),
            Step::Start("p", _) => self.open.push(String::new()),
            Step::End("p") => self.end(),
            Step::Start("tab" | "ptab", _) => self.add("\t"),
            Step::Start("br" | "cr", _) => self.add("\n"),
            Step::Start("noBreakHyphen", _) => self.add("\u{2011}"),
            _ => {}
        }
    }

    fn add(&mut self, text: &str) {
        if let (0, Some(paragraph)) = (self.left_out, self.open.last_mut()) {
            paragraph.push_str(text);
        }
    }

    fn end(&mut self) {
        let Some(paragraph) = self.open.pop() else { return };
        if std::mem::take(&mut self.contents) || self.left_out > 0 {
            return;
        }
        if self.open.is_empty() {
            self.done.push(paragraph);
            self.done.append(&mut self.boxes);
        } else {
            self.boxes.push(paragraph);
        }
    }
}

fn is_left_out(name: &str) -> bool {
    name.ends_with("Pr") || LEFT_OUT.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(xml: &str) -> String {
        let mut reader = Paragraphs::default();
        walk(xml, &mut |step| reader.step(step)).unwrap();
        joined(&reader.done)
    }

    #[test]
    fn only_the_text_is_read() {
        let body = "<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t xml:space=\"preserve\">The stove </w:t></w:r>\
            <w:ins><w:r><w:t>hums</w:t></w:r></w:ins><w:del><w:r><w:delText>no</w:delText></w:r></w:del>\
            <w:r><w:instrText>PAGE</w:instrText><w:t>.</w:t><w:br/><w:t>Salt &amp; ash</w:t><w:tab/><w:t>x</w:t></w:r></w:p>\
            <w:p><w:pPr><w:pStyle w:val=\"TOC1\"/></w:pPr><w:r><w:t>One 3</w:t></w:r></w:p>\
            <w:p><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></w:txbxContent></mc:Choice>\
            <mc:Fallback><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent><w:r><w:t>Beside it.</w:t></w:r></w:p>";
        let text = read(&format!("<w:document><w:body>{body}</w:body></w:document>"));
        assert_eq!(text, "The stove hums.\nSalt & ash\tx\n\nBeside it.\n\nIn a box.");
    }

    proptest! {
        #[test]
        fn any_xml_is_read(tags in proptest::collection::vec(0..8_usize, 0..40)) {
            let names = ["w:p", "/w:p", "w:t", "/w:t", "w:del", "/w:del", "w:br/", "w:pStyle/"];
            let xml: String = tags.iter().map(|tag| format!("<{}>x", names[*tag])).collect();
            let mut reader = Paragraphs::default();
            walk(&xml, &mut |step| reader.step(step)).ok();
            prop_assert!(joined(&reader.done).len() <= 3 * xml.len());
        }
    }
}
