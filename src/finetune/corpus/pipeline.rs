//! What every document goes through, whatever format it was read from: it is cleaned, filtered, deduplicated, counted
//! and written.

use super::{
    Duplicates, Form, Input, Invalid, Reason, Request, Settings, Summary,
    cleaning::{Changes, clean_text, has_words, is_retweet},
    cuts::Cuts,
    dedup::{Deduplicator, Match},
    name,
    output::Output,
    preview::{Outcome, Preview},
    refuse_empty,
    split::Split,
    watch::Watch,
};
use anyhow::{Result, bail};
use std::{
    borrow::Cow,
    fmt::Display,
    path::Path,
    time::{Duration, Instant},
};

/// How many notices are kept.
const MOST_NOTICES: usize = 200;
/// The time between progress reports.
const REPORT_INTERVAL: Duration = Duration::from_millis(200);

/// Takes documents from all readers and writes those that are kept.
pub struct Pipeline<'a> {
    /// The counts so far.
    pub summary: Summary,
    /// The settings.
    pub settings: &'a Settings,
    /// Names of the owner of the archive that is read, if it says whose it is.
    pub owners: Vec<String>,
    /// Whether the current files were in an archive. Archives in archives aren't unpacked.
    pub unpacked: bool,
    /// What the current file has given.
    pub watch: Watch,
    /// The name of the current file.
    file: String,
    /// The first thing that looked wrong.
    wrong: Option<String>,
    cuts: Cuts,
    dedup: Option<Deduplicator>,
    split: Split,
    preview: Option<Preview>,
    progress: &'a mut dyn FnMut(&Summary),
    reported: Instant,
}

impl<'a> Pipeline<'a> {
    /// A pipeline that writes to `output`. Without an output it only counts.
    pub fn new(
        request: &'a Request,
        output: Option<Output>,
        progress: &'a mut dyn FnMut(&Summary),
    ) -> Self {
        let settings = &request.settings;
        let near = settings.duplicates == Duplicates::Drop;
        Self {
            summary: Summary::new(settings),
            settings,
            owners: Vec::new(),
            unpacked: false,
            watch: Watch::default(),
            file: String::new(),
            wrong: None,
            cuts: Cuts::default(),
            dedup: (settings.duplicates != Duplicates::Keep).then(|| Deduplicator::new(near)),
            split: Split::new(output),
            preview: request.preview.then(Preview::default),
            progress,
            reported: Instant::now(),
        }
    }

    /// Count the documents from here on for `input`.
    pub fn begin(&mut self, input: &Path) {
        self.summary.inputs.push(Input { path: name(input), read: 0, kept: 0 });
    }

    /// The documents from here on are those of this file.
    pub fn begin_file(&mut self, shown: &str) {
        shown.clone_into(&mut self.file);
        self.watch = Watch::default();
    }

    /// Say how the current file is read.
    pub fn read_as(&mut self, how: &str) {
        if let Some(preview) = &mut self.preview {
            preview.source(&self.file, how);
        }
    }

    /// The current file was read. Say what looks wrong in it, and which encoding it has if that isn't UTF-8.
    pub fn end_file(&mut self, encoding: Option<&str>) {
        if let Some(encoding) = encoding {
            if let Some(preview) = &mut self.preview {
                preview.encoded(encoding);
            }
            self.notice(format_args!(
                "read as {encoding}; --encoding NAME chooses another encoding"
            ));
        }
        for finding in self.watch.findings() {
            self.warn(finding);
        }
    }

    /// Note something that the writer should know about the current file.
    pub fn notice(&mut self, sentence: impl Display) {
        let notice = format!("{}: {sentence}", self.file);
        let notices = &mut self.summary.notices;
        if notices.len() < MOST_NOTICES && !notices.contains(&notice) {
            notices.push(notice);
        }
    }

    /// Note something that looks wrong in the current file. With `--strict` it becomes an error.
    pub fn warn(&mut self, sentence: impl Display) {
        let sentence = sentence.to_string();
        if self.wrong.is_none() {
            self.wrong = Some(format!("{}: {sentence}", self.file));
        }
        self.notice(sentence);
    }

