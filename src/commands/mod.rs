//! The non-interactive commands, one file each. They don't depend on the command line's syntax or on configuration
//! files.

pub mod bench;
pub mod doctor;
pub mod export;
pub mod forget;
pub mod generate;
pub mod models;
mod place;
pub mod replay;
pub mod score;
pub mod verify;

pub use place::Place;
