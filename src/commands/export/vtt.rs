//! WebVTT: what came onto the page as subtitles, with a voice for the writer and one for each model.

use super::Source;
use crate::{
    session::{Revision, What},
    ui::{asking::Made, chapters::exact},
};
use std::time::Duration;

/// The least and the longest time that a cue is shown.
const LEAST: Duration = Duration::from_millis(1_200);
const MOST: Duration = Duration::from_secs(8);

/// A cue.
struct Cue {
    from: Duration,
    to: Duration,
    voice: String,
    text: String,
    revision: Revision,
}

/// The subtitles.
pub fn write(source: &Source) -> String {
    let mut cues: Vec<Cue> = Vec::new();
    for (at, time) in source.scenes() {
        let scene = &source.film.scenes[at];
        let voice = match scene.what {
            What::Typed => "Writer".to_owned(),
            What::Pasted => "Pasted".to_owned(),
            What::Taken(from) => model(source, from),
            _ => continue,
        };
        let inserted = scene.inserted();
        match cues.last_mut().filter(|last| last.revision == scene.revision && last.voice == voice)
        {
            // The step goes on.
            Some(last) => {
                last.text.push_str(inserted);
                last.to = time;
            }
            None => cues.push(Cue {
                from: time,
                to: time,
                voice,
                text: inserted.to_owned(),
                revision: scene.revision,
            }),
        }
    }
    cues.retain(|cue| !cue.text.trim().is_empty());
    let starts: Vec<Duration> = cues.iter().skip(1).map(|cue| cue.from).collect();
    let mut text = format!("WEBVTT - {}\n", plain(&source.session.title()));
    for (number, cue) in cues.iter().enumerate() {
        let next = starts.get(number).copied().unwrap_or(Duration::MAX);
        let to = (cue.to + LEAST).min(cue.from + MOST.max(cue.to - cue.from)).min(next);
        // Two cues at one moment are shown together.
        let to = to.max(cue.from + Duration::from_millis(1));
        text += &format!(
            "\n{}\n{} --> {}\n<v {}>{}\n",
            number + 1,
            exact(cue.from),
            exact(to),
            plain(&cue.voice),
            plain(&cue.text)
        );
    }
    text
}

/// The name of the model that a text was taken from.
fn model(source: &Source, from: Option<crate::session::Source>) -> String {
    let request = from.and_then(|from| source.session.request(from.request));
    let made = request.and_then(|request| Made::of(&request.details));
    made.and_then(|made| made.model).unwrap_or_else(|| "Machine".to_owned())
}

/// A text in one line, as a cue may contain it.
fn plain(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept: String = text.chars().filter(|c| !c.is_control()).collect();
    kept.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
