//! An open token: any token of the draft, its alternatives, and taking one of them. Each alternative has its probability
//! before and after top-k, top-p and min-p. Of the machine's text what follows the token is replaced too, and the model
//! goes on from there; of other text only the token is.

use super::layer::{Flow, Layer};
use crate::{
    clean::for_terminal,
    generate::{Look, Seen},
    session::{Author, Session},
    token::{Alternative, BranchId, SamplingParams},
    tui::{
        command::Opens,
        desk::Desk,
        drawn,
        text::{cut, percent, width},
        view::Areas,
    },
    ui::{
        asking::quotes,
        keymap::Key,
        theme::Role,
        worker::{News, Request},
    },
};
use crossterm::event::{KeyCode, KeyEvent};
use indicatif::HumanCount;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::{Clear, Paragraph},
};
use std::ops::Range;

/// The command.
pub const OPENS: Opens = Opens {
    name: "open-token",
    heading: "The model",
    help: "Open the token at the cursor: see what else the model would have written there, take it.",
    keys: &["ctrl-t", "alt-t"],
};

/// How many alternatives are asked for, and shown.
const ALTERNATIVES: usize = 8;
/// The width of the list with its frame, in cells.
const WIDTH: u16 = 54;
/// Cells for a token's text, and for its bar.
const TEXT: usize = 14;
const BAR: usize = 10;

/// An open token.
struct Token {
    /// The branch number of the request about it.
    number: BranchId,
    /// The range of the machine's text around it, or of its paragraph.
    run: Range<usize>,
    /// Whether it is the machine's text.
    is_machine: bool,
    /// The text of the range.
    span: String,
    /// A byte offset of the token in that text.
    at: usize,
    /// The model's answer, once it has arrived.
    seen: Option<Seen>,
    /// The alternative with the cursor.
    chosen: usize,
}

/// Opens the token under the cursor, or the one before it.
pub fn open(desk: &mut Desk) -> Flow {
    desk.page.come_back();
    let cursor = desk.session.cursor();
    let Some((run, place, is_machine)) = run_at(&desk.session, cursor) else {
        desk.notices.say("There is no word here: put the cursor on one.");
        return Flow::Stay;
    };
    if !is_machine && !desk.may_score() || !desk.may_ask() {
        return Flow::Stay;
    }
    let span = desk.session.text().slice(run.clone()).to_string();
    let at = span.char_indices().nth(place - run.start).map_or(0, |(at, _)| at);
    let mut token = Token { number: 0, run, is_machine, span, at, seen: None, chosen: 0 };
    token.ask(desk);
    Flow::open(token)
}

/// The range of the machine's text at the cursor; else the paragraph there, which is what scores are made from. With
/// the place of a character in it, and whether it is the machine's.
fn run_at(session: &Session, cursor: usize) -> Option<(Range<usize>, usize, bool)> {
    let text = session.text();
    let places = || [Some(cursor), cursor.checked_sub(1)].into_iter().flatten();
    let runs: Vec<_> = session
        .authors(0..text.len_chars())
        .filter(|(_, author)| *author == Author::Machine)
        .map(|(run, _)| run)
        .collect();
    let machine = places().find_map(|place| {
        let run = runs.iter().find(|run| run.contains(&place))?;
        Some((run.clone(), place, true))
    });
    machine.or_else(|| {
        let is_text =
            |place: &usize| text.get_char(*place).is_some_and(|c| !matches!(c, '\n' | '\r'));
        let place = places().find(is_text)?;
        let line = text.char_to_line(place);
        let (start, end) = (text.line_to_char(line), text.line_to_char(line + 1));
        let breaks = text.chars_at(end).reversed().take(end - start);
        let breaks = breaks.take_while(|c| matches!(c, '\n' | '\r')).count();
        Some((start..end - breaks, place, false))
    })
}

impl Token {
    /// Asks the model for the token's alternatives.
    fn ask(&mut self, desk: &mut Desk) {
        self.stop(desk);
        (self.number, self.seen) = (desk.asking.next_branch(), None);
        let (before, _) = desk.prompt(self.run.start);
        let sampling = desk.asking.style.sampling.clone();
        let params = SamplingParams { logprobs: ALTERNATIVES, ..sampling };
        let span = quotes::straight(&self.span);
        let at = quotes::place(self.at, &self.span, &span);
        let before = quotes::straight(&before).into_owned();
        let look = Look { before, span: span.into_owned(), at, params };
        desk.asking.send(Request::Look(self.number, look));
    }

    /// Stops the request, if it isn't answered yet.
    fn stop(&self, desk: &Desk) {
        if self.seen.is_none() && self.number > 0 {
            desk.asking.stop(self.number);
        }
    }

