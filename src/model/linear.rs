//! A weight matrix in any precision, and products with it.

use super::kernels::{Heap, Level, TiledMatrix, half_matmul, level};
use anyhow::{Context, Result, ensure};
use candle_core::{
    CpuStorage, DType, Device, Module, Storage, Tensor,
    quantized::{GgmlDType, QMatMul, QTensor},
};
use serde::{Deserialize, Serialize};
use std::{ops::Deref, sync::Arc};

/// The precision of weights in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32-bit floats, for training and for comparison with the reference implementation.
    F32,
    /// 16-bit floats (IEEE half precision).
    F16,
    /// bfloat16: 16-bit floats with the range of 32-bit ones.
    Bf16,
    /// ggml's q8_0: 8.5 bits per weight; the right choice for nearly all uses.
    #[default]
    Q8_0,
    /// ggml's q5_1: 6 bits per weight.
    Q5_1,
    /// ggml's q5_0: 5.5 bits per weight.
    Q5_0,
    /// ggml's q4_1: 5 bits per weight.
    Q4_1,
    /// ggml's q4_0: 4.5 bits per weight.
    Q4_0,
    /// ggml's q4_K: 4.5 bits per weight, better than q4_0; matrices whose rows aren't a multiple of 256 are q8_0.
    Q4k,
}

impl Precision {
    /// All of them, from the most precise.
    pub const ALL: [Self; 9] = [
        Self::F32,
        Self::F16,
        Self::Bf16,
        Self::Q8_0,
        Self::Q5_1,
        Self::Q5_0,
        Self::Q4_1,
        Self::Q4_0,
        Self::Q4k,
    ];

    /// Bits per weight, with the scales of blocks.
    pub fn bits(self) -> f64 {
        8.0 * self.ggml().type_size() as f64 / self.ggml().block_size() as f64
    }

    /// The type of ggml.
    fn ggml(self) -> GgmlDType {
        match self {
            Self::F32 => GgmlDType::F32,
            Self::F16 => GgmlDType::F16,
            Self::Bf16 => GgmlDType::BF16,
            Self::Q8_0 => GgmlDType::Q8_0,
            Self::Q5_1 => GgmlDType::Q5_1,
            Self::Q5_0 => GgmlDType::Q5_0,
            Self::Q4_1 => GgmlDType::Q4_1,
            Self::Q4_0 => GgmlDType::Q4_0,
            Self::Q4k => GgmlDType::Q4K,
        }
    }

    /// Whether it has fewer bits than q8_0.
    pub fn is_small(self) -> bool {
        self.bits() < Self::Q8_0.bits()
    }
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::Q8_0 => "q8_0",
            Self::Q5_1 => "q5_1",
            Self::Q5_0 => "q5_0",
            Self::Q4_1 => "q4_1",
            Self::Q4_0 => "q4_0",
            Self::Q4k => "q4k",
        })
    }
}

impl std::str::FromStr for Precision {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|precision| precision.to_string() == name);
        let names = || Self::ALL.map(|precision| precision.to_string()).join(", ");
        known.ok_or_else(|| format!("one of {} is wanted", names()))
    }
}

/// A weight matrix, (out, in) or (in, out).
pub enum Weight {
    /// (in, out) in f32, as GPT-2's `Conv1D` stores it; trainable.
    Dense(Tensor),
    /// (out, in) in f32, for an embedding that is also the head.
    Transposed(Tensor),
    /// (out, in) in a 16-bit form.
    Half(Tensor),
    /// (out, in) in our own tiles of rounded weights.
    Tiled(TiledMatrix),
    /// (out, in) in one of candle's quantized forms.
    Quantized(QMatMul, Arc<QTensor>),
}

impl Weight {
    /// Round an (out, in) tensor of floats to a precision. `heap` is the memory of the model. If its rows aren't a multiple of the block size, the next
    /// finer precision that fits is used.
    ///
    /// # Errors
    /// When candle cannot quantize it.
    pub fn round(weight: &Tensor, precision: Precision, heap: &mut Heap) -> Result<Self> {
        let (rows, input) = weight.dims2()?;
        match precision {
            Precision::F32 => Ok(Self::Transposed(weight.contiguous()?)),
            Precision::F16 => Ok(Self::Half(weight.to_dtype(DType::F16)?.contiguous()?)),
            Precision::Bf16 => Ok(Self::Half(weight.to_dtype(DType::BF16)?.contiguous()?)),
            small if small.is_small() && input.is_multiple_of(small.ggml().block_size()) => {
                Self::tiled(QTensor::quantize(weight, small.ggml())?.into(), heap)
            }
            _ if !input.is_multiple_of(32) => Self::round(weight, Precision::F32, heap),
            _ if level() == Level::Baseline => {
                Self::keep(QTensor::quantize(weight, GgmlDType::Q8_0)?.into())
            }
            _ => {
                let values = weight.contiguous()?.flatten_all()?.to_vec1::<f32>()?;
                let row = |o: usize, to: &mut [f32]| {
                    to.copy_from_slice(&values[o * input..(o + 1) * input]);
                };
                Ok(Self::Tiled(
                    TiledMatrix::quantize(rows, input, heap, row)
                        .context("rows of whole blocks")?,
                ))
            }
        }
    }

