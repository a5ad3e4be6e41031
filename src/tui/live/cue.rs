//! The cues: every action on air that a key or a pedal can trigger. The doc comment of a cue is its help text.

use strum::{EnumCount, EnumIter, EnumMessage, IntoStaticStr};

/// The default keys on air.
pub const KEYS: &str = include_str!("keys.toml");

/// An action on air.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumCount, EnumIter, EnumMessage, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Cue {
    /// Start, freeze or continue; at the end of a take, extend it.
    Go,
    /// Freeze, and show the next token.
    Step,
    /// Freeze, and hide the last token.
    Rewind,
    /// Go to the start of the take.
    ToStart,
    /// Show all that was generated so far.
    ToEnd,
    /// Slow motion; press again for the usual pace.
    Slow,
    /// Faster.
    Faster,
    /// Slower.
    Slower,
    /// Roll again from here: replace what follows.
    RollAgain,
    /// Show three takes side by side from here.
    Takes,
    /// Show the candidates for this token; choose one for a what-if.
    Dice,
    /// Go to the previous take or candidate.
    Up,
    /// Go to the next take or candidate.
    Down,
    /// Use the chosen take or candidate.
    Choose,
    /// Go to the next prompt of the rundown.
    Next,
    /// Go to the previous prompt.
    Previous,
    /// Type a guest's prompt.
    Guest,
    /// Play "Spot the machine": guests say who wrote a passage.
    Spot,
    /// Type the writer's own continuation, for the notes.
    Write,
    /// Show the writer's own continuation, or hide it.
    Reveal,
    /// Blank the screen at once; press again to show it.
    Blank,
    /// Bleep the last word, now and from now on.
    BleepLast,
    /// Take the last bleep back.
    Unbleep,
    /// Set a marker at this moment of the recording.
    Marker,
    /// Start, pause or resume the recording clock.
    Tape,
    /// Set the recording clock.
    SetTape,
    /// Read aloud; press again to stop.
    Voice,
    /// Change the letters: spaced, large, plain.
    Letters,
    /// Show the keys.
    Help,
    /// Close what is open.
    Close,
    /// Go off air, back to the desk.
    OffAir,
    /// Go off air, and quit.
    Quit,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keymap::Keymap;
    use strum::IntoEnumIterator;

    #[test]
    fn every_cue_has_help_a_key_and_a_pedal() {
        let keymap = Keymap::parse_any(KEYS, Cue::iter()).expect("the keys as they come");
        for cue in Cue::iter() {
            let name: &str = cue.into();
            assert!(cue.get_documentation().is_some(), "{name} has no help");
            let keys: Vec<_> = keymap.keys(cue).map(|key| key.to_string()).collect();
            assert!(!keys.is_empty(), "{name} has no key");
            assert!(keys.iter().any(|key| key.contains('F') && key.len() > 1), "{name}: {keys:?}");
        }
    }
}
