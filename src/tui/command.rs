//! Everything that a key can do. A doc comment here is the help text; `message` is the heading it stands under.

use crate::session::Motion;
use strum::{EnumIter, EnumMessage, EnumString, IntoStaticStr, VariantNames};

/// One act of the desk.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    EnumIter,
    EnumMessage,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Command {
    /// Ask the model to go on from the cursor, or for another list; on an empty page, for openings.
    #[strum(message = "The model")]
    Ask,
    /// At the end of a paragraph ask; elsewhere put in a tab.
    #[strum(message = "The model")]
    AskOrTab,
    /// Stop the model; again: put the offers away.
    #[strum(message = "The model")]
    Stop,
    /// Take the next word of the offer at the cursor; without one, move a word right.
    #[strum(message = "The model")]
    TakeWord,
    /// Take the next sentence of the offer at the cursor; without one, move a paragraph down.
    #[strum(message = "The model")]
    TakeSentence,
    /// Take all of the offer.
    #[strum(message = "The model")]
    TakeAll,
    /// Roll again: other words in the same place; right after a take, instead of what was taken.
    #[strum(message = "The model")]
    RollAgain,
    /// Roll only the chosen offer again.
    #[strum(message = "The model")]
    RollOne,
    /// Pin the chosen offer, so that it stays while the others are rolled; again: let it go.
    #[strum(message = "The model")]
    Pin,
    /// Let the chosen offer go on for another sentence.
    #[strum(message = "The model")]
    Longer,
    /// One offer more, now and from now on, up to six.
    #[strum(message = "The model")]
    MoreOffers,
    /// One offer fewer from now on.
    #[strum(message = "The model")]
    FewerOffers,
    /// Offer a line when no key was pressed for half a second; again: don't.
    #[strum(message = "The model")]
    Idle,
    /// Go to the list of offers: arrows choose, Enter takes, Esc goes back to the page.
    #[strum(message = "The model")]
    Offers,
    /// Show the list before this one.
    #[strum(message = "The model")]
    PreviousList,
    /// Take offer 1; 2 to 6 likewise.
    #[strum(message = "The model", serialize = "take-1")]
    Take1,
    /// Take offer 2.
    #[strum(message = "The model", serialize = "take-2")]
    Take2,
    /// Take offer 3.
    #[strum(message = "The model", serialize = "take-3")]
    Take3,
    /// Take offer 4.
    #[strum(message = "The model", serialize = "take-4")]
    Take4,
    /// Take offer 5.
    #[strum(message = "The model", serialize = "take-5")]
    Take5,
    /// Take offer 6.
    #[strum(message = "The model", serialize = "take-6")]
    Take6,
    /// Open the machine's word at the cursor: what else might have stood there, to go on from that.
    #[strum(message = "The model")]
    OpenToken,
    /// Choose another model, here or from the hub; the draft stays as it is.
    #[strum(message = "The model")]
    Models,
    /// Presets and dials: how daring the model is, how long offers are, how many there are.
    #[strum(message = "The model")]
    Dials,
    /// Let another model answer beside this one, on the same seed.
    #[strum(message = "The model")]
    Compare,

    /// Take back the last change, the machine's or yours.
    #[strum(message = "The text")]
    Undo,
    /// Bring back what was taken back.
    #[strum(message = "The text")]
    Redo,
    /// Cut what is selected.
    #[strum(message = "The text")]
    Cut,
    /// Copy what is selected.
    #[strum(message = "The text")]
    Copy,
    /// Paste what was cut or copied.
    #[strum(message = "The text")]
    Paste,
    /// Select everything.
    #[strum(message = "The text")]
    SelectAll,
    /// Find words on the page, and replace them; again: back to where you were.
    #[strum(message = "The text")]
    Find,
    /// Begin a new line.
    #[strum(message = "The text")]
    NewLine,
    /// Delete the character before the cursor, or what is selected.
    #[strum(message = "The text")]
    DeleteBack,
    /// Delete the character after the cursor, or what is selected.
    #[strum(message = "The text")]
    DeleteForward,
    /// Delete the word before the cursor.
    #[strum(message = "The text")]
    DeleteWordBack,
    /// Delete the word after the cursor.
    #[strum(message = "The text")]
    DeleteWordForward,

    /// Show all branches of the draft: go to one, compare, name, bookmark, prune.
    #[strum(message = "The history")]
    Branches,
    /// Go to the next branch beside this one.
    #[strum(message = "The history")]
    NextBranch,
    /// Go to the branch before this one.
    #[strum(message = "The history")]
    PreviousBranch,
    /// Show whose words these are, and how many; again: no longer.
    #[strum(message = "The history")]
    Whose,

    /// Move left. With Shift, this and all below select.
    #[strum(message = "Moving")]
    Left,
    /// Move right; at the very end of the text, take all of the offer.
    #[strum(message = "Moving")]
    Right,
    /// Move up.
    #[strum(message = "Moving")]
    Up,
    /// Move down.
    #[strum(message = "Moving")]
    Down,
    /// Move a word left.
    #[strum(message = "Moving")]
    WordLeft,
    /// Move a paragraph up.
    #[strum(message = "Moving")]
    ParagraphUp,
    /// Move to the start of the row.
    #[strum(message = "Moving")]
    RowStart,
    /// Move to the end of the row.
    #[strum(message = "Moving")]
    RowEnd,
    /// Move a page up.
    #[strum(message = "Moving")]
    PageUp,
    /// Move a page down.
    #[strum(message = "Moving")]
    PageDown,
    /// Move to the start of the text.
    #[strum(message = "Moving")]
    Start,
    /// Move to the end of the text.
    #[strum(message = "Moving")]
    End,

    /// Save the draft.
    #[strum(message = "The desk")]
    Save,
    /// Save the draft under another name.
    #[strum(message = "The desk")]
    SaveAs,
    /// Leave; asks first when something is not saved.
    #[strum(message = "The desk")]
    Quit,
    /// Find any command by a few letters, and run it.
    #[strum(message = "The desk")]
    Palette,
    /// Choose how the desk looks; each theme is seen at once.
    #[strum(message = "The desk")]
    Themes,
    /// Open a draft of late in the place of this one.
    #[strum(message = "The desk")]
    Recent,
    /// Look at what the bot would say: let it go, change it, drop it.
    #[strum(message = "The desk")]
    Mentions,
    /// On air: the page goes, and the model works in letters for a room; again: back to the desk.
    #[strum(message = "The desk")]
    OnAir,
    /// Show all keys.
    #[strum(message = "The desk")]
    Help,
}

