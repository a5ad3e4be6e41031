//! Unpacks a ZIP or a TAR to a temporary folder, within limits, so that it can be read as a folder. Only files that may
//! have text are unpacked.

use super::{document::Package, find::Skipped, shape, summary::SkipReason};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Component, Path, PathBuf},
};
use tempfile::TempDir;

/// The largest file, and the size of all files together.
const LARGEST: u64 = 1 << 30;
/// The most files that are unpacked.
const MOST: usize = 100_000;

/// Unpack a ZIP.
///
/// # Errors
/// When it is damaged, too large, or nothing in it can be read.
pub fn zip(package: &mut Package) -> Result<TempDir> {
    let folder = tempfile::tempdir().context("the temporary folder")?;
    let files = package.files();
    let wanted: Vec<_> = files.into_iter().filter(|(_, path)| is_wanted(path)).collect();
    if wanted.is_empty() && package.is_encrypted() {
        bail!(Skipped::new(
            SkipReason::Binary,
            "a ZIP with a password; unpack it and give the folder"
        ));
    }
    ensure!(wanted.len() <= MOST, "more than {MOST} texts; unpack it and give the folder");
    for (index, path) in wanted {
        let mut file = create(folder.path(), &path)?;
        package.unpack(index, LARGEST, &mut file).with_context(|| path.display().to_string())?;
    }
    Ok(folder)
}

/// Unpack a TAR.
///
/// # Errors
/// When it is damaged or too large.
pub fn tar(input: &mut dyn Read) -> Result<TempDir> {
    let folder = tempfile::tempdir().context("the temporary folder")?;
    let (mut total, mut count) = (0, 0);
    let mut long: Option<PathBuf> = None;
    let mut header = [0; 512];
    while input.read_exact(&mut header).is_ok() && header.iter().any(|byte| *byte != 0) {
        let text = |from: usize, to: usize| {
            let field = &header[from..to];
            let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
            String::from_utf8_lossy(&field[..end]).into_owned()
        };
        let size = u64::from_str_radix(text(124, 136).trim(), 8).context("a damaged TAR file")?;
        let padded = size.div_ceil(512) * 512;
        let name = match text(345, 500) {
            prefix if prefix.is_empty() => text(0, 100),
            prefix => format!("{prefix}/{}", text(0, 100)),
        };
        let mut content = input.take(padded);
        match header[156] {
            // the next entry has this long name
            b'L' => {
                let mut bytes = Vec::new();
                content.by_ref().take(size.min(1 << 16)).read_to_end(&mut bytes)?;
                long = Some(String::from_utf8_lossy(&bytes).trim_end_matches('\0').into());
            }
            b'0' | 0 => {
                let path = long.take().unwrap_or_else(|| name.into());
                if is_wanted(&path) && is_inside(&path) {
                    (total, count) = (total + size, count + 1);
                    ensure!(
                        total <= LARGEST && count <= MOST,
                        "unpacks to too much; unpack it and give the folder"
                    );
                    io::copy(&mut content.by_ref().take(size), &mut create(folder.path(), &path)?)?;
                }
            }
            _ => long = None,
        }
        io::copy(&mut content, &mut io::sink())?;
    }
    Ok(folder)
}

/// Whether a path leads to a place inside its folder.
fn is_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Whether a file may have text that is read, or belongs to one that has.
fn is_wanted(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let known = shape::of_extension(&extension).is_some_and(|shape| shape != shape::Shape::Package);
    let document = ["docx", "odt", "epub", "docm", "ott"].contains(&&*extension);
    !path.starts_with("__MACOSX") && (known || document || extension == "scrivx")
}

fn create(folder: &Path, path: &Path) -> Result<File> {
    let target = folder.join(path);
    fs::create_dir_all(target.parent().unwrap_or(folder))?;
    File::create(&target).with_context(|| path.display().to_string())
}
