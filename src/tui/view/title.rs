//! The title line above the page.

use crate::{
    clean::for_terminal,
    tui::{
        desk::Desk,
        text::{cut, width},
    },
    ui::{
        asking::{Model, Offer, State},
        theme::Role,
    },
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

/// Draws the draft's name on the left, and the model, preset and number of offers on the right.
pub fn draw(desk: &Desk, frame: &mut Frame, area: Rect) {
    let model = match &desk.asking.model {
        _ if desk.session.notes().model_off => "the model is off".to_owned(),
        Model::Loading => "the model is loading".to_owned(),
        Model::Gone(_) => "no model".to_owned(),
        Model::Ready(info) if info.embedded => {
            let key = desk.key("models");
            format!("{} (small; {key} for more)", info.name)
        }
        Model::Ready(info) => match &info.server {
            // The writer should see where the text goes.
            Some(server) => format!("{} at {}", server.model, server.host),
            None => info.name.clone(),
        },
    };
    let model = for_terminal(&model).into_owned();
    let whole = |offer: &&Offer| !matches!(offer.state, State::Dropped(_));
    let offers = desk.offers.list().map_or(0, |list| list.offers.iter().filter(whole).count());
    let offers = match offers {
        0 => String::new(),
        1 => " · 1 offer".into(),
        many => format!(" · {many} offers"),
    };
    let preset = format!(" · {}", for_terminal(&desk.asking.style_name()));
    let room = usize::from(area.width);
    let title = for_terminal(&desk.session.title()).into_owned();
    let title = cut(&title, room * 2 / 5);
    let unsaved = if desk.session.is_saved() { "" } else { " ●" };
    let left = 1 + width(&title) + width(unsaved);
    let full = format!("{model}{preset}{offers}");
    let short = model.split(" (").next().unwrap_or_default().to_owned();
    let right = [full, format!("{model}{preset}"), format!("{short}{preset}"), short]
        .into_iter()
        .find(|right| left + width(right) + 3 <= room)
        .unwrap_or_default();
    let gap = room.saturating_sub(left + width(&right) + 1);
    let line = Line::from(vec![
        Span::styled(format!(" {title}"), desk.look.theme.style(Role::Title)),
        Span::styled(unsaved, desk.look.theme.style(Role::Mark)),
        Span::raw(" ".repeat(gap)),
        Span::styled(right, desk.look.theme.style(Role::Quiet)),
    ]);
    frame.render_widget(line, area);
}
