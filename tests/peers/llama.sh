#!/usr/bin/env bash
# llama.cpp loads what `models export --to gguf` writes, and agrees: the same tokens, the same greedy continuation. By
# its Python binding, from where Python has it or from a wheel; nothing is compiled for this, so it is often skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/peers/python.bash
python=${UNSTUCK_PEER_PYTHON:-python3}
"$python" -c 'import llama_cpp' 2>/dev/null || python_with "$room/venv" --only-binary=:all: llama-cpp-python

cargo build --release --quiet
unstuck="${CARGO_TARGET_DIR:-target}/release/unstuck"
n=0
for model in tests/fixtures/tiny-gpt2 tests/fixtures/tiny-gpt-2-simple inkwell; do
    for form in f32 f16 q8_0; do
        n=$((n + 1))
        "$unstuck" models export "$model" --to gguf -o "$room/$n.gguf" --quantization "$form" >/dev/null
        ask "$n" --model "$room/$n.gguf" --quantization "$form"
        echo "$model as $form" > "$room/$n.name"
    done
done
smollm2
if [ -n "$smol" ]; then
    n=$((n + 1))
    ln -s "$smol" "$room/$n.gguf"
    ask "$n" --model "$room/$n.gguf"
    echo "the real SmolLM2 in Q4_1" > "$room/$n.name"
fi
cat > "$room/judge.py" <<'PY'
import json, sys
from llama_cpp import Llama

room, count = sys.argv[1], int(sys.argv[2])
text = open(f"{room}/text").read()
for n in range(1, count + 1):
    model = Llama(f"{room}/{n}.gguf", n_ctx=64, logits_all=True, verbose=False)
    name = open(f"{room}/{n}.name").read().strip()
    score = json.load(open(f"{room}/{n}.score"))["tokens"]
    ids = model.tokenize(text.encode(), add_bos=False, special=False)
    assert ids == [token["id"] for token in score], (name, ids)
    model.eval(ids)
    greedy = [token["id"] for token in json.loads(open(f"{room}/{n}.greedy").readline())["tokens"]]
    # what both round otherwise while they compute: 8 and 16 bits are rounded in activations too
    slack = 1e-3 if name.endswith("f32") else 0.4 if "Q4_1" in name else 0.15
    for id in greedy:
        logits = model.scores[model.n_tokens - 1]
        assert logits.max() - logits[id] < slack, (name, logits.argmax(), id, logits.max() - logits[id])
        model.eval([id])
    print(f"{name}: {len(ids)} tokens and {len(greedy)} greedy ones alike")
PY
"$python" "$room/judge.py" "$room" "$n" 2> "$room/log" || { cat "$room/log" >&2; exit 1; }
