//! Whether quotes and brackets are balanced: in a candidate, and together with the paragraph before and after it.

/// Words that begin with an apostrophe, which is no opening quote.
const ELIDED: [&str; 12] =
    ["tis", "twas", "twere", "twill", "em", "cause", "bout", "til", "till", "round", "n", "im"];

/// What is open at some point of a text.
#[derive(Clone, Default)]
struct Open {
    stack: Vec<char>,
    /// Marks that closed nothing, or opened what was open.
    wrong: usize,
}

impl Open {
    fn close(&mut self, opener: char) {
        match self.stack.iter().rposition(|open| *open == opener) {
            // An unclosed single quote inside may have been an apostrophe.
            Some(at) => {
                let unclosed = self.stack.split_off(at);
                self.wrong += unclosed[1..].iter().filter(|open| **open != '\'').count();
            }
            None => self.wrong += 1,
        }
    }

    fn open(&mut self, opener: char) {
        if matches!(opener, '"' | '\'' | '«') && self.stack.contains(&opener) {
            self.wrong += 1;
        } else {
            self.stack.push(opener);
        }
    }

    /// Reads `text`, which follows `before` and is followed by `next`.
    fn read(&mut self, before: Option<char>, text: &str, next: Option<char>) {
        let chars: Vec<char> = text.chars().collect();
        let german = text.contains('„');
        for (at, &c) in chars.iter().enumerate() {
            let left = at.checked_sub(1).map_or(before, |at| Some(chars[at]));
            let right = chars.get(at + 1).copied().or(next);
            let starts = left.is_none_or(|c| c.is_whitespace() || "([{—–-\"“‘'«„".contains(c));
            let ends = right.is_none_or(|c| c.is_whitespace() || ")]}—–-\"”’'».,;:!?".contains(c));
            let closes_word = left.is_some_and(|c| !c.is_whitespace());
            match c {
                '(' | '[' | '{' | '«' => self.open(c),
                ')' => self.close('('),
                ']' => self.close('['),
                '}' => self.close('{'),
                '»' => self.close('«'),
                '„' => self.open('"'),
                '“' if german || self.stack.last() == Some(&'„') => self.close('"'),
                '“' => self.open('"'),
                '”' => self.close('"'),
                '"' if self.stack.contains(&'"') => {
                    // An opening quote inside a speech: the speech was never closed.
                    if !closes_word && (!ends || right.is_none()) {
                        self.wrong += 1;
                    }
                    self.close('"');
                }
                '"' => {
                    if !starts || right.is_none_or(char::is_whitespace) {
                        self.wrong += 1;
                    }
                    self.stack.push('"');
                }
                '\'' | '‘' if starts && right.is_some_and(char::is_alphabetic) => {
                    let word: String =
                        chars[at + 1..].iter().take_while(|c| c.is_alphabetic()).collect();
                    if c == '‘' || !ELIDED.contains(&&*word.to_lowercase()) {
                        self.open('\'');
                    }
                }
                '\'' | '’' if ends && closes_word => {
                    if self.stack.last() == Some(&'\'') {
                        self.stack.pop();
                    } else if left.is_some_and(|c| ".,!?".contains(c)) {
                        self.wrong += 1;
                    }
                }
                // A speech that goes on in the next paragraph is opened there again.
                '\n' if self.stack.last() == Some(&'"') => {
                    let begins = chars[at..].iter().find(|c| !c.is_whitespace());
                    if matches!(begins, Some('"' | '“')) {
                        self.stack.pop();
                    } else {
                        self.wrong += 1;
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether the quotes and brackets of a text are balanced between what is before and after it in its paragraph. If
/// nothing follows, all that is open has to be closed, also what was opened before.
pub fn is_balanced(before: &str, text: &str, after: &str) -> bool {
    let text = text.trim_end();
    let mut open = Open::default();
    open.read(None, before, text.chars().next());
    let mut without = open.clone();
    open.wrong = 0;
    open.read(before.chars().next_back(), text, after.chars().next());
    if open.wrong > 0 {
        return false;
    }
    if after.trim().is_empty() {
        return open.stack.is_empty();
    }
    without.wrong = 0;
    without.read(before.chars().next_back(), after, None);
    open.read(text.chars().next_back(), after, None);
    open.wrong + open.stack.len() <= without.wrong + without.stack.len()
}

/// Whether a quote or bracket is open at the end of a text. `before` is the text before it.
pub fn leaves_open(before: &str, text: &str) -> bool {
    let text = text.trim_end();
    let mut open = Open::default();
    open.read(None, before, text.chars().next());
    open.read(before.chars().next_back(), text, None);
    // A closing quote that nothing opened is on the stack too.
    open.stack.len() > open.wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_is_closed() {
        for (before, text, after, expected) in [
            ("", " \"Go,\" he said.", "", true),
            ("", " \"Go,\" he said, \"and don't come back.", "", false),
            ("", " Go,\" he said.", "", false),
            ("\"You never told me", ", did you?\" she said.", "", true),
            ("\"You never told me", ", did you.", "", false),
            ("\"You never told me,\" she said.", " \"I did,\" he said.", "", true),
            ("", "\"But I—\" She stopped.", "", true),
            ("", "\"But\"—she stopped—\"no.\"", "", true),
            ("", "\"One.\"\n\n\"Two.\"", "", true),
            ("", "\"One.\n\n\"Two.\"", "", true),
            ("", "\"One.\n\nTwo.\"", "", false),
            ("", "\"One. \"Two.\"", "", false),
            ("", "He said. \"", "", false),
            ("", "“Go,” he said.", "", true),
            ("", "“Go, he said.", "", false),
            ("", "Go,” he said.", "", false),
            ("", "„So“, sagte er.", "", true),
            ("", "« Oui », dit-il.", "", true),
            ("", "« Oui, dit-il.", "", false),
            ("", "He came (too late) and went [away].", "", true),
            ("", "He came (too late and went.", "", false),
            ("He came (too", " late) and went.", "", true),
            ("He came (too", " late and went.", "", false),
            ("", "He came too late) and went.", "", false),
            ("", "'Go,' he said. 'I can't.'", "", true),
            ("", "'Go, he said.", "", false),
            ("'Go", " on,' he said.", "", true),
            ("", "The boys' room wasn't there; 'twas the dogs' now.", "", true),
            // With text after it.
            ("\"I ", "was not", " there,\" she said.", true),
            ("\"I ", "was not\"", " there,\" she said.", false),
            ("She said ", "\"no\" and went", " out.", true),
            ("She (said ", "no", " and) went out.", true),
        ] {
            assert_eq!(is_balanced(before, text, after), expected, "{before:?} {text:?} {after:?}");
        }
    }
}
