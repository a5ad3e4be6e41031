//! What front ends share: keys, themes, the terminal's set-up, signals, and the thread of the model. Independent of any
//! front end.

pub mod asking;
pub mod chapters;
pub mod escapes;
pub mod keep;
pub mod keymap;
pub mod mistake;
pub mod receipts;
pub mod remembered;
pub mod replay;
pub mod shelf;
pub mod signals;
mod speed;
pub mod terminal;
pub mod theme;
pub mod worker;
