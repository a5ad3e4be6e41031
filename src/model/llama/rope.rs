//! Rotary positions (Su et al. 2021): pairs of values of a query or key, half a head apart, are rotated by an angle that
//! grows with the position. The variants for longer contexts scale the frequencies.

use crate::model::network::ELSEWHERE;
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::{f64::consts::TAU, sync::OnceLock};

/// How the frequencies are scaled for contexts longer than those of the first training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scaling {
    /// Not at all.
    None,
    /// All angles are divided by a factor.
    Linear {
        /// The factor.
        factor: f64,
    },
    /// Llama 3.1's: long wavelengths are divided by a factor, short ones are not, with a ramp between.
    Llama3 {
        /// The factor.
        factor: f64,
        /// Wavelengths above `original / low` are divided by the factor.
        low: f64,
        /// Wavelengths below `original / high` are kept.
        high: f64,
        /// The context of the first training.
        original: f64,
    },
    /// YaRN (Peng et al. 2023): a ramp by the number of turns in the context, and a factor for cosines and sines.
    Yarn {
        /// The factor.
        factor: f64,
        /// The context of the first training.
        original: f64,
        /// Pairs with more turns in it keep their frequency.
        fast: f64,
        /// Pairs with fewer turns in it are divided by the factor.
        slow: f64,
        /// The factor for cosines and sines; computed from `factor` if absent.
        attention: Option<f64>,
    },
    /// The file has a tensor of divisors, as GGUF files of Llama 3.1 and later.
    Tensor,
}

impl Scaling {
    /// Parse `rope_scaling` or `rope_parameters` of `config.json`.
    ///
    /// # Errors
    /// When a number is missing, or the kind is unknown.
    pub fn from_json(value: &Value, context: usize) -> Result<Self> {
        if value.is_null() {
            return Ok(Self::None);
        }
        let kind = value.get("rope_type").or_else(|| value.get("type"));
        let kind = kind.and_then(Value::as_str).unwrap_or("default");
        let number = |key: &str| value[key].as_f64().filter(|x| *x > 0.0);
        let needed = |key: &str| {
            number(key).with_context(|| format!("the `{kind}` scaling of rope has no `{key}`"))
        };
        Ok(match kind {
            "default" | "none" => Self::None,
            "linear" => Self::Linear { factor: needed("factor")? },
            "llama3" => Self::Llama3 {
                factor: needed("factor")?,
                low: needed("low_freq_factor")?,
                high: needed("high_freq_factor")?,
                original: needed("original_max_position_embeddings")?,
            },
            "yarn" => Self::Yarn {
                factor: needed("factor")?,
                original: number("original_max_position_embeddings").unwrap_or(context as f64),
                fast: number("beta_fast").unwrap_or(32.0),
                slow: number("beta_slow").unwrap_or(1.0),
                attention: number("attention_factor"),
            },
            other => bail!(
                "the scaling of rope is `{other}`; none, linear, llama3 and yarn are known here; {ELSEWHERE}"
            ),
        })
    }

    /// The form in `config.json`.
    pub fn to_json(self) -> Value {
        match self {
            Self::None | Self::Tensor => Value::Null,
            Self::Linear { factor } => json!({"rope_type": "linear", "factor": factor}),
            Self::Llama3 { factor, low, high, original } => json!({
                "rope_type": "llama3", "factor": factor, "low_freq_factor": low, "high_freq_factor": high,
                "original_max_position_embeddings": original as usize,
            }),
            Self::Yarn { factor, original, fast, slow, attention } => {
                let mut json = json!({
                    "rope_type": "yarn", "factor": factor, "beta_fast": fast, "beta_slow": slow,
                    "original_max_position_embeddings": original as usize,
                });
                if let Some(attention) = attention {
                    json["attention_factor"] = json!(attention);
                }
                json
            }
        }
    }
}

/// Positions per part of the table.
const PART: usize = 256;

/// The cosines and sines of all positions. They are computed when a position is first read.
pub struct Rope {
    /// The angle per position of each pair.
    frequencies: Vec<f32>,
    /// The factor of cosines and sines.
    scale: f32,
    parts: Vec<OnceLock<Box<[f32]>>>,
}

