//! The dice: the candidates for a token, and the what-if, which continues with another candidate.

use super::{Cue, Live, Panel, shown::Bar, take::Take};
use crate::{clean::Bleeps, session::Session, token::Token};

/// The candidates for one token of a take.
pub struct Dice {
    /// The token's number in the take.
    pub token: usize,
    /// The candidates, most likely first, with the one that was drawn.
    pub rows: Vec<Row>,
    /// The row that is chosen.
    pub chosen: usize,
}

/// A candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The token.
    pub token: Token,
    /// Its probability according to the model.
    pub raw: f32,
    /// Its probability after temperature and top-p; `None` if it was cut off or isn't known.
    pub after: Option<f32>,
    /// It was drawn.
    pub drawn: bool,
}

impl Dice {
    /// The candidates for a token. `None` if they aren't known.
    pub fn at(take: &Take, number: usize) -> Option<Self> {
        let token = take.said.get(number)?;
        let mut rows: Vec<Row> = token
            .top
            .iter()
            .map(|other| Row {
                drawn: other.id == token.id && other.text == token.text,
                raw: other.logprob.exp(),
                after: other.after,
                token: Token {
                    id: other.id,
                    text: other.text.clone(),
                    logprob: Some(other.logprob),
                    rank: None,
                    // The candidates for this position stay the same.
                    top: token.top.clone(),
                    copied: 0,
                    drawn: Vec::new(),
                },
            })
            .collect();
        if rows.is_empty() {
            return None;
        }
        if !rows.iter().any(|row| row.drawn) {
            let raw = token.logprob.map_or(0.0, f32::exp);
            rows.push(Row { token: token.clone(), raw, after: None, drawn: true });
        }
        let chosen = rows.iter().position(|row| row.drawn).unwrap_or(0);
        Some(Self { token: number, rows, chosen })
    }

    /// The candidates for viewers, with bleeped words masked.
    pub fn bars(&self, take: Option<&Take>, bleeps: &Bleeps) -> Vec<Bar> {
        let Some(take) = take else { return Vec::new() };
        let thousandths = |share: f32| (share.clamp(0.0, 1.0) * 1000.0).round() as u16;
        let bar = |row: &Row| Bar {
            text: take.alternative(self.token, &row.token.text, bleeps),
            model: thousandths(row.raw),
            sampled: row.after.map(thousandths),
            drawn: row.drawn,
        };
        self.rows.iter().map(bar).collect()
    }
}

impl Live {
    pub(super) fn press_dice(&mut self, mut dice: Dice, cue: Cue, session: &mut Session) {
        match cue {
            Cue::Up => dice.chosen = dice.chosen.saturating_sub(1),
            Cue::Down => dice.chosen = (dice.chosen + 1).min(dice.rows.len() - 1),
            Cue::Rewind | Cue::Step => {
                let take = self.item().take();
                let next = take.and_then(|take| take.beside(dice.token, cue == Cue::Step));
                if let Some(other) =
                    take.zip(next).and_then(|(take, number)| Dice::at(take, number))
                {
                    dice = other;
                }
            }
            Cue::Choose => return self.what_if(dice, session),
            Cue::Close | Cue::Dice => return,
            Cue::Blank | Cue::Marker | Cue::Tape | Cue::BleepLast | Cue::Unbleep | Cue::Letters => {
                self.panel = Some(Panel::Dice(dice));
                return self.act(cue, session);
            }
            Cue::OffAir | Cue::Quit | Cue::Next | Cue::Previous | Cue::Go => {
                return self.act(cue, session);
            }
            _ => {}
        }
        self.panel = Some(Panel::Dice(dice));
    }

    /// Rolls a take in which the chosen candidate replaces the token that was drawn.
    fn what_if(&mut self, dice: Dice, session: &mut Session) {
        let row = &dice.rows[dice.chosen];
        if row.drawn {
            self.say("This is the one that was drawn.");
            self.panel = Some(Panel::Dice(dice));
            return;
        }
        let text = &row.token.text;
        if text.is_empty() || text.contains(char::REPLACEMENT_CHARACTER) || text.contains("<|") {
            self.say("This candidate is no whole character, so the model can't continue from it.");
            self.panel = Some(Panel::Dice(dice));
            return;
        }
        let Some(take) = self.item().take() else { return };
        let mut opening = take.said[..dice.token].to_vec();
        opening.push(row.token.clone());
        self.roll(&opening, 1, session);
    }
}
