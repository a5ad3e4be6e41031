//! The numbers that learn, and the network made of them: all of a model, its blocks alone, or small matrices beside its
//! own (LoRA, Hu et al. 2021) that are added in when it is written.

use super::pass::View;
use crate::model::{Config, Floats, Gpt2, Precision, Raw, kernels::mix};
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
    /// Take a network in f32 apart. What `scope` says becomes a variable; the seed draws the first small matrices.
    ///
    /// # Errors
    /// When the network is not in f32, or LoRA has nothing to be added to.
    pub fn new(network: Gpt2, scope: &Scope, seed: u64) -> Result<Self> {
        let mut this = Self {
            config: network.config.clone(),
            tensors: Vec::new(),
            trained: Vec::new(),
            lora: None,
        };
        // each copy takes the place of what it was made of, so that a model is never there twice
        for (name, tensor) in network.into_tensors()? {
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

    /// The published names of all tensors, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.iter().map(|(name, _)| &**name)
    }

    /// The same with their shapes.
    pub fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        self.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect()
    }

    /// All tensors by their published names, without small matrices.
    pub fn all(&self) -> impl Iterator<Item = (&String, &Tensor)> {
        self.tensors.iter().map(|(name, tensor)| (name, tensor))
    }

    /// What the products of small matrices are multiplied with.
    pub fn scale(&self) -> f64 {
        self.lora.as_ref().map_or(0.0, |lora| lora.alpha / lora.rank as f64)
    }

    /// A tensor by its published name, small matrices added in.
    ///
    /// # Errors
    /// When there is none.
    pub fn merged(&self, name: &str) -> Result<Tensor> {
        let found = self.tensors.iter().find(|(own, _)| own == name);
        let tensor = found.map(|(_, tensor)| tensor.detach());
        let tensor = tensor.with_context(|| format!("`{name}` is missing"))?;
        let whole = name.strip_suffix(".weight").unwrap_or_default();
        let small = |end: &str| {
            let mut all = self.trained.iter();
            all.find(|(own, _)| *own == format!("{whole}.{end}")).map(|(_, var)| var.detach())
        };
        match (small("lora_a"), small("lora_b")) {
            (Some(a), Some(b)) => Ok((tensor + (a.matmul(&b)? * self.scale())?)?),
            _ => Ok(tensor),
        }
    }

    /// The network as it is now.
    ///
    /// # Errors
    /// Only when memory ends.
    pub fn network(&self) -> Result<Gpt2> {
        Gpt2::load(self.config.clone(), Precision::F32, &mut |name, _| {
            Ok(Raw::Float(self.merged(name)?))
        })
    }

    /// All numbers as they lie in memory.
    ///
    /// # Errors
    /// When a tensor is not on this processor.
    pub fn view(&self) -> Result<View<'_>> {
        let small = self.trained.iter().filter(|(name, _)| name.contains(".lora_"));
        let small = small.map(|(name, var)| (name, var.as_tensor()));
        let all = self.tensors.iter().map(|(name, tensor)| (name, tensor)).chain(small);
        let mut tensors = HashMap::new();
        for (name, tensor) in all {
            tensors.insert(&**name, Floats::of(tensor)?);
        }
        Ok(View { config: &self.config, tensors, scale: self.scale() as f32 })
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
