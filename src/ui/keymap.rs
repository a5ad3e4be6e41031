//! Keys to commands, read from a table of `"key" = "command"`. Knows no front end's commands: they name themselves.

use super::mistake;
use anyhow::{Context, Result, bail};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::{collections::BTreeMap, fmt, str::FromStr};
use strum::VariantNames;
use toml::Spanned;

/// The keys of the desk as they come.
pub const DEFAULTS: &str = include_str!("keys.toml");

/// One chord, in the one form that its spellings and terminals' dialects share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl From<KeyEvent> for Key {
    /// Terminals say the same chord differently: Shift+Tab is `BackTab` or Tab with Shift, a capital
    /// comes with Shift or without, and lock keys may stand among the modifiers.
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
    /// A press of the chord, as a terminal tells of it.
    fn from(key: Key) -> Self {
        let back = key.code == KeyCode::Tab && key.modifiers.contains(KeyModifiers::SHIFT);
        Self::new(if back { KeyCode::BackTab } else { key.code }, key.modifiers)
    }
}

impl Key {
    /// The key itself.
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
                _ => bail!("`{text}` is no key: `{word}` is none of ctrl, alt, shift"),
            };
        }
        let Some(code) = code(name) else {
            bail!("`{text}` is no key: there is no `{name}` (write `ctrl-s`, `alt-enter`, `f2`)")
        };
        Ok(Self::from(KeyEvent::new(code, modifiers)))
    }
}

/// The key that a name stands for.
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

/// Every named key: itself, its name in the file, its name on screen.
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

/// One line of a table of keys, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The key, as it is spelt there.
    pub key: String,
    /// The command's name, or `nothing`.
    pub command: String,
    /// The file and the line.
    pub place: String,
}

/// What a key stands for that is taken from its command.
pub const NOTHING: &str = "nothing";

/// Which command each key stands for, in the order of the file.
#[derive(Clone, Debug)]
pub struct Keymap<C> {
    bindings: Vec<(Key, C)>,
    /// What the writer's own table says of keys, as it is spelt there: no key twice.
    own: Vec<(Key, Line)>,
    /// Where nothing is typed, letters are keys like any other.
    letters: bool,
}

impl<C: Copy + PartialEq + FromStr + VariantNames> Keymap<C> {
    /// Reads a table of keys. An unknown key or command, or two lines for one key, is an error that names them.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text, false)
    }

    /// As [`Keymap::parse`], for where nothing is typed: letters are keys too.
    pub fn parse_any(text: &str) -> Result<Self> {
        Self::read(text, true)
    }

    fn read(text: &str, letters: bool) -> Result<Self> {
        let table: BTreeMap<Spanned<String>, String> =
            toml::from_str(text).context("the table of keys")?;
        let mut table: Vec<_> = table.into_iter().collect();
        table.sort_by_key(|(key, _)| key.span().start);
        let mut keymap = Self { bindings: Vec::new(), own: Vec::new(), letters };
        for (key, command) in table {
            let place = format!("keys, line {}", mistake::line(text, key.span().start));
            keymap.lay(&Line { key: key.into_inner(), command, place })?;
        }
        // Lines of one table come in the order in which they are to be named.
        keymap.bindings.reverse();
        keymap.own.clear();
        Ok(keymap)
    }

    /// Lays one line over the keys there are: its key is then its command's usual one.
    ///
    /// # Errors
    /// When the line names no key or no command, or a key that an earlier line was laid for; then nothing changes.
    pub fn lay(&mut self, line: &Line) -> Result<()> {
        let Line { key: name, command, place } = line;
        let key: Key = name.parse().with_context(|| place.clone())?;
        if key.typed().is_some() && !self.letters {
            bail!("{place}: `{name}` types a character; hold ctrl or alt with it");
        }
        let bound = if command == NOTHING { None } else { Some(command.parse()) };
        let Ok(bound) = bound.transpose() else {
            let meant = mistake::meant(command, C::VARIANTS);
            bail!("{place}: `{name}` stands for `{command}`, which is no command{meant}")
        };
        if let Some((_, other)) = self.own.iter().find(|(known, _)| *known == key) {
            bail!("{place}: `{name}` is the same key as `{}` ({})", other.key, other.place);
        }
        self.own.push((key, line.clone()));
        self.bindings.retain(|(known, _)| *known != key);
        if let Some(bound) = bound {
            self.bindings.insert(0, (key, bound));
        }
        Ok(())
    }

    /// What a key stands for.
    pub fn command(&self, key: Key) -> Option<C> {
        self.bindings.iter().find(|(bound, _)| *bound == key).map(|(_, command)| *command)
    }

    /// The keys of a command; the first is its usual one.
    pub fn keys(&self, command: C) -> impl Iterator<Item = Key> + '_ {
        self.bindings.iter().filter(move |(_, bound)| *bound == command).map(|(key, _)| *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[derive(Clone, Copy, Debug, PartialEq, strum::EnumString, strum::VariantNames)]
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
                "line 2: `ctrl-s` stands for `sav`, which is no command; did you mean `save`?",
            ),
            ("\"hyper-s\" = \"save\"", "`hyper`"),
            ("\"x\" = \"save\"", "types a character"),
        ] {
            let error = Keymap::<Act>::parse(table).expect_err(table);
            assert!(format!("{error:#}").contains(says), "{error:#}");
        }
    }

    #[test]
    fn own_keys_are_laid_over() {
        let table = "\"ctrl-s\" = \"save\"\n\"f2\" = \"save\"\n\"ctrl-q\" = \"quit\"";
        let mut keymap = Keymap::<Act>::parse(table).expect("good");
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
