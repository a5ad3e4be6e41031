//! Everything that can go wrong on the way, and that it is either mended or told, and never mistaken for a model.

use super::*;
use fake::{MICRO, Repo, head, model};
use std::fs;

#[test]
fn wherever_it_is_cut_it_goes_on_from_there() {
    let all = weights();
    let points = (0..all.len()).step_by(all.len() / 24).chain([1, 7, 8, all.len() - 1]);
    for cut in points {
        let mut rig = Rig::new();
        rig.conditions.tries = 1;
        let sum = fake::sha256(&all);
        let on: &'static str = Box::leak(format!("GET /{sum}").into_boxed_str());
        rig.fake.fail(on, 1, What::Cut(cut));
        let said = rig.refused("gpt2");
        assert!(said.contains("gpt2: model.safetensors: 127.0.0.1 broke off"), "{said}");
        let part = rig.part("gpt2", &all);
        assert_eq!(fs::metadata(&part).map_or(0, |facts| facts.len()), cut as u64, "{cut}");
        assert!(!rig.blobs("gpt2").join(&sum).exists());

        let (name, snapshot, fetched) = here(rig.pull("gpt2").unwrap());
        assert_eq!((name.as_str(), fetched), ("gpt2", (all.len() - cut) as u64));
        assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), all);
        assert!(!part.exists());
        let asked = rig.fake.asked(&sum).pop().unwrap();
        let want = (cut > 0).then(|| format!("bytes={cut}-"));
        assert_eq!(asked.range, want, "only the rest was asked for");
    }
}

#[test]
fn many_cuts_in_one_pull_are_waited_out() {
    let rig = Rig::new();
    for _ in 0..9 {
        rig.fake.fail("X-Amz", 1, What::Cut(10_000));
    }
    let (_, snapshot, _) = here(rig.pull("gpt2").unwrap());
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
    assert_eq!(rig.waited(), 9, "a second each, since each brought something");
}

#[test]
fn no_half_model_is_seen_wherever_it_is_stopped() {
    let rig = Rig::new();
    let count = Mutex::new(0);
    for stop_at in 0.. {
        *count.lock().unwrap() = 0;
        let pulled = rig.pull_until("gpt2", |_| {
            let mut count = count.lock().unwrap();
            *count += 1;
            *count > stop_at
        });
        match pulled.unwrap() {
            Pulled::Stopped => assert_eq!(hub::find(&rig.cache(), "gpt2"), None, "{stop_at}"),
            Pulled::Here { .. } => {
                assert!(stop_at > 5, "{stop_at}");
                break;
            }
        }
        assert!(rig.catalogue().find(Some("gpt2")).is_err());
        assert!(!rig.catalogue().names().contains(&"gpt2".to_owned()));
    }
    assert!(hub::find(&rig.cache(), "gpt2").is_some());
}

#[test]
fn damage_on_the_way_is_fetched_again_once_and_then_told() {
    let rig = Rig::new();
    rig.fake.fail("X-Amz", 1, What::Damaged);
    let (_, snapshot, _) = here(rig.pull("gpt2").unwrap());
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());

    let rig = Rig::new();
    rig.fake.fail("X-Amz", 9, What::Damaged);
    let said = rig.refused("gpt2");
    assert!(said.contains("model.safetensors") && said.contains("checksum is wrong"), "{said}");
    assert!(!rig.part("gpt2", &weights()).exists(), "nothing of it was kept");
    assert_eq!(rig.fake.asked("X-Amz").len(), 2);

    // a small file, by git's sum
    let rig = Rig::new();
    rig.fake.fail("GET /api/resolve-cache/models/openai-community/gpt2/607a30d783dfa663caf39e06633721c8d4cfcd7e/merges.txt", 9, What::Damaged);
    assert!(rig.refused("gpt2").contains("merges.txt: not what the hub says it is"));
}

#[test]
fn a_bad_part_of_long_ago_is_thrown_away() {
    let rig = Rig::new();
    let part = rig.part("gpt2", &weights());
    fs::create_dir_all(part.parent().unwrap()).unwrap();
    fs::write(&part, vec![7; 60_000]).unwrap();
    let (_, snapshot, _) = here(rig.pull("gpt2").unwrap());
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
    let ranges: Vec<_> = rig.fake.asked("X-Amz").into_iter().map(|r| r.range).collect();
    assert_eq!(ranges, [Some("bytes=60000-".into()), None]);

    // longer than the file
    let rig = Rig::new();
    let part = rig.part("gpt2", &weights());
    fs::create_dir_all(part.parent().unwrap()).unwrap();
    fs::write(&part, vec![7; 600_000]).unwrap();
    here(rig.pull("gpt2").unwrap());
    assert!(!part.exists());
}

