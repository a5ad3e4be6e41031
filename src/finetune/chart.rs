//! Charts of a run's losses: in Braille characters for a terminal, and as an SVG file in the run's folder.

use super::history::Entry;
use crate::whole;
use anyhow::{Context, Result};
use std::{fmt::Write as _, path::Path};

/// The file's name.
pub const FILE: &str = "loss.svg";

/// The ranges of both axes.
struct Frame {
    steps: (f64, f64),
    losses: (f64, f64),
}

type Point = (f64, f64);

impl Frame {
    fn of(lines: &[&[Point]]) -> Option<Self> {
        let all = || lines.iter().flat_map(|line| line.iter());
        let span = |of: fn(&Point) -> f64| {
            let least = all().map(of).fold(f64::INFINITY, f64::min);
            let most = all().map(of).fold(f64::NEG_INFINITY, f64::max);
            // a constant line is drawn in the middle
            if least == most { (least - 0.5, most + 0.5) } else { (least, most) }
        };
        all().next()?;
        Some(Self { steps: span(|p| p.0), losses: span(|p| p.1) })
    }

    /// The position of a point, each coordinate from 0 to 1: left to right, top to bottom.
    fn place(&self, (step, loss): Point) -> Point {
        let share = |x: f64, (least, most): Point| (x - least) / (most - least);
        (share(step, self.steps), 1.0 - share(loss, self.losses))
    }
}

/// The (step, loss) points of one of the losses. Steps without it and values that are not finite are left out.
fn points(entries: &[Entry], of: fn(&Entry) -> Option<f64>) -> Vec<Point> {
    let all = entries.iter().filter_map(|entry| Some((entry.step as f64, of(entry)?)));
    all.filter(|(_, loss)| loss.is_finite()).collect()
}

/// The smoothed loss as a line, validation losses as `o`, in `width` columns and `height` rows plus two for the axis.
/// `None` with fewer than two steps.
pub fn braille_chart(entries: &[Entry], width: usize, height: usize) -> Option<String> {
    let (smoothed, validation) =
        (points(entries, |e| e.smoothed), points(entries, |e| e.validation));
    if smoothed.len() < 2 {
        return None;
    }
    let frame = Frame::of(&[&smoothed, &validation])?;
    let label = 7;
    let width = width.saturating_sub(label + 2).max(8);
    let mut cells = vec![vec![0u8; width]; height];
    // a Braille character has two columns and four rows of dots
    let dot = |(x, y): Point| {
        let at = |share: f64, count: usize| (share * (count - 1) as f64).round() as usize;
        (at(x, 2 * width), at(y, 4 * height))
    };
    for pair in smoothed.windows(2) {
        let ((x0, y0), (x1, y1)) = (frame.place(pair[0]), frame.place(pair[1]));
        let parts = 8;
        for part in 0..=parts {
            let t = f64::from(part) / f64::from(parts);
            let (x, y) = dot((x0 + t * (x1 - x0), y0 + t * (y1 - y0)));
            const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
            cells[y / 4][x / 2] |= DOTS[y % 4][x % 2];
        }
    }
    let mut rows: Vec<Vec<char>> =
        cells.iter().map(|row| row.iter().map(|&dots| braille(dots)).collect()).collect();
    for &point in &validation {
        let (x, y) = dot(frame.place(point));
        rows[y / 4][x / 2] = 'o';
    }
    let mut text = String::new();
    for (i, row) in rows.iter().enumerate() {
        let label = match i {
            0 => format!("{:.3}", frame.losses.1),
            _ if i + 1 == height => format!("{:.3}", frame.losses.0),
            _ => String::new(),
        };
        let row: String = row.iter().collect();
        let _ = writeln!(text, "{label:>7} │{}", row.trim_end());
    }
    let (first, last) = (frame.steps.0.to_string(), frame.steps.1.to_string());
    let _ = writeln!(text, "{:>7} └{}", "", "─".repeat(width));
    let _ = writeln!(text, "{:>7}  {first}{last:>1$}", "", width - first.len());
    let note = if validation.is_empty() { "loss" } else { "loss, smoothed; o validation" };
    let _ = writeln!(text, "{:>7}  {note}", "");
    Some(text)
}

fn braille(dots: u8) -> char {
    match dots {
        0 => ' ',
        dots => char::from_u32(0x2800 + u32::from(dots)).unwrap_or('·'),
    }
}

/// Write `loss.svg` into a run's folder, completely or not at all.
///
/// # Errors
/// When it can't be written.
pub fn write(folder: &Path, name: &str, entries: &[Entry]) -> Result<()> {
    let Some(svg) = svg_chart(name, entries) else { return Ok(()) };
    let place = folder.join(FILE);
    whole::write(&place, svg.as_bytes())
        .with_context(|| format!("{}: can't be written", place.display()))
}

