//! Comparing the model in use with another one, with the same seed.

use super::{
    layer::Flow,
    models,
    picker::{Choices, Entry},
};
use crate::tui::{command::Opens, desk::Desk};

/// The command.
pub const OPENS: Opens = Opens {
    name: "compare",
    heading: "The model",
    help: "Let a second model answer beside this one, with the same seed.",
    keys: &["alt-m"],
};

struct Others;

/// Shows the models that can be compared with the one in use.
pub fn open(desk: &mut Desk) -> Flow {
    if desk.may_ask() { models::show(Others, desk) } else { Flow::Stay }
}

impl Choices for Others {
    type Value = String;

    fn title(&self) -> &'static str {
        "compare with another model, same seed"
    }

    fn verb(&self) -> &'static str {
        "compare"
    }

    fn none(&self, desk: &Desk) -> String {
        format!("No other model is installed yet; {} fetches one.", desk.key(models::OPENS.name))
    }

    fn entries(&self, desk: &Desk) -> Option<Vec<Entry<String>>> {
        Some(models::others(desk))
    }

    fn choose(&mut self, name: &String, desk: &mut Desk) -> Flow {
        desk.compare_models(name);
        Flow::Close
    }
}
