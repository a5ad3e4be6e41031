#!/usr/bin/env bash
# What the samplers leave of a distribution, against transformers' processors on the same log-probabilities, and against
# llama.cpp's server (from a wheel) on the same model. transformers needs torch; without it only llama.cpp is asked.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/peers/python.bash
python=${UNSTUCK_PEER_PYTHON:-python3}

cargo build --release --quiet
unstuck="${CARGO_TARGET_DIR:-target}/release/unstuck"
export XDG_CONFIG_HOME="$room" XDG_STATE_HOME="$room"

# A prompt that repeats itself, so that penalties have something to do.
prompt='The lamp went out. The boat was gone, and the lamp went out again. The boat'
# The same without punctuation, which our frequency and presence penalties exempt and llama.cpp's don't.
words='The lamp went out and the boat was gone and the lamp went out again and the boat'
wide_inkwell
cat > "$room/off.toml" <<'TOML'
[generate]
temperature = 1.0
top_k = 0
top_p = 1.0
repetition_penalty = 1.0
TOML
mkdir "$room/ours"
ours() { # NAME OPTIONS...: what is left of all tokens
    local name=$1
    shift
    "$unstuck" --config "$room/off.toml" --model "$room/inkwell" generate "${text:-$prompt}" "$@" \
        --quantization f32 --max-tokens 1 --seed 1 --json --logprobs 8192 > "$room/ours/$name.json"
}
ours plain
ours typical --typical-p 0.5
ours typical_hot --typical-p 0.2 --temperature 1.5
ours top_k --top-k 30
ours top_p --top-p 0.7
ours min_p --min-p 0.05
ours chain --temperature 0.8 --top-k 100 --top-p 0.9
ours repetition --repetition-penalty 1.3
ours ngram --no-repeat-ngram 2
ours order --order min_p,temperature --min-p 0.05 --temperature 1.7
ours xtc --xtc-probability 1 --xtc-threshold 0.05
ours dry --dry-multiplier 1.5
ours bias --bias lamp=3
ours mirostat --mirostat-tau 4 --temperature 1.2
text=$words ours frequency --frequency-penalty 0.7
text=$words ours presence --presence-penalty 1.5

transformers=${XDG_CACHE_HOME:-$HOME/.cache}/unstuck-peers/transformers/bin/python
for one in "$python" "$transformers"; do
    "$one" -c 'import torch, transformers' 2>/dev/null && judge=$one && break
done
if [ -n "${judge:-}" ]; then
    "$judge" - "$room" "$prompt" <<'PY'
import json, sys, torch
from transformers import AutoTokenizer
from transformers.generation import logits_process as p

room, prompt = sys.argv[1:]
ids = torch.tensor([AutoTokenizer.from_pretrained(f"{room}/inkwell")(prompt)["input_ids"]])
read = lambda name: json.load(open(f"{room}/ours/{name}.json"))["tokens"][0]["top"]
size = max(one["id"] for one in read("plain")) + 1
raw = torch.full((1, size), -torch.inf)
for one in read("plain"):
    raw[0, one["id"]] = one["logprob"]
cases = {
    "plain": [],
    "typical": [p.TypicalLogitsWarper(0.5)],
    "typical_hot": [p.TemperatureLogitsWarper(1.5), p.TypicalLogitsWarper(0.2)],
    "top_k": [p.TopKLogitsWarper(30)],
    "top_p": [p.TopPLogitsWarper(0.7)],
    "min_p": [p.MinPLogitsWarper(0.05)],
    "chain": [p.TemperatureLogitsWarper(0.8), p.TopKLogitsWarper(100), p.TopPLogitsWarper(0.9)],
    "ngram": [p.NoRepeatNGramLogitsProcessor(2)],
    "order": [p.MinPLogitsWarper(0.05), p.TemperatureLogitsWarper(1.7)],
}
for name, steps in cases.items():
    scores = raw.clone()
    for step in steps:
        scores = step(ids, scores)
    theirs = scores.softmax(-1)[0]
    ours = torch.zeros(size)
    for one in read(name):
        ours[one["id"]] = one["after"] or 0.0
    far = (ours - theirs).abs().max().item()
    assert far < 2e-5, (name, far)
    kept = [(ours > 0).sum().item(), (theirs > 0).sum().item()]
    assert kept[0] == kept[1], (name, kept)
    print(f"transformers: {name} leaves the same {kept[0]} tokens")
PY
else
    echo "torch is not here, so transformers is not asked"
fi

has_llama
serve_model "$room/inkwell.gguf"
"$python" - "$room" "$prompt" "$words" "$port" <<'PY'
import json, sys, urllib.error, urllib.request

room, prompt, words, port = sys.argv[1:]
off = dict(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, typical_p=1.0, repeat_penalty=1.0, xtc_probability=0.0,
           dry_multiplier=0.0, repeat_last_n=256)
chain = ["penalties", "dry", "temperature", "top_k", "top_p", "min_p", "typ_p", "xtc"]
cases = {
    "plain": {},
    "typical": dict(typical_p=0.5),
    "top_k": dict(top_k=30),
    "top_p": dict(top_p=0.7),
    "min_p": dict(min_p=0.05),
    "chain": dict(temperature=0.8, top_k=100, top_p=0.9),
    "order": dict(min_p=0.05, temperature=1.7, samplers=["min_p", "temperature"]),
    "xtc": dict(xtc_probability=1.0, xtc_threshold=0.05),
    "repetition": dict(repeat_penalty=1.3),
    "bias": dict(logit_bias=[[" lamp", 3.0], [" Lamp", 3.0]]),
    "mirostat": dict(mirostat=2, mirostat_tau=4.0, mirostat_eta=0.1, temperature=1.2),
    "frequency": dict(prompt=words, frequency_penalty=0.7),
    "presence": dict(prompt=words, presence_penalty=1.5),
    "dry": dict(dry_multiplier=1.5, dry_base=1.75, dry_allowed_length=2, dry_penalty_last_n=65536),
}
for name, changes in cases.items():
    body = {"prompt": prompt, "n_predict": 1, "n_probs": 40, "post_sampling_probs": True, "seed": 1, "cache_prompt": False,
            **off, "samplers": chain, **changes}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/completion", json.dumps(body).encode(),
                                     {"Content-Type": "application/json", "Authorization": "Bearer sk-peer"})
    try:
        answer = json.load(urllib.request.urlopen(request))
    except urllib.error.HTTPError as error:
        sys.exit(f"llama.cpp refuses {name}: {error.read().decode()}")
    first = answer["completion_probabilities"][0]
    theirs = {one["id"]: one["prob"] for one in first["top_probs"] if one["prob"] > 0}
    top = json.load(open(f"{room}/ours/{name}.json"))["tokens"][0]["top"]
    ours = {one["id"]: one["after"] or 0.0 for one in top}
    far = max(abs(ours.get(id, 0.0) - prob) for id, prob in theirs.items())
    best = sorted(ours, key=ours.get, reverse=True)[: len(theirs)]
    assert far < 5e-3, (name, far)
    left = sum(prob for id, prob in ours.items() if id not in theirs)
    assert left <= 1.0 - sum(theirs.values()) + 5e-3, (name, left)
    kept = sum(prob > 0 for prob in ours.values())
    print(f"llama.cpp: {name} leaves the same {kept} tokens, within {far:.0e}")
PY
