//! The round for guests: a passage, large and without marks; whose it is, once they have guessed; and the score.

use super::{Live, column, large};
use crate::{clean::for_terminal, tui::live::spot::Spot, ui::theme::Role};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
    widgets::Paragraph,
};

/// Draws the round.
pub fn draw(live: &Live, spot: &Spot, frame: &mut Frame, area: Rect) {
    let theme = &live.look.theme;
    let column = column(area, live.look.letters);
    let [head, body, answer] =
        Layout::vertical([Constraint::Length(3), Constraint::Min(1), Constraint::Length(1)])
            .areas(column);
    let state = format!("{} · {}", spot.place(), spot.score());
    let title = vec![
        Line::styled("The writer or the machine?", theme.style(Role::Title)),
        Line::styled(state, theme.style(Role::Quiet)),
    ];
    frame.render_widget(Paragraph::new(title), head);
    let runs = [(for_terminal(spot.text()).into_owned(), live.air())];
    large(&runs, live.look.letters, frame, body);
    if let Some(said) = spot.answer() {
        frame.render_widget(Line::styled(said, theme.style(Role::Notice)), answer);
    }
}
