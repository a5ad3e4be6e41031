//! The format of a file: by its first bytes where these tell, else by its extension.

use super::{
    Invalid, Settings, car, chat,
    document::Kind,
    encoding::{Known, Told, Utf8},
    find::{Found, Opened, Skipped},
    html, mbox,
    summary::SkipReason,
    table,
};
use crate::whole;
use anyhow::{Context, Result, bail};
use encoding_rs::Encoding;
use flate2::read::MultiGzDecoder;
use serde::de::IgnoredAny;
use std::{
    io::{self, Cursor, Read},
    path::Path,
};

/// How many bytes of a file are looked at to find out its format.
const HEAD: u64 = 1 << 18;
/// How many of them are looked at before they are decoded.
const RAW: u64 = 1 << 12;
/// The largest size of a file that is compressed.
const LARGEST: u64 = 4 << 30;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A table with one document per row.
    Table {
        /// The character between fields; `None` = found out from the first rows.
        delimiter: Option<u8>,
    },
    /// JSON objects, one per line or in a list, possibly after JavaScript as in an X archive.
    Objects,
    /// Plain text.
    Text,
    /// Markdown.
    Markdown,
    /// HTML.
    Html,
    /// The export of a WhatsApp chat.
    Chat,
    /// Mails.
    Mail,
    /// A document that is one file of text.
    Document(Kind),
    /// A ZIP: a document, or an archive of files.
    Package,
    /// A TAR.
    Tar,
    /// The repository of a Bluesky account.
    Repository,
}

/// Open a file and find out its format.
///
/// # Errors
/// [`Skipped`] when it has no readable text; an I/O error when it can't be read.
pub fn open(file: &Found, settings: &Settings) -> Result<Opened> {
    let mut extension = file.extension();
    if matches!(&*extension, "gz" | "tgz") {
        let inner = Path::new(file.path.file_stem().unwrap_or_default()).extension();
        let inner = inner.map(|end| end.to_string_lossy().to_ascii_lowercase());
        extension = if extension == "tgz" { "tar".into() } else { inner.unwrap_or_default() };
    }
    let known = of_extension(&extension);
    if !file.named && known.is_none() {
        bail!(Skipped::new(SkipReason::Other, "unsupported type of file"));
    }
    let mut input: Box<dyn Read> = if file.path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        match whole::open(&file.path) {
            Err(error) if !file.named => {
                bail!(Skipped::new(SkipReason::Unreadable, error.to_string()))
            }
            opened => Box::new(opened?),
        }
    };
    let mut raw = Vec::new();
    input.by_ref().take(RAW).read_to_end(&mut raw).context("can't be read")?;
    if raw.starts_with(b"\x1f\x8b") {
        let unpacked = MultiGzDecoder::new(Cursor::new(std::mem::take(&mut raw)).chain(input));
        input = Box::new(Limited { input: unpacked, left: LARGEST });
        input.by_ref().take(RAW).read_to_end(&mut raw).context("damaged; compress it again")?;
    }
    if let Some(sentence) = refusal(&raw) {
        bail!(Skipped::new(SkipReason::Binary, sentence));
    }
    let packed = packed(&raw, known);
    let known_encoding = if packed.is_some() { Known::Bytes } else { encoding(&raw, settings)? };
    let mut text = Utf8::new(Cursor::new(raw).chain(input), known_encoding);
    let told = text.told();
    if let Some(shape) = packed.filter(|shape| *shape != Shape::Mail) {
        return Ok(Opened {
            shape,
            head: Vec::new(),
            input: Box::new(text),
            encoding: Told::default(),
        });
    }
    let mut head = Vec::new();
    text.by_ref().take(HEAD).read_to_end(&mut head).context("can't be read")?;
    if head.starts_with(b"\xef\xbb\xbf") {
        head.drain(..3);
    }
    if packed.is_none() && is_binary(&head) {
        let sentence = "binary, not text; save or export it as text first";
        bail!(Skipped::new(SkipReason::Binary, sentence));
    }
    if extension == "js" {
        if let Some(sentence) = not_of_posts(&head) {
            bail!(Skipped::new(SkipReason::Other, sentence));
        }
        if !file.named && !is_of_posts(head.trim_ascii_start()) {
            bail!(Skipped::new(SkipReason::Other, "unsupported type of file"));
        }
    }
    let shape = packed.unwrap_or_else(|| of_content(&head, known));
    let input = Box::new(Cursor::new(head.clone()).chain(text));
    Ok(Opened { shape, head, input, encoding: told })
}

/// The format of a file whose bytes aren't text as a whole.
fn packed(raw: &[u8], known: Option<Shape>) -> Option<Shape> {
    if raw.starts_with(b"PK\x03\x04") || raw.starts_with(b"PK\x05\x06") {
        Some(Shape::Package)
    } else if raw.get(257..262) == Some(b"ustar") {
        Some(Shape::Tar)
    } else if car::is_repository(raw) {
        Some(Shape::Repository)
    } else {
        let is_mail = mbox::is_mailbox(raw) || known == Some(Shape::Mail);
        is_mail.then_some(Shape::Mail)
    }
}

