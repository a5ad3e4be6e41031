//! The text of HTML: paragraphs and line breaks stay; tags, scripts, styles, notes and page numbers go. Character
//! references are left to the cleaning of documents, which decodes them once.

/// Elements whose content is no text.
const SILENT: &[&str] = &[
    "script", "style", "head", "title", "template", "noscript", "svg", "math", "select", "nav",
    "button", "iframe", "object", "audio", "video", "canvas", "textarea",
];
/// Elements that are paragraphs of their own.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "dl",
    "table",
    "blockquote",
    "pre",
    "section",
    "article",
    "header",
    "footer",
    "main",
    "aside",
    "figure",
    "figcaption",
    "form",
    "hr",
    "address",
    "details",
    "summary",
    "body",
    "html",
    "fieldset",
    "center",
];
/// Elements that begin a line.
const LINES: &[&str] = &["br", "li", "tr", "dt", "dd", "option"];
/// Other elements that texts have.
const INLINE: &[&str] = &[
    "a", "span", "em", "strong", "b", "i", "u", "s", "img", "font", "small", "big", "sub", "sup",
    "code", "meta", "link", "td", "th", "tbody", "thead", "!doctype", "q", "cite", "abbr", "ruby",
    "rt",
];
/// Elements without content.
const VOID: &[&str] = &["br", "hr", "img", "meta", "link", "input", "wbr", "area", "col", "source"];
/// Words in the attributes of what isn't the text itself: notes, their marks, page numbers, what isn't seen.
const ASIDE: &[&str] = &[
    "footnote",
    "endnote",
    "rearnote",
    "noteref",
    "pagebreak",
    "pagenum",
    "page-number",
    "page_number",
    "pageno",
    "invisible",
    "display:none",
    "display: none",
    "visually-hidden",
    "sr-only",
];
/// The longest tag, in bytes.
const LONGEST_TAG: usize = 1 << 16;
/// How many elements without an end are tolerated when one is to be skipped.
const MOST_UNCLOSED: usize = 16;

/// The text of a page or of a piece of one.
pub fn text(html: &str) -> String {
    let mut page = Page::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        page.words(&rest[..at]);
        rest = &rest[at..];
        if let Some(tag) = tag(rest) {
            rest = page.tag(&tag);
        } else {
            page.words("<");
            rest = &rest[1..];
        }
    }
    page.words(rest);
    page.out.trim_matches(['\n', ' ']).to_owned()
}

/// How many bytes of a page are outside of tags, scripts and styles.
pub fn visible_bytes(html: &str) -> usize {
    let mut rest = html;
    let mut count = 0;
    while let Some(at) = rest.find('<') {
        count += rest[..at].trim().len();
        rest = &rest[at..];
        rest = match tag(rest) {
            Some(tag) if SILENT[..3].contains(&&*tag.name) && !tag.closes => {
                find_close(tag.behind, &tag.name).map_or("", |at| &tag.behind[at..])
            }
            Some(tag) => tag.behind,
            None => &rest[1..],
        };
    }
    count + rest.trim().len()
}

/// Whether the start of a file is that of a page.
pub fn is_page(start: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&start[..start.len().min(1024)]).to_ascii_lowercase();
    let mut rest = start.trim_start();
    while let Some(comment) = rest.strip_prefix("<!--") {
        rest = comment.split_once("-->").map_or("", |(_, rest)| rest.trim_start());
    }
    ["<!doctype html", "<html", "<head", "<body", "<meta "].iter().any(|tag| rest.starts_with(tag))
        || rest.starts_with("<?xml") && rest.contains("<html")
}

/// Whether a text is HTML: it has tags that only HTML has.
pub fn is_markup(text: &str) -> bool {
    ["</p>", "</div>", "</a>", "</span>", "<br>", "<br/>", "<br />", "</li>", "</em>", "</strong>"]
        .iter()
        .any(|tag| text.contains(tag))
}

/// A tag or a comment.
struct Tag<'a> {
    /// Its name in lower case.
    name: String,
    closes: bool,
    attributes: &'a str,
    /// The text behind it.
    behind: &'a str,
}

