//! A desk without a terminal and without a model: the test presses the keys and plays the worker.

pub mod beside;

use crossterm::event::{Event as Terminal, KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal as Screen, backend::TestBackend, buffer::Cell};
use std::{
    fs,
    ops::Range,
    path::PathBuf,
    sync::mpsc::{self, Receiver},
};
use unicode_width::UnicodeWidthStr;
use unstuck::{
    generate::{DraftScores, Engine, Likelihood, Mark, ModelInfo, Output, Part, Reading, Seen},
    session::{History, Session},
    token::{Alternative, BranchId, Draw, StopReason, Token},
    tui::{App, Event, Settings},
    ui::{
        asking,
        keymap::Key,
        shelf::{Errand, Word},
        theme::Depth,
        worker::{News, Request},
    },
};

pub struct Desk {
    pub app: App,
    pub requests: Receiver<Request>,
    /// What was asked, oldest first.
    pub asked: Vec<unstuck::generate::Ask>,
    /// What was stopped.
    pub stopped: Vec<BranchId>,
    /// What was to be looked up.
    pub looked: Vec<(BranchId, unstuck::generate::Look)>,
    /// The drafts to score.
    pub scored: Vec<(BranchId, unstuck::generate::ScoreDraft)>,
    /// The questions whose prompts were to be read ahead.
    pub ahead: Vec<unstuck::generate::Ask>,
    /// The texts to weigh.
    pub weighed: Vec<(BranchId, unstuck::generate::Weigh)>,
    pub screen: Screen<TestBackend>,
    /// The models that were to be opened, in another's place or beside it.
    pub opened: Vec<String>,
    /// What was wanted of the shelf, once there is one.
    pub errands: Option<Receiver<Errand>>,
    /// The checks of receipts that were asked for.
    pub checks: Vec<(unstuck::generate::Ask, Vec<Draw>)>,
}

/// As many candidates as offers, which keeps scripts short.
pub fn settings() -> Settings {
    let choosing = asking::Settings { candidates: 1, ..asking::Settings::default() };
    Settings { depth: Depth::None, choosing, ..Settings::default() }
}

pub fn info() -> ModelInfo {
    ModelInfo {
        name: "inkwell".into(),
        parameters: Some(13_989_888),
        context: 512,
        vocabulary: 8192,
        embedded: true,
        quantization: "q8_0".into(),
        bytes: 15 << 20,
        server: None,
        draft: None,
        numerics: None,
        about: Box::default(),
    }
}

impl Desk {
    pub fn new(session: Session, settings: &Settings, notices: Vec<String>) -> Self {
        let (sender, requests) = mpsc::channel();
        let app = App::new(session, settings, notices, 100, sender).unwrap();
        let screen = Screen::new(TestBackend::new(80, 24)).unwrap();
        let (asked, stopped) = (Vec::new(), Vec::new());
        let (looked, weighed, scored) = (Vec::new(), Vec::new(), Vec::new());
        let (opened, errands, checks, ahead) = (Vec::new(), None, Vec::new(), Vec::new());
        let mut desk = Self {
            app,
            requests,
            asked,
            stopped,
            looked,
            scored,
            ahead,
            weighed,
            screen,
            opened,
            errands,
            checks,
        };
        desk.news(News::Loaded(info()));
        desk.draw();
        desk
    }

    /// A desk on a text in which `|` is the cursor; without one it stands at the end.
    /// One offer a question keeps scripts short; an empty page asks for three.
    pub fn on(text: &str) -> Self {
        let offers = if text.is_empty() { 3 } else { 1 };
        Self::with(text, &Settings { offers, ..settings() })
    }

    pub fn with(text: &str, settings: &Settings) -> Self {
        let session = Session::from_text(&text.replace('|', ""));
        let mut desk = Self::new(session, settings, Vec::new());
        if let Some((before, _)) = text.split_once('|') {
            let at = before.chars().count();
            while desk.app.session().cursor() > at {
                desk.press("left");
            }
        }
        desk
    }

    pub fn size(&mut self, width: u16, height: u16) {
        self.screen = Screen::new(TestBackend::new(width, height)).unwrap();
        self.draw();
    }

    pub fn draw(&mut self) {
        self.screen.draw(|frame| self.app.draw(frame)).unwrap();
    }

    pub fn press(&mut self, key: &str) {
        self.app.handle(Event::Terminal(Terminal::Key(event(key))));
        self.listen();
    }

    pub fn news(&mut self, news: News) {
        self.app.handle(Event::News(news));
        self.listen();
    }

    /// From now on there is a shelf, which the test plays.
    pub fn with_shelf(mut self) -> Self {
        let (sender, errands) = mpsc::channel();
        self.app.use_shelf(sender);
        self.errands = Some(errands);
        self
    }

    /// The shelf tells something.
    pub fn shelf(&mut self, word: Word) {
        self.app.handle(Event::Shelf(word));
        self.listen();
        self.draw();
    }

    /// What was wanted of the shelf since the last look.
    pub fn wanted(&mut self) -> Vec<Errand> {
        self.errands.iter().flat_map(Receiver::try_iter).collect()
    }

