//! Turns a continuation's bytes into the text that is shown: whole characters, up to a stop, cleaned.
//!
//! Text is held back only as long as it may still change: incomplete characters, a possible prefix of a stop text or of
//! a training tag, and, when stopping at a sentence's end, the whitespace after one.

use crate::{
    clean::{Cleaner, Level, Phrases, sentence_ends},
    judge::leaves_open,
    token::{SamplingParams, StopReason},
};

/// The state of one continuation's text.
pub struct Text {
    /// Bytes of an incomplete character.
    partial: Vec<u8>,
    /// All whole characters, before cleaning.
    raw: String,
    /// How many bytes of `raw` were passed to the cleaner.
    given: usize,
    cleaner: Option<Cleaner>,
    stop: Vec<String>,
    /// Stop behind this phrase.
    end_on: Phrases,
    /// Stop at the first sentence's end after at least this many tokens; `None` = don't.
    sentence: Option<usize>,
    tokens: usize,
    /// The byte of `raw` after which a sentence's end counts.
    least: usize,
    /// The line of the prompt that the text continues. A quote that it opens may be closed by the text.
    before: String,
    /// What each new line begins with.
    indent: String,
    /// Whether the next character begins a line that the indentation belongs to.
    new_line: bool,
    /// Whether spaces are dropped, because the text continues an indentation.
    at_indent: bool,
}

impl Text {
    /// An empty text that follows `prompt`.
    pub fn new(params: &SamplingParams, level: Level, prompt: &str) -> Self {
        Self {
            indent: String::new(),
            new_line: false,
            at_indent: false,
            before: prompt.rsplit('\n').next().unwrap_or_default().to_owned(),
            partial: Vec::new(),
            raw: String::new(),
            given: 0,
            cleaner: Some(Cleaner::new(level)),
            stop: params.stop.iter().filter(|s| !s.is_empty()).cloned().collect(),
            end_on: Phrases::new([&params.end_on]),
            sentence: params.sentence.filter(|_| params.end_on.trim().is_empty()),
            tokens: 0,
            least: 0,
        }
    }

    /// Begin new lines with `indent`. With `at_indent` the text continues an indentation, so it begins without a space.
    pub fn indented(self, indent: String, at_indent: bool) -> Self {
        Self { indent, at_indent, ..self }
    }

    /// Add a token's bytes. Returns the text that is final now, and the stop reason if the continuation ends here.
    pub fn push(&mut self, bytes: &[u8]) -> (String, Option<StopReason>) {
        let before = self.raw.len();
        self.partial.extend(bytes);
        self.take_whole_characters();
        self.tokens += 1;
        if let Some(at) = self.stops_at(before) {
            return (self.give(at, true), Some(StopReason::Stop));
        }
        let phrase = self.phrase();
        if let Some((at, true)) = phrase {
            return (self.give(at, true), Some(StopReason::Phrase));
        }
        if let Some(at) = self.sentence_end() {
            return (self.give(at, true), Some(StopReason::Sentence));
        }
        // What comes behind the phrase is not shown.
        let certain = self.certain().min(phrase.map_or(usize::MAX, |(at, _)| at));
        let text = self.give(certain, false);
        let ended = self.cleaner.as_ref().is_some_and(Cleaner::ended);
        (text, ended.then_some(StopReason::Eot))
    }

    /// Return the text that was still held back; call it at the end.
    pub fn finish(&mut self) -> String {
        if !self.partial.is_empty() {
            self.partial.clear();
            self.raw.push(char::REPLACEMENT_CHARACTER);
        }
        self.give(self.raw.len(), true)
    }

    /// Whether the text has the phrase that it is to end on, now that nothing more comes.
    pub fn ends_on_phrase(&self) -> bool {
        self.end_on.find(&self.raw).is_some()
    }

    /// The byte behind the phrase that the text is to end on, with the marks that close its sentence, and whether it is
    /// certain that no more of them come.
    fn phrase(&self) -> Option<(usize, bool)> {
        let end = self.end_on.scan(self.raw.as_bytes(), 0, 0, false).whole?.end;
        let rest = &self.raw[end..];
        let marks = rest.find(|c: char| !".!?…\"'”’)".contains(c));
        Some((end + marks.unwrap_or(0), marks.is_some()))
    }

