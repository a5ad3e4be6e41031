//! The commands: everything that a key can do. A doc comment here is the help text, `message` its heading in the help.
//! Commands that open an overlay are described in the overlay's file ([`Opens`]) and listed in `overlay::TABLE`.

use crate::session::Motion;
use strum::{EnumIter, EnumMessage, IntoEnumIterator};

/// A command of the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, EnumMessage)]
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
    /// Show the next list of offers.
    #[strum(message = "The model")]
    NextList,
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
    /// Turn the model off or on in this draft.
    #[strum(message = "The model")]
    ModelOff,

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
    /// Select the word at the cursor; again, the sentence, the paragraph, everything.
    #[strum(message = "The text")]
    SelectMore,
    /// Move the paragraph before the previous one.
    #[strum(message = "The text")]
    MoveParagraphUp,
    /// Move the paragraph behind the next one.
    #[strum(message = "The text")]
    MoveParagraphDown,
    /// Put a copy of the paragraph behind it.
    #[strum(message = "The text")]
    DuplicateParagraph,
    /// Turn marks for words that the dictionary doesn't know on or off.
    #[strum(message = "The text")]
    Spelling,
    /// Mark clichés, weak words and words repeated nearby, or stop. It changes nothing in the text.
    #[strum(message = "The text")]
    Critic,
    /// Start a timed session, or end it.
    #[strum(message = "The text")]
    Timer,

    /// Go to the next branch at this place.
    #[strum(message = "The history")]
    NextBranch,
    /// Go to the previous branch at this place.
    #[strum(message = "The history")]
    PreviousBranch,
    /// Show who wrote what; again, how the model ranks each word; again, how surprising each is; again, nothing.
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
    /// Move a word right, whether there is an offer or not.
    #[strum(message = "Moving")]
    WordRight,
    /// Move to the start of the sentence, or of the one before.
    #[strum(message = "Moving")]
    SentenceLeft,
    /// Move to the next sentence.
    #[strum(message = "Moving")]
    SentenceRight,
    /// Move a paragraph up.
    #[strum(message = "Moving")]
    ParagraphUp,
    /// Move a paragraph down, whether there is an offer or not.
    #[strum(message = "Moving")]
    ParagraphDown,
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
    /// Set a bookmark at the cursor, or remove it.
    #[strum(message = "Moving")]
    Bookmark,
    /// Go to the next bookmark; after the last, to the first.
    #[strum(message = "Moving")]
    NextBookmark,

    /// Light only the sentence with the cursor; again, the paragraph; again, everything.
    #[strum(message = "The desk")]
    Focus,
    /// Keep the cursor's row at two fifths of the height; again: no longer.
    #[strum(message = "The desk")]
    Typewriter,
    /// Make the page wider.
    #[strum(message = "The desk")]
    Wider,
    /// Make the page narrower.
    #[strum(message = "The desk")]
    Narrower,
    /// Show paragraphs indented; again, with empty rows between them; again, as written.
    #[strum(message = "The desk")]
    Paragraphs,
    /// Type curly quotes, of the next language, or straight ones.
    #[strum(message = "The desk")]
    Quotes,
    /// Save the draft.
    #[strum(message = "The desk")]
    Save,
    /// Quit; asks first if there are unsaved changes.
    #[strum(message = "The desk")]
    Quit,
    /// Go on air: large text for an audience; press again to return.
    #[strum(message = "The desk")]
    OnAir,
    /// Take the tour: three steps on a copy of an example.
    #[strum(message = "The desk")]
    Tour,
    /// Open an overlay.
    #[strum(disabled)]
    Opens(&'static Opens),
}

/// A command that opens an overlay.
#[derive(Debug, PartialEq, Eq)]
pub struct Opens {
    /// Its name in the table of keys.
    pub name: &'static str,
    /// The heading that it has in the help; one of those in [`Command`].
    pub heading: &'static str,
    /// What it does, in a sentence.
    pub help: &'static str,
    /// Its keys, the usual one first.
    pub keys: &'static [&'static str],
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
    /// All commands: those here and those of overlays, in the order of the help.
    pub fn all(overlays: impl Iterator<Item = &'static Opens>) -> Vec<Self> {
        let mut all: Vec<_> = Self::iter().chain(overlays.map(Self::Opens)).collect();
        let headings: Vec<_> = Self::iter().map(Self::heading).collect();
        all.sort_by_key(|command| headings.iter().position(|name| *name == command.heading()));
        all
    }

    /// Its name in the table of keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opens(overlay) => overlay.name,
            other => other.get_serializations().first().copied().unwrap_or_default(),
        }
    }

    /// The heading that it has in the help.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Opens(overlay) => overlay.heading,
            other => other.get_message().unwrap_or_default(),
        }
    }

    /// What it does, in a sentence.
    pub fn help(self) -> &'static str {
        match self {
            Self::Opens(overlay) => overlay.help,
            other => other.get_documentation().unwrap_or_default(),
        }
    }

    /// Where the command moves when it doesn't take; `None` when it does not move at all.
    pub fn leads(self) -> Option<Move> {
        Some(match self {
            Self::Left => Move::Text(Motion::Left),
            Self::Right => Move::Text(Motion::Right),
            Self::WordLeft => Move::Text(Motion::WordLeft),
            Self::TakeWord | Self::WordRight => Move::Text(Motion::WordRight),
            Self::SentenceLeft => Move::Text(Motion::SentenceLeft),
            Self::SentenceRight => Move::Text(Motion::SentenceRight),
            Self::ParagraphUp => Move::Text(Motion::ParagraphUp),
            Self::TakeSentence | Self::ParagraphDown => Move::Text(Motion::ParagraphDown),
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
        matches!(self, Self::Ask | Self::AskOrTab | Self::RollAgain)
    }

    /// The number of the offer that the command takes, from 0.
    pub fn numbered(self) -> Option<usize> {
        [Self::Take1, Self::Take2, Self::Take3, Self::Take4, Self::Take5, Self::Take6]
            .into_iter()
            .position(|command| command == self)
    }
}

impl From<Command> for &'static str {
    fn from(command: Command) -> Self {
        command.name()
    }
}
