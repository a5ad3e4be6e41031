//! Every file and folder that the program writes, and what happens to what is there already. The manual has this table;
//! a test finds each place in the source that writes and looks it up here.

/// Something that the program writes.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// What it is.
    pub what: &'static str,
    /// Where it is.
    pub place: &'static str,
    /// What happens when something is there already.
    pub exists: &'static str,
    /// The source files that write it.
    pub by: &'static [&'static str],
}

const fn row(
    what: &'static str,
    place: &'static str,
    exists: &'static str,
    by: &'static [&'static str],
) -> Written {
    Written { what, place, exists, by }
}

/// Every file and folder that the program writes.
pub const WRITTEN: &[Written] = &[
    row(
        "a draft",
        "the file that was opened, or named in Save as",
        "replaced as a whole after a look at it: if another program changed it, if the page doesn't come from its text, or if it is another file, the desk asks first; the text of another file stays as a branch. Links, permissions and attributes stay",
        &["src/session/file.rs"],
    ),
    row(
        "a draft's journal",
        "the state folder, `*.journal`",
        "continued. What can't be read, and the journal of a file that was saved over, is kept beside it (`.damaged-1`, `.newer-1`, `.old-1`). A link or a FIFO in its place is refused",
        &["src/session/journal/mod.rs", "src/session/journal/writer.rs"],
    ),
    row(
        "recent drafts, facts about models, words of each day",
        "the state folder, `recent.json`, `models.json` and `words.json`",
        "replaced as a whole, with what is in it",
        &[
            "src/tui/desk/recent.rs",
            "src/tui/desk/tally.rs",
            "src/ui/remembered.rs",
            "src/whole.rs",
        ],
    ),
    row(
        "the results of blind votes",
        "the state folder, `votes.json`",
        "replaced as a whole, with what is in it",
        &["src/tui/overlay/vote/tally.rs", "src/whole.rs"],
    ),
    row(
        "the log",
        "the state folder, `unstuck.log`",
        "appended to; over 1 MiB it becomes `unstuck.log.old`",
        &["src/log.rs"],
    ),
    row(
        "the settings",
        "`unstuck.toml`",
        "one value is changed and the rest kept; a file that isn't valid is left as it is",
        &["src/ui/keep.rs", "src/whole.rs"],
    ),
    row(
        "your own words for the spelling",
        "`dictionary.txt` beside the settings",
        "a word is added, and the rest kept",
        &["src/tui/spelling/mod.rs"],
    ),
    row(
        "the overlay of a show",
        "`--overlay FILE`",
        "refused, unless it is empty or holds what an earlier show left in it; never a link, a FIFO, a device, the draft, the rundown or a bleep list",
        &["src/tui/live/overlay.rs"],
    ),
    row(
        "the chapters of a show",
        "beside the draft, or in the state folder under `shows`",
        "a new name is chosen",
        &["src/tui/live/markers.rs", "src/whole.rs"],
    ),
    row(
        "a show, to resume it after a crash",
        "the state folder, beside the draft's journal",
        "replaced as a whole; removed when the show is quit",
        &["src/tui/live/resume.rs", "src/whole.rs"],
    ),
    row(
        "the output of `generate` and other commands",
        "`-o FILE`, `unstuck score --html FILE`",
        "replaced as a whole; a FIFO or a device is written to",
        &["src/commands/place.rs", "src/commands/score/html.rs", "src/whole.rs"],
    ),
    row(
        "the texts of a ZIP or TAR that is read for a corpus",
        "a new folder in the system's temporary folder",
        "nothing exists there before; it is removed at the end",
        &["src/finetune/corpus/unpack.rs"],
    ),
    row(
        "a corpus",
        "`unstuck corpus -o FOLDER`",
        "a folder with an earlier corpus is replaced as a whole; any other is refused",
        &["src/finetune/corpus/output.rs"],
    ),
    row(
        "a run of `finetune`",
        "the data folder, `runs/NAME`",
        "continued, or refused without `--overwrite`; checkpoints are replaced as a whole",
        &[
            "src/finetune/folder.rs",
            "src/finetune/history.rs",
            "src/finetune/chart.rs",
            "src/model/memorized.rs",
            "src/weights/safetensors.rs",
        ],
    ),
    row(
        "the checksum of a model's file, if that is large",
        "beside the file, `*.unstuck.sha256`",
        "replaced as a whole",
        &["src/weights/sum.rs", "src/whole.rs"],
    ),
    row(
        "downloaded models",
        "the shared cache of the Hugging Face hub",
        "files are named by their checksum, so one that is there is used; a part of one is continued",
        &["src/hub/cache.rs", "src/hub/fetch.rs", "src/hub/pull.rs"],
    ),
    row(
        "imported and unpacked models",
        "the data folder, `models/NAME`",
        "refused: remove it first, or choose another name",
        &["src/commands/models/carry.rs", "src/commands/models/pack.rs"],
    ),
    row(
        "exported and packed models",
        "`-o`",
        "refused: name a new file or folder",
        &["src/commands/models/carry.rs", "src/commands/models/pack.rs", "src/weights/export.rs"],
    ),
    row(
        "quantized weights",
        "beside a model in the cache folder",
        "replaced as a whole when the model has changed",
        &["src/weights/quantized.rs"],
    ),
    row(
        "random weights to measure with",
        "`unstuck bench --write FILE`",
        "overwritten",
        &["src/commands/bench.rs"],
    ),
    row(
        "the bot's ledger",
        "the path in the settings, with the files that SQLite puts beside it",
        "continued; readable by its owner only",
        &["src/mentions/ledger/mod.rs", "src/bot/plan.rs"],
    ),
    row(
        "the bot's log",
        "the path in the settings",
        "appended to, and opened again when the settings are read again; readable by its owner only. A link is refused",
        &["src/bot/log.rs"],
    ),
    row(
        "the bot's metrics",
        "the path in the settings",
        "replaced as a whole",
        &["src/bot/metrics.rs"],
    ),
    row(
        "the bot's login",
        "the path in the settings",
        "replaced as a whole; readable by its owner only",
        &["src/bot/secret.rs", "src/bot/mastodon/token.rs"],
    ),
];