    /// Decode UTF-8. Invalid bytes are replaced and counted.
    ///
    /// # Errors
    /// When there are invalid bytes and the settings refuse them.
    pub fn decode<'b>(&mut self, bytes: &'b [u8]) -> Result<Cow<'b, str>> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Ok(text.into());
        }
        if self.settings.invalid == Invalid::Refuse {
            bail!(
                "not valid UTF-8; convert it, for example with iconv, or give --encoding NAME or --invalid-utf8 replace"
            );
        }
        let wrong = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
        self.summary.changed.invalid_utf8 += wrong as u64;
        Ok(String::from_utf8_lossy(bytes))
    }

    /// Process a document. `retweet` = the archive marks it as a retweet.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn document(&mut self, text: &str, form: Form, retweet: bool) -> Result<()> {
        let (clean, changes) = clean_text(text, form);
        match filter(text, &clean, changes, form, retweet) {
            Some(reason) => self.reject(reason, text),
            None => self.keep(text, &clean, changes, form)?,
        }
        Ok(())
    }

    /// Process a post of an archive, which may have a cut copy of it elsewhere.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn post(&mut self, text: &str) -> Result<()> {
        let form = Form::of(text);
        let (clean, changes) = clean_text(text, form);
        match filter(text, &clean, changes, form, false) {
            Some(reason) => self.reject(reason, text),
            None if self.cuts.hold(text, &clean, form) => {}
            None => self.keep(text, &clean, changes, form)?,
        }
        Ok(())
    }

    /// Write a document unless it repeats an earlier one.
    fn keep(&mut self, text: &str, clean: &str, changes: Changes, form: Form) -> Result<()> {
        let known = self.dedup.as_mut().and_then(|dedup| dedup.insert(clean));
        if let Some(kind) = known {
            let near = kind == Match::Near;
            self.reject(if near { Reason::NearDuplicate } else { Reason::Duplicate }, text);
            return Ok(());
        }
        self.count(true);
        self.watch.kept(clean);
        self.summary.changed.add(changes);
        if let Some(preview) = &mut self.preview {
            preview.document(clean);
            if changes != Changes::default() {
                preview.note(Outcome::Changed, text, clean);
            }
        }
        self.split.document(clean, form, &mut self.summary)
    }

    /// Count a document as dropped.
    pub fn reject(&mut self, reason: Reason, text: &str) {
        self.count(false);
        self.watch.dropped(reason, text);
        *self.summary.dropped.0.entry(reason).or_default() += 1;
        if let Some(preview) = self.preview.as_mut().filter(|_| reason != Reason::Empty) {
            preview.note(Outcome::Dropped(reason), text, "");
        }
    }

    /// Count a document as kept or dropped, and report progress if it is time.
    fn count(&mut self, kept: bool) {
        let documents = &mut self.summary.documents;
        documents.read += 1;
        *(if kept { &mut documents.kept } else { &mut documents.dropped }) += 1;
        if let Some(input) = self.summary.inputs.last_mut() {
            input.read += 1;
            input.kept += u64::from(kept);
        }
        if documents.read.is_multiple_of(1024) && self.reported.elapsed() > REPORT_INTERVAL {
            self.reported = Instant::now();
            (self.progress)(&self.summary);
        }
    }

    /// Finish after the last document. The corpus appears in its folder.
    ///
    /// # Errors
    /// When no documents are left, or the corpus can't be written.
    pub fn finish(mut self) -> Result<(Summary, Preview)> {
        for (post, cut) in self.cuts.release() {
            let (clean, changes) = clean_text(&post.text, post.form);
            if cut {
                self.reject(Reason::Cut, &post.text);
            } else {
                self.keep(&post.text, &clean, changes, post.form)?;
            }
        }
        if let (true, Some(wrong)) = (self.settings.strict, &self.wrong) {
            bail!("{wrong} (an error because of --strict; nothing was written)");
        }
        refuse_empty(&self.summary)?;
        self.split.finish(&mut self.summary)?;
        Ok((self.summary, self.preview.unwrap_or_default()))
    }
}

/// Why a document is dropped whatever else was read; `None` = it isn't.
fn filter(text: &str, clean: &str, changes: Changes, form: Form, retweet: bool) -> Option<Reason> {
    if text.trim().is_empty() {
        return Some(Reason::Empty);
    }
    if retweet || form == Form::Post && is_retweet(clean) {
        return Some(Reason::Retweet);
    }
    if clean.is_empty() {
        return Some(if changes.links { Reason::OnlyLinks } else { Reason::Empty });
    }
    if !has_words(clean) {
        return Some(if changes.links { Reason::OnlyLinks } else { Reason::NoWords });
    }
    None
}
