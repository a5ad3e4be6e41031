//! Presets and dials: the style of offers, from the next request on; the order of the steps; and what both make of the
//! last question, as bars.

mod bars;
mod dial;
mod draw;
mod order;

use super::layer::{Flow, Layer};
use crate::{
    tui::{
        command::{Command, Opens},
        desk::Desk,
        drawn,
        view::{Areas, Status},
    },
    ui::{
        asking::Style,
        keep::{Value, keep},
        keymap::Key,
        worker::News,
    },
};
use bars::Bars;
use crossterm::event::{KeyCode, KeyEvent};
use dial::{Dial, Number};
use order::Order;
use ratatui::Frame;
use strum::IntoEnumIterator;

/// The command.
pub const OPENS: Opens = Opens {
    name: "dials",
    heading: "The model",
    help: "Open the dials: preset, sampling settings and their order, length, number of offers; bars of the last question.",
    keys: &["ctrl-d", "alt-,"],
};

/// The longest number that can be typed, in characters.
const DIGITS: usize = 20;

/// The dials.
struct Dials {
    /// The row with the cursor: 0 is the preset's, the dials begin at 1.
    chosen: usize,
    /// The number that is being typed.
    typed: Option<String>,
    /// The style when the dials were opened.
    before: Style,
    /// The bars, while they are shown.
    bars: Option<Bars>,
}

/// Shows the dials.
pub fn open(desk: &mut Desk) -> Flow {
    desk.offers.focus = false;
    Flow::open(Dials { chosen: 0, typed: None, before: desk.asking.style.clone(), bars: None })
}

impl Layer for Dials {
    fn press(&mut self, key: Key, _: KeyEvent, desk: &mut Desk) -> Flow {
        let style = desk.asking.style.clone();
        let flow = self.press_dials(key, desk);
        if desk.asking.style != style
            && let Some(bars) = &mut self.bars
        {
            bars.renew(desk);
        }
        flow
    }

    fn hear(&mut self, news: &News, desk: &mut Desk) -> Option<Flow> {
        let bars = self.bars.as_mut()?;
        bars.hear(news, desk).then_some(Flow::Stay)
    }

    /// A pasted number is set at once.
    fn paste(&mut self, text: &str, desk: &mut Desk) -> Flow {
        let text = text.trim();
        if self.dial().is_some_and(|dial| dial.typed(text).is_some()) {
            self.typed = Some(text.chars().take(DIGITS).collect());
            self.set_typed(desk);
        }
        Flow::Stay
    }

    /// A click on a row goes there; one on the page closes the dials.
    fn click(&mut self, at: (u16, u16), desk: &mut Desk) -> Flow {
        self.set_typed(desk);
        if desk.drawn.overlay.is_page(at) {
            return self.close(desk);
        }
        if let Some(number) = desk.drawn.overlay.entry_at(at, Self::rows()) {
            self.chosen = number;
        }
        Flow::Stay
    }

    fn wheel(&mut self, by: isize, _: &mut Desk) {
        if self.typed.is_none() {
            self.step(by);
        }
    }

    fn status<'a>(&'a self, _: &Desk) -> Status<'a> {
        Status::Drawn
    }

    fn draw(&self, desk: &Desk, frame: &mut Frame, areas: &Areas) -> drawn::Overlay {
        draw::draw(self, desk, frame, areas)
    }
}

impl Dials {
    fn press_dials(&mut self, key: Key, desk: &mut Desk) -> Flow {
        let page = Self::rows().cast_signed();
        match (key.code(), key.typed()) {
            (KeyCode::Esc, _) if self.typed.is_some() => self.typed = None,
            (KeyCode::Enter, _) if self.typed.is_some() => self.set_typed(desk),
            (KeyCode::Backspace, _) if self.typed.is_some() => {
                let typed = self.typed.take().map(|mut typed| {
                    typed.pop();
                    typed
                });
                self.typed = typed.filter(|typed| !typed.is_empty());
            }
            (_, Some(c)) if c.is_ascii_digit() || matches!(c, '.' | ',') => {
                self.type_digit(c, desk);
            }
            (code, typed) => {
                self.set_typed(desk);
                let command = desk.keymap.command(key);
                match (code, typed) {
                    (KeyCode::Esc | KeyCode::Enter, _) => return self.close(desk),
                    _ if command.is_some_and(|command| command.name() == OPENS.name) => {
                        return self.close(desk);
                    }
                    (KeyCode::Up, _) => self.step(-1),
                    (KeyCode::Down | KeyCode::Tab, _) => self.step(1),
                    (KeyCode::Home | KeyCode::PageUp, _) => self.step(-page),
                    (KeyCode::End | KeyCode::PageDown, _) => self.step(page),
                    (KeyCode::Right | KeyCode::Left, _) if self.is_order() => {
                        return Flow::open(Order::of(desk));
                    }
                    (_, Some('o' | 'O')) => return Flow::open(Order::of(desk)),
                    (_, Some('b' | 'B')) => self.toggle_bars(desk),
                    (KeyCode::Left, _) | (_, Some('-')) => self.turn(false, desk),
                    (KeyCode::Right, _) | (_, Some('+')) => self.turn(true, desk),
                    (KeyCode::Backspace | KeyCode::Delete, _) => self.reset(desk),
                    (_, Some('k' | 'K')) => {
                        keep_style(desk);
                        return Flow::Close;
                    }
                    _ => {}
                }
            }
        }
        Flow::Stay
    }

    /// The dial with the cursor; `None` for the preset.
    fn dial(&self) -> Option<Dial> {
        Dial::iter().nth(self.chosen.checked_sub(1)?)
    }