/// The loss of each step, the smoothed loss and the validation losses. `None` with fewer than two steps.
fn svg_chart(name: &str, entries: &[Entry]) -> Option<String> {
    const SIZE: (f64, f64) = (760.0, 420.0);
    const MARGIN: (f64, f64) = (64.0, 48.0);
    let loss = points(entries, |e| e.loss);
    let smoothed = points(entries, |e| e.smoothed);
    let validation = points(entries, |e| e.validation);
    if loss.len() < 2 {
        return None;
    }
    let frame = Frame::of(&[&loss, &smoothed, &validation])?;
    let place = |point: &Point| {
        let (x, y) = frame.place(*point);
        let (width, height) = (SIZE.0 - 2.0 * MARGIN.0, SIZE.1 - 2.0 * MARGIN.1);
        (MARGIN.0 + x * width, MARGIN.1 + y * height)
    };
    let name = name.replace('&', "&amp;").replace('<', "&lt;");
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{}\" y=\"28\" fill=\"#222222\">{name}: loss per token, in nats</text>\n",
        SIZE.0, SIZE.1, MARGIN.0
    );
    for i in 0..=4 {
        let share = f64::from(i) / 4.0;
        let loss = frame.losses.0 + share * (frame.losses.1 - frame.losses.0);
        let step = frame.steps.0 + share * (frame.steps.1 - frame.steps.0);
        let (_, y) = place(&(frame.steps.0, loss));
        let (x, _) = place(&(step, frame.losses.0));
        let (left, right, bottom) = (MARGIN.0, SIZE.0 - MARGIN.0, SIZE.1 - MARGIN.1 + 20.0);
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#dddddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555555\">{loss:.2}</text>\
             <text x=\"{x:.1}\" y=\"{bottom}\" text-anchor=\"middle\" fill=\"#555555\">{step:.0}</text>",
            left - 8.0,
            y + 4.0
        );
    }
    let lines = [
        (&loss, "#bbccdd", 1.0, "each step"),
        (&smoothed, "#1f5fa8", 2.0, "smoothed"),
        (&validation, "#c0561a", 2.0, "validation"),
    ];
    for (i, (line, color, width, label)) in lines.into_iter().enumerate() {
        if line.is_empty() {
            continue;
        }
        let x = SIZE.0 - MARGIN.0 - 90.0 * (3 - i) as f64;
        let _ = writeln!(
            svg,
            "<path d=\"M{x} 24h16\" stroke=\"{color}\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"28\" fill=\"#222222\">{label}</text>",
            x + 22.0
        );
        let path: Vec<String> =
            thinned(line).map(place).map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let _ = writeln!(
            svg,
            "<path d=\"M{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"><title>{label}</title></path>",
            path.join("L")
        );
    }
    for point in &validation {
        let (x, y) = place(point);
        let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#c0561a\"/>");
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

/// Every n-th point of a line and the last one: about 2000, since more would not be visible.
fn thinned(line: &[Point]) -> impl Iterator<Item = &Point> {
    let every = line.len().div_ceil(2000);
    line.iter()
        .enumerate()
        .filter(move |(i, _)| i % every == 0 || i + 1 == line.len())
        .map(|(_, p)| p)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn falling() -> Vec<Entry> {
        let entry = |step: usize| {
            let loss = 4.0 - step as f64 / 50.0;
            let validation = (step.is_multiple_of(50)).then_some(loss + 0.1);
            let own = (step > 0).then_some(loss);
            Entry { step, loss: own, smoothed: own, validation }
        };
        (0..=100).map(entry).collect()
    }

    #[test]
    fn a_line_of_dots_falls_from_the_upper_left() {
        let text = braille_chart(&falling(), 60, 8).unwrap();
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows.len(), 11, "{text}");
        assert!(rows[0].starts_with("  4.100 │o"), "{text}");
        assert!(rows[7].starts_with("  2.000 │") && rows[7].trim_end().len() > 50, "{text}");
        assert!(rows[9].trim_start().starts_with('0') && rows[9].ends_with("100"), "{text}");
        assert!(rows.iter().all(|row| row.chars().count() <= 60), "{text}");
        assert_eq!(braille_chart(&falling()[..2], 60, 8), None);
    }

    #[test]
    fn the_picture_is_well_formed_whatever_the_name() {
        let svg = svg_chart("a<b>&c", &falling()).unwrap();
        assert!(svg.contains("a&lt;b>&amp;c") && svg.ends_with("</svg>\n"));
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        let still: Vec<Entry> = (1..4)
            .map(|step| Entry { step, loss: Some(1.0), smoothed: Some(f64::NAN), validation: None })
            .collect();
        let svg = svg_chart("still", &still).unwrap();
        assert!(!svg.contains("NaN"));
    }
}
