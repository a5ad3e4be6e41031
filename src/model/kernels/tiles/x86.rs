//! Products with rounded weights with vectors of 256 bits: with AVX2, and with the dot products of AVX-VNNI, which newer
//! Intel processors have, also without AVX-512.

/// The kernels for one set of instructions: its features, and the module with the sums of products.
macro_rules! kernels {
    ($name:ident, features: $features:literal, sums: $sums:ident) => {
        pub(super) mod $name {
            use super::super::{
                Activations, LANES, QK, check,
                eight::{At, eight, eight_counts, four, weights},
                forms::{Part, Q4K, Q6K, Q8, Q40, Q41, Tile},
            };
            use super::$sums::{OFFSET, add_signed, add_small, add_two, finish_small};
            use std::arch::x86_64::*;

            /// A form with a kernel.
            pub trait Kernel: Tile {
                /// Add the products of eight rows of the tile, the first or the second half, with N rows of activations.
                /// `at` is where the activations for the tile's first block are.
                ///
                /// # Safety
                /// Needs the features named, and `at` has activations for the tile.
                unsafe fn add<const N: usize>(&self, half: usize, at: At<N>, acc: &mut [__m256; N]);
            }

            /// Add to `sums` the products of a row of tiles with rows of activations from `row` on.
            ///
            /// # Safety
            /// Needs the features named.
            pub unsafe fn multiply<T: Kernel>(
                tiles: &[T],
                a: &Activations,
                mut row: usize,
                sums: &mut [[f32; LANES]],
            ) {
                check(tiles, a, row + sums.len());
                // Up to four rows share the weights that were unpacked for them. There are only 16 registers.
                let (fours, rest) = sums.as_chunks_mut::<4>();
                let (twos, ones) = rest.as_chunks_mut::<2>();
                // SAFETY: by contract and by the check above.
                unsafe {
                    for sums in fours {
                        products(tiles, a, row, sums);
                        row += 4;
                    }
                    for sums in twos {
                        products(tiles, a, row, sums);
                        row += 2;
                    }
                    for sums in ones.as_chunks_mut::<1>().0 {
                        products(tiles, a, row, sums);
                    }
                }
            }

            /// # Safety
            /// Needs the features named, and `row + N` rows of activations for `tiles`.
            #[target_feature(enable = $features)]
            unsafe fn products<T: Kernel, const N: usize>(
                tiles: &[T],
                a: &Activations,
                row: usize,
                sums: &mut [[f32; LANES]; N],
            ) {
                let mut acc = [[_mm256_setzero_ps(); N]; 2];
                for (half, acc) in acc.iter_mut().enumerate() {
                    for (acc, sums) in acc.iter_mut().zip(sums.iter()) {
                        // SAFETY: 8 of 16 floats.
                        *acc = unsafe { _mm256_loadu_ps(sums.as_ptr().add(8 * half)) };
                    }
                }
                let blocks = tiles.len() * T::BLOCKS;
                for (t, tile) in tiles.iter().enumerate() {
                    let at = At { a, first: row * blocks + t * T::BLOCKS, blocks };
                    for (half, acc) in acc.iter_mut().enumerate() {
                        // SAFETY: by contract.
                        unsafe { tile.add(half, at, acc) };
                    }
                }
                for (half, acc) in acc.into_iter().enumerate() {
                    for (acc, sums) in acc.into_iter().zip(sums.iter_mut()) {
                        // SAFETY: 8 of 16 floats.
                        unsafe { _mm256_storeu_ps(sums.as_mut_ptr().add(8 * half), acc) };
                    }
                }
            }

            /// The products of eight rows of a block of 4 bits, the low halves of all bytes first, with 32 activations.
            ///
            /// # Safety
            /// Needs the features named; 32 bytes at each of `x`.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn dots4<const N: usize>(
                q: &[[[u8; 4]; LANES]; QK / 8],
                half: usize,
                x: [*const i8; N],
            ) -> [__m256i; N] {
                let low = _mm256_set1_epi8(15);
                let mut sums = [_mm256_setzero_si256(); N];
                for (g, bytes) in q.iter().enumerate() {
                    let bytes = weights(bytes, half);
                    let (first, second) = (
                        _mm256_and_si256(bytes, low),
                        _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low),
                    );
                    for (sum, x) in sums.iter_mut().zip(x) {
                        // SAFETY: within the activations by contract.
                        let (y, z) = unsafe { (four(x.add(4 * g)), four(x.add(4 * g + 16))) };
                        *sum = add_small(add_small(*sum, first, y), second, z);
                    }
                }
                for sum in &mut sums {
                    *sum = finish_small(*sum);
                }
                sums
            }

            impl Kernel for Q8 {
                #[inline]
                #[target_feature(enable = $features)]
                unsafe fn add<const N: usize>(
                    &self,
                    half: usize,
                    at: At<N>,
                    acc: &mut [__m256; N],
                ) {
                    let x = at.q();
                    let mut dots = at.minus_sums(OFFSET);
                    for (g, w) in self.q.iter().enumerate() {
                        let w = weights(w, half);
                        for (dot, x) in dots.iter_mut().zip(x) {
                            // SAFETY: within the block.
                            *dot = add_signed(*dot, w, unsafe { four(x.add(4 * g)) });
                        }
                    }
                    at.add(dots, eight(&self.d, half), acc);
                }
            }

            impl Kernel for Q40 {
                #[inline]
                #[target_feature(enable = $features)]
                unsafe fn add<const N: usize>(
                    &self,
                    half: usize,
                    at: At<N>,
                    acc: &mut [__m256; N],
                ) {
                    // SAFETY: 32 activations of each row.
                    let mut dots = unsafe { dots4(&self.q, half, at.q()) };
                    for (dot, offset) in dots.iter_mut().zip(at.minus_sums(8)) {
                        *dot = _mm256_add_epi32(*dot, offset);
                    }
                    at.add(dots, eight(&self.d, half), acc);
                }
            }

            impl Kernel for Q41 {
                #[inline]
                #[target_feature(enable = $features)]
                unsafe fn add<const N: usize>(
                    &self,
                    half: usize,
                    at: At<N>,
                    acc: &mut [__m256; N],
                ) {
                    at.add_total(eight(&self.m, half), acc);
                    // SAFETY: 32 activations of each row.
                    let dots = unsafe { dots4(&self.q, half, at.q()) };
                    at.add(dots, eight(&self.d, half), acc);
                }
            }

            impl Kernel for Q4K {
                #[inline]
                #[target_feature(enable = $features)]
                unsafe fn add<const N: usize>(
                    &self,
                    half: usize,
                    at: At<N>,
                    acc: &mut [__m256; N],
                ) {
                    let low = _mm256_set1_epi8(15);
                    let (d, m) = (eight(&self.d, half), eight(&self.m, half));
                    let m = _mm256_sub_ps(_mm256_setzero_ps(), m);
                    for (pair, q) in self.q.iter().enumerate() {
                        // SAFETY: a tile has eight blocks.
                        let at = unsafe { [at.then(2 * pair), at.then(2 * pair + 1)] };
                        let x = [at[0].q(), at[1].q()];
                        let mut sums = [[_mm256_setzero_si256(); N]; 2];
                        for (g, bytes) in q.iter().enumerate() {
                            let bytes = weights(bytes, half);
                            let bytes = [bytes, _mm256_srli_epi16::<4>(bytes)];
                            for ((sums, x), bytes) in sums.iter_mut().zip(x).zip(bytes) {
                                let w = _mm256_and_si256(bytes, low);
                                for (sum, x) in sums.iter_mut().zip(x) {
                                    // SAFETY: within the block.
                                    let x = unsafe { four(x.add(4 * g)) };
                                    *sum = add_small(*sum, w, x);
                                }
                            }
                        }
                        for (k, (at, mut sums)) in at.into_iter().zip(sums).enumerate() {
                            let b = 2 * pair + k;
                            at.add_total(_mm256_mul_ps(m, eight_counts(&self.mins[b], half)), acc);
                            for sum in &mut sums {
                                *sum = finish_small(*sum);
                            }
                            at.add(
                                sums,
                                _mm256_mul_ps(d, eight_counts(&self.scales[b], half)),
                                acc,
                            );
                        }
                    }
                }
            }

            impl Kernel for Q6K {
                #[inline]
                #[target_feature(enable = $features)]
                unsafe fn add<const N: usize>(
                    &self,
                    half: usize,
                    at: At<N>,
                    acc: &mut [__m256; N],
                ) {
                    let d = eight(&self.d, half);
                    for (n, part) in self.parts.iter().enumerate() {
                        // SAFETY: a tile has eight blocks.
                        let at = |k| unsafe { at.then(4 * n + k) };
                        self.fetch_next(2 * half + n);
                        // SAFETY: the tile has these blocks.
                        unsafe {
                            at(0).add(dots6::<0, N>(part, half, at(0)), d, acc);
                            at(1).add(dots6::<1, N>(part, half, at(1)), d, acc);
                            at(2).add(dots6::<2, N>(part, half, at(2)), d, acc);
                            at(3).add(dots6::<3, N>(part, half, at(3)), d, acc);
                        }
                    }
                }
            }

            /// The products of eight rows of block K with rows of activations.
            ///
            /// # Safety
            /// As [`Kernel::add`].
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn dots6<const K: usize, const N: usize>(
                part: &Part,
                half: usize,
                at: At<N>,
            ) -> [__m256i; N] {
                let x = at.q();
                let mut dots = [_mm256_setzero_si256(); N];
                for of in 0..2 {
                    let mut sums = [_mm256_setzero_si256(); N];
                    for g in (4 * of..4 * of + 4).step_by(2) {
                        let (v, w) = (part.group::<K>(g, half), part.group::<K>(g + 1, half));
                        for (sum, x) in sums.iter_mut().zip(x) {
                            // SAFETY: within the block.
                            let (y, z) = unsafe { (four(x.add(4 * g)), four(x.add(4 * g + 4))) };
                            *sum = add_two(*sum, (v, y), (w, z));
                        }
                    }
                    // SAFETY: 8 of 16 bytes.
                    let bytes = unsafe {
                        _mm_loadl_epi64(part.scales[2 * K + of].as_ptr().add(8 * half).cast())
                    };
                    let scale = _mm256_cvtepi8_epi32(bytes);
                    for (i, (dot, sum)) in dots.iter_mut().zip(sums).enumerate() {
                        // SAFETY: by contract.
                        let total = unsafe { at.a.halves.get_unchecked(at.number(i))[of] };
                        let sum = _mm256_sub_epi32(sum, _mm256_set1_epi32(32 * total));
                        *dot = _mm256_add_epi32(*dot, _mm256_mullo_epi32(sum, scale));
                    }
                }
                dots
            }
        }
    };
}

