//! Statistics of the draft and of this session: words, sentences, paragraphs, reading time, and how much of it the
//! machine wrote. A session begins when the desk opens the draft. Below them are the words of the last days.

use super::{
    layer::{Flow, Layer, Spoken},
    scroll::Scroll,
};
use crate::{
    clean::sentence_ends,
    session::{Author, Shares, percent},
    tui::{
        command::Opens,
        desk::Desk,
        drawn,
        text::width,
        view::{Areas, sheet},
    },
    ui::{keymap::Key, theme::Role},
};
use crossterm::event::KeyEvent;
use indicatif::HumanCount;
use ratatui::{
    Frame,
    text::{Line, Span},
};

/// The command.
pub const OPENS: Opens = Opens {
    name: "statistics",
    heading: "The text",
    help: "Show word counts, reading time and the machine's share.",
    keys: &["alt-w"],
};

/// Words that an adult reads silently in a minute, in English non-fiction (Brysbaert 2019, doi 10.1016/j.jml.2019.104047).
const WORDS_A_MINUTE: usize = 238;
/// Cells of a row's name, and of each of its two values.
const NAME: usize = 16;
const VALUE: usize = 14;

/// What is counted in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    words: usize,
    sentences: usize,
    paragraphs: usize,
    /// Words that the machine wrote.
    machine: usize,
}

impl Counts {
    fn of(text: &str, shares: Shares) -> Self {
        let has_words = |text: &str| text.contains(char::is_alphanumeric);
        let mut sentences = 0;
        let paragraphs = text.lines().filter(|line| has_words(line));
        let paragraphs = paragraphs.inspect(|line| sentences += sentences_of(line)).count();
        Self {
            words: shares.all_words(),
            sentences,
            paragraphs,
            machine: shares.words(Author::Machine),
        }
    }
}

/// The sentences of a paragraph. What follows the last full stop counts as one too.
fn sentences_of(paragraph: &str) -> usize {
    let ends: Vec<_> = sentence_ends(paragraph).collect();
    let rest = &paragraph[ends.last().copied().unwrap_or(0)..];
    ends.len() + usize::from(rest.contains(char::is_alphanumeric))
}

