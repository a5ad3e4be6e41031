//! The filter: ordinary sentences pass, foul ones don't, and the operator has the last word about a word.

use unstuck::{
    clean::Severity,
    mentions::{
        Begin, Gate, Mention, Objection, Refused, Settings, Unsaid, Voice, draft, filter, revise,
    },
};

/// Ordinary sentences with words, numbers or neighbours that contain a listed word's letters.
const ORDINARY: &str = "\
His wife was home.|What a night. It rained.|Call 555 45 45.|He was 45, she 44.|Scunthorpe is a town.|\
The cockpit was dark.|A rooster is a cock with a louder title.|The assassin passed the class.|\
She took the bass and left the brass.|Dick and Jane went to Essex.|The analyst can analyse it.|\
The Titanic sank.|They titled the book twice.|Peacocks and hancocks.|The grape harvest was late.|\
He scraped the paint and drapes.|Sussex, Middlesex, Wessex.|The therapist is in.|An arsenal of words.|\
The shiitake were fresh.|They shifted it.|The mass of it passed us.|He sat in the bitter wind.|\
A niggling doubt remained.|The snigger died away.|She was niggardly with praise.|The raccoon ate it.|\
A cocoon hung there.|The cooking pot was on.|The spice was strong.|Despicable, he thought.|\
The chinked wall let in light.|A pakistani poet read.|The fagot burned, said the old book.|\
Her retardation of the theme was slow.|The flame retardant failed.|Cumulus clouds came.|Cucumbers and circumstance.|\
He documented it.|A dam broke.|Hello, hellebore.|The shell was white.|Michelle waved.|Nutcracker night.|\
The horse was hoarse.|Whose horse is it?|The who's who of it.|Penistone is a town.|\
A pen is enough.|The sun is hot. Tie it up.|They bit. Chester lost.|We push it. Then we pull it.|\
As she said. Hit the bell.|It was as hot as usual.|The pass, it turned out, was shut.|Mass hysteria.|\
He said: as hole after hole opened, they ran.|It was a pus-filled wound.|She swore an oath.|\
At 10:45 the train left platform 5.|He paid 8.00 for 455 pages.|Room 5318008 was locked.|Flight A55 to B00.|\
On 9 11 we met.|Her number ended in 4 5 5.|S. H. Ito lived here.|F. U. Cook wrote it.|\
The bastion held.|The basement was wet.|An assorted basket.|A bushel of oats.|The jackal howled.|\
He shot the film in Rome.|She killed the engine.|They will kill the lights.|I could murder a sandwich.|\
The gun was old.|War is near.|Blood ran in the gutter.|The knife cut the bread.|He beat the eggs.|\
They hanged the painting on the wall.|Strangle the vine at the root.|The bomb was a dud.|\
He died in bed.|She hoped he would live.|The hanging gardens.|Burning leaves.|We blew up balloons.|\
Go back to your seat.|Go back to your book.|Kill the sound.|Find you a chair.|The rope hung loose.|\
The river rose and fell.|Nobody spoke of the boat.|The lamp went out at nine.|She counted the tides.|\
Tea at four, then silence.|What is the meaning of rain?|He mended nets on Monday.|The bell rang once.|\
I love the sea.|My father kept bees.|Her hands were cold.|Snow fell on the pier.|The dog slept.|\
It is all right.|We ate bread and salt.|They danced until dawn.|A letter came.|The keeper wept.";

/// Words and phrases, each put into every frame of `FRAMES`.
const FOUL: &str = "\
fuck|fucking|motherfucker|shit|bullshit|cunt|asshole|bitch|bastards|wanker|slut|whore|dickhead|cocksucker|nigger|\
faggot|retard|kike|spic|tranny|porn|rapist|kill yourself|i will kill you|fvck|f u c k|sh1t|fuuuck|b1tch|a$$hole|\
f*cking|motherf*cker|go f*** yourself|fick dich|s.h.i.t|mierda|merde|scheiße|puta|cazzo|caralho|klootzak|heil hitler";
const FRAMES: [&str; 5] = [
    "{}.",
    "What {} is this?",
    "The lamp went out. {}!",
    "He said {} and left.",
    "Oh, {} it was, said the keeper.",
];

