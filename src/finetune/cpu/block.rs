//! A transformer block, forward and backward on float slices. The forward pass stores the activations that the backward
//! pass needs; with gradient checkpointing they are recomputed just before it.

use super::{gradients::Gradients, linear::Linear};
use crate::model::{
    Dropout,
    kernels::{
        Grid, attend_whole, attend_whole_grad, drop_values, gelu, gelu_grad, layer_norm,
        layer_norm_grad,
    },
};

/// Layer normalization (Ba et al. 2016).
pub struct Norm<'a> {
    /// Its published name, such as `h.0.ln_1`.
    pub name: String,
    /// (c).
    pub weight: &'a [f32],
    /// (c).
    pub bias: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

/// The layers of a block.
pub struct Block<'a> {
    /// The norm before attention.
    pub ln_1: Norm<'a>,
    /// The projection to queries, keys and values, c to 3c.
    pub c_attn: Linear<'a>,
    /// The output projection of attention, c to c.
    pub c_proj: Linear<'a>,
    /// The norm before the MLP.
    pub ln_2: Norm<'a>,
    /// The MLP's first layer, c to n_inner.
    pub c_fc: Linear<'a>,
    /// The MLP's second layer, n_inner to c.
    pub mlp_proj: Linear<'a>,
    /// How attention divides its rows into windows and heads, and its dropout.
    pub grid: Grid,
    /// Dropout of the outputs of attention and of the MLP.
    pub dropouts: [Option<Dropout>; 2],
}

/// What the backward pass of a block needs from its forward pass, besides the input.
#[derive(Default)]
pub struct Activations {
    /// Queries, keys and values, (n, 3c).
    qkv: Vec<f32>,
    /// The output of attention before its projection, (n, c).
    attended: Vec<f32>,
    /// The residual stream between attention and MLP, (n, c).
    middle: Vec<f32>,
    /// The MLP's hidden layer before GELU, (n, n_inner).
    hidden: Vec<f32>,
}

/// Scratch buffers that all blocks share. Their contents matter only within one call.
#[derive(Default)]
pub struct Scratch {
    /// (n, c).
    row: Vec<f32>,
    /// (n, c).
    row_grad: Vec<f32>,
    /// (n, 3c).
    qkv_grad: Vec<f32>,
    /// (n, n_inner).
    wide: Vec<f32>,
    /// (n, n_inner).
    wide_grad: Vec<f32>,
}

/// `values` with this length. Their contents are unspecified.
fn sized(values: &mut Vec<f32>, length: usize) -> &mut [f32] {
    values.resize(length, 0.0);
    values
}

impl Norm<'_> {
    /// Normalize each row of `x` (n, c) into `y` (n, c).
    pub fn forward(&self, x: &[f32], y: &mut [f32]) {
        layer_norm(x, self.weight, self.bias, self.epsilon, y);
    }

    /// Given the gradient `g` of the output, add that of the input to `dx` and those of weight and bias to `gradients`.
    pub fn backward(&self, x: &[f32], g: &[f32], dx: &mut [f32], gradients: &mut Gradients) {
        let sums = layer_norm_grad(x, self.weight, self.epsilon, g, dx);
        let (weight, bias) = sums.split_at(self.weight.len());
        gradients.add_values(&format!("{}.weight", self.name), weight);
        gradients.add_values(&format!("{}.bias", self.name), bias);
    }
}

/// Apply dropout to `x` in place, if there is any.
pub fn drop_from(x: &mut [f32], dropout: Option<Dropout>) {
    if let Some(Dropout { rate, seed }) = dropout.filter(|d| d.rate > 0.0) {
        drop_values(x, rate, seed);
    }
}

impl Block<'_> {
    /// Replace `x` (n, c) by the block's output, and store the activations.
    pub fn forward(&self, x: &mut [f32], activations: &mut Activations, scratch: &mut Scratch) {
        let (n, c) = (x.len() / self.ln_1.bias.len(), self.ln_1.bias.len());
        let row = sized(&mut scratch.row, n * c);
        self.ln_1.forward(x, row);
        let qkv = sized(&mut activations.qkv, n * 3 * c);
        self.c_attn.forward(row, None, qkv);
        let attended = sized(&mut activations.attended, n * c);
        attend_whole(qkv, &self.grid, attended);
        let middle = sized(&mut activations.middle, n * c);
        self.add(&self.c_proj, attended, x, middle, self.dropouts[0]);
        self.ln_2.forward(middle, row);
        let hidden = sized(&mut activations.hidden, n * self.c_fc.bias.len());
        self.c_fc.forward(row, None, hidden);
        let wide = sized(&mut scratch.wide, hidden.len());
        gelu(hidden, wide);
        self.add(&self.mlp_proj, wide, middle, x, self.dropouts[1]);
    }

    /// y = residual + dropout(layer(x)).
    fn add(
        &self,
        layer: &Linear,
        x: &[f32],
        residual: &[f32],
        y: &mut [f32],
        dropout: Option<Dropout>,
    ) {
        if dropout.is_none_or(|d| d.rate == 0.0) {
            return layer.forward(x, Some(residual), y);
        }
        layer.forward(x, None, y);
        drop_from(y, dropout);
        y.iter_mut().zip(residual).for_each(|(y, x)| *y += x);
    }

    /// Replace `g` (n, c), the gradient of the block's output, by that of its input `x`. The gradients of its parameters
    /// are added to `gradients`.
    pub fn backward(
        &self,
        x: &[f32],
        g: &mut [f32],
        activations: &Activations,
        scratch: &mut Scratch,
        gradients: &mut Gradients,
    ) {
        let Activations { qkv, attended, middle, hidden } = activations;
        let row = sized(&mut scratch.row, x.len());
        let row_grad = sized(&mut scratch.row_grad, x.len());
        let wide = sized(&mut scratch.wide, hidden.len());
        let wide_grad = sized(&mut scratch.wide_grad, hidden.len());
        gelu(hidden, wide);
        row_grad.copy_from_slice(g);
        drop_from(row_grad, self.dropouts[1]);
        self.mlp_proj.backward(wide, row_grad, wide_grad, gradients);
        gelu_grad(hidden, wide_grad);
        self.ln_2.forward(middle, row);
        self.c_fc.backward(row, wide_grad, row_grad, gradients);
        self.ln_2.backward(middle, row_grad, g, gradients);

        row_grad.copy_from_slice(g);
        drop_from(row_grad, self.dropouts[0]);
        self.c_proj.backward(attended, row_grad, row, gradients);
        let qkv_grad = sized(&mut scratch.qkv_grad, qkv.len());
        attend_whole_grad(qkv, row, &self.grid, qkv_grad);
        self.ln_1.forward(x, row);
        self.c_attn.backward(row, qkv_grad, row_grad, gradients);
        self.ln_1.backward(x, row_grad, g, gradients);
    }
}
