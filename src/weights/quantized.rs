//! A cache of quantized weights: a GGUF file beside the checkpoint, so that later starts read about a quarter of the
//! bytes. The cache records a fingerprint of the checkpoint and this program's version. If either differs, the cache
//! is ignored and written again.

use super::{
    Checkpoint, Form,
    gguf::{self, Gguf},
};
use crate::{
    model::{Network, Precision},
    whole,
};
use anyhow::{Context, Result, ensure};
use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::PathBuf,
    time::UNIX_EPOCH,
};

/// The metadata key of the checkpoint's fingerprint.
const MADE_OF: &str = "unstuck.made_of";
/// Checkpoints smaller than this many bytes are not cached: they are quantized at every start.
const WORTH_IT: u64 = 64 << 20;

fn place(from: &Checkpoint, precision: Precision) -> Option<PathBuf> {
    let files = from.files();
    Some(files.first()?.with_extension(format!("{precision}.unstuck.gguf")))
}

/// The cached weights; `None` if there are none or they were made from other files.
pub fn open(from: &Checkpoint, precision: Precision) -> Option<Gguf<BufReader<File>>> {
    let file = File::open(place(from, precision)?).ok()?;
    let gguf = Gguf::open(BufReader::with_capacity(1 << 20, file)).ok()?;
    (gguf.text(MADE_OF) == Some(&made_of(from, precision).ok()?)).then_some(gguf)
}

/// Cache a quantized network. Errors are ignored: without a cache, the next start quantizes again.
pub fn save(from: &Checkpoint, network: &dyn Network, precision: Precision) {
    let rounds = precision == Precision::Q8_0 || precision.is_small();
    if rounds && from.form() != Form::Gguf && bytes(from).is_ok_and(|bytes| bytes >= WORTH_IT) {
        let _ = try_save(from, network, precision);
    }
}

fn try_save(from: &Checkpoint, network: &dyn Network, precision: Precision) -> Result<()> {
    let place = place(from, precision).context("no files")?;
    let made_of = made_of(from, precision)?;
    let mut file = whole::file_in(whole::folder_of(&place))?;
    let mut writer = BufWriter::with_capacity(1 << 20, file.as_file_mut());
    let extra = [(MADE_OF, made_of)];
    gguf::write(&mut writer, &from.name, network, None, &extra)?;
    writer.flush()?;
    drop(writer);
    file.as_file().sync_all()?;
    file.persist(place)?;
    Ok(())
}

fn bytes(from: &Checkpoint) -> Result<u64> {
    let mut all = 0;
    for file in from.files() {
        all += file.metadata()?.len();
    }
    Ok(all)
}

/// A fingerprint of a checkpoint that doesn't need all of it to be read: the lengths, the modification times, the
/// configuration, and a checksum of 64 samples of 16 KiB across each file.
fn made_of(from: &Checkpoint, precision: Precision) -> Result<String> {
    let mut sum = crc32fast::Hasher::new();
    sum.update(from.config.to_json().to_string().as_bytes());
    let (mut length, mut latest) = (0, 0);
    let mut piece = vec![0; 1 << 14];
    for path in from.files() {
        let mut file = File::open(path)?;
        let facts = file.metadata()?;
        ensure!(facts.len() > 0, "an empty file");
        length += facts.len();
        let time = facts.modified()?.duration_since(UNIX_EPOCH).map_or(0, |t| t.as_nanos());
        latest = latest.max(time);
        for i in 0..64 {
            file.seek(SeekFrom::Start(facts.len() / 64 * i))?;
            let n = file.read(&mut piece)?;
            sum.update(&piece[..n]);
        }
    }
    let version = env!("CARGO_PKG_VERSION");
    Ok(format!("{version} {precision} {length} {latest} {:08x}", sum.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Model, weights};
    use std::{fs, path::Path};

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
        let precision = Precision::Q8_0;
        let checkpoint = || Checkpoint::open(folder.path()).unwrap();
        let network = weights::open(folder.path(), precision).unwrap().network;
        let kept = || {
            let mut gguf = open(&checkpoint(), precision)?;
            Model::assemble(&*checkpoint().config, precision, &mut gguf).ok()
        };
        assert!(kept().is_none());
        try_save(&checkpoint(), &*network, precision).unwrap();
        assert_eq!(kept().unwrap().bytes(), network.bytes());
        let mut other = checkpoint();
        let mut config = network.as_gpt2().unwrap().config.clone();
        config.layer_norm_epsilon *= 2.0;
        other.config = Box::new(config);
        assert!(open(&other, precision).is_none(), "another configuration");

        // change a byte in the middle and restore the modification time
        let time = fs::metadata(&weights).unwrap().modified().unwrap();
        let mut bytes = fs::read(&weights).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&weights, &bytes).unwrap();
        File::options().write(true).open(&weights).unwrap().set_modified(time).unwrap();
        assert!(kept().is_none(), "other weights");

        bytes[middle] ^= 1;
        fs::write(&weights, &bytes).unwrap();
        File::options().write(true).open(&weights).unwrap().set_modified(time).unwrap();
        assert!(kept().is_some());
        let place = place(&checkpoint(), precision).unwrap();
        let torn = fs::read(&place).unwrap();
        fs::write(&place, &torn[..torn.len() / 2]).unwrap();
        assert!(kept().is_none(), "torn");
    }

    #[test]
    fn a_gguf_file_holds_the_whole_model() {
        let model = weights::open(Path::new("tests/fixtures/tiny-gpt2"), Precision::F32).unwrap();
        let folder = folder();
        let path = folder.path().join("tiny.gguf");
        let mut file = File::create(&path).unwrap();
        gguf::write(&mut file, "tiny", &*model.network, Some(&model.tokenizer), &[]).unwrap();
        let again = weights::open(&path, Precision::F32).unwrap();
        for text in ["It's 3.14, \"he\" said.\n\n", "naïve 東京 🙂", "<|endoftext|>x"] {
            let ids = model.tokenizer.encode(text).unwrap();
            assert_eq!(again.tokenizer.encode(text).unwrap(), ids);
        }
        let ids = candle_core::Tensor::new(&[[5u32, 6, 7]], &candle_core::Device::Cpu).unwrap();
        let logits = |m: &Model| -> Vec<f32> {
            let x = m.network.as_gpt2().unwrap().forward(&ids).unwrap();
            m.network.head(&x).unwrap().flatten_all().unwrap().to_vec1().unwrap()
        };
        let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5;
        assert!(logits(&again).iter().zip(&logits(&model)).all(close));
    }
}
