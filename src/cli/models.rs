//! `unstuck models ...`.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What `unstuck models` can do.
#[derive(Debug, Subcommand)]
pub enum Models {
    /// Every model that can be opened by name; `*` marks the one that is used when none is named
    List(List),

    /// Fetch a model from the Hugging Face hub
    ///
    /// It lies then in the cache that all programs for the hub share, and --model NAME opens it. What was interrupted is
    /// resumed, and nothing is used before its checksum was compared. HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_OFFLINE are
    /// honoured. The published ones: distilgpt2 (354 MB), gpt2 (550 MB), gpt2-medium (1.5 GB), gpt2-large (3.2 GB),
    /// gpt2-xl (6.4 GB).
    Pull(Pull),

    /// What is in a model, and how its weights are held in memory
    Info(Info),

    /// Take over a model of any kind into the data folder, in the Hugging Face layout
    ///
    /// PATH may be a run folder of gpt-2-simple (checkpoint/run1), a folder with PyTorch's or safetensors files, or a
    /// GGUF file. It is left as it is.
    Import(Import),

    /// Write a model out for other programs: a folder that `transformers` loads, or a file for llama.cpp
    Export(Export),

    /// Write a model or a run into one file, to carry it to another machine
    Pack(Pack),

    /// Take over a file that `models pack` wrote
    Unpack(Unpack),

    /// Read all of a model and say whether it is sound
    Verify(Verify),

    /// Delete a model of the data folder, or of the hub's cache
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

/// `models pull`.
#[derive(Args, Debug)]
pub struct Pull {
    /// gpt2, gpt2-medium, gpt2-large, gpt2-xl, distilgpt2, or any OWNER/NAME on the hub that is a GPT-2
    pub name: String,
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

/// `models pack`.
#[derive(Args, Debug)]
pub struct Pack {
    /// The model or run; without, the model that is used
    #[arg(value_name = "NAME|FOLDER|FILE")]
    pub name: Option<String>,

    /// The new file
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Of a run also what it needs to go on; three times the size
    #[arg(long)]
    pub resumable: bool,
}

/// `models unpack`.
#[derive(Args, Debug)]
pub struct Unpack {
    /// What `models pack` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// What it is called here; without, as it was called there
    #[arg(long)]
    pub name: Option<String>,
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
    /// A name of the data folder's models or the hub cache's
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
