//! Compares a recorded choice with what the same draw chooses now.

use super::{
    Choice, Moment,
    chain::{self, Scored, mass},
    draw, likeliest, place, walk,
};
use crate::token::SamplingParams;

/// How far from the recorded option's share of the distribution a random number may be and still count as rounding:
/// other instructions of a processor add the same numbers in another order.
const ROUNDING: f64 = 1e-3;

/// How a recorded option compares with what is drawn now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is drawn again.
    Same,
    /// Another one is drawn, but the random number is within 0.001 of the recorded one's share.
    Near,
    /// Another one is drawn.
    Other,
}

/// The recorded option as a choice, and how it compares with the option that is drawn now. `raw`, `scores` and `moment`
/// are those of [`super::choose`]. `None` when there is no such option, or nothing can be drawn.
pub fn compare(
    raw: &[f32],
    scores: &[f32],
    params: &SamplingParams,
    moment: Moment,
    recorded: u32,
) -> Option<(Choice, Fit)> {
    let (logprob, rank) = place(raw, recorded)?;
    let choice = |mu| Choice { index: recorded, logprob, rank, mu };
    if params.temperature <= 0.0 {
        let best = likeliest(scores)?;
        let behind = f64::from(scores[best as usize] - scores[recorded as usize]);
        let fit = match () {
            () if best == recorded => Fit::Same,
            () if behind < ROUNDING => Fit::Near,
            () => Fit::Other,
        };
        return Some((choice(moment.mu), fit));
    }
    let (left, number) = draw(scores, params, moment)?;
    let (score, drawn) = walk(&left.options, number)?;
    let at = left.options.iter().position(|(_, index)| *index == recorded);
    let mut mu = moment.mu;
    if let Some(bits) = left.bits {
        mu = chain::next_mu(mu, bits.of(at.map_or(score, |at| left.options[at].0)), params);
    }
    let fit = match drawn == recorded {
        true => Fit::Same,
        false if distance(&left.options, at, number) < ROUNDING => Fit::Near,
        false => Fit::Other,
    };
    Some((choice(mu), fit))
}

/// How far a random number is from an option's share of the distribution. One that was cut off has its place at the end.
fn distance(options: &[Scored], at: Option<usize>, number: f64) -> f64 {
    let total = mass(options.iter().copied());
    let before = at.unwrap_or(options.len());
    let from = mass(options[..before].iter().copied()) / total;
    let to = at.map_or(from, |at| from + f64::from(options[at].0).exp() / total);
    (from - number).max(number - to).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::sampler::{choose, first_mu};

    #[test]
    fn only_the_drawn_option_and_its_edges_agree() {
        let logits = [0.0, 2.0, 1.0, -1.0, 1.5];
        let params = |temperature| SamplingParams {
            temperature,
            top_k: 4,
            repetition_penalty: 1.0,
            ..SamplingParams::default()
        };
        for params in [params(0.0), params(1.0)] {
            let mut near = 0;
            for position in 0..2_000 {
                let moment = Moment { position, mu: first_mu(&params), may_exclude: &|_| true };
                let drawn = choose(&logits, &logits, &params, moment).unwrap();
                for recorded in 0..5 {
                    let (choice, fit) =
                        compare(&logits, &logits, &params, moment, recorded).unwrap();
                    assert_eq!(fit == Fit::Same, recorded == drawn.index);
                    assert_eq!(choice.index, recorded);
                    near += usize::from(fit == Fit::Near);
                }
            }
            // Three edges between four options, each with a thousandth on both sides, and the end.
            assert!(near < 40, "{near}");
        }
        let moment = Moment { position: 0, mu: 0.0, may_exclude: &|_| true };
        assert_eq!(compare(&logits, &logits, &params(1.0), moment, 5), None);
        let equal = [1.0, 1.0 - 1e-4, 0.0];
        let fit = |recorded| compare(&equal, &equal, &params(0.0), moment, recorded).unwrap().1;
        assert_eq!([fit(0), fit(1), fit(2)], [Fit::Same, Fit::Near, Fit::Other]);
    }
}
