//! What is taken out of a model's text, and what never is. The samples are our own.

use unstuck::clean::{hanging, sentence_ends};

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
