//! JSON in any layout: a list, one object per line, a list inside objects, JavaScript before it. Objects are extracted
//! one by one. An object that is too long or broken and isn't a text itself is opened, and the objects inside it are
//! extracted. So a broken one doesn't affect the others, and long files need little memory.

use super::{
    LONGEST, Reason,
    find::Opened,
    names::{is_inside, rank},
    node::Node,
    people::People,
    pipeline::Pipeline,
    record::{self, Record},
    splitter::{Piece, Splitter},
    strip,
};
use anyhow::Result;
use serde::de::IgnoredAny;
use std::io::{BufRead, ErrorKind};

/// How many objects around a record are opened.
const DEEPEST: usize = 64;

/// Send all records of a file through the pipeline.
///
/// # Errors
/// I/O errors, and invalid UTF-8 when the settings refuse it.
pub fn read(opened: &mut Opened, pipeline: &mut Pipeline) -> Result<()> {
    let lines = is_lines(&opened.head);
    pipeline.read_as(if lines { "JSON lines" } else { "JSON" });
    let mut owners = pipeline.owners.clone();
    owners.extend(telegram_owner(&opened.head));
    let people = People::new(pipeline.settings.author.as_deref(), owners);
    let mut reader = Reader { splitter: Splitter::new(lines), people, depth: 0 };
    // what is read again: the inside of an object that was opened
    let mut again: Vec<u8> = Vec::new();
    let mut at = 0;
    loop {
        let chunk = if at < again.len() {
            &again[at..]
        } else {
            match opened.input.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                chunk => chunk?,
            }
        };
        let (taken, piece) = if chunk.is_empty() {
            match reader.splitter.finish() {
                Some(piece) => (0, Some(piece)),
                None => break,
            }
        } else {
            reader.splitter.push(chunk)
        };
        if at < again.len() {
            at += taken;
        } else {
            opened.input.consume(taken);
        }
        if let Some(piece) = piece
            && let Some(inside) = reader.handle(piece, pipeline)?
        {
            again = [&inside, &again[at.min(again.len())..]].concat();
            at = 0;
        }
    }
    reader.people.notice(pipeline);
    Ok(())
}

struct Reader {
    splitter: Splitter,
    people: People,
    /// How many objects around the current one were opened.
    depth: usize,
}

impl Reader {
    /// Process an extracted object. Returns its inside if the objects in it are to be extracted.
    fn handle(&mut self, piece: Piece, pipeline: &mut Pipeline) -> Result<Option<Vec<u8>>> {
        let object = std::mem::take(&mut self.splitter.object);
        let reason = match piece {
            Piece::TooLong => Reason::TooLong,
            Piece::Broken | Piece::Whole => Reason::Broken,
        };
        if piece == Piece::Whole {
            let text = pipeline.decode(&object)?;
            if let Ok(node) = Node::parse(&text) {
                self.records(&node, &text, pipeline)?;
                return Ok(None);
            }
        }
        let wraps = object.first() == Some(&b'{') && memchr::memchr(b'{', &object[1..]).is_some();
        if wraps && self.depth < DEEPEST && !has_text(&object) {
            self.depth += 1;
            self.splitter.open();
            return Ok(Some(object[1..].to_vec()));
        }
        let shown = &object[..object.len().min(LONGEST / 64)];
        pipeline.reject(reason, &String::from_utf8_lossy(shown));
        Ok(None)
    }

    /// Send the records in a value through the pipeline.
    fn records(&mut self, node: &Node, json: &str, pipeline: &mut Pipeline) -> Result<()> {
        if let Some(id) = node.field("personal_information").and_then(|me| me.field("user_id")) {
            let Node::Number(id) = id else { return Ok(()) };
            self.people.know(format!("user{id}"));
        }
        let column = pipeline.settings.column.clone();
        let found = record::find(node, column.as_deref());
        pipeline.watch.parts(record::prose_bytes(node));
        if found.is_empty() && self.depth == 0 {
            pipeline.reject(Reason::NoText, json);
        }
        for record in found {
            let Some(Record { text, drop, authors, chat }) = record else {
                pipeline.reject(Reason::NoText, "");
                continue;
            };
            pipeline.watch.text(text.len());
            let deleted = matches!(text.trim(), "[deleted]" | "[removed]");
            let reason = drop.or(deleted.then_some(Reason::Deleted));
            let reason = reason
                .or_else(|| (!self.people.want(&authors, chat)).then_some(Reason::OtherAuthor));
            if let Some(reason) = reason {
                pipeline.reject(reason, &text);
                continue;
            }
            let text = strip::markup(&text);
            pipeline.post(&text)?;
        }
        Ok(())
    }
}

/// The id of the owner in the export of a whole Telegram account, as messages have it.
fn telegram_owner(head: &[u8]) -> Option<String> {
    let at = memchr::memmem::find(head, b"\"personal_information\"")?;
    let rest = &head[at..];
    let rest = &rest[memchr::memmem::find(rest, b"\"user_id\"")? + 9..];
    let from = rest.iter().position(u8::is_ascii_digit).filter(|from| *from < 8)?;
    let digits = rest[from..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(format!("user{}", digits.map(|byte| char::from(*byte)).collect::<String>()))
}

/// Whether each line is an object: true if the first one is.
fn is_lines(head: &[u8]) -> bool {
    let first = head.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    first.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(first).is_ok()
}

/// Whether an object, which may be broken, has a text itself, so that there are no records to look for inside it.
fn has_text(object: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < object.len() {
        match object[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let from = at + 1;
                at = from;
                while at < object.len() && object[at] != b'"' {
                    at += 1 + usize::from(object[at] == b'\\');
                }
                let name = &object[from..at.min(object.len())];
                let rest = object.get(at + 1..).unwrap_or_default().trim_ascii_start();
                if depth == 1 && rest.first() == Some(&b':') {
                    let name = std::str::from_utf8(name).unwrap_or_default();
                    let text = rest[1..].trim_ascii_start().first() == Some(&b'"');
                    let weak = ["status", "message"].contains(&name);
                    if text && !weak && rank(name).is_some() || !text && is_inside(name) {
                        return true;
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_wrappers_are_told_apart() {
        for json in
            [r#"{"id":1,"text":"a"}"#, r#"{"text":"cut"#, r#"{"a":[{"x":1}], "body" : "x"}"#]
        {
            assert!(has_text(json.as_bytes()), "{json}");
        }
        for json in [r#"{"tweets":[{"text":"a"}]}"#, r#"{"status":"ok","a":[]}"#, "{", "", "{\"\\"]
        {
            assert!(!has_text(json.as_bytes()), "{json}");
        }
        let head = br#"{"personal_information":{"user_id": 42,"first_name":"Ash"},"chats":{}}"#;
        assert_eq!(telegram_owner(head).as_deref(), Some("user42"));
        assert_eq!(telegram_owner(br#"{"personal_information":{"user_id": "x"#), None);
    }
}
