//! The real program in a world of its own: no settings, models or data of the person who runs the tests.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

/// The program, with `home` for all of its folders and nothing on standard input.
pub fn unstuck(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_unstuck"));
    alone(&mut command, home);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Hides the settings and folders of the person who runs the tests from `command`: `home` is used for all of them.
pub fn alone(command: &mut Command, home: &Path) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("UNSTUCK_") {
            command.env_remove(name);
        }
    }
    for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
        command.env(name, home);
    }
}

/// How it ended; `None` when it was killed.
pub fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// Its standard output.
pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// Its standard error.
pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// Its standard output; it must have ended well.
pub fn success(output: &Output) -> String {
    assert_eq!(code(output), Some(0), "{}", err(output));
    out(output)
}

/// Its standard output, a JSON value on each line; it must have ended well.
pub fn json_lines(output: &Output) -> Vec<serde_json::Value> {
    success(output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}
