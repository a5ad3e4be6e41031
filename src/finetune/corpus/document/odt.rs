//! The text of OpenDocument: paragraphs and headings. Deleted text, comments, notes, indexes and page numbers are left
//! out.

use super::{
    Words, joined,
    xml::{Step, attribute, walk},
};
use anyhow::Result;

/// Elements whose text isn't part of the document.
const LEFT_OUT: &[&str] = &[
    "tracked-changes",
    "annotation",
    "note",
    "table-of-content",
    "alphabetical-index",
    "bibliography",
    "illustration-index",
    "table-index",
    "object-index",
    "user-index",
    "page-number",
    "page-count",
    "sequence-decls",
    "variable-decls",
    "user-field-decls",
    "forms",
    "desc",
    "title",
    "meta",
    "styles",
    "automatic-styles",
    "master-styles",
    "font-face-decls",
    "settings",
    "scripts",
    "binary-data",
];
/// The most spaces in a row.
const MOST_SPACES: usize = 64;

/// The words of a document.
///
/// # Errors
/// When it is damaged.
pub fn words(source: &str) -> Result<Words> {
    let mut done: Vec<String> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let (mut left_out, mut parts) = (0_usize, 0);
    walk(source, &mut |step| {
        let add = |text: &str, open: &mut Vec<String>| {
            if let (0, Some(paragraph)) = (left_out, open.last_mut()) {
                paragraph.push_str(text);
            }
        };
        match step {
            Step::Text(text) => {
                parts += text.trim().len();
                if let (0, Some(paragraph)) = (left_out, open.last_mut()) {
                    spaced(text, paragraph);
                }
            }
            Step::Start("s", tag) => {
                let count = attribute(tag, "c").and_then(|c| c.parse().ok()).unwrap_or(1_usize);
                add(&" ".repeat(count.min(MOST_SPACES)), &mut open);
            }
            Step::Start("tab", _) => add("\t", &mut open),
            Step::Start("line-break", _) => add("\n", &mut open),
            Step::Start(name, _) if LEFT_OUT.contains(&name) => left_out += 1,
            Step::End(name) if LEFT_OUT.contains(&name) => left_out = left_out.saturating_sub(1),
            Step::Start("p" | "h", _) => open.push(String::new()),
            Step::End("p" | "h") => {
                if let (Some(paragraph), 0) = (open.pop(), left_out) {
                    done.push(paragraph);
                }
            }
            _ => {}
        }
    })?;
    Ok(Words { text: joined(&done), parts })
}

/// Append text with its white space as one space each, as it is shown.
fn spaced(text: &str, out: &mut String) {
    for c in text.chars() {
        if !matches!(c, ' ' | '\n' | '\r' | '\t') {
            out.push(c);
        } else if !out.ends_with(' ') && !out.is_empty() && !out.ends_with('\n') {
            out.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_text_is_read() {
        let body = "<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:h>Rain</text:h>\
            <text:p>The stove\n   hums<text:note><text:note-body><text:p>a note</text:p></text:note-body></text:note>,\
            <text:s text:c=\"3\"/>and<text:line-break/>hums.</text:p><text:p>On page <text:page-number>4</text:page-number> &amp; on.</text:p>";
        let xml = format!(
            "<office:document><office:body><office:text>{body}</office:text></office:body></office:document>"
        );
        assert_eq!(
            words(&xml).unwrap().text,
            "Rain\n\nThe stove hums,   and\nhums.\n\nOn page & on."
        );
        assert!(words("<a><b></a>").is_err());
    }

    proptest! {
        #[test]
        fn any_xml_is_read(tags in proptest::collection::vec(0..8_usize, 0..40)) {
            let names = ["text:p", "/text:p", "text:note", "/text:note", "text:s text:c=\"9999999\"/", "text:h", "/text:h", "text:tab/"];
            let xml: String = tags.iter().map(|tag| format!("<{}>x y", names[*tag])).collect();
            if let Ok(found) = words(&xml) {
                prop_assert!(found.text.len() <= xml.len() + MOST_SPACES * tags.len());
            }
        }
    }
}
