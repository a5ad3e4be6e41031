//! What is taken out of a model's text, and what never is. The samples are our own.

mod properties;

use unstuck::clean::{
    Cleaner, Level, PostRules, for_terminal, hanging, post, post_steps, sentence_ends, weight,
};

/// The text cut at each of its sentence ends.
fn sentences(text: &str) -> Vec<&str> {
    let mut from = 0;
    let mut all: Vec<_> = sentence_ends(text)
        .map(|end| {
            let sentence = &text[from..end];
            from = end;
            sentence.trim()
        })
        .collect();
    all.push(text[from..].trim());
    all
}

#[test]
fn sentences_end_where_a_reader_says_so() {
    for (text, expected) in [
        ("", &[""][..]),
        ("no mark at all", &["no mark at all"]),
        ("One. Two! Three? Four… five", &["One.", "Two!", "Three? Four… five"][..2]),
        ("He left. She stayed", &["He left.", "She stayed"]),
        ("What a day? Yes", &["What a day?", "Yes"]),
        ("He said \"Great.\" Then he went", &["He said \"Great.\"", "Then he went"]),
        ("“Is it you?” she asked. Nobody", &["“Is it you?” she asked.", "Nobody"]),
        ("(It rained!) We walked", &["(It rained!)", "We walked"]),
        ("She waited... and then. Dark", &["She waited... and then.", "Dark"]),
        ("She waited . . . and slept. Dark", &["She waited . . . and slept.", "Dark"]),
        ("Why?! Because", &["Why?!", "Because"]),
        ("Mr. and Mrs. Ash met Dr. Roe. Then", &["Mr. and Mrs. Ash met Dr. Roe.", "Then"]),
        ("J. R. Ash wrote it. We read", &["J. R. Ash wrote it.", "We read"]),
        ("Miss P. may come. So", &["Miss P. may come.", "So"]),
        ("It was I. He knew", &["It was I.", "He knew"]),
        ("The U.S. Army came. It", &["The U.S. Army came.", "It"]),
        ("They left the U.S. The ship", &["They left the U.S.", "The ship"]),
        ("It weighs 1.5 kg. Heavy", &["It weighs 1.5 kg.", "Heavy"]),
        ("In 1931. Later", &["In 1931.", "Later"]),
        ("Room No. 7 is locked. Go", &["Room No. 7 is locked.", "Go"]),
        ("No. Never. Go", &["No.", "Never.", "Go"]),
        ("Pens, ink, etc. were sold. We", &["Pens, ink, etc. were sold.", "We"]),
        ("At 5 a.m. the bell rang. We", &["At 5 a.m. the bell rang.", "We"]),
        ("1. Lamps are put out. 2", &["1. Lamps are put out.", "2"]),
        ("The day.\nYes", &["The day.", "Yes"]),
        ("so it ended. they slept. we", &["so it ended.", "they slept.", "we"]),
        ("the end.So it goes. Well", &["the end.So it goes.", "Well"]),
        ("雨だった。帰ろう", &["雨だった。", "帰ろう"]),
    ] {
        let found = sentences(text);
        if text.starts_with("One.") {
            assert_eq!(found[..2], *expected, "{text}");
        } else {
            assert_eq!(found, expected, "{text}");
        }
    }
}

#[test]
fn a_hanging_clause_is_cut_and_whole_sentences_stay() {
    for (text, kept) in [
        ("The lamp went out. Nobody spoke, and the", "The lamp went out."),
        (" A leading space. And", " A leading space."),
        ("All of it is whole.", "All of it is whole."),
        ("“Well?”", "“Well?”"),
        ("He met Dr.", ""),
        ("no terminator here at all", ""),
        ("", ""),
        ("...", ""),
    ] {
        assert_eq!(hanging(text), kept, "{text}");
    }
}

/// What a reader sees of `pieces`, and whether the end tag came.
fn shown<T: AsRef<str>>(level: Level, pieces: &[T]) -> (String, bool) {
    let mut cleaner = Cleaner::new(level);
    let mut out: String = pieces.iter().map(|piece| cleaner.push(piece.as_ref())).collect();
    let ended = cleaner.ended();
    out.push_str(&cleaner.finish());
    (out, ended)
}

fn prose(text: &str) -> String {
    shown(Level::Prose, &[text]).0
}

fn posted(text: &str) -> String {
    post(text, &PostRules::default()).unwrap_or_default()
}

