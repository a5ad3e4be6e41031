//! Finds the files of an input: a file, or all files of a folder that the writer's own words may be in. Folders of
//! writing programs are one input, and files of archives with other people's words are passed over.

use super::summary::SkipReason;
use std::{
    ffi::OsStr,
    fs,
    io::BufRead,
    path::{Path, PathBuf},
};
use walkdir::{DirEntry, WalkDir};

use super::{encoding::Told, shape::Shape};

/// A file to read, or the folder of a writing program.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it is; `-` is standard input.
    pub path: PathBuf,
    /// Its name as it is shown: its path, or its path in an archive that was unpacked.
    pub shown: String,
    /// Whether the file itself was given, and not a folder that contains it.
    pub named: bool,
}

impl Found {
    /// Its extension in lower case, without the dot.
    pub fn extension(&self) -> String {
        let extension = self.path.extension().and_then(OsStr::to_str).unwrap_or_default();
        extension.to_ascii_lowercase()
    }
}

/// A file that is ready to be read.
pub struct Opened {
    /// Its format.
    pub shape: Shape,
    /// Its first bytes, as UTF-8.
    pub head: Vec<u8>,
    /// Its content from the start, as UTF-8.
    pub input: Box<dyn BufRead>,
    /// The encoding it is decoded from, once it is known.
    pub encoding: Told,
}

/// The error for a file without readable text. It only counts when the file itself was given; in a folder such files are
/// skipped.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct Skipped {
    /// Why.
    pub why: SkipReason,
    sentence: String,
}

impl Skipped {
    /// `sentence` says what is wrong and what to do.
    pub fn new(why: SkipReason, sentence: impl Into<String>) -> Self {
        Self { why, sentence: sentence.into() }
    }
}

/// The files of the folder `input`, sorted by name, without hidden ones and without the folder that the corpus is
/// written to.
pub fn files<'a>(
    input: &'a Path,
    output: Option<&Path>,
) -> impl Iterator<Item = walkdir::Result<PathBuf>> + 'a {
    let output = output.and_then(|output| fs::canonicalize(output).ok());
    let wanted = move |entry: &DirEntry| {
        let hidden = entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
        let own = entry.file_type().is_dir()
            && output.is_some()
            && fs::canonicalize(entry.path()).ok() == output;
        !hidden && !own
    };
    let mut walk = WalkDir::new(input).sort_by_file_name().into_iter().filter_entry(wanted);
    std::iter::from_fn(move || {
        loop {
            match walk.next()? {
                Ok(entry) if entry.file_type().is_dir() && is_project(entry.path()) => {
                    walk.skip_current_dir();
                    return Some(Ok(entry.into_path()));
                }
                Ok(entry) if entry.file_type().is_file() => return Some(Ok(entry.into_path())),
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    })
}

/// Whether a folder is a project of Scrivener, which is read as a whole.
pub fn is_project(folder: &Path) -> bool {
    folder.extension().is_some_and(|end| end.eq_ignore_ascii_case("scriv"))
        || folder.join("Files/Data").is_dir() && folder.join("Files/binder.autosave").exists()
}

/// Files in archives that have no words of the owner, or none that were meant to be read: by the start of their names.
const OTHERS: &[&str] = &[
    "actor.json",
    "likes.json",
    "bookmarks.json",
    "channel.json",
    "user.json",
    "followers",
    "following",
    "liked_",
    "likes_",
    "profile_information.json",
    "personal_information.json",
    "package.json",
    "package-lock.json",
    "corpus.json",
];
/// Folders of such files in archives of Facebook and Instagram.
const OTHER_FOLDERS: &[&str] = &[
    "ads_and_businesses",
    "ads_information",
    "apps_and_websites_off_of_facebook",
    "apps_and_websites_off_of_instagram",
    "connections",
    "logged_information",
    "likes_and_reactions",
    "personal_information",
    "preferences",
    "security_and_login_information",
    "story_interactions",
    "friends_and_followers",
    "followers_and_following",
    "monetization",
    "saved",
    "likes",
];

/// Whether a file in the folder `root` is one of an archive that isn't the owner's writing.
pub fn is_others(root: &Path, path: &Path) -> bool {
    let is_json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    if !is_json {
        return false;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let inside = path.strip_prefix(root).unwrap_or(path).parent().unwrap_or(Path::new(""));
    let folders: Vec<String> =
        inside.iter().map(|part| part.to_string_lossy().to_lowercase()).collect();
    let index = name == "index.json" && folders.last().is_some_and(|last| last == "messages");
    index
        || OTHERS.iter().any(|start| name.starts_with(start))
        || folders.iter().any(|folder| OTHER_FOLDERS.contains(&&**folder))
}

/// Names of the owner, from files in an archive of Facebook or Instagram that say whose it is.
pub fn owners(root: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for path in files(root, None).flatten().take(100_000) {
        let name = path.file_name().unwrap_or_default();
        let is = ["profile_information.json", "personal_information.json"];
        if !is.iter().any(|one| name == *one)
            || fs::metadata(&path).is_ok_and(|m| m.len() > 1 << 20)
        {
            continue;
        }
        let text = crate::whole::read_text(&path).unwrap_or_default();
        let Ok(node) = super::node::Node::parse(&text) else { continue };
        let short = |text: &&str| (2..=60).contains(&text.len()) && !text.contains("://");
        names.extend(node.strings().into_iter().filter(short).map(str::to_owned));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_peoples_files_are_known() {
        let is = |path: &str| is_others(Path::new("a"), &Path::new("a").join(path));
        for path in [
            "likes.json",
            "actor.json",
            "messages/index.json",
            "Messages/c1/channel.json",
            "your_instagram_activity/likes/liked_posts.json",
            "connections/followers_and_following/followers_1.json",
            "personal_information/profile_information/profile_information.json",
        ] {
            assert!(is(path), "{path}");
        }
        for path in [
            "outbox.json",
            "index.json",
            "messages/c1/messages.json",
            "your_facebook_activity/posts/your_posts_1.json",
            "likes/poem.txt",
        ] {
            assert!(!is(path), "{path}");
        }
    }
}
