//! Choosing from a list: every command, every theme with its look at once, drafts of late.

use super::App;
use crate::{
    session::Session,
    tui::{
        command::Command,
        overlay::Overlay,
        picker::{Act, Entry, Kind, Picker},
    },
    ui::{keep::keep, keymap::Key},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::path::Path;
use strum::{EnumMessage, IntoEnumIterator};

impl App {
    /// Every command with its keys.
    pub(super) fn open_palette(&mut self) {
        let entry = |command: Command| {
            let name: &str = command.into();
            let keys: Vec<_> =
                self.keymap.keys(command).take(2).map(|key| key.to_string()).collect();
            Entry {
                name: name.replace('-', " "),
                about: command.get_documentation().unwrap_or_default().to_owned(),
                key: keys.join("  "),
                act: Act::Run(command),
            }
        };
        let entries = Command::iter().filter(|command| *command != Command::Palette).map(entry);
        self.overlay = Some(Overlay::Picker(Picker::new(Kind::Commands, entries.collect(), 0)));
    }

    /// Every theme; the one in hand is worn at once.
    pub(super) fn open_themes(&mut self) {
        let all = self.themes.list();
        let worn = all.iter().position(|(name, _)| name == self.theme.name()).unwrap_or(0);
        let entries = all.into_iter().map(|(name, about)| Entry {
            name: name.clone(),
            about,
            key: String::new(),
            act: Act::Wear(name),
        });
        let kind = Kind::Themes(Box::new(self.theme.clone()));
        self.overlay = Some(Overlay::Picker(Picker::new(kind, entries.collect(), worn)));
    }

    /// The drafts of late, but the one that is open.
    pub(super) fn open_recent(&mut self) {
        let here = self.session.path().and_then(|path| std::path::absolute(path).ok());
        let others = self.recent.paths().iter().filter(|path| Some(*path) != here.as_ref());
        let entries: Vec<_> = others
            .map(|path| Entry {
                name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                about: path.parent().unwrap_or(Path::new("")).display().to_string(),
                key: String::new(),
                act: Act::Open(path.clone()),
            })
            .collect();
        if entries.is_empty() {
            return self.notices.say("No other draft was opened here yet.");
        }
        self.overlay = Some(Overlay::Picker(Picker::new(Kind::Recent, entries, 0)));
    }

    /// A key for the list.
    pub(super) fn press_picker(&mut self, mut picker: Picker, key: Key, event: KeyEvent) {
        let page = self.page.height().cast_signed() / 2;
        let held = event.modifiers.contains(KeyModifiers::CONTROL);
        match key.code() {
            KeyCode::Esc => return self.put_away(picker),
            KeyCode::Enter => return self.choose(picker),
            KeyCode::Up => picker.step(-1),
            KeyCode::Char('p') if held => picker.step(-1),
            KeyCode::Down | KeyCode::Tab => picker.step(1),
            KeyCode::Char('n') if held => picker.step(1),
            KeyCode::PageUp => picker.step(-page),
            KeyCode::PageDown => picker.step(page),
            _ => {
                self.press_field(&mut picker.field, key, event);
                picker.look();
            }
        }
        self.preview(&picker);
        self.overlay = Some(Overlay::Picker(picker));
    }

    /// What was looked for has come as a paste.
    pub(super) fn pasted_picker(&mut self, mut picker: Picker, text: &str) {
        picker.field.paste(text);
        picker.look();
        self.preview(&picker);
        self.overlay = Some(Overlay::Picker(picker));
    }

    /// A theme in hand is worn already.
    pub(super) fn preview(&mut self, picker: &Picker) {
        let Kind::Themes(before) = &picker.kind else { return };
        match picker.choice().map(|entry| &entry.act) {
            Some(Act::Wear(name)) => match self.themes.load(name, self.depth) {
                Ok(theme) => self.theme = theme,
                Err(error) => self.notices.say(format!("{error:#}")),
            },
            _ => self.theme = (**before).clone(),
        }
    }

    /// Nothing is chosen, and everything is as it was.
    pub(super) fn put_away(&mut self, picker: Picker) {
        if let Kind::Themes(before) = picker.kind {
            self.theme = *before;
        }
    }

    pub(super) fn choose(&mut self, picker: Picker) {
        match picker.choice().map(|entry| entry.act.clone()) {
            None => self.overlay = Some(Overlay::Picker(picker)),
            Some(Act::Run(command)) => self.run(command),
            Some(Act::Wear(name)) if self.theme.name() == name => self.keep_theme(&name),
            // It can't be loaded; why was said when it was seen.
            Some(Act::Wear(_)) => self.put_away(picker),
            Some(Act::Open(path)) => self.open(&path),
            Some(Act::Use(name)) => self.use_model(&name),
            Some(Act::Compare(name)) => self.compare_models(&name),
        }
    }

    /// Writes the theme that is worn into the writer's settings.
    fn keep_theme(&mut self, name: &str) {
        let Some(file) = &self.file else {
            return self.notices.say("Worn until you leave: there is no file of settings.");
        };
        match keep(file, &[(&["desk", "theme"], name.into())]) {
            Ok(()) => {
                // What is told at each start comes before what is written.
                let but = self.told_theme.as_ref().map_or(String::new(), |told| {
                    format!(", but at the next start {told} comes before it")
                });
                let file = file.display();
                self.notices.say(format!("{name} is kept in {file}{but}."));
            }
            Err(error) => self.notices.warn(format!("{name} is worn, but not kept: {error:#}")),
        }
    }

    /// Another draft in the place of this one, once this one is saved.
    fn open(&mut self, path: &Path) {
        let unsaved = !self.session.is_saved() && self.session.read_only().is_none();
        if unsaved {
            let save = self.key(Command::Save);
            return self.notices.say(format!("First save this draft: {save}. Then open another."));
        }
        let opened = match &self.state {
            Some(state) => Session::resume(Some(path), state, self.history),
            None => Session::open(path),
        };
        match opened {
            Ok(session) => self.replace_draft(session),
            Err(error) => self.notices.warn(format!("Not opened: {error:#}")),
        }
    }
}
