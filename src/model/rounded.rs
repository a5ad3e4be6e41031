//! Weights that were rounded once are kept beside their file, so that the next start reads a quarter of the bytes. What
//! is kept names the file it was made of, and this program's version; anything else is made anew, never trusted.

use super::{Config, Model, Precision, Tokenizer, gguf, gguf::Gguf};
use anyhow::{Context, Result};
use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

/// The metadata that says what it was made of.
const MADE_OF: &str = "unstuck.made_of";
/// Below this size nothing is gained.
const WORTH_IT: u64 = 64 << 20;

fn place(weights: &Path, precision: Precision) -> PathBuf {
    weights.with_extension(format!("{precision}.unstuck.gguf"))
}

/// The kept model, if there is one and it was made of these very files.
pub fn open(
    weights: &Path,
    name: &str,
    config: &Config,
    json: &[u8],
    precision: Precision,
) -> Option<Model> {
    let file = File::open(place(weights, precision)).ok()?;
    let mut gguf = Gguf::open(BufReader::with_capacity(1 << 20, file)).ok()?;
    let made_of = made_of(weights, json, precision).ok()?;
    if gguf.text(MADE_OF) != Some(&made_of) {
        return None;
    }
    let tokenizer: Tokenizer = super::load::open_tokenizer(weights.parent()?).ok()?;
    Model::from_gguf(name, config.clone(), tokenizer, precision, &mut gguf).ok()
}

/// Keep a rounded model. A folder that cannot be written is no error: then it is rounded again next time.
pub fn save(weights: &Path, model: &Model, json: &[u8], precision: Precision) {
    let small = fs::metadata(weights).map_or(true, |m| m.len() < WORTH_IT);
    if small || matches!(precision, Precision::F32 | Precision::F16 | Precision::Bf16) {
        return;
    }
    let _ = try_save(weights, model, json, precision);
}

fn try_save(weights: &Path, model: &Model, json: &[u8], precision: Precision) -> Result<()> {
    let folder = weights.parent().context("a file lies in a folder")?;
    let made_of = made_of(weights, json, precision)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let mut writer = BufWriter::with_capacity(1 << 20, file.as_file_mut());
    let extra = [(MADE_OF, made_of)];
    gguf::write(&mut writer, &model.name, &model.network, &model.tokenizer, &extra)?;
    writer.flush()?;
    drop(writer);
    file.as_file().sync_all()?;
    file.persist(place(weights, precision))?;
    Ok(())
}

/// What tells one set of weights from another without reading all of it: length, time, configuration, and the bytes of
/// sixty-four places all over the file.
fn made_of(weights: &Path, json: &[u8], precision: Precision) -> Result<String> {
    let mut file = File::open(weights)?;
    let facts = file.metadata()?;
    let time = facts.modified()?.duration_since(UNIX_EPOCH).map_or(0, |t| t.as_nanos());
    let mut sum = crc32fast::Hasher::new();
    sum.update(json);
    let mut piece = vec![0; 1 << 14];
    for i in 0..64 {
        file.seek(SeekFrom::Start(facts.len() / 64 * i))?;
        let n = file.read(&mut piece)?;
        sum.update(&piece[..n]);
    }
    let version = env!("CARGO_PKG_VERSION");
    Ok(format!("{version} {precision} {} {time} {:08x}", facts.len(), sum.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in ["config.json", "tokenizer.json", "model.safetensors"] {
            fs::copy(format!("tests/fixtures/tiny-gpt2/{name}"), folder.path().join(name)).unwrap();
        }
        folder
    }

    #[test]
    fn what_is_kept_serves_its_own_file_and_no_other() {
        let folder = folder();
        let weights = folder.path().join("model.safetensors");
        let json = fs::read(folder.path().join("config.json")).unwrap();
        let precision = Precision::Q8_0;
        let model = Model::open(folder.path(), precision).unwrap();
        let config = model.network.config.clone();
        let kept = |json: &[u8]| open(&weights, "tiny", &config, json, precision);
        assert!(kept(&json).is_none());
        try_save(&weights, &model, &json, precision).unwrap();
        let again = kept(&json).unwrap();
        assert_eq!(again.network.bytes(), model.network.bytes());
        assert!(kept(b"{}").is_none(), "another configuration");

        // a byte changed in the middle, the time put back
        let time = fs::metadata(&weights).unwrap().modified().unwrap();
        let mut bytes = fs::read(&weights).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&weights, &bytes).unwrap();
        File::options().write(true).open(&weights).unwrap().set_modified(time).unwrap();
        assert!(kept(&json).is_none(), "other weights");

        bytes[middle] ^= 1;
        fs::write(&weights, &bytes).unwrap();
        File::options().write(true).open(&weights).unwrap().set_modified(time).unwrap();
        assert!(kept(&json).is_some());
        let place = place(&weights, precision);
        let torn = fs::read(&place).unwrap();
        fs::write(&place, &torn[..torn.len() / 2]).unwrap();
        assert!(kept(&json).is_none(), "torn");
    }

    #[test]
    fn a_gguf_file_holds_the_whole_model() {
        let model = Model::open(Path::new("tests/fixtures/tiny-gpt2"), Precision::F32).unwrap();
        let folder = folder();
        let path = folder.path().join("tiny.gguf");
        let mut file = File::create(&path).unwrap();
        gguf::write(&mut file, "tiny", &model.network, &model.tokenizer, &[]).unwrap();
        let again = Model::open(&path, Precision::F32).unwrap();
        for text in ["It's 3.14, \"he\" said.\n\n", "naïve 東京 🙂", "<|endoftext|>x"] {
            let ids = model.tokenizer.encode(text).unwrap();
            assert_eq!(again.tokenizer.encode(text).unwrap(), ids);
        }
        let ids = candle_core::Tensor::new(&[[5u32, 6, 7]], &candle_core::Device::Cpu).unwrap();
        let logits = |m: &Model| -> Vec<f32> {
            let x = m.network.forward(&ids).unwrap();
            m.network.head(&x).unwrap().flatten_all().unwrap().to_vec1().unwrap()
        };
        let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
        assert!(logits(&again).iter().zip(&logits(&model)).all(close));
    }
}