kernels! { avx2, features: "avx2,fma,f16c", sums: pairs }
kernels! { avx_vnni, features: "avx2,fma,f16c,avxvnni", sums: fours }

/// Sums of products of four bytes with AVX2, which adds pairs of products in 16 bits.
mod pairs {
    use std::arch::x86_64::*;

    /// What [`add_signed`] adds to each weight.
    pub const OFFSET: i32 = 0;

    /// The sums of pairs of 16-bit numbers.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn pairs(x: __m256i) -> __m256i {
        _mm256_madd_epi16(x, _mm256_set1_epi16(1))
    }

    /// Add the products of signed weights with activations.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn add_signed(sum: __m256i, w: __m256i, x: __m256i) -> __m256i {
        // One operand has to be unsigned: use |w|, and multiply the activations by the sign of w.
        let products = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
        _mm256_add_epi32(sum, pairs(products))
    }

    /// Add the products of weights of 4 bits with activations. The sums have 16 bits until [`finish_small`]: eight pairs of
    /// products of at most 15 times 127 fit into them.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn add_small(sum: __m256i, w: __m256i, x: __m256i) -> __m256i {
        _mm256_add_epi16(sum, _mm256_maddubs_epi16(w, x))
    }

    /// The sums of [`add_small`] in 32 bits.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn finish_small(sum: __m256i) -> __m256i {
        pairs(sum)
    }

    /// Add two products of weights of 6 bits with activations.
    #[inline]
    #[target_feature(enable = "avx2")]
    pub fn add_two(
        sum: __m256i,
        (v, y): (__m256i, __m256i),
        (w, z): (__m256i, __m256i),
    ) -> __m256i {
        // Two pairs of products of at most 63 times 127 fit into 16 bits.
        let both = _mm256_add_epi16(_mm256_maddubs_epi16(v, y), _mm256_maddubs_epi16(w, z));
        _mm256_add_epi32(sum, pairs(both))
    }
}

/// As [`pairs`], with AVX-VNNI, which adds four products in 32 bits.
mod fours {
    use std::arch::x86_64::*;

    pub const OFFSET: i32 = 128;

    #[inline]
    #[target_feature(enable = "avx2,avxvnni")]
    pub fn add_signed(sum: __m256i, w: __m256i, x: __m256i) -> __m256i {
        _mm256_dpbusd_avx_epi32(sum, _mm256_xor_si256(w, _mm256_set1_epi8(-128)), x)
    }

    #[inline]
    #[target_feature(enable = "avx2,avxvnni")]
    pub fn add_small(sum: __m256i, w: __m256i, x: __m256i) -> __m256i {
        _mm256_dpbusd_avx_epi32(sum, w, x)
    }

    #[inline]
    #[target_feature(enable = "avx2,avxvnni")]
    pub fn finish_small(sum: __m256i) -> __m256i {
        sum
    }

    #[inline]
    #[target_feature(enable = "avx2,avxvnni")]
    pub fn add_two(
        sum: __m256i,
        (v, y): (__m256i, __m256i),
        (w, z): (__m256i, __m256i),
    ) -> __m256i {
        add_small(add_small(sum, v, y), w, z)
    }
}
