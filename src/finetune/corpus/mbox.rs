//! Mails in one file (mbox), or a single one (.eml): the plain text of each, without quotes of other mails and without the
//! signature.

use super::{
    Form, LONGEST, Reason, html,
    lines::{self, Breaks, Ended},
    mime::{self, Mail},
    people::People,
    pipeline::Pipeline,
};
use anyhow::Result;
use std::{collections::BTreeMap, io::BufRead};

/// Whether a file starts like a mailbox.
pub fn is_mailbox(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n');
    head.starts_with(b"From ")
        && lines.next().is_some_and(|line| line.len() < 400)
        && lines.next().is_some_and(|line| {
            let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
            name.len() < line.len() && !name.is_empty() && !name.contains(&b' ')
        })
}

/// Send all mails through the pipeline. `head` = the start of the file.
///
/// # Errors
/// I/O errors.
pub fn read(input: &mut dyn BufRead, head: &[u8], pipeline: &mut Pipeline) -> Result<()> {
    pipeline.read_as("mail");
    let mut people = People::new(pipeline.settings.author.as_deref(), owners(head));
    let mut mail = Vec::new();
    let mut line = Vec::new();
    let mut empty = true; // the line before
    loop {
        line.clear();
        let ended = lines::read(input, LONGEST, Breaks::Lf, &mut line)?;
        if ended == Ended::Limit {
            lines::skip(input, Breaks::Lf)?;
        }
        if ended == Ended::Input || empty && line.starts_with(b"From ") {
            send(&std::mem::take(&mut mail), &mut people, pipeline)?;
            if ended == Ended::Input {
                break;
            }
            empty = false;
            continue;
        }
        empty = line.is_empty();
        // `>From` is how a line that begins with `From` is stored
        let quoted = line.iter().take_while(|byte| **byte == b'>').count();
        let stored = quoted > 0 && line[quoted..].starts_with(b"From ");
        if mail.len() < LONGEST {
            mail.extend_from_slice(&line[usize::from(stored)..]);
            mail.push(b'\n');
        }
    }
    people.notice(pipeline);
    Ok(())
}

/// Whose mailbox it is: the address that most mails were delivered to.
fn owners(head: &[u8]) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in String::from_utf8_lossy(head).lines() {
        if let Some((name, address)) = line.split_once(": ")
            && (name.eq_ignore_ascii_case("Delivered-To")
                || name.eq_ignore_ascii_case("X-Original-To"))
        {
            *counts.entry(address.trim().to_lowercase()).or_default() += 1;
        }
    }
    counts
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map(|(address, _)| address)
        .into_iter()
        .collect()
}

/// Send a mail through the pipeline.
fn send(bytes: &[u8], people: &mut People, pipeline: &mut Pipeline) -> Result<()> {
    if bytes.trim_ascii().is_empty() {
        return Ok(());
    }
    let Mail { authors, body, is_html, flowed } = mime::parse(bytes);
    let body = if is_html { html::text(&body) } else { body };
    let text = own_words(&body, flowed);
    pipeline.watch.parts(text.len());
    pipeline.watch.text(text.len());
    if !people.want(&authors, false) {
        pipeline.reject(Reason::OtherAuthor, &text);
    } else if text.is_empty() {
        pipeline.reject(Reason::Empty, &body);
    } else {
        pipeline.document(&text, Form::Prose, false)?;
    }
    Ok(())
}

/// A mail's text without quotes, the line before them, and the signature.
fn own_words(body: &str, flowed: bool) -> String {
    let mut kept: Vec<String> = Vec::new();
    let mut soft = false;
    for line in body.lines() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line == "-- "
            || line == "--"
            || line.starts_with("-----Original Message")
            || line.starts_with("________________")
        {
            break;
        }
        if line.starts_with('>') {
            // "On Monday Elm wrote:" comes before a quote, and may be two lines long
            while kept.last().is_some_and(|last| last.trim().is_empty()) {
                kept.pop();
            }
            if kept.last().is_some_and(|last| last.trim_end().ends_with(':') && last.len() < 300) {
                kept.pop();
            }
            soft = false;
            continue;
        }
        let line = if flowed { line.strip_prefix(' ').unwrap_or(line) } else { line };
        match kept.last_mut().filter(|_| soft) {
            Some(last) => last.push_str(line),
            None => kept.push(line.to_owned()),
        }
        soft = flowed && line.ends_with(' ') && !line.trim().is_empty();
    }
    kept.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_words_stay() {
        let body = "The stove hums.\n\nOn Monday Elm wrote:\n> hello\n> there\n\nYes.\n-- \nAsh\n";
        assert_eq!(own_words(body, false), "The stove hums.\n\nYes.");
        assert_eq!(own_words("one \ntwo\nthree\n", true), "one two\nthree");
        assert!(is_mailbox(b"From ash@x.example Mon Jan 1\nSubject: x\n\nhello"));
        assert!(!is_mailbox(b"From the stairs I see\nthe rain: all of it.") && !is_mailbox(b""));
        assert_eq!(owners(b"Delivered-To: Ash@x.example\nTo: elm\n"), ["ash@x.example"]);
    }
}
