//! Choosing another model, installed or from the hub.

use super::{
    layer::Flow,
    picker::{Choices, Entry, Picker},
    question::Question,
};
use crate::{
    tui::{
        command::Opens,
        desk::{Choice, Desk, about},
    },
    ui::shelf::{self, Errand},
};
use crossterm::event::KeyCode;

/// The command.
pub const OPENS: Opens = Opens {
    name: "models",
    heading: "The model",
    help: "Choose another model, installed or from the hub; the draft stays.",
    keys: &["ctrl-l", "f11"],
};

struct Models;

/// Shows the installed models, and those that can be fetched.
pub fn open(desk: &mut Desk) -> Flow {
    show(Models, desk)
}

/// Requests a new list, and shows the known one until it arrives.
pub fn show(models: impl Choices<Value = String> + 'static, desk: &mut Desk) -> Flow {
    if !desk.models.send(Errand::List) {
        desk.notices
            .say("No other model can be opened here; unstuck --model NAME starts with one.");
        return Flow::Stay;
    }
    let entries = models.entries(desk).unwrap_or_default();
    let used = entries.iter().position(|entry| desk.is_used(&entry.name)).unwrap_or(0);
    Flow::open(Picker::new(models, entries, used))
}

/// The models that pass a filter.
fn entries(desk: &Desk, fits: impl Fn(&shelf::Entry) -> bool) -> Vec<Entry<String>> {
    let entry = |model: &shelf::Entry| {
        let coming = desk.models.fetching.as_ref().filter(|coming| coming.name == model.name);
        let key = match coming {
            Some(coming) => format!("{} %", coming.share()),
            None if desk.is_used(&model.name) => "in use".into(),
            None if !model.here => "fetch".into(),
            None => String::new(),
        };
        Entry {
            name: model.name.clone(),
            about: about(model),
            also: "",
            key,
            value: model.name.clone(),
        }
    };
    desk.models.entries.iter().filter(|model| fits(model)).map(entry).collect()
}

/// The installed models other than the one in use.
pub fn others(desk: &Desk) -> Vec<Entry<String>> {
    entries(desk, |model| model.here && model.broken.is_none() && !desk.is_used(&model.name))
}

impl Choices for Models {
    type Value = String;

    fn title(&self) -> &'static str {
        "models"
    }

    fn verb(&self) -> &'static str {
        "use"
    }

    fn entries(&self, desk: &Desk) -> Option<Vec<Entry<String>>> {
        Some(entries(desk, |_| true))
    }

    fn shows_state(&self) -> bool {
        true
    }

    fn choose(&mut self, name: &String, desk: &mut Desk) -> Flow {
        match desk.use_model(name) {
            Choice::Done => Flow::Close,
            Choice::Fetch(what) => Flow::replace(fetch(name.clone(), &what)),
            Choice::StopFetching => Flow::replace(stop(name)),
        }
    }
}

fn fetch(name: String, what: &str) -> Question {
    Question::new(format!("Fetch {name} from the Hugging Face hub? {what}."))
        .answer(&[KeyCode::Enter], "Enter", "fetch", move |desk| {
            desk.fetch_model(&name);
            Flow::Close
        })
        .esc("not now")
}

fn stop(name: &str) -> Question {
    Question::new(format!("{name} is being fetched."))
        .answer(&[KeyCode::Char('s')], "s", "stop; keep the partial file", |desk| {
            desk.stop_fetching();
            Flow::Close
        })
        .esc("continue")
}
