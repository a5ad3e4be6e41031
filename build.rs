//! What the program knows of its own making: the themes there are in `themes`, and what it is built for.

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=themes");
    println!("cargo:rustc-env=TARGET={}", env::var("TARGET").unwrap_or_default());
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("themes");
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let rows: String = paths
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            format!("    ({name:?}, include_str!({path:?})),\n")
        })
        .collect();
    let out = Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("themes.rs");
    fs::write(out, format!("&[\n{rows}]\n"))
}
