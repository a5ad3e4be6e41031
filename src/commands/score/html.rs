//! Scores as one page of HTML that needs nothing else: no script, no font, no network. The text is coloured by rank or by
//! surprise, with a mark under each word besides the colour.

use super::{Output, Summary, groups::Sentence};
use crate::{
    clean::encode,
    generate::{LEVELS, Likelihood, Measure, Scored},
    whole::Pending,
};
use anyhow::{Context, Result};
use std::{
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

/// The page up to the text. The colours of the four levels are of Okabe and Ito's palette for all kinds of colour vision
/// (2008, Color universal design), darkened or lightened for contrast.
const HEAD: &str = include_str!("page.html");

pub(super) struct Html {
    path: PathBuf,
    file: Option<BufWriter<Pending>>,
    /// Tokens whose bytes end within a character, and their worst score.
    begun: Vec<u8>,
    scores: Vec<Likelihood>,
    /// How many tokens have each level, by rank and by surprise.
    counts: [[usize; LEVELS]; 2],
}

const MEASURES: [Measure; 2] = [Measure::Rank, Measure::Surprise];

impl Html {
    /// Begins the page for a text, called `name`.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn begin(path: &Path, name: &str, model: &str, quantization: &str) -> Result<Self> {
        let file = Pending::new(path).with_context(|| place(path))?;
        let counts = [[0; LEVELS]; 2];
        let (begun, scores) = (Vec::new(), Vec::new());
        let file = Some(BufWriter::new(file));
        let mut page = Self { path: path.to_owned(), file, begun, scores, counts };
        let label = |measure: Measure| {
            let label =
                |(level, label)| format!("<span class=\"r{level} s{level}\">{label}</span>");
            measure.labels().into_iter().enumerate().map(label).collect::<Vec<_>>().join(" ")
        };
        let head = HEAD
            .replace("{name}", &encode(name))
            .replace("{model}", &encode(model))
            .replace("{form}", &encode(quantization))
            .replace("{rank}", &label(Measure::Rank))
            .replace("{surprise}", &label(Measure::Surprise));
        page.put(&head)?;
        Ok(page)
    }

    fn put(&mut self, text: &str) -> Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(text.as_bytes()).with_context(|| place(&self.path))
    }

    /// Writes what was begun.
    fn flush(&mut self) -> Result<()> {
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.begun)).into_owned();
        let scores = std::mem::take(&mut self.scores);
        let worst = scores.iter().copied().min_by(|a, b| a.logprob.total_cmp(&b.logprob));
        let text = encode(&text);
        self.put(&match worst {
            None => text,
            Some(score) => {
                let [rank, surprise] = MEASURES.map(|measure| measure.level(score));
                let Likelihood { rank: place, entropy, .. } = score;
                let bits = score.bits();
                let entropy = entropy / std::f32::consts::LN_2;
                format!(
                    "<span class=\"r{rank} s{surprise}\" title=\"rank {place}, {bits:.1} bits; entropy {entropy:.1} bits\">{text}</span>"
                )
            }
        })
    }
}

impl Output for Html {
    fn token(&mut self, token: &Scored) -> Result<()> {
        self.begun.extend(&token.bytes);
        if let (Some(logprob), Some(rank), Some(entropy)) =
            (token.logprob, token.rank, token.entropy)
        {
            let score = Likelihood { logprob, rank, entropy };
            self.scores.push(score);
            for (counts, measure) in self.counts.iter_mut().zip(MEASURES) {
                counts[measure.level(score)] += 1;
            }
        }
        let is_cut = std::str::from_utf8(&self.begun).is_err_and(|e| e.error_len().is_none());
        if is_cut { Ok(()) } else { self.flush() }
    }

    fn sentence(&mut self, _: &Sentence) -> Result<()> {
        Ok(())
    }

    fn end(&mut self, summary: &Summary) -> Result<()> {
        self.flush()?;
        let number = |x: Option<f64>| x.map_or("-".into(), |x| format!("{x:.3}"));
        let mut rows = String::new();
        for (name, value) in [
            ("tokens", summary.totals.tokens.to_string()),
            ("words", summary.words.to_string()),
            ("sentences", summary.sentences.to_string()),
            ("perplexity", number(summary.totals.perplexity())),
            ("bits per word", number(summary.bits_per_word())),
            ("bits per character", number(summary.bits_per_character())),
        ] {
            rows += &format!("<tr><th>{name}</th><td>{value}</td></tr>\n");
        }
        let mut bars = String::new();
        for (counts, measure) in self.counts.iter().zip(MEASURES) {
            let all = counts.iter().sum::<usize>().max(1) as f64;
            bars += &format!("<table class=\"{}\">\n", measure.name());
            for ((level, label), count) in measure.labels().into_iter().enumerate().zip(counts) {
                let share = *count as f64 / all * 100.0;
                bars += &format!(
                    "<tr><th>{label}</th><td class=\"bar\"><i class=\"b{level}\" style=\"width:{share:.1}%\"></i></td><td>{share:.1} %</td></tr>\n"
                );
            }
            bars += "</table>\n";
        }
        self.put(&format!(
            "</main>\n<section>\n<table>\n{rows}</table>\n{bars}</section>\n</body>\n</html>\n"
        ))?;
        let Some(file) = self.file.take() else { return Ok(()) };
        let file = file.into_inner().map_err(std::io::IntoInnerError::into_error);
        file.map_err(anyhow::Error::from)
            .and_then(Pending::finish)
            .with_context(|| place(&self.path))
    }
}

fn place(path: &Path) -> String {
    format!("{}: not written", path.display())
}