    pub fn token(&mut self, branch: BranchId, text: &str) {
        let token = Token {
            id: Some(1),
            text: text.into(),
            logprob: None,
            rank: None,
            top: Vec::new(),
            copied: 0,
            drawn: Vec::new(),
        };
        self.news(News::Token(branch, token));
    }

    /// What the model sees in the place of the open token.
    pub fn see(&mut self, token: Range<usize>, words: &[&str]) {
        let number = self.looked.last().unwrap().0;
        let share = |n: usize| 0.41f32 / (1 << (2 * n)) as f32;
        let top = words.iter().enumerate().map(|(n, text)| Alternative {
            id: Some(n as u32),
            text: (*text).into(),
            logprob: share(n).ln(),
            after: (n < 2).then(|| share(n) * 1.8),
        });
        let seen = Seen { token, rank: 2, logprob: -2.0, vocabulary: 8192, top: top.collect() };
        self.news(News::Seen(number, seen));
    }

    /// The model scores the last draft that it was sent: its words have these ranks in turn.
    pub fn score(&mut self, ranks: &[u32]) {
        let (number, draft) = self.scored.last().unwrap().clone();
        let scores = whole_scores(&draft.text, ranks);
        self.news(News::Scores(number, scores));
    }

    /// The terminal is looked at again.
    pub fn focus(&mut self) {
        self.app.handle(Event::Terminal(Terminal::FocusGained));
    }

    fn listen(&mut self) {
        for request in self.requests.try_iter() {
            match request {
                Request::Generate(ask) => self.asked.push(ask),
                Request::Stop(branch) => self.stopped.push(branch),
                Request::Look(number, look) => self.looked.push((number, look)),
                Request::Score(number, draft) => self.scored.push((number, draft)),
                Request::ReadAhead(ask) => self.ahead.push(ask),
                Request::Weigh(number, weigh) => self.weighed.push((number, weigh)),
                Request::Check(ask, draws) => self.checks.push((ask, draws)),
                Request::Open(name) => self.opened.push(name),
                Request::Beside(name, ask) => {
                    self.opened.push(name);
                    self.asked.push(ask);
                }
            }
        }
    }

    /// Lets a model answer all that is asked, until nothing more is.
    pub fn serve(&mut self, engine: &mut Engine) {
        let mut from = 0;
        while from < self.asked.len() || !self.checks.is_empty() {
            for ask in self.asked.split_off(from) {
                let branch = ask.branch;
                self.asked.push(ask.clone());
                let reading = engine.start(ask).unwrap();
                self.news(News::Reading(branch, reading));
            }
            from = self.asked.len();
            for (ask, draws) in std::mem::take(&mut self.checks) {
                engine.check(ask, draws).unwrap();
            }
            while !engine.is_idle() {
                for (branch, output) in engine.step().unwrap() {
                    match output {
                        Output::Token(token) => self.news(News::Token(branch, token)),
                        Output::Done(why) => self.news(News::Done(branch, why)),
                        Output::Checked(found) => self.news(News::Checked(branch, found)),
                        Output::Failed(why) => self.news(News::Failed(branch, why)),
                        Output::Seen(_) | Output::Weighed(_) => {}
                    }
                }
            }
        }
    }

    /// The branch that was asked for last, or so many before it.
    pub fn branch(&self, back: usize) -> BranchId {
        self.asked[self.asked.len() - 1 - back].branch
    }

    /// One step of a script:
    /// `<ctrl-z>` a key; `=a|b` tokens of the newest branch, `=2:a|b` of the one two before it;
    /// `=#1,50` the draft is scored, its words with these ranks in turn; `=.` the newest ends, `=!why` it fails; `=?3` it sees from byte 3; `=@a|b` these stand in the place of the open
    /// token; `^text` a paste; the rest is typed.
    pub fn step(&mut self, step: &str) {
        if let Some(key) = step.strip_prefix('<').and_then(|step| step.strip_suffix('>')) {
            return self.press(key);
        }
        if let Some(text) = step.strip_prefix('^') {
            return self.app.handle(Event::Terminal(Terminal::Paste(text.into())));
        }
        let Some(news) = step.strip_prefix('=') else {
            for c in step.chars() {
                let code = if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
                let key = KeyEvent::new(code, KeyModifiers::NONE);
                self.app.handle(Event::Terminal(Terminal::Key(key)));
            }
            return self.listen();
        };
        if let Some(ranks) = news.strip_prefix('#') {
            let ranks: Vec<u32> = ranks.split(',').map(|rank| rank.parse().unwrap()).collect();
            return self.score(&ranks);
        }
        if let Some(words) = news.strip_prefix('@') {
            let all = self.looked.last().unwrap().1.span.len();
            return self.see(0..all, &words.split('|').collect::<Vec<_>>());
        }
        let (back, news) = match news.split_once(':') {
            Some((back, news)) if back.len() == 1 => (back.parse().unwrap(), news),
            _ => (0, news),
        };
        let branch = self.branch(back);
        if news == "." {
            self.news(News::Done(branch, StopReason::Sentence));
        } else if let Some(why) = news.strip_prefix('!') {
            self.news(News::Failed(branch, why.into()));
        } else if let Some(from) = news.strip_prefix('?') {
            let reading =
                Reading { tokens: 9, sees_from: from.parse().unwrap(), ..Reading::default() };
            self.news(News::Reading(branch, reading));
        } else {
            news.split('|').for_each(|text| self.token(branch, text));
        }
    }

