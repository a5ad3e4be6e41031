#!/usr/bin/env bash
# `transformers` loads what `models export --to hf` writes, misses nothing in it, and agrees: the same tokens, the same
# log-probabilities, the same greedy continuation. And the other way round: models that it makes open here, of every kind
# that people bring, or are refused with the reason. It needs torch, which is large: taken from where Python has it, or
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
# What people bring: GPT-2s as training programs save them. The judge reads N.judge where there is one, since not all of
# them are folders that transformers opens by itself.
"$python" -c 'import peft' 2>/dev/null ||
    timeout 200 "$python" -m pip install --quiet --disable-pip-version-check peft > /dev/null 2>&1 ||
    echo "peft can't be fetched here, so no adapter is compared"
cat > "$room/kinds.py" <<'PY'
import json, os, shutil, sys, torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel

room, n = sys.argv[1], int(sys.argv[2])
size = max(json.load(open(f"{room}/1/vocab.json")).values()) + 1
shape = dict(n_positions=64, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0)


def fresh(seed, **more):
    torch.manual_seed(seed)
    model = GPT2LMHeadModel(GPT2Config(**{"vocab_size": size, **shape, **more})).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    return model


def place(words=("tokenizer.json",)):
    """The next folder, and the one that the judge reads."""
    global n
    n += 1
    for folder in [f"{room}/{n}", f"{room}/{n}.judge"]:
        os.makedirs(folder)
        shutil.copy(f"{room}/1/tokenizer.json", folder)
    for name in {"tokenizer.json"} - set(words):
        os.remove(f"{room}/{n}/{name}")
    for name in set(words) - {"tokenizer.json"}:
        shutil.copy(f"{room}/1/{name}", f"{room}/{n}/{name}")
    return f"{room}/{n}", f"{room}/{n}.judge"


def change(folder, **more):
    config = json.load(open(f"{folder}/config.json"))
    config.update(more)
    json.dump({key: value for key, value in config.items() if value is not ...}, open(f"{folder}/config.json", "w"))


# other activation functions, widths and scales of attention
for more in [dict(activation_function="gelu"), dict(activation_function="relu"), dict(activation_function="silu"),
             dict(n_inner=80, activation_function="gelu_pytorch_tanh"), dict(scale_attn_by_inverse_layer_idx=True),
             dict(scale_attn_weights=False), dict(layer_norm_epsilon=1e-3), dict(vocab_size=size + 47)]:
    model = fresh(20 + n, **more)
    for folder in place():
        model.save_pretrained(folder)
# an output head of its own, whatever the configuration says
for said in [False, True, ...]:
    model = fresh(20 + n, tie_word_embeddings=False)
    ours, theirs = place()
    for folder in [ours, theirs]:
        model.save_pretrained(folder)
    change(ours, tie_word_embeddings=said)
# several shards, PyTorch files, half precision, an older tokenizer's files, several ends of a text
model = fresh(20 + n)
ours, theirs = place(("vocab.json", "merges.txt"))
model.save_pretrained(theirs)
model.save_pretrained(ours, max_shard_size="200KB")
assert os.path.exists(f"{ours}/model.safetensors.index.json")
model = fresh(20 + n).to(torch.bfloat16)
for folder in place():
    model.save_pretrained(folder)
    change(folder, eos_token_id=[0, 7])
model = fresh(20 + n)
ours, theirs = place()
for folder in [ours, theirs]:
    model.save_pretrained(folder)
os.remove(f"{ours}/model.safetensors")
torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in model.state_dict().items()}}, f"{ours}/pytorch_model.bin")
for prefix in ["_orig_mod.", "base_model.model.", "model."]:
    ours, theirs = place()
    for folder in [ours, theirs]:
        model.save_pretrained(folder)
    tensors = load_file(f"{ours}/model.safetensors")
    save_file({prefix + name: tensor for name, tensor in tensors.items()}, f"{ours}/model.safetensors")
# nanoGPT: linear layers are (out, in)
for bias in [True, False]:
    model = fresh(20 + n, activation_function="gelu")
    state = model.state_dict()
    with torch.no_grad():
        for name, tensor in state.items():
            if name.endswith(".bias") and not bias:
                tensor.zero_()
    ours, theirs = place()
    model.save_pretrained(theirs)
    linear = ["c_attn.weight", "c_proj.weight", "c_fc.weight"]
    state = {f"_orig_mod.{name}": tensor.t().contiguous() if any(part in name for part in linear) else tensor
             for name, tensor in state.items() if bias or not name.endswith(".bias")}
    args = dict(n_layer=2, n_head=4, n_embd=32, block_size=64, bias=bias, vocab_size=size, dropout=0.0)
    torch.save({"model": state, "model_args": args, "iter_num": 1, "config": {"dataset": "words"}}, f"{ours}/ckpt.pt")
