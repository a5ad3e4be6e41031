//! Chooses what a blind vote compares with the preset and the model in use.

use super::{Sides, Vote, places};
use crate::{
    token::Preset,
    tui::{
        desk::Desk,
        overlay::{
            layer::Flow,
            models,
            picker::{Choices, Entry, Picker},
        },
    },
    ui::shelf::Errand,
};

/// The other presets and models, to choose from.
struct Others;

/// What is compared with the preset or the model in use.
enum Rival {
    Preset(String),
    Model(String),
}

/// Shows the presets and models to compare with those in use.
pub fn open(desk: &mut Desk) -> Flow {
    if !desk.may_ask() {
        return Flow::Stay;
    }
    if desk.model_in_use().is_none() {
        desk.notices.say("The model is still loading.");
        return Flow::Stay;
    }
    if places(&desk.session.text().to_string()).is_empty() {
        desk.notices.say("A vote needs a draft of a few sentences.");
        return Flow::Stay;
    }
    // The list of models is updated when it comes.
    desk.models.send(Errand::List);
    let entries = Others.entries(desk).unwrap_or_default();
    Flow::open(Picker::new(Others, entries, 0))
}

impl Choices for Others {
    type Value = Rival;

    fn title(&self) -> &'static str {
        "a blind vote: what is in use against"
    }

    fn verb(&self) -> &'static str {
        "vote"
    }

    fn entries(&self, desk: &Desk) -> Option<Vec<Entry<Rival>>> {
        let now = &desk.asking.style.preset;
        let presets = desk.asking.presets().into_iter().filter(|name| name != now);
        let presets = presets.map(|name| Entry {
            name: name.to_owned(),
            about: Preset::named(name).map_or("your own", |preset| preset.about).to_owned(),
            also: "",
            key: String::new(),
            value: Rival::Preset(name.to_owned()),
        });
        let models =
            models::others(desk).into_iter().map(|Entry { name, about, also, key, value }| Entry {
                name,
                about,
                also,
                key,
                value: Rival::Model(value),
            });
        Some(presets.chain(models).collect())
    }

    fn choose(&mut self, rival: &Rival, desk: &mut Desk) -> Flow {
        let style = desk.asking.style.clone();
        let preset = style.preset.clone();
        let Some(model) = desk.model_in_use() else { return Flow::Close };
        let (names, with, styles, beside) = match rival {
            Rival::Preset(name) => {
                let with = desk.asking.model.name().unwrap_or_default().to_owned();
                ([preset, name.clone()], with, [style, desk.asking.named(name)], None)
            }
            Rival::Model(name) => {
                ([model, name.clone()], preset, [style.clone(), style], Some(name.clone()))
            }
        };
        let sides = Sides { names, with, styles, beside };
        let places = places(&desk.session.text().to_string());
        let mut vote = Vote::new(sides, places, desk.asking.seed);
        vote.ask(desk);
        Flow::replace(vote)
    }
}
