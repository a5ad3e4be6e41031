//! The export of a WhatsApp chat. Its lines begin with a date, a time and a name, in the form that the phone's language
//! has; a line without them continues the message above it.

use super::{
    Form, Reason,
    lines::{self, Breaks, Ended},
    people::People,
    pipeline::Pipeline,
};
use anyhow::Result;
use std::io::BufRead;

/// The longest message, in bytes.
const LONGEST: usize = 1 << 16;
/// The longest date and time, in bytes.
const LONGEST_STAMP: usize = 48;
/// The longest name, in bytes.
const LONGEST_NAME: usize = 100;

/// Whether text starts like such an export: its first line has a date and a time, and so have most others, unless they
/// continue messages.
pub fn is_chat(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&head[..head.len().min(1 << 14)]);
    let mut all = text.split(['\n', '\r']).filter(|line| !line.trim().is_empty());
    if all.next().and_then(message).is_none() {
        return false;
    }
    let rest: Vec<&str> = all.take(40).collect();
    let stamped = rest.iter().filter(|line| message(line).is_some()).count();
    let named = text.split(['\n', '\r']).filter_map(message).any(|rest| speaker(rest).is_some());
    named && stamped * 4 >= rest.len()
}

/// Send all messages through the pipeline.
///
/// # Errors
/// I/O errors, and invalid UTF-8 when the settings refuse it.
pub fn read(input: &mut dyn BufRead, pipeline: &mut Pipeline) -> Result<()> {
    pipeline.read_as("a WhatsApp chat");
    let mut people = People::new(pipeline.settings.author.as_deref(), Vec::new());
    let mut current: Option<(String, String)> = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        let ended = lines::read(input, LONGEST, Breaks::All, &mut line)?;
        if ended == Ended::Limit {
            lines::skip(input, Breaks::All)?;
        }
        let text = pipeline.decode(&line)?;
        let start = message(&text);
        if ended == Ended::Input || start.is_some() {
            if let Some((name, text)) = current.take() {
                send(name, &text, &mut people, pipeline)?;
            }
            if ended == Ended::Input {
                break;
            }
        }
        match (start, &mut current) {
            (Some(rest), _) => {
                // without a name it is the app that speaks
                current = speaker(rest).map(|(name, text)| (name.to_owned(), text.to_owned()));
            }
            (None, Some((_, message))) if message.len() < LONGEST => {
                message.push('\n');
                message.push_str(&text);
            }
            _ => {}
        }
    }
    people.notice(pipeline);
    Ok(())
}

/// Send a message through the pipeline, unless the app wrote it.
fn send(name: String, text: &str, people: &mut People, pipeline: &mut Pipeline) -> Result<()> {
    pipeline.watch.parts(text.len());
    pipeline.watch.text(text.len());
    let text = text.trim_end();
    let edited = [" <This message was edited>", "<This message was edited>"];
    let text = edited.iter().find_map(|note| text.strip_suffix(note)).unwrap_or(text);
    if is_note(text) {
        return Ok(());
    }
    if people.want(&[name], true) {
        pipeline.document(text, Form::of(text), false)
    } else {
        pipeline.reject(Reason::OtherAuthor, text);
        Ok(())
    }
}

/// Whether a text stands for a picture or the like, or says that a message was deleted. Apple's phones mark such texts.
fn is_note(text: &str) -> bool {
    let text = text.trim();
    let enclosed = text.starts_with('<') && text.ends_with('>') && !text.contains('\n');
    text.starts_with('\u{200e}')
        || enclosed
        || text == "null"
        || text.ends_with("(file attached)")
        || ["This message was deleted", "You deleted this message"]
            .iter()
            .any(|note| text.trim_end_matches('.') == *note)
}

/// What follows the date and the time at the start of a message; `None` if the line has none.
fn message(line: &str) -> Option<&str> {
    let marks = ['\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{feff}'];
    let line = line.trim_start_matches(marks);
    let (stamp, rest) = match line.strip_prefix('[') {
        Some(inside) => {
            inside.split_once(']').map(|(stamp, rest)| (stamp, rest.trim_start_matches(' ')))?
        }
        None => line.split_once(" - ")?,
    };
    is_stamp(stamp).then_some(rest)
}

/// Whether a text is a date and a time: `31/12/2024, 21:41:09`, `12/31/24, 9:41 PM`, `12.3.2022 klo 14.08.18`,
/// `2024/1/5 下午3:21`.
fn is_stamp(stamp: &str) -> bool {
    let stamp = stamp.trim();
    if stamp.len() > LONGEST_STAMP || !stamp.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let groups: Vec<&str> =
        stamp.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    let letters = stamp.chars().filter(|c| c.is_alphabetic()).count();
    let date: Vec<char> = stamp.chars().filter(|c| !c.is_ascii_digit()).take(2).collect();
    let divided = date.first().is_some_and(|c| "/.-".contains(*c));
    (5..=6).contains(&groups.len())
        && groups.iter().all(|group| group.len() <= 4)
        && letters <= 14
        && divided
        && stamp.contains([':', '.'])
}

/// The name and the text of a message.
fn speaker(rest: &str) -> Option<(&str, &str)> {
    let (name, text) = rest.split_once(": ").or_else(|| Some((rest.strip_suffix(':')?, "")))?;
    let name =
        name.trim_matches(['~', ' ', '\u{202f}', '\u{200e}', '\u{202a}', '\u{202c}', '\u{a0}']);
    (!name.is_empty() && name.len() <= LONGEST_NAME).then_some((name, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_phone_has_its_dates() {
        for line in [
            "[31/12/2024, 21:41:09] Ash: hello",
            "12/31/24, 9:41\u{202f}PM - Ash: hello",
            "31.12.24, 21:41 - Ash: hello",
            "\u{200e}[12.3.2022 klo 14.08.18] Ash: hello",
            "2024/1/5 下午3:21 - Ash: hello",
            "[2024-01-05, 15:21:00] ~\u{202f}Ash: hello",
        ] {
            let found = message(line).and_then(speaker);
            assert_eq!(found, Some(("Ash", "hello")), "{line}");
        }
        for line in [
            "[Verse 1] and on",
            "[12:03] <ash> hi",
            "12 - 3 = 9: a sum",
            "2024-01-05 - a day: rain",
            "hello - 1/2/3: x",
        ] {
            assert_eq!(message(line), None, "{line}");
        }
        let system = "12/31/24, 9:41 PM - Messages are end-to-end encrypted.";
        assert_eq!(message(system).and_then(speaker), None);
    }

    #[test]
    fn chats_are_recognised() {
        let chat = "31.12.24, 21:41 - Ash: one\nand on\n31.12.24, 21:42 - Elm: two\n";
        assert!(is_chat(chat.as_bytes()));
        assert!(!is_chat(b"31.12.24, 21:41 - a note\nwithout names\n"));
        assert!(!is_chat(b"") && !is_chat(b"The stove hums.\n31.12.24, 21:41 - Ash: one\n"));
        assert!(
            is_note("<Media omitted>") && is_note("\u{200e}image omitted") && !is_note("a <b>")
        );
    }

    proptest! {
        #[test]
        fn any_line_is_read(line in r"(\[|\]|1|12|2024|/|\.|, |:| - |Ash|é|‎){0,30}") {
            if let Some((name, _)) = message(&line).and_then(speaker) {
                prop_assert!(!name.is_empty());
            }
            is_chat(line.as_bytes());
        }
    }
}
