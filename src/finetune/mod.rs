//! The writer's own voice: what people have written becomes a corpus, and a corpus a model of their own.

pub mod adamw;
mod begin;
mod chart;
pub mod corpus;
pub mod dataset;
mod estimate;
pub mod folder;
pub mod gradients;
mod graph;
mod history;
mod options;
pub mod pass;
mod report;
mod run;
pub mod trainer;
pub mod weights;

pub use begin::Scratch;
pub use estimate::bytes;
pub use options::Options;
pub use report::{Line, Report};
pub use run::{Ending, Request, Start, run};