/// The tag or comment at the start of a text.
fn tag(text: &str) -> Option<Tag<'_>> {
    if let Some(comment) = text.strip_prefix("<!--") {
        let end = comment.find("-->").map_or(comment.len(), |at| at + 3);
        let behind = &comment[end..];
        return Some(Tag { name: "!--".into(), closes: false, attributes: "", behind });
    }
    let inside = &text[1..];
    let closes = inside.starts_with('/');
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "!?:-".contains(c);
    let end = inside.find(|c| !is_name(c)).unwrap_or(inside.len());
    let name = inside[..end].to_ascii_lowercase();
    let known = name.starts_with(['!', '?']) || name.contains([':', '-']) || is_known(&name);
    // "a < b" and "<3" and "<ash> hello" are text
    if !known || end > 40 {
        return None;
    }
    let limit = inside.floor_char_boundary(LONGEST_TAG.min(inside.len()));
    let close = close_of(&inside[end..limit]).map(|at| end + at)?;
    let (attributes, behind) = (&inside[end..close], &inside[close + 1..]);
    Some(Tag { name, closes, attributes, behind })
}

fn is_known(name: &str) -> bool {
    [SILENT, BLOCKS, LINES, INLINE, VOID].iter().any(|names| names.contains(&name))
        || matches!(
            name,
            "label" | "ins" | "del" | "strike" | "mark" | "time" | "tt" | "kbd" | "samp"
        )
        || matches!(
            name,
            "var" | "dfn" | "bdi" | "bdo" | "rp" | "rb" | "wbr" | "o" | "tfoot" | "caption"
        )
        || matches!(name, "colgroup" | "nobr" | "picture" | "hgroup" | "search" | "data" | "legend")
}

/// The byte of the `>` that ends a tag. Quoted values may contain one.
fn close_of(inside: &str) -> Option<usize> {
    let mut quote = None;
    let mut first = None;
    for (at, byte) in inside.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return Some(at),
            (None, b'<') => break,
            (Some(_), b'>') => first = first.or(Some(at)),
            _ => {}
        }
    }
    first // of a quote that is never closed
}

/// The text so far.
#[derive(Default)]
struct Page {
    out: String,
    /// White space is due before the next word.
    space: bool,
    /// How many line breaks are due.
    breaks: usize,
    /// How many elements with preformatted text are open, where white space counts.
    kept: usize,
    /// How many elements that should have been skipped had no end.
    unclosed: usize,
}

impl Page {
    fn words(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.kept > 0 {
            self.flush();
            self.out.push_str(text);
            return;
        }
        // an unbreakable space isn't white space here, so that it can indent a line
        let is_space = |c: char| c.is_whitespace() && c != '\u{a0}';
        self.space |= text.starts_with(is_space);
        for word in text.split(is_space).filter(|word| !word.is_empty()) {
            self.flush();
            self.out.push_str(word);
            self.space = true;
        }
        if !text.trim().is_empty() {
            self.space = text.ends_with(is_space);
        }
    }

    /// Write the white space that is due.
    fn flush(&mut self) {
        if !self.out.is_empty() {
            match self.breaks {
                0 if self.space => self.out.push(' '),
                0 => {}
                1 => self.out.push('\n'),
                _ => self.out.push_str("\n\n"),
            }
        }
        (self.space, self.breaks) = (false, 0);
    }

    /// Handle a tag; returns the text behind it.
    fn tag<'a>(&mut self, tag: &Tag<'a>) -> &'a str {
        let Tag { name, closes, attributes, behind } = tag;
        let is_void = VOID.contains(&&**name) || attributes.trim_end().ends_with('/');
        if SILENT.contains(&&**name) && !closes && !is_void {
            let end = find_close(behind, name);
            return end.map_or("", |at| &behind[at..]);
        }
        let opens = !closes && !is_void && !name.starts_with(['!', '?']);
        if opens && is_aside(attributes) && self.unclosed < MOST_UNCLOSED {
            match matching_close(behind, name) {
                Some(at) => return &behind[at..],
                None => self.unclosed += 1,
            }
        }
        if name == "pre" {
            self.kept = if *closes { self.kept.saturating_sub(1) } else { self.kept + 1 };
        }
        if BLOCKS.contains(&&**name) {
            self.breaks = 2;
        } else if name == "br" {
            self.breaks += 1;
        } else if LINES.contains(&&**name) {
            self.breaks = self.breaks.max(1);
        } else if ["td", "th"].contains(&&**name) {
            self.space = true;
        }
        behind
    }
}