/// Where a moving command leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Along the text, as the session knows it.
    Text(Motion),
    /// By rows of the screen; negative is up.
    Rows(isize),
    /// By screens; negative is up.
    Pages(isize),
    /// To the start of the row on the screen.
    RowStart,
    /// To the end of the row on the screen.
    RowEnd,
}

impl Command {
    /// Where the command moves when it doesn't take; `None` when it does not move at all.
    pub fn leads(self) -> Option<Move> {
        Some(match self {
            Self::Left => Move::Text(Motion::Left),
            Self::Right => Move::Text(Motion::Right),
            Self::WordLeft => Move::Text(Motion::WordLeft),
            Self::TakeWord => Move::Text(Motion::WordRight),
            Self::ParagraphUp => Move::Text(Motion::ParagraphUp),
            Self::TakeSentence => Move::Text(Motion::ParagraphDown),
            Self::Start => Move::Text(Motion::Start),
            Self::End => Move::Text(Motion::End),
            Self::Up => Move::Rows(-1),
            Self::Down => Move::Rows(1),
            Self::PageUp => Move::Pages(-1),
            Self::PageDown => Move::Pages(1),
            Self::RowStart => Move::RowStart,
            Self::RowEnd => Move::RowEnd,
            _ => return None,
        })
    }

    /// It does something to the chosen offer, or to how many there are, and not to the page.
    pub fn is_about_an_offer(self) -> bool {
        matches!(
            self,
            Self::Pin
                | Self::Longer
                | Self::RollOne
                | Self::RollAgain
                | Self::MoreOffers
                | Self::FewerOffers
        )
    }

    /// It brings something to the cursor without changing the text.
    pub fn is_at_the_cursor(self) -> bool {
        matches!(self, Self::Ask | Self::AskOrTab | Self::RollAgain | Self::OpenToken)
    }

    /// The number of the offer that the command takes, from 0.
    pub fn numbered(self) -> Option<usize> {
        [Self::Take1, Self::Take2, Self::Take3, Self::Take4, Self::Take5, Self::Take6]
            .into_iter()
            .position(|command| command == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::keymap::{DEFAULTS, Keymap};
    use strum::IntoEnumIterator;

    #[test]
    fn every_command_has_help_a_heading_and_a_key() {
        let keymap = Keymap::<Command>::parse(DEFAULTS).expect("the keys as they come");
        for command in Command::iter() {
            let name: &str = command.into();
            assert_eq!(name.parse(), Ok(command));
            assert!(command.get_documentation().is_some(), "{name} has no help");
            assert!(command.get_message().is_some(), "{name} has no heading");
            assert!(keymap.keys(command).next().is_some(), "{name} has no key");
        }
    }
}
