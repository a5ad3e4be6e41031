//! The status row and the row of hints. What doesn't fit is left out, the least important first.

use super::{
    super::{Cue, Panel, item, markers::clock, take::State},
    Live, cut,
};
use crate::{
    clean::for_terminal,
    tui::text::width,
    ui::{asking::Model, theme::Role},
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

/// The status row.
pub fn state(live: &Live, frame: &mut Frame, area: Rect) {
    let item = live.item();
    let take = item.take();
    let (sign, state) = match (&live.asking.model, take) {
        (Model::Gone(_), _) => ("!", "no model"),
        (Model::Loading, _) => ("○", "the model is loading"),
        (_, None) => ("○", "ready"),
        (_, Some(take)) if live.runs() => match take.state {
            State::Reading if take.shown == take.said.len() => ("●", "reading"),
            _ if live.play.pace.slow => ("●", "slow"),
            _ => ("●", "on air"),
        },
        (_, Some(take)) if take.is_over() => ("■", "end"),
        _ => ("‖", "frozen"),
    };
    let mut parts = vec![(0, format!("{sign} {state}"))];
    if item.takes.len() > 1 {
        parts.push((3, format!("take {} of {}", item.chosen + 1, item.takes.len())));
    }
    let name = item::seen(&item.prompt.name, &live.bleeps);
    let name = cut(&for_terminal(&name), 28);
    parts.push((2, format!("prompt {}/{} “{name}”", live.prompts.at() + 1, live.prompts.len())));
    parts.push((4, format!("{} words/min", live.play.pace.words)));
    if live.voice.is_on() {
        parts.push((6, "reads aloud".into()));
    }
    let params = live.params();
    if params.temperature > 0.0 {
        let top =
            if params.top_p < 1.0 { format!("  top-p {}", params.top_p) } else { String::new() };
        parts.push((7, format!("T {}{top}", params.temperature)));
    }
    if live.markers.len() > 0 {
        parts.push((5, format!("{} ⚑", live.markers.len())));
    }
    let tape = if live.time.has_tape() {
        let sign = if live.time.tape_runs() { "●" } else { "‖" };
        format!("{sign} {}", clock(live.time.on_tape()))
    } else {
        String::new()
    };
    let room = usize::from(area.width).saturating_sub(width(&tape) + 4);
    let long =
        |parts: &[(u8, String)]| parts.iter().map(|(_, text)| width(text) + 3).sum::<usize>();
    while long(&parts) > room && parts.len() > 1 {
        if let Some(least) = (0..parts.len()).max_by_key(|at| parts[*at].0) {
            parts.remove(least);
        }
    }
    let left: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
    let left = cut(&format!("  {}", left.join("   ")), usize::from(area.width));
    let gap = usize::from(area.width).saturating_sub(width(&left) + width(&tape) + 2);
    let line = Line::from(vec![
        Span::styled(left, live.look.theme.style(Role::Quiet)),
        Span::raw(" ".repeat(gap)),
        Span::styled(tape, live.look.theme.style(Role::Mark)),
    ]);
    frame.render_widget(line, area);
}

/// The notice, or hints for the keys.
pub fn hints(live: &Live, frame: &mut Frame, area: Rect) {
    if let Some(notice) = &live.notice {
        let notice = cut(&format!("  {}", for_terminal(notice)), usize::from(area.width));
        frame.render_widget(Line::styled(notice, live.look.theme.style(Role::Notice)), area);
        return;
    }
    let hints: Vec<(String, &str)> = match &live.panel {
        Some(Panel::Line(_)) => vec![("Enter".into(), "done"), ("Esc".into(), "cancel")],
        Some(Panel::Help(_)) => {
            of(live, &[(Cue::Up, ""), (Cue::Down, "more"), (Cue::Close, "back")])
        }
        Some(Panel::Dice(_)) => of(
            live,
            &[
                (Cue::Choose, "what if"),
                (Cue::Up, ""),
                (Cue::Down, "choose"),
                (Cue::Rewind, ""),
                (Cue::Step, "other tokens"),
                (Cue::Close, "back"),
            ],
        ),
        Some(Panel::Spot(_)) => of(
            live,
            &[
                (Cue::Rewind, "the writer"),
                (Cue::Step, "the machine"),
                (Cue::Go, "next"),
                (Cue::Close, "end"),
            ],
        ),
        None if !live.item().sides.is_empty() => of(
            live,
            &[
                (Cue::Up, ""),
                (Cue::Down, "choose a take"),
                (Cue::Choose, "continue"),
                (Cue::Go, "go/freeze"),
                (Cue::Takes, "three"),
                (Cue::Blank, "blank"),
            ],
        ),
        None => of(
            live,
            &[
                (Cue::Go, "go/freeze"),
                (Cue::RollAgain, "again"),
                (Cue::Takes, "three"),
                (Cue::Dice, "dice"),
                (Cue::Next, "next"),
                (Cue::Blank, "blank"),
                (Cue::Help, "keys"),
                (Cue::Rewind, "back"),
                (Cue::Step, "token"),
                (Cue::Guest, "prompt"),
                (Cue::Marker, "marker"),
                (Cue::Reveal, "writer"),
            ],
        ),
    };
    let mut spans = vec![Span::raw("  ")];
    let mut used = 2;
    for (key, act) in hints {
        let words = if act.is_empty() { " ".to_owned() } else { format!(" {act}   ") };
        let size = width(&key) + width(&words);
        if used + size > usize::from(area.width) + 2 {
            break;
        }
        used += size;
        spans.push(Span::styled(key, live.look.theme.style(Role::Key)));
        spans.push(Span::styled(words, live.look.theme.style(Role::Quiet)));
    }
    frame.render_widget(Line::from(spans), area);
}

fn of<'a>(live: &Live, cues: &[(Cue, &'a str)]) -> Vec<(String, &'a str)> {
    cues.iter().map(|(cue, act)| (live.key(*cue), *act)).collect()
}
