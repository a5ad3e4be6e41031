//! What the desk knows of other models: those available, the one being fetched, and the one to use once it is here; and
//! their descriptions for the list and the status line.

use crate::{
    model::memory::size,
    ui::shelf::{Entry, Errand, Fetching},
};
use std::sync::mpsc::Sender;

/// The other models.
#[derive(Default)]
pub struct Models {
    /// The channel to the shelf; `None` in tests.
    pub errands: Option<Sender<Errand>>,
    /// The list as last reported by the shelf.
    pub entries: Vec<Entry>,
    /// The model being fetched from the hub.
    pub fetching: Option<Fetching>,
    /// The model to open once no offer is live.
    pub wanted: Option<String>,
    /// The model being loaded in place of another.
    pub opening: Option<String>,
    /// The name under which the model in use was opened here; `None` for the first one.
    pub used: Option<String>,
}

impl Models {
    /// Sends a job to the shelf. False if there is none.
    pub fn send(&self, errand: Errand) -> bool {
        self.errands.as_ref().is_some_and(|errands| errands.send(errand).is_ok())
    }
}

/// A short description of a model: what is known of its size, its measured speed, and its licence.
pub fn about(entry: &Entry) -> String {
    if let Some(why) = &entry.broken {
        return format!("broken: {why}");
    }
    let parameters = entry.parameters.map(|n| match n {
        0..1_000_000 => format!("{:.1} million", n as f64 / 1e6),
        _ => format!("{:.0} million", n as f64 / 1e6),
    });
    let speed = match (entry.here, entry.tok_s) {
        (_, Some(tok_s)) => Some(format!("{tok_s:.0} tok/s")),
        (true, None) => Some("speed not measured".into()),
        (false, None) => None,
    };
    let licence = match entry.server {
        Some(kind) => format!("on a server ({kind})"),
        None => entry.licence.clone().unwrap_or_else(|| "licence not stated".into()),
    };
    let parts = [parameters, entry.bytes.map(size), speed, Some(licence)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The progress of a download, for the status line.
pub fn progress(fetching: &Fetching) -> String {
    let name = &fetching.name;
    if let Some((why, left)) = &fetching.waiting {
        return format!("{name}: {why}, retrying in {} s", left.as_secs_f32().ceil());
    }
    if fetching.bytes.1 == 0 {
        return format!("{name}: asking the hub");
    }
    let rate = fetching.rate.map(|rate| format!(", {}/s", size(rate as u64)));
    let left = fetching.left().map(|seconds| match seconds {
        0..100 => format!(", {seconds} s left"),
        _ => format!(", {} min left", seconds.div_ceil(60)),
    });
    let (rate, left) = (rate.unwrap_or_default(), left.unwrap_or_default());
    format!("fetching {name}: {} %{rate}{left}", fetching.share())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_said() {
        let mut entry = Entry { name: "gpt2".into(), here: true, ..Entry::default() };
        assert_eq!(about(&entry), "speed not measured · licence not stated");
        entry.parameters = Some(124_439_808);
        entry.bytes = Some(548_105_171);
        entry.licence = Some("MIT".into());
        entry.tok_s = Some(43.7);
        assert_eq!(about(&entry), "124 million · 548 MB · 44 tok/s · MIT");
        entry.tok_s = None;
        entry.here = false;
        assert_eq!(about(&entry), "124 million · 548 MB · MIT");
        let mut comes = Fetching { name: "gpt2".into(), ..Fetching::default() };
        assert_eq!(progress(&comes), "gpt2: asking the hub");
        comes.bytes = (137_026_292, 548_105_171);
        comes.rate = Some(8_100_000.0);
        assert_eq!(progress(&comes), "fetching gpt2: 24 %, 8.1 MB/s, 51 s left");
        comes.waiting = Some((
            "the hub is asked too often (429)".into(),
            std::time::Duration::from_millis(11_500),
        ));
        assert_eq!(progress(&comes), "gpt2: the hub is asked too often (429), retrying in 12 s");
    }
}