#[test]
fn prose_loses_what_nobody_wrote_for_a_reader() {
    for (text, expected) in [
        ("The lamp\twent\nout.", "The lamp\twent\nout."),
        ("<|startoftext|>The lamp", "The lamp"),
        ("one<|pad|> two", "one two"),
        ("a < b and <b>bold</b> <| no |>", "a < b and <b>bold</b> <| no |>"),
        ("red \x1b[1;31mlamp\x1b[0m", "red lamp"),
        ("a title\x1b]0;owned\x07 and on", "a title and on"),
        ("a title\x1b]0;owned\x1b\\ and on", "a title and on"),
        ("an unended\x1b]0;title\nand on", "an unended\nand on"),
        ("c1 \u{9b}31mlamp\u{85}", "c1 lamp"),
        ("bell\x07 null\0 return\r\nline", "bell null return\nline"),
        ("abc\u{202e}fed\u{2066}x", "abcfedx"),
        ("a\u{200b}b\u{feff}c\u{200d}d\u{ad}e", "abcde"),
        ("👩\u{200d}🚀 and ❤\u{fe0f}", "👩\u{200d}🚀 and ❤\u{fe0f}"),
        ("क्\u{200d}ष می\u{200c}خواهم", "क्\u{200d}ष می\u{200c}خواهم"),
        ("🏴\u{e0067}\u{e007f} x\u{e0067}", "🏴\u{e0067}\u{e007f} x"),
        ("cafe\u{301}", "cafe\u{301}"),
        ("one\u{2028}two", "one\ntwo"),
    ] {
        assert_eq!(prose(text), expected, "{text:?}");
    }
}

#[test]
fn the_end_tag_ends_the_text_and_says_so() {
    assert_eq!(shown(Level::Prose, &["The end.<|endoftext|>Another"]), ("The end.".into(), true));
    assert_eq!(
        shown(Level::Prose, &["The end.<|endof", "text|", ">An"]),
        ("The end.".into(), true)
    );
    assert_eq!(shown(Level::Prose, &["The end.<|endof"]), ("The end.".into(), false));
    assert_eq!(shown(Level::Prose, &["a <", "b"]), ("a <b".into(), false));
    assert_eq!(shown(Level::Prose, &["less <"]), ("less <".into(), false));
    assert_eq!(shown(Level::Prose, &["<|en<|pad|>doftext|>x"]), (String::new(), true));
    assert_eq!(shown(Level::Prose, &["<<|pad|>|pad|>x"]), ("x".into(), false));
}

#[test]
fn no_more_is_held_back_than_a_possible_tag() {
    let mut cleaner = Cleaner::new(Level::Prose);
    for (piece, expected) in [
        ("The", "The"),
        (" <", " "),
        ("|st", ""),
        ("art!", "<|start!"),
        ("<|pad|", ""),
        (">x", "x"),
    ] {
        assert_eq!(cleaner.push(piece), expected);
    }
}

#[test]
fn none_takes_nothing() {
    let text = "<|startoftext|>\x1b[31m \u{202e}<|endoftext|> &amp;";
    assert_eq!(shown(Level::None, &[text]), (text.into(), false));
}

#[test]
fn a_terminal_gets_pictures_instead_of_controls() {
    assert!(matches!(for_terminal("plain é\n\t👩\u{200d}🚀"), std::borrow::Cow::Owned(_)));
    assert!(matches!(for_terminal("plain é\n\t漢"), std::borrow::Cow::Borrowed(_)));
    assert_eq!(for_terminal("plain é\n\t👩\u{200d}🚀"), "plain é\n\t👩\u{200d}🚀");
    assert_eq!(for_terminal("\x1b[31m\x07\r\x7f\u{9b}"), "␛[31m␇␍␡�");
    assert_eq!(for_terminal("a\u{202e}b\u{200b}c\u{200d}"), "a�b�c�");
}

#[test]
fn a_post_is_plain_sentences() {
    for (text, expected) in [
        ("The lamp went out. Nobody", "The lamp went out."),
        ("Great   rally\t today !", "Great rally today!"),
        ("One.\n\n\n\nTwo.", "One.\n\nTwo."),
        ("Thanks @ash! Come @ 5.", "Thanks! Come @ 5."),
        ("@ash, @birch: hello.", "hello."),
        ("Write to ash@example.org today.", "Write to today."),
        ("Buy $INK now. It costs $5.", "Buy now. It costs $5."),
        ("Such a #lamp and #1.", "Such a lamp and #1."),
        (
            "Press #\u{fe0f}\u{20e3} or #1\u{fe0f}\u{20e3}.",
            "Press #\u{fe0f}\u{20e3} or 1\u{fe0f}\u{20e3}.",
        ),
        ("See (https://t.co/x1) there.", "See there."),
        ("Look: www.example.org/a?b=c.", "Look:."),
        ("The list is @ash/all-lamps here.", "The list is here."),
        (
            "Costs 1.5 or 2.75, e.g. in the U.S. or at 5 p.m. there.",
            "Costs 1.5 or 2.75, e.g. in the U.S. or at 5 p.m. there.",
        ),
        ("Mr.Ash and J.K.Birch.", "Mr. Ash and J.K. Birch."),
        ("見てhttps://t.co/aですよ。", "見てですよ。"),
        ("漢字.jpだ。", "漢字. jpだ。"),
        ("me＠example.org wrote.", "wrote."),
    ] {
        assert_eq!(posted(text), expected, "{text}");
    }
}

