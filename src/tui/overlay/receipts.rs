//! The receipts of the page: for each text of the machine, whether it is proven. The model checks them one after another
//! while the list is open.

use super::{
    layer::{Flow, Layer, Spoken},
    scroll::Scroll,
};
use crate::{
    clean::for_terminal,
    generate::{Ask, Checked},
    token::BranchId,
    tui::{
        command::Opens,
        desk::Desk,
        drawn,
        text::{count, cut, width},
        view::{Areas, sheet},
    },
    ui::{
        asking::Model,
        keymap::Key,
        receipts::{Claim, Claims, Outcome, Verdict},
        theme::Role,
        worker::{News, Request},
    },
};
use crossterm::event::KeyEvent;
use ratatui::{
    Frame,
    text::{Line, Span},
};
use strum::IntoEnumIterator;

/// The command.
pub const OPENS: Opens = Opens {
    name: "receipts",
    heading: "The history",
    help: "Check which of the machine's words their receipts prove.",
    keys: &[],
};

/// Cells of a verdict.
const VERDICT: usize = 25;
/// Cells of the list at most.
const WIDE: u16 = 100;

/// The claims of the page, and what was found so far.
struct Receipts {
    claims: Claims,
    /// What was found of the first proofs.
    checked: Vec<Result<Vec<Checked>, Outcome>>,
    /// What was found of the first questions of the next proof.
    answers: Vec<Checked>,
    /// The question that the model works on; 0 = none.
    number: BranchId,
    /// What is shown of each span: its verdict once it is known, its beginning, and how it was made or what is wrong.
    rows: Vec<(Option<Verdict>, String, String)>,
    scroll: Scroll,
}

/// Shows the receipts and begins to check them.
pub fn open(desk: &mut Desk) -> Flow {
    let claims = Claims::of(&desk.session);
    if claims.spans.is_empty() {
        desk.notices.say("There is no text of the machine on this page.");
        return Flow::Stay;
    }
    let (checked, answers, scroll) = (Vec::new(), Vec::new(), Scroll::default());
    let mut receipts = Receipts { claims, checked, answers, number: 0, rows: Vec::new(), scroll };
    receipts.ask(desk);
    Flow::open(receipts)
}

impl Receipts {
    /// Asks the next question that only the model can answer, and updates what is shown.
    fn ask(&mut self, desk: &mut Desk) {
        self.ask_model(desk);
        self.rows = self.found();
    }

    fn ask_model(&mut self, desk: &mut Desk) {
        self.number = 0;
        while let Some(proof) = self.claims.proofs.get(self.checked.len()) {
            let task = proof.tasks.get(self.answers.len()).filter(|_| proof.is_open());
            let Some(task) = task else {
                self.checked.push(Ok(std::mem::take(&mut self.answers)));
                continue;
            };
            let other = match &desk.asking.model {
                Model::Ready(info) => Outcome::of_model(&task.pass, info),
                _ => Some(Outcome::new(Verdict::Model, "no model is loaded")),
            };
            if let Some(other) = other {
                self.fail(other);
                continue;
            }
            self.number = desk.asking.next_branch();
            let ask = Ask { branch: self.number, ..task.ask.clone() };
            desk.asking.send(Request::Check(ask, task.pass.draws.clone()));
            return;
        }
    }

    /// The next proof can't be had.
    fn fail(&mut self, why: Outcome) {
        self.answers.clear();
        self.checked.push(Err(why));
    }

    fn stop(&self, desk: &Desk) {
        if self.number > 0 {
            desk.asking.stop(self.number);
        }
    }

    /// What was found of each span.
    fn found(&self) -> Vec<(Option<Verdict>, String, String)> {
        let outcomes = self.claims.judge(&self.checked);
        let row = |(claim, outcome): (&Claim, Outcome)| {
            let waits = claim.proof().is_some_and(|proof| proof >= self.checked.len());
            let text = claim.text.split_whitespace().collect::<Vec<_>>().join(" ");
            let pass = self.claims.pass(claim).filter(|_| outcome.verdict.is_proof());
            let about = match pass {
                _ if waits => String::new(),
                Some(pass) => {
                    let model = pass.made.model.as_deref().unwrap_or_default();
                    format!("{model}, seed {}", pass.seed)
                }
                None => outcome.why,
            };
            ((!waits).then_some(outcome.verdict), text, about)
        };
        self.claims.spans.iter().zip(outcomes).map(row).collect()
    }

    /// What all come to.
    fn title(&self) -> String {
        let rows = &self.rows;
        let all = count(rows.len(), "text");
        let waits = rows.iter().filter(|(verdict, ..)| verdict.is_none()).count();
        let mut parts: Vec<String> = Verdict::iter()
            .map(|one| (one, rows.iter().filter(|(verdict, ..)| *verdict == Some(one)).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(one, count)| format!("{count} {}", one.words()))
            .collect();
        if waits > 0 {
            parts.push(format!("{waits} being checked"));
        }
        format!("{all} of the machine: {}", parts.join(", "))
    }
}

impl Layer for Receipts {
    fn press(&mut self, key: Key, _: KeyEvent, desk: &mut Desk) -> Flow {
        let flow = self.scroll.press(key, desk);
        if matches!(flow, Flow::Close) {
            self.stop(desk);
        }
        flow
    }

    fn wheel(&mut self, by: isize, desk: &mut Desk) {
        self.scroll.wheel(by, desk);
    }

    fn hear(&mut self, news: &News, desk: &mut Desk) -> Option<Flow> {
        match news {
            News::Checked(number, checked) if *number == self.number => {
                self.answers.push(checked.clone());
            }
            News::Failed(number, why) if *number == self.number => {
                self.fail(Outcome::broken(why));
            }
            _ => return None,
        }
        self.ask(desk);
        Some(Flow::Stay)
    }

    fn spoken(&self, _: &Desk) -> Spoken {
        let row = |(verdict, text, about): &(Option<Verdict>, String, String)| {
            let verdict = verdict.map_or("being checked", Verdict::words);
            let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
            format!("{verdict}: {text}{about}")
        };
        let rows = self.rows.iter().map(row);
        Spoken::Text(std::iter::once(self.title()).chain(rows).collect())
    }

    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        let theme = &desk.look.theme;
        let inner = sheet::inner(areas, WIDE);
        let room = usize::from(inner.width);
        let title = cut(&self.title(), room);
        let mut lines = vec![Line::styled(title, theme.style(Role::Title)), Line::default()];
        for (verdict, text, about) in &self.rows {
            let role = match verdict {
                Some(verdict) if verdict.is_proof() => Role::Text,
                Some(Verdict::Differs) => Role::Notice,
                _ => Role::Quiet,
            };
            let verdict = verdict.map_or("checking", Verdict::words);
            let gap = " ".repeat(VERDICT.saturating_sub(width(verdict)));
            let about = for_terminal(about).into_owned();
            let rest = room.saturating_sub(VERDICT);
            let text =
                cut(&for_terminal(text), rest.saturating_sub(width(&about).min(rest / 2) + 3));
            lines.push(Line::from(vec![
                Span::styled(format!("{verdict}{gap}"), theme.style(role)),
                Span::styled(text, theme.style(Role::Machine)),
                Span::styled(format!("  {about}"), theme.style(Role::Quiet)),
            ]));
        }
        sheet::draw(desk, frame, areas, inner, lines, self.scroll.row())
    }
}
