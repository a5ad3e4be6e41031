//! What leaves a document and what drops it, the predecessor's defects first.

use super::{counts, documents, dropped, plain};
use proptest::prelude::*;
use unicode_normalization::is_nfc;
use unstuck::finetune::corpus::{Duplicates, END, Form, START, Settings, clean_text};

/// It removed items of a list while it went through it, and so left out every second link.
#[test]
fn the_predecessors_second_link_goes_too() {
    let rows = "go https://t.co/a https://t.co/b now.\nhttps://t.co/c https://t.co/d\nhttp://t.co/e http://t.co/f http://t.co/g three\n";
    let (found, summary) = documents("t.csv", rows, plain());
    assert_eq!(found, ["go now.", "three"]);
    assert_eq!(dropped(&summary), counts([("only_links", 1)]));
    assert_eq!(summary.changed.links, 2);
}

/// It looked at the first character of the first word of every row, and ended at an empty one.
#[test]
fn the_predecessors_empty_row_stops_nothing() {
    let (found, summary) = documents("t.csv", "one lamp\n\n   \n\"\"\ntwo lamps\n", plain());
    assert_eq!(found, ["one lamp", "two lamps"]);
    assert_eq!(dropped(&summary), counts([("empty", 3)]));
    let (found, summary) = documents("t.csv", "id,text\n1,one lamp\n\n2,\n", plain());
    assert_eq!(found, ["one lamp"]);
    assert_eq!(dropped(&summary), counts([("empty", 2)]));
}

#[test]
fn retweets_of_both_forms_leave() {
    let rows = "RT @ash: one\n\"\"\"@ash: two\"\"\"\n“@ash: three” yes\n&quot;@ash: four&quot;\nmy own RT habit\n";
    let (found, summary) = documents("t.csv", rows, plain());
    assert_eq!(found, ["my own RT habit"]);
    assert_eq!(dropped(&summary), counts([("retweet", 4)]));
    // prose may begin as it likes
    assert_eq!(documents("t.txt", "RT is a short word.", plain()).0, ["RT is a short word."]);
}

#[test]
fn references_are_decoded_once() {
    let (found, summary) = documents("t.csv", "salt &amp;amp; ash &lt;3 &#8230;\n", plain());
    assert_eq!(found, ["salt &amp; ash <3 …"]);
    assert_eq!(summary.changed.entities, 1);
}

#[test]
fn repetitions_leave_as_far_as_was_asked() {
    let rows = "The lamp is out.\nThe lamp is out.\n@ash the LAMP is out!\nThe lamp is lit.\n";
    let read = |repeats| {
        let (found, summary) =
            documents("t.csv", rows, Settings { duplicates: repeats, ..plain() });
        (found.len(), dropped(&summary))
    };
    assert_eq!(read(Duplicates::Drop), (2, counts([("duplicate", 1), ("near_duplicate", 1)])));
    assert_eq!(read(Duplicates::Exact), (3, counts([("duplicate", 1)])));
    assert_eq!(read(Duplicates::Keep), (4, counts([])));
}

#[test]
fn composed_or_not_a_text_is_the_same() {
    let (found, summary) = documents("t.csv", "cafe\u{301} closed\ncafé closed\n", plain());
    assert_eq!(found, ["café closed"]);
    assert_eq!(summary.changed.composed, 1);
    assert_eq!(dropped(&summary), counts([("duplicate", 1)]));
    // A link that leaves may have been between a letter and its accent.
    assert_eq!(clean_text("ghttp://t.co/\u{1b}[e\u{301}", Form::Prose).0, "\u{1f5}");
}

#[test]
fn what_has_no_words_leaves() {
    let rows = "@ash @elm\n🕯🕯\n...\n@ash https://t.co/a\nyes 🕯\n";
    let (found, summary) = documents("t.csv", rows, plain());
    assert_eq!(found, ["yes 🕯"]);
    assert_eq!(dropped(&summary), counts([("only_links", 1), ("no_words", 3)]));
}

proptest! {
    #[test]
    fn any_text_comes_out_composed_tidy_and_untagged(
        text in "([a-z .\n\t]|<\\|endoftext\\|>|<\\|startof|text\\|>|https?://|t\\.co/|www\\.|&(amp|lt|#x0);|[()\"“]|e\u{301}|\u{200d}|\u{1b}\\[|\\PC){0,40}",
        post in any::<bool>(),
    ) {
        let form = if post { Form::Post } else { Form::Prose };
        let (clean, _) = clean_text(&text, form);
        prop_assert!(!clean.contains(START) && !clean.contains(END), "{clean:?}");
        prop_assert!(is_nfc(&clean), "{clean:?}");
        prop_assert!(!clean.contains("http://") && !clean.contains("https://"), "{clean:?}");
        prop_assert!(clean.trim_end() == &*clean, "{clean:?}");
        prop_assert!(!clean.contains("\n\n\n") && !clean.contains('\r'));
        prop_assert!(form == Form::Prose || !clean.contains("  "));
    }
}
