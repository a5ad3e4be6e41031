//! Bars for the last question: how likely the model finds the first tokens, and how likely they are after the penalties
//! and the steps of the chain. They follow the dials.

use crate::{
    clean::for_terminal,
    token::{Alternative, BranchId, Token},
    tui::{
        command::Command,
        desk::Desk,
        text::{cut, percent, width},
    },
    ui::{
        asking::Offer,
        theme::Role,
        worker::{News, Request},
    },
};
use ratatui::text::{Line, Span};

/// How many tokens are asked for, and how many have a bar. The others are one row.
const ASKED: usize = 200;
const SHOWN: usize = 8;
/// How many rows the bars take: a heading, the tokens, and the others.
pub const ROWS: usize = SHOWN + 2;
/// The cells of a token's text, and of a bar.
const TEXT: usize = 13;
const BAR: usize = 20;

/// The bars, and the request for them.
#[derive(Default)]
pub struct Bars {
    number: BranchId,
    top: Option<Vec<Alternative>>,
}

impl Bars {
    /// Asks again, for the first token of the last question. `None` if there was none; then the writer is told.
    pub fn ask(desk: &mut Desk) -> Option<Self> {
        if !desk.may_ask() {
            return None;
        }
        let (number, seed) = (desk.asking.next_branch(), desk.asking.seed);
        let Some(list) = desk.offers.newest() else {
            let ask = desk.key(Command::Ask);
            desk.notices.say(format!("Nothing was asked yet; {ask} asks."));
            return None;
        };
        let offer = Offer::new(number, seed, &list.form.lead);
        let mut ask = desk.asking.question(list, &offer);
        (ask.params.max_tokens, ask.params.logprobs) = (1, ASKED);
        desk.asking.send(Request::Generate(ask));
        Some(Self { number, top: None })
    }

    /// Asks again after a dial was turned. The old bars stay until the new ones are there.
    pub fn renew(&mut self, desk: &mut Desk) {
        self.stop(desk);
        if let Some(new) = Self::ask(desk) {
            self.number = new.number;
        }
    }

    /// Stops the request.
    pub fn stop(&self, desk: &Desk) {
        desk.asking.stop(self.number);
    }

    /// A report from the model. Returns whether it is about the bars.
    pub fn hear(&mut self, news: &News, desk: &mut Desk) -> bool {
        match news {
            News::Token(number, Token { top, .. }) if *number == self.number => {
                self.top = Some(top.clone());
                true
            }
            News::Failed(number, why) if *number == self.number => {
                desk.notices.warn(format!("The model failed: {why}."));
                true
            }
            News::Done(number, _) | News::Reading(number, _) => *number == self.number,
            _ => false,
        }
    }

    /// The rows.
    pub fn rows<'a>(&self, desk: &Desk, room: usize) -> Vec<Line<'a>> {
        let style = |role| desk.look.theme.style(role);
        let Some(top) = &self.top else {
            return vec![Line::styled("   reading", style(Role::Quiet))];
        };
        if top.is_empty() {
            let said = "   the server doesn't report probabilities";
            return vec![Line::styled(said, style(Role::Quiet))];
        }
        // With less room the bars are shorter.
        let bar = BAR.min(room.saturating_sub(TEXT + 24) / 2);
        let heading = format!(
            "   {:TEXT$}  {:<width$}{}",
            "next token",
            "model",
            "after the dials",
            width = bar + 8
        );
        let mut rows = vec![Line::styled(cut(&heading, room), style(Role::Title))];
        let told = top.iter().any(|one| one.after.is_some());
        let row = |text: &str, raw: f32, after: Option<f32>| {
            let text = cut(text, TEXT);
            let pad = " ".repeat(TEXT.saturating_sub(width(&text)));
            let of = |share: f32| {
                let long = "█".repeat((share.clamp(0.0, 1.0) * bar as f32).round() as usize);
                format!("{} {long:<bar$}  ", percent(share))
            };
            let after = match after {
                Some(share) => of(share),
                None if told => "out".to_owned(),
                None => "not reported".to_owned(),
            };
            let role = if after == "out" { Role::Stale } else { Role::Text };
            let words = format!("   {text}{pad}  {}{after}", of(raw));
            Line::from(Span::styled(cut(&words, room), style(role)))
        };
        for one in top.iter().take(SHOWN) {
            let text = for_terminal(&format!("\"{}\"", one.text.replace('\n', "⏎"))).into_owned();
            rows.push(row(&text, one.logprob.exp(), one.after));
        }
        let shown = || top.iter().take(SHOWN);
        let raw = 1.0 - shown().map(|one| one.logprob.exp()).sum::<f32>();
        let after = 1.0 - shown().filter_map(|one| one.after).sum::<f32>();
        rows.push(row("all others", raw.max(0.0), told.then_some(after.max(0.0))));
        rows
    }
}
