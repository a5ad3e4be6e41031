//! The list of faults and defects that the bot is held against. Each has a test with its number in its name (`f07_...`,
//! `d07_...`), and after each fault the rig's oracle looks: at most one reply to every mention, exactly one where
//! nothing stood against it, no key in any output.

/// What goes wrong, and what has to come of it.
const FAULTS: [(&str, &str); 60] = [
    ("killed between the intent and the request", "looked for, not found, sent once"),
    ("killed after the deed, before its answer is read", "found, not sent again"),
    ("killed after the answer, before it is kept", "found, not sent again"),
    ("done, and the connection cut", "found, not sent again"),
    ("done, and the timeline shows it a minute late", "not sent again, found later"),
    ("the timeline can't be read", "stays uncertain, nothing is sent"),
    ("not done, and nobody says so", "looked for twice, sent once more; then a person decides"),
    ("a duplicate, after an uncertain request", "taken as a trace, looked for, no other words"),
    ("a duplicate at first", "given up"),
    ("too many requests, with a time", "waited for, through a restart; ends at once when told to"),
    ("too many requests, with headers that make no sense", "backs off, never hammers"),
    ("the day's limit is empty, the quarter hour's is not", "waits for the day's"),
    ("401 once (there are no tokens to refresh: OAuth 1.0a)", "ends with 77; the queue is whole"),
    ("401 for ever", "ends with 77 after one request a start; the queue is whole"),
    ("a crash while keys are stored (nothing rotates)", "the old keys or the new, never half"),
    ("two programs with the same keys (nothing rotates)", "one runs, the other ends with 75"),
    ("no credit, in both shapes", "all waits, said once, goes on by itself"),
    ("one refusal for want of a mention", "given up; the next one goes"),
    ("three such refusals in a row", "posting stops, what is approved stays"),
    ("no permission, suspended, locked", "ends with 77 and says what to do"),
    ("the mention is gone", "given up, its text forgotten"),
    ("the author blocked us or closed the thread", "given up"),
    ("HTML, nothing, half, rubbish, 10 MB", "survived; no more than 1 MiB is read"),
    ("taken without an id", "looked for"),
    ("a redirect to another host", "not followed; the keys go nowhere"),
    ("the clock is wrong", "put right once by the platform's"),
    ("the clock jumps back during a wait", "the wait is as long as it is"),
    ("a nonce served twice", "never: they are random, and the stand-in refuses a second use"),
    ("500 mentions at once, 100 by one author", "all kept; the caps hold"),
    ("the second page fails", "the cursor stays; nothing lost, nothing twice"),
    ("pages without end", "noticed, backed off"),
    ("a mention that turns up late", "answered once"),
    ("a mention on two pages and in two polls", "one row"),
    ("a mention that is edited", "one reply to all versions"),
    ("our own posts", "skipped"),
    ("another bot that answers every reply", "it ends by itself; a label ends it at once"),
    ("named only by the thread", "skipped; who else stands in front doesn't hear of a reply"),
    ("reposts and quotes", "skipped, quotes unless the settings say so"),
    ("names like ours, names in any case, nothing but our name", "whole words; help once a day"),
    ("stop, in many words", "kept before all else, for ever"),
    ("stop, while a reply is approved", "dropped"),
    ("a mention that wants keys, slurs, links out of us", "none of that leaves"),
    ("the model says nothing, too much, no sentence", "a valid post or none"),
    ("the filter falls over", "nothing is posted"),
    (
        "the model fails, falls over, is cut short",
        "tried three times, then given up; the loop lives",
    ),
    ("the disk is full, or can't be written", "no request without an intent on disk"),
    ("the ledger is broken, older, newer", "brought up, or refused and kept as it is"),
    ("the ledger is lost", "nothing from before is answered"),
    ("a second bot", "ends with 75; the first goes on"),
    (
        "the keys' file: readable, a link, another's, half written",
        "refused by its path; never shown",
    ),
    ("keys in the environment, everything logged", "in no output, in no encoding"),
    ("SIGTERM: idle, drafting, posting, waiting", "within 5 s, exit 0, nothing lost"),
    ("SIGHUP with broken settings", "the old ones stay"),
    ("no host, no TLS, a proxy, an answer that drips", "a deadline, a backoff"),
    ("the connection reset", "read again; a post is looked for"),
    ("only the new names of fields", "understood"),
    ("a platform that ignores where to begin", "no second reply"),
    ("a platform without idempotency keys, and a crash", "one reply"),
    ("words put in by hand: too long, none, a link", "looked at again before they go"),
    ("escapes and other tricks in a mention", "neutral in logs, queue and prompt"),
];

#[test]
fn every_fault_and_every_defect_has_its_test() {
    let files = [
        include_str!("faults.rs"),
        include_str!("faults_more.rs"),
        include_str!("faults_process.rs"),
        include_str!("defects.rs"),
    ];
    let mut names = Vec::new();
    for text in files {
        let mut is_test = false;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("fn ").filter(|_| is_test) {
                names.extend(name.split(['_', '(']).map(str::to_owned));
            }
            is_test = line.starts_with("#[test]") || is_test && line.starts_with("#[");
        }
    }
    let missing = |letter: char, most: usize| -> Vec<usize> {
        (1..=most).filter(|n| !names.contains(&format!("{letter}{n:02}"))).collect()
    };
    assert_eq!(missing('f', FAULTS.len()), [0; 0], "faults without a test");
    assert_eq!(missing('d', 31), [0; 0], "defects without a test");
    for (number, (fault, expected)) in FAULTS.iter().enumerate() {
        println!("{:2}  {fault}: {expected}", number + 1);
    }
}
