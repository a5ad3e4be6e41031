//! The activation functions of feed-forward layers, by the names that `transformers` gives them.

use super::gelu;
use candle_core::{Result, Tensor};

/// An activation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// GELU in its tanh form, as in GPT-2.
    TanhGelu,
    /// GELU with the error function.
    Gelu,
    /// x times the logistic function of 1.702 x.
    QuickGelu,
    /// The positive part.
    Relu,
    /// The square of the positive part.
    SquaredRelu,
    /// x times the logistic function of x (also called swish).
    Silu,
    /// The hyperbolic tangent.
    Tanh,
    /// The logistic function.
    Sigmoid,
}

impl Activation {
    /// The function of this name; `None` if it is not known here.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" | "gelu_accurate"
            | "gelu_python_tanh" => Self::TanhGelu,
            "gelu" | "gelu_python" => Self::Gelu,
            "quick_gelu" => Self::QuickGelu,
            "relu" => Self::Relu,
            "relu2" => Self::SquaredRelu,
            "silu" | "swish" => Self::Silu,
            "tanh" => Self::Tanh,
            "sigmoid" => Self::Sigmoid,
            _ => return None,
        })
    }

    /// The function of each element.
    ///
    /// # Errors
    /// Only when the device fails.
    pub fn apply(self, x: &Tensor) -> Result<Tensor> {
        // 1 / (1 + e^-x), in operations that have gradients
        let logistic = |x: &Tensor| (x.neg()?.exp()? + 1.0)?.recip();
        match self {
            Self::TanhGelu => gelu(x),
            Self::Gelu => x.gelu_erf(),
            Self::QuickGelu => x * logistic(&(x * 1.702)?)?,
            Self::Relu => x.relu(),
            Self::SquaredRelu => x.relu()?.sqr(),
            Self::Silu => x * logistic(x)?,
            Self::Tanh => x.tanh(),
            Self::Sigmoid => logistic(x),
        }
    }
}
