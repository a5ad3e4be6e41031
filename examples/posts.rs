//! What would be posted of a model's texts. Each input line is a JSON string, each output line `[post, length]` or null.

use std::io::{self, BufRead, Write};
use unstuck::clean::{PostRules, post, weight};

fn main() -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let text: String = serde_json::from_str(&line?)?;
        let post = post(&text, &PostRules::default()).map(|post| (weight(&post), post));
        writeln!(out, "{}", serde_json::to_string(&post.map(|(weight, post)| (post, weight)))?)?;
    }
    Ok(())
}
