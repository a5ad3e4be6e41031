//! Property tests: no spelling of a listed word, and no split of a text into tokens, brings it onto the screen.

use super::*;
use proptest::prelude::*;
use unstuck::clean::{BLEEP, Bleeps};

const LISTED: &[&str] =
    &["shit", "fuck", "cunt", "motherfucker", "bitches", "slut", "son of a bitch", "grimble"];

/// Look-alikes of some letters: letters of other alphabets, digits and signs.
fn looks(c: char) -> &'static [&'static str] {
    match c {
        'a' => &["a", "а", "α", "@", "4", "ａ", "á", "ⓐ", "𝒂"],
        'b' => &["b", "Ь", "ḃ", "ｂ", "𝐛", "8"],
        'c' => &["c", "с", "ϲ", "ｃ", "¢", "ç", "ⓒ"],
        'e' => &["e", "е", "ε", "3", "ｅ", "é", "€"],
        'f' => &["f", "ƒ", "ｆ", "ḟ", "𝖋"],
        'h' => &["h", "һ", "ｈ", "ĥ", "ʜ"],
        'i' => &["i", "і", "ι", "1", "!", "ｉ", "í", "|"],
        'k' => &["k", "к", "κ", "ｋ", "ķ"],
        'o' => &["o", "о", "ο", "0", "ｏ", "ö"],
        's' => &["s", "ѕ", "$", "5", "ｓ", "ś", "ꜱ"],
        't' => &["t", "т", "τ", "7", "ｔ", "ť", "+"],
        'u' => &["u", "υ", "ｕ", "ú", "ц"],
        'm' => &["m", "м", "ｍ", "ᴍ"],
        _ => &[],
    }
}

/// Invisible characters that are inserted between letters.
const HIDDEN: &[&str] =
    &["", "", "\u{200b}", "\u{200d}", "\u{ad}", "\u{2060}", "\u{feff}", "\u{fe0f}", "\u{301}"];

/// A listed word in a disguised spelling.
fn disguised() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(LISTED);
    (word, proptest::collection::vec(any::<(u8, u8, bool, u8)>(), 16), 0..4u8).prop_map(
        |(word, choices, spelt)| {
            let gap = ["", " ", ".", " - "][usize::from(spelt)];
            let mut out = String::new();
            let mut digits = 0;
            for (n, c) in word.chars().enumerate() {
                let (look, hidden, capital, more) = choices[n % choices.len()];
                if n > 0 && c != ' ' {
                    out.push_str(gap);
                }
                if c == ' ' {
                    out.push(' ');
                    continue;
                }
                let same = c.to_string();
                let all = looks(c);
                let mut look =
                    all.get(usize::from(look) % all.len().max(1)).copied().unwrap_or(&same);
                // With more digits than letters it would be a number.
                let digit = look.chars().all(|c| c.is_ascii_digit());
                digits += usize::from(digit);
                // In a spelt-out word, signs are separators.
                let sign = !look.chars().any(char::is_alphabetic);
                if digits * 2 > word.len() || sign && !gap.is_empty() {
                    look = &same;
                }
                let look = if capital { look.to_uppercase() } else { look.to_owned() };
                let times = if more % 5 == 0 && gap.is_empty() { 3 } else { 1 };
                out.push_str(&look.repeat(times));
                out.push_str(HIDDEN[usize::from(hidden) % HIDDEN.len()]);
            }
            out
        },
    )
}

fn bleeps() -> Bleeps {
    let mut bleeps = Bleeps::standard();
    bleeps.add("grimble").unwrap();
    bleeps
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_disguise_helps(word in disguised(), before in "[a-z]{2,8} ", after in "( [a-z]{2,8}|\\.|, no)") {
        let text = format!("{before}{word}{after}");
        let judged = bleeps().judge(&text, true);
        let start = before.len();
        let hidden = judged.bleeped.iter().any(|range| range.start <= start && range.end > start);
        prop_assert!(hidden, "{text:?} became {:?}", judged.masked(&text, 0..text.len()));
    }

    /// What is certain doesn't change: what is shown while tokens arrive agrees with the whole text.
    #[test]
    fn what_is_shown_early_is_what_is_shown_in_the_end(
        word in disguised(), before in "[a-z ']{0,12}", after in "[a-z .']{0,12}",
    ) {
        let (text, bleeps) = (format!("{before} {word}{after}"), bleeps());
        let end = bleeps.judge(&text, true);
        for (cut, _) in text.char_indices() {
            let judged = bleeps.judge(&text[..cut], false);
            prop_assert!(judged.certain <= cut);
            let early = judged.masked(&text, 0..judged.certain);
            prop_assert_eq!(early, end.masked(&text, 0..judged.certain), "{:?} at {}", &text[..cut], cut);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same on the screen, however the word is split into tokens: while stepping, with the alternatives open, at
    /// the end.
    #[test]
    fn nothing_listed_reaches_the_screen(
        listed in proptest::sample::select(&LISTED[..6]),
        cuts in proptest::collection::vec(1..4usize, 12),
        keys in proptest::collection::vec(proptest::sample::select(&["right", "left", "end", "t", "esc", "space", "home", "z"][..]), 20),
    ) {
        let mut air = Air::show();
        air.keys("space");
        let text = format!(" the {listed} said no");
        let mut rest = text.as_str();
        let mut cuts = cuts.into_iter().cycle();
        let mut keys = keys.into_iter();
        while !rest.is_empty() {
            let at = cuts.next().unwrap_or(1).min(rest.len());
            air.say(0, &[&rest[..at]]);
            rest = &rest[at..];
            if let Some(key) = keys.next() {
                air.keys(key);
            }
            air.pass(150);
            let shown = air.read().to_lowercase();
            prop_assert!(!shown.contains(listed), "{shown}");
        }
        air.end(0);
        air.keys("esc end");
        let mut shown = air.desk.shown();
        for _ in 0..3 {
            air.keys("z");
            shown += &air.desk.shown();
            prop_assert!(!air.read().to_lowercase().contains(listed));
        }
        prop_assert!(shown.contains(BLEEP));
    }
}

#[test]
fn prose_stays_as_it_is() {
    let prose = include_str!("../../benches/prose.txt");
    let judged = Bleeps::standard().judge(prose, true);
    assert!(judged.bleeped.is_empty(), "{:?}", judged.bleeped);
}

#[test]
fn what_the_host_types_is_bleeped_as_it_is_typed() {
    let mut air = Air::show();
    air.keys("/");
    let mut typed = String::new();
    for c in "well sh1t, no".chars() {
        air.typed(&c.to_string());
        typed.push(c);
        assert!(!air.read().contains("sh1"), "{typed}: {}", air.read());
    }
    assert!(
        air.read().contains("well ████, ··▌") || air.read().contains("well ████, no▌"),
        "{}",
        air.read()
    );
    air.keys("enter");
    assert!(!air.read().contains("sh1t"), "{}", air.read());
}
