//! Line ends in a draft whose file has lines that end in LF and lines that end in CR LF. The text keeps them, and a new
//! line ends as its neighbours do.

use super::{Session, file::Ends};
use ropey::Rope;
use std::borrow::Cow;

impl Session {
    /// A text that is about to be put at a place, with the line ends that the lines there have.
    pub(super) fn with_ends<'a>(&self, at: usize, text: Cow<'a, str>) -> Cow<'a, str> {
        if self.form.ends == Ends::Mixed && text.contains('\n') && ends_in_crlf(self.text(), at) {
            return text.replace('\n', "\r\n").into();
        }
        text
    }
}

/// Whether the line at a place ends in CR LF, or else, if it is the last one, the line before it.
fn ends_in_crlf(page: &Rope, at: usize) -> bool {
    let end = |newline: usize| newline > 0 && page.char(newline - 1) == '\r';
    let ahead = page.chars_at(at).position(|c| c == '\n').map(|ahead| at + ahead);
    let behind =
        || page.chars_at(at).reversed().position(|c| c == '\n').map(|behind| at - behind - 1);
    ahead.or_else(behind).is_some_and(end)
}
