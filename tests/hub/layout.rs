//! The cache that other programs share: theirs is used, ours is as they would have left it, and only what is needed comes.

use super::*;
use fake::{COMMIT, MICRO, Repo, git, model, sha256};
use std::fs;

/// What `huggingface_hub` leaves of a model.
fn as_others_do(cache: &Path, id: &str, commit: &str, names: &[&str]) -> PathBuf {
    let folder = cache.join(format!("models--{}", id.replace('/', "--")));
    let snapshot = folder.join("snapshots").join(commit);
    for folder in [&folder.join("blobs"), &folder.join("refs"), &snapshot] {
        fs::create_dir_all(folder).unwrap();
    }
    for name in names {
        let bytes = fs::read(Path::new(MICRO).join(name)).unwrap();
        let large = name.ends_with(".safetensors") || name.ends_with(".bin");
        let sum = if large { sha256(&bytes) } else { git(&bytes) };
        fs::write(folder.join("blobs").join(&sum), bytes).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(Path::new("../../blobs").join(sum), snapshot.join(name))
            .unwrap();
        #[cfg(not(unix))]
        fs::copy(folder.join("blobs").join(sum), snapshot.join(name)).unwrap();
    }
    fs::write(folder.join("refs/main"), commit).unwrap();
    snapshot
}

const ALL: [&str; 4] = ["config.json", "vocab.json", "merges.txt", "model.safetensors"];

#[test]
fn what_comes_lies_as_other_programs_would_have_laid_it() {
    let rig = Rig::new();
    let (name, snapshot, fetched) = here(rig.pull("gpt2").unwrap());
    let size: u64 = ALL.iter().map(|n| fs::metadata(Path::new(MICRO).join(n)).unwrap().len()).sum();
    assert_eq!((&*name, fetched), ("gpt2", size));
    let folder = rig.cache().join("models--gpt2");
    assert_eq!(snapshot, folder.join("snapshots").join(COMMIT));
    assert_eq!(fs::read_to_string(folder.join("refs/main")).unwrap(), COMMIT);
    let mut names: Vec<_> = fs::read_dir(&snapshot)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut want = ALL;
    want.sort_unstable();
    assert_eq!(names, want, "and nothing that isn't needed: no pytorch_model.bin");
    if cfg!(unix) {
        let to = fs::read_link(snapshot.join("model.safetensors")).unwrap();
        assert_eq!(to, Path::new("../../blobs").join(sha256(&weights())));
        let config = fs::read(Path::new(MICRO).join("config.json")).unwrap();
        assert_eq!(
            fs::read_link(snapshot.join("config.json")).unwrap(),
            Path::new("../../blobs").join(git(&config))
        );
    }
    assert_eq!(hub::list(&rig.cache())[0].name, "gpt2");
    assert_eq!(
        hub::find(&rig.cache(), "openai-community/gpt2"),
        Some(snapshot.clone()),
        "by either name"
    );
    assert!(hub::damaged(&snapshot).unwrap().is_empty());
    assert!(
        fs::read_dir(rig.blobs("gpt2"))
            .unwrap()
            .all(|e| !e.unwrap().path().ends_with(".incomplete"))
    );
    // steps: sizes once, bytes never backward
    let steps = rig.steps.lock().unwrap().clone();
    assert!(steps.contains(&Step::Sizes { total: size, here: 0 }));
    let bytes: Vec<_> =
        steps.iter().filter_map(|s| if let Step::Bytes(n) = s { Some(*n) } else { None }).collect();
    assert!(bytes.is_sorted() && bytes.last() == Some(&size), "{bytes:?}");
}

