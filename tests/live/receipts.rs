//! Receipts of takes on air, with the model in the program.

use super::{Air, gear, support::receipts::proven};
use unstuck::{
    generate::Engine,
    model::Precision,
    ui::{receipts::Verdict, worker::News},
};

const RUNDOWN: &str = "## three rules\n\nThere were three rules on the island. The second was\n\n\
    ## the keeper\nseed: 7\n\nThe keeper opened the door.\n";

#[test]
fn takes_are_proven() {
    let mut engine = Engine::embedded(Precision::Q8_0).unwrap();
    let room = super::desk::Room::new("Before the show.\n");
    let mut air = Air::new(room.session(), gear(RUNDOWN));
    air.desk.news(News::Loaded(engine.info().clone()));
    // A take of which a part is shown, and another from the middle of it.
    air.keys("space");
    air.desk.serve(&mut engine);
    air.pass(4_000);
    air.keys("r");
    air.desk.serve(&mut engine);
    air.pass(120_000);
    air.keys("n");
    air.keys("3");
    air.desk.serve(&mut engine);
    air.pass(120_000);
    air.keys("down");
    air.keys("f8");
    air.desk.steps(&["<ctrl-s>"]);
    let text = air.desk.text();
    drop(air);
    let found = proven(&room.draft, &room.state, &mut engine);
    assert!(found.len() >= 2, "{found:?} {text}");
    for (text, outcome) in found {
        assert_eq!(outcome.verdict, Verdict::Proven, "{text:?}: {}", outcome.why);
    }
}
