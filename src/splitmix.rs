//! SplitMix64 (Steele, Lea and Flood 2014): the one mixing function for seeds, hashes and jitter. Not for secrets.

/// What the generator adds to its state: 2^64 divided by the golden ratio, made odd.
pub const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output function: a bijection of 64-bit numbers in which every input bit changes about half of the output bits.
pub const fn finish(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Advances the state and returns the next number.
pub const fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(GAMMA);
    finish(*state)
}

/// The generator's output for one state: a hash of a number.
pub const fn mix(x: u64) -> u64 {
    finish(x.wrapping_add(GAMMA))
}
