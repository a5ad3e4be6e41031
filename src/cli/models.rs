//! Arguments of `unstuck models`.

use super::{ModelChoice, ModelOptions};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// The commands of `unstuck models`.
#[derive(Debug, Subcommand)]
pub enum Models {
    /// List all models that can be opened by name; * marks the default
    List(List),

    /// Fetch a model from the Hugging Face hub
    ///
    /// The model is stored in the cache that all programs for the hub share, and --model NAME opens it. An interrupted
    /// download is resumed, and nothing is used before its checksum was compared. HF_ENDPOINT, HF_TOKEN, HF_HOME,
    /// HF_HUB_CACHE and HF_HUB_OFFLINE are honoured.
    ///
    /// The published models: distilgpt2 (354 MB), gpt2 (550 MB), gpt2-medium (1.5 GB), gpt2-large (3.2 GB), gpt2-xl
    /// (6.4 GB), smollm2-135m (272 MB), smollm2-360m (726 MB), qwen2.5-0.5b (996 MB), qwen3-0.6b (1.2 GB), llama-3.2-1b
    /// (2.5 GB). OWNER/NAME fetches another model of the families that are read here.
    Pull(Pull),

    /// Show what a model contains, and how its weights are held in memory
    Info(Info),

    /// Copy a model of any format into the data folder, in the Hugging Face layout
    ///
    /// PATH is a gpt-2-simple checkpoint (checkpoint/run1), a folder with PyTorch or safetensors files, or a GGUF file.
    /// It is not changed.
    Import(Import),

    /// Export a model for other programs: a folder for transformers, or a GGUF file for llama.cpp
    Export(Export),

    /// Pack a model or a run into one file, to move it to another machine
    Pack(Pack),

    /// Install a model or a run from a file that `models pack` wrote
    Unpack(Unpack),

    /// Read all of a model, and report whether it is sound
    Verify(Verify),

    /// Delete a model from the data folder or the hub's cache
    Remove(Remove),

    /// Show the default model; with NAME, make that one the default
    Default(Default),
}

/// Arguments of `models list`.
#[derive(Args, Debug)]
pub struct List {
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,

    /// The model that is marked as the default.
    #[command(flatten)]
    pub choice: ModelChoice,
}

/// Arguments of `models pull`.
#[derive(Args, Debug)]
pub struct Pull {
    /// The name of a published model, such as gpt2, the OWNER/NAME of any on the hub that is read here, or
    /// OWNER/NAME:FILE for one GGUF file
    pub name: String,
}

/// Arguments of `models info`.
#[derive(Args, Debug)]
pub struct Info {
    /// The model [default: the default model]
    #[arg(value_name = "NAME|FOLDER|FILE")]
    pub name: Option<String>,

    /// Print one JSON object
    #[arg(long)]
    pub json: bool,

    /// Options of the model.
    #[command(flatten)]
    pub model: ModelOptions,
}

/// Arguments of `models import`.
#[derive(Args, Debug)]
pub struct Import {
    /// The model's folder or file
    pub path: PathBuf,

    /// The new model's name [default: the name of its folder or file]
    #[arg(long)]
    pub name: Option<String>,
}

/// Arguments of `models export`.
#[derive(Args, Debug)]
pub struct Export {
    /// The model [default: the default model]
    #[arg(value_name = "NAME|FOLDER|FILE")]
    pub name: Option<String>,

    /// The format; hf is always in f32, gguf in the format given by --quantization
    #[arg(long, value_name = "FORM")]
    pub to: To,

    /// The folder or file to write
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,

    /// Options of the model.
    #[command(flatten)]
    pub model: ModelOptions,
}

/// The format that `models export` writes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum To {
    /// A folder in the Hugging Face layout
    Hf,
    /// One GGUF file
    Gguf,
}

/// Arguments of `models pack`.
#[derive(Args, Debug)]
pub struct Pack {
    /// The model, or run:NAME for a run [default: the default model]
    #[arg(value_name = "NAME|FOLDER|FILE")]
    pub name: Option<String>,

    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,

    /// Include what a run needs to be resumed; the file is three times as large
    #[arg(long)]
    pub resumable: bool,

    /// The model that is packed when none is named.
    #[command(flatten)]
    pub choice: ModelChoice,
}

/// Arguments of `models unpack`.
#[derive(Args, Debug)]
pub struct Unpack {
    /// The file that `models pack` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The new name [default: the old name]
    #[arg(long)]
    pub name: Option<String>,
}

/// Arguments of `models verify`.
#[derive(Args, Debug)]
pub struct Verify {
    /// The model [default: the default model]
    #[arg(value_name = "NAME|FOLDER|FILE")]
    pub name: Option<String>,

    /// Options of the model.
    #[command(flatten)]
    pub model: ModelOptions,
}

/// Arguments of `models remove`.
#[derive(Args, Debug)]
pub struct Remove {
    /// The model's name, as in `unstuck models list`; run:NAME for a run of `unstuck finetune`
    pub name: String,

    /// Don't ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
}

/// Arguments of `models default`.
#[derive(Args, Debug)]
pub struct Default {
    /// The model to use when none is named
    #[arg(value_name = "NAME|FOLDER|FILE")]
    pub name: Option<String>,
}
