//! The order of rows of queries and keys in GGUF files of the Llama family. llama.cpp's converter moves the two rows
//! that rotary positions rotate together next to each other within each head. A row of any type is moved as a whole, so
//! nothing is lost.

use crate::model::{Raw, Spec};
use anyhow::{Result, ensure};
use candle_core::{
    Device, Tensor,
    quantized::{QStorage, QTensor},
};
use std::borrow::Cow;

/// A tensor of a GGUF file with its rows in the published order.
///
/// # Errors
/// When its rows don't divide into heads of even width.
pub fn undo(raw: Raw, spec: &Spec) -> Result<Raw> {
    if spec.paired_heads == 0 {
        return Ok(raw);
    }
    Ok(match raw {
        Raw::Float(tensor) => {
            let bytes: Vec<f32> = tensor.flatten_all()?.to_vec1()?;
            let moved = moved(&bytes, spec, false)?;
            Raw::Float(Tensor::from_vec(moved, tensor.shape(), &Device::Cpu)?)
        }
        Raw::Ggml(tensor) => {
            let moved = moved(&tensor.data()?, spec, false)?;
            let data = QStorage::from_data(Cow::Owned(moved), &Device::Cpu, tensor.dtype())?;
            Raw::Ggml(QTensor::new(data, tensor.shape().clone())?.into())
        }
    })
}

/// The bytes or numbers of a tensor, with its rows in the published order, in the order of GGUF files (`paired`), or the
/// reverse.
///
/// # Errors
/// When the rows don't divide into heads of even width.
pub fn moved<T: Copy>(data: &[T], spec: &Spec, paired: bool) -> Result<Vec<T>> {
    let (rows, heads) = (spec.shape.first().copied().unwrap_or(0), spec.paired_heads);
    let d = rows / heads.max(1);
    let whole = heads > 0 && rows == heads * d && d.is_multiple_of(2) && d > 0;
    ensure!(whole && data.len().is_multiple_of(rows), "`{}` doesn't divide into heads", spec.name);
    let length = data.len() / rows;
    let mut moved = Vec::with_capacity(data.len());
    for row in 0..rows {
        let (head, at) = (row / d * d, row % d);
        let from = match paired {
            true => head + at % 2 * (d / 2) + at / 2,
            false => head + at % (d / 2) * 2 + at / (d / 2),
        };
        moved.extend_from_slice(&data[from * length..][..length]);
    }
    Ok(moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tensors::Kind;

    #[test]
    fn rows_are_moved_within_heads_and_back() {
        let spec = Spec {
            name: "q".into(),
            gguf: "q".into(),
            shape: vec![12, 2],
            kind: Kind::Matrix,
            in_out: false,
            paired_heads: 2,
        };
        let data: Vec<usize> = (0..24).collect();
        let paired = moved(&data, &spec, true).unwrap();
        // row 2 i + s is row s * d / 2 + i of its head
        let rows: Vec<usize> = paired.iter().step_by(2).map(|x| x / 2).collect();
        assert_eq!(rows, [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]);
        assert_eq!(moved(&paired, &spec, false).unwrap(), data);
        assert!(moved(&data, &Spec { paired_heads: 4, ..spec }, true).is_err());
    }
}
