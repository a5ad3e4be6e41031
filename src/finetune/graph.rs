//! Training on a GPU, in candle's operations with autograd. Matrices are multiplied in bf16; trained weights, gradients
//! and optimizer state are kept in f32 (mixed precision; Micikevicius et al. 2018). Each block has a graph of its own,
//! which is freed as soon as its gradients are computed.
//!
//! The same code runs on a CPU in f32, which is how it is tested.

use super::{
    adamw::{AdamW, Moments, Update},
    backend::{Backend, Pass},
    dataset::Batch,
    weights::Weights,
};
use crate::model::{Gpt2, Network, Precision, Raw, Spec, Windows};
use anyhow::{Context, Result};
use candle_core::{D, DType, Device, Tensor, Var, backprop::GradStore};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// How many rows of logits are in memory at once.
const ROWS: usize = 1024;

/// The backend that computes on a device of candle. It has its own copies of weights and moments there.
pub struct Graph {
    device: Device,
    /// The type that matrices are multiplied in.
    dtype: DType,
    /// The trained parameters, in the order of [`Weights::trained`].
    trained: Vec<(String, Var)>,
    /// The published tensors; those that are trained are the variables.
    tensors: HashMap<String, Tensor>,
    /// AdamW's first and second moment of each trained parameter.
    moments: Vec<[Tensor; 2]>,
    /// The accumulated gradient of each trained parameter, once there is one.
    sums: Vec<Option<Tensor>>,
}

/// The GPU that this build supports; `None` when it was built without the features `cuda` and `metal`.
///
/// # Errors
/// When it was built for a GPU and finds none.
pub fn device() -> Result<Option<Device>> {
    #[cfg(feature = "cuda")]
    return Ok(Some(Device::new_cuda(0).context(
        "this program was built for CUDA and found no CUDA device; check `nvidia-smi`, or use the build for the CPU",
    )?));
    #[cfg(all(feature = "metal", not(feature = "cuda")))]
    return Ok(Some(Device::new_metal(0).context(
        "this program was built for Metal and found no Metal device; use the build for the CPU",
    )?));
    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    return Ok(None);
}

impl Graph {
    /// Copy weights and moments to a device.
    ///
    /// # Errors
    /// When the device has too little memory.
    pub fn new(weights: &Weights, moments: &[Moments], device: &Device) -> Result<Self> {
        let copy = |tensor: &Tensor| tensor.detach().to_device(device);
        let mut this = Self {
            device: device.clone(),
            dtype: if device.is_cpu() { DType::F32 } else { DType::BF16 },
            trained: Vec::new(),
            tensors: HashMap::new(),
            moments: Vec::new(),
            sums: Vec::new(),
        };
        for ((name, var), Moments { mean, square }) in weights.trained().iter().zip(moments) {
            let moment = |values: &Vec<f32>| Tensor::from_slice(values, var.dims(), device);
            this.moments.push([moment(mean)?, moment(square)?]);
            let var = Var::from_tensor(&copy(var)?)?;
            this.tensors.insert(name.clone(), var.as_tensor().clone());
            this.trained.push((name.clone(), var));
        }
        for (name, tensor) in weights.frozen() {
            this.tensors.insert(name.to_owned(), copy(tensor)?);
        }
        this.clear();
        Ok(this)
    }

    fn get(&self, name: &str) -> Result<Tensor> {
        let found = self.tensors.get(name).cloned();
        found.with_context(|| format!("the model has no tensor `{name}`"))
    }

    /// The network over the weights on the device, LoRA merged in, as a graph from the trained parameters on.
    fn network(&self, weights: &Weights) -> Result<Gpt2> {
        Gpt2::load(weights.config.clone(), Precision::F32, &mut |spec: &Spec| {
            let name = &*spec.name;
            let tensor = weights.merge(name, self.get(name)?, &self.trained)?;
            // layer norms are computed in f32, and embeddings looked up in it
            let is_f32 = name.contains("ln_") || ["wte.weight", "wpe.weight"].contains(&name);
            Ok(Raw::Float(if is_f32 { tensor } else { tensor.to_dtype(self.dtype)? }))
        })
    }

    /// Add the gradients in `store` to the accumulated ones.
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

    fn train(&mut self, weights: &Weights, batch: &Batch, pass: Pass, share: f64) -> Result<f64> {
        let network = self.network(weights)?;
        let windows = windows(batch, pass);
        let embedded = network.embed_windows(&self.ids(batch, pass)?, pass.dropout)?;
        let mut x = embedded.detach().to_dtype(self.dtype)?;
        let mut blocks = Vec::new();
        for i in 0..weights.config.n_layer {
            let input = Var::from_tensor(&x)?;
            let output = network.block_of_windows(i, input.as_tensor(), windows)?;
            x = output.detach();
            blocks.push((input, (!pass.checkpointing).then_some(output)));
        }
        let (loss, mut g) = self.head(weights, &network, x, batch, Some(share))?;
        for (i, (input, output)) in blocks.into_iter().enumerate().rev() {
            let output = match output {
                Some(output) => output,
                None => network.block_of_windows(i, input.as_tensor(), windows)?,
            };
            // candle starts at a scalar: the gradient of sum(output * g) by the output is g
            let mut store = (output * g)?.sum_all()?.backward()?;
            g = store.remove(input.as_tensor()).context("a block's input got no gradient")?;
            self.add(&mut store)?;
        }
        if embedded.track_op() {
            let mut store = (embedded * g.to_dtype(DType::F32)?)?.sum_all()?.backward()?;
            self.add(&mut store)?;
        }
        Ok(loss)
    }