# adapters, which the judge reads merged
try:
    from peft import LoraConfig, get_peft_model
except ImportError:
    get_peft_model = None
if get_peft_model:
    for more in [dict(target_modules=["c_attn"]),
                 dict(target_modules=["c_attn", "c_proj", "c_fc"], use_rslora=True, alpha_pattern={"c_fc": 5}),
                 dict(target_modules=["c_attn"], modules_to_save=["lm_head"])]:
        base = fresh(77)
        ours, theirs = place()
        base.save_pretrained(f"{ours}/base")
        shutil.copy(f"{room}/1/tokenizer.json", f"{ours}/base")
        base.config._name_or_path = f"{ours}/base"
        base.name_or_path = f"{ours}/base"
        adapted = get_peft_model(base, LoraConfig(r=2, lora_alpha=6, fan_in_fan_out=True, task_type="CAUSAL_LM", **more))
        with torch.no_grad():
            for name, parameter in adapted.named_parameters():
                if "lora_" in name or "modules_to_save" in name:
                    parameter += 0.2 * torch.randn_like(parameter)
        adapted.save_pretrained(ours)
        merged = adapted.merge_and_unload()
        merged.config.tie_word_embeddings = "modules_to_save" not in more
        merged.save_pretrained(theirs)
# what would give other text than the model's is refused, with the reason
for words, make in [
    ("the weights have 2 layers, and the configuration says 1", lambda f: change(f, n_layer=1)),
    ("quantized by gptq", lambda f: change(f, quantization_config={"quant_method": "gptq"})),
    ("`mish`, which is not known here", lambda f: change(f, activation_function="mish")),
    ("cross_attention", lambda f: change(f, add_cross_attention=True)),
    ("no tokenizer", lambda f: os.remove(f"{f}/tokenizer.json")),
    ("drops spaces", lambda f: open(f"{f}/tokenizer.json", "w").write(json.dumps(
        {**json.load(open(f"{room}/1/tokenizer.json")), "pre_tokenizer": {"type": "BertPreTokenizer"},
         "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True}}))),
    ("belong to different models", lambda f: change(f, vocab_size=300)),
    ("missing", lambda f: os.remove(f"{f}/model.safetensors")),
]:
    folder = f"{room}/refused-{words.replace(' ', '_')[:20]}"
    fresh(9).save_pretrained(folder)
    shutil.copy(f"{room}/1/tokenizer.json", folder)
    make(folder)
    open(f"{folder}/words", "w").write(words)
print(n)
PY
first=$((n + 1))
n=$("$python" "$room/kinds.py" "$room" "$n" 2> "$room/log") || { cat "$room/log" >&2; exit 1; }
for i in $(seq "$first" "$n"); do ask "$i" --model "$room/$i" --quantization f32; done
for folder in "$room"/refused-*; do
    if "$unstuck" generate x --model "$folder" > "$room/said" 2>&1; then
        echo "$folder opened" >&2
        exit 1
    fi
    grep -qF "$(cat "$folder/words")" "$room/said" || { cat "$folder/words" "$room/said" >&2; exit 1; }
    echo "refused: $(cut -c 1-160 "$room/said")"
done
cat > "$room/judge.py" <<'PY'
import json, os, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

room, count = sys.argv[1], int(sys.argv[2])
text = open(f"{room}/text").read()
for n in range(1, count + 1):
    folder = f"{room}/{n}"
    judged = f"{folder}.judge" if os.path.exists(f"{folder}.judge") else folder
    gguf = {"gguf_file": "model.gguf"} if os.path.exists(f"{folder}/model.gguf") else {}
    model, told = AutoModelForCausalLM.from_pretrained(judged, output_loading_info=True, attn_implementation="eager",
                                                       dtype=torch.float32, **gguf)
    missing = [key for key in told["missing_keys"] if key != "lm_head.weight"]
    assert not missing and not told["unexpected_keys"] and not told["mismatched_keys"], told
    # the class of a family may split words by its own rule; this one does what tokenizer.json says
    plain = model.config.model_type != "gpt2" and not gguf
    tokenizer = (PreTrainedTokenizerFast if plain else AutoTokenizer).from_pretrained(judged, **gguf)
    ids = tokenizer(text)["input_ids"]
    score = json.load(open(f"{folder}.score"))["tokens"]
    assert ids == [token["id"] for token in score], "other tokens"
    assert tokenizer.decode(ids) == text
    with torch.no_grad():
        rows = model.eval()(torch.tensor([ids])).logits[0].log_softmax(-1)
    want = [rows[i, ids[i + 1]].item() for i in range(len(ids) - 1)]
    off = max(abs(a - token["logprob"]) for a, token in zip(want, score[1:]))
    assert off < (1e-4 if judged != folder else 1e-3), off
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
