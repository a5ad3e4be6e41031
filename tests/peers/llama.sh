#!/usr/bin/env bash
# llama.cpp loads what `models export --to gguf` writes, and the real SmolLM2, and agrees: the same tokens of a text, and
# the same tokens as the likeliest ones after it, with the same log-probabilities. By its server, from a wheel.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/peers/python.bash
python=${UNSTUCK_PEER_PYTHON:-python3}
"$python" -c 'import xllamacpp' 2>/dev/null || python_with "$room/venv" --only-binary=:all: xllamacpp

[ -n "${UNSTUCK_PEER_PROGRAM:-}" ] || cargo build --release --quiet
unstuck="${UNSTUCK_PEER_PROGRAM:-${CARGO_TARGET_DIR:-target}/release/unstuck}"
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
    for form in f32 q8_0; do
        n=$((n + 1))
        ln -s "$smol" "$room/$n.gguf"
        ask "$n" --model "$room/$n.gguf" --quantization "$form"
        echo "the real SmolLM2 in Q4_1, computed as $form" > "$room/$n.name"
    done
fi
cat > "$room/judge.py" <<'PY'
import json, os, sys, urllib.request, xllamacpp

room, n = sys.argv[1:]
name = open(f"{room}/{n}.name").read().strip()
params = xllamacpp.CommonParams()
params.model.path = f"{room}/{n}.gguf"
params.n_ctx, params.n_parallel, params.warmup = 64, 1, False
params.hostnames, params.port = ["127.0.0.1"], 0
params.cpuparams.n_threads = 2
server = xllamacpp.Server(params)

def ask(path, body):
    request = urllib.request.Request(server.listening_address + path, json.dumps(body).encode(), {"content-type": "application/json"})
    return json.load(urllib.request.urlopen(request))

text = open(f"{room}/text").read()
ids = ask("/tokenize", {"content": text, "add_special": False, "parse_special": False})["tokens"]
scored = json.load(open(f"{room}/{n}.score"))["tokens"]
assert ids == [token["id"] for token in scored], (name, ids)
greedy = json.loads(open(f"{room}/{n}.greedy").readline())["tokens"]
# Both round activations, each in its way: to 8 bits with weights in 8 bits or fewer, to 16 bits with weights in 16.
slack = 5e-3 if name.endswith("f32") and "Q4_1" not in name else 0.35 if "Q4_1" in name else 0.1
far, alike = 0.0, 0
for token in greedy:
    body = {"n_predict": 1, "temperature": 0, "n_probs": 20, "repeat_penalty": 1, "samplers": []}
    ids_before, ids = ids, ids + [token["id"]]
    answer = ask("/completion", dict(body, prompt=ids_before))
    if "completion_probabilities" not in answer:
        continue  # it holds back half a character, and tells nothing about it
    top = answer["completion_probabilities"][0]["top_logprobs"]
    theirs = {other["id"]: other["logprob"] for other in top}
    assert token["id"] in theirs, (name, token, top[0])
    behind = top[0]["logprob"] - theirs[token["id"]]
    assert behind < slack, (name, token, top[0], behind)
    far = max(far, abs(theirs[token["id"]] - token["logprob"]))
    alike += 1
assert far < 2 * slack and alike >= 6, (name, far, alike)
print(f"{name}: {len(scored)} tokens and {alike} greedy ones alike, log-probabilities within {far:.4f}", flush=True)
os._exit(0)
PY
for i in $(seq "$n"); do
    "$python" "$room/judge.py" "$room" "$i" 2> "$room/log" || { tail -n 20 "$room/log" >&2; exit 1; }
done
