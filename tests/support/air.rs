//! A desk on air, its clock, and every view of a show.

use super::desk::{Desk, settings};
use crossterm::event::{Event as Terminal, KeyCode, KeyEvent, KeyModifiers};
use std::{cell::Cell, rc::Rc, time::Duration};
use unstuck::{
    clean::Bleeps,
    session::Session,
    token::{Alternative, BranchId, StopReason, Token},
    tui::{
        Event,
        live::{Gear, Rundown, Settings},
    },
    ui::worker::News,
};

pub const RUNDOWN: &str = "# Show\n\n## three rules\n\nThere were three rules on the island. The second was\n\n\
    ## the keeper\nseed: 7\npace: 60\n\nThe keeper opened the door.\n";

/// What the machine says.
pub const SAID: &[&str] = &[
    " that", " the", " lamps", " were", " put", " out", " at", " nine", ",", " whether", " there",
    " was", " reading", " to", " be", " done", " or", " not", ".", " Nobody", " had", " ever",
    " bloody", " written", " the", " fucking", " rule", " down", ".",
];

/// A round for guests, with a sentence of each hand.
fn spot(air: &mut Air) {
    air.keys("w");
    air.typed("The dog was never to be fed from the table, not even in winter.");
    air.keys("enter space");
    air.say(0, SAID);
    air.end(0);
    air.pass(60_000);
    air.keys("a");
}

/// A view's name and the way there.
pub type View = (&'static str, fn(&mut Air));

/// Every view of a show.
pub const VIEWS: &[View] = &[
    ("prompt", |_| {}),
    ("rolling", |air| {
        air.keys("c space");
        air.say(0, SAID);
        air.pass(9_000);
    }),
    ("end", |air| {
        air.keys("space");
        air.say(0, SAID);
        air.end(0);
        air.pass(60_000);
    }),
    ("large", |air| {
        air.keys("z space");
        air.say(0, SAID);
        air.pass(4_000);
    }),
    // Takes beside each other and beside the writer's.
    ("sides", |air| {
        air.keys("w");
        air.typed("that the dog was never to be fed from the table.");
        air.keys("enter 3");
        air.say(2, SAID);
        air.say(1, &[" older", " than", " the", " chapel", ",", " and", " was", " carved"]);
        air.say(0, &[" never", " written", " down", "."]);
        air.end(0);
        air.pass(6_000);
        air.keys("down");
    }),
    ("dice", |air| {
        air.keys("space");
        air.say(0, SAID);
        air.keys("right right right t down");
    }),
    ("spot", spot),
    ("spotted", |air| {
        spot(air);
        air.keys("right");
    }),
    ("guest", |air| {
        air.keys("/");
        air.typed("What does the fucking sea owe to the sh");
    }),
    ("writer", |air| {
        air.keys("w");
        air.typed("that the dog was never");
    }),
    ("failed", |air| {
        air.keys("space");
        air.say(0, SAID);
        let branch = air.branch(0);
        air.desk.news(News::Failed(branch, "model.safetensors is torn".into()));
        air.pass(3_000);
    }),
    ("no model", |air| air.desk.news(News::Gone("The model is gone.".into()))),
    ("keys", |air| air.keys("?")),
    ("blank", |air| air.keys("b")),
];

/// A desk that is on air, and its clock.
pub struct Air {
    pub desk: Desk,
    now: Rc<Cell<Duration>>,
}

impl Air {
    pub fn new(session: Session, gear: Gear) -> Self {
        Self::with(session, gear, &settings())
    }

    pub fn with(session: Session, gear: Gear, settings: &unstuck::tui::Settings) -> Self {
        let mut desk = Desk::new(session, settings, Vec::new());
        let now = Rc::new(Cell::new(Duration::from_secs(1000)));
        let clock = now.clone();
        desk.app.set_clock(move || clock.get());
        desk.app.go_on_air(gear);
        desk.draw();
        Self { desk, now }
    }

    /// With the rundown above and an empty draft.
    pub fn show() -> Self {
        Self::new(Session::new(), gear(RUNDOWN))
    }

    /// Time passes, in steps as the loop would make them.
    pub fn pass(&mut self, millis: u64) {
        let end = self.now.get() + Duration::from_millis(millis);
        while self.now.get() < end {
            let wait = self.desk.app.wait().unwrap_or(Duration::from_millis(100));
            self.now.set((self.now.get() + wait).min(end));
            self.desk.app.handle(Event::Tick);
        }
    }

    /// The clock goes on and nobody looks.
    pub fn sleep(&mut self, millis: u64) {
        self.now.set(self.now.get() + Duration::from_millis(millis));
    }

    pub fn keys(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            self.desk.press(key);
            self.desk.draw();
        }
    }

    pub fn typed(&mut self, text: &str) {
        for c in text.chars() {
            let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
            self.desk.app.handle(Event::Terminal(Terminal::Key(key)));
        }
    }

    /// The branch that was asked for last, or so many before it.
    pub fn branch(&self, back: usize) -> BranchId {
        self.desk.branch(back)
    }

    /// Tokens of a branch; after `/` what else might have stood there.
    pub fn say(&mut self, back: usize, tokens: &[&str]) {
        let branch = self.branch(back);
        for token in tokens {
            self.desk.news(News::Token(branch, said(token)));
        }
    }

    pub fn end(&mut self, back: usize) {
        let branch = self.branch(back);
        self.desk.news(News::Done(branch, StopReason::Sentence));
    }

    /// The screen without the spaces between letters.
    pub fn read(&mut self) -> String {
        let rows: Vec<String> = self.desk.shown().lines().map(joined).collect();
        rows.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// A row of spaced letters as words; other rows as they are.
fn joined(row: &str) -> String {
    let body = row.trim();
    let chars: Vec<char> = body.chars().collect();
    let spaced = chars.len() > 4
        && chars.iter().skip(1).step_by(2).filter(|c| **c == ' ').count() * 20
            >= chars.len() / 2 * 19;
    if !spaced {
        return body.to_owned();
    }
    body.replace("   ", "\u{1}").replace(' ', "").replace('\u{1}', " ")
}

/// A token, and with it what else might have stood there: the first two are drawn from, the third is cut.
pub fn said(text: &str) -> Token {
    let other = |id, text: &str, p: f32, after| Alternative {
        id: Some(id),
        text: text.into(),
        logprob: p.ln(),
        after,
    };
    let top = vec![
        other(1, text, 0.41, Some(0.62)),
        other(2, " older", 0.25, Some(0.38)),
        other(3, " shit", 0.05, None),
        other(4, "\u{fffd}", 0.01, None),
    ];
    let logprob = Some(0.41f32.ln());
    Token {
        id: Some(1),
        text: text.into(),
        logprob,
        rank: Some(1),
        top,
        copied: 0,
        drawn: Vec::new(),
    }
}

pub fn gear(rundown: &str) -> Gear {
    let rundown = (!rundown.is_empty()).then(|| Rundown::parse(rundown).unwrap());
    let settings = Settings { pace: 120, ..Settings::default() };
    Gear { rundown, bleeps: Bleeps::standard(), publisher: None, voice: None, settings }
}
