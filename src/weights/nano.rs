//! Reads checkpoints of nanoGPT (`ckpt.pt`): a PyTorch file that holds the network's shape beside its tensors. Its linear
//! layers are (out, in), and it may have been trained without biases.

use super::{
    names::stripped,
    pickle::{Node, Pickle},
    torch::Torch,
};
use crate::model::{Kind, Spec, Tokenizer, gpt2::Config};
use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Tensor};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The name under which nanoGPT saves a checkpoint.
pub const FILE: &str = "ckpt.pt";
/// The file beside nanoGPT's data that names the characters of a model that was trained on single characters.
const CHARACTERS: &str = "meta.pkl";
/// The most bytes of that file.
const LARGEST: u64 = 16 << 20;

/// An open checkpoint.
pub struct Nano {
    /// Its configuration.
    pub config: Config,
    path: PathBuf,
    has_biases: bool,
    /// The name of the data that it was trained on.
    dataset: Option<String>,
    torch: Torch<fs::File>,
}

/// Whether a folder has a checkpoint of nanoGPT instead of a model with a configuration.
pub fn is_nano(folder: &Path) -> bool {
    folder.join(FILE).is_file() && !folder.join("config.json").is_file()
}

impl Nano {
    /// Open a checkpoint; `None` if a PyTorch file has no configuration of nanoGPT.
    ///
    /// # Errors
    /// When it is damaged, or its configuration is incomplete.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let torch = Torch::open(fs::File::open(path)?)?;
        let settings = torch.settings();
        if !settings.numbers.contains_key("n_layer") {
            return Ok(None);
        }
        let number = |name: &str| {
            let number = settings.numbers.get(name).copied().filter(|number| *number > 0);
            number.with_context(|| format!("its `model_args` have no `{name}`"))
        };
        // The vocabulary's size is padded in training, and older versions don't save it.
        let vocabulary = torch.dims("wte.weight").and_then(<[usize]>::first);
        let config = json!({
            "vocab_size": vocabulary.context("it has no `wte.weight`")?,
            "n_positions": number("block_size")?, "n_embd": number("n_embd")?,
            "n_head": number("n_head")?, "n_layer": number("n_layer")?,
            "activation_function": "gelu",
        });
        let config = Config::parse(config.to_string().as_bytes())?;
        let has_biases = settings.numbers.get("bias") != Some(&0);
        let dataset = settings.dataset.clone();
        Ok(Some(Self { config, path: path.to_owned(), has_biases, dataset, torch }))
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of all tensors, without prefixes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.torch.names()
    }

    /// Whether a tensor exists, or is known to be zero.
    pub fn has(&self, spec: &Spec) -> bool {
        self.torch.has(&spec.name) || self.is_zero(spec)
    }

    /// Whether two names are for the same values in the file.
    pub fn are_shared(&self, a: &str, b: &str) -> bool {
        self.torch.are_shared(a, b)
    }

    fn is_zero(&self, spec: &Spec) -> bool {
        spec.kind == Kind::Bias && !self.has_biases && !self.torch.has(&spec.name)
    }

    /// A tensor in f32, in the published shape.
    ///
    /// # Errors
    /// When it is missing, truncated, or of another shape.
    pub fn get(&mut self, spec: &Spec) -> Result<Tensor> {
        if self.is_zero(spec) {
            return Ok(Tensor::zeros(&*spec.shape, DType::F32, &Device::Cpu)?);
        }
        let tensor = self.torch.get(&spec.name, &spec.gguf_shape());
        let tensor = tensor.with_context(|| format!("`{}`", stripped(&spec.name)))?;
        Ok(if spec.in_out { tensor.t()?.contiguous()? } else { tensor })
    }

    /// The tokenizer of a model that was trained on single characters: those in `meta.pkl` beside the checkpoint, or in
    /// nanoGPT's folder of data. `None` if there is no such file.
    ///
    /// # Errors
    /// When the file is not understood; the error names it.
    pub fn characters(&self) -> Result<Option<Tokenizer>> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let data = self.dataset.as_ref().map(|name| Path::new("data").join(name).join(CHARACTERS));
        let places = [Some(folder.join(CHARACTERS)), data.map(|data| folder.join("..").join(data))];
        let Some(place) = places.into_iter().flatten().find(|place| place.is_file()) else {
            return Ok(None);
        };
        let shown = || place.display().to_string();
        let size = fs::metadata(&place).with_context(shown)?.len();
        ensure!(size <= LARGEST, "{}: too large for a list of characters", shown());
        let bytes = fs::read(&place).with_context(shown)?;
        let ids = characters(&bytes).with_context(shown)?;
        Tokenizer::of_characters(&ids).with_context(shown).map(Some)
    }
}

/// The ids of the characters in nanoGPT's `meta.pkl`.
fn characters(bytes: &[u8]) -> Result<BTreeMap<char, u32>> {
    let pickle = Pickle::read(&mut &*bytes)?;
    let pairs = |id| match pickle.node(id) {
        Node::Dict(pairs) => Some(pairs),
        _ => None,
    };
    let meta = pairs(pickle.root()).context("it holds no dictionary")?;
    let ids = meta.iter().find(|(key, _)| pickle.text(*key) == Some("stoi"));
    let ids = ids
        .and_then(|(_, value)| pairs(*value))
        .context("it has no `stoi`, nanoGPT's characters")?;
    let of = |(token, id): &(_, _)| {
        let mut chars = pickle.text(*token)?.chars();
        let character = chars.next().filter(|_| chars.next().is_none())?;
        Some((character, u32::try_from(pickle.int(*id)?).ok()?))
    };
    let ids: Option<_> = ids.iter().map(of).collect();
    ids.context("its `stoi` doesn't give each single character an id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_characters_of_a_data_set_are_read() {
        // pickle.dumps({'vocab_size': 2, 'itos': {0: 'a', 1: 'é'}, 'stoi': {'a': 0, 'é': 1}}), protocol 4
        let pickle = b"\x80\x04\x95?\0\0\0\0\0\0\0}\x94(\x8c\nvocab_size\x94K\x02\x8c\x04itos\x94}\x94(K\0\x8c\x01a\x94K\x01\
                       \x8c\x02\xc3\xa9\x94u\x8c\x04stoi\x94}\x94(h\x04K\0h\x05K\x01uu.";
        let ids = characters(pickle).unwrap();
        assert_eq!(ids, BTreeMap::from([('a', 0), ('\u{e9}', 1)]));
        for bad in [&b"\x80\x04N."[..], b"\x80\x04}.", b"\x80\x04}\x8c\x04stoi}\x8c\x02abK\0ss."] {
            assert!(characters(bad).is_err());
        }
    }
}