impl Rope {
    /// The table for heads of width `d` and positions below `context`. `divisors` belong to [`Scaling::Tensor`].
    ///
    /// # Errors
    /// When the divisors have another length or are not positive.
    pub fn new(
        d: usize,
        theta: f64,
        scaling: Scaling,
        divisors: Option<&[f32]>,
        context: usize,
    ) -> Result<Self> {
        let half = d / 2;
        // in f32 like the programs that trained these models
        let plain: Vec<f32> =
            (0..half).map(|i| 1.0 / (theta as f32).powf(2.0 * i as f32 / d as f32)).collect();
        let mut scale = 1.0;
        let frequencies = match scaling {
            Scaling::None => plain,
            Scaling::Linear { factor } => plain.iter().map(|f| f / factor as f32).collect(),
            Scaling::Llama3 { factor, low, high, original } => {
                let scaled = |f: &f32| {
                    let wave = TAU / f64::from(*f);
                    let ramp = ((original / wave - low) / (high - low)).clamp(0.0, 1.0);
                    (f64::from(*f) * ((1.0 - ramp) / factor + ramp)) as f32
                };
                plain.iter().map(scaled).collect()
            }
            Scaling::Yarn { factor, original, fast, slow, attention } => {
                scale =
                    attention.unwrap_or(if factor > 1.0 { 0.1 * factor.ln() + 1.0 } else { 1.0 });
                let at =
                    |turns: f64| d as f64 * (original / (turns * TAU)).ln() / (2.0 * theta.ln());
                let low = at(fast).floor().max(0.0);
                let high = at(slow).ceil().min(d as f64 - 1.0);
                let scaled = |(i, f): (usize, &f32)| {
                    let ramp = ((i as f64 - low) / (high - low).max(0.001)).clamp(0.0, 1.0);
                    (f64::from(*f) * (ramp / factor + 1.0 - ramp)) as f32
                };
                plain.iter().enumerate().map(scaled).collect()
            }
            Scaling::Tensor => {
                let divisors = divisors.context("`rope_freqs.weight` is missing")?;
                let sound = divisors.len() == half && divisors.iter().all(|x| *x > 0.0);
                ensure!(sound, "`rope_freqs.weight` doesn't hold {half} divisors");
                plain.iter().zip(divisors).map(|(f, by)| f / by).collect()
            }
        };
        let parts = (0..context.div_ceil(PART)).map(|_| OnceLock::new()).collect();
        Ok(Self { frequencies, scale: scale as f32, parts })
    }

    /// The cosines of the pairs at a position, then their sines.
    pub fn at(&self, position: usize) -> &[f32] {
        let width = 2 * self.frequencies.len();
        let Some(part) = self.parts.get(position / PART) else { return &[] };
        let part = part.get_or_init(|| {
            let first = position / PART * PART;
            let row = |position: usize| {
                let angles = self.frequencies.iter().map(move |f| position as f32 * f);
                let cosines = angles.clone().map(|angle| angle.cos() * self.scale);
                cosines.chain(angles.map(|angle| angle.sin() * self.scale))
            };
            (first..first + PART).flat_map(row).collect()
        });
        &part[position % PART * width..][..width]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn llama3_keeps_short_waves_and_divides_long_ones() {
        let scaling = Scaling::Llama3 { factor: 32.0, low: 1.0, high: 4.0, original: 8192.0 };
        let rope = Rope::new(64, 500_000.0, scaling, None, 64).unwrap();
        let plain = Rope::new(64, 500_000.0, Scaling::None, None, 64).unwrap();
        let ratio: Vec<f32> =
            plain.frequencies.iter().zip(&rope.frequencies).map(|(a, b)| a / b).collect();
        assert_eq!(ratio[0], 1.0);
        assert!((ratio[31] - 32.0).abs() < 1e-3, "{ratio:?}");
        assert!(ratio.windows(2).all(|pair| pair[0] <= pair[1] + 1e-6), "{ratio:?}");
        // as a GGUF file has them
        let divided = Rope::new(64, 500_000.0, Scaling::Tensor, Some(&ratio), 64).unwrap();
        for (a, b) in divided.at(63).iter().zip(rope.at(63)) {
            assert!((a - b).abs() < 1e-5);
        }
        assert!(Rope::new(64, 500_000.0, Scaling::Tensor, Some(&ratio[1..]), 64).is_err());
    }

    #[test]
    fn every_form_of_the_configuration_is_read() {
        let read = |json: Value| Scaling::from_json(&json, 4096);
        assert_eq!(read(Value::Null).unwrap(), Scaling::None);
        assert_eq!(
            read(json!({"rope_type": "default", "rope_theta": 1e4})).unwrap(),
            Scaling::None
        );
        for key in ["type", "rope_type"] {
            let linear = read(json!({key: "linear", "factor": 4.0})).unwrap();
            assert_eq!(linear, Scaling::Linear { factor: 4.0 });
        }
        let yarn = read(json!({"rope_type": "yarn", "factor": 4.0})).unwrap();
        assert_eq!(read(yarn.to_json()).unwrap(), yarn);
        let error = read(json!({"rope_type": "dynamic", "factor": 2.0})).unwrap_err().to_string();
        assert!(error.contains("`dynamic`"), "{error}");
        assert!(read(json!({"type": "linear"})).unwrap_err().to_string().contains("`factor`"));
    }
}
