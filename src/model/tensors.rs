//! The table of a network's tensors: names, shapes and kinds. Loading, training and all file formats use it.

use super::{Precision, Weight, kernels::Heap, linear::Linear};
use anyhow::{Context, Result};
use candle_core::{Device, Tensor, quantized::QTensor};
use std::sync::Arc;

/// One tensor of a network's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Its name in the published checkpoint.
    pub name: String,
    /// Its name in GGUF files.
    pub gguf: String,
    /// Its shape in the published checkpoint.
    pub shape: Vec<usize>,
    /// Its role in the network.
    pub kind: Kind,
    /// Whether the published checkpoint stores the matrix of a linear layer as (in, out), like GPT-2's `Conv1D`. All
    /// other matrices are (out, in), as in GGUF files and in [`Weight`].
    pub in_out: bool,
    /// The number of heads whose rows GGUF files store in another order (0 = none): the two values that rotary
    /// positions rotate together are neighbors there, and half a head apart in the published checkpoint and here.
    pub paired_heads: usize,
}

/// The role of a tensor in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The embedding (vocabulary, width); with weight tying also the head.
    Embedding,
    /// The head (vocabulary, width).
    Head,
    /// Learned positions (context, width); always held in f32.
    Positions,
    /// The matrix of a linear layer.
    Matrix,
    /// The matrix of a linear layer whose output is added to the residual stream.
    Projection,
    /// The scale of a normalization.
    Gain,
    /// The bias of a normalization or a linear layer.
    Bias,
}

impl Spec {
    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it may be quantized: matrices, the embedding, the head.
    pub fn is_matrix(&self) -> bool {
        matches!(self.kind, Kind::Embedding | Kind::Head | Kind::Matrix | Kind::Projection)
    }

    /// The shape in a GGUF file.
    pub fn gguf_shape(&self) -> Vec<usize> {
        let mut shape = self.shape.clone();
        if self.in_out {
            shape.reverse();
        }
        shape
    }
}

/// A source of tensors, such as the files of a checkpoint.
pub trait Tensors {
    /// The tensor of this name and shape.
    ///
    /// # Errors
    /// When it is missing, damaged, or has another shape.
    fn get(&mut self, tensor: &Spec) -> Result<Raw>;
}

impl<F: FnMut(&Spec) -> Result<Raw>> Tensors for F {
    fn get(&mut self, tensor: &Spec) -> Result<Raw> {
        self(tensor)
    }
}

/// A tensor as a file stores it.
pub enum Raw {
    /// Floats in f32, in the published shape.
    Float(Tensor),
    /// A quantized tensor in one of ggml's formats; matrices are (out, in).
    Ggml(Arc<QTensor>),
}

impl Raw {
    fn float(self) -> Result<Tensor> {
        match self {
            Self::Float(tensor) => Ok(tensor),
            Self::Ggml(tensor) => Ok(tensor.dequantize(&Device::Cpu)?),
        }
    }

    /// The shape.
    pub fn dims(&self) -> Vec<usize> {
        match self {
            Self::Float(tensor) => tensor.dims().to_vec(),
            Self::Ggml(tensor) => tensor.shape().dims().to_vec(),
        }
    }
}

/// Reads the tensors of a table in order, and rounds matrices to a precision.
pub struct Loader<'a> {
    table: std::vec::IntoIter<Spec>,
    precision: Precision,
    from: &'a mut dyn Tensors,
    heap: Heap,
}

impl<'a> Loader<'a> {
    /// A loader at the first tensor of a table.
    pub fn new(table: Vec<Spec>, precision: Precision, from: &'a mut dyn Tensors) -> Self {
        Self { table: table.into_iter(), precision, from, heap: Heap::default() }
    }

    fn next(&mut self) -> Result<(Spec, Raw)> {
        let spec = self.table.next().context("the table of tensors is too short")?;
        let raw = self.from.get(&spec)?;
        Ok((spec, raw))
    }

    /// The next tensor, which stays in f32.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn float(&mut self) -> Result<Tensor> {
        self.next()?.1.float()
    }

    /// The next matrix.
    ///
    /// # Errors
    /// When it can't be read or rounded.
    pub fn matrix(&mut self) -> Result<Weight> {
        let (spec, raw) = self.next()?;
        let precision = match (self.precision, spec.kind) {
            // as in ggml, embeddings of 4-bit and 5-bit models are more precise, since they are also used for lookups
            (small, Kind::Embedding | Kind::Head) if small.is_small() => Precision::Q8_0,
            (precision, _) => precision,
        };
        let heap = &mut self.heap;
        let weight = match raw {
            // variables are not copied, so that they receive their gradients
            Raw::Float(t) if precision == Precision::F32 && spec.in_out => Ok(Weight::Dense(t)),
            Raw::Float(t) if spec.in_out => Weight::round(&t.t()?, precision, heap),
            Raw::Float(t) => Weight::round(&t, precision, heap),
            Raw::Ggml(t) => Weight::ggml(t, precision, heap),
        };
        weight.with_context(|| spec.name)
    }

    /// The next linear layer: a matrix, then its bias.
    ///
    /// # Errors
    /// When they can't be read or rounded.
    pub fn linear(&mut self) -> Result<Linear> {
        Ok(Linear { weight: self.matrix()?, bias: Some(self.float()?) })
    }
}