    /// The model has answered.
    fn see(&mut self, mut seen: Seen, desk: &Desk) {
        // The model was given straight quotes.
        let sent = quotes::straight(&self.span);
        seen.token = quotes::place(seen.token.start, &sent, &self.span)
            ..quotes::place(seen.token.end, &sent, &self.span);
        let text = desk.session.text();
        let before = text.slice(..self.run.start).to_string();
        let drafts = quotes::Quotes::of(&before, text.chars_at(self.run.end));
        let said = self.span.get(..seen.token.start).unwrap_or_default();
        for other in &mut seen.top {
            other.text = quotes::as_in(drafts, &before, said, &other.text).into_owned();
        }
        let now = self.span.get(seen.token.clone());
        self.chosen = seen.top.iter().position(|other| now == Some(&other.text)).unwrap_or(0);
        self.seen = Some(seen);
    }

    /// The token's place on the page.
    fn place(&self) -> Option<Range<usize>> {
        let seen = self.seen.as_ref()?;
        let start = self.run.start + self.span.get(..seen.token.start)?.chars().count();
        Some(start..start + self.span.get(seen.token.clone())?.chars().count())
    }

    /// The token's length in characters.
    fn length(&self) -> usize {
        let token = self.seen.as_ref().and_then(|seen| self.span.get(seen.token.clone()));
        token.map_or(0, |token| token.chars().count())
    }

    /// Replaces this token with an alternative. After the machine's token, the machine's text is replaced too, and
    /// continuations are asked for. The writer's text stays, and undo restores what was replaced.
    fn take(&self, start: usize, choice: &Alternative, desk: &mut Desk) -> Flow {
        if choice.text.contains(char::REPLACEMENT_CHARACTER) || choice.text.is_empty() {
            desk.notices.say("This token is only part of a character, so it can't be taken alone.");
            return Flow::Stay;
        }
        let place = self.run.start + self.span[..start].chars().count();
        let end = if self.is_machine { self.run.end } else { place + self.length() };
        if desk.may_take(&choice.text, place..end)
            && desk.session.take_instead(place..end, &choice.text, None)
            && self.is_machine
        {
            desk.ask();
        }
        Flow::Close
    }
}

impl Layer for Token {
    fn press(&mut self, key: Key, _: KeyEvent, desk: &mut Desk) -> Flow {
        let seen = self.seen.as_ref();
        match key.code() {
            KeyCode::Esc => {
                self.stop(desk);
                return Flow::Close;
            }
            KeyCode::Up => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Down => {
                let last = seen.map_or(0, |seen| seen.top.len().saturating_sub(1));
                self.chosen = (self.chosen + 1).min(last);
            }
            KeyCode::Left => {
                if let Some(before) = seen.and_then(|seen| seen.token.start.checked_sub(1)) {
                    self.at = before;
                    self.ask(desk);
                }
            }
            KeyCode::Right => {
                let next = seen.map(|seen| seen.token.end);
                if let Some(next) = next.filter(|next| *next < self.span.len()) {
                    self.at = next;
                    self.ask(desk);
                }
            }
            KeyCode::Enter => {
                let choice = seen.and_then(|seen| seen.top.get(self.chosen)).cloned();
                if let (Some(choice), Some(seen)) = (choice, seen) {
                    return self.take(seen.token.start, &choice, desk);
                }
            }
            _ if desk.keymap.command(key).is_some_and(|command| command.name() == OPENS.name) => {
                self.stop(desk);
                return Flow::Close;
            }
            _ => {}
        }
        Flow::Stay
    }

    fn wheel(&mut self, by: isize, _: &mut Desk) {
        let last = self.seen.as_ref().map_or(0, |seen| seen.top.len().saturating_sub(1));
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
    }

    fn hear(&mut self, news: &News, desk: &mut Desk) -> Option<Flow> {
        match news {
            News::Seen(number, seen) if *number == self.number => {
                self.see(seen.clone(), desk);
                Some(Flow::Stay)
            }
            News::Failed(number, why) if *number == self.number => {
                desk.notices.warn(format!("This word can't be opened: {why}."));
                Some(Flow::Close)
            }
            _ => None,
        }
    }

    fn marks(&self, _: &Session, _: Range<usize>) -> Vec<(Range<usize>, Role)> {
        self.place().map(|place| (place, Role::Selection)).into_iter().collect()
    }

