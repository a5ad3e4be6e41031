//! Keymaps: which command each key runs, read from a table of `"key" = "command"`. Generic over the commands, so that
//! the desk and on air use it with their own.

use super::mistake;
use anyhow::{Context, Result, bail};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::{collections::BTreeMap, fmt, str::FromStr};
use toml::Spanned;

/// The default keys of the desk.
pub const DEFAULTS: &str = include_str!("keys.toml");

/// A key with its modifiers, normalised: terminals and people spell the same key in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl From<KeyEvent> for Key {
    /// Terminals report the same key differently: Shift+Tab is `BackTab` or Tab with Shift, a capital has Shift or not,
    /// and the modifiers may include lock keys.
    fn from(event: KeyEvent) -> Self {
        let mut modifiers =
            event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match event.code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(c) if modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
                if c.is_uppercase() {
                    modifiers |= KeyModifiers::SHIFT;
                }
                KeyCode::Char(c.to_lowercase().next().unwrap_or(c))
            }
            // Shift has already chosen the character.
            KeyCode::Char(c) => {
                modifiers -= KeyModifiers::SHIFT;
                KeyCode::Char(c)
            }
            other => other,
        };
        Self { code, modifiers }
    }
}

impl From<Key> for KeyEvent {
    /// A press of the key, as a terminal reports it.
    fn from(key: Key) -> Self {
        let back = key.code == KeyCode::Tab && key.modifiers.contains(KeyModifiers::SHIFT);
        Self::new(if back { KeyCode::BackTab } else { key.code }, key.modifiers)
    }
}

impl Key {
    /// The key without its modifiers.
    pub fn code(self) -> KeyCode {
        self.code
    }

    /// The same key without Shift, when Shift is held.
    pub fn unshifted(self) -> Option<Self> {
        self.modifiers
            .contains(KeyModifiers::SHIFT)
            .then(|| Self { code: self.code, modifiers: self.modifiers - KeyModifiers::SHIFT })
    }

    /// The character that this key types. Ctrl with Alt is AltGr on some keyboards, and types.
    pub fn typed(self) -> Option<char> {
        let held = self.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        match self.code {
            KeyCode::Char(c) if held.is_empty() || held.bits().count_ones() == 2 => Some(c),
            _ => None,
        }
    }
}

impl FromStr for Key {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let lower = text.to_lowercase();
        let (held, name) = match lower.rsplit_once('-') {
            Some((held, name)) if !name.is_empty() => (held, name),
            _ => ("", lower.as_str()),
        };
        let mut modifiers = KeyModifiers::NONE;
        for word in held.split('-').filter(|word| !word.is_empty()) {
            modifiers |= match word {
                "ctrl" => KeyModifiers::CONTROL,
                "alt" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => bail!("`{text}` is not a key: `{word}` is not one of ctrl, alt, shift"),
            };
        }
        let Some(code) = code(name) else {
            bail!("`{text}` is not a key: `{name}` is unknown (write `ctrl-s`, `alt-enter`, `f2`)")
        };
        Ok(Self::from(KeyEvent::new(code, modifiers)))
    }
}

/// The key of this name.
fn code(name: &str) -> Option<KeyCode> {
    let named = NAMES.iter().find(|(_, code, _)| *code == name).map(|(key, ..)| *key);
    let mut letters = name.chars();
    named.or_else(|| match (letters.next(), letters.next()) {
        (Some(c), None) => Some(KeyCode::Char(c)),
        (Some('f'), Some(_)) => {
            name[1..].parse().ok().filter(|n| (1..=24).contains(n)).map(KeyCode::F)
        }
        _ => None,
    })
}

