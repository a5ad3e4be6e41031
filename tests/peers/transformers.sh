#!/usr/bin/env bash
# `transformers` loads what `models export --to hf` writes, misses nothing in it, and agrees: the same tokens, the same
# log-probabilities, the same greedy continuation. And the other way round: models that it makes open here. It needs torch, which is large: taken from where Python has it, or
# fetched once into the cache; skipped where that takes more than some minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/peers/python.bash
has() { "$1" -c 'import torch, transformers' 2>/dev/null; }
python=${UNSTUCK_PEER_PYTHON:-python3}
cache="${XDG_CACHE_HOME:-$HOME/.cache}/unstuck-peers/transformers"
has "$python" || python="$cache/bin/python"
has "$python" || python_with "$cache" torch transformers
has "$python" || { echo "torch doesn't run here"; exit 77; }

cargo build --release --quiet
unstuck="${CARGO_TARGET_DIR:-target}/release/unstuck"
n=0
for model in tests/fixtures/tiny-gpt2 tests/fixtures/tiny-gpt-2-simple inkwell; do
    n=$((n + 1))
    "$unstuck" models export "$model" --to hf -o "$room/$n" >/dev/null
    ask "$n" --model "$room/$n" --quantization f32
done
# The Llama family: random models that transformers makes, and the real SmolLM2 of a package, which transformers reads
# from its GGUF file.
cat > "$room/make.py" <<'PY'
import shutil, sys, torch
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

room, first = sys.argv[1], int(sys.argv[2])
vocabulary = max(int(n) for n in __import__("json").load(open(f"{room}/1/vocab.json")).values()) + 1
shape = dict(vocab_size=vocabulary, hidden_size=64, intermediate_size=160, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=256, bos_token_id=0, eos_token_id=0)
llama3 = dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=32)
yarn = dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=64)
linear = dict(rope_type="linear", rope_theta=10000.0, factor=2.0)
configs = [
    LlamaConfig(**shape, rope_parameters=dict(rope_type="default", rope_theta=100000.0)),
    LlamaConfig(**shape, attention_bias=True, tie_word_embeddings=True, rope_parameters=llama3),
    LlamaConfig(**shape, rope_parameters=linear),
    MistralConfig(**shape, rope_parameters=yarn),
    Qwen2Config(**shape, tie_word_embeddings=True, rope_parameters=dict(rope_type="default", rope_theta=1e6)),
    Qwen3Config(**shape, head_dim=32, rope_parameters=dict(rope_type="default", rope_theta=1e6)),
]
for n, config in enumerate(configs, first):
    torch.manual_seed(n)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.15 * torch.randn_like(parameter)
    model.to(torch.bfloat16 if n % 2 else torch.float32).save_pretrained(f"{room}/{n}")
    shutil.copy(f"{room}/1/tokenizer.json", f"{room}/{n}/tokenizer.json")
print(first + len(configs) - 1)
PY
first=$((n + 1))
n=$("$python" "$room/make.py" "$room" "$first" 2> "$room/log") || { cat "$room/log" >&2; exit 1; }
for i in $(seq "$first" "$n"); do ask "$i" --model "$room/$i" --quantization f32; done
smollm2
"$python" -c 'import gguf, accelerate' 2>/dev/null ||
    "$python" -m pip install --quiet --disable-pip-version-check gguf accelerate > /dev/null 2>&1 || true
if [ -n "$smol" ] && "$python" -c 'import gguf, accelerate' 2>/dev/null; then
    n=$((n + 1))
    mkdir "$room/$n" && ln -s "$smol" "$room/$n/model.gguf"
    ask "$n" --model "$room/$n/model.gguf" --quantization f32
fi
cat > "$room/judge.py" <<'PY'
import json, os, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

room, count = sys.argv[1], int(sys.argv[2])
text = open(f"{room}/text").read()
for n in range(1, count + 1):
    folder = f"{room}/{n}"
    gguf = {"gguf_file": "model.gguf"} if os.path.exists(f"{folder}/model.gguf") else {}
    model, told = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True, attn_implementation="eager",
                                                       dtype=torch.float32, **gguf)
    missing = [key for key in told["missing_keys"] if key != "lm_head.weight"]
    assert not missing and not told["unexpected_keys"] and not told["mismatched_keys"], told
    # the class of a family may split words by its own rule; this one does what tokenizer.json says
    plain = model.config.model_type != "gpt2" and not gguf
    tokenizer = (PreTrainedTokenizerFast if plain else AutoTokenizer).from_pretrained(folder, **gguf)
    ids = tokenizer(text)["input_ids"]
    score = json.load(open(f"{folder}.score"))["tokens"]
    assert ids == [token["id"] for token in score], "other tokens"
    assert tokenizer.decode(ids) == text
    with torch.no_grad():
        rows = model.eval()(torch.tensor([ids])).logits[0].log_softmax(-1)
    want = [rows[i, ids[i + 1]].item() for i in range(len(ids) - 1)]
    off = max(abs(a - token["logprob"]) for a, token in zip(want, score[1:]))
    assert off < 1e-3, off
    start = list(ids)
    greedy = [token["id"] for token in json.loads(open(f"{folder}.greedy").readline())["tokens"]]
    for id in greedy:
        with torch.no_grad():
            logits = model(torch.tensor([start])).logits[0, -1]
        # where two are as good as alike, rounding may choose either
        assert logits.max() - logits[id] < 1e-3, (start, id)
        start.append(id)
    print(f"{n}: {len(ids)} tokens, log-probabilities within {off:.1e}, {len(greedy)} greedy tokens alike")
PY
"$python" "$room/judge.py" "$room" "$n" 2> "$room/log" || { cat "$room/log" >&2; exit 1; }
