//! What is on the screen, for viewers.

/// The text on the screen, with bleeped words masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    /// The end of the prompt.
    pub prompt: String,
    /// The takes on the screen.
    pub takes: Vec<String>,
    /// The writer's own continuation, while it is on the screen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writer: Option<String>,
    /// The candidates for a token, while they are on the screen. Only the page shows them, if it is asked to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bars: Vec<Bar>,
}

/// A candidate for a token.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Bar {
    /// Its text.
    pub text: String,
    /// Its probability according to the model, in thousandths.
    pub model: u16,
    /// Its probability after temperature and top-p, in thousandths; `None` if it was cut off.
    pub sampled: Option<u16>,
    /// It was drawn.
    pub drawn: bool,
}

impl Shown {
    /// All text as plain text: the prompt with the first take, and what else is on the screen.
    pub fn text(&self) -> String {
        let mut text = self.prompt.clone();
        for (number, take) in self.takes.iter().chain(&self.writer).enumerate() {
            if number > 0 || self.takes.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(take);
        }
        text
    }
}
