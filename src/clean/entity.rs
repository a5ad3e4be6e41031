//! HTML character references. Those that platforms use in the text of posts are decoded once, never twice. For pages of
//! our own, text is written with references.

use encoding_rs::WINDOWS_1252;
use quick_xml::escape::{escape, resolve_html5_entity};

/// The maximum length of a reference between `&` and `;`.
const LONGEST: usize = 32;

/// `text` with each character reference replaced by its character. Unknown references are kept. The result of
/// decoding `&amp;` is not decoded again.
pub fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let reference = after.split_once(';').filter(|(name, _)| name.len() <= LONGEST);
        match reference.and_then(|(name, behind)| Some((character(name)?, behind))) {
            Some((c, behind)) => {
                out.push(c);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// `text` as it is written in a page of HTML, also in an attribute. Control characters, which a page must not have, become
/// U+FFFD.
pub fn encode(text: &str) -> String {
    let shown = |c: char| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c };
    escape(text.chars().map(shown).collect::<String>()).into_owned()
}

/// The character that a reference stands for: HTML's names and numbers. An unbreakable space is a space.
fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return match code.ok()? {
            // what Windows writes by the numbers of its own encoding
            code @ 0x80..=0x9f => WINDOWS_1252.decode(&[code as u8]).0.chars().next(),
            code => char::from_u32(code),
        };
    }
    let text = match name {
        "nbsp" => return Some(' '),
        name => resolve_html5_entity(name)?,
    };
    // a few references stand for two characters, and are kept
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}
