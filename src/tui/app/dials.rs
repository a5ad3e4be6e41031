//! Presets and dials: how offers are made, from the next question on.

use super::App;
use crate::{
    token::PRESETS,
    tui::{
        command::Command,
        dials::{Dial, Dials, Number, Way},
        overlay::Overlay,
    },
    ui::{
        keep::{Value, keep},
        keymap::Key,
    },
};
use crossterm::event::KeyCode;
use strum::IntoEnumIterator;

/// No number is longer.
const DIGITS: usize = 20;

impl App {
    /// How offers are made now.
    pub(in crate::tui) fn way(&self) -> Way {
        Way { preset: self.preset.clone(), sampling: self.sampling.clone(), offers: self.count }
    }

    /// How the preset in hand makes them.
    pub(in crate::tui) fn as_preset(&self) -> Way {
        self.own.of(&self.preset)
    }

    /// What the way offers are made is called.
    pub(in crate::tui) fn called(&self) -> String {
        let changed = if self.way().differs(&self.as_preset()) { ", changed" } else { "" };
        format!("{}{changed}", self.preset)
    }

    /// The presets to choose from, the writer's own first.
    fn presets(&self) -> Vec<&str> {
        let own = self.own.preset.as_str();
        let others = PRESETS.iter().map(|preset| preset.name).filter(|name| *name != own);
        std::iter::once(own).chain(others).collect()
    }

    /// Shows the dials.
    pub(super) fn open_dials(&mut self) {
        self.offers.focus = false;
        self.overlay = Some(Overlay::Dials(Dials::new(self.way())));
    }

    /// From now on offers are made so.
    fn make(&mut self, way: Way) {
        Way { preset: self.preset, sampling: self.sampling, offers: self.count } = way;
    }

    /// A key for the dials.
    pub(super) fn press_dials(&mut self, mut dials: Dials, key: Key) {
        let page = Dials::rows().cast_signed();
        match (key.code(), key.typed()) {
            (KeyCode::Esc, _) if dials.typed.is_some() => dials.typed = None,
            (KeyCode::Enter, _) if dials.typed.is_some() => self.dial_typed(&mut dials),
            (KeyCode::Backspace, _) if dials.typed.is_some() => {
                let typed = dials.typed.take().map(|mut typed| {
                    typed.pop();
                    typed
                });
                dials.typed = typed.filter(|typed| !typed.is_empty());
            }
            (_, Some(c)) if c.is_ascii_digit() || matches!(c, '.' | ',') => {
                self.type_digit(&mut dials, c);
            }
            (code, typed) => {
                self.dial_typed(&mut dials);
                let command = self.keymap.command(key);
                match (code, typed) {
                    (KeyCode::Esc | KeyCode::Enter, _) => return self.close_dials(&dials),
                    _ if command == Some(Command::Dials) => return self.close_dials(&dials),
                    (KeyCode::Up, _) => dials.step(-1),
                    (KeyCode::Down | KeyCode::Tab, _) => dials.step(1),
                    (KeyCode::Home | KeyCode::PageUp, _) => dials.step(-page),
                    (KeyCode::End | KeyCode::PageDown, _) => dials.step(page),
                    (KeyCode::Left, _) | (_, Some('-')) => self.turn(&dials, false),
                    (KeyCode::Right, _) | (_, Some('+')) => self.turn(&dials, true),
                    (KeyCode::Backspace | KeyCode::Delete, _) => self.dial_back(&dials),
                    (_, Some('k' | 'K')) => return self.keep_dials(),
                    _ => {}
                }
            }
        }
        self.overlay = Some(Overlay::Dials(dials));
    }

    /// A number has come as a paste.
    pub(super) fn pasted_dials(&mut self, mut dials: Dials, text: &str) {
        let text = text.trim();
        if dials.dial().is_some_and(|dial| dial.typed(text).is_some()) {
            dials.typed = Some(text.chars().take(DIGITS).collect());
            self.dial_typed(&mut dials);
        }
        self.overlay = Some(Overlay::Dials(dials));
    }

    /// The mouse was pressed on a row, or above all of them, which closes them.
    pub(super) fn point_at_dials(&mut self, mut dials: Dials, at: (u16, u16)) {
        let (rows, first) = dials.drawn;
        self.dial_typed(&mut dials);
        if at.1 + 1 < rows.y {
            return self.close_dials(&dials);
        }
        if rows.contains(at.into()) {
            dials.chosen = (first + usize::from(at.1 - rows.y)).min(Dials::rows() - 1);
        }
        self.overlay = Some(Overlay::Dials(dials));
    }

