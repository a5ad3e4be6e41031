//! Markdown shown lightly: headings, emphasis, quotes, lists, code and links have a style. No character is hidden or
//! moved. Front matter and comments look like all text that the model doesn't see.

use crate::{
    session::{Session, heading, unseen},
    ui::theme::Role,
};
use ratatui::style::Modifier;
use std::{ops::Range, path::Path};

/// How a range looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A modifier over the text's own style.
    Modifier(Modifier),
    /// The style of a role over it.
    Role(Role),
}

/// How much text before the window is read, in characters: a comment may begin there.
const BEFORE: usize = 1_000;
/// Paragraphs that are longer, in bytes, have no emphasis and no links.
const LONGEST: usize = 20_000;

/// Whether a file is shown as Markdown: by its extension; one without an extension is.
pub fn is_markdown(path: Option<&Path>) -> bool {
    let extension =
        path.and_then(Path::extension).map(|ending| ending.to_string_lossy().to_lowercase());
    extension.is_none_or(|ending| matches!(&*ending, "md" | "markdown" | "mdown" | "mkd"))
}

/// What is to be shown otherwise within a window of the draft, as ranges of characters in the order of their beginnings.
pub fn looks(session: &Session, window: Range<usize>) -> Vec<(Range<usize>, Look)> {
    let text = session.text();
    let line = |at: usize| text.line_to_char(text.char_to_line(at));
    let first = window.start.saturating_sub(BEFORE);
    // Not all of a paragraph that is very long.
    let from = line(first).max(first.saturating_sub(BEFORE));
    let next = (text.char_to_line(window.end) + 1).min(text.len_lines());
    let to = text.line_to_char(next).min(window.end + BEFORE);
    let near = text.slice(from..to).to_string();
    let is_cut = from > line(from);
    let hidden = unseen(&near, from == 0);
    let mut found: Vec<_> =
        hidden.iter().map(|range| (range.clone(), Look::Role(Role::Unseen))).collect();
    let begin = near.char_indices().nth(window.start - from).map_or(near.len(), |(at, _)| at);
    let mut at = 0;
    for line in near.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let is_hidden = hidden.iter().any(|range| range.start <= start && range.end >= at);
        if at > begin && !is_hidden && !(start == 0 && is_cut) {
            in_line(line.trim_end(), start, &mut found);
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    // From bytes of the text near the window to characters of the draft.
    let mut places =
        near.char_indices().map(|(byte, _)| byte).chain([near.len()]).enumerate().peekable();
    let mut starts = Vec::new();
    for (range, _) in &found {
        while places.next_if(|(_, byte)| *byte < range.start).is_some() {}
        starts.push(places.peek().map_or(0, |(place, _)| *place));
    }
    found
        .into_iter()
        .zip(starts)
        .map(|((range, look), start)| {
            let start = from + start;
            (start..start + near[range].chars().count(), look)
        })
        .collect()
}

/// The looks of a line that begins at a byte.
fn in_line(line: &str, start: usize, found: &mut Vec<(Range<usize>, Look)>) {
    let mark = Look::Role(Role::Mark);
    if heading(line).is_some() {
        let marks = line.len() - line.trim_start_matches('#').len();
        found.push((start..start + line.len(), Look::Modifier(Modifier::BOLD)));
        found.push((start..start + marks, mark));
        return;
    }
    let indent = line.len() - line.trim_start().len();
    let rest = &line[indent..];
    let marker = match rest.as_bytes() {
        [b'>', ..] => rest.len() - rest.trim_start_matches(['>', ' ']).len(),
        [b'-' | b'*' | b'+', b' ', ..] => 1,
        _ => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let is_item = (1..=3).contains(&digits)
                && matches!(rest.as_bytes()[digits..], [b'.' | b')', b' ', ..]);
            if is_item { digits + 1 } else { 0 }
        }
    };
    if marker > 0 {
        found.push((start + indent..start + indent + marker, mark));
    }
    if rest.starts_with('>') {
        found.push((start + indent..start + line.len(), Look::Modifier(Modifier::ITALIC)));
    }
    if line.len() <= LONGEST {
        spans(&line[indent + marker..], start + indent + marker, found);
    }
}