    /// Use an (out, in) tensor of a GGUF file. Floats are rounded to the precision. Quantized tensors keep their form
    /// unless the precision has fewer bits. Forms that have tiles of ours are rearranged where the processor supports
    /// them, and forms for which there is no fast product (q5_0, q5_1) become q8_0 where it is wanted. `F32` dequantizes
    /// everything.
    ///
    /// # Errors
    /// When it is not a matrix.
    pub fn ggml(tensor: Arc<QTensor>, precision: Precision, heap: &mut Heap) -> Result<Self> {
        let (_, input) = tensor.shape().dims2()?;
        let is_float = matches!(tensor.dtype(), GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16);
        let stored = 8.0 * tensor.dtype().type_size() as f64 / tensor.dtype().block_size() as f64;
        let shrinks = precision.is_small()
            && precision.bits() < stored
            && input.is_multiple_of(precision.ggml().block_size());
        if is_float || precision == Precision::F32 || shrinks {
            return Self::round(&tensor.dequantize(&Device::Cpu)?, precision, heap);
        }
        match tensor.dtype() {
            // candle multiplies with these number by number
            GgmlDType::Q5_0 | GgmlDType::Q5_1
                if !precision.is_small() && level() > Level::Baseline =>
            {
                Self::round(&tensor.dequantize(&Device::Cpu)?, Precision::Q8_0, heap)
            }
            _ => Self::tiled(tensor, heap),
        }
    }

    /// Rearrange a quantized tensor to tiles if its form has them and the processor supports them.
    fn tiled(tensor: Arc<QTensor>, heap: &mut Heap) -> Result<Self> {
        let (rows, input) = tensor.shape().dims2()?;
        let tiles = (level() > Level::Baseline)
            .then(|| {
                TiledMatrix::from_ggml(tensor.dtype(), (rows, input), heap, &tensor.data().ok()?)
            })
            .flatten();
        match tiles {
            Some(tiles) => Ok(Self::Tiled(tiles)),
            None => Self::keep(tensor),
        }
    }

    fn keep(tensor: Arc<QTensor>) -> Result<Self> {
        Ok(Self::Quantized(QMatMul::from_arc(tensor.clone())?, tensor))
    }

    /// The shape (out, in).
    pub fn dims(&self) -> Result<(usize, usize)> {
        Ok(match self {
            Self::Dense(w) => {
                let (input, out) = w.dims2()?;
                (out, input)
            }
            Self::Transposed(w) | Self::Half(w) => w.dims2()?,
            Self::Tiled(w) => w.dims(),
            Self::Quantized(_, w) => w.shape().dims2()?,
        })
    }

    /// The size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Dense(w) | Self::Transposed(w) | Self::Half(w) => {
                w.elem_count() * w.dtype().size_in_bytes()
            }
            Self::Tiled(w) => w.bytes(),
            Self::Quantized(_, w) => w.storage_size_in_bytes(),
        }
    }

    /// The name of its precision.
    pub fn precision(&self) -> String {
        match self {
            Self::Dense(w) | Self::Transposed(w) | Self::Half(w) => {
                format!("{:?}", w.dtype()).to_lowercase()
            }
            Self::Tiled(w) => format!("{:?}", w.form()).to_lowercase(),
            Self::Quantized(_, w) => format!("{:?}", w.dtype()).to_lowercase(),
        }
    }

    /// The product of x (n, in) with the matrix: (n, out), plus the bias if there is one.
    pub fn forward(&self, x: &Tensor, bias: Option<&Tensor>) -> candle_core::Result<Tensor> {
        let y = match self {
            Self::Dense(w) => x.matmul(w)?,
            Self::Transposed(w) => x.matmul(&w.t()?)?,
            // For many rows, widening the weights once is cheap, and candle's product of floats is the fastest.
            Self::Half(w) if x.dim(0)? > FEW => x.matmul(&w.to_dtype(DType::F32)?.t()?)?,
            Self::Half(w) => half_product(w, x)?,
            Self::Tiled(w) => return product(w, x, bias),
            Self::Quantized(w, _) => w.forward(x)?,
        };
        match bias {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        }
    }

    /// Rows of an (out, in) matrix, for an embedding: ids (n) to (n, in).
    ///
    /// # Errors
    /// When an id is out of range, or the matrix is (in, out).
    pub fn lookup(&self, ids: &Tensor) -> Result<Tensor> {
        match self {
            Self::Dense(_) => anyhow::bail!("a (in, out) matrix has no rows to look up"),
            Self::Transposed(w) => Ok(w.index_select(ids, 0)?),
            Self::Half(w) => Ok(w.index_select(ids, 0)?.to_dtype(DType::F32)?),
            Self::Tiled(w) => {
                let ids = ids.to_vec1::<u32>()?;
                let (rows, input) = w.dims();
                ensure!(
                    ids.iter().all(|&id| (id as usize) < rows),
                    "a token outside the vocabulary"
                );
                let values: Vec<f32> = ids.iter().flat_map(|&id| w.row(id as usize)).collect();
                Ok(Tensor::from_vec(values, (ids.len(), input), &Device::Cpu)?)
            }
            Self::Quantized(w, _) => Ok(w.embedding(ids)?),
        }
    }
}