#[test]
fn a_server_without_ranges_sends_all_again() {
    let rig = Rig::new();
    rig.fake.fail("X-Amz", 1, What::Cut(50_000));
    rig.fake.fail("X-Amz", 1, What::NoRanges);
    let (_, snapshot, _) = here(rig.pull("gpt2").unwrap());
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
}

#[test]
fn wrong_lengths_are_told() {
    let rig = Rig::new();
    rig.fake.fail("X-Amz", 99, What::Longer);
    let said = rig.refused("gpt2");
    assert!(said.contains("sends another length than it says, 6 times"), "{said}");
    let rig = Rig::new();
    let shorter = [head("200 OK", &[], 5), b"short".to_vec()].concat();
    rig.fake.fail("X-Amz", 99, What::Raw(shorter));
    assert!(rig.refused("gpt2").contains("another length"));
    // without a length there is no end to be sure of but the hub's own word
    let rig = Rig::new();
    let text = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".as_bytes();
    rig.fake.fail("X-Amz", 99, What::Raw([text, &weights(), b"more"].concat()));
    let said = rig.refused("gpt2");
    assert!(said.contains("sends more than it says"), "{said}");
    let rig = Rig::new();
    rig.fake.fail("X-Amz", 1, What::Raw([text, &weights()[..777]].concat()));
    here(rig.pull("gpt2").unwrap());
}

#[test]
fn who_asks_too_often_waits_as_long_as_is_said() {
    let rig = Rig::new();
    let later = |header: &str| What::Raw(head("429 Too Many Requests", &[header.into()], 0));
    rig.fake.fail("GET /api/models/", 1, later("retry-after: 30"));
    rig.fake.fail("HEAD /", 1, later("ratelimit: \"resolvers\";r=0;t=12"));
    rig.fake.fail("X-Amz", 1, later("retry-after: 5"));
    here(rig.pull("gpt2").unwrap());
    assert_eq!(rig.waited(), 47);
    let steps = rig.steps.lock().unwrap().clone();
    let told = |step: &Step| matches!(step, Step::Waiting(left, why) if left.as_secs() == 30 && why.contains("429"));
    assert!(steps.iter().any(told), "{steps:?}");

    let rig = Rig::new();
    rig.fake.fail("GET /api/models/", 1, later("retry-after: 3600"));
    let said = rig.refused("gpt2");
    assert!(said.contains("try again in 60 minutes"), "{said}");
    assert_eq!(rig.waited(), 0);
}

#[test]
fn trouble_of_the_hub_is_waited_out_longer_each_time_and_not_forever() {
    let rig = Rig::new();
    let down = || What::Raw(head("503 Service Unavailable", &[], 0));
    rig.fake.fail("GET /api/models/", 3, down());
    here(rig.pull("gpt2").unwrap());
    assert_eq!(rig.waited(), 1 + 2 + 4);
    let rig = Rig::new();
    rig.fake.fail("X-Amz", 99, down());
    let said = rig.refused("gpt2");
    assert!(said.contains("is in trouble (503), 6 times. Try again later"), "{said}");
    assert_eq!(rig.waited(), 1 + 2 + 4 + 8 + 16);
    let rig = Rig::new();
    rig.fake.fail("X-Amz", 1, What::Raw(head("403 Forbidden", &[], 0))); // a signature that ran out
    here(rig.pull("gpt2").unwrap());
    let rig = Rig::new();
    rig.fake.fail("GET /api/models/", 99, What::Raw(b"SSH-2.0-nonsense\r\n".to_vec()));
    assert!(rig.refused("gpt2").contains("127.0.0.1 "));
}

#[test]
fn silence_and_a_drip_are_given_up_and_resumed() {
    let mut rig = Rig::new();
    rig.conditions.silence = Duration::from_secs(1);
    rig.fake.fail("GET /api/models/", 1, What::Silence);
    rig.fake.fail("X-Amz", 1, What::Silence);
    here(rig.pull("gpt2").unwrap());

    let mut rig = Rig::new();
    rig.conditions.least = (1 << 20, Duration::from_millis(500));
    rig.fake.fail("X-Amz", 1, What::Drip);
    let (_, snapshot, _) = here(rig.pull("gpt2").unwrap());
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
    let asked = rig.fake.asked("X-Amz");
    assert!(asked.len() >= 2 && asked[1].range.is_some(), "{asked:?}");
}

