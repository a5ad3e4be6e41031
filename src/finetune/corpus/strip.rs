//! Takes out of a post what isn't the writer's words: codes of Discord, quoted lines, markup.

use super::html;
use std::borrow::Cow;

/// A text without the lines that quote somebody else (`> ...`), as in Markdown and mails.
pub fn quotes(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_quote = |line: &str| {
        let line = line.trim_start();
        line.starts_with('>') && !line.starts_with(">!") || line.starts_with("&gt;")
    };
    if !text.contains('>') && !text.contains("&gt;") || !text.lines().any(is_quote) {
        return text;
    }
    let kept: Vec<&str> = text.lines().filter(|line| !is_quote(line)).collect();
    kept.join("\n").into()
}

/// A text without markup: HTML becomes text, and the codes of Discord for people, channels and emoji are removed.
pub fn markup(text: &str) -> Cow<'_, str> {
    if !text.contains('<') {
        return text.into();
    }
    if html::is_markup(text) {
        return html::text(text).into();
    }
    let mut out = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').map(|end| at + end);
        match end.filter(|end| is_code(&rest[at + 1..*end])) {
            Some(end) => {
                found = true;
                out.push_str(&rest[..at]);
                rest = &rest[end + 1..];
            }
            None => {
                out.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    if found { out.into() } else { text.into() }
}

/// Whether the inside of `<...>` is a code of Discord: `@123`, `#123`, `:name:123`, `t:123:R`.
fn is_code(inside: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let person = inside.strip_prefix('@').map(|rest| rest.trim_start_matches(['!', '&']));
    let number = person.or_else(|| inside.strip_prefix('#'));
    let time = inside.strip_prefix("t:").map(|rest| rest.split(':').next().unwrap_or_default());
    let emoji = inside.strip_prefix('a').unwrap_or(inside).strip_prefix(':');
    let emoji = emoji.and_then(|rest| rest.split_once(':')).map(|(_, id)| id);
    [number, time, emoji].into_iter().flatten().any(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_words_stay() {
        for (text, words) in [
            ("hi <@123> and <@!4> in <#5>", "hi  and  in "),
            ("yes <:lamp:12> <a:wave:3> <t:17:R>", "yes   "),
            ("a < b, <3, <b>, <@ash>", "a < b, <3, <b>, <@ash>"),
            ("<p>One</p>", "One"),
            ("plain", "plain"),
        ] {
            assert_eq!(markup(text), words);
        }
        assert_eq!(quotes("> not me\nme\n&gt; not me".into()), "me");
        assert_eq!(quotes("a > b".into()), "a > b");
    }

    proptest! {
        #[test]
        fn any_text_is_stripped(text in r"(<|>|@|#|:|t:|a|1|é|</p>| |\n){0,60}") {
            prop_assert!(markup(&text).len() <= text.len() + 2 * text.matches('<').count());
            prop_assert!(quotes(text.as_str().into()).len() <= text.len());
        }
    }
}
