//! The text of LaTeX, lightly: paragraphs, headings and quotes stay; commands, formulas, tables, figures, comments and
//! references go. What isn't known is left out, and its argument is kept.

/// Environments that aren't prose.
const LEFT_OUT: &[&str] = &[
    "equation",
    "equation*",
    "align",
    "align*",
    "gather",
    "gather*",
    "multline",
    "eqnarray",
    "math",
    "displaymath",
    "figure",
    "figure*",
    "table",
    "table*",
    "tabular",
    "tabularx",
    "longtable",
    "verbatim",
    "lstlisting",
    "tikzpicture",
    "thebibliography",
    "comment",
    "filecontents",
    "minted",
    "array",
];
/// Commands whose arguments aren't prose.
const SILENT: &[&str] = &[
    "cite",
    "citep",
    "citet",
    "autocite",
    "parencite",
    "textcite",
    "ref",
    "eqref",
    "pageref",
    "autoref",
    "cref",
    "label",
    "includegraphics",
    "input",
    "include",
    "usepackage",
    "documentclass",
    "bibliography",
    "bibliographystyle",
    "vspace",
    "hspace",
    "vspace*",
    "hspace*",
    "setlength",
    "pagestyle",
    "thispagestyle",
    "newcommand",
    "renewcommand",
    "index",
    "footnote",
    "footnotetext",
    "marginpar",
    "todo",
    "url",
    "hypersetup",
    "setcounter",
    "addtocounter",
    "graphicspath",
    "color",
    "addcontentsline",
    "fontsize",
    "selectlanguage",
    "pdfbookmark",
    "author",
    "date",
    "thanks",
    "hyphenation",
];
/// How deep groups may be nested.
const DEEPEST: usize = 64;

/// The text of a document.
pub fn text(source: &str) -> String {
    let body = source.split_once("\\begin{document}").map_or(source, |(_, body)| body);
    let body = body.split_once("\\end{document}").map_or(body, |(body, _)| body);
    let mut out = String::new();
    read(&without_comments(body), 0, &mut out);
    let lines: Vec<&str> = out.lines().map(str::trim).collect();
    lines.join("\n").trim().to_owned()
}

fn without_comments(source: &str) -> String {
    let mut kept = String::with_capacity(source.len());
    for line in source.lines() {
        let mut escaped = false;
        let comment = line.char_indices().find(|(_, c)| {
            let is = *c == '%' && !escaped;
            escaped = *c == '\\' && !escaped;
            is
        });
        match comment {
            // the rest of the line and its end are left out
            Some((at, _)) => kept.push_str(&line[..at]),
            None => {
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }
    kept
}

fn read(source: &str, depth: usize, out: &mut String) {
    let mut rest = source;
    while let Some(at) = rest.find(['\\', '$', '{', '}', '~', '`', '\'', '-']) {
        out.push_str(&rest[..at]);
        let found = &rest[at..];
        let literal = [
            ("---", "—"),
            ("--", "–"),
            ("``", "“"),
            ("''", "”"),
            ("`", "‘"),
            ("'", "’"),
            ("~", " "),
        ];
        if let Some((from, to)) = literal.iter().find(|(from, _)| found.starts_with(from)) {
            out.push_str(to);
            rest = &found[from.len()..];
        } else if found.starts_with('$') {
            rest = formula(found);
        } else if let Some(name) = found.strip_prefix('\\') {
            rest = command(name, depth, out);
        } else {
            // braces around words are no text
            out.push_str(if found.starts_with('-') { "-" } else { "" });
            rest = &found[1..];
        }
    }
    out.push_str(rest);
}

/// The text behind the formula at the start.
fn formula(text: &str) -> &str {
    let mark = if text.starts_with("$$") { "$$" } else { "$" };
    let inside = &text[mark.len()..];
    let end = inside.find(mark).filter(|end| !inside[..*end].contains("\n\n"));
    end.map_or(inside, |end| &inside[end + mark.len()..])
}

/// Handle the command that follows a backslash; returns the text behind it.
fn command<'a>(text: &'a str, depth: usize, out: &mut String) -> &'a str {
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    if end == 0 {
        return symbol(text, out);
    }
    let (name, behind) = text.split_at(end);
    let (name, behind) = match behind.strip_prefix('*') {
        Some(behind) => (name, behind),
        None => (name, behind),
    };
    match name {
        "begin" => {
            let Some((environment, behind)) = argument(behind) else { return behind };
            if LEFT_OUT.contains(&environment) {
                let end = format!("\\end{{{environment}}}");
                return behind.split_once(&end).map_or("", |(_, rest)| rest);
            }
            out.push('\n');
            return options(behind);
        }
        "end" => {
            out.push('\n');
            return argument(behind).map_or(behind, |(_, rest)| rest);
        }
        "par" | "bigskip" | "medskip" | "smallskip" | "newpage" | "clearpage" => {
            out.push_str("\n\n");
            return behind;
        }
        "item" => {
            out.push_str(if out.ends_with('\n') { "" } else { "\n" });
            return options(behind.trim_start());
        }
        "newline" | "linebreak" => out.push('\n'),
        "ldots" | "dots" => out.push('…'),
        "textemdash" => out.push('—'),
        "textendash" => out.push('–'),
        "textbackslash" => out.push('\\'),
        "ss" => out.push('ß'),
        "ae" => out.push('æ'),
        "AE" => out.push('Æ'),
        "oe" => out.push('œ'),
        "OE" => out.push('Œ'),
        "o" => out.push('ø'),
        "O" => out.push('Ø'),
        "aa" => out.push('å'),
        "AA" => out.push('Å'),
        "l" => out.push('ł'),
        "i" => out.push('i'),
        "c" | "v" | "H" | "u" | "r" | "k" => return accent(name, behind, out),
        _ => {}
    }
    let heading =
        matches!(name, "part" | "chapter" | "section" | "subsection" | "subsubsection" | "title");
    let behind = behind.strip_prefix(' ').unwrap_or(behind);
    let behind = options(behind);
    if SILENT.contains(&name) {
        let mut behind = behind;
        while let Some((_, rest)) = argument(behind) {
            behind = options(rest);
        }
        return behind;
    }
    if name == "href"
        && let Some((_, rest)) = argument(behind)
    {
        return inside(rest, depth, out);
    }
    if heading {
        out.push_str("\n\n");
        let behind = inside(behind, depth, out);
        out.push_str("\n\n");
        return behind;
    }
    inside(behind, depth, out)
}

