//! Removes from Markdown what isn't prose: front matter, comments, images and the URLs of links. Headings and emphasis are
//! kept, so that a model learns to write them.

use std::borrow::Cow;

/// The position in a file.
#[derive(Debug, Default)]
pub struct Markdown {
    lines: usize,
    /// Within front matter: the line that ends it.
    front: Option<&'static str>,
    /// Within a comment.
    comment: bool,
    /// Within a fenced code block, which is kept as it is.
    code: bool,
}

impl Markdown {
    /// The prose in a line; `None` when the line is dropped.
    pub fn line<'a>(&mut self, line: &'a str) -> Option<Cow<'a, str>> {
        self.lines += 1;
        let trimmed = line.trim();
        if let Some(end) = self.front {
            if trimmed == end || end == "---" && trimmed == "..." {
                self.front = None;
            }
            return None;
        }
        if self.lines == 1
            && let Some(end) = ["---", "+++"].into_iter().find(|end| trimmed == *end)
        {
            self.front = Some(end);
            return None;
        }
        if !self.comment && (trimmed.starts_with("```") || trimmed.starts_with("~~~")) {
            self.code = !self.code;
        }
        if self.code {
            return Some(line.into());
        }
        let text = self.without_comments(line)?;
        if is_definition(&text) {
            return None;
        }
        if !text.contains("](") && !text.contains("][") && !text.contains("<http") {
            return Some(text);
        }
        let text = without_addresses(&text);
        (!text.trim().is_empty()).then(|| text.into())
    }

    fn without_comments<'a>(&mut self, line: &'a str) -> Option<Cow<'a, str>> {
        if !self.comment && !line.contains("<!--") {
            return Some(line.into());
        }
        let mut out = String::new();
        let mut rest = line;
        loop {
            let mark = if self.comment { "-->" } else { "<!--" };
            let Some((before, behind)) = rest.split_once(mark) else { break };
            if !self.comment {
                out.push_str(before);
            }
            self.comment = !self.comment;
            rest = behind;
        }
        if !self.comment {
            out.push_str(rest);
        }
        (!out.trim().is_empty()).then(|| out.into())
    }
}

/// Whether a line is the definition of a link: `[name]: https://…`
fn is_definition(line: &str) -> bool {
    let named = line.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]:"));
    named.is_some_and(|(name, rest)| {
        !name.starts_with('^') && rest.trim_start().trim_start_matches('<').contains("://")
    })
}

/// Replace the links `[words](url)` and `[words][name]` by their words, and remove images: `![words](url)`.
fn without_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let picture = rest[..at].ends_with('!');
        out.push_str(&rest[..at - usize::from(picture)]);
        let Some((words, behind)) = link(&rest[at..]) else {
            out.push_str(&rest[at - usize::from(picture)..=at]);
            rest = &rest[at + 1..];
            continue;
        };
        if !picture {
            out.push_str(&without_addresses(words)); // the words of a link may be an image
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The words of the link at the start of `text`, and the text after it.
fn link(text: &str) -> Option<(&str, &str)> {
    let close = pair(text, '[', ']')?;
    let words = &text[1..close];
    let behind = &text[close + 1..];
    let end = match behind.chars().next()? {
        '(' => pair(behind, '(', ')')?,
        '[' => pair(behind, '[', ']')?,
        _ => return None,
    };
    Some((words, &behind[end + 1..]))
}

/// The position of the bracket that closes the one at the start of `text`.
fn pair(text: &str, open: char, shut: char) -> Option<usize> {
    let mut depth = 0_usize;
    text.char_indices().take(4096).find_map(|(at, c)| {
        depth += usize::from(c == open);
        depth = depth.saturating_sub(usize::from(c == shut));
        (depth == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_and_addresses_go() {
        let text = "---\ntitle: x\n---\n# Ash\n\nSee [the *lamp*](https://x.org/a_(b)) and [it][1].\n<!-- not\nthis -->\nA ![pic](p.png)[![badge](b.png)](https://x.org)end [ ] done\n[1]: https://x.org\n[^1]: a note\n```\n[a](b)\n```\n![only](p.png)\n";
        let mut markdown = Markdown::default();
        let lines: Vec<_> = text.lines().filter_map(|line| markdown.line(line)).collect();
        let expected = [
            "# Ash",
            "",
            "See the *lamp* and it.",
            "A end [ ] done",
            "[^1]: a note",
            "```",
            "[a](b)",
            "```",
        ];
        assert_eq!(lines, expected);
    }
}