#[test]
fn each_step_of_a_post_can_be_looked_at() {
    let rules = PostRules { limit: 20, prompt: "Great rally".into() };
    let steps: Vec<_> = post_steps(
        "<|startoftext|>great rally &amp; more https://t.co/x today. Go on. And",
        &rules,
    )
    .into_iter()
    .map(|step| (step.step, step.text))
    .collect();
    let expected = [
        ("tags", "great rally &amp; more https://t.co/x today. Go on. And"),
        ("entities", "great rally & more https://t.co/x today. Go on. And"),
        ("echo", " & more https://t.co/x today. Go on. And"),
        ("links", "& more today. Go on. And"),
        ("sentences", "& more today. Go on."),
        ("length", "& more today. Go on."),
    ]
    .map(|(step, text)| (step, text.to_owned()));
    assert_eq!(steps, expected);
}

/// What the bot before this one got wrong in text, one test each.
mod defects {
    use super::*;

    #[test]
    fn a_link_after_a_link_goes_too() {
        assert_eq!(posted("go https://t.co/a https://t.co/b now."), "go now.");
    }

    #[test]
    fn a_text_without_an_end_is_no_post_and_not_its_first_word() {
        assert_eq!(post("no terminator here at all", &PostRules::default()), None);
    }

    #[test]
    fn three_spaces_are_no_reason_to_panic() {
        assert_eq!(posted("a   b."), "a b.");
        assert_eq!(hanging("a   b."), "a   b.");
    }

    #[test]
    fn the_prompt_is_not_sent_back() {
        let rules =
            PostRules { prompt: "What do you think of lamps?".into(), ..Default::default() };
        let text = "what do you  think of lamps? What do you think of lamps? I like them.";
        assert_eq!(post(text, &rules).as_deref(), Some("I like them."));
        assert_eq!(post("What do you think of lamps?", &rules), None);
        assert_eq!(
            post("What do you think. So.", &rules).as_deref(),
            Some("What do you think. So.")
        );
    }

    #[test]
    fn entities_are_decoded_once() {
        assert_eq!(
            posted("Bread &amp; butter &lt;3 &#39;n&#x27; jam."),
            "Bread & butter <3 'n' jam."
        );
        assert_eq!(posted("&amp;lt; stays. &bogus; too."), "&lt; stays. &bogus; too.");
    }

    #[test]
    fn nothing_hides_in_an_entity() {
        assert_eq!(posted("One.&lt;|endoftext|&gt;Two."), "One.");
        assert_eq!(posted("Red&#27;[31m lamp&#x202e;."), "Red lamp.");
        assert_eq!(posted("Hello &#64;ash there."), "Hello there.");
    }

    #[test]
    fn links_of_any_host_and_place_go() {
        assert_eq!(posted("(https://t.co/x, said she)."), "(, said she).");
        assert_eq!(posted("One.\nhttps://t.co/x\nexample.org two."), "One.\n\ntwo.");
        assert_eq!(posted("HTTP://EXAMPLE.ORG is http://localhost:80/x here."), "is here.");
    }

    #[test]
    fn length_is_weight() {
        let text = format!("{}。", "漢".repeat(270));
        assert_eq!(post(&text, &PostRules::default()), None);
        let text = format!("{}。", "漢".repeat(139));
        assert_eq!(weight(&posted(&text)), 280);
        assert_eq!(weight("é"), weight("e\u{301}"));
        assert_eq!(weight("👩\u{200d}🚀©"), 2 + 2);
        for emoji in [
            "🇩🇪",
            "👍🏽",
            "👨\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "😀",
            "👩🏽\u{200d}🚀",
        ] {
            assert_eq!(weight(emoji), 2, "{emoji}");
        }
        // what the platform's counter doesn't know counts part by part
        assert_eq!(weight("🇽🇽"), 4, "no country");
        assert_eq!(weight("😀\u{200d}😀"), 5, "no emoji");
    }

    #[test]
    fn marks_that_end_sentences_are_known() {
        assert_eq!(posted("What a day? Yes"), "What a day?");
        assert_eq!(posted("He said \"Great.\" And"), "He said \"Great.\"");
        assert_eq!(
            posted("In the U.S. today it is 1.5 degrees… And"),
            "In the U.S. today it is 1.5 degrees…"
        );
        assert_eq!(posted("So it goes (at last!) And"), "So it goes (at last!)");
    }

    #[test]
    fn a_full_stop_glued_to_a_word_is_no_link() {
        assert_eq!(posted("It is the end.So it goes."), "It is the end. So it goes.");
        assert_eq!(posted("Go to example.com now."), "Go to now.");
    }

    #[test]
    fn the_next_document_is_not_glued_on() {
        assert_eq!(posted("It ends.<|endoftext|>Another begins."), "It ends.");
    }

    #[test]
    fn nothing_left_is_no_post() {
        for text in ["", " ", "https://t.co/aaa.", "@ash", "...", "<|endoftext|>", "()", "?!"] {
            assert_eq!(post(text, &PostRules::default()), None, "{text}");
        }
    }
}
