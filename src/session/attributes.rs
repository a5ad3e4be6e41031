//! Extended attributes: tags, comments, access control lists. A file that replaces another
//! gets the other's.

use std::fs::File;

/// Copy the extended attributes of a file to the one that will replace it. False when one
/// that a user may have set could not be copied.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(crate) fn keep(new: &File, old: &File) -> bool {
    use rustix::fs::{XattrFlags, fsetxattr};
    // A file system without extended attributes has none to keep.
    let Some(names) = names(old) else { return true };
    let mut kept = true;
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let Some(value) = value(old, name) else { continue };
        let done = fsetxattr(new, name, &value, XattrFlags::empty()).is_ok();
        // The system sets security labels by its own rules; a program usually can't.
        kept &= done || name.starts_with(b"security.") || name.starts_with(b"trusted.");
    }
    kept
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn names(file: &File) -> Option<Vec<u8>> {
    let mut names = vec![0; rustix::fs::flistxattr_query(file).ok()?];
    let len = rustix::fs::flistxattr(file, names.as_mut_slice()).ok()?;
    names.truncate(len);
    Some(names)
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn value(file: &File, name: &[u8]) -> Option<Vec<u8>> {
    let mut value = vec![0; rustix::fs::fgetxattr_query(file, name).ok()?];
    let len = rustix::fs::fgetxattr(file, name, value.as_mut_slice()).ok()?;
    value.truncate(len);
    Some(value)
}

/// Not implemented on other systems.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(crate) fn keep(_: &File, _: &File) -> bool {
    true
}