#[test]
fn what_other_programs_fetched_is_used() {
    let rig = Rig::new();
    let theirs = as_others_do(&rig.cache(), "openai-community/gpt2", "abc123", &ALL);
    assert_eq!(hub::find(&rig.cache(), "gpt2"), Some(theirs.clone()));
    assert_eq!(rig.catalogue().names(), ["inkwell", "gpt2"]);
    assert_eq!(rig.catalogue().find(Some("gpt2")).unwrap().place, Some(theirs));
    let (_, snapshot, fetched) = here(rig.pull("openai-community/gpt2").unwrap());
    assert_eq!(fetched, 0);
    assert!(snapshot.ends_with(COMMIT), "a new revision of the same contents");
    assert!(rig.fake.asked("X-Amz").is_empty(), "no weights were asked for");
    // damage is found and mended
    let blob = rig.blobs("openai-community/gpt2").join(sha256(&weights()));
    let mut bytes = weights();
    bytes[99_000] ^= 4;
    fs::write(&blob, bytes).unwrap();
    if cfg!(unix) {
        assert_eq!(hub::damaged(&snapshot).unwrap(), [snapshot.join("model.safetensors")]);
    }
    here(rig.pull("openai-community/gpt2").unwrap());
    assert_eq!(fs::read(blob).unwrap(), weights());
}