/// Write the text of the argument at the start, if there is one; returns the text behind it.
fn inside<'a>(text: &'a str, depth: usize, out: &mut String) -> &'a str {
    match argument(text) {
        Some((words, rest)) if depth < DEEPEST => {
            read(words, depth + 1, out);
            rest
        }
        Some((_, rest)) => rest,
        None => text,
    }
}

/// A command of one character.
fn symbol<'a>(text: &'a str, out: &mut String) -> &'a str {
    let Some(c) = text.chars().next() else { return text };
    let behind = &text[c.len_utf8()..];
    match c {
        '%' | '&' | '$' | '#' | '_' | '{' | '}' => out.push(c),
        '\\' => {
            out.push('\n');
            let behind = options(behind.trim_start_matches('*')).trim_start_matches(' ');
            return behind.strip_prefix('\n').unwrap_or(behind);
        }
        ' ' | ',' | ';' | ':' | '!' | '/' | '@' => {
            out.push_str(if c == ' ' || c == ',' { " " } else { "" })
        }
        '\'' | '`' | '^' | '"' | '~' | '=' | '.' => return accent(&text[..1], behind, out),
        '[' => return behind.split_once("\\]").map_or("", |(_, rest)| rest),
        '(' => return behind.split_once("\\)").map_or("", |(_, rest)| rest),
        _ => {}
    }
    behind
}

/// A letter with an accent: `\'e`, `\"{o}`, `\c{c}`. Cleaning composes them.
fn accent<'a>(name: &str, behind: &'a str, out: &mut String) -> &'a str {
    let behind = behind.strip_prefix(' ').unwrap_or(behind);
    let (letters, rest) = match argument(behind) {
        Some(found) => found,
        None => match behind.chars().next() {
            Some('\\') => {
                (behind.get(1..2).unwrap_or_default(), behind.get(2..).unwrap_or_default())
            }
            Some(c) => behind.split_at(c.len_utf8()),
            None => return behind,
        },
    };
    let mark = match name {
        "'" => '\u{301}',
        "`" => '\u{300}',
        "^" => '\u{302}',
        "\"" => '\u{308}',
        "~" => '\u{303}',
        "=" => '\u{304}',
        "." => '\u{307}',
        "c" => '\u{327}',
        "v" => '\u{30c}',
        "H" => '\u{30b}',
        "u" => '\u{306}',
        "r" => '\u{30a}',
        _ => '\u{328}',
    };
    out.push_str(letters.trim_start_matches('\\'));
    out.push(mark);
    rest
}

/// The argument in braces at the start, and the text behind it.
fn argument(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('{')?;
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => {}
            '{' => depth += 1,
            '}' if depth == 0 => return Some((&inside[..at], &inside[at + 1..])),
            '}' => depth -= 1,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// The text behind options in square brackets.
fn options(text: &str) -> &str {
    let Some(inside) = text.strip_prefix('[') else { return text };
    let end = inside.find(']').filter(|end| *end < 200 && !inside[..*end].contains("\n\n"));
    end.map_or(text, |end| &inside[end + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prose_stays_and_commands_go() {
        let source = "\\documentclass{book}\\title{No}\n\\begin{document}\n\\section*{Rain}\n% a comment\nThe \\emph{stove} hums---``softly''\\footnote{no}, 5\\% of it~all.\n\n\\begin{equation}x\\end{equation}\nCaf\\'e na\\\"{\\i}ve $x^2$ and \\textbf{so \\textit{on}} \\cite[p.~3]{a}.\\\\\nNext line\n\\begin{itemize}\n\\item one\n\\item two\n\\end{itemize}\n\\end{document} no";
        let found = text(source);
        for part in [
            "Rain\n\n",
            "The stove hums—“softly”, 5% of it all.",
            "Cafe\u{301} nai\u{308}ve  and so on .\nNext line",
            "one\ntwo",
        ] {
            assert!(found.replace("\n\n\n", "\n\n").contains(part), "{part}: {found}");
        }
        for part in ["no", "No", "comment", "equation", "x^2", "\\"] {
            assert!(!found.contains(part), "{part}: {found}");
        }
        assert_eq!(text("plain text, it's -- fine"), "plain text, it’s – fine");
    }

    proptest! {
        #[test]
        fn any_text_is_read(tex in r"(\\|\{|\}|\[|\]|\$|%|begin|end|\{verbatim\}|section|'|`|-|~|é|a| |\n){0,60}") {
            prop_assert!(text(&tex).len() <= 3 * tex.len() + 8);
        }
    }
}
