//! The files in a ZIP, read within limits, so that an archive that unpacks to an enormous size does no harm.

use super::{Kind, xml::decoded};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs::File,
    io::{Read, Write},
    path::PathBuf,
};
use zip::ZipArchive;

/// The most files in an archive.
const MOST_FILES: usize = 200_000;
/// The largest part of a document, unpacked.
const LARGEST_PART: u64 = 64 << 20;
/// The largest size of all parts that are read, unpacked.
const LARGEST: u64 = 1 << 30;
/// How many times larger than packed a part may be, once it is larger than [`SMALL`].
const RATIO: u64 = 200;
const SMALL: u64 = 1 << 20;

/// A ZIP file.
pub struct Package {
    zip: ZipArchive<File>,
    /// How many bytes were unpacked.
    read: u64,
}

impl Package {
    /// Open a ZIP file.
    ///
    /// # Errors
    /// When it isn't one or has too many files.
    pub fn open(file: File) -> Result<Self> {
        let zip = ZipArchive::new(file).context("a damaged ZIP file; make it again")?;
        ensure!(
            zip.len() <= MOST_FILES,
            "more than {MOST_FILES} files; unpack it and give the folder"
        );
        Ok(Self { zip, read: 0 })
    }

    /// The document that it is; `None` if it is an archive of files.
    pub fn kind(&mut self) -> Option<Kind> {
        let has = |zip: &ZipArchive<File>, name: &str| zip.index_for_name(name).is_some();
        let mime = self.part("mimetype").unwrap_or_default().unwrap_or_default();
        if mime.starts_with(b"application/vnd.oasis.opendocument.text") {
            return Some(Kind::Odt);
        }
        if mime.starts_with(b"application/epub+zip") || has(&self.zip, "META-INF/container.xml") {
            return Some(Kind::Epub);
        }
        let word = has(&self.zip, "[Content_Types].xml")
            && (has(&self.zip, "word/document.xml") || !has(&self.zip, "xl/workbook.xml"));
        word.then_some(Kind::Docx)
    }

    /// The content of a file; `None` if there is none of this name.
    ///
    /// # Errors
    /// When it is damaged, encrypted or too large.
    pub fn part(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        let Some(index) = self.zip.index_for_name(name) else { return Ok(None) };
        let mut bytes = Vec::new();
        self.unpack(index, LARGEST_PART, &mut bytes).with_context(|| name.to_owned())?;
        Ok(Some(bytes))
    }

    /// The text of a file that must be there.
    ///
    /// # Errors
    /// When it isn't, or as for [`Package::part`].
    pub fn text(&mut self, name: &str) -> Result<String> {
        let bytes =
            self.part(name)?.with_context(|| format!("{name} is missing; it is damaged"))?;
        Ok(decoded(&bytes))
    }

    /// The paths of all files that may be unpacked, with their numbers.
    pub fn files(&mut self) -> Vec<(usize, PathBuf)> {
        let mut all = Vec::new();
        for index in 0..self.zip.len() {
            let Ok(file) = self.zip.by_index(index) else { continue };
            if file.is_dir() || file.is_symlink() || file.encrypted() {
                continue;
            }
            // a path that would lead out of the folder has no enclosed name
            all.extend(file.enclosed_name().map(|path| (index, path)));
        }
        all
    }

    /// Whether it has files that need a password.
    pub fn is_encrypted(&mut self) -> bool {
        (0..self.zip.len())
            .any(|index| self.zip.by_index_raw(index).is_ok_and(|file| file.encrypted()))
    }

    /// Unpack a file.
    ///
    /// # Errors
    /// When it is damaged or larger than `limit`, or all files together are too large.
    pub fn unpack(&mut self, index: usize, limit: u64, out: &mut dyn Write) -> Result<()> {
        let file = self.zip.by_index(index).context("damaged, or needs a password")?;
        let packed = file.compressed_size().max(1);
        let limit = limit.min((packed * RATIO).max(SMALL)).min(LARGEST.saturating_sub(self.read));
        let size = std::io::copy(&mut file.take(limit + 1), out).context("damaged")?;
        if size > limit {
            bail!("unpacks to more than {} MiB; unpack it yourself and give the file", limit >> 20);
        }
        self.read += size;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, SeekFrom};
    use zip::{ZipWriter, write::SimpleFileOptions};

    /// A ZIP with one file.
    fn zip(name: &str, bytes: &[u8]) -> File {
        let mut writer = ZipWriter::new(tempfile::tempfile().unwrap());
        let deflated =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(name, deflated).unwrap();
        writer.write_all(bytes).unwrap();
        let mut file = writer.finish().unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let mut package = Package::open(zip("word/document.xml", &vec![b'x'; 32 << 20])).unwrap();
        let error = format!("{:#}", package.part("word/document.xml").unwrap_err());
        assert!(error.contains("unpacks to more than"), "{error}");
        let mut package = Package::open(zip("a.txt", b"one lamp")).unwrap();
        assert_eq!(package.part("a.txt").unwrap().unwrap(), b"one lamp");
        assert!(package.part("b.txt").unwrap().is_none() && package.kind().is_none());
        assert_eq!(Package::open(zip("../a.txt", b"out")).unwrap().files(), []);
    }
}
