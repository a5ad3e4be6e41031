#!/usr/bin/env bash
# A real server (llama.cpp's, from a wheel) runs a model that `models export --to gguf` writes. The program gets the same
# greedy text through it as by itself, several continuations in one request, and whole characters.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/peers/python.bash
python=${UNSTUCK_PEER_PYTHON:-python3}
has_llama

cargo build --release --quiet
unstuck="${CARGO_TARGET_DIR:-target}/release/unstuck"
wide_inkwell
serve_model "$room/inkwell.gguf"
served="http://127.0.0.1:$port/v1"
export UNSTUCK_ENGINE_KEY=sk-peer XDG_CONFIG_HOME="$room" XDG_STATE_HOME="$room"

greedy=(--temperature 0 --repetition-penalty 1 --max-tokens 24)
for prompt in 'The lamp went out, and nobody in the house' 'She had waited three hours ' '"Well," said he,'; do
    here=$("$unstuck" --model "$room/inkwell" generate "$prompt" "${greedy[@]}" --quantization f32)
    there=$("$unstuck" --model "$served" generate "$prompt" "${greedy[@]}")
    [ "$here" = "$there" ] || { printf 'not alike:\n%s\n%s\n' "$here" "$there" >&2; exit 1; }
done
echo "three greedy continuations alike"

# One request for three samples gives each seed what it gives alone.
together=$("$unstuck" --model "$served" generate 'The boat' -n 3 --seed 7 --max-tokens 12)
alone=$("$unstuck" --model "$served" generate 'The boat' --seed 9 --max-tokens 12)
[ "${together##*====================$'\n'}" = "$alone" ] || { printf 'not alike:\n%s\n%s\n' "$together" "$alone" >&2; exit 1; }
echo "three samples in one request"

# The log-probabilities are those of the model.
"$unstuck" --model "$room/inkwell" generate 'The boat' "${greedy[@]}" --json --logprobs 3 --quantization f32 > "$room/here"
"$unstuck" --model "$served" generate 'The boat' "${greedy[@]}" --json --logprobs 3 > "$room/there" 2>/dev/null
"$python" - "$room" <<'PY'
import json, sys
here, there = (json.load(open(f"{sys.argv[1]}/{name}"))["tokens"] for name in ("here", "there"))
assert [token["id"] for token in here] == [token["id"] for token in there]
for a, b in zip(here, there):
    assert abs(a["logprob"] - b["logprob"]) < 1e-2, (a, b)
    assert [other["id"] for other in a["top"]] == [other["id"] for other in b["top"]], (a, b)
print(f"{len(here)} tokens with the same ids, log-probabilities and alternatives")
PY

if UNSTUCK_ENGINE_KEY=sk-wrong "$unstuck" --model "$served" generate x 2> "$room/err"; then exit 1; fi
grep -q 'refuses the key' "$room/err" && ! grep -q 'sk-wrong' "$room/err"
echo "a wrong key is refused"
