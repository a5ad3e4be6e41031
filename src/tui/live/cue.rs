//! Everything that a key or a pedal can do on air. A doc comment here is the help text.

use strum::{EnumCount, EnumIter, EnumMessage, EnumString, IntoStaticStr, VariantNames};

/// The keys on air as they come.
pub const KEYS: &str = include_str!("keys.toml");

/// One act on air.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    EnumCount,
    EnumIter,
    EnumMessage,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Cue {
    /// Roll; freeze; go on. At the end of a take, have it go on.
    Go,
    /// Freeze, and show the next token.
    Step,
    /// Freeze, and take the last token back from the screen.
    Rewind,
    /// Back to where the take begins.
    ToStart,
    /// On to all that has come.
    ToEnd,
    /// Slow motion; again: the usual pace.
    Slow,
    /// Faster.
    Faster,
    /// Slower.
    Slower,
    /// Roll again from here: other words behind what is on the screen.
    RollAgain,
    /// Three takes side by side from here.
    Takes,
    /// What the dice chose among; choose a loser, and what if.
    Dice,
    /// The take before, or the choice above.
    Up,
    /// The take after, or the choice below.
    Down,
    /// Take what is chosen.
    Choose,
    /// The next prompt of the rundown.
    Next,
    /// The prompt before.
    Previous,
    /// Type a guest's prompt.
    Guest,
    /// Type the writer's own way to go on, for the notes.
    Write,
    /// Blank the screen at once; again: show it.
    Blank,
    /// Bleep the word that came last, now and from now on.
    BleepLast,
    /// A marker at this moment of the tape.
    Marker,
    /// The tape's clock starts, stands, goes on.
    Tape,
    /// Read aloud; again: be silent.
    Voice,
    /// Other letters: spaced, large, plain.
    Letters,
    /// Show the keys.
    Help,
    /// Close what is open.
    Close,
    /// Off air, to the desk.
    OffAir,
    /// Off air, and leave the program.
    Quit,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keymap::Keymap;
    use strum::IntoEnumIterator;

    #[test]
    fn every_cue_has_help_a_key_and_a_pedal() {
        let keymap = Keymap::<Cue>::parse_any(KEYS).expect("the keys as they come");
        for cue in Cue::iter() {
            let name: &str = cue.into();
            assert!(cue.get_documentation().is_some(), "{name} has no help");
            let keys: Vec<_> = keymap.keys(cue).map(|key| key.to_string()).collect();
            assert!(!keys.is_empty(), "{name} has no key");
            assert!(keys.iter().any(|key| key.contains('F') && key.len() > 1), "{name}: {keys:?}");
        }
    }
}
