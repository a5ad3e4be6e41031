//! Paths as the writer types them. A shell puts the home folder in the place of `~` before a program sees it; here the
//! desk does. Variables are not expanded: a `$` may be a part of a name.

use anyhow::{Context, Result};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The path that was typed, with `~` and `~user` as home folders. `home` is the user's own.
///
/// # Errors
/// There is no such user, or no home folder is known.
pub fn typed(text: &str, home: Option<&Path>) -> Result<PathBuf> {
    let Some(rest) = text.strip_prefix('~') else { return Ok(text.into()) };
    let (user, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let folder = match user {
        "" => {
            home.map(Path::to_path_buf).context("no home folder is known; write the whole path")?
        }
        user => home_of(user, home).with_context(|| {
            format!("there is no user `{user}` here; for a file of this name write ./{text}")
        })?,
    };
    Ok(if rest.is_empty() { folder } else { folder.join(rest.trim_start_matches('/')) })
}

/// The home folder of another user: from the list of users, or else beside the user's own.
fn home_of(user: &str, home: Option<&Path>) -> Option<PathBuf> {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let listed = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(user)).then(|| fields.nth(4).map(PathBuf::from))?
    });
    let beside = || home?.parent().map(|homes| homes.join(user)).filter(|home| home.is_dir());
    listed.filter(|home| home.is_absolute()).or_else(beside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_a_home_folder_and_nothing_else_is_expanded() {
        let homes = tempfile::tempdir().expect("a folder");
        let home = homes.path().join("ash");
        for name in ["ash", "unstuck-test-user"] {
            fs::create_dir(homes.path().join(name)).expect("made");
        }
        for (text, expected) in [
            ("~/a.md", home.join("a.md")),
            ("~//a.md", home.join("a.md")),
            ("~", home.clone()),
            ("~unstuck-test-user/a.md", homes.path().join("unstuck-test-user/a.md")),
            ("./~/a.md", "./~/a.md".into()),
            ("a~.md", "a~.md".into()),
            ("$HOME/a.md", "$HOME/a.md".into()),
            ("-", "-".into()),
        ] {
            assert_eq!(typed(text, Some(&home)).expect(text), expected);
        }
        let error = typed("~nobody-here/x", Some(&home)).expect_err("no such user");
        assert!(error.to_string().contains("write ./~nobody-here/x"), "{error}");
        assert!(typed("~/x", None).is_err());
    }
}
