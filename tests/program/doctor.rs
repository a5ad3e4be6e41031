//! `unstuck doctor`: what a bug report needs, without a terminal, and nothing private.

use super::*;
use std::fs;

#[test]
fn it_reports_the_machine_and_nothing_private() {
    let home = TempDir::with_prefix("quincewood").unwrap();
    let settings = home.path().join("unstuck.toml");
    fs::write(&settings, "[desk]\noffers = 99\ntheme = \"medlarwood\"\n").unwrap();
    let doctor = |args: &[&str]| {
        let mut command = unstuck(home.path());
        command.arg("doctor").args(args).arg("--config").arg(&settings);
        command
            .env("UNSTUCK_STATE", home.path())
            .env("USER", "sloewood")
            .env("TERM", "xterm-256color");
        command
            .env("SSH_CONNECTION", "192.0.2.7 2222 192.0.2.8 22")
            .env("TERM_PROGRAM", "rowan wood");
        out(&command.output().unwrap())
    };
    let (text, json) = (doctor(&[]), doctor(&["--json"]));
    for private in ["quincewood", "medlarwood", "sloewood", "rowan", "192.0.2", "/tmp", "/home"] {
        assert!(!text.contains(private) && !json.contains(private), "{private}: {text}{json}");
    }
    let read: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["program"][0], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (&read["settings"]["wrong"], &read["settings"]["has_file"]),
        (&1.into(), &true.into())
    );
    assert_eq!(read["system"]["os"], std::env::consts::OS);
    let terminal = &read["terminal"];
    assert_eq!(
        (&terminal["term"], &terminal["colours"]),
        (&"xterm-256color".into(), &"256".into())
    );
    assert_eq!((&terminal["ssh"], &terminal["output"]), (&true.into(), &false.into()));
    assert_eq!(terminal["tells_keys"], Value::Null, "it is not asked through a pipe");
    assert_eq!(read["state"]["writable"], true);
    assert!(read["speed"]["tokens_a_second"].as_f64().unwrap() > 0.0, "{json}");
    assert!(text.contains("tokens a second") && text.contains("1 wrong"), "{text}");
    assert!(text.contains("`unstuck config` names them"), "{text}");
    // looking leaves nothing behind but the file that was there
    let left: Vec<_> =
        fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["unstuck.toml"]);
}
