//! The legend below the page, while it shows scores or the critic's marks: what the marks mean, and for each hand its bits
//! per word, a histogram and the share of each level.

use super::marks::LOOKS;
use crate::{
    clean::for_terminal,
    generate::Measure,
    tui::{
        critic::Kind,
        desk::{BINS, Desk, Hand, Shown},
        text::{cut, width},
    },
    ui::{asking::Model, theme::Role},
};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

/// A lower page keeps its rows.
const LEAST: u16 = 9;
/// Cells of a hand's name.
const NAME: usize = 8;

/// The page without the legend's rows, and these.
pub fn split(desk: &Desk, page: Rect) -> (Rect, Rect) {
    let wanted = match desk.look.shown {
        Shown::Scores(_) => 1 + hands(desk).count() as u16,
        Shown::Off | Shown::Authors => 0,
    };
    let wanted = wanted + if desk.world.critic.marks { 2 } else { 0 };
    let height = wanted.min((page.height + 1).saturating_sub(LEAST));
    let legend = Rect { y: page.bottom() - height, height, ..page };
    (Rect { height: page.height - height, ..page }, legend)
}

/// The hands that wrote in the draft.
fn hands(desk: &Desk) -> impl Iterator<Item = usize> + '_ {
    let shares = desk.session.shares();
    let has = move |hand: &usize| {
        let all = crate::session::Author::ALL.into_iter();
        all.filter(|author| Hand::of(*author) == *hand).any(|author| shares.chars(author) > 0)
    };
    (0..Hand::NAMES.len()).filter(has)
}

/// Draws the legend.
pub fn draw(desk: &Desk, frame: &mut Frame, area: Rect) {
    let room = usize::from(area.width);
    let mut lines = Vec::new();
    if let Shown::Scores(measure) = desk.look.shown {
        lines.push(levels(desk, measure, room));
        let all = desk.world.scores.hands(&desk.session, measure);
        lines.extend(hands(desk).map(|hand| totals(desk, hand, &all[hand], room)));
    }
    if desk.world.critic.marks {
        lines.extend(critic(desk, room));
    }
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

/// What is not read yet, in a few words.
fn progress(desk: &Desk) -> Option<String> {
    if desk.world.scores.failed().is_some() {
        return Some("not scored".to_owned());
    }
    match &desk.asking.model {
        Model::Loading => Some("the model is loading".to_owned()),
        Model::Gone(_) => Some("no model".to_owned()),
        Model::Ready(_) => desk.world.scores.percent().map(|percent| format!("{percent} % read")),
    }
}

/// The levels with their marks.
fn levels<'a>(desk: &Desk, measure: Measure, room: usize) -> Line<'a> {
    let theme = &desk.look.theme;
    let progress = progress(desk);
    let name = measure.name();
    let mut spans = vec![
        Span::styled(" ──", theme.style(Role::Rule)),
        Span::styled(format!(" {name} "), theme.style(Role::Title)),
    ];
    for ((role, mark), label) in LOOKS.into_iter().zip(measure.labels()) {
        spans.push(Span::styled(format!(" {mark} {label} "), theme.style(role)));
    }
    if let Some(progress) = progress {
        spans.push(Span::styled(format!(" {progress} "), theme.style(Role::Quiet)));
    }
    ruled(desk, spans, room)
}

/// Parts of a line, as many as there is room for, and a rule behind them.
fn ruled<'a>(desk: &Desk, mut spans: Vec<Span<'a>>, room: usize) -> Line<'a> {
    let size = |spans: &[Span]| spans.iter().map(Span::width).sum::<usize>();
    while size(&spans) > room && spans.len() > 2 {
        spans.pop();
    }
    let left = room.saturating_sub(size(&spans) + 1);
    spans.push(Span::styled("─".repeat(left), desk.look.theme.style(Role::Rule)));
    Line::from(spans)
}

/// A hand's totals.
fn totals<'a>(desk: &Desk, number: usize, hand: &Hand, room: usize) -> Line<'a> {
    let theme = &desk.look.theme;
    let name = Hand::NAMES[number];
    let pad = " ".repeat(NAME.saturating_sub(name.len()));
    let mut spans = vec![Span::styled(format!(" {name}{pad}"), theme.style(Role::Quiet))];
    let all = hand.tokens();
    if all == 0 {
        spans.push(Span::styled("nothing is read yet", theme.style(Role::Quiet)));
        return Line::from(spans);
    }
    let bits = hand.bits / hand.words.max(1) as f64;
    let text = theme.style(Role::Text);
    spans.push(Span::styled(format!("{bits:>5.1} bits a word  "), text));
    spans.push(Span::styled(histogram(&hand.bins), text));
    for ((role, mark), count) in LOOKS.into_iter().zip(hand.levels) {
        let percent = (count * 200 + all) / (2 * all);
        spans.push(Span::styled(format!("  {mark} {percent:>2} %"), theme.style(role)));
    }
    let size = |spans: &[Span]| spans.iter().map(Span::width).sum::<usize>();
    // The levels say more than the histogram does.
    if size(&spans) > room {
        spans.remove(2);
    }
    while size(&spans) > room && spans.len() > 2 {
        spans.pop();
    }
    Line::from(spans)
}

/// A histogram, a cell for each bin.
fn histogram(bins: &[usize; BINS]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = bins.iter().copied().max().unwrap_or(0).max(1);
    let bar = |count: &usize| match (count * BARS.len()).div_ceil(most) {
        0 => '·',
        level => BARS[level - 1],
    };
    bins.iter().map(bar).collect()
}

/// How many marks of the critic there are on the page, and what is at the cursor.
fn critic<'a>(desk: &Desk, room: usize) -> [Line<'a>; 2] {
    let theme = &desk.look.theme;
    let [cliches, weak, repeated] = desk.world.critic.counts();
    let mut spans = vec![
        Span::styled(" ──", theme.style(Role::Rule)),
        Span::styled(" critic ", theme.style(Role::Title)),
    ];
    for (kind, count, name) in [
        (Kind::Cliche(0), cliches, if cliches == 1 { "cliché" } else { "clichés" }),
        (Kind::Weak, weak, "weak"),
        (Kind::Repeated(0), repeated, "repeated"),
    ] {
        let (role, mark) = kind.look();
        spans.push(Span::styled(format!(" {mark} {count} {name} "), theme.style(role)));
    }
    let unread = progress(desk).filter(|_| desk.look.shown == Shown::Off);
    if let Some(unread) = unread {
        spans.push(Span::styled(format!(" {unread} "), theme.style(Role::Quiet)));
    }
    let here = desk.world.critic.at(desk.session.cursor()).map(|found| {
        let text = desk.session.text().slice(found.place.clone()).to_string();
        let why = found.kind.say();
        let text = for_terminal(&text.replace('\n', " ")).into_owned();
        let text = cut(&text, room.saturating_sub(width(&why) + 10));
        format!(" “{text}”: {why}")
    });
    let style = theme.style(Role::Quiet);
    let words = here.unwrap_or_else(|| " Put the cursor on a mark to see why.".to_owned());
    [ruled(desk, spans, room), Line::styled(cut(&words, room), style)]
}