/// Emphasis, code and links in a line.
fn spans(text: &str, start: usize, found: &mut Vec<(Range<usize>, Look)>) {
    let mut at = 0;
    while let Some(next) = text[at..].find(['*', '_', '`', '[', '\\']).map(|next| at + next) {
        let sign = text.as_bytes()[next];
        let run = text[next..].bytes().take_while(|byte| *byte == sign).count();
        at = next + run;
        let look = match sign {
            // What follows is meant as it stands.
            b'\\' => {
                at = next + 1 + text[next + 1..].chars().next().map_or(0, char::len_utf8);
                continue;
            }
            b'`' => Look::Role(Role::Quiet),
            b'[' => {
                let Some((label, target)) = link(&text[next..]) else { continue };
                at = next + target.end;
                let underlined = Look::Modifier(Modifier::UNDERLINED);
                found.push((start + next + label.start..start + next + label.end, underlined));
                let target = start + next + target.start..start + next + target.end;
                found.push((target, Look::Role(Role::Quiet)));
                continue;
            }
            _ if run == 2 => Look::Modifier(Modifier::BOLD),
            _ if run == 3 => Look::Modifier(Modifier::BOLD.union(Modifier::ITALIC)),
            _ if run == 1 => Look::Modifier(Modifier::ITALIC),
            _ => continue,
        };
        if let Some(end) = closing(text, next, run, sign) {
            found.push((start + next..start + end, look));
            at = end;
        }
    }
}

/// The end of a span that is opened by a run of signs: behind the next run of the same length.
fn closing(text: &str, open: usize, run: usize, sign: u8) -> Option<usize> {
    let inside = open + run;
    let before = text[..open].chars().next_back();
    let first = text[inside..].chars().next()?;
    let is_code = sign == b'`';
    let in_word = sign == b'_' && before.is_some_and(char::is_alphanumeric);
    if !is_code && (first.is_whitespace() || in_word) {
        return None;
    }
    let mut at = inside;
    while let Some(next) = text[at..].bytes().position(|byte| byte == sign).map(|next| at + next) {
        let length = text[next..].bytes().take_while(|byte| *byte == sign).count();
        let end = next + length;
        let last = text[..next].chars().next_back().unwrap_or(' ');
        let goes_on = sign == b'_' && text[end..].starts_with(char::is_alphanumeric);
        if length == run
            && next > inside
            && (is_code || !last.is_whitespace() && last != '\\' && !goes_on)
        {
            return Some(end);
        }
        at = end;
    }
    None
}

/// The label and the target of a link at the start of a text, with their brackets.
fn link(text: &str) -> Option<(Range<usize>, Range<usize>)> {
    let label = text.find(']')? + 1;
    let target = text[label..].strip_prefix('(')?.find(')')? + 2;
    Some((0..label, label..label + target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_has_a_style_where_it_is_written() {
        let bold = Look::Modifier(Modifier::BOLD);
        let italic = Look::Modifier(Modifier::ITALIC);
        let both = Look::Modifier(Modifier::BOLD.union(Modifier::ITALIC));
        let line = Look::Modifier(Modifier::UNDERLINED);
        let (mark, quiet) = (Look::Role(Role::Mark), Look::Role(Role::Quiet));
        let hidden = Look::Role(Role::Unseen);
        for (text, expected) in [
            ("plain text", &[][..]),
            ("## Two *x*", &[("## Two *x*", bold), ("##", mark)]),
            ("##x", &[]),
            ("a *b c* d **e** ***f***", &[("*b c*", italic), ("**e**", bold), ("***f***", both)]),
            ("_é_ snake_case_name 2 * 3 * 4", &[("_é_", italic)]),
            (r"\*no\* *open", &[]),
            ("`a*b*` *c*", &[("`a*b*`", quiet), ("*c*", italic)]),
            ("see [the map](a.md) and [x]", &[("[the map]", line), ("(a.md)", quiet)]),
            ("> so *he* said", &[("> ", mark), ("> so *he* said", italic), ("*he*", italic)]),
            ("- one\n12. two\n* three", &[("-", mark), ("12.", mark), ("*", mark)]),
            ("2024. was", &[]),
            ("---\na: *b*\n---\n*c*", &[("---\na: *b*\n---\n", hidden), ("*c*", italic)]),
            (
                "% *a*\nb <!-- *c* --> d",
                &[("% *a*\n", hidden), ("<!-- *c* -->", hidden), ("*c*", italic)],
            ),
            ("雨 **雨** e\u{301}*e\u{301}*", &[("**雨**", bold), ("*e\u{301}*", italic)]),
        ] {
            let session = Session::from_text(text);
            let looks = looks(&session, 0..session.text().len_chars());
            let shown: Vec<_> = looks
                .iter()
                .map(|(range, look)| (session.text().slice(range.clone()).to_string(), *look))
                .collect();
            let expected: Vec<_> =
                expected.iter().map(|(part, look)| ((*part).to_owned(), *look)).collect();
            assert_eq!(shown, expected, "{text:?}");
        }
        assert!(is_markdown(None) && is_markdown(Some(Path::new("a.MD"))));
        assert!(!is_markdown(Some(Path::new("a.txt"))));
    }
}
