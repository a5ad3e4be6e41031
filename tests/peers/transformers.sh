#!/usr/bin/env bash
# `transformers` loads what `models export --to hf` writes, misses nothing in it, and agrees: the same tokens, the same
# log-probabilities, the same greedy continuation. It needs torch, which is large: taken from where Python has it, or
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
cat > "$room/judge.py" <<'PY'
import json, sys, torch
from transformers import AutoTokenizer, GPT2LMHeadModel

room, count = sys.argv[1], int(sys.argv[2])
text = open(f"{room}/text").read()
for n in range(1, count + 1):
    folder = f"{room}/{n}"
    model, told = GPT2LMHeadModel.from_pretrained(folder, output_loading_info=True, attn_implementation="eager")
    missing = [key for key in told["missing_keys"] if key != "lm_head.weight"]
    assert not missing and not told["unexpected_keys"] and not told["mismatched_keys"], told
    tokenizer = AutoTokenizer.from_pretrained(folder)
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