    fn take_whole_characters(&mut self) {
        loop {
            match std::str::from_utf8(&self.partial) {
                Ok(text) => {
                    self.raw.push_str(text);
                    self.partial.clear();
                    return;
                }
                Err(e) => {
                    let whole = e.valid_up_to();
                    self.raw.push_str(&String::from_utf8_lossy(&self.partial[..whole]));
                    let Some(bad) = e.error_len() else {
                        self.partial.drain(..whole);
                        return;
                    };
                    self.raw.push(char::REPLACEMENT_CHARACTER);
                    self.partial.drain(..whole + bad);
                }
            }
        }
    }

    /// The byte at which the first complete stop text begins, including one that began before the new token. `before`
    /// is the length of `raw` without that token.
    fn stops_at(&self, before: usize) -> Option<usize> {
        self.stop
            .iter()
            .filter_map(|stop| {
                let mut from = before.saturating_sub(stop.len());
                while !self.raw.is_char_boundary(from) {
                    from -= 1;
                }
                self.raw[from..].find(stop.as_str()).map(|at| from + at)
            })
            .min()
    }

    /// The byte of the first confirmed sentence's end after the minimum number of tokens, outside quotes and brackets.
    fn sentence_end(&mut self) -> Option<usize> {
        if self.tokens < self.sentence? {
            self.least = self.raw.len();
            return None;
        }
        let certain = |&at: &usize| {
            let rest = &self.raw[at..];
            rest.contains('\n') || !rest.trim_start().is_empty()
        };
        // Text that was already returned can't be cut off.
        let possible = |&at: &usize| {
            at > self.least && at >= self.given && !leaves_open(&self.before, &self.raw[..at])
        };
        let mark = sentence_ends(&self.raw).filter(possible).find(certain);
        let paragraph = self.raw[self.least..]
            .find("\n\n")
            .map(|at| self.least + at)
            .filter(|&at| possible(&at) && !self.raw[..at].trim().is_empty());
        mark.into_iter().chain(paragraph).min()
    }

    /// The length of the prefix of `raw` that is final.
    fn certain(&self) -> usize {
        let held = self.stop.iter().filter_map(|stop| {
            (1..stop.len())
                .rev()
                .filter(|&n| stop.is_char_boundary(n))
                .find(|&n| self.raw.ends_with(&stop[..n]))
                .map(|n| self.raw.len() - n)
        });
        let mut certain = held.min().unwrap_or(self.raw.len());
        if self.sentence.is_some() {
            let end = self.raw.trim_end().len();
            if end < self.raw.len()
                && (sentence_ends(&self.raw[..end]).last() == Some(end)
                    || self.raw[end..].contains('\n'))
            {
                certain = certain.min(end);
            }
        }
        certain.max(self.given)
    }

    fn give(&mut self, to: usize, last: bool) -> String {
        let new = self.raw[self.given..to.max(self.given)].to_string();
        self.given += new.len();
        let Some(cleaner) = &mut self.cleaner else { return String::new() };
        let mut text = cleaner.push(&new);
        if last && let Some(cleaner) = self.cleaner.take() {
            text += &cleaner.finish();
        }
        match self.indent.is_empty() && !self.at_indent {
            true => text,
            false => self.with_indent(&text),
        }
    }

