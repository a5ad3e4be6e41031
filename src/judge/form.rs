//! The form of a draft at a place: what an offer there has to begin with, and how long its lines are.

/// The form at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// What an offer begins with: the line break after a finished line, the mark of a list's next item, or the next
    /// speaker's name. The model continues after it.
    pub lead: String,
    /// An offer is a single line: an item of a list, or a speech in a script.
    pub is_line: bool,
    /// In verse, the length of the poem's lines in characters: the usual one and the longest.
    pub verse: Option<(usize, usize)>,
    /// In verse, the indentation of the poem's lines.
    pub indent: String,
}

/// A line of verse is at most this long.
const VERSE: usize = 56;

/// A poem has at least this many lines before the place.
const LINES: usize = 2;

impl Form {
    /// The form at the end of a text.
    pub fn of(before: &str) -> Self {
        let line = before.rsplit('\n').next().unwrap_or_default();
        heading(before, line)
            .or_else(|| list(before, line))
            .or_else(|| script(before, line))
            .or_else(|| verse(before, line))
            .unwrap_or_default()
    }

    /// Whether the end of a line ends an offer as a full stop does.
    pub fn has_lines(&self) -> bool {
        self.is_line || self.verse.is_some()
    }

    /// The lines of verse in one paragraph, for a model that has only seen paragraphs: after a single line break it
    /// would begin another one. Indentation is left out.
    pub fn as_paragraph(text: &str) -> String {
        let bare = |line: &str| line.trim_start_matches([' ', '\t']).to_owned();
        let join = |stanza: &str| stanza.split('\n').map(bare).collect::<Vec<_>>().join(" ");
        text.split("\n\n").map(join).collect::<Vec<_>>().join("\n\n")
    }

    /// An offer in this form. `column` is the length of the line that it continues.
    pub fn fit(&self, text: &str, column: usize) -> String {
        if self.is_line {
            let start = text.len() - text.trim_start().len();
            let end = text[start..].find('\n').map_or(text.len(), |at| start + at);
            return text[..end].trim_end().to_owned();
        }
        match self.verse {
            Some((usual, longest)) => {
                let column = column.saturating_sub(self.indent.len());
                let lines = in_lines(text, column, usual, longest);
                let lines = lines.replace('\n', &format!("\n{}", self.indent));
                // What was missing of the line's indentation.
                let missing = if self.lead.contains('\n') { "" } else { &self.lead };
                format!("{missing}{lines}")
            }
            None => text.to_owned(),
        }
    }
}