/// What a compressed file unpacks to, up to a limit.
struct Limited<R> {
    input: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(out)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other("unpacks to more than 4 GiB; unpack it and give the file")
        })?;
        Ok(read)
    }
}

/// What is known about the encoding of a file that starts with these bytes.
fn encoding(raw: &[u8], settings: &Settings) -> Result<Known> {
    if let Some(encoding) = settings.encoding()? {
        return Ok(Known::Named(encoding));
    }
    Ok(match settings.invalid {
        Invalid::Refuse => Known::Utf8,
        Invalid::Replace => Known::Guess(declared(raw)),
    })
}

/// The encoding that a page or an XML file names: `charset=...`, `encoding="..."`.
fn declared(raw: &[u8]) -> Option<&'static Encoding> {
    let start = raw[..raw.len().min(2048)].to_ascii_lowercase();
    let is_markup = start.trim_ascii_start().starts_with(b"<");
    let at = [&b"charset="[..], b"encoding="]
        .iter()
        .filter(|_| is_markup)
        .find_map(|name| memchr::memmem::find(&start, name).map(|at| at + name.len()))?;
    let label = start[at..].trim_ascii_start();
    let label = label.strip_prefix(b"\"").or_else(|| label.strip_prefix(b"'")).unwrap_or(label);
    let end = label.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-_:".contains(byte));
    Encoding::for_label(&label[..end.unwrap_or(label.len())])
}

/// The format that an extension stands for.
pub fn of_extension(extension: &str) -> Option<Shape> {
    Some(match extension {
        "csv" => Shape::Table { delimiter: None },
        "tsv" | "tab" => Shape::Table { delimiter: Some(b'\t') },
        "json" | "jsonl" | "ndjson" | "js" => Shape::Objects,
        "md" | "markdown" => Shape::Markdown,
        "txt" | "text" | "fountain" => Shape::Text,
        "html" | "htm" | "xhtml" => Shape::Html,
        "rtf" => Shape::Document(Kind::Rtf),
        "tex" | "ltx" | "latex" => Shape::Document(Kind::Latex),
        "nwd" => Shape::Document(Kind::Novel),
        "fodt" => Shape::Document(Kind::FlatOdt),
        "docx" | "docm" | "odt" | "ott" | "epub" | "zip" => Shape::Package,
        "mbox" | "eml" => Shape::Mail,
        "tar" => Shape::Tar,
        "car" => Shape::Repository,
        _ => return None,
    })
}

/// The format of text that starts like this. `known` = what its extension stands for.
fn of_content(head: &[u8], known: Option<Shape>) -> Shape {
    let start = head.trim_ascii_start();
    match known {
        _ if is_of_posts(start) => Shape::Objects,
        _ if start.starts_with(b"{\\rtf") => Shape::Document(Kind::Rtf),
        _ if start.starts_with(b"%%~") => Shape::Document(Kind::Novel),
        _ if is_flat(start) => Shape::Document(Kind::FlatOdt),
        Some(Shape::Markdown | Shape::Table { .. }) if !html::is_page(start) => {
            known.unwrap_or(Shape::Text)
        }
        _ if html::is_page(start) => Shape::Html,
        Some(Shape::Document(Kind::Latex | Kind::Novel)) => known.unwrap_or(Shape::Text),
        _ if start.starts_with(b"\\documentclass") => Shape::Document(Kind::Latex),
        Some(Shape::Html) => Shape::Html,
        _ if is_json(start) => Shape::Objects,
        // a script, or JSON that begins with something else: its objects are found
        Some(Shape::Objects)
            if !is_bracket(start) && memchr::memchr2(b'{', b'[', head).is_some() =>
        {
            Shape::Objects
        }
        _ if chat::is_chat(head) => Shape::Chat,
        _ if table::is_table(head) => Shape::Table { delimiter: None },
        _ => Shape::Text,
    }
}

/// OpenDocument as one XML file.
fn is_flat(start: &[u8]) -> bool {
    let start = &start[..start.len().min(4096)];
    start.starts_with(b"<") && memchr::memmem::find(start, b"opendocument").is_some()
}

/// An X archive's `tweets.js`, its further parts, or the older `tweet.js`.
fn is_of_posts(start: &[u8]) -> bool {
    ["window.YTD.tweet.", "window.YTD.tweets.", "window.YTD.note_tweet."]
        .iter()
        .any(|name| start.starts_with(name.as_bytes()))
}

/// Why a script isn't read: the other files of an X archive have other people's words, private ones, or ones that the
/// writer has deleted.
fn not_of_posts(head: &[u8]) -> Option<String> {
    let start = head.trim_ascii_start();
    if is_of_posts(start) {
        return None;
    }
    let name = start.strip_prefix(b"window.YTD.")?;
    let end = name.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')?;
    let what = match &name[..end] {
        b"deleted_tweets" | b"deleted_tweet" | b"deleted_note_tweet" => {
            "posts that were deleted".into()
        }
        b"community_tweet" => "posts in communities, for their members only".into(),
        b"like" => "other people's posts".into(),
        b"direct_messages" | b"direct_messages_group" => "private messages".into(),
        other => String::from_utf8_lossy(other).replace('_', " "),
    };
    Some(format!(
        "the part of an X archive with {what}, which is left out; give tweets.js and note-tweet.js"
    ))
}