    fn type_digit(&mut self, dials: &mut Dials, digit: char) {
        if dials.dial().is_none() {
            return self.notices.say("A preset has no number: ← and → choose another.");
        }
        let typed = dials.typed.get_or_insert_default();
        if typed.len() < DIGITS {
            typed.push(digit);
        }
    }

    /// What was typed counts.
    fn dial_typed(&mut self, dials: &mut Dials) {
        let (Some(dial), Some(typed)) = (dials.dial(), dials.typed.take()) else { return };
        match dial.typed(&typed) {
            Some(number) => self.dial(dial, number),
            None => self.notices.say(format!("{typed} is no number.")),
        }
    }

    /// Puts a dial somewhere, or as near as it goes, and says so.
    fn dial(&mut self, dial: Dial, to: Number) {
        let mut way = self.way();
        if !dial.set(&mut way, to) {
            self.say_ends(dial);
        }
        self.make(way);
        // Offers are counted on from there, the same number once more too.
        if dial == Dial::Seed && self.sampling.seed > 0 {
            self.seed = self.sampling.seed;
        }
    }

    fn say_ends(&mut self, dial: Dial) {
        let (least, most) = dial.ends();
        self.notices.say(format!("{} goes from {least} to {most}.", dial.words().0));
    }

    /// One step up or down; among the presets to the next, round at the ends.
    fn turn(&mut self, dials: &Dials, up: bool) {
        if let Some(dial) = dials.dial() {
            match dial.turned(dial.read(&self.way()), up) {
                Some(to) => self.dial(dial, to),
                None => self.dial(dial, dial.ends().0),
            }
            return;
        }
        let all = self.presets();
        let at = all.iter().position(|name| *name == self.preset).unwrap_or(0);
        let to = (at + if up { 1 } else { all.len() - 1 }) % all.len();
        let name = all[to].to_owned();
        self.wear_preset(&name);
    }

    /// Tokens are chosen as a preset does. How many offers there are, and their seed, stay.
    fn wear_preset(&mut self, name: &str) {
        let mut way = self.own.of(name);
        (way.offers, way.sampling.seed) = (self.count, self.sampling.seed);
        self.make(way);
    }

    /// A dial goes back to where the preset has it; on the preset's row all of them do.
    fn dial_back(&mut self, dials: &Dials) {
        let usual = self.as_preset();
        match dials.dial() {
            Some(dial) => self.dial(dial, dial.read(&usual)),
            None => self.make(usual),
        }
    }

    fn close_dials(&mut self, dials: &Dials) {
        if self.way() != dials.before {
            let ask = self.key(Command::Ask);
            self.notices.say(format!("{}: so from the next question on ({ask}).", self.called()));
        }
    }

    /// Writes what is dialled into the writer's settings.
    fn keep_dials(&mut self) {
        let Some(file) = &self.file else {
            return self.notices.say("It holds until you leave: there is no file of settings.");
        };
        let way = self.way();
        let all = way.preset != self.own.preset;
        let mut names = vec![vec!["desk", "preset"]];
        let mut values: Vec<Value> = vec![way.preset.as_str().into()];
        // Where another preset is named, what isn't told would be as that one has it.
        for dial in Dial::iter().filter(|dial| all || dial.read(&way) != dial.read(&self.own)) {
            names.push([vec!["desk"], dial.words().2].concat());
            values.push(match dial.read(&way) {
                Number::Whole(number) => i64::try_from(number).unwrap_or(i64::MAX).into(),
                // As it is read by people: 0.85, and not the nearest that 64 bits have to it.
                Number::Part(number) => {
                    number.to_string().parse().unwrap_or(f64::from(number)).into()
                }
            });
        }
        let settings: Vec<_> = names.iter().map(Vec::as_slice).zip(values).collect();
        match keep(file, &settings) {
            Ok(()) => {
                let file = file.display().to_string();
                self.own = way;
                self.notices.say(format!("{} is kept in {file}.", self.preset));
            }
            Err(error) => {
                self.notices.warn(format!("It holds until you leave, but is not kept: {error:#}"));
            }
        }
    }
}
