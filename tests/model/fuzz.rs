//! Every reader on files that were damaged at random: an error or a model, never a panic, and never memory that only a
//! file's own number asked for. A million inputs in all; `UNSTUCK_FUZZ=N` makes it N for each reader.

use crate::support::models::{MICRO, RUN};
use candle_core::{Device, Tensor};
use std::{
    collections::HashMap,
    fs,
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};
use unstuck::{
    model::{Architecture, Precision, Spec, Tensors, Tokenizer, gpt2::Config, parse_config},
    weights::{
        self, Checkpoint, bundle::Index, gguf, pickle::Pickle, run, safetensors, torch::Torch,
    },
};

/// Numbers that are drawn, the same ones at each run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// A number that readers stumble over.
    fn nasty(&mut self, near: usize) -> u64 {
        let near = near as u64;
        let all = [
            0,
            1,
            0x7f,
            0x80,
            0xff,
            0xffff,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
            1 << 32,
            1 << 62,
            u64::MAX,
            u64::MAX - 7,
            near,
            near.wrapping_sub(1),
            near + 1,
        ];
        all[self.below(all.len())]
    }

    /// A place, mostly where the structure is: at the front or the end.
    fn place(&mut self, length: usize) -> usize {
        match self.below(10) {
            0..5 => self.below(length.min(6000)),
            5..9 => length.saturating_sub(1 + self.below(length.min(6000))),
            _ => self.below(length),
        }
    }

    /// Damage that leaves the length as it is.
    fn overwrite(&mut self, bytes: &mut [u8]) {
        let at = self.place(bytes.len());
        let number = self.nasty(bytes.len()).to_le_bytes();
        let width = [1, 1, 2, 4, 8][self.below(5)];
        match self.below(4) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = self.next() as u8,
            _ => {
                let end = bytes.len().min(at + width);
                bytes[at..end].copy_from_slice(&number[..end - at]);
            }
        }
    }

    fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..1 + self.below(3) {
            if bytes.is_empty() {
                return;
            }
            let at = self.place(bytes.len());
            let end = bytes.len().min(at + 1 + self.below(64));
            match self.below(12) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let piece = bytes[at..end].to_vec();
                    let to = self.place(bytes.len());
                    bytes.splice(to..to, piece);
                }
                3 => {
                    // other digits where there are some, as in JSON
                    let digits = bytes[at..].iter().position(u8::is_ascii_digit).map(|n| at + n);
                    if let Some(from) = digits {
                        let number = self.nasty(bytes.len()).to_string();
                        bytes.splice(from..from + 1, number.into_bytes());
                    }
                }
                _ => self.overwrite(bytes),
            }
        }
    }
}

/// So many inputs for one reader.
fn rounds(ordinary: u64) -> u64 {
    std::env::var("UNSTUCK_FUZZ").ok().and_then(|n| n.parse().ok()).unwrap_or(ordinary)
}

/// Run a reader on damaged copies; how many it took for whole.
fn fuzz(what: &str, rounds: u64, seeds: &[Vec<u8>], read: impl Fn(&[u8], &mut Dice) -> bool) {
    let mut whole = 0;
    for round in 0..rounds {
        let mut dice = Dice(round);
        let mut bytes = seeds[round as usize % seeds.len()].clone();
        dice.damage(&mut bytes);
        match catch_unwind(AssertUnwindSafe(|| read(&bytes, &mut dice))) {
            Ok(ok) => whole += u64::from(ok),
            Err(_) => panic!("{what}: a panic at input {round}"),
        }
    }
    // what is reserved and never touched counts too
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    let peak = peak.and_then(|kb| kb.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0);
    assert!(peak < 6 << 20, "{what}: {peak} KiB of memory");
    println!("fuzz: {what}: {rounds} inputs, {whole} of them taken for whole, no panic");
}

/// A new file each time: a mapped one must not be shortened, and some systems flush one that is.
fn write(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).unwrap();
}

fn micro(name: &str) -> Vec<u8> {
    fs::read(format!("{MICRO}/{name}")).unwrap()
}

/// The micro model's tensors, all of them asked for.
fn wanted() -> Vec<Spec> {
    parse_config(&micro("config.json")).unwrap().tensors()
}

#[test]
fn indexes_of_tensorflow() {
    let seeds = [
        fs::read("tests/fixtures/gpt2-355m.index").unwrap(),
        fs::read(format!("{RUN}/model-400.index")).unwrap(),
    ];
    let blocks = [block_size(&seeds[0]), block_size(&seeds[1])];
    let folder = tempfile::tempdir().unwrap();
    for name in ["hparams.json", "encoder.json", "vocab.bpe", "model-400.data-00000-of-00001"] {
        fs::copy(format!("{RUN}/{name}"), folder.path().join(name)).unwrap();
    }
    let index = folder.path().join("model-400.index");
    fuzz("TensorFlow's index", rounds(250_000), &seeds, |bytes, dice| {
        // damaged anywhere; then damaged within a block whose sum is made right again
        let _ = Index::parse(bytes);
        let which = dice.below(2);
        let mut bytes = seeds[which].clone();
        for _ in 0..1 + dice.below(3) {
            dice.overwrite(&mut bytes[..blocks[which]]);
        }
        mend(&mut bytes, blocks[which]);
        let Ok(read) = Index::parse(&bytes) else { return false };
        let ends = (0..read.shards.min(4)).map(|shard| read.bytes_of(shard)).max();
        // and the whole run, now and then: a vocabulary takes its time
        if dice.below(200) == 0 {
            write(&index, &bytes);
            if let Ok(mut run) = run::Run::open(folder.path()) {
                for spec in run.config.tensors() {
                    let _ = run.get(&spec.name, &spec.shape);
                }
            }
        }
        ends.is_some()
    });
}

