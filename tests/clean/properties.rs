//! Whatever a model says, and however it is cut: what comes out is clean.

use super::{prose, shown};
use proptest::prelude::*;
use unstuck::clean::{Level, PostRules, for_terminal, hanging, post, sentence_ends, weight};

/// Pieces that texts which mean harm are made of.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,6}",
        "[a-z .!?]{1,12}",
        any::<char>().prop_map(String::from),
        proptest::sample::select(vec![
            "<|endoftext|>",
            "<|",
            "|>",
            "<",
            "|",
            "pad",
            "endof",
            "text",
            "https://",
            "t.co/",
            ".com",
            "www.",
            "@",
            "＠",
            "ash",
            "$",
            "INK",
            "#",
            "tag",
            "&amp;",
            "&lt;",
            "&#64;",
            "&#x2e;",
            ";",
            "\x1b[",
            "\x1b]0;",
            "31m",
            "\u{9b}",
            "\u{202e}",
            "\u{200b}",
            "\u{200d}",
            "\u{301}",
            "👩",
            "🚀",
            "漢",
            "。",
            ". ",
            "End.",
            "So",
            " ",
            "\n",
            "()",
            "(",
            ")",
            "\"",
            "U.S.",
            "\u{212a}",
            "\u{338}",
            "xn--",
            "e\u{301}",
        ])
        .prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A `<|name|>` somewhere.
fn has_tag(text: &str) -> bool {
    text.match_indices("<|").any(|(at, _)| {
        text[at + 2..].split_once("|>").is_some_and(|(name, _)| {
            (1..=32).contains(&name.len())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        })
    })
}

/// Something that a platform may make a link of: told by looking at each character and its neighbours.
fn has_link(text: &str) -> bool {
    let chars: Vec<_> = text.chars().collect();
    let word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    text.contains("://")
        || chars.iter().enumerate().any(|(i, c)| {
            let next = chars.get(i + 1);
            match c {
                '@' | '＠' => word(next),
                '$' => next.is_some_and(char::is_ascii_alphabetic),
                '#' | '＃' => next.is_some_and(|c| c.is_alphabetic()),
                '.' => {
                    i > 0
                        && word(chars.get(i - 1))
                        && next.is_some_and(|c| c.is_alphabetic())
                        && chars.get(i + 2).is_some_and(|c| c.is_alphabetic())
                }
                _ => false,
            }
        })
}

fn has_control(text: &str) -> bool {
    text.chars().any(|c| {
        c.is_control() && c != '\n' && c != '\t'
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}')
    })
}

proptest! {
    #[test]
    fn any_output_within_any_limit_is_a_valid_post(
        text in nasty(), prompt in nasty(), limit in 0usize..400
    ) {
        if let Some(post) = post(&text, &PostRules { limit, prompt }) {
            prop_assert!(weight(&post) <= limit, "{post:?} is too heavy");
            prop_assert!(!has_tag(&post), "{post:?} has a tag");
            prop_assert!(!has_link(&post), "{post:?} has a link");
            prop_assert!(!has_control(&post), "{post:?} has a control character");
            prop_assert_eq!(post.trim(), &post);
            prop_assert!(post.contains(char::is_alphanumeric));
            prop_assert_eq!(hanging(&post), &post);
        }
    }

    #[test]
    fn any_output_is_prose_without_tags_or_controls(text in nasty()) {
        let prose = prose(&text);
        prop_assert!(!has_tag(&prose), "{prose:?} has a tag");
        prop_assert!(!has_control(&prose), "{prose:?} has a control character");
    }

    #[test]
    fn a_stream_in_any_pieces_is_the_whole(text in nasty(), cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8)) {
        let chars: Vec<_> = text.chars().collect();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(chars.len() + 1)).collect();
        cuts.extend([0, chars.len()]);
        cuts.sort_unstable();
        let pieces: Vec<String> = cuts.windows(2).map(|w| chars[w[0]..w[1]].iter().collect()).collect();
        prop_assert_eq!(shown(Level::Prose, &pieces), shown(Level::Prose, &[&text]));
    }

    #[test]
    fn a_terminal_is_never_driven(text in nasty()) {
        let safe = for_terminal(&text);
        prop_assert!(!has_control(&safe), "{safe:?}");
        prop_assert_eq!(safe.chars().count(), text.chars().count());
    }

    #[test]
    fn sentence_ends_rise_and_lie_between_characters(text in nasty()) {
        let ends: Vec<_> = sentence_ends(&text).collect();
        prop_assert!(ends.windows(2).all(|w| w[0] < w[1]));
        prop_assert!(ends.iter().all(|end| text.is_char_boundary(*end)));
    }
}
