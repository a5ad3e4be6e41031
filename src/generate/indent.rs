//! Indentation for models that never saw any. To a model whose vocabulary has no run of spaces, an indented line is a
//! row of single spaces, after which it writes no words. So indentation is taken off the prompt, and the continuation
//! gets it back.

use crate::model::Tokenizer;

/// A prompt without indentation.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unindented {
    /// The prompt.
    pub text: String,
    /// The indentation of its last line, which new lines of the continuation get.
    pub indent: String,
    /// Whether the prompt ended in indentation, so that the continuation begins without a space.
    pub at_indent: bool,
    /// For each line that lost something: the byte of `text` where it begins, and how many bytes all lines up to it lost.
    lost: Vec<(usize, usize)>,
}

impl Unindented {
    /// A prompt as it is.
    pub fn plain(prompt: &str) -> Self {
        Self { text: prompt.to_owned(), ..Self::default() }
    }

    /// The byte of the original prompt for a byte of `text`.
    pub fn original(&self, at: usize) -> usize {
        let before = self.lost.iter().take_while(|(line, _)| *line < at.max(1)).last();
        at + before.map_or(0, |(_, lost)| *lost)
    }
}

/// Whether the vocabulary has runs of spaces, so that a model of it has seen indentation.
pub fn is_known(tokenizer: &Tokenizer, vocabulary: usize) -> bool {
    (0..vocabulary).any(|id| tokenizer.bytes(id as u32) == b"  ")
}

/// Takes the indentation off each line: two or more spaces or tabs, or one tab.
pub fn unindented(prompt: &str) -> Unindented {
    let mut out = Unindented::default();
    let mut lost = 0;
    for line in prompt.split_inclusive('\n') {
        let body = line.trim_start_matches([' ', '\t']);
        let indent = &line[..line.len() - body.len()];
        let is_indent = indent.len() > 1 || indent.contains('\t');
        out.at_indent = is_indent && body.is_empty();
        if !is_indent {
            out.indent.clear();
            out.text.push_str(line);
            continue;
        }
        out.indent = indent.to_owned();
        lost += indent.len();
        out.lost.push((out.text.len(), lost));
        out.text.push_str(body);
    }
    if prompt.ends_with('\n') {
        out.indent.clear();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indentation_is_taken_off_and_remembered() {
        let poem = "Title\n    The rain came down,\n    the lamp went out,\n    ";
        let found = unindented(poem);
        assert_eq!(found.text, "Title\nThe rain came down,\nthe lamp went out,\n");
        assert_eq!((&*found.indent, found.at_indent), ("    ", true));
        let lamp = found.text.find("lamp").unwrap();
        assert_eq!(&poem[found.original(lamp)..][..4], "lamp");
        assert_eq!(found.original(0), 0);
        let plain = "The boat  was gone. \n One";
        assert_eq!(unindented(plain).text, plain, "one space is no indentation");
        assert_eq!(unindented("a\n\tb").text, "a\nb");
        assert_eq!(
            unindented("    \n"),
            Unindented { text: "\n".into(), lost: vec![(0, 4)], ..Unindented::default() }
        );
    }
}
