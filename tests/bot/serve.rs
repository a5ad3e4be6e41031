//! The stand-in for other programs to talk to: run by name with `--ignored`.

use super::fake::Fake;
use std::io::Write;

/// Prints its address, ends when standard input does.
#[test]
#[ignore = "for tests/peers/tweepy.sh"]
fn serve() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let fake = Fake::start(now.as_millis() as i64);
    let mention = fake.world().say("7", "@inkbot Tell me of rain");
    println!("serving {} mention {mention}", fake.url);
    std::io::stdout().flush().unwrap();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let world = fake.world();
    for (kind, status) in &world.log {
        println!("request {kind:?} {status}");
    }
}
