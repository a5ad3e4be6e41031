//! What the user interface and the model's thread say to each other.

use crate::{
    generate::{
        Ask, Checked, DraftScores, Look, ModelInfo, Reading, ScoreDraft, Seen, Weigh, Weighed,
    },
    token::{BranchId, Draw, StopReason, Token},
};

/// A request of the user interface to the model's thread.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Start a branch; other branches continue.
    Generate(Ask),
    /// Stop a branch, a look, a text to weigh or a draft to score; unknown ids are ignored.
    Stop(BranchId),
    /// Ask for the alternatives to a token; the answer has this id.
    Look(BranchId, Look),
    /// Ask how likely a text is after a prompt; the answer has this id.
    Weigh(BranchId, Weigh),
    /// Score a draft, in the place of the one before; the answers have this id. It is read while no branch is live.
    Score(BranchId, ScoreDraft),
    /// Check a recorded continuation by its draws; the answer has the ask's id.
    Check(Ask, Vec<Draw>),
    /// Read the prompt of a question that may come, in the place of the one before. It is read while no branch is live,
    /// and there is no answer.
    ReadAhead(Ask),
    /// Replace the model by the one with this name. Live branches end without news.
    Open(String),
    /// Start a branch with a second model, which is loaded for it and unloaded when the branch ends.
    Beside(String, Ask),
}

/// News of the model's thread.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// The model is loaded.
    Loaded(ModelInfo),
    /// A branch has started: how its prompt was tokenized.
    Reading(BranchId, Reading),
    /// The next token of a branch.
    Token(BranchId, Token),
    /// A branch has ended.
    Done(BranchId, StopReason),
    /// The answer to a look.
    Seen(BranchId, Seen),
    /// How likely a text is.
    Weighed(BranchId, Weighed),
    /// Scores of a draft: those that are new.
    Scores(BranchId, DraftScores),
    /// The answer to a check.
    Checked(BranchId, Checked),
    /// The speed in tokens per second, all branches together.
    Speed(f32),
    /// The speed over enough tokens to be remembered for this model, in tokens per second.
    Measured(f32),
    /// A branch ended with an error; a sentence that says what to do.
    Failed(BranchId, String),
    /// The other model can't be opened, so the previous one is loaded again; a sentence that says what to do.
    NotOpened(String),
    /// No model can be loaded; a sentence that says what to do.
    Gone(String),
}
