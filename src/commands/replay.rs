//! `unstuck replay`: plays the history of a draft in the terminal, or prints it as text.

use super::{Place, export::sitting};
use crate::{
    session::{Film, Look, Player, look},
    ui::{
        chapters::exact,
        replay::{self, IDLE, Timeline, about},
    },
};
use anyhow::{Context, Result};
use std::{io::IsTerminal, path::Path, sync::Arc, time::Duration};

/// What to play.
pub struct Request<'a> {
    /// The draft.
    pub draft: &'a Path,
    /// The state folder, which has the histories.
    pub state: &'a Path,
    /// Only this sitting, from 1; `None` = all of them.
    pub sitting: Option<usize>,
    /// How many times faster than it was.
    pub speed: f32,
    /// Where to begin, from the start.
    pub at: Duration,
    /// Begin paused, to go step by step.
    pub step: bool,
    /// Print text also in a terminal.
    pub text: bool,
    /// Whether authors have colours.
    pub colour: bool,
}

/// Play the history of a draft. Without a terminal, prints the page after each change.
///
/// # Errors
/// When there is no history, or no such sitting.
pub fn run(request: &Request, notice: &mut dyn FnMut(&str)) -> Result<()> {
    let Look { session, reach, journal, .. } = look(request.draft, request.state)?;
    let name = request.draft.display();
    let film = Film::read(&journal).filter(|film| !film.scenes.is_empty());
    let film =
        film.with_context(|| format!("{name} has no history here, so there is nothing to play"))?;
    let range = sitting(&film, request.sitting).with_context(|| format!("{name}"))?;
    if let Some(lack) = reach.lack() {
        notice(&format!("the history of {name} {lack}; this plays what is before it"));
    }
    if !request.text && std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        let mut timeline = Timeline::new(&film, range, request.speed);
        timeline.go(request.at);
        timeline.plays = !request.step;
        return replay::run(film, timeline, &session.title(), request.colour);
    }
    let mut place = Place::open(None)?;
    let times = film.times(range.clone(), IDLE);
    let mut player = Player::new(Arc::new(film));
    player.seek(range.start);
    for (at, time) in range.zip(times) {
        player.seek(at + 1);
        if time < request.at {
            continue;
        }
        place.write(&format!("[{}] {}\n", exact(time), about(&player)))?;
        if player.film().scenes[at].changes() {
            let text = player.text().to_string();
            let end = if text.ends_with('\n') { "" } else { "\n" };
            place.write(&format!("{text}{end}\n"))?;
        }
    }
    place.finish()
}
