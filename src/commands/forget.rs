//! `unstuck forget`: deletes the history of a draft, but not the draft.

use super::Place;
use crate::session;
use anyhow::Result;
use std::path::Path;

/// Remove the journal of `draft` from the state folder, and say whether there was one.
///
/// # Errors
/// When the draft is open in a desk, or the journal can't be removed.
pub fn run(draft: &Path, state: &Path) -> Result<()> {
    let name = draft.display();
    let mut place = Place::open(None)?;
    place.write(&if session::forget(draft, state)? {
        format!("The history of {name} is gone; the draft is as it was.\n")
    } else {
        format!("There is no history of {name}.\n")
    })
}
