//! `unstuck models ...`.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What `unstuck models` can do.
#[derive(Debug, Subcommand)]
pub enum Models {
    /// Every model that can be opened by name; `*` marks the one that is used when none is named
    List(List),

    /// What is in a model, and how its weights are held in memory
    Info(Info),

    /// Take over a model of any kind into the data folder, in the Hugging Face layout
    ///
    /// PATH may be a run folder of gpt-2-simple (checkpoint/run1), a folder with PyTorch's or safetensors files, or a
    /// GGUF file. It is left as it is.
    Import(Import),

    /// Write a model out for other programs: a folder that `transformers` loads, or a file for llama.cpp
    Export(Export),

    /// Read all of a model and say whether it is sound
    Verify(Verify),

    /// Delete a model of the data folder
    Remove(Remove),

    /// Which model is used when none is named; with NAME, use that one from now on
    Default(Default),
}

/// `models list`.
#[derive(Args, Debug)]
pub struct List {
    /// One JSON array
    #[arg(long)]
    pub json: bool,
}

/// `models info`.
#[derive(Args, Debug)]
pub struct Info {
    /// The model; without, the one that is used
    #[arg(value_name = "NAME|FOLDER|FILE")]
    pub name: Option<String>,

    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

/// `models import`.
#[derive(Args, Debug)]
pub struct Import {
    /// A model's folder or file
    pub path: PathBuf,

    /// What it is called here; without, as its folder or file
    #[arg(long)]
    pub name: Option<String>,
}

/// `models export`.
#[derive(Args, Debug)]
pub struct Export {
    /// The model; without, the one that is used
    #[arg(value_name = "NAME|FOLDER|FILE")]
    pub name: Option<String>,

    /// What is written: a folder in the Hugging Face layout, in f32, or a GGUF file, as --quantization says
    #[arg(long, value_name = "FORM")]
    pub to: To,

    /// The new folder or file
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
}

/// What `models export` writes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum To {
    /// A folder in the Hugging Face layout
    Hf,
    /// One GGUF file
    Gguf,
}

/// `models verify`.
#[derive(Args, Debug)]
pub struct Verify {
    /// The model; without, the one that is used
    #[arg(value_name = "NAME|FOLDER|FILE")]
    pub name: Option<String>,
}

/// `models remove`.
#[derive(Args, Debug)]
pub struct Remove {
    /// A name of the data folder's models
    pub name: String,

    /// Don't ask
    #[arg(short, long)]
    pub yes: bool,
}

/// `models default`.
#[derive(Args, Debug)]
pub struct Default {
    /// The model to use
    #[arg(value_name = "NAME|FOLDER|FILE")]
    pub name: Option<String>,
}
