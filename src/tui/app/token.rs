//! Any token: a word of the machine opened, to see what else might have stood there, and to go on from that.

use super::App;
use crate::{
    generate::{Look, Seen},
    session::Author,
    token::{Alternative, BranchId, SamplingParams},
    tui::{
        command::Command,
        offers::quotes,
        overlay::{Overlay, Token},
    },
    ui::{keymap::Key, worker::Request},
};
use crossterm::event::KeyCode;
use std::ops::Range;

/// How many alternatives are looked for, and shown.
const ALTERNATIVES: usize = 8;

impl App {
    /// Opens the token under the cursor, or the one before it.
    pub(super) fn open_token(&mut self) {
        let cursor = self.session.cursor();
        let Some((run, place)) = self.machine_run(cursor) else {
            return self.notices.say(
                "Only the machine's words open: put the cursor on some of them. These are yours.",
            );
        };
        if !self.may_ask() {
            return;
        }
        let span = self.session.text().slice(run.clone()).to_string();
        let at = span.char_indices().nth(place - run.start).map_or(0, |(at, _)| at);
        self.look(Token { number: 0, run, span, at, seen: None, chosen: 0 });
    }

    /// The machine's words around the cursor, and the place of one of their characters.
    fn machine_run(&self, cursor: usize) -> Option<(Range<usize>, usize)> {
        let runs: Vec<_> = self
            .session
            .authors(0..self.session.text().len_chars())
            .filter(|(_, author)| *author == Author::Machine)
            .map(|(run, _)| run)
            .collect();
        [Some(cursor), cursor.checked_sub(1)].into_iter().flatten().find_map(|place| {
            let run = runs.iter().find(|run| run.contains(&place))?;
            Some((run.clone(), place))
        })
    }

    fn look(&mut self, mut token: Token) {
        self.look_no_longer(&token);
        (token.number, token.seen) = (self.offers.next_branch(), None);
        let (before, _) = self.prompt(token.run.start);
        let params = SamplingParams { logprobs: ALTERNATIVES, ..self.sampling.clone() };
        let span = quotes::straight(&token.span);
        let at = quotes::place(token.at, &token.span, &span);
        let before = quotes::straight(&before).into_owned();
        let look = Look { before, span: span.into_owned(), at, params };
        self.send(Request::Look(token.number, look));
        self.overlay = Some(Overlay::Token(token));
    }

    /// Nobody waits for the answer any more.
    fn look_no_longer(&self, token: &Token) {
        if token.seen.is_none() && token.number > 0 {
            self.send(Request::Stop(token.number));
        }
    }

    /// What the model sees in the token's place.
    pub(super) fn see(&mut self, number: BranchId, mut seen: Seen) {
        if let Some(Overlay::Token(token)) = &mut self.overlay
            && token.number == number
        {
            // What was looked at has straight quotes.
            let sent = quotes::straight(&token.span);
            seen.token = quotes::place(seen.token.start, &sent, &token.span)
                ..quotes::place(seen.token.end, &sent, &token.span);
            let text = self.session.text();
            let before = text.slice(..token.run.start).to_string();
            let drafts = quotes::Quotes::of(&before, text.chars_at(token.run.end));
            let said = token.span.get(..seen.token.start).unwrap_or_default();
            for other in &mut seen.top {
                other.text = quotes::as_in(drafts, &before, said, &other.text).into_owned();
            }
            let now = token.span.get(seen.token.clone());
            token.chosen = seen.top.iter().position(|other| now == Some(&other.text)).unwrap_or(0);
            token.seen = Some(seen);
        }
    }

    /// The model could not look. Says whether that was asked.
    pub(super) fn saw_nothing(&mut self, number: BranchId, why: &str) -> bool {
        let asked = matches!(&self.overlay, Some(Overlay::Token(token)) if token.number == number);
        if asked {
            self.overlay = None;
            self.notices.warn(format!("This word can't be opened: {why}."));
        }
        asked
    }

    /// A key for an open token.
    pub(super) fn press_token(&mut self, mut token: Token, key: Key) {
        let seen = token.seen.as_ref();
        match key.code() {
            KeyCode::Esc => return self.look_no_longer(&token),
            KeyCode::Up => token.chosen = token.chosen.saturating_sub(1),
            KeyCode::Down => {
                let last = seen.map_or(0, |seen| seen.top.len().saturating_sub(1));
                token.chosen = (token.chosen + 1).min(last);
            }
            KeyCode::Left => {
                if let Some(before) = seen.and_then(|seen| seen.token.start.checked_sub(1)) {
                    token.at = before;
                    return self.look(token);
                }
            }
            KeyCode::Right => {
                if let Some(next) =
                    seen.map(|seen| seen.token.end).filter(|&end| end < token.span.len())
                {
                    token.at = next;
                    return self.look(token);
                }
            }
            KeyCode::Enter => {
                let choice = seen.and_then(|seen| seen.top.get(token.chosen)).cloned();
                if let (Some(choice), Some(seen)) = (choice, seen) {
                    let start = seen.token.start;
                    return self.take_token(&token, start, &choice);
                }
            }
            _ if self.keymap.command(key) == Some(Command::OpenToken) => {
                return self.look_no_longer(&token);
            }
            _ => {}
        }
        self.overlay = Some(Overlay::Token(token));
    }

    /// Puts another token in the place of one and of the machine's words after it, and asks how to go on. The
    /// writer's words stay, and one step back are those that went.
    fn take_token(&mut self, token: &Token, start: usize, choice: &Alternative) {
        if choice.text.contains(char::REPLACEMENT_CHARACTER) || choice.text.is_empty() {
            self.overlay = Some(Overlay::Token(token.clone()));
            return self.notices.say("This is no whole character, so it can't be taken alone.");
        }
        let place = token.run.start + token.span[..start].chars().count();
        if self.session.take_instead(place..token.run.end, &choice.text) {
            self.ask();
        }
    }
}
