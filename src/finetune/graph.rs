//! The same step on a GPU, in candle's operations: matrices in 16 bits there (bf16), what they learn kept in 32. A block
//! at a time, so that what a block needed is free again as soon as its gradients are made.

use super::{
    adamw::{AdamW, Moments},
    dataset::Batch,
    pass::Manner,
    weights::Weights,
};
use crate::model::{Gpt2, Precision, Raw, Windows};
use anyhow::{Context, Result};
use candle_core::{D, DType, Device, Tensor, Var, backprop::GradStore};

/// Rows whose logits are there at once.
const ROWS: usize = 1024;

/// A run's weights and moments on a device.
pub struct Graph {
    device: Device,
    /// What matrices are multiplied in.
    kind: DType,
    /// Those that learn, as the weights' own list has them.
    trained: Vec<(String, Var)>,
    /// The others.
    still: Vec<(String, Tensor)>,
    moments: Vec<[Tensor; 2]>,
    scale: f64,
    sums: Vec<Option<Tensor>>,
}

/// The GPU that this program was built for; none without one of its features.
///
/// # Errors
/// When it was built for one and finds none.
pub fn device() -> Result<Option<Device>> {
    #[cfg(feature = "cuda")]
    return Ok(Some(Device::new_cuda(0).context("built for CUDA, and no such device answers")?));
    #[cfg(all(feature = "metal", not(feature = "cuda")))]
    return Ok(Some(Device::new_metal(0).context("built for Metal, and no such device answers")?));
    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    return Ok(None);
}

impl Graph {
    /// Bring everything to a device.
    ///
    /// # Errors
    /// When it has too little memory.
    pub fn new(weights: &Weights, moments: &[Moments], device: &Device) -> Result<Self> {
        let there = |tensor: &Tensor| tensor.detach().to_device(device);
        let names: Vec<&String> = weights.trained().iter().map(|(name, _)| name).collect();
        let mut this = Self {
            device: device.clone(),
            kind: if device.is_cpu() { DType::F32 } else { DType::BF16 },
            trained: Vec::new(),
            still: Vec::new(),
            moments: Vec::new(),
            scale: weights.scale(),
            sums: Vec::new(),
        };
        for ((name, var), Moments { mean, square }) in weights.trained().iter().zip(moments) {
            this.trained.push((name.clone(), Var::from_tensor(&there(var)?)?));
            let moment = |values: &Vec<f32>| Tensor::from_slice(values, var.dims(), device);
            this.moments.push([moment(mean)?, moment(square)?]);
        }
        for (name, tensor) in weights.all().filter(|(name, _)| !names.contains(name)) {
            this.still.push((name.clone(), there(tensor)?));
        }
        Ok(this)
    }

    /// Bring what was learnt back.
    ///
    /// # Errors
    /// When the device fails.
    pub fn fetch(&self, weights: &Weights, moments: &mut [Moments]) -> Result<()> {
        let own = self.trained.iter().zip(&self.moments);
        for (((_, to), to_moments), ((_, from), [mean, square])) in
            weights.trained().iter().zip(moments).zip(own)
        {
            to.set(&from.detach().to_device(&Device::Cpu)?)?;
            to_moments.mean = mean.flatten_all()?.to_vec1()?;
            to_moments.square = square.flatten_all()?.to_vec1()?;
        }
        Ok(())
    }

    fn get(&self, name: &str) -> Result<Tensor> {
        let trained = self.trained.iter().find(|(own, _)| own == name);
        let found = trained.map(|(_, var)| var.as_tensor());
        let found = found.or(self.still.iter().find(|(own, _)| own == name).map(|(_, t)| t));
        found.cloned().with_context(|| format!("`{name}` is missing"))
    }

    /// The network, as a graph that begins at what learns.
    fn network(&self, weights: &Weights) -> Result<Gpt2> {
        Gpt2::load(weights.config.clone(), Precision::F32, &mut |name, _| {
            let mut tensor = self.get(name)?;
            let whole = name.strip_suffix(".weight").unwrap_or_default();
            let small = |end: &str| self.get(&format!("{whole}.{end}"));
            if let (Ok(a), Ok(b)) = (small("lora_a"), small("lora_b")) {
                tensor = (tensor + (a.matmul(&b)? * self.scale)?)?;
            }
            // norms are made in 32 bits, and tables looked up in them
            let is_fine = name.contains("ln_") || ["wte.weight", "wpe.weight"].contains(&name);
            Ok(Raw::Float(if is_fine { tensor } else { tensor.to_dtype(self.kind)? }))
        })
    }

    /// Forget the gradients that were added up.
    pub fn clear(&mut self) {
        self.sums = self.trained.iter().map(|_| None).collect();
    }

    fn add(&mut self, store: &mut GradStore) -> Result<()> {
        for ((_, var), sum) in self.trained.iter().zip(&mut self.sums) {
            if let Some(own) = store.remove(var.as_tensor()) {
                *sum = Some(match sum.take() {
                    Some(sum) => (sum + own)?,
                    None => own,
                });
            }
        }
        Ok(())
    }