/// The named keys: the key, its name in files, its name on the screen.
const NAMES: [(KeyCode, &str, &str); 17] = [
    (KeyCode::Char(' '), "space", "Space"),
    (KeyCode::Char('-'), "minus", "-"),
    (KeyCode::Char('+'), "plus", "+"),
    (KeyCode::Enter, "enter", "Enter"),
    (KeyCode::Tab, "tab", "Tab"),
    (KeyCode::Esc, "esc", "Esc"),
    (KeyCode::Backspace, "backspace", "Backspace"),
    (KeyCode::Delete, "delete", "Delete"),
    (KeyCode::Insert, "insert", "Insert"),
    (KeyCode::Home, "home", "Home"),
    (KeyCode::End, "end", "End"),
    (KeyCode::PageUp, "pageup", "PgUp"),
    (KeyCode::PageDown, "pagedown", "PgDn"),
    (KeyCode::Left, "left", "←"),
    (KeyCode::Right, "right", "→"),
    (KeyCode::Up, "up", "↑"),
    (KeyCode::Down, "down", "↓"),
];

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [
            (KeyModifiers::CONTROL, "Ctrl+"),
            (KeyModifiers::ALT, "Alt+"),
            (KeyModifiers::SHIFT, "Shift+"),
        ] {
            if self.modifiers.contains(held) {
                f.write_str(name)?;
            }
        }
        match (NAMES.iter().find(|(code, ..)| *code == self.code), self.code) {
            (Some((_, _, shown)), _) => f.write_str(shown),
            (None, KeyCode::Char(c)) => write!(f, "{}", c.to_uppercase()),
            (None, other) => write!(f, "{other}"),
        }
    }
}

/// One line of a table of keys, and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The key, as it is written there.
    pub key: String,
    /// The command's name, or `nothing`.
    pub command: String,
    /// The file and the line number.
    pub place: String,
}

/// The name that frees a key: it then runs no command.
pub const NOTHING: &str = "nothing";

/// Which command each key runs, in the order of the file.
#[derive(Clone, Debug)]
pub struct Keymap<C> {
    /// All commands there are.
    commands: Vec<C>,
    bindings: Vec<(Key, C)>,
    /// The lines of the writer's own table, which may name each key once.
    own: Vec<(Key, Line)>,
    /// Whether letters are keys, because nothing is typed.
    letters: bool,
}

