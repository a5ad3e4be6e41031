//! The weights of a model in training, and which of them are trained: all of them, only those of the blocks, or LoRA
//! matrices beside the model's own (Hu et al. 2021), which are merged into them when a checkpoint is written.

use crate::{
    model::{Architecture, Gpt2, Precision, Raw, Spec, gpt2::Config},
    splitmix::mix,
};
use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Tensor, Var};
use serde::{Deserialize, Serialize};

/// Which weights of a model are trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All of them.
    #[default]
    Full,
    /// Those of the transformer blocks; the embeddings and the last layer norm are frozen.
    Blocks,
    /// All of the model's own weights are frozen. Only LoRA matrices are trained.
    Lora(Lora),
}

/// Low-rank adaptation (LoRA; Hu et al. 2021): a matrix W (in, out) is used as W + alpha / rank * A B, where only
/// A (in, rank) and B (rank, out) are trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lora {
    /// The rank of the product A B.
    pub rank: usize,
    /// Scales the product, together with the rank.
    pub alpha: f64,
    /// How the names of the adapted matrices end, such as `c_attn` or `mlp.c_proj`.
    pub targets: Vec<String>,
}

impl Lora {
    /// The default for a rank: an alpha of twice the rank, on all matrices of the blocks.
    pub fn of_rank(rank: usize) -> Self {
        let targets = ["c_attn", "c_proj", "c_fc"].map(str::to_owned).to_vec();
        Self { rank, alpha: 2.0 * rank as f64, targets }
    }

    /// Whether the matrix with this published name (`h.0.attn.c_attn.weight`) is adapted.
    pub fn adapts(&self, name: &str) -> bool {
        let layer = name.strip_suffix(".weight").filter(|layer| layer.starts_with("h."));
        let ends = |end: &String| layer.is_some_and(|layer| layer.ends_with(&format!(".{end}")));
        self.targets.iter().any(ends)
    }

    /// The matrices (in, out) of a model that are adapted.
    pub fn matrices(&self, config: &Config) -> impl Iterator<Item = Spec> {
        config.tensors().into_iter().filter(|spec| self.adapts(&spec.name))
    }

    /// How many values A and B have, for all adapted matrices of a model together.
    pub fn parameters(&self, config: &Config) -> usize {
        self.matrices(config).map(|spec| self.rank * spec.shape.iter().sum::<usize>()).sum()
    }
}

/// A model's tensors under their published names, in the published layout: matrices are (in, out).
pub struct Weights {
    /// The model's shape.
    pub config: Config,
    /// The published tensors, in the published order.
    tensors: Vec<Entry>,
    /// The trained parameters, in the order of `tensors`: some of these, or their LoRA matrices A and B.
    trained: Vec<(String, Var)>,
    lora: Option<Lora>,
}

struct Entry {
    name: String,
    /// The variable itself when it is trained.
    tensor: Tensor,
    role: Role,
}

/// What training does with a published tensor.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    Frozen,
    Trained,
    /// Frozen, with LoRA matrices: A is at this place in `trained`, B at the next.
    Adapted(usize),
}

impl Weights {
    /// Take a network in f32 apart. What `scope` says becomes a variable. The seed draws the first values of LoRA's A;
    /// B starts at zero.
    ///
    /// # Errors
    /// When the network is not in f32, or no matrix has a name that LoRA's targets match.
    pub fn new(network: Gpt2, scope: &Scope, seed: u64) -> Result<Self> {
        let lora = match scope {
            Scope::Lora(lora) => Some(lora.clone()),
            Scope::Full | Scope::Blocks => None,
        };
        ensure!(
            lora.as_ref().is_none_or(|lora| lora.rank > 0),
            "--lora: the rank must be at least 1"
        );
        let mut this = Self {
            config: network.config.clone(),
            tensors: Vec::new(),
            trained: Vec::new(),
            lora: lora.clone(),
        };
        // one tensor at a time: the original is freed when its copy is made, so the model is never in memory twice
        for (name, tensor) in network.into_tensors()? {
            let is_trained = match scope {
                Scope::Full => true,
                Scope::Blocks => name.starts_with("h."),
                Scope::Lora(_) => false,
            };
            let (tensor, role) = if is_trained {
                let var = Var::from_tensor(&tensor)?;
                this.trained.push((name.clone(), var.clone()));
                (var.into_inner(), Role::Trained)
            } else if let Some(lora) = lora.as_ref().filter(|lora| lora.adapts(&name)) {
                let most = tensor.dims().iter().min().copied().unwrap_or(0);
                ensure!(
                    lora.rank <= most,
                    "--lora {}: the rank must be at most {most}, the smaller side of `{name}`; usual ranks are 4 to 64",
                    lora.rank
                );
                let first = this.trained.len();
                this.trained.extend(adapter(lora, &name, &tensor, mix(seed ^ mix(first as u64)))?);
                (tensor, Role::Adapted(first))
            } else {
                (tensor, Role::Frozen)
            };
            this.tensors.push(Entry { name, tensor, role });
        }
        if let Some(lora) = &lora {
            ensure!(
                !this.trained.is_empty(),
                "--lora-targets {}: no matrix has such a name; known are attn.c_attn, attn.c_proj, mlp.c_fc and \
                 mlp.c_proj",
                lora.targets.join(",")
            );
        }
        Ok(this)
    }

