//! What a model may say, through the whole bot: whatever it is, the platform takes what is sent, and nothing in it is a
//! link, a name or a price. `tests/peers/twitter_text.sh` has the platform's own library judge the same texts.

use super::{
    fake::{Kind, ME},
    rig::{HOUR, MINUTE, Rig},
};
use unstuck::bot::Posting;

/// Pieces of texts that go wrong together.
const PIECES: [&str; 62] = [
    "The lamp went out",
    " and ",
    ". ",
    "! ",
    "? ",
    "… ",
    ".",
    "So",
    "end",
    "example",
    ".com",
    ".co",
    ".jp",
    "www.",
    "http://",
    "HTTPS://",
    "t.co/",
    "/a?b=c",
    "xn--",
    "ü",
    "e\u{301}",
    "漢字",
    "かな",
    "。",
    "@",
    "＠",
    "ash",
    "/list",
    "$",
    "INK",
    "#",
    "＃",
    "tag",
    "1",
    "5",
    " ",
    " ",
    "\n",
    "\n\n",
    "(",
    ")",
    "\"",
    "'",
    "-",
    "_",
    "&amp;",
    "&lt;",
    "&#46;",
    "&#64;",
    "<|endoftext|>",
    "<|pad|>",
    "👩\u{200d}🚀",
    "❤\u{fe0f}",
    "©",
    "🇫🇷",
    "\u{200b}",
    "\u{202e}",
    "U.S.",
    "a.m.",
    "Mr.",
    "He said so. ",
    "Nobody knew why. ",
];

fn nasty(_: &str, seed: u64) -> anyhow::Result<String> {
    let mut state = seed;
    let mut random = |most: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % most
    };
    let mut text: String = (0..4 + random(60)).map(|_| PIECES[random(PIECES.len())]).collect();
    text.push_str(". So it");
    Ok(text)
}

#[test]
fn what_the_platform_gets_it_takes() {
    let mut rig = Rig::new();
    rig.settings.posting = Posting::Auto;
    rig.settings.policy.budget_usd = 1_000.0;
    (rig.settings.policy.per_hour, rig.settings.policy.per_day) = (10_000, 10_000);
    rig.voice = nasty;
    for author in 0..600 {
        rig.say(&author.to_string(), "@inkbot Whatever");
    }
    rig.run(2 * HOUR + MINUTE);
    let world = rig.fake.world();
    let ours: Vec<_> = world.posts.iter().filter(|post| post.author == ME).collect();
    assert!(ours.len() > 300, "{} replies", ours.len());
    let posts = world.log.iter().zip(&world.requests).filter(|((kind, _), _)| *kind == Kind::Post);
    let refused: Vec<_> = posts.filter(|((_, status), _)| *status != 201).collect();
    assert!(refused.is_empty(), "by the platform's own rules: {refused:#?}");
    for post in ours {
        let lower = post.text.to_lowercase();
        for never in
            ["http", "@ash", "＠ash", "$ink", "#tag", "<|", "&amp;", "\u{200b}", "\u{202e}"]
        {
            assert!(!lower.contains(never), "{never}: {}", post.text);
        }
    }
    drop(world);
    rig.judge();
}
