//! The texts of a Scrivener project: those of its draft, in the order of the binder. Research, notes, snapshots and the
//! trash are left out.

use super::{
    rtf,
    xml::{Step, attribute, walk},
};
use crate::whole;
use anyhow::{Context, Result, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
};
use walkdir::WalkDir;

/// The largest text, in bytes.
const LARGEST: u64 = 64 << 20;

/// The texts of the project in `folder`.
///
/// # Errors
/// When the project or a text in it can't be read.
pub fn texts(folder: &Path) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for path in order(folder)? {
        let size = fs::metadata(&path).map_or(0, |meta| meta.len());
        ensure!(size <= LARGEST, "{}: larger than 64 MiB", path.display());
        let bytes = whole::read(&path).with_context(|| path.display().to_string())?;
        let source = String::from_utf8_lossy(&bytes);
        let text = match source.trim_start().starts_with("{\\rtf") {
            true => rtf::words(&source).text,
            false => source.into_owned(),
        };
        all.push(text);
    }
    Ok(all)
}

/// The files with the texts, in their order.
fn order(folder: &Path) -> Result<Vec<PathBuf>> {
    let binder = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let binder =
        binder.into_iter().find(|path| path.extension().is_some_and(|end| end == "scrivx"));
    let Some(binder) = binder else {
        // a project that is shared by some services has no binder
        let files = WalkDir::new(folder.join("Files")).sort_by_file_name().into_iter().flatten();
        let texts = files.map(walkdir::DirEntry::into_path);
        let is_text = |path: &PathBuf| path.file_name().is_some_and(|name| name == "content.rtf");
        return Ok(texts.filter(is_text).collect());
    };
    let ids = drafts(&whole::read_text(&binder).with_context(|| binder.display().to_string())?)?;
    let file = |id: &String| {
        let data = folder.join("Files/Data").join(id);
        let docs = folder.join("Files/Docs");
        [
            data.join("content.rtf"),
            data.join("content.txt"),
            docs.join(format!("{id}.rtf")),
            docs.join(format!("{id}.txt")),
        ]
        .into_iter()
        .find(|path| path.is_file())
    };
    let is_name = |id: &&String| id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    Ok(ids.iter().filter(is_name).filter_map(file).collect())
}

/// The ids of the texts in the draft that are to be part of the book.
fn drafts(binder: &str) -> Result<Vec<String>> {
    /// An open item of the binder.
    struct Item {
        id: String,
        draft: bool,
        place: usize,
    }
    let mut open: Vec<Item> = Vec::new();
    let mut ids: Vec<(String, bool)> = Vec::new();
    let mut including = false;
    walk(binder, &mut |step| match step {
        Step::Start("BinderItem", tag) => {
            let id = attribute(tag, "UUID").or_else(|| attribute(tag, "ID")).unwrap_or_default();
            let inside = open.last().is_some_and(|item| item.draft);
            let draft = inside || attribute(tag, "Type").as_deref() == Some("DraftFolder");
            open.push(Item { id: id.clone(), draft, place: ids.len() });
            ids.push((id, draft));
        }
        Step::End("BinderItem") => drop(open.pop()),
        Step::Start("IncludeInCompile", _) => including = true,
        Step::End("IncludeInCompile") => including = false,
        Step::Text(answer) if including && answer.trim().eq_ignore_ascii_case("no") => {
            if let Some(item) = open.last().filter(|item| !item.id.is_empty()) {
                ids[item.place].1 = false;
            }
        }
        _ => {}
    })?;
    Ok(ids.into_iter().filter(|(_, wanted)| *wanted).map(|(id, _)| id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draft_is_read_in_order() {
        let binder = "<ScrivenerProject><Binder><BinderItem UUID='D' Type='DraftFolder'><Children>\
            <BinderItem UUID='B' Type='Text'><MetaData><IncludeInCompile>Yes</IncludeInCompile></MetaData></BinderItem>\
            <BinderItem UUID='A' Type='Folder'><Children><BinderItem UUID='C' Type='Text'><MetaData><IncludeInCompile>No</IncludeInCompile></MetaData></BinderItem></Children></BinderItem>\
            </Children></BinderItem><BinderItem UUID='T' Type='TrashFolder'><Children><BinderItem UUID='X' Type='Text'/></Children></BinderItem></Binder></ScrivenerProject>";
        assert_eq!(drafts(binder).unwrap(), ["D", "B", "A"]);
    }
}
