//! What the dice chose among: the tokens that might have stood in a place, and "what if" one of the losers had.

use super::{Cue, Live, Panel, take::Take};
use crate::{session::Session, token::Token};

/// The place that is open.
pub struct Dice {
    /// The token's number in the take.
    pub token: usize,
    /// What might have stood there, likeliest first; the one that was drawn among them.
    pub rows: Vec<Row>,
    /// The row that is chosen.
    pub chosen: usize,
}

/// One token that might have stood in a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The token.
    pub token: Token,
    /// Its probability, of the model itself.
    pub raw: f32,
    /// Its probability as the dice were thrown; `None` when it was cut off, or isn't known.
    pub after: Option<f32>,
    /// It was drawn.
    pub drawn: bool,
}

impl Dice {
    /// Opens a place. `None` when nothing is known of it.
    pub fn at(take: &Take, number: usize) -> Option<Self> {
        let token = take.said.get(number)?;
        let mut rows: Vec<Row> = token
            .top
            .iter()
            .map(|other| Row {
                drawn: other.id == token.id,
                raw: other.logprob.exp(),
                after: other.after,
                token: Token {
                    id: other.id,
                    text: other.text.clone(),
                    logprob: Some(other.logprob),
                    rank: None,
                    // What stood beside it stays what stood beside it.
                    top: token.top.clone(),
                    copied: 0,
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
            Cue::Blank | Cue::Marker | Cue::Tape | Cue::BleepLast | Cue::Letters => {
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

    /// The chosen token stands in the place of the one that was drawn, and the model goes on from there.
    fn what_if(&mut self, dice: Dice, session: &mut Session) {
        let row = &dice.rows[dice.chosen];
        if row.drawn {
            self.say("This is the one that was drawn.");
            self.panel = Some(Panel::Dice(dice));
            return;
        }
        let text = &row.token.text;
        if text.is_empty() || text.contains(char::REPLACEMENT_CHARACTER) || text.contains("<|") {
            self.say("This is no whole character, so nothing can follow it alone.");
            self.panel = Some(Panel::Dice(dice));
            return;
        }
        let Some(take) = self.item().take() else { return };
        let mut opening = take.said[..dice.token].to_vec();
        opening.push(row.token.clone());
        self.roll(&opening, 1, session);
    }
}
