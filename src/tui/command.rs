//! The commands of the desk: everything that a key can do. The doc comment of a command is its help text, shown by F1,
//! by the palette and in docs/desk.md; `message` is the heading above it.

use crate::session::Motion;
use strum::{EnumIter, EnumMessage, EnumString, IntoStaticStr, VariantNames};

/// A command of the desk.
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
    /// Ask the model for offers at the cursor; on an empty page, for openings.
    #[strum(message = "The model")]
    Ask,
    /// At the end of a paragraph, ask the model; elsewhere, insert a tab.
    #[strum(message = "The model")]
    AskOrTab,
    /// Stop the model; press again to close the offers.
    #[strum(message = "The model")]
    Stop,
    /// Take the next word of the offer; without an offer, move a word right.
    #[strum(message = "The model")]
    TakeWord,
    /// Take the next sentence of the offer; without one, move a paragraph down.
    #[strum(message = "The model")]
    TakeSentence,
    /// Take the whole offer.
    #[strum(message = "The model")]
    TakeAll,
    /// Roll: get new offers here; right after a take, replace the taken text.
    #[strum(message = "The model")]
    RollAgain,
    /// Roll the chosen offer only.
    #[strum(message = "The model")]
    RollOne,
    /// Pin the chosen offer, so that rolling keeps it; press again to unpin it.
    #[strum(message = "The model")]
    Pin,
    /// Continue the chosen offer by one more sentence.
    #[strum(message = "The model")]
    Longer,
    /// Ask for one more offer, now and in later questions; at most six.
    #[strum(message = "The model")]
    MoreOffers,
    /// Ask for one offer fewer in later questions.
    #[strum(message = "The model")]
    FewerOffers,
    /// Turn idle offers on or off: a line after half a second without a key.
    #[strum(message = "The model")]
    Idle,
    /// Go to the list of offers: arrows choose, Enter takes, Esc returns.
    #[strum(message = "The model")]
    Offers,
    /// Show the previous list of offers.
    #[strum(message = "The model")]
    PreviousList,
    /// Take offer 1; the same with 2 to 6.
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
    /// Open the token at the cursor: see the alternatives, continue from one.
    #[strum(message = "The model")]
    OpenToken,
    /// Choose another model, installed or from the hub; the draft stays.
    #[strum(message = "The model")]
    Models,
    /// Open the dials: preset, sampling settings, length and number of offers.
    #[strum(message = "The model")]
    Dials,
    /// Let a second model answer beside this one, with the same seed.
    #[strum(message = "The model")]
    Compare,

    /// Undo the last change, by you or by the model.
    #[strum(message = "The text")]
    Undo,
    /// Redo the last change that was undone.
    #[strum(message = "The text")]
    Redo,
    /// Cut the selection.
    #[strum(message = "The text")]
    Cut,
    /// Copy the selection.
    #[strum(message = "The text")]
    Copy,
    /// Paste from the clipboard.
    #[strum(message = "The text")]
    Paste,
    /// Select the whole text.
    #[strum(message = "The text")]
    SelectAll,
    /// Find and replace; press again to return to where you were.
    #[strum(message = "The text")]
    Find,
    /// Start a new line.
    #[strum(message = "The text")]
    NewLine,
    /// Delete the character before the cursor, or the selection.
    #[strum(message = "The text")]
    DeleteBack,
    /// Delete the character after the cursor, or the selection.
    #[strum(message = "The text")]
    DeleteForward,
    /// Delete the word before the cursor.
    #[strum(message = "The text")]
    DeleteWordBack,
    /// Delete the word after the cursor.
    #[strum(message = "The text")]
    DeleteWordForward,

    /// Open the branch map: visit, compare, name, bookmark, prune branches.
    #[strum(message = "The history")]
    Branches,
    /// Go to the next branch at this place.
    #[strum(message = "The history")]
    NextBranch,
    /// Go to the previous branch at this place.
    #[strum(message = "The history")]
    PreviousBranch,
    /// Show or hide who wrote what, with each author's share.
    #[strum(message = "The history")]
    Whose,

    /// Move left. With Shift, every movement key selects.
    #[strum(message = "Moving")]
    Left,
    /// Move right; at the end of the text, take the whole offer.
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
    /// Quit; asks first if there are unsaved changes.
    #[strum(message = "The desk")]
    Quit,
    /// Find any command by a few letters, and run it.
    #[strum(message = "The desk")]
    Palette,
    /// Choose a theme, with a preview.
    #[strum(message = "The desk")]
    Themes,
    /// Open a recent draft instead of this one.
    #[strum(message = "The desk")]
    Recent,
    /// Open the bot's approval queue: approve, edit or reject replies.
    #[strum(message = "The desk")]
    Mentions,
    /// Go on air: large text for an audience; press again to return.
    #[strum(message = "The desk")]
    OnAir,
    /// Show all keys.
    #[strum(message = "The desk")]
    Help,
}

/// How a command moves the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Along the text.
    Text(Motion),
    /// By this many rows of the screen; negative is up.
    Rows(isize),
    /// By this many screens; negative is up.
    Pages(isize),
    /// To the start of the row on the screen.
    RowStart,
    /// To the end of the row on the screen.
    RowEnd,
}

impl Command {
    /// How the command moves the cursor when it takes nothing; `None` when it never moves it.
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

    /// Whether the command changes the offers only, and not the page.
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

    /// Whether the command shows something at the cursor without changing the text.
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
