//! Reads JSON of platforms leniently: what strangers write must not hide what others wrote. Bytes that are not UTF-8,
//! half characters (lone surrogates), control characters and unknown escapes are replaced, and `null` counts as missing.

use serde_json::Value;

/// A body as JSON; `None` if it is none even when it is mended.
pub fn parse(body: &[u8]) -> Option<Value> {
    let mut value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(_) => serde_json::from_str(&mended(&String::from_utf8_lossy(body))).ok()?,
    };
    drop_nulls(&mut value);
    Some(value)
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(drop_nulls),
        Value::Object(fields) => {
            fields.retain(|_, inner| !inner.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        _ => {}
    }
}

/// The text with strings that are valid JSON.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_string = false;
    while let Some(c) = rest.chars().next() {
        let mut used = c.len_utf8();
        match c {
            '"' => {
                in_string = !in_string;
                out.push(c);
            }
            '\\' if in_string => {
                let (written, length) = escape(rest);
                out.push_str(&written);
                used = length;
            }
            c if in_string && c.is_control() => out.push(' '),
            c => out.push(c),
        }
        rest = &rest[used..];
    }
    out
}

/// The escape at the start of a text as valid JSON, and how many bytes it took.
fn escape(text: &str) -> (String, usize) {
    const REPLACED: &str = "\\ufffd";
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16)
            .ok()
            .filter(|_| digits.chars().all(|c| c.is_ascii_hexdigit()))
    };
    match (unit(0), text.chars().nth(1)) {
        (Some(0xd800..=0xdbff), _) => match unit(6) {
            Some(0xdc00..=0xdfff) => (text[..12].to_owned(), 12),
            _ => (REPLACED.to_owned(), 6),
        },
        (Some(0xdc00..=0xdfff), _) => (REPLACED.to_owned(), 6),
        (Some(_), _) => (text[..6].to_owned(), 6),
        (None, Some(next)) if "\"\\/bfnrt".contains(next) => (text[..2].to_owned(), 2),
        // an unknown escape is a literal backslash
        (None, _) => ("\\\\".to_owned(), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_broken_in_one_text_hides_no_other() {
        for (body, want) in [
            (&br#"[{"a":"\ud83d"},{"a":"fine"}]"#[..], json!([{"a": "\u{fffd}"}, {"a": "fine"}])),
            (
                br#"["\udc00x","\ud83d\ude00","\ud83d\u0041"]"#,
                json!(["\u{fffd}x", "\u{1f600}", "\u{fffd}A"]),
            ),
            (b"[\"bad \xff byte\"]", json!(["bad \u{fffd} byte"])),
            (b"[\"line\nend\", \"\\x\", \"\\\\u\"]", json!(["line end", "\\x", "\\u"])),
            (br#"{"a":null,"b":[{"c":null,"d":1}]}"#, json!({"b": [{"d": 1}]})),
            (br#"["\u00zz"]"#, json!(["\\u00zz"])),
        ] {
            assert_eq!(parse(body), Some(want), "{}", String::from_utf8_lossy(body));
        }
        for body in [&b""[..], b"{", b"\"\\", b"\"\\u", b"<html>", b"\xff"] {
            assert_eq!(parse(body), None);
        }
    }
}
