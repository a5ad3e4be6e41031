//! Mistakes in files of settings, themes and keys, as sentences with the line and what was probably meant.

/// Rewords an error of serde or the TOML parser about `text`, with its line. `noun` names the kind of an unknown value.
pub fn explain(text: &str, error: &toml::de::Error, noun: &str) -> String {
    let at = error.span().map_or(0, |span| span.start);
    let said = error.message();
    if said.contains("duplicate key") {
        let (before, from) = text.split_at_checked(at).unwrap_or((text, ""));
        let name = from.split(['=', ']', '\n']).next().unwrap_or_default().trim();
        let same = |line: &str| {
            let rest = line.trim_start().trim_start_matches('[').strip_prefix(name);
            rest.is_some_and(|rest| rest.trim_start().starts_with(['=', ']']))
        };
        let lines: Vec<_> = before.lines().collect();
        let first = lines.iter().rposition(|line| same(line));
        let first = first.map_or_else(String::new, |n| format!(" and in line {}", n + 1));
        let name = name.trim_matches('"');
        return format!("line {}: `{name}` is set here{first}; keep one of them", line(text, at));
    }
    format!("line {}: {}", line(text, at), reword(said, noun))
}

/// The number of the line that contains byte `at`, from 1.
pub fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Rewords a message of serde. `noun` names the kind of an unknown value.
pub fn reword(said: &str, noun: &str) -> String {
    let said = said.trim();
    for (start, noun) in [("unknown field `", "setting"), ("unknown variant `", noun)] {
        let Some(rest) = said.strip_prefix(start) else { continue };
        let (name, known) = rest.split_once("`, ").unwrap_or((rest, ""));
        let known: Vec<_> = known.split('`').skip(1).step_by(2).collect();
        return format!("there is no {noun} `{name}`{}", meant(name, &known));
    }
    let Some((found, wanted)) = said.split_once(", expected ") else { return said.to_owned() };
    let wanted = match wanted.lines().next().unwrap_or_default() {
        "usize" | "u64" | "u32" | "u16" | "u8" => "a whole number, at least 0",
        "i64" | "i32" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" => "text in quotes",
        "a sequence" => "a list in brackets",
        "a map" => "a table",
        table if table.starts_with("struct ") => "a table",
        other => other,
    };
    let found = found.split_once(": ").map_or(found, |(_, found)| found);
    format!("expected {wanted}, found {found}")
}

/// The end of a sentence about an unknown name: what was probably meant, or all known names.
pub fn meant(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; the known ones are {}", known.join(", ")),
    }
}

/// The known name closest to `name`, if one is close enough.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let far = |known: &str| strsim::osa_distance(&name, known);
    let close = known.iter().copied().min_by_key(|known| far(known))?;
    let begun = || known.iter().copied().find(|known| name.len() > 1 && known.starts_with(&*name));
    if far(close) <= 1 + name.chars().count() / 4 { Some(close) } else { begun() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_name_is_suggested() {
        assert_eq!(nearest("hemingway", &["theme", "model"]), None);
        assert_eq!(nearest("themes", &["theme", "model"]), Some("theme"));
        assert_eq!(nearest("Temprature", &["top_k", "temperature"]), Some("temperature"));
        assert_eq!(nearest("temp", &["top_k", "temperature"]), Some("temperature"));
    }

    #[test]
    fn messages_of_serde_are_reworded() {
        let said = "unknown field `them`, expected one of `theme`, `preset`";
        assert_eq!(reword(said, "value"), "there is no setting `them`; did you mean `theme`?");
        let said = "invalid type: string \"x\", expected usize";
        let ours = "expected a whole number, at least 0, found string \"x\"";
        assert_eq!(reword(said, "value"), ours);
    }
}
