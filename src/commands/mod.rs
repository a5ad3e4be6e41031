//! Front ends that print and end, one file each. None knows the command line's syntax or a configuration file.

pub mod bench;
pub mod forget;
pub mod generate;
pub mod models;
mod place;
pub mod score;

pub use place::Place;