/// A linear layer: a matrix, and an optional bias.
pub struct Linear {
    /// The matrix.
    pub weight: Weight,
    /// The bias (out).
    pub bias: Option<Tensor>,
}

impl Linear {
    /// x (n, in) to (n, out).
    ///
    /// # Errors
    /// Only when shapes do not fit.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.weight.forward(x, self.bias.as_ref())?)
    }
}

/// The products of x (n, in) with several layers of the same input, next to each other in each row: (n, sum of out).
///
/// # Errors
/// Only when shapes do not fit.
pub fn joined<const N: usize>(layers: [&Linear; N], x: &Tensor) -> Result<Vec<f32>> {
    let x = x.contiguous()?;
    let is_tiled = |layer: &&Linear| matches!(layer.weight, Weight::Tiled(_));
    if layers.iter().all(is_tiled) {
        let biases: Vec<Option<Floats>> = layers
            .iter()
            .map(|layer| layer.bias.as_ref().map(Floats::of).transpose())
            .collect::<candle_core::Result<_>>()?;
        let matrices: Vec<_> = layers
            .iter()
            .zip(&biases)
            .filter_map(|(layer, bias)| match &layer.weight {
                Weight::Tiled(matrix) => Some((matrix, bias.as_deref())),
                _ => None,
            })
            .collect();
        return Ok(with_floats(&x, |x| Ok(TiledMatrix::matmul_joined(&matrices, x)))?);
    }
    let parts = layers.iter().map(|layer| layer.forward(&x)).collect::<Result<Vec<Tensor>>>()?;
    Ok(Tensor::cat(&parts, 1)?.flatten_all()?.to_vec1()?)
}

/// A batch of at most this many rows is decoding; a larger one is reading a prompt.
const FEW: usize = 16;

fn half_product(w: &Tensor, x: &Tensor) -> candle_core::Result<Tensor> {
    let (out, input) = w.dims2()?;
    let x = x.contiguous()?;
    let (storage, layout) = w.storage_and_layout();
    let (Storage::Cpu(weights), Some((from, to))) = (&*storage, layout.contiguous_offsets()) else {
        candle_core::bail!("16-bit weights have to lie in one piece on the CPU")
    };
    let y = with_floats(&x, |x| match weights {
        CpuStorage::F16(w) => Ok(half_matmul(&w[from..to], input, x)),
        CpuStorage::BF16(w) => Ok(half_matmul(&w[from..to], input, x)),
        _ => candle_core::bail!("not 16-bit weights"),
    })?;
    Tensor::from_vec(y, (x.dim(0)?, out), &Device::Cpu)
}

fn product(w: &TiledMatrix, x: &Tensor, bias: Option<&Tensor>) -> candle_core::Result<Tensor> {
    let n = x.dim(0)?;
    let x = x.contiguous()?;
    let y = with_floats(&x, |x| match bias {
        None => Ok(w.matmul(x, None)),
        Some(bias) => with_floats(bias, |bias| Ok(w.matmul(x, Some(bias)))),
    })?;
    Tensor::from_vec(y, (n, w.dims().0), &Device::Cpu)
}

/// A borrow of the floats of a contiguous tensor on the CPU. It holds a read lock, so that nobody changes them
/// meanwhile.
pub struct Floats<'a> {
    // boxed, because the type of candle's lock guard is not part of its API
    storage: Box<dyn Deref<Target = Storage> + 'a>,
    range: (usize, usize),
}

impl<'a> Floats<'a> {
    /// Borrow the floats of a tensor.
    ///
    /// # Errors
    /// When the tensor is not contiguous, not f32, or not on the CPU.
    pub fn of(x: &'a Tensor) -> candle_core::Result<Self> {
        let (storage, layout) = x.storage_and_layout();
        let range = layout.contiguous_offsets();
        match (&*storage, range) {
            (Storage::Cpu(CpuStorage::F32(_)), Some(range)) => {
                Ok(Self { storage: Box::new(storage), range })
            }
            _ => candle_core::bail!("needs a contiguous f32 tensor on the CPU"),
        }
    }
}

impl Deref for Floats<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &**self.storage {
            Storage::Cpu(CpuStorage::F32(all)) => &all[self.range.0..self.range.1],
            _ => &[],
        }
    }
}

/// Call `f` with the floats of a contiguous tensor on the CPU.
///
/// # Errors
/// When the tensor is of another kind, or `f` fails.
pub fn with_floats<T>(
    x: &Tensor,
    f: impl FnOnce(&[f32]) -> candle_core::Result<T>,
) -> candle_core::Result<T> {
    f(&Floats::of(x)?)
}
