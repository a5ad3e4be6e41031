//! `unstuck models`, through the real program: what comes in, what goes out, and that nothing is lost on the way.

use crate::support::{
    models::{MICRO, RUN},
    program,
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};
use tempfile::TempDir;

/// A person's home, and the folder where the program is called.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn unstuck(&self, args: &[&str]) -> Output {
        program::unstuck(self.0.path()).args(args).current_dir(self.0.path()).output().unwrap()
    }

    fn settings(&self) -> PathBuf {
        self.0.path().join("unstuck/unstuck.toml")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn shelf(&self, name: &str) -> PathBuf {
        self.0.path().join("unstuck/models").join(name)
    }

    /// What the program prints when all goes well.
    fn out(&self, args: &[&str]) -> String {
        let output = self.unstuck(args);
        let (out, err) = texts(&output);
        assert!(output.status.success(), "{args:?}: {err}");
        out
    }

    /// What it says when it does not.
    fn err(&self, args: &[&str]) -> String {
        let output = self.unstuck(args);
        let (out, err) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {err}");
        assert!(
            out.is_empty() && err.starts_with("unstuck: ") && !err.contains("panicked"),
            "{err}"
        );
        err
    }

    /// The likeliest tokens after a text, of any model.
    fn goes_on(&self, model: &str, more: &[&str]) -> Vec<u64> {
        let args = ["generate", "the lamp and", "--json", "--temperature", "0", "--model", model];
        let all = [&args[..], &["--max-tokens", "8", "--quantization", "f32"], more].concat();
        let sample: Value = serde_json::from_str(&self.out(&all)).unwrap();
        let tokens = sample["tokens"].as_array().unwrap();
        tokens.iter().map(|token| token["id"].as_u64().unwrap()).collect()
    }
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

fn abs(path: &str) -> String {
    fs::canonicalize(path).unwrap().to_str().unwrap().to_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |e: std::io::Result<fs::DirEntry>| e.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn an_old_run_is_imported_and_stays_what_it_was() {
    let home = Home::new();
    let run = abs(RUN);
    let before = names(Path::new(RUN));
    let said = home.out(&["models", "import", &run, "--name", "demo"]);
    assert!(said.contains("demo: imported from a TensorFlow checkpoint"), "{said}");
    assert_eq!(names(Path::new(RUN)), before);
    let files = ["config.json", "merges.txt", "model.safetensors", "tokenizer.json"];
    let files = [&files[..], &["tokenizer_config.json", "vocab.json"]].concat();
    assert_eq!(names(&home.shelf("demo")), files);
    assert_eq!(home.goes_on("demo", &[]), home.goes_on(&run, &[]));
    // gpt-2-simple's own names for the folder
    let old = ["--checkpoint_dir", Path::new(&run).parent().unwrap().to_str().unwrap()];
    let old = [&old[..], &["--run_name", "tiny-gpt-2-simple"]].concat();
    assert_eq!(home.goes_on("inkwell", &old), home.goes_on(&run, &[]));
    assert!(home.err(&["models", "import", &run, "--name", "demo"]).contains("--name"));
    for bad in ["inkwell", "..", "a/b", ".hidden", ""] {
        assert!(home.err(&["models", "import", &run, "--name", bad]).contains("--name"), "{bad}");
    }
    assert_eq!(names(&home.path("unstuck/models")), ["demo"], "nothing half done lies about");
    assert!(home.out(&["models", "verify", "demo"]).contains("demo: sound: "));
}

#[test]
fn a_model_goes_out_as_gguf_and_as_a_folder_and_comes_back_the_same() {
    let home = Home::new();
    for from in [abs(MICRO), abs(RUN)] {
        let want = home.goes_on(&from, &[]);
        for (to, name) in [("hf", "folder"), ("gguf", "file.gguf")] {
            let args = ["models", "export", &from, "--to", to, "-o", name];
            let args = [&args[..], &["--quantization", "f32"]].concat();
            home.out(&args);
            assert_eq!(home.goes_on(name, &[]), want, "{to}");
            assert!(home.err(&args).contains("already exists"));
            let imported = home.out(&["models", "import", name, "--name", to]);
            assert!(imported.contains(to), "{imported}");
            assert_eq!(home.goes_on(to, &[]), want);
            home.out(&["models", "remove", to, "--yes"]);
        }
        fs::remove_dir_all(home.path("folder")).unwrap();
        fs::remove_file(home.path("file.gguf")).unwrap();
        assert_eq!(names(&home.path("unstuck/models")), [""; 0]);
    }
    home.out(&["models", "export", "inkwell", "--to", "gguf", "-o", "ink.gguf"]);
    assert_eq!(home.goes_on("ink.gguf", &[]), home.goes_on("inkwell", &[]));
}

#[test]
fn the_forms_of_an_export_are_said() {
    let home = Home::new();
    // the built-in model is quantized, and would not be quantized again to a more precise form
    home.out(&["models", "export", "inkwell", "--to", "hf", "-o", "wide"]);
    let export = |form: &str, file: &str| {
        let args = ["models", "export", "wide", "--to", "gguf", "-o", file, "--quantization", form];
        let output = home.unstuck(&args);
        assert!(output.status.success());
        texts(&output).1
    };
    // rows of 384 hold no block of 256
    let said = export("q4k", "k.gguf");
    assert!(said.contains("19 in q8_0, 6 in q4k"), "{said}");
    assert!(
        said.contains("rows of 384") && said.contains("q4_0, q4_1, q5_0 and q5_1 fit"),
        "{said}"
    );
    let size = |file: &str| fs::metadata(home.path(file)).unwrap().len();
    let mut sizes = vec![size("k.gguf")];
    for form in ["q5_1", "q5_0", "q4_1", "q4_0"] {
        let file = format!("{form}.gguf");
        let said = export(form, &file);
        assert!(said.contains(&format!(" in {form}")) && !said.contains("256"), "{said}");
        sizes.push(size(&file));
        assert_eq!(home.goes_on(&file, &[]).len(), home.goes_on("inkwell", &[]).len());
    }
    assert!(sizes.windows(2).all(|pair| pair[1] < pair[0]), "{sizes:?}");
}

#[test]
fn what_gguf_cannot_say_is_not_written_into_it() {
    let home = Home::new();
    let model = home.path("scaled");
    fs::create_dir(&model).unwrap();
    for name in ["config.json", "vocab.json", "merges.txt", "model.safetensors"] {
        fs::copy(format!("{MICRO}/{name}"), model.join(name)).unwrap();
    }
    let config = fs::read_to_string(model.join("config.json")).unwrap();
    let scaled = config.replace("layer_idx\": false", "layer_idx\": true");
    fs::write(model.join("config.json"), scaled).unwrap();
    let said = home.err(&["models", "export", "scaled", "--to", "gguf", "-o", "x.gguf"]);
    assert!(said.contains("--to hf"), "{said}");
    home.out(&["models", "export", "scaled", "--to", "hf", "-o", "x"]);
    assert_eq!(home.goes_on("x", &[]), home.goes_on("scaled", &[]));
}

#[test]
fn what_there_is_is_listed_with_what_is_in_it() {
    let home = Home::new();
    home.out(&["models", "import", &abs(MICRO), "--name", "small"]);
    fs::create_dir(home.shelf("torn")).unwrap();
    fs::write(home.shelf("torn/config.json"), "{").unwrap();
    let rows: Value = serde_json::from_str(&home.out(&["models", "list", "--json"])).unwrap();
    let rows = rows.as_array().unwrap();
    let row = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(row("inkwell")["default"], true);
    assert_eq!(row("small")["form"], "safetensors");
    assert!(row("small")["parameters"].as_u64().unwrap() > 20_000);
    assert!(row("torn")["error"].as_str().unwrap().contains("config.json"));
    let text = home.out(&["models", "list"]);
    assert!(
        text.contains("* inkwell") && text.contains("torn") && text.contains("broken"),
        "{text}"
    );

    let info: Value =
        serde_json::from_str(&home.out(&["models", "info", "small", "--json"])).unwrap();
    assert_eq!(
        (&info["layers"], &info["width"], &info["inner"]),
        (&2.into(), &32.into(), &96.into())
    );
    assert_eq!(info["held"], serde_json::json!([{ "form": "q8_0", "matrices": 9 }]));
    let text = home.out(&["models", "info", "small", "--quantization", "f16"]);
    assert!(text.contains("matrices: 9 f16"), "{text}");
    assert!(home.out(&["models", "info"]).contains("in the program"));
}

#[test]
fn the_default_is_kept_in_the_settings() {
    let home = Home::new();
    assert_eq!(home.out(&["models", "default"]), "inkwell\n");
    home.out(&["models", "import", &abs(MICRO), "--name", "small"]);
    fs::create_dir_all(home.settings().parent().unwrap()).unwrap();
    fs::write(home.settings(), "# mine\nthreads = 1\n\n[desk]\ntheme = \"paper\"\n").unwrap();
    home.out(&["models", "default", "small"]);
    let written = fs::read_to_string(home.settings()).unwrap();
    assert_eq!(written, "# mine\nthreads = 1\nmodel = \"small\"\n\n[desk]\ntheme = \"paper\"\n");
    assert_eq!(home.out(&["models", "default"]), "small\n");
    assert!(home.out(&["models", "list"]).contains("* small"));
    assert!(home.err(&["models", "default", "ghost"]).contains("no such model"));
    home.out(&["models", "export", "small", "--to", "hf", "-o", "elsewhere"]);
    home.out(&["models", "default", "elsewhere"]);
    let path = home.path("elsewhere").canonicalize().unwrap();
    assert_eq!(home.out(&["models", "default"]).trim(), path.to_str().unwrap());
    home.out(&["models", "default", "inkwell"]);
    assert_eq!(home.out(&["models", "default"]), "inkwell\n");
}

#[test]
fn only_models_of_the_data_folder_are_removed_and_only_when_told() {
    let home = Home::new();
    home.out(&["models", "import", &abs(MICRO), "--name", "small"]);
    let said = home.err(&["models", "remove", "small"]);
    assert!(said.contains("--yes"), "{said}");
    fs::create_dir_all(home.path("models/near")).unwrap();
    fs::create_dir_all(home.path("unstuck/keep")).unwrap();
    fs::write(home.path("unstuck/keep/draft.md"), "mine").unwrap();
    for name in ["near", "../keep", "..", ".", "inkwell", "", "ghost", "/"] {
        home.err(&["models", "remove", name, "--yes"]);
    }
    let absolute = home.path("unstuck/keep");
    home.err(&["models", "remove", absolute.to_str().unwrap(), "--yes"]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(home.path("unstuck/keep"), home.shelf("link")).unwrap();
        home.out(&["models", "remove", "link", "--yes"]);
        assert!(!home.shelf("link").exists());
    }
    assert_eq!(fs::read_to_string(home.path("unstuck/keep/draft.md")).unwrap(), "mine");
    assert!(home.path("models/near").is_dir());
    home.out(&["models", "remove", "small", "--yes"]);
    assert!(!home.shelf("small").exists());
}

#[test]
fn a_model_that_is_not_sound_is_told_from_one_that_is() {
    let home = Home::new();
    home.out(&["models", "import", &abs(MICRO), "--name", "small"]);
    let weights = home.shelf("small/model.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&weights, &bytes).unwrap();
    let said = home.err(&["models", "verify", "small"]);
    assert!(said.contains("model.safetensors: `ln_f.bias`"), "{said}");
    fs::write(&weights, &bytes[..last]).unwrap();
    assert!(home.err(&["models", "verify", "small"]).contains("not a whole safetensors file"));
    assert!(home.out(&["models", "verify", &abs(RUN)]).contains("28 tensors"));
}
