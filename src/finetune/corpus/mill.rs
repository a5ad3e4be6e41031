//! What every document goes through, whatever it was read from: washed, judged, compared, counted, written.

use super::{
    Form, Given, Invalid, Reason, Repeats, Request, Settings, Summary, name,
    output::Output,
    preview::{Outcome, Preview},
    refuse_empty,
    repeats::{Memory, Repeat},
    split::Split,
    wash::{Changes, has_words, is_retweet, wash},
};
use anyhow::{Result, bail};
use std::{
    borrow::Cow,
    path::Path,
    time::{Duration, Instant},
};

/// How often whoever waits hears of it.
const NEWS: Duration = Duration::from_millis(200);

/// The one place where documents pass.
pub struct Mill<'a> {
    /// The counts so far.
    pub summary: Summary,
    /// How it is to be done.
    pub settings: &'a Settings,
    memory: Option<Memory>,
    split: Split,
    preview: Option<Preview>,
    progress: &'a mut dyn FnMut(&Summary),
    told: Instant,
}

impl<'a> Mill<'a> {
    /// Writes to `output`, when there is one.
    pub fn new(
        request: &'a Request,
        output: Option<Output>,
        progress: &'a mut dyn FnMut(&Summary),
    ) -> Self {
        let settings = &request.settings;
        let near = settings.repeats == Repeats::Drop;
        Self {
            summary: Summary::new(settings),
            settings,
            memory: (settings.repeats != Repeats::Keep).then(|| Memory::new(near)),
            split: Split::new(output),
            preview: request.preview.then(Preview::default),
            progress,
            told: Instant::now(),
        }
    }

    /// What comes now is of `input`.
    pub fn begin(&mut self, input: &Path) {
        self.summary.inputs.push(Given { path: name(input), read: 0, kept: 0 });
    }

    /// `bytes` as text.
    ///
    /// # Errors
    /// When they aren't UTF-8, if that is how it was asked for.
    pub fn decode<'b>(&mut self, bytes: &'b [u8]) -> Result<Cow<'b, str>> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Ok(text.into());
        }
        if self.settings.invalid == Invalid::Refuse {
            bail!("not UTF-8; convert it first, with iconv for example, or have it replaced");
        }
        let wrong = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
        self.summary.changed.invalid_utf8 += wrong as u64;
        Ok(String::from_utf8_lossy(bytes))
    }

    /// A document. The archive may have said that it is a retweet.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn document(&mut self, text: &str, form: Form, retweet: bool) -> Result<()> {
        let (clean, changes) = wash(text, form);
        if let Some(reason) = self.judge(text, &clean, changes, form, retweet) {
            self.lose(reason, text);
            return Ok(());
        }
        self.count(true);
        self.summary.changed.add(changes);
        if let Some(preview) = self.preview.as_mut().filter(|_| changes != Changes::default()) {
            preview.note(Outcome::Changed, text, &clean);
        }
        self.split.document(&clean, form, &mut self.summary)
    }

    /// A document that couldn't be read or isn't wanted.
    pub fn lose(&mut self, reason: Reason, text: &str) {
        self.count(false);
        *self.summary.dropped.0.entry(reason).or_default() += 1;
        if let Some(preview) = self.preview.as_mut().filter(|_| reason != Reason::Empty) {
            preview.note(Outcome::Dropped(reason), text, "");
        }
    }

    fn judge(
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
        self.memory.as_mut()?.meet(clean).map(|repeat| match repeat {
            Repeat::Exact => Reason::Duplicate,
            Repeat::Near => Reason::NearDuplicate,
        })
    }

    fn count(&mut self, kept: bool) {
        let documents = &mut self.summary.documents;
        documents.read += 1;
        *(if kept { &mut documents.kept } else { &mut documents.dropped }) += 1;
        if let Some(input) = self.summary.inputs.last_mut() {
            input.read += 1;
            input.kept += u64::from(kept);
        }
        if documents.read.is_multiple_of(1024) && self.told.elapsed() > NEWS {
            self.told = Instant::now();
            (self.progress)(&self.summary);
        }
    }

    /// All has come: the corpus appears.
    ///
    /// # Errors
    /// When nothing is left, or the corpus can't be written.
    pub fn finish(mut self) -> Result<(Summary, Preview)> {
        refuse_empty(&self.summary)?;
        self.split.finish(&mut self.summary)?;
        Ok((self.summary, self.preview.unwrap_or_default()))
    }
}
