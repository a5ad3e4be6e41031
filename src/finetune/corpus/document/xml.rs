//! Walks through XML: start tags, text and end tags in their order. Entities are resolved, and nothing is expanded.

use anyhow::{Context, Result, ensure};
use encoding_rs::Encoding;
use quick_xml::{
    Reader,
    escape::resolve_html5_entity,
    events::{BytesStart, Event},
};

/// How deep elements may be nested.
const DEEPEST: usize = 512;

/// What comes next.
pub enum Step<'a> {
    /// An element begins: its name without the prefix, and the tag.
    Start(&'a str, &'a BytesStart<'a>),
    /// Text in an element.
    Text(&'a str),
    /// An element ends.
    End(&'a str),
}

/// Walk through a file. An element without content begins and ends.
///
/// # Errors
/// When it isn't well-formed.
pub fn walk(source: &str, step: &mut dyn FnMut(Step)) -> Result<()> {
    let mut reader = Reader::from_str(source);
    let mut depth = 0_usize;
    loop {
        match reader.read_event().context("damaged XML")? {
            Event::Start(tag) => {
                depth += 1;
                ensure!(depth <= DEEPEST, "elements are nested more than {DEEPEST} deep");
                step(Step::Start(tag.local_name().into_inner(), &tag));
            }
            Event::Empty(tag) => {
                step(Step::Start(tag.local_name().into_inner(), &tag));
                step(Step::End(tag.local_name().into_inner()));
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                step(Step::End(tag.local_name().into_inner()));
            }
            Event::Text(text) => step(Step::Text(&text.xml10_content())),
            Event::CData(text) => step(Step::Text(&text.xml10_content())),
            Event::GeneralRef(name) => {
                if let Ok(Some(c)) = name.resolve_char_ref() {
                    step(Step::Text(c.encode_utf8(&mut [0; 4])));
                } else if let Some(text) = resolve_html5_entity(&name.into_inner()) {
                    step(Step::Text(text));
                }
            }
            Event::Eof => return Ok(()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// The value of an attribute, by its name without the prefix.
pub fn attribute(tag: &BytesStart, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|one| one.key.local_name().into_inner() == name)?;
    let value = quick_xml::escape::unescape(&found.value).ok()?.into_owned();
    Some(value)
}

/// The text of an XML file: UTF-8, or UTF-16 with a mark.
pub fn decoded(bytes: &[u8]) -> String {
    match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding.decode(bytes).0.into_owned(),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn entities_are_text() {
        let mut out = String::new();
        walk(
            "<a x='1'>one &amp; &#8211; &eacute;<b/><![CDATA[<two>]]></a>",
            &mut |step| match step {
                Step::Start(name, tag) => {
                    out += &format!("[{name}{}]", attribute(tag, "x").unwrap_or_default())
                }
                Step::Text(text) => out += text,
                Step::End(name) => out += &format!("[/{name}]"),
            },
        )
        .unwrap();
        assert_eq!(out, "[a1]one & – é[b][/b]<two>[/a]");
        let deep = "<a>".repeat(600);
        assert!(walk(&deep, &mut |_| ()).unwrap_err().to_string().contains("nested"));
    }

    proptest! {
        #[test]
        fn any_text_is_walked_or_refused(xml in r#"(<|>|/|a|b:c|=|"|&amp;|&#x41;|&|<!\[CDATA\[|\]\]>|<!--|-->|é| ){0,40}"#) {
            let mut bytes = 0;
            walk(&xml, &mut |step| if let Step::Text(text) = step { bytes += text.len() }).ok();
            prop_assert!(bytes <= 8 * xml.len());
        }
    }
}
