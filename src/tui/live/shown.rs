//! What is on the screen, for viewers.

/// The text on the screen, with bleeped words masked.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Shown {
    /// The end of the prompt.
    pub prompt: String,
    /// The takes on the screen.
    pub takes: Vec<String>,
}

impl Shown {
    /// All of it as plain text.
    pub fn text(&self) -> String {
        let mut text = self.prompt.clone();
        for (number, take) in self.takes.iter().enumerate() {
            if number > 0 {
                text.push_str("\n\n");
            }
            text.push_str(take);
        }
        text
    }
}