    /// How many rows there are: the preset's, the dials, and that of the order.
    fn rows() -> usize {
        Dial::iter().count() + 2
    }

    /// Whether the cursor is in the row of the order.
    fn is_order(&self) -> bool {
        self.chosen + 1 == Self::rows()
    }

    /// Shows the bars, or hides them.
    fn toggle_bars(&mut self, desk: &mut Desk) {
        self.bars = match self.bars.take() {
            Some(bars) => {
                bars.stop(desk);
                None
            }
            None => Bars::ask(desk),
        };
    }

    /// Moves the cursor by this many rows. It stops at the ends.
    fn step(&mut self, by: isize) {
        self.chosen = self.chosen.saturating_add_signed(by).min(Self::rows() - 1);
    }

    fn type_digit(&mut self, digit: char, desk: &mut Desk) {
        if self.dial().is_none() {
            return desk.notices.say(match self.is_order() {
                true => "The order has no number; → changes it.",
                false => "A preset has no number; ← and → choose another one.",
            });
        }
        let typed = self.typed.get_or_insert_default();
        if typed.len() < DIGITS {
            typed.push(digit);
        }
    }

    /// Sets the dial to the typed number.
    fn set_typed(&mut self, desk: &mut Desk) {
        let (Some(dial), Some(typed)) = (self.dial(), self.typed.take()) else { return };
        match dial.typed(&typed) {
            Some(number) => set(dial, number, desk),
            None => desk.notices.say(format!("{typed} is not a number.")),
        }
    }

    /// Changes a dial by one step; in the preset's row, goes to the next or the previous preset, wrapping around.
    fn turn(&self, up: bool, desk: &mut Desk) {
        if let Some(dial) = self.dial() {
            let to = dial.turned(dial.read(&desk.asking.style), up);
            return set(dial, to.unwrap_or(dial.ends().0), desk);
        }
        if self.is_order() {
            return;
        }
        let all = desk.asking.presets();
        let at = all.iter().position(|name| *name == desk.asking.style.preset).unwrap_or(0);
        let to = (at + if up { 1 } else { all.len() - 1 }) % all.len();
        let mut style = desk.asking.named(all[to]);
        // A preset doesn't set the number of offers or the seed.
        style.offers = desk.asking.style.offers;
        style.candidates = desk.asking.style.candidates;
        style.sampling.seed = desk.asking.style.sampling.seed;
        desk.asking.style = style;
    }

    /// Resets the dial to the preset's value; in the preset's row, resets all.
    fn reset(&self, desk: &mut Desk) {
        let usual = desk.asking.preset();
        match self.dial() {
            Some(dial) => {
                set(dial, dial.read(&usual), desk);
                if dial == Dial::Temperature {
                    desk.asking.style.own_temperature = usual.own_temperature;
                }
            }
            None if self.is_order() => desk.asking.style.sampling.order = usual.sampling.order,
            None => desk.asking.style = usual,
        }
    }

    fn close(&self, desk: &mut Desk) -> Flow {
        if let Some(bars) = &self.bars {
            bars.stop(desk);
        }
        if desk.asking.style != self.before {
            let (ask, name) = (desk.key(Command::Ask), desk.asking.style_name());
            desk.notices.say(format!("{name} applies from the next request on ({ask})."));
        }
        Flow::Close
    }
}

/// Sets a dial. If the number is out of range, sets the nearest one and tells the range.
fn set(dial: Dial, to: Number, desk: &mut Desk) {
    if !dial.set(&mut desk.asking.style, to) {
        let (least, most) = dial.ends();
        desk.notices.say(format!("{} must be between {least} and {most}.", dial.words().0));
    }
    // Seeds count from there, even if the number is the same.
    let seed = desk.asking.style.sampling.seed;
    if dial == Dial::Seed && seed > 0 {
        desk.asking.seed = seed;
    }
}

/// Writes the style into the settings file.
fn keep_style(desk: &mut Desk) {
    let Some(file) = &desk.world.environment.settings_file else {
        return desk.notices.say("Used for this session only: there is no settings file.");
    };
    let style = desk.asking.style.clone();
    let all = style.preset != desk.asking.own.preset;
    let mut names = vec![vec!["desk", "preset"]];
    let mut values: Vec<Value> = vec![style.preset.as_str().into()];
    // With another preset, a setting that isn't written would take that preset's value.
    let own = &desk.asking.own;
    let chosen = |dial: &Dial| match dial {
        // What fits the model in use is no choice for other models.
        Dial::Temperature => style.own_temperature || own.own_temperature,
        dial => all || dial.read(&style) != dial.read(own),
    };
    for dial in Dial::iter().filter(chosen) {
        names.push(dial.words().2);
        values.push(match dial.read(&style) {
            Number::Whole(number) => i64::try_from(number).unwrap_or(i64::MAX).into(),
            // As people write it: 0.85, not the nearest 64-bit value of a 32-bit number.
            Number::Part(number) => number.to_string().parse().unwrap_or(f64::from(number)).into(),
        });
    }
    if style.sampling.order != own.sampling.order {
        names.push(vec!["desk", "sampling", "order"]);
        values.push(style.sampling.order.iter().map(|step| step.name()).collect());
    }
    let settings: Vec<_> = names.iter().map(Vec::as_slice).zip(values).collect();
    match keep(file, &settings) {
        Ok(()) => {
            let file = file.display().to_string();
            desk.notices.say(format!("{} is saved in {file}.", style.preset));
            desk.asking.own = style;
        }
        Err(error) => {
            desk.notices.warn(format!("Used for this session only; it was not saved: {error:#}"));
        }
    }
}