    /// Token ids as (windows, tokens per window).
    fn ids(&self, batch: &Batch, pass: Pass) -> Result<Tensor> {
        let shape = (batch.inputs.len() / pass.window, pass.window);
        Ok(Tensor::from_slice(&batch.inputs, shape, &self.device)?)
    }

    /// The sum of the token losses in nats, given the last block's output `x` (n, c). With a `share`, also the gradient of
    /// `share` times the sum with respect to `x`; without one, `x` itself.
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
            let logits = last.matmul(&head.to_dtype(self.dtype)?.t()?)?.to_dtype(DType::F32)?;
            let targets = Tensor::new(targets, &self.device)?.unsqueeze(1)?;
            let own = logits.gather(&targets, D::Minus1)?.squeeze(1)?;
            let most = logits.max_keepdim(D::Minus1)?.detach();
            let all = logits.broadcast_sub(&most)?.exp()?.sum(D::Minus1)?.log()?;
            let sum = ((all + most.squeeze(1)?)? - own)?.sum_all()?;
            loss += f64::from(sum.to_scalar::<f32>()?);
            if let Some(share) = share {
                let mut store = (sum * share)?.backward()?;
                let own = store.remove(rows.as_tensor());
                parts.push(own.context("the last block's output got no gradient")?);
                self.add(&mut store)?;
            }
        }
        let gradient = if parts.is_empty() { x } else { Tensor::cat(&parts, 0)? };
        Ok((loss, gradient))
    }

    /// The accumulated gradients; fails when a parameter has none.
    fn summed(&self) -> impl Iterator<Item = Result<&Tensor>> {
        self.trained.iter().zip(&self.sums).map(|((name, _), sum)| {
            sum.as_ref().with_context(|| format!("`{name}` got no gradient"))
        })
    }
}

impl Backend for Graph {
    fn clear(&mut self) {
        self.sums = self.trained.iter().map(|_| None).collect();
    }

    fn accumulate(
        &mut self,
        weights: &Weights,
        batch: &Batch,
        pass: Pass,
        tokens: usize,
    ) -> Result<f64> {
        self.train(weights, batch, pass, 1.0 / tokens as f64).context(
            "training on the GPU failed; if its memory is full, lower --batch-size or --window, or give \
             --gradient-checkpointing",
        )
    }

    fn gradient_norm(&self) -> Result<f64> {
        let squares = self.summed().map(|sum| Ok(sum?.sqr()?.sum_all()?));
        let squares = squares.collect::<Result<Vec<Tensor>>>()?;
        let all = Tensor::stack(&squares, 0)?.sum_all()?.to_scalar::<f32>()?;
        Ok(f64::from(all).sqrt())
    }

    fn gradients(&self) -> Result<Vec<Vec<f32>>> {
        self.summed().map(|sum| Ok(sum?.flatten_all()?.to_vec1()?)).collect()
    }

    fn update(&mut self, _: &Weights, _: &mut [Moments], update: &Update) -> Result<()> {
        let all = self.trained.iter().zip(&mut self.moments).zip(&mut self.sums);
        for (((name, var), moments), sum) in all {
            let gradient = sum.take().with_context(|| format!("`{name}` got no gradient"))?;
            update.apply_on_device(var, moments, gradient)?;
        }
        Ok(())
    }

    fn copy_back(&self, weights: &Weights, moments: &mut [Moments]) -> Result<()> {
        let here = weights.trained().iter().zip(moments);
        for (((_, to), to_moments), ((_, from), [mean, square])) in
            here.zip(self.trained.iter().zip(&self.moments))
        {
            to.set(&from.detach().to_device(&Device::Cpu)?)?;
            to_moments.mean = mean.flatten_all()?.to_vec1()?;
            to_moments.square = square.flatten_all()?.to_vec1()?;
        }
        Ok(())
    }

    fn evaluate(&mut self, weights: &Weights, batch: &Batch, window: usize) -> Result<f64> {
        let pass = Pass { window, dropout: None, checkpointing: true };
        let network = self.network(weights)?;
        let mut x = network.embed_windows(&self.ids(batch, pass)?, None)?.detach();
        x = x.to_dtype(self.dtype)?;
        for i in 0..weights.config.n_layer {
            x = network.block_of_windows(i, &x, windows(batch, pass))?.detach();
        }
        Ok(self.head(weights, &network, x, batch, None)?.0)
    }

    fn estimate(
        &mut self,
        weights: &Weights,
        batch: &Batch,
        pass: Pass,
        _: &AdamW,
        parts: usize,
    ) -> Result<Duration> {
        let mut once = || {
            let begun = Instant::now();
            self.clear();
            self.accumulate(weights, batch, pass, batch.targets.len())?;
            self.gradient_norm()?; // waits for the device
            Ok::<_, anyhow::Error>(begun.elapsed())
        };
        once()?; // the first use also compiles kernels and allocates memory
        Ok(once()? * parts as u32)
    }
}

fn windows(batch: &Batch, pass: Pass) -> Windows {
    let Pass { window, dropout, .. } = pass;
    Windows { batch: batch.inputs.len() / window, time: window, dropout }
}
