//! Show notes: each prompt, what the writer and the model made of it, every take, and how it was made.

use super::{Source, prompts};
use crate::{
    session::{Author, percent},
    ui::asking::Made,
    ui::chapters::clock,
};
use std::fmt::Write;

/// The show notes as Markdown.
pub fn write(source: &Source) -> String {
    let session = &source.session;
    let mut text = format!("# Show notes: {}\n\n", session.title());
    let shares = session.shares();
    let (machine, all) = (shares.words(Author::Machine), shares.all_words());
    let share = percent(machine, all);
    let day = source.film.scenes.get(source.range.start).map(|scene| scene.time);
    let day = day.and_then(|time| jiff::Timestamp::try_from(time).ok());
    if let Some(day) = day {
        let _ = writeln!(text, "Begun {}.", day.strftime("%Y-%m-%d %H:%M UTC"));
    }
    let _ = writeln!(text, "{all} words, {share} by the machine. {}.\n", clock(source.length()));
    for prompt in prompts::of(source) {
        let _ = writeln!(text, "## {} {}\n", clock(prompt.time), prompt.title);
        let _ = writeln!(text, "**Prompt:**\n\n{}", quote(&prompt.text));
        if !prompt.own.is_empty() {
            let _ = writeln!(text, "**The writer:**\n\n{}", quote(&prompt.own));
        }
        if !prompt.takes.is_empty() {
            let _ = writeln!(text, "**The model:**\n");
        }
        let mut before: Option<&Made> = None;
        for (number, take) in (1..).zip(&prompt.takes) {
            let state = match (take.is_kept, take.was_taken) {
                (true, _) => ", kept",
                (false, true) => ", taken and given back",
                (false, false) => "",
            };
            let seed = take.seed.map_or(String::new(), |seed| format!(", seed {seed}"));
            let said = take.text.trim();
            let time = clock(take.time);
            let _ = writeln!(text, "{number}. Take {number} ({time}{seed}{state})\n");
            let _ = writeln!(text, "{}", indented(&quote(said)));
            if before.is_none_or(|before| !is_alike(before, &take.made)) {
                let _ = writeln!(text, "   {}\n", settings(&take.made));
            }
            before = Some(&take.made);
        }
    }
    text.trim_end().to_owned() + "\n"
}

/// Whether two takes were made with the same settings but for the seed.
fn is_alike(one: &Made, other: &Made) -> bool {
    settings(one) == settings(other)
}

/// The settings in a line.
fn settings(made: &Made) -> String {
    let model = made.model.as_deref().unwrap_or("an unknown model");
    let sum = made.numerics.as_ref().and_then(|numerics| numerics.sha256.as_deref());
    let sum = sum.map_or(String::new(), |sum| format!(" (sha256 {sum})"));
    let server = made.server.as_deref().map_or(String::new(), |kind| format!(" on {kind}"));
    let sampling = &made.sampling;
    let mut all = format!(
        "{model}{sum}{server}, preset {}, temperature {}, top-k {}, top-p {}",
        made.preset, sampling.temperature, sampling.top_k, sampling.top_p
    );
    let mut also = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = write!(all, ", {name} {value}");
        }
    };
    also("banned:", sampling.ban.join("; "));
    let bias: Vec<_> = sampling.bias.iter().map(|(word, by)| format!("{word} {by:+}")).collect();
    also("bias:", bias.join("; "));
    also("must:", made.must.join("; "));
    also("ends on:", sampling.end_on.clone());
    all + "."
}

/// A text as a quotation.
fn quote(text: &str) -> String {
    let lines = text.lines().map(|line| format!("> {line}").trim_end().to_owned() + "\n");
    lines.collect()
}

/// Lines that belong to an item of a list.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("   {line}\n")).collect()
}
