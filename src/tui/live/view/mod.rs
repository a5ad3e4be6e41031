//! The screen on air: the text, large; a panel; and two status rows below. It never shows paths.

mod bars;
mod letters;
mod panels;
mod spot;
mod status;

use super::{Letters, Live, Panel, line::Line as Typed, line::Purpose};
use crate::{clean::for_terminal, tui::text::cut, ui::theme::Role};
use letters::{Run, rows};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};
use unicode_segmentation::UnicodeSegmentation;

/// The least width for takes in columns; on a narrower screen they are in rows.
const WIDE: u16 = 100;

impl Live {
    /// Draws the show.
    pub fn draw(&self, frame: &mut Frame) {
        draw(self, frame);
    }

    /// The style of generated text.
    fn air(&self) -> Style {
        self.look.theme.style(Role::OnAir)
    }
}

fn draw(live: &Live, frame: &mut Frame) {
    let screen = frame.area();
    frame.buffer_mut().set_style(screen, live.look.theme.style(Role::Text));
    let [body, state, hints] =
        Layout::vertical([Constraint::Min(1), Constraint::Length(1), Constraint::Length(1)])
            .areas(screen);
    if live.play.blank {
        let line = format!(" blank · {} shows it again", live.key(super::Cue::Blank));
        frame.render_widget(Line::styled(line, live.look.theme.style(Role::Quiet)), hints);
        return;
    }
    match &live.panel {
        Some(Panel::Help(row)) => panels::help(live, *row, frame, body),
        Some(Panel::Line(line)) => typed(live, line, frame, body),
        Some(Panel::Spot(round)) => spot::draw(live, round, frame, body),
        Some(Panel::Dice(dice)) => {
            let height = bars::height(dice, body.height);
            let [above, below] =
                Layout::vertical([Constraint::Min(0), Constraint::Length(height)]).areas(body);
            text(live, frame, above, Some(dice.token));
            bars::draw(live, dice, frame, below);
        }
        None if live.item().sides.is_empty() && !live.item().revealed => {
            text(live, frame, body, None);
        }
        None => panels::sides(live, frame, body),
    }
    status::state(live, frame, state);
    status::hints(live, frame, hints);
}

/// The area for large text: with margins, and not too wide to read.
fn column(area: Rect, letters: Letters) -> Rect {
    let most = match letters {
        Letters::Plain => 72,
        Letters::Spaced => 120,
        Letters::Large => u16::MAX,
    };
    let margin = if area.width < 60 { 2 } else { area.width / 10 };
    let width = area.width.saturating_sub(2 * margin).clamp(1, most);
    let top = u16::from(area.height > 6) * 2;
    let x = area.x + area.width.saturating_sub(width) / 2;
    Rect { x, y: area.y + top, width, height: area.height.saturating_sub(top) }
}

/// Draws runs. If they don't fit, their end is shown.
fn large(runs: &[Run], letters: Letters, frame: &mut Frame, area: Rect) {
    let open = letters != Letters::Large && area.height >= 12;
    let rows = rows(runs, usize::from(area.width), letters, open);
    let room = usize::from(area.height) / rows.height.max(1) * rows.height;
    // The blank row after the last line needs no room.
    let room = room.max(usize::from(area.height) / rows.height * rows.height);
    let from = rows.lines.len().saturating_sub(room);
    let lines: Vec<Line> = rows.lines.into_iter().skip(from).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// The prompt and the current take, with a token marked.
fn text(live: &Live, frame: &mut Frame, area: Rect, marked: Option<usize>) {
    let item = live.item();
    let (quiet, air) = (live.look.theme.style(Role::Text), live.air());
    let mark = live.look.theme.style(Role::Selection).add_modifier(Modifier::BOLD);
    let cursor = if live.runs() { "▌" } else { "" };
    let runs = match item.take() {
        Some(take) => {
            let [lead, before, token, after] = take.seen_around(marked.unwrap_or(take.said.len()));
            vec![(lead, quiet), (before, air), (token, mark), (after + cursor, air)]
        }
        None => vec![(item.seen(&live.bleeps), quiet)],
    };
    let runs: Vec<Run> =
        runs.into_iter().map(|(text, style)| (for_terminal(&text).into_owned(), style)).collect();
    if runs.iter().all(|(text, _)| text.trim().is_empty()) {
        let line = format!("{} adds a prompt.", live.key(super::Cue::Guest));
        let runs = [(line, live.look.theme.style(Role::Quiet))];
        return large(&runs, live.look.letters, frame, column(area, live.look.letters));
    }
    large(&runs, live.look.letters, frame, column(area, live.look.letters));
}

/// The line that is being typed. The start of a possible bleeped word is shown as dots.
fn typed(live: &Live, line: &Typed, frame: &mut Frame, area: Rect) {
    let title = match line.purpose {
        Purpose::Guest => "A prompt",
        Purpose::Writer => "The writer's continuation",
        Purpose::Clock => "The time of the recording",
    };
    let column = column(area, live.look.letters);
    let [head, body] = Layout::vertical([Constraint::Length(2), Constraint::Min(1)]).areas(column);
    frame.render_widget(Span::styled(title, live.look.theme.style(Role::Quiet)), head);
    let text = line.field.text();
    let judged = live.bleeps.judge(&text, false);
    let at = line.field.area.cursor().1;
    let at = text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
    let part = |from: usize, to: usize| {
        let certain = judged.certain.clamp(from, to);
        let open = text[certain..to].graphemes(true);
        let dots: String = open.map(|g| if g == " " { " " } else { "·" }).collect();
        for_terminal(&judged.masked(&text, from..certain)).into_owned() + &dots
    };
    let style = live.air();
    let runs = [(part(0, at), style), ("▌".to_owned(), style), (part(at, text.len()), style)];
    large(&runs, live.look.letters, frame, body);
}
