//! What every document goes through, whatever format it was read from: it is cleaned, filtered, deduplicated, counted
//! and written.

use super::{
    Duplicates, Form, Input, Invalid, Reason, Request, Settings, Summary,
    cleaning::{Changes, clean_text, has_words, is_retweet},
    dedup::{Deduplicator, Match},
    name,
    output::Output,
    preview::{Outcome, Preview},
    refuse_empty,
    split::Split,
};
use anyhow::{Result, bail};
use std::{
    borrow::Cow,
    path::Path,
    time::{Duration, Instant},
};

/// The time between progress reports.
const REPORT_INTERVAL: Duration = Duration::from_millis(200);

/// Takes documents from all readers and writes those that are kept.
pub struct Pipeline<'a> {
    /// The counts so far.
    pub summary: Summary,
    /// The settings.
    pub settings: &'a Settings,
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
                "not valid UTF-8; convert it, for example with iconv, or give --invalid-utf8 replace"
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
        if let Some(reason) = self.filter(text, &clean, changes, form, retweet) {
            self.reject(reason, text);
            return Ok(());
        }
        self.count(true);
        self.summary.changed.add(changes);
        if let Some(preview) = self.preview.as_mut().filter(|_| changes != Changes::default()) {
            preview.note(Outcome::Changed, text, &clean);
        }
        self.split.document(&clean, form, &mut self.summary)
    }

    /// Count a document as dropped.
    pub fn reject(&mut self, reason: Reason, text: &str) {
        self.count(false);
        *self.summary.dropped.0.entry(reason).or_default() += 1;
        if let Some(preview) = self.preview.as_mut().filter(|_| reason != Reason::Empty) {
            preview.note(Outcome::Dropped(reason), text, "");
        }
    }

    /// Why a document is dropped; `None` = it is kept.
    fn filter(
        &mut self,
        text: &str,
        clean: &str,
        changes: Changes,
        form: Form,
        retweet: bool,
    ) -> Option<Reason> {
        if text.trim().is_empty() {
            return Some(Reason::Empty);
        }
        if form == Form::Post && (retweet || is_retweet(clean)) {
            return Some(Reason::Retweet);
        }
        if clean.is_empty() {
            return Some(if changes.links { Reason::OnlyLinks } else { Reason::Empty });
        }
        if !has_words(clean) {
            return Some(if changes.links { Reason::OnlyLinks } else { Reason::NoWords });
        }
        self.dedup.as_mut()?.insert(clean).map(|kind| match kind {
            Match::Exact => Reason::Duplicate,
            Match::Near => Reason::NearDuplicate,
        })
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
        refuse_empty(&self.summary)?;
        self.split.finish(&mut self.summary)?;
        Ok((self.summary, self.preview.unwrap_or_default()))
    }
}