/// A text in lines of verse. A line is broken behind a mark near the usual length, else before the longest.
fn in_lines(text: &str, column: usize, usual: usize, longest: usize) -> String {
    // One line break at most, and none on a fresh line.
    let lead = match &text[..text.len() - text.trim_start().len()] {
        "" => "",
        _ if column == 0 => "",
        gap if gap.contains('\n') => "\n",
        _ => " ",
    };
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut used = if lead.contains('\n') { 0 } else { column };
    for part in text.lines() {
        for word in part.split_whitespace() {
            let length = used + line.chars().count();
            let after_mark =
                line.ends_with([',', ';', ':', '.', '!', '?', '—']) && length * 10 >= usual * 7;
            if length > 0 && (after_mark || length + 1 + word.chars().count() > longest) {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
    }
    lead.to_owned() + &lines.join("\n")
}

/// A heading is followed by a new paragraph.
fn heading(before: &str, line: &str) -> Option<Form> {
    let line = if line.trim().is_empty() {
        before.trim_end_matches('\n').rsplit('\n').next()?
    } else {
        line
    };
    let text = line.trim_start_matches('#');
    let marked = line.len() - text.len();
    let is_marked = (1..=6).contains(&marked) && text.starts_with(' ');
    if is_marked && text.trim().is_empty() {
        // The heading itself is wanted.
        return Some(Form { is_line: true, ..Form::default() });
    }
    let title = text.trim();
    let words = title.split_whitespace().count();
    let numbered = title.split_whitespace().next().is_some_and(|word| {
        ["chapter", "part", "book", "act", "scene"].contains(&word.to_lowercase().as_str())
    });
    let capitals = title.chars().any(char::is_alphabetic) && !title.chars().any(char::is_lowercase);
    let above = before
        .trim_end()
        .rsplit_once('\n')
        .is_none_or(|(above, _)| above.ends_with('\n') || above.is_empty());
    let plain = above
        && (1..=8).contains(&words)
        && !title.ends_with(['.', ',', '!', '?', ':', ';'])
        && ((numbered && words <= 4 && words > 1) || (capitals && title.chars().count() > 3));
    let breaks = before.len() - before.trim_end_matches('\n').len();
    (is_marked || plain)
        .then(|| Form { lead: "\n".repeat(2usize.saturating_sub(breaks)), ..Form::default() })
}

/// The mark of an item with the spaces around it, and the mark of the next item.
fn mark(line: &str) -> Option<(&str, String)> {
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    let rest = &line[indent..];
    let spaces = |rest: &str| rest.len() - rest.trim_start_matches(' ').len();
    if let Some(after) = rest.strip_prefix(['-', '*', '+', '•']) {
        let gap = spaces(after);
        let bullet = line.len() - after.len();
        let task = ["[ ] ", "[x] ", "[X] "].iter().find(|task| after[gap..].starts_with(**task));
        let end = bullet + gap + task.map_or(0, |task| task.len());
        let next = format!("{}{}", &line[..bullet + gap], if task.is_some() { "[ ] " } else { "" });
        return (gap > 0).then(|| (&line[..end], next));
    }
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u32 = rest[..digits].parse().ok()?;
    let point = rest[digits..].chars().next().filter(|c| matches!(c, '.' | ')'))?;
    let gap = spaces(&rest[digits + 1..]);
    let end = indent + digits + 1 + gap;
    let next =
        format!("{}{}{point}{}", &line[..indent], number.checked_add(1)?, " ".repeat(gap.max(1)));
    (gap > 0).then(|| (&line[..end], next))
}

/// In a list, an item with its mark.
fn list(before: &str, line: &str) -> Option<Form> {
    let item = |lead: String| Some(Form { lead, is_line: true, ..Form::default() });
    if let Some((own, next)) = mark(line) {
        // The item was begun, or its mark was typed; a finished item is followed by the next one.
        let text = line[own.len()..].trim();
        return if ends(text) { item(format!("\n{next}")) } else { item(String::new()) };
    }
    // A fresh line below an item.
    let above = before.strip_suffix(line)?.strip_suffix('\n')?.rsplit('\n').next()?;
    let (own, next) = mark(above)?;
    if !line.trim().is_empty() || above.len() <= own.len() {
        return None;
    }
    item(next.get(line.len()..)?.to_owned())
}

/// Whether a line looks finished: an item with a mark at its end, or with several words.
fn ends(text: &str) -> bool {
    text.ends_with(['.', '!', '?', ';', ',']) || text.split_whitespace().count() >= 3
}

/// A speaker at the beginning of a line: "ANNA: " or "Anna: ".
fn speaker(line: &str) -> Option<&str> {
    let (name, _) = line.split_once(':')?;
    let words = name.split_whitespace().count();
    let is_name = name.starts_with(char::is_uppercase)
        && name.chars().all(|c| c.is_alphanumeric() || " .'’-".contains(c))
        && (1..=3).contains(&words)
        && name
            .split_whitespace()
            .all(|word| word.starts_with(|c: char| c.is_uppercase() || c.is_numeric()));
    is_name.then_some(name)
}

/// In a script, the speech of the speaker who is next.
fn script(before: &str, line: &str) -> Option<Form> {
    let lines: Vec<&str> =
        before.lines().rev().filter(|line| !line.trim().is_empty()).take(8).collect();
    let names: Vec<&str> = lines.iter().filter_map(|line| speaker(line)).collect();
    if names.len() < 2 || names.len() * 2 < lines.len() {
        return None;
    }
    let form = |lead: String| Some(Form { lead, is_line: true, ..Form::default() });
    let gap = if before.trim_end().contains("\n\n") { "\n\n" } else { "\n" };
    let next = names.iter().find(|name| **name != names[0]).unwrap_or(&names[0]);
    if line.trim().is_empty() {
        let breaks = before.len() - before.trim_end_matches('\n').len();
        return form(format!("{}{next}: ", "\n".repeat(gap.len().saturating_sub(breaks))));
    }
    let speech = line.split_once(':').map_or("", |(_, speech)| speech).trim();
    if speech.ends_with(['.', '!', '?', '…', '"', '”', ')']) {
        return form(format!("{gap}{next}: "));
    }
    form(if line.ends_with(':') { " ".into() } else { String::new() })
}

/// In verse, lines of the poem's length.
fn verse(before: &str, line: &str) -> Option<Form> {
    let stanza = before.trim_end_matches('\n').rsplit("\n\n").next()?;
    let poem: Vec<&str> = before.trim_end().lines().rev().take(12).collect();
    let whole = |line: &&&str| !line.trim().is_empty();
    let lengths: Vec<usize> =
        poem.iter().filter(whole).map(|line| line.trim().chars().count()).collect();
    // Lines of prose end with their paragraph: at least two of the poem's are in one stanza.
    let together =
        poem.windows(2).filter(|pair| pair.iter().all(|line| !line.trim().is_empty())).count();
    let longest = *lengths.iter().max()?;
    let marks = [',', '.', ';', ':', '!', '?', '—'];
    let begun = usize::from(!line.trim().is_empty() && !line.trim_end().ends_with(marks));
    let whole_lines = lengths.len() - begun;
    let speaks = poem.iter().any(|line| line.contains(['"', '“', '«']));
    if speaks
        || whole_lines < LINES
        || together + 1 < LINES
        || longest > VERSE
        || stanza.contains("- ") && mark(stanza).is_some()
    {
        return None;
    }
    let usual = lengths.iter().skip(begun).sum::<usize>() / whole_lines;
    let finished =
        !line.trim().is_empty() && (begun == 0 || line.trim().chars().count() * 10 >= usual * 8);
    // The indentation of the last line that has words.
    let last = poem.iter().find(whole)?;
    let indent = last[..last.len() - last.trim_start_matches([' ', '\t']).len()].to_owned();
    let lead = match line.trim().is_empty() {
        _ if finished => format!("\n{indent}"),
        // A part of the indentation may have been typed.
        true => indent.strip_prefix(line).unwrap_or_default().to_owned(),
        false => String::new(),
    };
    Some(Form { lead, is_line: false, verse: Some((usual, longest + 4)), indent })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(before: &str) -> (String, bool, bool) {
        let form = Form::of(before);
        (form.lead, form.is_line, form.verse.is_some())
    }

    #[test]
    fn each_form_begins_in_its_way() {
        for (before, expected, is_line, is_verse) in [
            ("", "", false, false),
            ("The lamp went out. She rose", "", false, false),
            ("The lamp went out.\n\nShe rose and went.\n\n", "", false, false),
            ("# The island", "\n\n", false, false),
            ("Text.\n\n## The island\n", "\n", false, false),
            ("# The island\n\n", "", false, false),
            ("# ", "", true, false),
            ("CHAPTER ONE", "\n\n", false, false),
            ("Chapter 2", "\n\n", false, false),
            ("He said NO", "", false, false),
            ("Buy:\n\n- two warm coats", "\n- ", true, false),
            ("Buy:\n\n- two warm coats\n", "- ", true, false),
            ("Buy:\n\n- two warm coats\n- ", "", true, false),
            ("- [x] wash the cups\n", "- [ ] ", true, false),
            ("  1. Ring the bell.", "\n  2. ", true, false),
            ("9) Ring the bell.\n", "10) ", true, false),
            ("ANNA: Where is it?\nBEN: Gone.", "\nANNA: ", true, false),
            ("ANNA: Where is it?\nBEN: Gone.\n", "ANNA: ", true, false),
            ("ANNA: Where is it?\n\nBEN: Gone.\n\nANNA:", " ", true, false),
            ("ANNA: Where is it?\nBEN: I thought", "", true, false),
            ("The lamp is out along the pier,\nthe boats are tied in rows,", "\n", false, true),
            ("The lamp is out along the pier,\nthe boats are tied in rows,\n", "", false, true),
            ("    The lamp is out,\n    the boats are in,", "\n    ", false, true),
            ("    The lamp is out,\n    the boats are in,\n", "    ", false, true),
            ("    The lamp is out,\n    the boats are in,\n  ", "  ", false, true),
            ("    The lamp is out,\n    the boats are in,\n    ", "", false, true),
            (
                "The lamp is out along the pier,\nthe boats are tied in rows,\nand no",
                "",
                false,
                true,
            ),
        ] {
            assert_eq!(lead(before), (expected.to_owned(), is_line, is_verse), "{before:?}");
        }
    }

    #[test]
    fn lines_of_verse_become_a_paragraph() {
        let poem = "Tide\n\nThe lamp is out,\nthe boats are in,\n";
        assert_eq!(Form::as_paragraph(poem), "Tide\n\nThe lamp is out, the boats are in, ");
        let indented = "    The lamp is out,\n    the boats are in,\n    ";
        assert_eq!(Form::as_paragraph(indented), "The lamp is out, the boats are in, ");
    }

    #[test]
    fn a_candidate_is_made_to_fit() {
        let item = Form { is_line: true, ..Form::default() };
        assert_eq!(item.fit("a lamp\n\nThe next day", 0), "a lamp");
        let verse = Form { verse: Some((28, 34)), ..Form::default() };
        let indented = Form { indent: "    ".into(), ..verse.clone() };
        for (lead, text, column, fitted) in [
            ("\n    ", "\n    The wind came in", 20, "\n    The wind came in"),
            ("    ", "    The wind came in", 0, "    The wind came in"),
            ("  ", "  The wind came in", 2, "  The wind came in"),
            ("", "The wind came in", 4, "The wind came in"),
        ] {
            let form = Form { lead: lead.into(), ..indented.clone() };
            assert_eq!(form.fit(text, column), fitted, "{column}");
        }
        assert_eq!(
            indented.fit("and nobody who waited here, by the door, can tell me why.", 4),
            "and nobody who waited here,\n    by the door, can tell me why."
        );
        assert_eq!(
            verse.fit("\nand nobody who waited here, by the door, can tell me where it goes.", 20),
            "\nand nobody who waited here,\nby the door, can tell me where it\ngoes."
        );
        assert_eq!(verse.fit("and the wind\n\ncame in", 0), "and the wind\ncame in");
        assert_eq!(verse.fit(" in the house", 28), " in the\nhouse");
        assert_eq!(verse.fit("\n\nThe wind", 28), "\nThe wind", "no blank line");
        assert_eq!(verse.fit("\nThe wind", 0), "The wind", "the line is a fresh one");
        assert_eq!(Form::default().fit("one\n\ntwo", 0), "one\n\ntwo");
    }
}
