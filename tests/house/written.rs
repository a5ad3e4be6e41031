//! Every file that the program writes is in one table, with what happens to what is there already.

use super::tidy::{code, sources};
use unstuck::whole::WRITTEN;

/// What writes a file, makes one or moves one in the place of another.
const WRITES: [&str; 8] = [
    "fs::write(",
    "File::create",
    "OpenOptions::new()",
    "File::options()",
    "fs::rename(",
    "fs::copy(",
    ".persist(",
    "Connection::open(",
];

#[test]
fn what_writes_a_file_is_in_the_table_of_files() {
    let listed: Vec<&str> = WRITTEN.iter().flat_map(|row| row.by).copied().collect();
    for (path, text) in sources().into_iter().filter(|(path, _)| !path.ends_with("tests.rs")) {
        let code = code(&text);
        let code = code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let name = path.to_string_lossy().replace('\\', "/");
        let writes = WRITES.iter().find(|write| code.contains(*write));
        assert!(
            writes.is_none() || listed.contains(&&*name),
            "{name} writes ({}) and is not in src/whole/written.rs",
            writes.unwrap_or(&"")
        );
    }
    for name in listed {
        assert!(std::path::Path::new(name).is_file(), "{name} in src/whole/written.rs is gone");
    }
}