    /// The sum of the losses of a batch in nats; the gradients of `share` times it are added up.
    ///
    /// # Errors
    /// When a token is outside the vocabulary, or the device's memory ends.
    pub fn learn(
        &mut self,
        weights: &Weights,
        batch: &Batch,
        manner: Manner,
        share: f64,
    ) -> Result<f64> {
        let network = self.network(weights)?;
        let windows = self.windows(batch, manner);
        let begin = network.embed_windows(&self.ids(batch, manner)?, manner.dropout)?;
        let mut x = begin.detach().to_dtype(self.kind)?;
        let mut kept = Vec::new();
        for i in 0..weights.config.n_layer {
            let input = Var::from_tensor(&x)?;
            let output = network.block_of_windows(i, input.as_tensor(), windows)?;
            x = output.detach();
            kept.push((input, (!manner.checkpointing).then_some(output)));
        }
        let (loss, mut g) = self.head(weights, &network, x, batch, Some(share))?;
        for (i, (input, output)) in kept.into_iter().enumerate().rev() {
            let output = match output {
                Some(output) => output,
                None => network.block_of_windows(i, input.as_tensor(), windows)?,
            };
            // A sum whose gradient is the one that came back, so that candle goes on with it from here.
            let mut store = (output * g)?.sum_all()?.backward()?;
            g = store.remove(input.as_tensor()).context("a block without a gradient")?;
            self.add(&mut store)?;
        }
        if begin.track_op() {
            let mut store = (begin * g.to_dtype(DType::F32)?)?.sum_all()?.backward()?;
            self.add(&mut store)?;
        }
        Ok(loss)
    }

    /// The sum of the losses of a batch in nats, nothing dropped.
    ///
    /// # Errors
    /// As [`Graph::learn`].
    pub fn measure(&mut self, weights: &Weights, batch: &Batch, manner: Manner) -> Result<f64> {
        let manner = Manner { dropout: None, ..manner };
        let network = self.network(weights)?;
        let windows = self.windows(batch, manner);
        let mut x = network.embed_windows(&self.ids(batch, manner)?, None)?.detach();
        x = x.to_dtype(self.kind)?;
        for i in 0..weights.config.n_layer {
            x = network.block_of_windows(i, &x, windows)?.detach();
        }
        Ok(self.head(weights, &network, x, batch, None)?.0)
    }

    fn ids(&self, batch: &Batch, manner: Manner) -> Result<Tensor> {
        let shape = (batch.inputs.len() / manner.time, manner.time);
        Ok(Tensor::from_slice(&batch.inputs, shape, &self.device)?)
    }

    fn windows(&self, batch: &Batch, manner: Manner) -> Windows {
        let Manner { time, dropout, .. } = manner;
        Windows { batch: batch.inputs.len() / time, time, dropout }
    }

    /// The sum of the losses, and the gradient of the last block's output.
    fn head(
        &mut self,
        weights: &Weights,
        network: &Gpt2,
        x: Tensor,
        batch: &Batch,
        share: Option<f64>,
    ) -> Result<(f64, Tensor)> {
        let (mut loss, mut parts) = (0.0, Vec::new());
        let head = self.get(weights.config.head())?;
        for (i, targets) in batch.targets.chunks(ROWS).enumerate() {
            let rows = Var::from_tensor(&x.narrow(0, i * ROWS, targets.len())?.contiguous()?)?;
            let last = network.last_norm(rows.as_tensor())?;
            let logits = last.matmul(&head.to_dtype(self.kind)?.t()?)?.to_dtype(DType::F32)?;
            let targets = Tensor::new(targets, &self.device)?.unsqueeze(1)?;
            let own = logits.gather(&targets, D::Minus1)?.squeeze(1)?;
            let most = logits.max_keepdim(D::Minus1)?.detach();
            let all = logits.broadcast_sub(&most)?.exp()?.sum(D::Minus1)?.log()?;
            let sum = ((all + most.squeeze(1)?)? - own)?.sum_all()?;
            loss += f64::from(sum.to_scalar::<f32>()?);
            if let Some(share) = share {
                let mut store = (sum * share)?.backward()?;
                parts.push(store.remove(rows.as_tensor()).context("a head without a gradient")?);
                self.add(&mut store)?;
            }
        }
        let back = if parts.is_empty() { x } else { Tensor::cat(&parts, 0)? };
        Ok((loss, back))
    }

    /// The length of all gradients together.
    ///
    /// # Errors
    /// When a parameter got none.
    pub fn norm(&self) -> Result<f64> {
        let mut squares = Vec::new();
        for ((name, _), sum) in self.trained.iter().zip(&self.sums) {
            let sum = sum.as_ref().with_context(|| format!("`{name}` got no gradient"))?;
            squares.push(sum.sqr()?.sum_all()?);
        }
        let all = Tensor::stack(&squares, 0)?.sum_all()?.to_scalar::<f32>()?;
        Ok(f64::from(all).sqrt())
    }

    /// A step of AdamW with the gradients that were added up, multiplied with `scale`; `step` counts from 1.
    ///
    /// # Errors
    /// When the device fails.
    pub fn step(&mut self, adamw: &AdamW, (step, rate): (usize, f64), scale: f64) -> Result<()> {
        let power = |beta: f64| 1.0 - beta.powi(step.min(1 << 30) as i32);
        let (first, second) = (power(adamw.beta1), power(adamw.beta2));
        let all = self.trained.iter().zip(&mut self.moments).zip(&mut self.sums);
        for (((name, var), [mean, square]), sum) in all {
            let g = sum.take().with_context(|| format!("`{name}` got no gradient"))?;
            let g = (g * scale)?;
            *mean = ((&*mean * adamw.beta1)? + (&g * (1.0 - adamw.beta1))?)?;
            *square = ((&*square * adamw.beta2)? + (g.sqr()? * (1.0 - adamw.beta2))?)?;
            let size = ((&*square * (1.0 / second))?.sqrt()? + adamw.epsilon)?;
            let kept = if var.rank() >= 2 { 1.0 - rate * adamw.decay } else { 1.0 };
            let by = ((&*mean * (rate / first))? / size)?;
            var.set(&((var.as_tensor().detach() * kept)? - by)?)?;
        }
        Ok(())
    }
}
