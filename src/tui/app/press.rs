//! What a key does: whatever stands before the page comes first, then the list that has the keys, then the table of
//! keys, and what is left is typed.

use super::App;
use crate::{
    tui::{
        command::Command,
        overlay::{Overlay, Sheet},
    },
    ui::keymap::Key,
};
use crossterm::event::{KeyCode, KeyEvent};

impl App {
    pub(super) fn press(&mut self, event: KeyEvent) {
        self.notices.forget_word();
        self.pointer.forget();
        // What is chosen is brought into sight again.
        self.offers.window.turned = false;
        let key = Key::from(event);
        if self.overlay.is_some() {
            return self.press_overlay(key, event);
        }
        if self.offers.focus && self.press_list(key) {
            return;
        }
        if let Some(command) = self.keymap.command(key) {
            return self.run(command);
        }
        // Shift with a key that moves selects.
        let unshifted = key.unshifted().and_then(|key| self.keymap.command(key));
        if let Some(to) = unshifted.and_then(Command::leads) {
            return self.page.go(&mut self.session, to, true);
        }
        if let Some(typed) = key.typed() {
            self.type_text(typed.encode_utf8(&mut [0; 4]));
        }
    }

    /// Arrows and Enter while the list has them; any other key gives them back. Says whether it was for the list.
    fn press_list(&mut self, key: Key) -> bool {
        let Some(list) = self.offers.list_mut() else {
            self.offers.focus = false;
            return false;
        };
        let last = list.offers.len().saturating_sub(1);
        match key.code() {
            KeyCode::Up => list.chosen = list.chosen.saturating_sub(1),
            KeyCode::Down => list.chosen = (list.chosen + 1).min(last),
            KeyCode::Enter => {
                self.offers.focus = false;
                self.take_chosen();
            }
            KeyCode::Esc => self.offers.focus = false,
            _ => {
                let command = self.keymap.command(key);
                // What is done to an offer leaves the list in hand.
                self.offers.focus = command.is_some_and(Command::is_about_an_offer);
                return command == Some(Command::Offers);
            }
        }
        true
    }

    pub(super) fn run(&mut self, command: Command) {
        if command.is_at_the_cursor() {
            self.page.come_back();
        }
        match command {
            Command::Ask => self.ask(),
            Command::AskOrTab => self.ask_or_tab(),
            Command::Stop => self.stop(),
            Command::RollAgain => self.roll_again(),
            Command::RollOne => self.roll_one(),
            Command::Pin => self.pin(),
            Command::Longer => self.longer(),
            Command::OpenToken => self.open_token(),
            Command::Idle => self.toggle_rest(),
            Command::MoreOffers => self.one_more(),
            Command::FewerOffers => self.one_fewer(),
            Command::TakeWord | Command::TakeSentence | Command::Right => {
                self.take_or_move(command)
            }
            Command::TakeAll => self.take_all(),
            Command::Offers => self.focus_offers(),
            Command::PreviousList => {
                if !self.offers.previous() {
                    self.notices.say("There is no other list yet.");
                }
            }
            Command::Branches => self.open_branches(),
            Command::NextBranch | Command::PreviousBranch => self.go_beside(command),
            Command::Whose => self.whose = !self.whose,
            Command::Models => self.open_models(),
            Command::Dials => self.open_dials(),
            Command::Compare => self.open_beside(),
            Command::Find => self.open_find(),
            Command::Palette => self.open_palette(),
            Command::Mentions => self.open_mentions(),
            Command::Themes => self.open_themes(),
            Command::Recent => self.open_recent(),
            Command::OnAir => self.on_air(),
            Command::Help => self.overlay = Some(Overlay::Sheet(Sheet::Help, 0)),
            Command::Save => self.save(false),
            Command::SaveAs => self.ask_name(false),
            Command::Quit => self.quit(),
            _ => match (command.numbered(), command.leads()) {
                (Some(number), _) => self.take_number(number),
                (_, Some(to)) => self.page.go(&mut self.session, to, false),
                _ => self.edit(command),
            },
        }
    }
}
