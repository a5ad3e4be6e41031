//! What the desk has beside it when the test says so: models to choose from, a bot's queue.

use super::Desk;
use std::path::Path;
use unstuck::{
    mentions::{Begin, Kind, Ledger, Mention, Person, Place, Settings, State},
    ui::shelf::{Entry, Errand, Fetching, Word},
};

/// Models in every state that the list can show.
pub fn entries() -> Vec<Entry> {
    let entry = |name: &str, here, tok_s| Entry {
        name: name.into(),
        parameters: Some(124_439_808),
        bytes: Some(550_000_000),
        licence: Some("MIT".into()),
        here,
        tok_s,
        broken: None,
        server: None,
    };
    let mut tuned = entry("run:mine", true, None);
    tuned.licence = None;
    let torn = Entry { broken: Some("config.json: missing".into()), ..entry("torn", true, None) };
    vec![entry("inkwell", true, Some(212.0)), tuned, torn, entry("gpt2", false, None)]
}

/// A model from the hub, so many percent of it.
pub fn coming(share: u64) -> Word {
    Word::Fetching(Fetching {
        name: "gpt2".into(),
        bytes: (share * 5_500_000, 550_000_000),
        rate: Some(5_500_000.0),
        waiting: None,
    })
}

impl Desk {
    /// The shelf does what was wanted of it; a model that is fetched stays on its way.
    pub fn play_shelf(&mut self, entries: &[Entry]) {
        for errand in self.wanted() {
            match errand {
                Errand::List => self.shelf(Word::Listed(entries.to_vec())),
                Errand::Fetch(_) => self.shelf(coming(24)),
                _ => {}
            }
        }
    }
}

/// A bot's queue in a folder: one reply of the model's, the help text, and one that was sent without a trace.
/// Each is somebody's words, their name, and what is answered.
pub fn queue(folder: &Path, all: [(&str, &str, &str); 3]) -> Place {
    let path = folder.join("ledger.sqlite");
    let mut ledger = Ledger::open(&path, 0).unwrap();
    for (number, (text, handle, reply)) in all.into_iter().enumerate() {
        let key = (100 + number).to_string();
        let mention = Mention {
            key: key.clone(),
            id: key.clone(),
            author: Person { id: key.clone(), handle: handle.into(), ..Person::default() },
            text: text.into(),
            conversation: key.clone(),
            explicit: true,
            ..Mention::default()
        };
        ledger.take_in(&[mention], 0).unwrap();
        let (kind, from) = match number {
            1 => (Kind::Help, None),
            _ => (Kind::Reply, Some((7, "inkwell"))),
        };
        ledger.queue(&key, text, 0).unwrap();
        ledger.answer(&key, kind, reply, from, State::Waiting, 0).unwrap();
        if number == 2 {
            ledger.approve(&key, 0).unwrap();
            ledger.begin(&key, reply, 0).unwrap();
            ledger.bury(&key, "it was looked for and not found", 0).unwrap();
        }
    }
    Place { ledger: path, settings: Settings::default(), limit: 280, begin: Begin::default() }
}
