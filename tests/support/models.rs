//! Tiny models with random weights. What they say means nothing; no test depends on it.

/// GPT-2 with a reference implementation's numbers.
pub const TINY: &str = "tests/fixtures/tiny-gpt2";

/// The smallest model there is, in every format of weights.
pub const MICRO: &str = "tests/fixtures/micro";

/// A checkpoint of gpt-2-simple.
pub const RUN: &str = "tests/fixtures/tiny-gpt-2-simple";