fn is_bracket(start: &[u8]) -> bool {
    matches!(start, [b'{' | b'[', ..])
}

/// Whether text that begins with a bracket is JSON, and not "[Verse 1]": its first value is complete, or cut off by the
/// end of the head; or it begins as an object does, and is broken later.
fn is_json(start: &[u8]) -> bool {
    if !is_bracket(start) {
        return false;
    }
    let inner = start.iter().position(|byte| !byte.is_ascii_whitespace() && !b"{[".contains(byte));
    let inner = &start[inner.unwrap_or(start.len())..];
    let key = inner.strip_prefix(b"\"").and_then(|rest| {
        let end = memchr::memchr2(b'"', b'\n', rest)?;
        Some(rest[end] == b'"' && rest[end + 1..].trim_ascii_start().starts_with(b":"))
    });
    if start.contains(&b'{') && key == Some(true) {
        return true;
    }
    let mut values = serde_json::Deserializer::from_slice(start).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => {
            let rest = start[values.byte_offset()..].trim_ascii_start();
            // "[1] A footnote" and "[] a task" begin with a whole list
            let follows = rest.is_empty() || matches!(rest[0], b'{' | b'[' | b',' | b';');
            follows && !matches!(inner.first(), Some(b'0'..=b'9'))
        }
        Some(Err(error)) => {
            error.is_eof() && matches!(inner.first(), Some(b'"' | b'}' | b']') | None)
        }
        None => false,
    }
}

/// What to do with a file that isn't text, by its first bytes. `None` if it may be.
fn refusal(raw: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 7] = [
        (
            b"%PDF-",
            "PDF, which has no paragraphs, only places of letters; export the text as DOCX, EPUB or plain text, or convert \
             it with `pdftotext FILE.pdf FILE.txt` and read it through before training on it",
        ),
        (
            b"\xd0\xcf\x11\xe0",
            "a Word document in the old format (.doc), or an encrypted one; save it as DOCX or text without a password",
        ),
        (b"SQLite format 3", "a database; export its texts as CSV or JSON first"),
        (b"\xff\xfe\0\0", "UTF-32; convert it first: iconv -f utf-32 -t utf-8"),
        (b"\0\0\xfe\xff", "UTF-32; convert it first: iconv -f utf-32 -t utf-8"),
        (b"\x89PNG", "a picture, not text"),
        (b"\xff\xd8\xff", "a picture, not text"),
    ];
    KINDS.iter().find(|(start, _)| raw.starts_with(start)).map(|(_, sentence)| *sentence)
}

/// Whether a file is binary: it has zero bytes or many control characters.
fn is_binary(head: &[u8]) -> bool {
    let control = |byte: &&u8| {
        **byte < b' ' && !matches!(**byte, b'\t' | b'\n' | b'\r' | b'\x0c' | b'\x1b' | b'\x1f')
    };
    head.contains(&0) || head.iter().filter(control).count() > head.len() / 20
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_may_begin_text() {
        for json in [
            r#"[{"text":"a"}]"#,
            "{\"text\":\"a\"}\n{\"text\":\"b\"}",
            r#"["one","two"]"#,
            "[\n  {\n \"text\": nothing",
            r#"{"text":"cut"#,
            "[]",
            "{}",
            r#"[[{"a":1}]]"#,
        ] {
            assert!(is_json(json.as_bytes()), "{json}");
        }
        for text in [
            "[Verse 1]\nThe stove hums",
            "[1] A note",
            "[1]",
            "[x]",
            "{chorus}\nLa la",
            "[\"Hello,\" she said]",
            "[] to do",
            "[12:03] <ash> hi",
            "{",
            "\"quoted\"",
        ] {
            assert!(!is_json(text.as_bytes()) || text == "{", "{text}");
        }
    }

    #[test]
    fn files_of_an_x_archive_are_told_apart() {
        assert_eq!(not_of_posts(b"window.YTD.tweets.part0 = [ {"), None);
        assert_eq!(not_of_posts(b"var x = [ {"), None);
        for name in
            ["deleted_tweets", "community_tweet", "like", "direct_messages", "ad_engagements"]
        {
            let said = not_of_posts(format!("window.YTD.{name}.part0 = [").as_bytes()).unwrap();
            assert!(said.contains("left out"), "{said}");
        }
    }

    #[test]
    fn pages_name_their_encoding() {
        let named = |text: &str| declared(text.as_bytes()).map(Encoding::name);
        assert_eq!(named("<html><meta charset=\"iso-8859-2\">"), Some("ISO-8859-2"));
        assert_eq!(named("<?xml version='1.0' encoding='koi8-r'?>"), Some("KOI8-R"));
        assert_eq!(named("I wrote charset=utf-8 here"), None);
        assert_eq!(named("<meta charset=nonsense>"), None);
    }
}
