//! The desk's own way to the hub: errands to a thread, words from it.

use super::*;
use fake::{MICRO, model};
use std::sync::mpsc::{self, Receiver, Sender};
use unstuck::{
    model::Precision,
    ui::shelf::{Errand, Shelf, Word},
};

fn serve(rig: &Rig) -> (Sender<Errand>, Receiver<Word>) {
    let shelf = Shelf {
        catalogue: Catalogue {
            folders: vec![rig.home.path().join("models"), rig.cache()],
            ..Catalogue::default()
        },
        hub: Some(Settings::new(&rig.fake.url, &rig.cache())),
        state: Some(rig.home.path().join("state")),
    };
    let (errands, inbox) = mpsc::channel();
    let (words, heard) = mpsc::channel();
    shelf.serve(inbox, move |word| words.send(word).is_ok()).unwrap();
    (errands, heard)
}

/// The next word that isn't about how far it has come; and how often that was told.
fn end(heard: &Receiver<Word>) -> (Word, usize) {
    let mut told = 0;
    loop {
        match heard.recv_timeout(Duration::from_secs(60)).unwrap() {
            Word::Fetching(fetching) => {
                assert!(fetching.bytes.0 <= fetching.bytes.1, "{fetching:?}");
                told += 1;
            }
            word => return (word, told),
        }
    }
}

fn names(word: Word, here: bool) -> Vec<String> {
    let Word::Listed(entries) = word else { panic!("{word:?}") };
    entries.into_iter().filter(|entry| entry.here == here).map(|entry| entry.name).collect()
}

#[test]
fn a_model_comes_by_an_errand_and_is_known_afterwards() {
    let rig = Rig::new();
    rig.fake.world().repos.insert("gpt2-medium".into(), model(MICRO, &["config.json"]));
    let (errands, heard) = serve(&rig);
    errands.send(Errand::List).unwrap();
    let first = heard.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(names(first.clone(), true), ["inkwell"]);
    assert!(names(first, false).contains(&"gpt2".to_owned()));
    errands.send(Errand::Fetch("gpt2".into())).unwrap();
    let (word, told) = end(&heard);
    assert_eq!(word, Word::Came("gpt2".into()));
    assert!(told > 0);
    errands.send(Errand::Measured("gpt2".into(), Precision::default().to_string(), 77.0)).unwrap();
    errands.send(Errand::List).unwrap();
    let Word::Listed(entries) = heard.recv_timeout(Duration::from_secs(60)).unwrap() else {
        panic!("no list")
    };
    let gpt2 = entries.iter().find(|entry| entry.name == "gpt2").unwrap();
    assert_eq!((gpt2.here, gpt2.licence.as_deref(), gpt2.tok_s), (true, Some("mit"), Some(77.0)));
    // what can't come says why
    errands.send(Errand::Fetch("gpt2-medium".into())).unwrap();
    let (word, _) = end(&heard);
    let Word::Ended(name, Some(why)) = word else { panic!("{word:?}") };
    assert!(name == "gpt2-medium" && why.contains("no vocabulary"), "{why}");
}

#[test]
fn a_fetch_that_is_stopped_keeps_what_came() {
    let rig = Rig::new();
    rig.fake.fail("X-Amz", 1, What::Drip);
    let (errands, heard) = serve(&rig);
    errands.send(Errand::Fetch("gpt2".into())).unwrap();
    // some of the weights are here
    loop {
        let word = heard.recv_timeout(Duration::from_secs(60)).unwrap();
        if matches!(word, Word::Fetching(f) if f.bytes.0 > 4_300 && rig.part("gpt2", &weights()).exists())
        {
            break;
        }
    }
    errands.send(Errand::Stop).unwrap();
    assert_eq!(end(&heard).0, Word::Ended("gpt2".into(), None));
    assert!(std::fs::metadata(rig.part("gpt2", &weights())).unwrap().len() > 0);
    assert_eq!(hub::find(&rig.cache(), "gpt2"), None);
    errands.send(Errand::Fetch("gpt2".into())).unwrap();
    assert_eq!(end(&heard).0, Word::Came("gpt2".into()));
    assert!(rig.fake.asked("X-Amz").pop().unwrap().range.is_some(), "it went on from there");
}
