//! Fine-tuning: `corpus` turns what people have written into training text, and `run` trains a model on it.

pub mod adamw;
mod backend;
mod begin;
mod chart;
pub mod corpus;
mod cpu;
pub mod dataset;
mod estimate;
mod folder;
mod graph;
mod history;
mod options;
mod report;
mod run;
pub mod trainer;
pub mod weights;

pub use begin::FromScratch;
pub use estimate::bytes;
pub use options::Options;
pub use report::{Line, Report};
pub use run::{Ending, Request, Start, run};
