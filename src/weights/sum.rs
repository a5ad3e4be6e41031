//! Checksums of files, and the one that names the weights of a model. That of large files is kept beside them, so that
//! they are read for it once.

use crate::whole;
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

/// Sums of smaller files are not kept: they take a moment.
const WORTH_IT: u64 = 64 << 20;
/// The length of a SHA-256 in hexadecimal.
const HEX: usize = 64;

/// A checksum of what can be read, in lower-case hexadecimal.
///
/// # Errors
/// When it can't be read.
pub fn digest<D: Digest>(mut sum: D, mut content: impl Read) -> io::Result<String> {
    let mut piece = vec![0; 1 << 18];
    loop {
        match content.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => sum.update(&piece[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The SHA-256 of what can be read, in lower-case hexadecimal.
///
/// # Errors
/// When it can't be read.
pub fn sha256(content: impl Read) -> io::Result<String> {
    digest(Sha256::new(), content)
}

/// The SHA-256 of the built-in model's weights. A test compares it with their file.
const BUILT_IN: &str = "6ee87836132f3685a55881246bd1bc007da45e4a3ea7daafdb91ae1056962e25";

/// The SHA-256 of a checkpoint's weights, by their files: that of the only file; of several files, that of the list of
/// their sums, one a line; without a file, that of the built-in model.
///
/// # Errors
/// When a file can't be read.
pub fn of(files: &[PathBuf]) -> Result<String> {
    let sums: Vec<String> =
        files.iter().map(|file| of_file(file)).collect::<Result<_>>().context("a checksum")?;
    match &sums[..] {
        [] => Ok(BUILT_IN.to_owned()),
        [only] => Ok(only.clone()),
        many => {
            Ok(sha256(many.iter().fold(String::new(), |all, sum| all + sum + "\n").as_bytes())?)
        }
    }
}

/// The SHA-256 of a file. In the hub's cache a large file is a link to one that is named by it. Elsewhere it may be kept
/// beside the file.
fn of_file(path: &Path) -> Result<String> {
    let is_sum = |name: &str| name.len() == HEX && name.bytes().all(|b| b.is_ascii_hexdigit());
    let link = fs::read_link(path).ok();
    let named = link.as_deref().and_then(Path::file_name).and_then(|name| name.to_str());
    if let Some(name) = named.filter(|name| is_sum(name)) {
        return Ok(name.to_owned());
    }
    let facts = fs::metadata(path).with_context(|| format!("{}", path.display()))?;
    if facts.len() < WORTH_IT {
        return Ok(sha256(File::open(path)?)?);
    }
    let state = state(&facts)?;
    let place = place(path);
    // A FIFO or a link isn't read.
    let kept = whole::is_free_or_file(&place).ok().and_then(|()| fs::read_to_string(&place).ok());
    let kept = kept.as_deref().and_then(|line| line.trim_end().split_once(' '));
    if let Some((sum, _)) = kept.filter(|(sum, of)| is_sum(sum) && *of == state) {
        return Ok(sum.to_owned());
    }
    let sum = sha256(File::open(path)?)?;
    // Without it, the next start reads the file again.
    let _ = whole::write(&place, format!("{sum} {state}\n").as_bytes());
    Ok(sum)
}

/// Where a file's sum is kept.
fn place(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".unstuck.sha256");
    name.into()
}

/// The length and the modification time of a file: with others, its sum is another.
fn state(facts: &fs::Metadata) -> Result<String> {
    let time = facts.modified()?.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    Ok(format!("{} {time}", facts.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Checkpoint;

    #[test]
    fn the_sum_is_that_of_the_file() {
        // `printf abc | sha256sum`
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&b"abc"[..]).unwrap(), sum);
        let tiny = Checkpoint::open(Path::new("tests/fixtures/tiny-gpt2")).unwrap();
        let weights = File::open("tests/fixtures/tiny-gpt2/model.safetensors").unwrap();
        assert_eq!(of(&tiny.files()).unwrap(), sha256(weights).unwrap());
        let built_in = of(&Checkpoint::embedded().unwrap().files()).unwrap();
        assert_eq!(built_in, sha256(File::open("models/inkwell/model.gguf").unwrap()).unwrap());
    }

    #[test]
    fn a_kept_sum_is_for_its_own_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let file = File::create(&path).unwrap();
        file.set_len(WORTH_IT).unwrap();
        let first = of_file(&path).unwrap();
        let kept = fs::read_to_string(place(&path)).unwrap();
        assert!(kept.starts_with(&first));
        // What is kept is believed while the file is the same.
        fs::write(place(&path), kept.replace(&first, &"0".repeat(HEX))).unwrap();
        assert_eq!(of_file(&path).unwrap(), "0".repeat(HEX));
        file.set_len(WORTH_IT + 1).unwrap();
        let second = of_file(&path).unwrap();
        assert!(second != first && second != "0".repeat(HEX));
    }
}
