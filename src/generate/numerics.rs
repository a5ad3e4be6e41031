//! What the numbers that a model computes depend on, beside its name.

use crate::model::{Model, kernels};
use serde::{Deserialize, Serialize};

/// What the logits of a model on this machine depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numerics {
    /// The SHA-256 of the file with its weights, in hexadecimal; of several files, that of the list of their sums, one a
    /// line. `None` if the files couldn't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The form of most of its weights in memory: `q8_0`, `f32`, ...
    pub weights: String,
    /// The form of the numbers in the KV cache: `f32` or `f16`.
    pub cache: String,
    /// The instructions of the processor that the kernels use: `avx512-vnni`, `avx-vnni`, `avx2` or `baseline`.
    pub kernels: String,
}

impl Numerics {
    /// Those of a loaded model.
    pub(super) fn of(model: &Model) -> Self {
        Self {
            sha256: model.sha256.clone(),
            weights: model.network.precisions().remove(0).0,
            cache: model.network.cache().form().to_owned(),
            kernels: kernels::level().name().to_owned(),
        }
    }
}