/// Where the first block ends: an index that is as short as these has one block of entries.
fn block_size(index: &[u8]) -> usize {
    let sum = |end: usize| {
        let sum = crc32c::crc32c(&index[..=end]);
        sum.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
    };
    (0..index.len() - 5).find(|end| index[end + 1..end + 5] == sum(*end)).unwrap()
}

fn mend(index: &mut [u8], block: usize) {
    let sum = crc32c::crc32c(&index[..=block]).rotate_right(15).wrapping_add(0xa282_ead8);
    index[block + 1..block + 5].copy_from_slice(&sum.to_le_bytes());
}

#[test]
fn files_of_pytorch() {
    let wanted = wanted();
    let seeds = [micro("pytorch_model.bin"), micro("legacy.bin")];
    fuzz("PyTorch's files", rounds(40_000), &seeds, |bytes, _| {
        let Ok(mut file) = Torch::open(Cursor::new(bytes)) else { return false };
        let name = |spec: &Spec| format!("transformer.{}", spec.name);
        wanted.iter().all(|spec| file.get(&name(spec), &spec.shape).is_ok())
    });
}

#[test]
fn pickles() {
    let archive = micro("pytorch_model.bin");
    let from = archive.windows(4).position(|four| four == b"\x80\x02cc").unwrap();
    let seeds = [archive[from..from + 4057].to_vec()];
    fuzz("pickles", rounds(300_000), &seeds, |bytes, _| Pickle::read(&mut &*bytes).is_ok());
}

#[test]
fn gguf_files() {
    let model = weights::open(Path::new(MICRO), Precision::Q8_0).unwrap();
    let mut bytes = Vec::new();
    gguf::write(&mut bytes, "micro", &*model.network, Some(&model.tokenizer), &[]).unwrap();
    let wanted = wanted();
    fuzz("GGUF", rounds(60_000), &[bytes], |bytes, dice| {
        let Ok(mut file) = gguf::Gguf::open(Cursor::new(bytes)) else { return false };
        let mut whole = file.config().is_ok() && file.is_tied().is_ok();
        if dice.below(8) == 0 {
            whole &= file.tokenizer().is_ok();
        }
        whole && wanted.iter().all(|spec| file.get(spec).is_ok())
    });
}

#[test]
fn safetensors_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let tensor = |n: usize| Tensor::zeros((n, 3), candle_core::DType::F32, &Device::Cpu).unwrap();
    let names = ["wte.weight", "wpe.weight", "h.0.attn.c_attn.weight", "ln_f.bias"];
    let tensors: HashMap<String, Tensor> =
        names.iter().enumerate().map(|(i, name)| (name.to_string(), tensor(i + 1))).collect();
    candle_core::safetensors::save(&tensors, &path).unwrap();
    let seed = fs::read(&path).unwrap();
    fuzz("safetensors", rounds(30_000), &[seed], |bytes, _| {
        write(&path, bytes);
        let Ok(file) = safetensors::Safetensors::map(std::slice::from_ref(&path)) else {
            return false;
        };
        names.iter().all(|name| file.has(name) && file.get(name).is_ok())
    });
}

#[test]
fn configurations_and_vocabularies() {
    let hparams = br#"{"n_vocab": 8192, "n_ctx": 64, "n_embd": 32, "n_head": 4, "n_layer": 2}"#;
    let seeds = [micro("config.json"), hparams.to_vec()];
    fuzz("config.json, hparams.json", rounds(300_000), &seeds, |bytes, _| {
        let config = Config::parse(bytes).or_else(|_| run::config(bytes));
        config.is_ok_and(|config| config.parameters() > 0 && config.attention_scale(0) > 0.0)
    });
    let whole = Checkpoint::open(Path::new(MICRO)).unwrap().tokenizer.to_json().unwrap();
    fuzz("tokenizer.json", rounds(5_000), &[whole.into_bytes()], |bytes, _| {
        let Ok(tokenizer) = Tokenizer::from_json(bytes) else { return false };
        let ids = tokenizer.encode("the lamp, and \u{1f642} then");
        ids.is_ok_and(|ids| tokenizer.decode(&ids).len() < 1000)
    });
    let folder = tempfile::tempdir().unwrap();
    let (vocab, merges) = (folder.path().join("vocab.json"), folder.path().join("merges.txt"));
    let seeds = [micro("vocab.json"), micro("merges.txt")];
    fuzz("vocab.json, merges.txt", rounds(5_000), &seeds, |bytes, _| {
        let is_vocab = bytes.len() > 1000;
        write(&vocab, if is_vocab { bytes } else { &seeds[0] });
        write(&merges, if is_vocab { &seeds[1] } else { bytes });
        Tokenizer::from_files(&vocab, &merges, &[]).is_ok_and(|t| t.encode("the lamp").is_ok())
    });
    let index = folder.path().join("model.safetensors.index.json");
    let seed = br#"{"weight_map": {"wte.weight": "vocab.json", "wpe.weight": "merges.txt"}}"#;
    fuzz("model.safetensors.index.json", rounds(10_000), &[seed.to_vec()], |bytes, _| {
        write(&index, bytes);
        let Ok(paths) = safetensors::shards(&index) else { return false };
        assert!(paths.iter().all(|path| path.parent() == Some(folder.path())));
        true
    });
}