#[test]
fn half_of_what_other_programs_fetched_is_no_model() {
    let rig = Rig::new();
    let cache = rig.cache();
    as_others_do(&cache, "o/only-config", "abc", &ALL[..1]);
    as_others_do(&cache, "o/no-words", "abc", &["config.json", "model.safetensors"]);
    as_others_do(&cache, "o/no-weights", "abc", &ALL[..3]);
    let torn = as_others_do(&cache, "o/torn", "abc", &ALL);
    fs::remove_file(cache.join("models--o--torn/blobs").join(sha256(&weights()))).unwrap();
    #[cfg(not(unix))]
    fs::remove_file(torn.join("model.safetensors")).unwrap();
    let llama = as_others_do(&cache, "o/llama", "abc", &ALL);
    fs::remove_file(llama.join("config.json")).unwrap();
    fs::write(llama.join("config.json"), br#"{"model_type":"llama"}"#).unwrap();
    let parts = as_others_do(&cache, "o/parts", "abc", &ALL[..3]);
    let index = br#"{"weight_map":{"wte.weight":"model-00001-of-00002.safetensors","wpe.weight":"model-00002-of-00002.safetensors"}}"#;
    fs::write(parts.join("model.safetensors.index.json"), index).unwrap();
    fs::write(parts.join("model-00001-of-00002.safetensors"), b"x").unwrap();
    assert!(torn.is_dir());
    assert_eq!(hub::list(&cache), []);
    fs::write(parts.join("model-00002-of-00002.safetensors"), b"x").unwrap();
    assert_eq!(hub::list(&cache).iter().map(|c| &*c.name).collect::<Vec<_>>(), ["o/parts"]);
    // an update that was cut leaves the old one in use
    let old = as_others_do(&cache, "o/m", "old", &ALL);
    as_others_do(&cache, "o/m", "new", &ALL[..2]);
    assert_eq!(hub::find(&cache, "o/m"), Some(old));
}

#[test]
fn models_in_parts_come_with_all_parts_and_a_bin_only_when_there_is_nothing_better() {
    let rig = Rig::new();
    let mut parts = model(MICRO, &["config.json", "vocab.json", "merges.txt"]);
    let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    let index = br#"{"weight_map":{"wte.weight":"model-00001-of-00002.safetensors","wpe.weight":"model-00002-of-00002.safetensors"}}"#;
    parts.files.insert("model.safetensors.index.json".into(), (index.to_vec(), false));
    parts.files.insert(names[0].into(), (vec![1; 1000], true));
    parts.files.insert(names[1].into(), (vec![2; 2000], true));
    let mut evil = parts.clone();
    let index = br#"{"weight_map":{"wte.weight":"..\/..\/..\/evil"}}"#;
    evil.files.insert("model.safetensors.index.json".into(), (index.to_vec(), false));
    let bin = model(MICRO, &["config.json", "vocab.json", "merges.txt", "pytorch_model.bin"]);
    let mut world = rig.fake.world();
    world.repos.extend([("o/parts".into(), parts), ("o/evil".into(), evil), ("o/bin".into(), bin)]);
    drop(world);
    let (_, snapshot, _) = here(rig.pull("o/parts").unwrap());
    assert_eq!(fs::read(snapshot.join(names[1])).unwrap(), [2; 2000]);
    assert!(hub::find(&rig.cache(), "o/parts").is_some());
    let said = rig.refused("o/evil");
    assert!(said.contains("is not the name of a file"), "{said}");
    let (_, snapshot, _) = here(rig.pull("o/bin").unwrap());
    assert!(snapshot.join("pytorch_model.bin").exists());
}

#[test]
fn mirrors_without_a_word_on_models_or_without_sums_will_do() {
    let rig = Rig::new();
    let quiet = Repo { unlisted: true, ..model(MICRO, &ALL) };
    let unsummed = Repo { unsummed: true, ..model(MICRO, &ALL) };
    rig.fake.world().repos.extend([("o/quiet".into(), quiet), ("o/unsummed".into(), unsummed)]);
    here(rig.pull("o/quiet").unwrap());
    let Pulled::Here { unchecked, licence, .. } = rig.pull("o/unsummed").unwrap() else {
        panic!("stopped")
    };
    assert_eq!(unchecked.len(), 4, "{unchecked:?}");
    assert_eq!(licence.as_deref(), Some("mit"));
    assert!(hub::find(&rig.cache(), "o/quiet").is_some());
}

#[test]
fn mirrors_that_know_no_head_are_asked_for_a_first_byte() {
    let rig = Rig::new();
    rig.fake.world().headless = true;
    let (_, snapshot, _) = here(rig.pull("gpt2").unwrap());
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
    assert_eq!(rig.fake.asked("X-Amz").len(), 1, "the content itself once");
}

#[test]
fn the_small_files_that_say_how_to_generate_come_too() {
    let rig = Rig::new();
    let mut repo = model(MICRO, &ALL);
    let small = [
        "added_tokens.json",
        "generation_config.json",
        "special_tokens_map.json",
        "tokenizer_config.json",
    ];
    repo.files.extend(small.map(|name| (name.into(), (b"{}".to_vec(), false))));
    repo.files.insert("README.md".into(), (b"not needed".to_vec(), false));
    rig.fake.world().repos.insert("o/whole".into(), repo);
    let (_, snapshot, _) = here(rig.pull("o/whole").unwrap());
    for name in small {
        assert_eq!(fs::read(snapshot.join(name)).unwrap(), b"{}", "{name}");
    }
    assert!(!snapshot.join("README.md").exists());
}

/// A repository with these GGUF files and nothing else.
fn ggufs(names: &[&str]) -> Repo {
    let bytes = fs::read(Path::new(MICRO).join("converted.gguf")).unwrap();
    let files = names.iter().map(|name| ((*name).to_owned(), (bytes.clone(), true)));
    Repo {
        files: files.chain([("README.md".into(), (b"words".to_vec(), false))]).collect(),
        ..Repo::default()
    }
}

#[test]
fn one_gguf_file_of_a_repository_is_a_model() {
    let rig = Rig::new();
    let many = ["m.Q4_0.gguf", "m.Q4_K_M.gguf", "m.Q8_0.gguf"];
    rig.fake
        .world()
        .repos
        .extend([("o/many".into(), ggufs(&many)), ("o/one".into(), ggufs(&many[..1]))]);
    let said = rig.refused("o/many");
    assert!(said.contains("only GGUF files") && said.contains("o/many:m.Q4_K_M.gguf"), "{said}");
    assert!(rig.refused("o/many:q3").contains("o/many:m.Q8_0.gguf"));
    assert!(!rig.cache().join("models--o--many").exists(), "a refusal leaves nothing");
    let (name, file, _) = here(rig.pull("o/many:q8_0").unwrap());
    assert_eq!(name, "o/many:m.Q8_0.gguf");
    assert_eq!(file.file_name().unwrap(), "m.Q8_0.gguf");
    assert!(!file.with_file_name("m.Q4_0.gguf").exists(), "only that one came");
    let catalogue = rig.catalogue();
    // by its name, by a part of it, and, as it is the only one here, by the repository's
    for wanted in [&*name, "o/many:q8_0", "o/many"] {
        let model =
            catalogue.find(Some(wanted)).unwrap().load(unstuck::model::Precision::F32).unwrap();
        assert_eq!(model.name, name, "{wanted}");
    }
    here(rig.pull("o/many:m.Q4_0").unwrap());
    here(rig.pull("o/one").unwrap());
    assert_eq!(
        catalogue.names(),
        ["inkwell", "o/many:m.Q4_0.gguf", "o/many:m.Q8_0.gguf", "o/one:m.Q4_0.gguf"]
    );
    assert_eq!(hub::find(&rig.cache(), "o/many"), None, "which of the two?");
    // one of two is removed alone, the last one with its repository
    let blob = fs::canonicalize(&file).unwrap();
    let paths = hub::repositories(&rig.cache(), &name);
    assert!(paths.contains(&file) && (cfg!(not(unix)) || paths.contains(&blob)), "{paths:?}");
    assert_eq!(hub::repositories(&rig.cache(), "o/one:q4_0"), [rig.cache().join("models--o--one")]);
    assert!(hub::damaged(&file).unwrap().is_empty());
}

#[test]
fn what_is_pulled_is_found_under_the_name_that_was_asked_for() {
    let rig = Rig::new();
    as_others_do(&rig.cache(), "openai-community/gpt2", COMMIT, &ALL);
    here(rig.pull("gpt2").unwrap());
    assert!(rig.fake.asked("X-Amz").is_empty(), "nothing is fetched twice");
    let alias = rig.cache().join("models--gpt2");
    assert_eq!(fs::read_to_string(alias.join("refs/main")).unwrap(), COMMIT);
    let snapshot = alias.join("snapshots").join(COMMIT);
    assert_eq!(fs::read(snapshot.join("model.safetensors")).unwrap(), weights());
    #[cfg(unix)]
    assert!(
        fs::read_link(snapshot.join("config.json"))
            .unwrap()
            .starts_with("../../../models--openai-community--gpt2")
    );
    assert_eq!(rig.catalogue().names(), ["inkwell", "gpt2"], "it is one model");
    assert_eq!(hub::repositories(&rig.cache(), "gpt2").len(), 2, "both are removed");
}

#[test]
fn a_pull_that_fails_leaves_what_it_fetched_or_nothing() {
    let rig = Rig::new();
    let mut torn = model(MICRO, &["config.json", "vocab.json", "merges.txt"]);
    let index = br#"{"weight_map":{"wte.weight":"model-00001-of-00002.safetensors","wpe.weight":"model-00002-of-00002.safetensors"}}"#;
    torn.files.insert("model.safetensors.index.json".into(), (index.to_vec(), false));
    torn.files.insert("model-00001-of-00002.safetensors".into(), (vec![1; 1000], true));
    rig.fake.world().repos.insert("o/torn".into(), torn);
    let said = rig.refused("o/torn");
    assert!(said.contains("model-00002-of-00002.safetensors: missing on the hub"), "{said}");
    assert!(!rig.cache().join("models--o--torn").exists());
    // what has begun is as other programs leave it: with `snapshots`, without a reference
    rig.fake.fail("X-Amz", 1, What::Cut(40_000));
    assert_eq!(
        rig.pull_until("gpt2", |step| matches!(step, Step::Waiting(..))).unwrap(),
        Pulled::Stopped
    );
    let folder = rig.cache().join("models--gpt2");
    assert!(folder.join("snapshots").is_dir() && !folder.join("refs").exists());
    assert_eq!(hub::repositories(&rig.cache(), "gpt2"), [folder], "it can be removed");
}
