//! The numbers that learn, and the network made of them: all of a model, its blocks alone, or small matrices beside its
//! own (LoRA, Hu et al. 2021) that are added in when it is written.

use crate::model::{Config, Gpt2, Model, Part, Precision, Raw, Weight, kernels::mix};
use anyhow::{Context, Result, ensure};
use candle_core::{Device, Tensor, Var};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Which numbers of a model learn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All.
    #[default]
    Full,
    /// Those of the blocks; neither the embeddings nor the last norm.
    Blocks,
    /// None but small matrices that are added to some.
    Lora(Lora),
}

/// Small matrices beside large ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lora {
    /// How many rows and columns they have.
    pub rank: usize,
    /// What they are added with, times the rank.
    pub alpha: f64,
    /// The ends of the names of the matrices that get them: `c_attn`, `c_proj`, `c_fc`.
    pub targets: Vec<String>,
}

/// A model's tensors by their published names, and which of them learn.
pub struct Weights {
    /// Its shape.
    pub config: Config,
    /// All in the published order and layout, (in, out); those that learn are variables.
    tensors: Vec<(String, Tensor)>,
    /// Those that learn, in that order.
    trained: Vec<(String, Var)>,
    lora: Option<Lora>,
}

impl Weights {
    /// Take a model in f32 apart. What `scope` says becomes a variable; the seed draws the first small matrices.
    ///
    /// # Errors
    /// When the model is not in f32, or LoRA has nothing to be added to.
    pub fn new(model: &Model, scope: &Scope, seed: u64) -> Result<Self> {
        let mut this = Self {
            config: model.network.config.clone(),
            tensors: Vec::new(),
            trained: Vec::new(),
            lora: None,
        };
        for (name, part) in model.network.parts() {
            let tensor = match part {
                Part::Vector(t) | Part::Matrix(Weight::Dense(t)) => t.clone(),
                Part::Matrix(Weight::Transposed(t)) if !name.starts_with("h.") => t.clone(),
                Part::Matrix(Weight::Transposed(t)) => t.t()?.contiguous()?,
                Part::Matrix(_) => anyhow::bail!("`{name}` is not in f32"),
            };
            let learns = match scope {
                Scope::Full => true,
                Scope::Blocks => name.starts_with("h."),
                Scope::Lora(_) => false,
            };
            if !learns {
                this.tensors.push((name, tensor));
                continue;
            }
            let var = Var::from_tensor(&tensor)?;
            this.tensors.push((name.clone(), var.as_tensor().clone()));
            this.trained.push((name, var));
        }
        if let Scope::Lora(lora) = scope {
            this.add(lora, seed)?;
        }
        Ok(this)
    }

    fn add(&mut self, lora: &Lora, seed: u64) -> Result<()> {
        ensure!(lora.rank > 0, "LoRA needs a rank of at least 1");
        for (name, tensor) in &self.tensors {
            let Some(whole) = name.strip_suffix(".weight").filter(|n| n.starts_with("h.")) else {
                continue;
            };
            if !lora.targets.iter().any(|end| whole.ends_with(&format!(".{end}"))) {
                continue;
            }
            let (input, out) = tensor.dims2()?;
            let mut state = mix(seed ^ mix(self.trained.len() as u64));
            let least = 1.0 / (input as f32).sqrt();
            let first: Vec<f32> = (0..input * lora.rank)
                .map(|_| {
                    state = mix(state);
                    ((state >> 40) as f32 / (1 << 23) as f32 - 1.0) * least
                })
                .collect();
            let first = Tensor::from_vec(first, (input, lora.rank), &Device::Cpu)?;
            let second = Tensor::zeros((lora.rank, out), first.dtype(), &Device::Cpu)?;
            self.trained.push((format!("{whole}.lora_a"), Var::from_tensor(&first)?));
            self.trained.push((format!("{whole}.lora_b"), Var::from_tensor(&second)?));
        }
        ensure!(
            !self.trained.is_empty(),
            "LoRA has no matrix to be added to: no name ends in {}; known: attn.c_attn, attn.c_proj, mlp.c_fc, \
             mlp.c_proj",
            lora.targets.join(" or ")
        );
        self.lora = Some(lora.clone());
        Ok(())
    }

    /// Those that learn, by name.
    pub fn trained(&self) -> &[(String, Var)] {
        &self.trained
    }

    /// How many numbers learn.
    pub fn count(&self) -> usize {
        self.trained.iter().map(|(_, var)| var.elem_count()).sum()
    }

    /// Tensors by their published names, small matrices added in; gradients go through to what learns.
    ///
    /// # Errors
    /// Only when memory ends.
    pub fn merged(&self) -> Result<Vec<(String, Tensor)>> {
        let Some(lora) = &self.lora else { return Ok(self.tensors.clone()) };
        let small: HashMap<&str, &Var> =
            self.trained.iter().map(|(name, var)| (name.as_str(), var)).collect();
        let merge = |(name, tensor): &(String, Tensor)| {
            let whole = name.strip_suffix(".weight").unwrap_or_default();
            let part = |end: &str| small.get(format!("{whole}.{end}").as_str());
            let merged = match (part("lora_a"), part("lora_b")) {
                (Some(a), Some(b)) => {
                    let scale = lora.alpha / lora.rank as f64;
                    (tensor + (a.as_tensor().matmul(b.as_tensor())? * scale)?)?
                }
                _ => tensor.clone(),
            };
            Ok((name.clone(), merged))
        };
        self.tensors.iter().map(merge).collect()
    }

    /// The network as it is now.
    ///
    /// # Errors
    /// Only when memory ends.
    pub fn network(&self) -> Result<Gpt2> {
        let tensors: HashMap<String, Tensor> = self.merged()?.into_iter().collect();
        Gpt2::load(self.config.clone(), Precision::F32, &mut |name, _| {
            let tensor = tensors.get(name).with_context(|| format!("`{name}` is missing"))?;
            Ok(Raw::Float(tensor.clone()))
        })
    }

    /// The name of the matrix that makes logits, and the matrix (v, c).
    ///
    /// # Errors
    /// When there is none.
    pub fn head(&self) -> Result<(&str, &Tensor)> {
        let name = if self.config.tie_word_embeddings { "wte.weight" } else { "lm_head.weight" };
        let found = self.tensors.iter().find(|(n, _)| n == name);
        let (name, tensor) = found.with_context(|| format!("`{name}` is missing"))?;
        Ok((name, tensor))
    }

    /// A number that models with other weights or shapes don't have: of what does not learn, and all shapes.
    ///
    /// # Errors
    /// Only when memory ends.
    pub fn fingerprint(&self) -> Result<u64> {
        let mut hash = mix(self.tensors.len() as u64);
        let variables: Vec<_> = self.trained.iter().map(|(name, _)| name).collect();
        for (name, tensor) in &self.tensors {
            hash = tensor.dims().iter().fold(hash, |hash, &n| mix(hash ^ n as u64));
            if !variables.contains(&name) {
                let sum = tensor.to_dtype(candle_core::DType::F64)?.sum_all()?;
                hash = mix(hash ^ sum.to_scalar::<f64>()?.to_bits());
            }
        }
        Ok(self.trained.iter().fold(hash, |hash, (_, v)| mix(hash ^ v.elem_count() as u64)))
    }
}