#[test]
fn ordinary_sentences_pass_and_foul_ones_do_not() {
    let found = |text: &str| filter(text, Severity::Strong);
    // all that was written for this project: a story, and the manual
    let prose = [
        include_str!("../../benches/prose.txt"),
        include_str!("../../docs/desk.md"),
        include_str!("../../docs/bot.md"),
        include_str!("../../docs/models.md"),
        include_str!("../../docs/on-air.md"),
        include_str!("../../docs/corpus.md"),
        include_str!("../../docs/glossary.md"),
    ];
    let prose = prose.iter().flat_map(|text| text.split_inclusive(['.', '?', '!', '|', '\n']));
    let prose = prose.filter(|text| text.split_whitespace().count() > 3);
    let plain = ORDINARY.split('|').chain(prose);
    let plain: Vec<_> = plain.collect();
    let wrong = plain.iter().filter_map(|text| found(text).map(|word| (text, word)));
    let wrong: Vec<_> = wrong.collect();
    assert!(plain.len() >= 500 && wrong.is_empty(), "{wrong:#?}");
    let whole = ORDINARY.replace('|', " ");
    assert_eq!(found(&whole), None, "neighbours make no word");
    let frames = FOUL.split('|').flat_map(|word| FRAMES.map(|frame| frame.replace("{}", word)));
    let foul: Vec<_> = frames.collect();
    let passed: Vec<_> = foul.iter().filter(|text| found(text).is_none()).collect();
    assert!(foul.len() >= 200 && passed.len() * 100 <= foul.len() * 2, "{passed:#?}");
    println!(
        "{} of {} ordinary sentences refused, {} of {} foul ones passed",
        wrong.len(),
        plain.len(),
        passed.len(),
        foul.len()
    );
}

/// Sentences of our own, a sentence a line. They were written without sight of the list of words, which was then fitted to
/// them; `benches/RESULTS.md` has what was judged wrong before.
#[test]
fn whole_sentences_are_judged_as_a_reader_would() {
    let found = |text: &&str| filter(text, Severity::Strong).is_some();
    let ordinary = include_str!("../fixtures/gate/ordinary.txt").lines();
    let refused: Vec<_> = ordinary.clone().filter(found).collect();
    assert!(refused.len() * 200 <= ordinary.count(), "{refused:#?}");
    let foul = include_str!("../fixtures/gate/foul.txt").lines();
    let passed: Vec<_> = foul.clone().filter(|text| !found(text)).collect();
    assert!(passed.len() * 50 <= foul.count(), "{passed:#?}");
}

#[test]
fn severities_are_told_apart() {
    assert_eq!(filter("Well, damn.", Severity::Strong), None);
    assert_eq!(filter("Well, damn.", Severity::Mild).as_deref(), Some("damn"));
    assert_eq!(filter("A shit day.", Severity::Slur), None);
    assert!(filter("I will kill you.", Severity::Threat).is_some());
    // an exception holds at each of them
    assert_eq!(filter("He finished cum laude.", Severity::Mild), None);
}

#[test]
fn a_refusal_names_the_word_and_the_operator_may_overrule_it_but_not_a_secret() {
    let settings = Settings { blocked_words: vec!["velvet glove".into()], ..Settings::default() };
    let gate = Gate {
        settings: &settings,
        limit: 280,
        secrets: &["s3cr3t"],
        filter,
        begin: Begin::Continuation,
    };
    let refuse = |text, anyway| revise(text, "", &gate, anyway);
    assert_eq!(
        refuse("What a shit day.", false).unwrap_err().to_string(),
        "the reply can't be posted: it says \"shit\""
    );
    assert_eq!(refuse("What a shit day.", true).unwrap(), "What a shit day.");
    assert!(refuse("A velvet glove.", true).is_ok());
    assert_eq!(refuse("My s3cr3t.", true), Err(Refused::Gate(Objection::Secret)));
    assert_eq!(refuse(" ", true), Err(Refused::Empty));
}

#[test]
fn blocked_words_are_found_with_any_apostrophe_and_mark() {
    for (word, reply, blocked) in [
        ("can't stop", "I can’t stop here.", true),
        ("can’t stop", "I CAN'T—stop!", true),
        ("Mara", "It was Mara’s.", true),
        ("can", "I can’t.", false),
        ("stop", "Nonstop.", false),
    ] {
        let settings = Settings { blocked_words: vec![word.into()], ..Settings::default() };
        let gate = Gate {
            settings: &settings,
            limit: 280,
            secrets: &[],
            filter,
            begin: Begin::Continuation,
        };
        let objection = gate.refuse(reply, "");
        assert_eq!(objection, blocked.then(|| Objection::Blocked(word.into())), "{word} {reply}");
    }
}

