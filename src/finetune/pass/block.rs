//! A block of the network, forward and back on floats. What it needs again is kept, or made again where memory is dear.

use super::{super::gradients::Gradients, linear::Linear};
use crate::model::{
    Dropout,
    kernels::{
        Grid, attend_whole, attend_whole_grad, drop_values, gelu, gelu_grad, layer_norm,
        layer_norm_grad,
    },
};

/// Layer normalization.
pub struct Norm<'a> {
    /// Its published name.
    pub name: String,
    /// (c).
    pub weight: &'a [f32],
    /// (c).
    pub bias: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

/// A block.
pub struct Block<'a> {
    /// Before attention.
    pub ln_1: Norm<'a>,
    /// To queries, keys and values.
    pub c_attn: Linear<'a>,
    /// Out of attention.
    pub c_proj: Linear<'a>,
    /// Before the feed-forward layer.
    pub ln_2: Norm<'a>,
    /// Into it.
    pub c_fc: Linear<'a>,
    /// Out of it.
    pub mlp_proj: Linear<'a>,
    /// How attention cuts its rows, and what it drops.
    pub grid: Grid,
    /// What is dropped of what attention and the feed-forward layer add.
    pub dropped: [Option<Dropout>; 2],
}

/// What the way back needs of the way there.
#[derive(Default)]
pub struct Kept {
    /// (n, 3c): queries, keys and values.
    qkv: Vec<f32>,
    /// (n, c): what attention gave.
    seen: Vec<f32>,
    /// (n, c): after attention.
    middle: Vec<f32>,
    /// (n, inner): before GELU.
    hidden: Vec<f32>,
}

/// Room for what nobody needs again; used by one block after the other.
#[derive(Default)]
pub struct Room {
    /// (n, c).
    row: Vec<f32>,
    /// (n, c).
    back: Vec<f32>,
    /// (n, 3c).
    qkv: Vec<f32>,
    /// (n, inner).
    wide: Vec<f32>,
    /// (n, inner).
    wide_back: Vec<f32>,
}

/// Numbers of this many; what they were means nothing.
fn sized(values: &mut Vec<f32>, length: usize) -> &mut [f32] {
    values.resize(length, 0.0);
    values
}

impl Norm<'_> {
    /// x (n, c) to `y`.
    pub fn forward(&self, x: &[f32], y: &mut [f32]) {
        layer_norm(x, self.weight, self.bias, self.epsilon, y);
    }

    /// Add the input's gradient to `dx`, given the output's.
    pub fn back(&self, x: &[f32], g: &[f32], dx: &mut [f32], gradients: &mut Gradients) {
        let sums = layer_norm_grad(x, self.weight, self.epsilon, g, dx);
        let (weight, bias) = sums.split_at(self.weight.len());
        gradients.add_values(&format!("{}.weight", self.name), weight);
        gradients.add_values(&format!("{}.bias", self.name), bias);
    }
}

/// Values with some dropped, where there is something to drop.
pub fn drop_from(x: &mut [f32], dropout: Option<Dropout>) {
    if let Some(Dropout { rate, seed }) = dropout.filter(|d| d.rate > 0.0) {
        drop_values(x, rate, seed);
    }
}

impl Block<'_> {
    /// x (n, c) becomes what the block gives.
    pub fn forward(&self, x: &mut [f32], kept: &mut Kept, room: &mut Room) {
        let (n, c) = (x.len() / self.ln_1.bias.len(), self.ln_1.bias.len());
        let row = sized(&mut room.row, n * c);
        self.ln_1.forward(x, row);
        let qkv = sized(&mut kept.qkv, n * 3 * c);
        self.c_attn.forward(row, None, qkv);
        let seen = sized(&mut kept.seen, n * c);
        attend_whole(qkv, &self.grid, seen);
        let middle = sized(&mut kept.middle, n * c);
        self.add(&self.c_proj, seen, x, middle, self.dropped[0]);
        self.ln_2.forward(middle, row);
        let hidden = sized(&mut kept.hidden, n * self.c_fc.bias.len());
        self.c_fc.forward(row, None, hidden);
        let wide = sized(&mut room.wide, hidden.len());
        gelu(hidden, wide);
        self.add(&self.mlp_proj, wide, middle, x, self.dropped[1]);
    }

    /// `y` becomes `base` and what a layer makes of `x`, with values dropped.
    fn add(
        &self,
        layer: &Linear,
        x: &[f32],
        base: &[f32],
        y: &mut [f32],
        dropped: Option<Dropout>,
    ) {
        if dropped.is_none_or(|d| d.rate == 0.0) {
            return layer.forward(x, Some(base), y);
        }
        layer.forward(x, None, y);
        drop_from(y, dropped);
        y.iter_mut().zip(base).for_each(|(y, x)| *y += x);
    }

    /// `g`, the gradient of what the block gave, becomes that of its input `x`; those of its parameters are added up.
    pub fn back(
        &self,
        x: &[f32],
        g: &mut [f32],
        kept: &Kept,
        room: &mut Room,
        gradients: &mut Gradients,
    ) {
        let Room { row, back, qkv, wide, wide_back } = room;
        let (row, back) = (sized(row, x.len()), sized(back, x.len()));
        let wide = sized(wide, kept.hidden.len());
        let wide_back = sized(wide_back, kept.hidden.len());
        gelu(&kept.hidden, wide);
        back.copy_from_slice(g);
        drop_from(back, self.dropped[1]);
        self.mlp_proj.back(wide, back, wide_back, gradients);
        gelu_grad(&kept.hidden, wide_back);
        self.ln_2.forward(&kept.middle, row);
        self.c_fc.back(row, wide_back, back, gradients);
        self.ln_2.back(&kept.middle, back, g, gradients);

        back.copy_from_slice(g);
        drop_from(back, self.dropped[0]);
        self.c_proj.back(&kept.seen, back, row, gradients);
        let qkv = sized(qkv, kept.qkv.len());
        attend_whole_grad(&kept.qkv, row, &self.grid, qkv);
        self.ln_1.forward(x, row);
        self.c_attn.back(row, qkv, back, gradients);
        self.ln_1.back(x, back, g, gradients);
    }
}