    fn with_indent(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if self.at_indent && matches!(c, ' ' | '\t') {
                continue;
            }
            self.at_indent = false;
            if self.new_line && c != '\n' {
                out.push_str(&self.indent);
            }
            self.new_line = c == '\n';
            out.push(c);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Push each of these parts. Returns the text after each, and the stop reason.
    fn run(params: SamplingParams, parts: &[&[u8]]) -> (Vec<String>, Option<StopReason>) {
        let mut text = Text::new(&params, Level::Prose, "");
        let mut out = Vec::new();
        for part in parts {
            let (s, stop) = text.push(part);
            out.push(s);
            if stop.is_some() {
                return (out, stop);
            }
        }
        out.push(text.finish());
        (out, None)
    }

    fn stops(stop: &[&str]) -> SamplingParams {
        SamplingParams { stop: stop.iter().map(|s| s.to_string()).collect(), ..Default::default() }
    }

    #[test]
    fn only_incomplete_characters_are_held_back() {
        let parts: [&[u8]; 4] = [b"caf\xc3", b"\xa9,", b" \xf0\x9f\x99", b"\x82."];
        assert_eq!(run(stops(&[]), &parts).0, ["caf", "é,", " ", "🙂.", ""]);
        let broken: [&[u8]; 2] = [b"a\xffb", b"\xe2\x82"];
        // Bytes that can never become a character are dropped.
        assert_eq!(run(stops(&[]), &broken).0, ["ab", "", ""]);
    }

    #[test]
    fn a_stop_text_is_found_across_tokens_and_never_shown() {
        let parts: [&[u8]; 4] = [b"one #", b"#", b"# two", b"three"];
        let (out, stop) = run(stops(&["###"]), &parts);
        assert_eq!((out.concat().as_str(), stop), ("one ", Some(StopReason::Stop)));
        let parts: [&[u8]; 3] = [b"one #", b"# two", b"!"];
        assert_eq!(
            run(stops(&["###"]), &parts),
            (vec!["one ".into(), "## two".into(), "!".into(), "".into()], None)
        );
        let parts: [&[u8]; 1] = ["x é|y".as_bytes()];
        assert_eq!(run(stops(&["|", "é"]), &parts).0, ["x "]);
    }

    #[test]
    fn new_lines_are_indented_and_blank_ones_are_not() {
        let params = SamplingParams::default();
        let mut text = Text::new(&params, Level::Prose, "").indented("  ".into(), true);
        let parts = [" The", " lamp\n", "went", " out\n\nSo"];
        let out: String = parts.iter().map(|part| text.push(part.as_bytes()).0).collect();
        assert_eq!(out + &text.finish(), "The lamp\n  went out\n\n  So");
    }

    #[test]
    fn a_text_ends_behind_its_phrase_and_the_marks_there() {
        let on = |phrase: &str| SamplingParams {
            end_on: phrase.into(),
            sentence: Some(1),
            ..Default::default()
        };
        let parts: [&[u8]; 6] = [b" Then. The", b" Lamp went", b" out", b".", b"\"", b" She"];
        let (out, stop) = run(on("the lamp went out"), &parts);
        let expected = " Then. The Lamp went out.\"";
        assert_eq!((out.concat().as_str(), stop), (expected, Some(StopReason::Phrase)));
        let parts: [&[u8]; 3] = [b" The lamp", b" went outside", b". It"];
        let (out, stop) = run(on("lamp went out"), &parts);
        assert_eq!((out.concat().as_str(), stop), (" The lamp went outside. It", None));
        let mut text = Text::new(&on("so"), Level::Prose, "");
        assert!(text.push(b" And so").1.is_none() && text.ends_on_phrase());
        assert!(!Text::new(&SamplingParams::default(), Level::Prose, "").ends_on_phrase());
    }

    #[test]
    fn a_sentence_ends_where_the_next_begins() {
        let one = |n| SamplingParams { sentence: Some(n), ..Default::default() };
        let parts: [&[u8]; 6] = [b" It cost 3", b".", b"14", b".", b"\"", b" Then"];
        let (out, stop) = run(one(1), &parts);
        assert_eq!((out.concat().as_str(), stop), (" It cost 3.14.\"", Some(StopReason::Sentence)));
        let parts: [&[u8]; 6] = [b" Go", b".", b"\n\n", b"He", b" went. ", b"So"];
        assert_eq!(run(one(1), &parts).0.concat(), " Go.");
        assert_eq!(run(one(3), &parts).0.concat(), " Go.\n\nHe went.");
        // no end inside a speech or a bracket
        let parts: [&[u8]; 5] = [b" \"Go.", b" Go now.", b"\"", b" He", b" went."];
        assert_eq!(run(one(1), &parts).0.concat(), " \"Go. Go now.\"");
        let parts: [&[u8]; 4] = [b" It (so. He", b" said) went.", b" So", b" it."];
        assert_eq!(run(one(1), &parts).0.concat(), " It (so. He said) went.");
        let parts: [&[u8]; 3] = [b"A title", b"\n\n", b"Text"];
        assert_eq!(
            run(one(1), &parts),
            (vec!["A title".into(), "".into()], Some(StopReason::Sentence))
        );
    }
}