#[test]
fn the_hubs_refusals_are_told_with_the_way_out() {
    let mut rig = Rig::new();
    let gated = Repo { gated: true, ..model(MICRO, &["config.json"]) };
    let private = Repo { private: true, ..model(MICRO, &["config.json"]) };
    rig.fake.world().repos.extend([("o/gated".into(), gated), ("o/private".into(), private)]);
    rig.fake.world().token = Some("hf_right");
    let said = rig.refused("o/gated");
    assert!(said.starts_with("o/gated: ") && said.contains("then set HF_TOKEN"), "{said}");
    assert!(rig.refused("o/private").contains("or it is private: then set HF_TOKEN"));
    let said = rig.refused("gtp2");
    assert!(
        said.contains("no such model on the hub") && said.contains("Did you mean gpt2?"),
        "{said}"
    );
    assert!(rig.refused("nobody/nothing").contains("unstuck models pull --help"));
    for bad in ["../x", "a/b/c", "http://x", "a b", ""] {
        assert!(rig.refused(bad).contains("not a model name"), "{bad}");
    }
    rig.token = Some("hf_right");
    assert!(rig.refused("o/gated").contains("HF_TOKEN's account is not"));
    assert!(rig.refused("gtp2").contains("Did you mean gpt2?"));
    rig.token = Some("hf_wrong");
    assert!(rig.refused("gpt2").contains("doesn't accept HF_TOKEN (401)"));
}

#[test]
fn the_token_goes_to_the_hub_and_nowhere_else() {
    let mut rig = Rig::new();
    rig.token = Some("hf_right");
    rig.fake.world().token = Some("hf_right");
    here(rig.pull("gpt2").unwrap());
    let requests = rig.fake.world().requests.clone();
    assert!(requests.iter().any(|r| r.of_content) && requests.iter().any(|r| !r.of_content));
    for request in requests {
        let want = (!request.of_content).then(|| "Bearer hf_right".to_owned());
        assert_eq!(request.token, want, "{}", request.line);
    }
    let steps = format!("{:?}", rig.steps.lock().unwrap());
    assert!(!steps.contains("hf_right"));
}

#[test]
fn another_kind_of_model_is_refused_before_its_weights_come() {
    let rig = Rig::new();
    let mut llama = model(MICRO, &["config.json", "vocab.json", "merges.txt", "model.safetensors"]);
    llama.files.insert("config.json".into(), (br#"{"model_type":"mamba"}"#.to_vec(), false));
    let half = model(MICRO, &["config.json", "vocab.json", "merges.txt"]);
    let mute = model(MICRO, &["config.json", "model.safetensors"]);
    rig.fake.world().repos.extend([
        ("o/llama".into(), llama),
        ("o/half".into(), half),
        ("o/mute".into(), mute),
    ]);
    let said = rig.refused("o/llama");
    assert!(
        said.contains("it describes a `mamba` model, which is not read here; these are: `gpt2`"),
        "{said}"
    );
    assert!(rig.refused("o/half").contains("neither model.safetensors nor pytorch_model.bin"));
    assert!(rig.refused("o/mute").contains("no vocabulary"));
    assert!(rig.fake.world().requests.iter().all(|r| !r.of_content), "no weights were asked for");
    assert!(!rig.cache().join("models--o--llama").exists(), "and nothing is left of it");
}

#[test]
fn a_disk_that_is_too_small_is_found_out_before() {
    let mut rig = Rig::new();
    rig.conditions.space = |_| Some(64 << 20);
    let said = rig.refused("gpt2");
    assert!(said.contains("more are needed in") && said.contains("set HF_HOME"), "{said}");
    assert!(rig.fake.asked("X-Amz").is_empty());
    // and one where all is there needs no room
    rig.conditions.space = |_| Some(1 << 40);
    here(rig.pull("gpt2").unwrap());
    rig.conditions.space = |_| Some(0);
    here(rig.pull("gpt2").unwrap());
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_is_told() {
    let rig = Rig::new();
    let part = rig.part("gpt2", &weights());
    fs::create_dir_all(part.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/dev/full", &part).unwrap();
    let said = rig.refused("gpt2");
    assert!(
        said.contains("the disk is full; free some space and run the same command again"),
        "{said}"
    );
    fs::remove_file(part).unwrap();
    here(rig.pull("gpt2").unwrap());
}

#[test]
fn two_programs_dont_add_to_one_part() {
    let rig = Rig::new();
    let locks = rig.cache().join(".locks/models--gpt2");
    fs::create_dir_all(&locks).unwrap();
    let lock = fs::File::create(locks.join(format!("{}.lock", fake::sha256(&weights())))).unwrap();
    lock.lock().unwrap();
    assert!(rig.refused("gpt2").contains("another program is fetching it"));
    drop(lock);
    here(rig.pull("gpt2").unwrap());
}