    /// A list below the cursor, or above it if there is more room.
    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        let (page, cursor, theme) = (areas.page, areas.cursor, &desk.look.theme);
        let cells = WIDTH.min(page.width);
        let inside = usize::from(cells).saturating_sub(2);
        let (title, rows, foot) = match &self.seen {
            None => ("reading".to_owned(), Vec::new(), "Esc back"),
            Some(seen) => {
                let now = self.span.get(seen.token.clone()).unwrap_or_default();
                let of = HumanCount(seen.vocabulary as u64);
                let title = format!("{} ─ rank {} of {of}", quoted(now), seen.rank);
                let foot = match self.is_machine {
                    true => "Enter continue from it  ←→ other tokens  Esc back",
                    false => "Enter put it here  ←→ other tokens  Esc back",
                };
                (title, rows(desk, self, inside), foot)
            }
        };
        let height = (rows.len() as u16 + 3).min(page.height);
        let below = page.bottom().saturating_sub(cursor.y + 1);
        let y = if below >= height || below >= cursor.y.saturating_sub(page.y) {
            (cursor.y + 1).min(page.bottom().saturating_sub(height))
        } else {
            cursor.y.saturating_sub(height).max(page.y)
        };
        let x = cursor.x.saturating_sub(2).min(page.right().saturating_sub(cells)).max(page.x);
        let area = Rect { x, y, width: cells, height };
        frame.render_widget(Clear, area);
        frame.buffer_mut().set_style(area, theme.style(Role::Text));
        let title = cut(&title, inside.saturating_sub(3));
        let rule = theme.style(Role::Rule);
        let line = "─".repeat(inside.saturating_sub(width(&title) + 2));
        let mut lines = vec![Line::from(vec![
            Span::styled("┌ ", rule),
            Span::styled(title, theme.style(Role::Title)),
            Span::styled(format!(" {line}┐"), rule),
        ])];
        lines.extend(rows.into_iter().map(|mut row: Line| {
            let free = inside.saturating_sub(row.width());
            row.spans.insert(0, Span::styled("│", rule));
            row.spans.push(Span::raw(" ".repeat(free)));
            row.spans.push(Span::styled("│", rule));
            row
        }));
        let foot = cut(foot, inside.saturating_sub(1));
        let free = " ".repeat(inside.saturating_sub(width(&foot) + 1));
        lines.push(Line::from(vec![
            Span::styled("│ ", rule),
            Span::styled(format!("{foot}{free}"), theme.style(Role::Quiet)),
            Span::styled("│", rule),
        ]));
        lines.push(Line::styled(format!("└{}┘", "─".repeat(inside)), rule));
        // On a low screen the bottom of the frame is cut off, not the text.
        frame.render_widget(Paragraph::new(lines), area);
        drawn::Overlay::default()
    }
}

fn rows<'a>(desk: &Desk, token: &Token, inside: usize) -> Vec<Line<'a>> {
    let Some(seen) = &token.seen else { return Vec::new() };
    let mut rows = Vec::new();
    for (number, other) in seen.top.iter().enumerate() {
        let raw = other.logprob.exp();
        let bar = "█".repeat((raw * BAR as f32).round() as usize);
        let after = match other.after {
            Some(after) => format!("drawn {}", percent(after)),
            None => format!("cut by {}", cut_by(&desk.asking.style.sampling, number)),
        };
        let text = cut(&quoted(&other.text), TEXT);
        let pad = " ".repeat(TEXT.saturating_sub(width(&text)));
        let here = number == token.chosen;
        let mark = if here { " ▸ " } else { "   " };
        let words = format!("{text}{pad} {} {bar:<BAR$}  {after}", percent(raw));
        let words = cut(&words, inside.saturating_sub(3));
        let role = match (here, other.after) {
            (true, _) => Role::Selection,
            (false, Some(_)) => Role::Text,
            (false, None) => Role::Stale,
        };
        rows.push(Line::from(vec![
            Span::styled(mark, desk.look.theme.style(Role::Mark)),
            Span::styled(words, desk.look.theme.style(role)),
        ]));
    }
    rows
}

/// The sampling setting that excluded the token of this rank, from 0.
fn cut_by(params: &SamplingParams, rank: usize) -> &'static str {
    if params.temperature == 0.0 {
        "temperature 0"
    } else if params.active_top_k().is_some_and(|k| rank >= k) {
        "top-k"
    } else if params.active_top_p().is_some() {
        "top-p"
    } else {
        "min-p"
    }
}

/// A token in quotes, with its line breaks made visible.
fn quoted(text: &str) -> String {
    let text = text.replace('\n', "⏎");
    for_terminal(&format!("\"{text}\"")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_are_seen() {
        assert_eq!(quoted("\n\n"), "\"⏎⏎\"");
    }
}
