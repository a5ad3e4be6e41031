//! Tests of the products with tiles: each form, each level, and the largest numbers.

use super::*;
use candle_core::{Device, Tensor, quantized::QTensor};

const FORMS: [GgmlDType; 5] =
    [GgmlDType::Q8_0, GgmlDType::Q4_0, GgmlDType::Q4_1, GgmlDType::Q4K, GgmlDType::Q6K];

/// Pseudorandom numbers, the same in each run.
fn noise(n: usize, seed: u32) -> Vec<f32> {
    let mut x = seed;
    let mut next = || {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..n).map(|_| next() * 4.0).collect()
}

/// The levels that this processor has.
fn levels() -> impl Iterator<Item = Level> {
    let all = [Level::Baseline, Level::Avx2, Level::AvxVnni, Level::Avx512Vnni];
    all.into_iter().filter(|level| level.is_available())
}

/// Random weights in a form: the matrix, ggml's bytes, and the weights in f32.
fn random(form: GgmlDType, (rows, input): (usize, usize)) -> (TiledMatrix, Vec<u8>, Vec<Vec<f32>>) {
    let weights = Tensor::from_vec(noise(rows * input, 1), (rows, input), &Device::Cpu).unwrap();
    let theirs = QTensor::quantize(&weights, form).unwrap();
    let data = theirs.data().unwrap().to_vec();
    let m = TiledMatrix::from_ggml(form, (rows, input), &mut Heap::default(), &data).unwrap();
    (m, data, theirs.dequantize(&Device::Cpu).unwrap().to_vec2().unwrap())
}

/// Row `r` of the activations times row `o` of the weights, in double precision.
fn exact(a: &Activations, r: usize, weights: &[f32]) -> f64 {
    let at = r * weights.len();
    let rounded = |at: usize| f64::from(a.q[at]) * f64::from(a.d[at / QK]);
    weights.iter().enumerate().map(|(i, w)| f64::from(*w) * rounded(at + i)).sum()
}

#[test]
fn tiles_have_the_weights_and_the_bytes_of_ggml() {
    let (rows, input) = (37, 512);
    for form in FORMS {
        let (m, data, values) = random(form, (rows, input));
        assert_eq!((m.form(), m.dims()), (form, (rows, input)));
        let again: Vec<u8> = (0..rows).flat_map(|o| m.row_bytes(o)).collect();
        assert!(again == data, "{form:?} is written as it was read");
        for (o, values) in values.iter().enumerate() {
            for (a, b) in m.row(o).iter().zip(values) {
                assert!((a - b).abs() < 1e-5, "{form:?}: {a} for {b}");
            }
        }
        let mut heap = Heap::default();
        assert!(TiledMatrix::from_ggml(form, (rows, input), &mut heap, &data[1..]).is_none());
    }
    let mut heap = Heap::default();
    assert!(TiledMatrix::from_ggml(GgmlDType::Q4K, (1, 32), &mut heap, &[0; 18]).is_none());
    assert!(TiledMatrix::quantize(1, 33, &mut heap, |_, _| {}).is_none());
}

#[test]
fn every_form_and_level_agrees_with_the_definition() {
    let (rows, input) = (37, 512);
    for form in FORMS {
        let (m, _, values) = random(form, (rows, input));
        for n in 1..=9 {
            let (x, bias) = (noise(n * input, 2), noise(rows, 3));
            let a = Activations::round(&x);
            let y = m.matmul(&x, Some(&bias));
            for (at, got) in y.iter().enumerate() {
                let (r, o) = (at / rows, at % rows);
                let error = f64::from(got - bias[o]) - exact(&a, r, &values[o]);
                assert!(error.abs() < 2e-3, "{form:?}, {n} rows: {error}");
            }
            for (l, t, from) in levels().flat_map(|l| [(l, 0, 0), (l, 1, n / 2)]) {
                let mut sums = vec![[0.0; LANES]; (n - from).min(TOGETHER)];
                m.multiply(l, t, &a, from, &mut sums);
                for (r, lane) in (0..sums.len()).flat_map(|r| (0..LANES).map(move |lane| (r, lane)))
                {
                    let expected = exact(&a, from + r, &values[t * LANES + lane]);
                    let error = f64::from(sums[r][lane]) - expected;
                    assert!(error.abs() < 2e-3, "{form:?}, {l:?}, row {r} of {n}: {error}");
                }
            }
        }
    }
}

#[test]
fn a_row_is_the_same_alone_and_in_any_batch() {
    let (rows, input) = (20, 256);
    for form in FORMS {
        let (m, ..) = random(form, (rows, input));
        let x = noise(11 * input, 5);
        let all = m.matmul(&x, None);
        for r in 0..11 {
            assert_eq!(m.matmul(&x[r * input..][..input], None), all[r * rows..][..rows]);
        }
        let a = Activations::round(&x);
        for (l, n) in levels().flat_map(|l| (1..=TOGETHER).map(move |n| (l, n))) {
            let mut together = vec![[0.0; LANES]; n];
            m.multiply(l, 0, &a, 1, &mut together);
            for (r, together) in together.into_iter().enumerate() {
                let mut alone = [[0.0; LANES]];
                m.multiply(l, 0, &a, 1 + r, &mut alone);
                assert_eq!(alone, [together], "{form:?}, {l:?}, row {r} of {n}");
            }
        }
    }
}

/// A block in ggml's bytes in which every weight has the largest absolute value, with this byte for each.
fn extreme(form: GgmlDType, byte: u8) -> Vec<u8> {
    let d = f16::from_f32(0.01).to_le_bytes();
    let q = |n: usize| vec![byte; n];
    match form {
        GgmlDType::Q8_0 => [&d[..], &q(32)].concat(),
        GgmlDType::Q4_0 => [&d[..], &q(16)].concat(),
        GgmlDType::Q4_1 => [&d[..], &d, &q(16)].concat(),
        GgmlDType::Q4K => [&d[..], &d, &[255; 12], &q(128)].concat(),
        _ => [&q(192)[..], &[127, 128].repeat(8), &d].concat(),
    }
}

#[test]
fn the_largest_weights_and_activations_do_not_overflow() {
    let (rows, input) = (16, 512);
    for (form, byte) in FORMS.into_iter().flat_map(|f| [0, 127, 128, 255].map(|byte| (f, byte))) {
        let data: Vec<u8> =
            std::iter::repeat_n(extreme(form, byte), rows * input / form.block_size())
                .flatten()
                .collect();
        let m = TiledMatrix::from_ggml(form, (rows, input), &mut Heap::default(), &data).unwrap();
        for signs in [[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]] {
            let x: Vec<f32> = signs.into_iter().cycle().take(2 * input).collect();
            let a = Activations::round(&x);
            let weights = m.row(3);
            let size: f32 = weights.iter().map(|w| w.abs()).sum();
            for l in levels() {
                let mut sums = [[0.0; LANES]; 2];
                m.multiply(l, 0, &a, 0, &mut sums);
                let error = f64::from(sums[1][3]) - exact(&a, 1, &weights);
                assert!(error.abs() < 1e-4 * f64::from(size).max(1.0), "{form:?}, {l:?}: {error}");
            }
        }
    }
}