    pub fn steps(&mut self, steps: &[&str]) {
        for step in steps {
            self.step(step);
            // Every event may be drawn, whatever state it leaves.
            self.draw();
        }
    }

    /// The text, with `|` where the cursor is and `[` at the other end of the selection.
    pub fn text(&self) -> String {
        let session = self.app.session();
        let mut chars: Vec<char> = session.text().chars().collect();
        let cursor = session.cursor();
        let mut marks = vec![(cursor, '|')];
        if let Some(range) = session.selection() {
            marks.push((if range.start == cursor { range.end } else { range.start }, '['));
        }
        marks.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        for (at, mark) in marks {
            chars.insert(at, mark);
        }
        chars.into_iter().collect()
    }

    /// Whether the cursor is on the screen.
    pub fn sees_cursor(&mut self) -> bool {
        self.draw();
        self.screen.backend().cursor_visible()
    }

    /// The screen as text. It is drawn anew: what stood below the second half of a wide sign is gone on a terminal when
    /// that sign goes, and on ratatui's stand-in for one it comes back.
    pub fn shown(&mut self) -> String {
        self.screen.clear().unwrap();
        self.draw();
        let rows = self.cells().into_iter().map(|row| {
            let text: String = row.into_iter().map(Cell::symbol).collect();
            text.trim_end().to_owned()
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    /// What is on the screen, row by row, without the cells that lie below the second half of a wide sign.
    pub fn cells(&self) -> Vec<Vec<&Cell>> {
        let buffer = self.screen.backend().buffer();
        let rows = buffer.content().chunks(usize::from(buffer.area.width));
        let seen = |row| {
            let mut below = 0;
            let seen = |cell: &&Cell| {
                let hidden = below > 0;
                below = if hidden { below - 1 } else { cell.symbol().width().saturating_sub(1) };
                !hidden
            };
            <[Cell]>::iter(row).filter(seen).collect()
        };
        rows.map(seen).collect()
    }
}

/// Scores of a whole text, whose words have these ranks in turn. A word of rank r has 1 + 1.3 log2 r bits.
pub fn whole_scores(text: &str, ranks: &[u32]) -> DraftScores {
    let mut starts: Vec<usize> = text.match_indices([' ', '\n']).map(|(at, _)| at).collect();
    starts.insert(0, 0);
    starts.dedup();
    starts.push(text.len());
    let score = |number: usize| {
        let rank = ranks[number % ranks.len()];
        let bits = 1.0 + 1.3 * (rank as f32).log2();
        Likelihood { logprob: -bits * std::f32::consts::LN_2, rank, entropy: 4.0 }
    };
    let tokens: std::sync::Arc<[Mark]> = starts
        .windows(2)
        .enumerate()
        .map(|(number, ends)| Mark { bytes: ends[1] - ends[0], score: Some(score(number)) })
        .collect();
    let (read, parts) = (tokens.len(), vec![Part { start: 0, tokens }]);
    DraftScores { parts, tokens: read, read }
}

/// A folder with a draft and a folder for journals.
pub struct Room {
    _folder: tempfile::TempDir,
    pub draft: PathBuf,
    pub state: PathBuf,
}

impl Room {
    pub fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (draft, state) = (folder.path().join("draft.md"), folder.path().join("state"));
        fs::write(&draft, text).unwrap();
        Self { _folder: folder, draft, state }
    }

    pub fn session(&self) -> Session {
        Session::resume(Some(&self.draft), &self.state, History::On).unwrap()
    }

    pub fn desk(&self) -> Desk {
        self.desk_in(&settings())
    }

    pub fn desk_in(&self, settings: &Settings) -> Desk {
        Desk::new(self.session(), settings, Vec::new())
    }

    pub fn untitled(&self) -> Desk {
        let session = Session::resume(None, &self.state, History::On).unwrap();
        Desk::new(session, &settings(), Vec::new())
    }

    pub fn on_disk(&self) -> String {
        fs::read_to_string(&self.draft).unwrap()
    }

    /// A desk after a crash that left ` One two.` unsaved: dropping one asks nothing, as a crash does.
    pub fn crashed(&self) -> Desk {
        self.desk().steps(&[" One two."]);
        self.desk()
    }
}

/// Runs each script and compares the text; `|` is the cursor, `[` the other end of the selection.
pub fn check(table: &[(&str, &[&str], &str)]) {
    for (number, (text, steps, expected)) in table.iter().enumerate() {
        let mut desk = Desk::on(text);
        desk.steps(steps);
        assert_eq!(desk.text(), *expected, "row {number}: {text:?} {steps:?}");
    }
}

/// A key by its name in the table of keys.
pub fn event(name: &str) -> KeyEvent {
    name.parse::<Key>().unwrap().into()
}
