//! Plays a film in the terminal. Space pauses, arrows step and jump, + and - change the speed, q ends.

use super::{Act, Screen, Timeline, about};
use crate::{
    clean::for_terminal,
    session::{Author, Film, Player},
    ui::chapters::clock,
};
use anyhow::{Context, Result};
use crossterm::{
    cursor,
    event::{self, Event, KeyCode, KeyModifiers},
    execute, queue,
    style::{Attribute, Color, Print, SetAttribute, SetForegroundColor},
    terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen},
};
use std::{
    io::{self, Write},
    sync::Arc,
    time::{Duration, Instant},
};

/// The longest wait for a key.
const TICK: Duration = Duration::from_millis(250);
/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(16);

/// The terminal in raw mode and on its other screen, until this is dropped.
struct Raw;

impl Raw {
    fn enter() -> Result<Self> {
        terminal::enable_raw_mode().context("the terminal")?;
        // From here on, dropping it restores the terminal.
        let raw = Self;
        execute!(io::stdout(), EnterAlternateScreen, cursor::Hide).context("the terminal")?;
        Ok(raw)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = execute!(io::stdout(), cursor::Show, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

/// Plays a film until the viewer ends it. `title` names it, `colour` tells whether authors have colours.
///
/// # Errors
/// When the terminal can't be used.
pub fn run(film: Film, mut timeline: Timeline, title: &str, colour: bool) -> Result<()> {
    let _raw = Raw::enter()?;
    let mut player = Player::new(Arc::new(film));
    let mut last = Instant::now();
    loop {
        let now = Instant::now();
        timeline.advance(now - last);
        last = now;
        timeline.show(&mut player);
        draw(&player, &timeline, title, colour).context("the terminal")?;
        let wait = timeline.wait().unwrap_or(TICK).clamp(FRAME, TICK);
        if event::poll(wait)? {
            match event::read()? {
                Event::Key(key) if !key.is_release() => {
                    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
                    match key.code {
                        KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                        KeyCode::Char('c') if ctrl => return Ok(()),
                        code => {
                            if let Some(act) = act(code) {
                                timeline.act(act, player.film());
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// What a key does.
pub fn act(code: KeyCode) -> Option<Act> {
    Some(match code {
        KeyCode::Char(' ') => Act::Toggle,
        KeyCode::Right | KeyCode::Char('.') => Act::Step(true),
        KeyCode::Left | KeyCode::Char(',') => Act::Step(false),
        KeyCode::Down | KeyCode::PageDown => Act::Jump(true),
        KeyCode::Up | KeyCode::PageUp => Act::Jump(false),
        KeyCode::Home => Act::End(false),
        KeyCode::End => Act::End(true),
        KeyCode::Char('+' | '=') => Act::Speed(true),
        KeyCode::Char('-') => Act::Speed(false),
        _ => return None,
    })
}

fn draw(player: &Player, timeline: &Timeline, title: &str, colour: bool) -> io::Result<()> {
    let (cols, rows) = terminal::size()?;
    let (cols, rows) = (usize::from(cols), usize::from(rows));
    let state = if timeline.plays { "▶" } else { "‖" };
    let times = format!("{}/{}", clock(timeline.now()), clock(timeline.length()));
    let bar = timeline.bar(cols.saturating_sub(60).min(40));
    let foot = format!("{state} {times} {bar} ×{} {} · {title}", timeline.speed, about(player));
    let screen = Screen::of(player, cols, rows, &for_terminal(&foot));
    let mut out = io::stdout().lock();
    queue!(out, cursor::MoveTo(0, 0))?;
    for row in 0..rows.saturating_sub(1) {
        queue!(out, cursor::MoveTo(0, row as u16))?;
        for (text, author) in screen.page.get(row).into_iter().flatten() {
            let is_machine = colour && author.is_machine_made();
            if is_machine {
                queue!(out, SetForegroundColor(Color::Cyan))?;
            }
            if colour && *author == Author::Edited {
                queue!(out, SetAttribute(Attribute::Underlined))?;
            }
            queue!(out, Print(text), SetAttribute(Attribute::Reset))?;
        }
        queue!(out, Clear(ClearType::UntilNewLine))?;
    }
    let last = rows.saturating_sub(1) as u16;
    queue!(out, cursor::MoveTo(0, last), SetAttribute(Attribute::Dim), Print(&screen.foot))?;
    queue!(out, SetAttribute(Attribute::Reset), Clear(ClearType::UntilNewLine))?;
    out.flush()
}
