//! The text of novelWriter's documents: Markdown with lines for the program, which are left out.

/// The text of a document.
pub fn text(source: &str) -> String {
    let mut kept = Vec::new();
    for line in source.lines() {
        let start = line.trim_start();
        let tag = start.starts_with('@') && start.contains(':');
        let command = start.starts_with('[') && start.trim_end().ends_with(']') && {
            let name =
                start[1..].split([':', ']']).next().unwrap_or_default().trim().to_lowercase();
            ["newpage", "new page", "vspace"].contains(&&*name)
        };
        if start.starts_with('%') || tag || command {
            continue;
        }
        // headings without a number
        let heading = ["####!", "###!", "##!", "#!"].iter().find_map(|mark| {
            start.strip_prefix(mark).map(|rest| format!("{}{rest}", &mark[..mark.len() - 1]))
        });
        kept.push(heading.unwrap_or_else(|| line.to_owned()));
    }
    kept.join("\n").trim_matches('\n').to_owned()
}

/// Whether it is a note about the novel, or was thrown away, as its first lines say.
pub fn is_aside(source: &str) -> bool {
    let first = source.lines().take_while(|line| line.starts_with("%%~"));
    first.filter_map(|line| line.strip_prefix("%%~kind:")).any(|kind| {
        kind.trim().ends_with("/NOTE")
            || kind.trim().starts_with("TRASH")
            || kind.trim().starts_with("ARCHIVE")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_for_the_program_are_left_out() {
        let source = "%%~name: Rain\n%%~kind: NOVEL/DOCUMENT\n###! Rain\n\n@pov: Ash\n% synopsis: it rains\n\nThe stove hums.\n[vspace:2]\n[Ash waits]\nRain.\n";
        assert_eq!(text(source), "### Rain\n\n\nThe stove hums.\n[Ash waits]\nRain.");
        assert!(!is_aside(source) && is_aside("%%~kind: CHARACTER/NOTE\nAsh is tall.\n"));
    }
}
