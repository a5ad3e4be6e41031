//! Several sequences read in one pass of the network.

use crate::model::{Network, Span};
use anyhow::Result;
use candle_core::{Device, Tensor};

/// The sequences of one pass of the network, and the rows of its output whose logits are needed.
#[derive(Default)]
pub(super) struct Batch<'a> {
    spans: Vec<Span<'a>>,
    tokens: u32,
    rows: Vec<u32>,
}

impl<'a> Batch<'a> {
    /// Add sequences, and the rows that are needed, counted from the first row of these sequences.
    pub(super) fn add(
        &mut self,
        spans: impl IntoIterator<Item = Span<'a>>,
        rows: impl IntoIterator<Item = u32>,
    ) {
        self.rows.extend(rows.into_iter().map(|row| self.tokens + row));
        for span in spans {
            self.tokens += span.ids.len() as u32;
            self.spans.push(span);
        }
    }

    /// Read the sequences; returns the logits of the needed rows.
    pub(super) fn read(mut self, network: &dyn Network) -> Result<Vec<Vec<f32>>> {
        if self.spans.is_empty() {
            return Ok(Vec::new());
        }
        let hidden = network.read(&mut self.spans)?;
        if self.rows.is_empty() {
            return Ok(Vec::new());
        }
        let rows = Tensor::new(self.rows, &Device::Cpu)?;
        Ok(network.head(&hidden.index_select(&rows, 0)?)?.to_vec2()?)
    }
}
