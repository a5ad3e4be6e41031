//! Curly quotes and dashes while typing, as the writer chose.

use super::Desk;
use crate::tui::look::{Curly, PageLook};
use strum::IntoEnumIterator;

/// How much of the line before the cursor is looked at, in characters.
const NEAR: usize = 2_000;

impl Desk {
    /// Types a text, with curly quotes and dashes if they are on. Returns what was typed, and whether it was.
    pub(super) fn type_smartly(&mut self, text: &str) -> (String, bool) {
        let PageLook { quotes, dashes, .. } = self.look.page;
        let start = self.session.selection().map_or(self.session.cursor(), |range| range.start);
        let page = self.session.text();
        let before = |back: usize| start.checked_sub(back).and_then(|at| page.get_char(at));
        let line = page.line_to_char(page.char_to_line(start)).max(start.saturating_sub(NEAR));
        let line = page.slice(line..start);
        if matches!(text, "\"" | "'")
            && let Some(quote) = quotes.of(text, &line.to_string())
        {
            return (quote.to_owned(), self.session.type_text(quote));
        }
        // The rules of Markdown, `---` and `...`, stay.
        let is_rule = line.chars().all(|c| matches!(c, '-' | '.'));
        let parts = match text {
            _ if !dashes || is_rule || self.session.selection().is_some() => None,
            "-" if before(1) == Some('-') => Some((1, "—")),
            "." if before(1) == Some('.') && before(2) == Some('.') => Some((2, "…")),
            _ => None,
        };
        match parts {
            Some((back, sign)) => {
                let done = self.session.replace(&[(start - back..start, sign.to_owned())]);
                (sign.to_owned(), done)
            }
            None => (text.to_owned(), self.session.type_text(text)),
        }
    }

    /// Changes the quotes that are typed to those of the next language.
    pub fn next_quotes(&mut self) {
        let all: Vec<_> = Curly::iter().collect();
        let at = all.iter().position(|one| *one == self.look.page.quotes).unwrap_or(0);
        let next = all[(at + 1) % all.len()];
        self.look.page.quotes = next;
        self.notices.say(match next.marks() {
            None => "Quotes stay straight.".to_owned(),
            Some([open, close, single_open, single_close]) => {
                format!("Quotes are typed as {open}a {single_open}b{single_close}{close}.")
            }
        });
    }
}
