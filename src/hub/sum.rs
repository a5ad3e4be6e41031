//! Checksums as the hub gives them: the SHA-256 of a large file, the git object of a small one.

use crate::weights::sum::{digest, sha256};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// A checksum, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sum {
    /// SHA-256 of the content.
    Sha256(String),
    /// SHA-1 of git's header `blob LENGTH\0` and the content.
    Git(String),
}

impl Sum {
    /// The checksum that an ETag of the hub is; `None` for other names.
    pub fn named(etag: &str) -> Option<Self> {
        let hex = etag.len() >= 40
            && etag.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        match etag.len() {
            64 if hex => Some(Self::Sha256(etag.into())),
            40 if hex => Some(Self::Git(etag.into())),
            _ => None,
        }
    }

    /// Whether a file has this sum.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn fits(&self, path: &Path) -> io::Result<bool> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        self.fits_bytes(file, length)
    }

    /// Whether what can be read, of this length, has this sum.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn fits_bytes(&self, content: impl Read, length: u64) -> io::Result<bool> {
        Ok(match self {
            Self::Sha256(want) => *want == sha256(content)?,
            Self::Git(want) => {
                let mut sha: sha1::Sha1 = sha1::Digest::new();
                sha1::Digest::update(&mut sha, format!("blob {length}\0"));
                *want == digest(sha, content)?
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_sums_are_met() -> io::Result<()> {
        // `printf abc | sha256sum`, `printf abc | git hash-object --stdin`
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let git = "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f";
        for hex in [sha, git] {
            let sum = Sum::named(hex).expect("a sum");
            assert!(sum.fits_bytes(&b"abc"[..], 3)?);
            assert!(!sum.fits_bytes(&b"abd"[..], 3)?);
        }
        assert_eq!(Sum::named("W/\"abc\""), None);
        assert_eq!(Sum::named(&sha.to_uppercase()), None);
        Ok(())
    }
}