impl<C: Copy + PartialEq + Into<&'static str>> Keymap<C> {
    /// Reads a table of keys for these commands.
    ///
    /// # Errors
    /// An unknown key or command, or two lines for one key; the message names them.
    pub fn parse(text: &str, commands: impl IntoIterator<Item = C>) -> Result<Self> {
        Self::read(text, commands, false)
    }

    /// Like [`Keymap::parse`], but letters are keys too, because nothing is typed.
    ///
    /// # Errors
    /// Like [`Keymap::parse`].
    pub fn parse_any(text: &str, commands: impl IntoIterator<Item = C>) -> Result<Self> {
        Self::read(text, commands, true)
    }

    fn read(text: &str, commands: impl IntoIterator<Item = C>, letters: bool) -> Result<Self> {
        let table: BTreeMap<Spanned<String>, String> =
            toml::from_str(text).context("the table of keys")?;
        let mut table: Vec<_> = table.into_iter().collect();
        table.sort_by_key(|(key, _)| key.span().start);
        let commands = commands.into_iter().collect();
        let mut keymap = Self { commands, bindings: Vec::new(), own: Vec::new(), letters };
        for (key, command) in table {
            let place = format!("keys, line {}", mistake::line(text, key.span().start));
            keymap.lay(&Line { key: key.into_inner(), command, place })?;
        }
        // Each line became the usual key of its command; the first line has to be that.
        keymap.bindings.reverse();
        keymap.own.clear();
        Ok(keymap)
    }

    /// Adds one line to the keymap: its key becomes the usual key of its command.
    ///
    /// # Errors
    /// When the key or the command is unknown, or an earlier line has the same key. Nothing changes then.
    pub fn lay(&mut self, line: &Line) -> Result<()> {
        let Line { key: name, command, place } = line;
        let key: Key = name.parse().with_context(|| place.clone())?;
        if key.typed().is_some() && !self.letters {
            bail!("{place}: `{name}` types a character; add ctrl or alt");
        }
        let named = self.commands.iter().copied().find(|known| (*known).into() == command);
        if named.is_none() && command != NOTHING {
            let names: Vec<&str> = self.commands.iter().map(|known| (*known).into()).collect();
            let meant = mistake::meant(command, &names);
            bail!("{place}: `{name}` is given to `{command}`, which is not a command{meant}")
        }
        if let Some((_, other)) = self.own.iter().find(|(known, _)| *known == key) {
            bail!("{place}: `{name}` is the same key as `{}` ({})", other.key, other.place);
        }
        self.own.push((key, line.clone()));
        self.bindings.retain(|(known, _)| *known != key);
        if let Some(bound) = named {
            self.bindings.insert(0, (key, bound));
        }
        Ok(())
    }

    /// All commands there are, with a key or without.
    pub fn commands(&self) -> &[C] {
        &self.commands
    }

    /// The command of a key.
    pub fn command(&self, key: Key) -> Option<C> {
        self.bindings.iter().find(|(bound, _)| *bound == key).map(|(_, command)| *command)
    }

    /// The keys of a command, the usual one first.
    pub fn keys(&self, command: C) -> impl Iterator<Item = Key> + '_ {
        self.bindings.iter().filter(move |(_, bound)| *bound == command).map(|(key, _)| *key)
    }

    /// The keys of the command with this name, the usual one first.
    pub fn keys_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Key> + 'a {
        self.bindings.iter().filter(move |(_, bound)| (*bound).into() == name).map(|(key, _)| *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::IntoEnumIterator;

    #[test]
    fn spellings_of_one_chord_are_one_key() {
        let press = |code, modifiers| Key::from(KeyEvent::new(code, modifiers));
        let key = |text: &str| text.parse::<Key>().ok();
        let (ctrl, shift) = (KeyModifiers::CONTROL, KeyModifiers::SHIFT);
        assert_eq!(key("shift-tab"), Some(press(KeyCode::BackTab, KeyModifiers::NONE)));
        assert_eq!(key("shift-tab"), Some(press(KeyCode::Tab, shift)));
        assert_eq!(key("Ctrl-Shift-Z"), Some(press(KeyCode::Char('Z'), ctrl)));
        assert_eq!(key("ctrl-shift-z"), Some(press(KeyCode::Char('z'), ctrl | shift)));
        assert_eq!(key("ctrl-space"), Some(press(KeyCode::Char(' '), ctrl)));
        assert_eq!(key("f11"), Some(press(KeyCode::F(11), KeyModifiers::NONE)));
        assert_eq!(press(KeyCode::Char('A'), shift).typed(), Some('A'));
        assert_eq!(key("ctrl-right").map(|key| key.to_string()), Some("Ctrl+→".into()));
        for wrong in ["hyper-x", "ctrl-f99", "ctrl-", "ctrl-sapce", ""] {
            assert!(key(wrong).is_none(), "{wrong}");
        }
    }

    #[derive(Clone, Copy, Debug, PartialEq, strum::EnumIter, strum::IntoStaticStr)]
    #[strum(serialize_all = "kebab-case")]
    enum Act {
        Save,
        Quit,
    }

    fn line(key: &str, command: &str, number: usize) -> Line {
        Line { key: key.into(), command: command.into(), place: format!("mine: line {number}") }
    }

    #[test]
    fn a_bad_table_names_what_is_wrong() {
        for (table, says) in [
            (
                "\"ctrl-s\" = \"save\"\n\"Ctrl-S\" = \"quit\"",
                "line 2: `Ctrl-S` is the same key as `ctrl-s` (keys, line 1)",
            ),
            (
                "\n\"ctrl-s\" = \"sav\"",
                "line 2: `ctrl-s` is given to `sav`, which is not a command; did you mean `save`?",
            ),
            ("\"hyper-s\" = \"save\"", "`hyper`"),
            ("\"x\" = \"save\"", "types a character"),
        ] {
            let error = Keymap::<Act>::parse(table, Act::iter()).expect_err(table);
            assert!(format!("{error:#}").contains(says), "{error:#}");
        }
    }

    #[test]
    fn own_keys_are_laid_over() {
        let table = "\"ctrl-s\" = \"save\"\n\"f2\" = \"save\"\n\"ctrl-q\" = \"quit\"";
        let mut keymap = Keymap::<Act>::parse(table, Act::iter()).expect("good");
        let keys = |keymap: &Keymap<Act>, act| {
            keymap.keys(act).map(|key| key.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(keys(&keymap, Act::Save), "Ctrl+S F2");
        keymap.lay(&line("ctrl-q", "save", 1)).expect("a new key");
        keymap.lay(&line("f10", "quit", 2)).expect("a new key");
        keymap.lay(&line("f2", "nothing", 3)).expect("no key");
        assert_eq!(keys(&keymap, Act::Save), "Ctrl+Q Ctrl+S");
        assert_eq!(keys(&keymap, Act::Quit), "F10");
        let error = keymap.lay(&line("Ctrl-Q", "quit", 4)).expect_err("a clash").to_string();
        assert_eq!(error, "mine: line 4: `Ctrl-Q` is the same key as `ctrl-q` (mine: line 1)");
        assert!(keymap.lay(&line("f4", "fly", 5)).is_err());
        assert_eq!(keys(&keymap, Act::Save), "Ctrl+Q Ctrl+S");
    }
}
