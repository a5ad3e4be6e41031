//! Repairs Esc and another key that arrive in one read. crossterm takes two escape characters in a row for one key, and
//! reports what follows the second one as letters. So Esc just before an arrow, over a slow line, would type `[C` into
//! the draft.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

/// The length of the longest escape sequence of a key or the mouse.
const LONGEST: usize = 32;

/// The events that start with `first`, where the letters of a torn escape sequence are replaced by its key. `more` gives
/// the next event that has already arrived, and never waits. Sequences that are not a key are dropped.
pub fn whole(first: Event, mut more: impl FnMut() -> Option<Event>) -> Vec<Event> {
    let mut events = vec![first];
    if !is(&events[0], KeyCode::Esc) {
        return events;
    }
    let opens = loop {
        let Some(next) = more() else { return events };
        let (opens, again) = (letter(&next), is(&next, KeyCode::Esc));
        events.push(next);
        match opens {
            Some(c @ ('[' | 'O')) => break c,
            _ if again => {}
            _ => return events,
        }
    };
    let escapes = events.len() - 1;
    let mut sequence = String::new();
    while sequence.len() < LONGEST
        && let Some(event) = more()
    {
        let c = letter(&event);
        events.push(event);
        match c {
            Some(c @ ' '..='?') if opens == '[' => sequence.push(c),
            // `[` starts another sequence; no key ends with it.
            Some(c @ '@'..='~') if c != '[' => {
                let key = key(opens, &sequence, c);
                // A short sequence that isn't a key may be two letters that somebody typed.
                if key.is_some() || !sequence.is_empty() {
                    events.truncate(escapes);
                    events.extend(key.map(Event::Key));
                }
                return events;
            }
            _ => return events,
        }
    }
    events
}

fn is(event: &Event, code: KeyCode) -> bool {
    matches!(event, Event::Key(key) if key.code == code && key.modifiers.is_empty())
}

/// A letter without Ctrl or Alt.
fn letter(event: &Event) -> Option<char> {
    let Event::Key(KeyEvent { code: KeyCode::Char(c), modifiers, .. }) = event else { return None };
    (*modifiers - KeyModifiers::SHIFT).is_empty().then_some(*c)
}

/// The key of an escape sequence as xterm sends it, such as `[1;5C`, `[3~` or `OR`.
fn key(opens: char, sequence: &str, last: char) -> Option<KeyEvent> {
    let mut numbers = sequence.split(';').map(|number| number.parse::<u8>().ok());
    let first = numbers.next().flatten();
    let code = match last {
        'A' => KeyCode::Up,
        'B' => KeyCode::Down,
        'C' => KeyCode::Right,
        'D' => KeyCode::Left,
        'F' => KeyCode::End,
        'H' => KeyCode::Home,
        'P'..='S' => KeyCode::F(last as u8 - b'P' + 1),
        'Z' => KeyCode::BackTab,
        '~' if opens == '[' => match first? {
            1 | 7 => KeyCode::Home,
            2 => KeyCode::Insert,
            3 => KeyCode::Delete,
            4 | 8 => KeyCode::End,
            5 => KeyCode::PageUp,
            6 => KeyCode::PageDown,
            n @ 11..=15 => KeyCode::F(n - 10),
            n @ 17..=21 => KeyCode::F(n - 11),
            n @ 23..=24 => KeyCode::F(n - 12),
            _ => return None,
        },
        _ => return None,
    };
    // One more than the sum of Shift 1, Alt 2 and Ctrl 4.
    let held = numbers.next().flatten().map_or(0, |held| held.saturating_sub(1));
    let names = [KeyModifiers::SHIFT, KeyModifiers::ALT, KeyModifiers::CONTROL];
    let held = names.into_iter().enumerate().filter(|(bit, _)| held & (1 << bit) != 0);
    Some(KeyEvent::new(code, held.map(|(_, name)| name).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Vec<Event> {
        let key = |c: char| match c {
            '\u{1b}' => KeyCode::Esc.into(),
            'A'..='Z' => KeyEvent::new(KeyCode::Char(c), KeyModifiers::SHIFT),
            _ => KeyCode::Char(c).into(),
        };
        text.chars().map(|c| Event::Key(key(c))).collect()
    }

    /// All events of a text, as they come out.
    fn out(text: &str) -> Vec<Event> {
        let mut events = typed(text).into_iter();
        let mut all = Vec::new();
        while let Some(first) = events.next() {
            all.extend(whole(first, || events.next()));
        }
        all
    }

    #[test]
    fn a_key_behind_escape_is_a_key() {
        let key = |code: KeyCode, held| {
            vec![Event::Key(KeyCode::Esc.into()), Event::Key(KeyEvent::new(code, held))]
        };
        for (text, expected) in [
            ("\u{1b}[C", key(KeyCode::Right, KeyModifiers::NONE)),
            ("\u{1b}[1;5C", key(KeyCode::Right, KeyModifiers::CONTROL)),
            ("\u{1b}[1;3A", key(KeyCode::Up, KeyModifiers::ALT)),
            ("\u{1b}OR", key(KeyCode::F(3), KeyModifiers::NONE)),
            ("\u{1b}[3~", key(KeyCode::Delete, KeyModifiers::NONE)),
            ("\u{1b}[21~", key(KeyCode::F(10), KeyModifiers::NONE)),
            // The mouse's and what nobody knows are nothing that is typed.
            ("\u{1b}[<64;20;8M", typed("\u{1b}")),
            ("\u{1b}[200~", typed("\u{1b}")),
            // These may be letters.
            ("\u{1b}", typed("\u{1b}")),
            ("\u{1b}[", typed("\u{1b}[")),
            ("\u{1b}[note", typed("\u{1b}[note")),
            ("\u{1b}Oh", typed("\u{1b}Oh")),
            ("\u{1b}x[1;5C", typed("\u{1b}x[1;5C")),
            ("[C", typed("[C")),
            ("\u{1b}\u{1b}[C", [typed("\u{1b}"), key(KeyCode::Right, KeyModifiers::NONE)].concat()),
        ] {
            assert_eq!(out(text), expected, "{text:?}");
        }
        let behind = out("\u{1b}[1;5Cword");
        assert_eq!(behind[2..], typed("word"));
    }
}