/// Whether an element isn't part of the text, by its attributes.
fn is_aside(attributes: &str) -> bool {
    if attributes.trim().is_empty() {
        return false;
    }
    let attributes = attributes.to_ascii_lowercase();
    let mut named = ["class", "epub:type", "role", "style", "aria-hidden"].into_iter();
    let hidden = attributes.split_whitespace().any(|word| word == "hidden");
    hidden
        || attributes.contains("aria-hidden=\"true\"")
        || named.any(|name| {
            let value = attributes.split_once(name).and_then(|(_, rest)| {
                let rest = rest.trim_start().strip_prefix('=')?.trim_start();
                let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
                rest[1..].split(quote).next()
            });
            value.is_some_and(|value| ASIDE.iter().any(|word| value.contains(word)))
        })
}

/// The byte behind the closing tag of an element that may not contain elements.
fn find_close(text: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find("</") {
        let start = from + at + 2;
        let end = start + name.len();
        if text.get(start..end).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return Some(text[end..].find('>').map_or(text.len(), |at| end + at + 1));
        }
        from = start;
    }
    None
}

/// The byte behind the closing tag of an element, which may contain others of its name.
fn matching_close(text: &str, name: &str) -> Option<usize> {
    let limit = text.floor_char_boundary(text.len().min(1 << 20));
    let mut depth = 1;
    let mut from = 0;
    while let Some(at) = text[from..limit].find('<') {
        let start = from + at;
        from = start + 1;
        let Some(tag) = tag(&text[start..]) else { continue };
        from = text.len() - tag.behind.len();
        if tag.name == name && !tag.attributes.trim_end().ends_with('/') {
            depth = if tag.closes { depth - 1 } else { depth + 1 };
        }
        if depth == 0 {
            return Some(from);
        }
        if from >= limit {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_stay_and_tags_go() {
        for (html, want) in [
            ("<p>The stove hums &amp; nobody listens.</p>", "The stove hums &amp; nobody listens."),
            ("<p>Rain again.<br>I like it.</p>", "Rain again.\nI like it."),
            (
                "<p>One <b>two</b>, <i>three</i>\n four.</p><p>Five</p>",
                "One two, three four.\n\nFive",
            ),
            ("<style>p{a>b}</style><script>if (a < b) x('</p>')</SCRIPT>Text", "Text"),
            (
                "<head><title>No</title></head><body><h1>Rain</h1><p class=\"c>1\">Sun</p>",
                "Rain\n\nSun",
            ),
            ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
            ("a < b and b > c, I <3 you, <ash> hi", "a < b and b > c, I <3 you, <ash> hi"),
            (
                "see <span class=\"invisible\">https://<span>x</span></span><span>x.org</span>",
                "see x.org",
            ),
            (
                "<p>Word<a epub:type=\"noteref\" href=\"#n\">1</a>.</p><aside epub:type='footnote'><p>No</p></aside><p>On</p>",
                "Word.\n\nOn",
            ),
            ("<span class=\"pagenum\">[12]</span>Text <p hidden>no</p>yes", "Text yes"),
            ("<!-- <p>no</p> -->yes", "yes"),
            ("<pre>  two\n    four</pre>", "  two\n    four"),
            ("<p>cut <b", "cut <b"),
            ("<p title=\"never closed>one</p>two", "one\n\ntwo"),
        ] {
            assert_eq!(text(html), want.trim_matches(['\n', ' ']), "{html}");
        }
        assert!(is_markup("<p>x</p>") && is_markup("a<br/>b") && !is_markup("a < b > c <3"));
        assert!(is_page(b"<!DOCTYPE html><p>") && is_page(b"<!-- x --><html>") && !is_page(b"<p>"));
        assert_eq!(visible_bytes("<style>p{}</style><p>one</p> two"), 6);
    }

    proptest! {
        #[test]
        fn any_text_is_read(html in r#"(<|>|/|p|br|script|style|span class="pagenum"|!--|-->|é|&|'|"|=| |a|pre){0,60}"#) {
            let found = text(&html);
            prop_assert!(found.len() <= html.len() + 2 * html.matches('<').count());
            visible_bytes(&html);
        }
    }
}
