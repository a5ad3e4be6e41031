//! GGUF files in repositories of the hub: `OWNER/NAME:FILE` means one of them.

use super::cache::is_plain;
use anyhow::{Result, anyhow, bail, ensure};

/// The end of their names.
const END: &str = ".gguf";

/// The id of a repository, and the file of it that a name means, if it names one.
pub fn split(name: &str) -> (&str, Option<&str>) {
    match name.split_once(':') {
        Some((id, file)) => (id, Some(file)),
        None => (name, None),
    }
}

/// Whether a file of a repository is a GGUF file.
pub fn is_gguf(file: &str) -> bool {
    file.to_lowercase().ends_with(END) && is_plain(file)
}

/// The file that `wanted` means: its name, with or without `.gguf`, or a part of the name that only one of them has, such
/// as `q4_k_m`.
pub fn choose(files: &[String], wanted: &str) -> Option<String> {
    let lower = wanted.to_lowercase();
    let whole = [lower.clone(), format!("{lower}{END}")];
    let all = || files.iter().filter(|file| is_gguf(file));
    let exact = all().find(|file| whole.contains(&file.to_lowercase()));
    let mut partly = all().filter(|file| !lower.is_empty() && file.to_lowercase().contains(&lower));
    let only = partly.next().filter(|_| partly.next().is_none());
    exact.or(only).cloned()
}

/// The file to fetch from a repository with these files: the one that is wanted, or the only one of a repository that has
/// weights in no other form. `None` if the repository has a model in Hugging Face's layout.
///
/// # Errors
/// When there is no such file, or several and none is wanted; the message names some.
pub fn wanted(id: &str, files: Option<&[String]>, wanted: Option<&str>) -> Result<Option<String>> {
    let Some(files) = files else {
        // a mirror without a list of files
        let Some(file) = wanted else { return Ok(None) };
        ensure!(is_gguf(file), "`{file}` is not the name of a GGUF file; give its whole name");
        return Ok(Some(file.to_owned()));
    };
    let ggufs: Vec<_> = files.iter().filter(|file| is_gguf(file)).cloned().collect();
    let file = match (wanted, &ggufs[..]) {
        (Some(wanted), _) => choose(files, wanted).ok_or_else(|| match &ggufs[..] {
            [] => anyhow!("it has no GGUF files; leave out `:{wanted}`"),
            _ => {
                anyhow!("no file or several are meant by `{wanted}`; it has {}", shown(id, &ggufs))
            }
        })?,
        (None, []) => return Ok(None),
        (None, _) if is_layout(files) => return Ok(None),
        (None, [only]) => only.clone(),
        (None, _) => bail!("it has only GGUF files; name one of them: {}", shown(id, &ggufs)),
    };
    ensure!(
        !file.contains("-of-"),
        "{file}: one part of several, which are not read here; choose a form that is one file"
    );
    Ok(Some(file))
}

/// Whether there is a configuration with weights beside it.
fn is_layout(files: &[String]) -> bool {
    let has = |name: &str| files.iter().any(|file| file == name);
    let weights = ["model.safetensors", "pytorch_model.bin"];
    has("config.json") && weights.iter().any(|name| has(name) || has(&format!("{name}.index.json")))
}

/// The names of files as they are given to a command.
fn shown(id: &str, files: &[String]) -> String {
    const FEW: usize = 8;
    let mut names: Vec<_> = files.iter().take(FEW).map(|file| format!("{id}:{file}")).collect();
    if files.len() > FEW {
        names.push(format!("and {} more", files.len() - FEW));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_meant_by_its_name_or_a_part_that_only_it_has() {
        let files =
            ["m.Q4_K_M.gguf", "m.Q4_0.gguf", "m.Q4_0_8.gguf", "README.md", "sub/m.Q8_0.gguf"];
        let files = files.map(str::to_owned);
        for (wanted, file) in [
            ("m.Q4_K_M.gguf", Some("m.Q4_K_M.gguf")),
            ("m.q4_0", Some("m.Q4_0.gguf")),
            ("q4_k_m", Some("m.Q4_K_M.gguf")),
            ("q4", None),
            ("README.md", None),
            ("q8_0", None),
            ("", None),
        ] {
            assert_eq!(choose(&files, wanted).as_deref(), file, "{wanted}");
        }
        let said = wanted("o/m", Some(&files), None).unwrap_err().to_string();
        assert!(said.contains("only GGUF files") && said.contains("o/m:m.Q4_0.gguf"), "{said}");
        assert_eq!(
            wanted("o/m", Some(&files[..1]), None).unwrap().as_deref(),
            Some("m.Q4_K_M.gguf")
        );
        let both = ["config.json", "model.safetensors", "m.gguf"].map(str::to_owned);
        assert_eq!(wanted("o/m", Some(&both), None).unwrap(), None);
        assert_eq!(wanted("o/m", Some(&both), Some("m")).unwrap().as_deref(), Some("m.gguf"));
        let part = ["m-00001-of-00002.gguf".to_owned()];
        assert!(wanted("o/m", Some(&part), None).is_err());
        assert_eq!(split("o/m:m.gguf"), ("o/m", Some("m.gguf")));
    }
}