/// The counts as they are when the overlay opens, and as they were when the session began; `None` when that text was
/// pruned from the history.
struct Statistics {
    now: Counts,
    before: Option<Counts>,
    days: Vec<(&'static str, String)>,
    scroll: Scroll,
}

/// Shows the statistics.
pub fn open(desk: &mut Desk) -> Flow {
    let session = &desk.session;
    let opened = desk.world.opened;
    let now = Counts::of(&session.text().to_string(), session.shares());
    let before = session.text_at(opened.revision);
    let before = before.map(|text| Counts::of(&text.to_string(), opened.shares));
    Flow::open(Statistics { now, before, days: days(desk), scroll: Scroll::default() })
}

/// The words of today, of the last seven days as a chart, of the best day, and how many days there were in a row.
fn days(desk: &Desk) -> Vec<(&'static str, String)> {
    let (tally, today) = (&desk.world.tally, desk.today());
    let number = |words: usize| HumanCount(words as u64).to_string();
    let words = number(tally.on(today));
    let mut rows = vec![(
        "today",
        match tally.goals.day {
            0 => words,
            goal => format!("{words} of {}", number(goal)),
        },
    )];
    let week = tally.week(today);
    let most = week.iter().map(|(_, words)| *words).max().unwrap_or(0);
    let bars = week.iter().map(|(day, words)| {
        let name: String = day.strftime("%a").to_string().chars().take(2).collect();
        format!("{name} {}", level(*words, most))
    });
    rows.push(("last 7 days", bars.collect::<Vec<_>>().join(" ")));
    if let Some((day, words)) = tally.best(today) {
        rows.push(("best day", format!("{}, {}", number(words), day.strftime("%-d %b %Y"))));
    }
    rows.push(("days in a row", tally.streak(today).to_string()));
    rows
}

/// A bar of one cell; a dot for none.
fn level(part: usize, most: usize) -> char {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    match (part * LEVELS.len()).div_ceil(most.max(1)) {
        0 => '·',
        level => LEVELS[level.min(LEVELS.len()) - 1],
    }
}

impl Statistics {
    /// Each row: its name, its value for the draft, its value for this session.
    fn rows(&self) -> [(&'static str, String, String); 5] {
        let Self { now, before, .. } = self;
        let counted = |name, count: fn(&Counts) -> usize| {
            let number = HumanCount(count(now) as u64).to_string();
            (
                name,
                number,
                before.map_or("unknown".into(), |before| change(count(&before), count(now))),
            )
        };
        let written = before.map(|before| {
            let words = now.words.saturating_sub(before.words);
            (words, now.machine.saturating_sub(before.machine).min(words))
        });
        [
            counted("words", |counts| counts.words),
            counted("sentences", |counts| counts.sentences),
            counted("paragraphs", |counts| counts.paragraphs),
            (
                "reading time",
                minutes(now.words),
                written.map_or("unknown".into(), |(words, _)| minutes(words)),
            ),
            (
                "by the machine",
                percent(now.machine, now.words),
                written.map_or("unknown".into(), |(words, machine)| percent(machine, words)),
            ),
        ]
    }
}

/// A change of a count, with its sign.
fn change(before: usize, now: usize) -> String {
    let by = HumanCount(now.abs_diff(before) as u64);
    match now.cmp(&before) {
        std::cmp::Ordering::Less => format!("-{by}"),
        std::cmp::Ordering::Equal => "0".into(),
        std::cmp::Ordering::Greater => format!("+{by}"),
    }
}

/// How long it takes to read this many words.
fn minutes(words: usize) -> String {
    match (words, words.div_ceil(WORDS_A_MINUTE)) {
        (0, _) => "-".into(),
        (_, minutes @ 0..=59) => format!("{minutes} min"),
        (_, minutes) => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

impl Layer for Statistics {
    fn press(&mut self, key: Key, _: KeyEvent, desk: &mut Desk) -> Flow {
        if desk.keymap.command(key).is_some_and(|command| command.name() == OPENS.name) {
            return Flow::Close;
        }
        self.scroll.press(key, desk)
    }

    fn wheel(&mut self, by: isize, desk: &mut Desk) {
        self.scroll.wheel(by, desk);
    }

    fn spoken(&self, _: &Desk) -> Spoken {
        let row = |(name, draft, session)| format!("{name}: {draft}, this session {session}");
        let days = self.days.iter().map(|(name, value)| format!("{name}: {value}"));
        Spoken::Text(self.rows().into_iter().map(row).chain(days).collect())
    }

    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        let theme = &desk.look.theme;
        let row = |name: &str, draft: &str, session: &str, role| {
            let left = |text: &str, cells: usize| " ".repeat(cells.saturating_sub(width(text)));
            Line::from(vec![
                Span::styled(format!("{name}{}", left(name, NAME)), theme.style(Role::Quiet)),
                Span::styled(format!("{}{draft}", left(draft, VALUE)), theme.style(role)),
                Span::styled(format!("{}{session}", left(session, VALUE)), theme.style(role)),
            ])
        };
        let mut lines = vec![row("", "draft", "this session", Role::Title), Line::default()];
        for (name, draft, session) in self.rows() {
            lines.push(row(name, &draft, &session, Role::Text));
        }
        lines.push(Line::default());
        for (name, value) in &self.days {
            let gap = " ".repeat(NAME.saturating_sub(width(name)));
            lines.push(Line::from(vec![
                Span::styled(format!("{name}{gap}"), theme.style(Role::Quiet)),
                Span::styled(value.clone(), theme.style(Role::Text)),
            ]));
        }
        let inner = sheet::inner(areas, (NAME + 2 * VALUE + 6) as u16);
        sheet::draw(desk, frame, areas, inner, lines, self.scroll.row())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Session;

    #[test]
    fn words_sentences_and_paragraphs_are_counted() {
        for (text, words, sentences, paragraphs) in [
            ("", 0, 0, 0),
            ("\n \n", 0, 0, 0),
            ("The lamps were out. “No,” she said. So", 8, 3, 1),
            ("# A heading\n\nOne line.\nDr. Pell left for good.\n", 9, 3, 3),
            ("雨が降る。風が吹く。", 8, 2, 1),
        ] {
            let session = Session::from_text(text);
            let counts = Counts::of(text, session.shares());
            let found = (counts.words, counts.sentences, counts.paragraphs);
            assert_eq!(found, (words, sentences, paragraphs), "{text:?}");
        }
    }

    #[test]
    fn a_session_counts_what_changed_in_it() {
        let before = Counts { words: 900, sentences: 40, paragraphs: 9, machine: 10 };
        let now = Counts { words: 1300, sentences: 38, paragraphs: 9, machine: 110 };
        let days = Vec::new();
        let statistics = Statistics { now, before: Some(before), days, scroll: Scroll::default() };
        let rows = statistics.rows().map(|(_, draft, session)| format!("{draft} {session}"));
        assert_eq!(rows, ["1,300 +400", "38 -2", "9 0", "6 min 2 min", "8 % 25 %"]);
        let pruned = Statistics { before: None, ..statistics };
        assert!(pruned.rows().iter().all(|(.., session)| session == "unknown"));
        assert_eq!(minutes(20_000), "1 h 25 min");
        assert_eq!([level(0, 9), level(1, 900), level(5, 10), level(10, 10)], ['·', '▁', '▄', '█']);
        assert_eq!(level(0, 0), '·');
        assert_eq!([percent(0, 0), percent(1, 900), percent(0, 7)], ["-", "<1 %", "0 %"]);
    }
}
