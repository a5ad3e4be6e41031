//! A mail as it is sent (MIME): who wrote it, and its text.

use super::{encoding::Known, encoding::Utf8};
use base64::{Engine, engine::general_purpose};
use encoding_rs::Encoding;
use std::io::Read;

/// How deep parts may be nested.
const DEEPEST: usize = 8;

/// A mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// The name and the address of who wrote it.
    pub authors: Vec<String>,
    /// The text.
    pub body: String,
    /// Whether the text is HTML.
    pub is_html: bool,
    /// Whether its lines were broken by the program that sent it.
    pub flowed: bool,
}

/// The names and values of a header.
struct Header(Vec<(String, String)>);

impl Header {
    fn parse(bytes: &[u8]) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in String::from_utf8_lossy(bytes).lines() {
            match (line.starts_with([' ', '\t']), fields.last_mut()) {
                (true, Some((_, value))) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                _ => {
                    let field = line.split_once(':');
                    fields.extend(field.map(|(name, value)| {
                        (name.trim().to_lowercase(), value.trim().to_owned())
                    }));
                }
            }
        }
        Self(fields)
    }

    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The value of a parameter, such as `charset` in the type.
    fn parameter(&self, field: &str, name: &str) -> Option<String> {
        self.get(field).split(';').skip(1).find_map(|part| {
            let (key, value) = part.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
        })
    }
}

/// Read a mail.
pub fn parse(bytes: &[u8]) -> Mail {
    let (header, _) = split(bytes);
    let header = Header::parse(header);
    let mut mail = text(bytes, 0).unwrap_or_default();
    let from = words(header.get("from"));
    let (name, address) = match from.rsplit_once('<') {
        Some((name, address)) => {
            (name.trim().trim_matches('"'), address.trim_end_matches('>').trim())
        }
        None => ("", from.trim()),
    };
    mail.authors =
        [name, address].iter().filter(|part| !part.is_empty()).map(|p| (*p).to_owned()).collect();
    mail
}

/// The header and the body.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let ends = [&b"\n\n"[..], b"\r\n\r\n"]
        .map(|end| memchr::memmem::find(bytes, end).map(|at| (at, at + end.len())));
    match ends.into_iter().flatten().min() {
        Some((from, to)) => (&bytes[..from], &bytes[to..]),
        None => (bytes, b""),
    }
}

/// The text of a part: plain text if there is any, else HTML.
fn text(part: &[u8], depth: usize) -> Option<Mail> {
    let (header, body) = split(part);
    let header = Header::parse(header);
    let kind =
        header.get("content-type").split(';').next().unwrap_or_default().trim().to_lowercase();
    if header.get("content-disposition").to_lowercase().starts_with("attachment") || depth > DEEPEST
    {
        return None;
    }
    if kind.starts_with("multipart/") {
        let boundary = format!("--{}", header.parameter("content-type", "boundary")?);
        let mut found: Vec<Mail> = Vec::new();
        let starts: Vec<usize> =
            memchr::memmem::find_iter(body, boundary.as_bytes()).take(1000).collect();
        for (at, start) in starts.iter().enumerate() {
            let from = start + boundary.len();
            let inside = &body[from..starts.get(at + 1).copied().unwrap_or(body.len())];
            let line = memchr::memchr(b'\n', inside).map_or(inside.len(), |end| end + 1);
            found.extend(text(&inside[line..], depth + 1));
        }
        let plain = found.iter().position(|mail| !mail.is_html);
        return (!found.is_empty()).then(|| found.swap_remove(plain.unwrap_or_default()));
    }
    if !kind.is_empty() && !kind.starts_with("text/") {
        return None;
    }
    let bytes = match &*header.get("content-transfer-encoding").to_lowercase() {
        "quoted-printable" => quoted_printable(body, false),
        "base64" => base64(body),
        _ => body.to_owned(),
    };
    let flowed = header
        .parameter("content-type", "format")
        .is_some_and(|f| f.eq_ignore_ascii_case("flowed"));
    let charset = header.parameter("content-type", "charset");
    Some(Mail {
        body: decoded(&bytes, charset.as_deref()).replace("\r\n", "\n"),
        is_html: kind == "text/html",
        flowed,
        ..Mail::default()
    })
}

fn decoded(bytes: &[u8], charset: Option<&str>) -> String {
    let encoding = charset.and_then(|name| Encoding::for_label(name.as_bytes()));
    let known = Known::Guess(encoding);
    let mut out = Vec::new();
    Utf8::new(bytes, known).read_to_end(&mut out).ok();
    String::from_utf8_lossy(&out).into_owned()
}

/// `word` = in a header, where `_` is a space.
fn quoted_printable(text: &[u8], word: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'=' => {
                let hex = rest.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
                if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    out.push(byte);
                    rest = &rest[2..];
                } else if let Some(end) = rest.iter().take(80).position(|byte| *byte == b'\n') {
                    rest = &rest[end + 1..]; // the line continues
                }
            }
            b'_' if word => out.push(b' '),
            other => out.push(*other),
        }
    }
    out
}

fn base64(text: &[u8]) -> Vec<u8> {
    let letters: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| b.is_ascii_alphanumeric() || *b == b'+' || *b == b'/')
        .collect();
    // what is cut off at the end is left out
    let whole = &letters[..letters.len() - usize::from(letters.len() % 4 == 1)];
    general_purpose::STANDARD_NO_PAD.decode(whole).unwrap_or_default()
}

/// The text of a header: `=?utf-8?Q?Andr=C3=A9?=`.
fn words(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, inside)) = rest.split_once("=?") {
        let mut parts = inside.splitn(3, '?');
        let (Some(charset), Some(kind), Some(tail)) = (parts.next(), parts.next(), parts.next())
        else {
            break;
        };
        let Some((text, behind)) = tail.split_once("?=") else { break };
        let bytes = match kind {
            "Q" | "q" => quoted_printable(text.as_bytes(), true),
            _ => base64(text.as_bytes()),
        };
        if !before.trim().is_empty() {
            out.push_str(before);
        }
        out.push_str(&decoded(&bytes, Some(charset)));
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_encoding_is_decoded() {
        let mail = parse(b"From: =?utf-8?Q?Andr=C3=A9?= <ash@x.example>\nContent-Type: text/plain; charset=\"iso-8859-1\"\nContent-Transfer-Encoding: quoted-printable\n\ncaf=E9 and =\nso on\n");
        assert_eq!(mail.authors, ["André", "ash@x.example"]);
        assert_eq!(mail.body, "café and so on\n");
        let mail = parse(b"From: ash@x.example\nContent-Type: multipart/alternative;\n boundary=\"b\"\n\n--b\nContent-Type: text/html\n\n<p>no</p>\n--b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\neWVzLCBjYWbD\nqQ==\n--b--\n");
        assert_eq!((mail.body.as_str(), mail.is_html), ("yes, café", false));
        assert_eq!(words("=?iso-8859-1?B?Y2Fm6Q==?= x"), "café x");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_mail(text in r"(From: |Content-Type: |multipart/x; boundary=b|text/plain|Content-Transfer-Encoding: base64|quoted-printable|--b|=\?utf-8\?Q\?|\?=|=|\n|a|é){0,40}") {
            prop_assert!(parse(text.as_bytes()).body.len() <= 4 * text.len());
        }
    }
}
