//! Questions and lists in plain mode: an overlay that can be told in lines is printed, and the next line answers it.

use super::{AT_ONCE, Plain};
use crate::tui::{
    Event,
    overlay::Spoken,
    view::{Hint, Status},
};
use crossterm::event::{Event as Terminal, KeyCode, KeyEvent, KeyModifiers};

impl Plain {
    /// Prints the overlay on top, if it wasn't printed yet. A text is printed and closed; one that can't be told in lines
    /// is closed.
    pub(super) fn report_question(&mut self) {
        loop {
            let desk = self.app.desk();
            let Some(top) = self.app.top() else {
                self.question = None;
                return;
            };
            let question = match (top.spoken(desk), top.status(desk)) {
                (Spoken::Text(lines), _) => {
                    self.app.close();
                    self.say_all(lines);
                    continue;
                }
                (Spoken::List(rows), _) if rows.is_empty() && desk.models.entries.is_empty() => {
                    return;
                }
                (Spoken::List(rows), _) => {
                    let left = rows.len().saturating_sub(AT_ONCE);
                    let mut lines: Vec<_> = (1..)
                        .zip(rows.iter().take(AT_ONCE))
                        .map(|(number, row)| format!("{number}: {row}"))
                        .collect();
                    if left > 0 {
                        lines.push(format!("{left} more: type a part of the name."));
                    }
                    lines.push("Answer with a number or a name; a full stop goes back.".into());
                    lines.join("\n")
                }
                (_, Status::Question(words, hints)) => format!("{words} {}", said(&hints)),
                (_, Status::Prompt(label, field, _)) => {
                    let (label, text) = (label.trim().trim_end_matches(':'), field.text());
                    let text = if text.is_empty() { "nothing" } else { &text };
                    format!("{label}? An empty line means {text}; a full stop goes back.")
                }
                _ => {
                    self.app.close();
                    self.say("This needs the whole screen: start without plain mode.");
                    continue;
                }
            };
            if self.question.as_ref() != Some(&question) {
                self.say(&question);
                self.question = Some(question);
            }
            return;
        }
    }

    /// Answers the question on top. False if the line is for the draft instead.
    pub(super) fn answer(&mut self, text: &str) -> bool {
        let text = text.trim();
        let desk = self.app.desk();
        let Some(top) = self.app.top() else { return false };
        let (spoken, status) = (top.spoken(desk), top.status(desk));
        if let Spoken::List(rows) = spoken {
            drop(status);
            self.question = None;
            self.choose(text, rows.len());
            return true;
        }
        match status {
            Status::Question(_, hints) => {
                let key = meant(text, &hints);
                self.question = None;
                match key {
                    Some(key) => self.press(key),
                    None => {
                        // A question that typing answers goes away; any other stays.
                        self.app.handle(Event::Terminal(Terminal::Paste(String::new())));
                        return self.app.top().is_some();
                    }
                }
            }
            _ if text == "." => self.press(KeyCode::Esc),
            _ => {
                if !text.is_empty() {
                    self.app.handle(Event::Terminal(Terminal::Paste(text.to_owned())));
                }
                self.press(KeyCode::Enter);
            }
        }
        true
    }

    /// Chooses an entry of a list by its number or by a part of its name.
    fn choose(&mut self, text: &str, rows: usize) {
        match text.parse::<usize>() {
            _ if text.is_empty() || text == "." => return self.press(KeyCode::Esc),
            Ok(number) if (1..=rows).contains(&number) => {
                (0..rows).for_each(|_| self.press(KeyCode::Up));
                (1..number).for_each(|_| self.press(KeyCode::Down));
            }
            _ => {
                self.app.handle(Event::Terminal(Terminal::Paste(text.to_owned())));
                let desk = self.app.desk();
                let found = self.app.top().map(|top| top.spoken(desk));
                if matches!(found, Some(Spoken::List(rows)) if rows.is_empty()) {
                    self.press(KeyCode::Esc);
                    return self.say(format!("Nothing matches {text}."));
                }
            }
        }
        self.press(KeyCode::Enter);
    }

    fn press(&mut self, key: KeyCode) {
        let event = KeyEvent::new(key, KeyModifiers::NONE);
        self.app.handle(Event::Terminal(Terminal::Key(event)));
    }
}

/// The answers of a question: `s: save; full stop: stay.`
fn said(hints: &[Hint]) -> String {
    let name = |key: &str| match key {
        "Esc" => "full stop".to_owned(),
        "Enter" => "empty line".to_owned(),
        other => other.to_owned(),
    };
    let all: Vec<_> = hints.iter().map(|(key, act)| format!("{}: {act}", name(key))).collect();
    format!("{}.", all.join("; "))
}

/// The key of an answer, which is a key, a full stop, or the first word of what it does.
fn meant(text: &str, hints: &[Hint]) -> Option<KeyCode> {
    let text = text.to_lowercase();
    let code = |key: &str| match key {
        "Esc" => Some(KeyCode::Esc),
        "Enter" => Some(KeyCode::Enter),
        other => other.chars().next().map(KeyCode::Char),
    };
    let is_it = |(key, act): &&Hint| {
        key.to_lowercase() == text || *act == text || act.split(' ').next() == Some(&*text)
    };
    match &*text {
        "" => Some(KeyCode::Enter),
        "." => Some(KeyCode::Esc),
        _ => hints.iter().find(is_it).and_then(|(key, _)| code(key)),
    }
}