    /// The trained parameters by name.
    pub fn trained(&self) -> &[(String, Var)] {
        &self.trained
    }

    /// How many values are trained.
    pub fn count(&self) -> usize {
        self.trained.iter().map(|(_, var)| var.elem_count()).sum()
    }

    /// Whether LoRA matrices are trained instead of the model's own weights.
    pub fn is_lora(&self) -> bool {
        self.lora.is_some()
    }

    /// The published names of all tensors, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.iter().map(|entry| &*entry.name)
    }

    /// The published names and shapes of all tensors, in their order.
    pub fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        let shape = |entry: &Entry| (entry.name.clone(), entry.tensor.dims().to_vec());
        self.tensors.iter().map(shape).collect()
    }

    /// All tensors by their published names, without LoRA matrices. Those that are trained are the variables.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|entry| (&*entry.name, &entry.tensor))
    }

    /// All tensors that are not trained, by their published names.
    pub fn frozen(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        let frozen = self.tensors.iter().filter(|entry| entry.role != Role::Trained);
        frozen.map(|entry| (&*entry.name, &entry.tensor))
    }

    fn entry(&self, name: &str) -> Result<&Entry> {
        let found = self.tensors.iter().find(|entry| entry.name == name);
        found.with_context(|| format!("the model has no tensor `{name}`"))
    }

    /// LoRA's scale: alpha / rank. 0 without LoRA.
    pub fn scale(&self) -> f64 {
        self.lora.as_ref().map_or(0.0, |lora| lora.alpha / lora.rank as f64)
    }

    /// Where the LoRA matrices A and B of a matrix are in [`Weights::trained`]; `None` when it has none.
    pub fn adapter(&self, name: &str) -> Option<[usize; 2]> {
        match self.entry(name).ok()?.role {
            Role::Adapted(first) => Some([first, first + 1]),
            Role::Frozen | Role::Trained => None,
        }
    }

    /// W + scale * A B: `tensor` with its LoRA matrices merged in, which are taken from `trained`, a list in the order of
    /// [`Weights::trained`]. The tensor itself when it has none.
    ///
    /// # Errors
    /// When shapes differ or the device fails.
    pub fn merge(&self, name: &str, tensor: Tensor, trained: &[(String, Var)]) -> Result<Tensor> {
        let Some([a, b]) = self.adapter(name) else { return Ok(tensor) };
        let product = trained[a].1.matmul(trained[b].1.as_tensor())?;
        Ok((tensor + (product * self.scale())?)?)
    }

    /// A tensor by its published name, with LoRA merged in and no graph attached.
    ///
    /// # Errors
    /// When the model has no tensor of this name.
    pub fn merged(&self, name: &str) -> Result<Tensor> {
        let tensor = self.entry(name)?.tensor.detach();
        Ok(self.merge(name, tensor, &self.trained)?.detach())
    }

    /// The network with its current weights, LoRA merged in.
    ///
    /// # Errors
    /// Only when memory runs out.
    pub fn network(&self) -> Result<Gpt2> {
        Gpt2::load(self.config.clone(), Precision::F32, &mut |spec: &Spec| {
            Ok(Raw::Float(self.merged(&spec.name)?))
        })
    }

    /// A hash of all shapes and of the values that are not trained. A run is only resumed with weights that have the same
    /// fingerprint.
    ///
    /// # Errors
    /// Only when memory runs out.
    pub fn fingerprint(&self) -> Result<u64> {
        let mut hash = mix(self.tensors.len() as u64);
        for Entry { tensor, role, .. } in &self.tensors {
            hash = tensor.dims().iter().fold(hash, |hash, &n| mix(hash ^ n as u64));
            if *role != Role::Trained {
                let sum = tensor.to_dtype(DType::F64)?.sum_all()?;
                hash = mix(hash ^ sum.to_scalar::<f64>()?.to_bits());
            }
        }
        Ok(self.trained.iter().fold(hash, |hash, (_, v)| mix(hash ^ v.elem_count() as u64)))
    }
}

/// New LoRA matrices for a matrix (in, out): A (in, rank) uniform in ±1/sqrt(in), drawn from `state`, and B (rank, out)
/// zero, so that the product changes nothing before the first step.
fn adapter(lora: &Lora, name: &str, tensor: &Tensor, mut state: u64) -> Result<[(String, Var); 2]> {
    let (input, out) = tensor.dims2()?;
    let bound = 1.0 / (input as f32).sqrt();
    let a: Vec<f32> = (0..input * lora.rank)
        .map(|_| {
            state = mix(state);
            ((state >> 40) as f32 / (1 << 23) as f32 - 1.0) * bound
        })
        .collect();
    let a = Tensor::from_vec(a, (input, lora.rank), &Device::Cpu)?;
    let b = Tensor::zeros((lora.rank, out), DType::F32, &Device::Cpu)?;
    let layer = name.strip_suffix(".weight").unwrap_or(name);
    Ok([
        (format!("{layer}.lora_a"), Var::from_tensor(&a)?),
        (format!("{layer}.lora_b"), Var::from_tensor(&b)?),
    ])
}
