//! `unstuck export`: a draft and its history in the forms that readers, players and podcast tools take.

mod cast;
mod html;
mod json;
mod markdown;
mod notes;
mod prompts;
mod vtt;

use super::{
    Place,
    verify::{Engines, Open},
};
use crate::{
    session::{Film, Look, Session, look},
    ui::{
        chapters::{self, Chapter},
        receipts::Claims,
    },
};
use anyhow::{Context, Result, bail};
use std::{ops::Range, path::Path, sync::Arc, time::Duration};
use strum::{EnumString, IntoStaticStr, VariantNames};

/// The longest pause: nothing is cut but the time between two sittings.
const WHOLE: Duration = Duration::MAX;

/// A form of export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Format {
    /// Markdown with a footnote for each text of the machine.
    Md,
    /// One page with authors and token colours.
    Html,
    /// Everything, for programs.
    Json,
    /// Show notes.
    Notes,
    /// A terminal recording (asciicast).
    Cast,
    /// Subtitles (WebVTT).
    Vtt,
    /// Chapters: JSON of the podcast namespace, or labels of Audacity in a file that ends in `.txt`.
    Chapters,
}

/// What to export.
pub struct Request<'a> {
    /// The draft.
    pub draft: &'a Path,
    /// The state folder, which has the histories.
    pub state: &'a Path,
    /// The form.
    pub format: Format,
    /// The file to write; `None` = standard output.
    pub output: Option<&'a Path>,
    /// Only this sitting, from 1; `None` = all of them, one after another.
    pub sitting: Option<usize>,
    /// The version of an asciicast: 2 or 3.
    pub version: u8,
    /// Repeat receipts with the model that the user chose, whatever they name.
    pub own_model: bool,
}

/// What an export is made of.
struct Source {
    session: Session,
    film: Arc<Film>,
    /// The scenes that are exported.
    range: Range<usize>,
    /// When each of them is.
    times: Vec<Duration>,
}

impl Source {
    /// The times of the exported scenes.
    fn scenes(&self) -> impl Iterator<Item = (usize, Duration)> + '_ {
        self.range.clone().zip(self.times.iter().copied())
    }

    /// How long the exported scenes are.
    fn length(&self) -> Duration {
        self.times.last().copied().unwrap_or_default()
    }
}

/// Export a draft.
///
/// # Errors
/// When the draft or its history can't be read, or the output can't be written.
pub fn run(request: &Request, open: Open, notice: &mut dyn FnMut(&str)) -> Result<()> {
    let Look { session, reach, journal, .. } = look(request.draft, request.state)?;
    if let Some(lack) = reach.lack() {
        notice(&format!("the history of {} {lack}", request.draft.display()));
    }
    let mut place = Place::open(request.output)?;
    let text = match request.format {
        Format::Md => markdown::write(&session),
        Format::Html => {
            let claims = Claims::of(&session);
            let mut engines = Engines::new(open, request.own_model);
            let checked: Vec<_> = claims.proofs.iter().map(|proof| engines.check(proof)).collect();
            html::write(&session, &claims, &checked)
        }
        Format::Json => json::write(&session)?,
        format => {
            let source = source(request, session, &journal)?;
            match format {
                Format::Notes => notes::write(&source),
                Format::Cast => cast::write(&source, request.version),
                Format::Vtt => vtt::write(&source),
                _ => chapters(&source, request.output),
            }
        }
    };
    place.write(&text)?;
    place.finish()
}

/// The history of a draft as what the timed forms are made of.
fn source(request: &Request, session: Session, journal: &[u8]) -> Result<Source> {
    let name = request.draft.display();
    let film = Film::read(journal).filter(|film| !film.scenes.is_empty());
    let film = film.with_context(|| {
        let format: &str = request.format.into();
        format!("{name} has no history here, and {format} needs one; md, html and json don't")
    })?;
    let range = sitting(&film, request.sitting).with_context(|| format!("{name}"))?;
    let times = film.times(range.clone(), WHOLE);
    Ok(Source { session, film: Arc::new(film), range, times })
}

/// The scenes of a sitting, from 1; without a number, all.
///
/// # Errors
/// When there is no such sitting.
pub fn sitting(film: &Film, number: Option<usize>) -> Result<Range<usize>> {
    let Some(number) = number else { return Ok(0..film.scenes.len()) };
    let sittings = film.sittings();
    let found = number.checked_sub(1).and_then(|at| sittings.get(at)).cloned();
    match sittings.len() {
        _ if found.is_some() => Ok(found.unwrap_or_default()),
        1 => bail!("there is no sitting {number}: it has only one, --sitting 1"),
        count => bail!("there is no sitting {number}: it has sittings 1 to {count}"),
    }
}

/// The chapters: one for each prompt.
fn chapters(source: &Source, output: Option<&Path>) -> String {
    let prompts = prompts::of(source);
    let mut chapters: Vec<Chapter> =
        prompts.iter().map(|prompt| Chapter::new(prompt.time, &prompt.title)).collect();
    let title = source.session.title();
    // A recording begins with a chapter.
    if chapters.first().is_none_or(|first| first.start > Duration::ZERO) {
        chapters.insert(0, Chapter::new(Duration::ZERO, &title));
    }
    let is_text = output.is_some_and(|path| path.extension().is_some_and(|end| end == "txt"));
    match is_text {
        true => chapters::labels(&chapters, source.length()),
        false => chapters::podcast(&title, &chapters),
    }
}
