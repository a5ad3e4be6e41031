//! The HTML of a post as plain text.

use crate::clean::decode;

/// The text of a post: a line for each break, an empty line between paragraphs, no tags, character references decoded.
pub fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let Some((tag, behind)) = rest[at + 1..].split_once('>') else {
            // no tag, and the end
            text.push_str(&rest[at..]);
            rest = "";
            break;
        };
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .flat_map(char::to_lowercase)
            .collect();
        rest = behind;
        match (&*name, tag.starts_with('/')) {
            ("br", _) | ("li" | "div" | "blockquote" | "pre", true) => text.push('\n'),
            ("p" | "h1" | "h2" | "h3", true) => text.push_str("\n\n"),
            ("script" | "style", false) => {
                let end = format!("</{name}");
                let at = rest.to_lowercase().find(&end);
                rest = at.and_then(|at| rest.get(at..)).unwrap_or("");
            }
            _ => {}
        }
    }
    text.push_str(rest);
    decode(&text).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_read_as_it_is_shown() {
        let mention = r#"<p><span class="h-card"><a href="https://a.example/@robo" class="u-url mention">@<span>robo</span></a></span> The lamp &amp; the &lt;sea&gt;,<br>and<br/>more</p><p>Next</p>"#;
        assert_eq!(plain(mention), "@robo The lamp & the <sea>,\nand\nmore\n\nNext");
        assert_eq!(plain("a <script>bad()</SCRIPT> b"), "a  b");
        assert_eq!(plain("1 < 2"), "1 < 2");
        assert_eq!(plain("&amp;lt;"), "&lt;", "decoded once");
        assert_eq!(plain("<script>unclosed"), "");
        assert_eq!(plain("ünï<P>x</P>"), "ünïx");
    }
}