#[test]
fn a_reply_is_phrase_and_continuation_and_repeats_neither() {
    let settings = Settings::default();
    let gate = Gate { settings: &settings, limit: 280, secrets: &[], filter, begin: Begin::Phrase };
    let drafted = |prompt: &str, said: &'static str| {
        let mention = Mention { text: prompt.into(), ..Mention::default() };
        draft(&mention, prompt, 1, &mut Fixed(said), &gate).unwrap().reply
    };
    let long = "I hereby declare that the moon is made of old green cheese";
    assert_eq!(drafted("The rain", " came. And").unwrap(), "The rain came.");
    assert_eq!(drafted(long, ", and nobody minds.").unwrap(), format!("{long}, and nobody minds."));
    // nothing but the author's words is no reply, and neither are they twice
    assert_eq!(drafted("It rained. Then", " the river"), Err(Unsaid::Nothing));
    let twice = format!(". {long}.").leak();
    assert_eq!(drafted(long, twice), Err(Unsaid::Refused(Objection::Echo)));
    // the phrase is judged with what follows
    assert!(matches!(drafted("Well, mother", "fucker it is."), Err(Unsaid::Refused(_))));
}

/// A voice that always says the same.
struct Fixed(&'static str);

impl Voice for Fixed {
    fn name(&mut self) -> anyhow::Result<String> {
        Ok("fixed".into())
    }

    fn say(&mut self, _: &str, _: u64) -> anyhow::Result<String> {
        Ok(self.0.into())
    }
}

#[test]
fn quotes_that_are_opened_are_closed_and_others_are_drawn_again() {
    use unstuck::mentions;
    let policy = mentions::Settings::default();
    let gate = |begin| Gate {
        settings: &policy,
        limit: 280,
        secrets: &[],
        filter: mentions::filter,
        begin,
    };
    let said = |begin, prompt: &str, says: fn(&str, u64) -> anyhow::Result<String>| {
        let mention = mentions::Mention { text: prompt.to_owned(), ..mentions::Mention::default() };
        mentions::draft(&mention, prompt, 1, &mut crate::rig::Stub(says), &gate(begin))
            .unwrap()
            .reply
    };
    for (prompt, says, want) in [
        (
            "She said",
            (|_, _| Ok(" \"I will go. Nobody".into())) as fn(&str, u64) -> anyhow::Result<String>,
            Some("She said \"I will go.\""),
        ),
        ("She said", |_, _| Ok(" “I will go. Nobody".into()), Some("She said “I will go.”")),
        (
            "She said",
            |_, _| Ok(" \"I will go,\" and went. Nobody".into()),
            Some("She said \"I will go,\" and went."),
        ),
        (
            "He said \"The lamp",
            |_, _| Ok(" is out.\" Nobody".into()),
            Some("He said \"The lamp is out.\""),
        ),
        ("She said", |_, _| Ok(" I will go,\" and went. Nobody".into()), None),
        // the author's own mark is not held against the model
        ("A board of 5\" was", |_, _| Ok(" cut. Nobody".into()), Some("A board of 5\" was cut.")),
    ] {
        let reply = said(Begin::Phrase, prompt, says);
        assert_eq!(reply.as_deref().ok(), want, "{prompt}: {reply:?}");
        if want.is_none() {
            assert!(reply.unwrap_err().may_change());
        }
    }
}

#[test]
fn a_mention_in_another_language_gets_help_or_nothing_or_an_answer() {
    use unstuck::mentions::{self, Account, Foreign, Mention, Past, Verdict, judge};
    let me = Account { id: "1".into(), handle: "inkbot".into(), ..Account::default() };
    let verdict = |foreign, text: &str| {
        let settings = mentions::Settings { foreign, ..mentions::Settings::default() };
        let mention = Mention {
            text: format!("@inkbot {text}"),
            explicit: true,
            created: 9,
            ..Mention::default()
        };
        judge(&settings, &mention, &me, &Past::default(), 0, 9)
    };
    let french = "La pluie tombait depuis le matin, et la lampe brûlait dans la chambre";
    assert_eq!(verdict(Foreign::Help, french), Verdict::Help);
    assert_eq!(verdict(Foreign::Skip, french), Verdict::Skip("another language"));
    assert!(matches!(verdict(Foreign::Answer, french), Verdict::Answer(_)));
    for english in [
        "The lamp went out, and nobody in the house said a word",
        "knock knock",
        "Pell met Mrs Vane",
    ] {
        assert!(matches!(verdict(Foreign::Skip, english), Verdict::Answer(_)), "{english}");
    }
}
