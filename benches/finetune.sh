#!/usr/bin/env bash
# Fine-tuning beside PyTorch: 124M random weights, f32, batch 4 x 256, one thread a core, in turn; then the ratio of the
# medians, and the most memory of each. Not part of CI: it wants PyTorch and a machine with nothing else to do.
#   benches/finetune.sh [rounds] [steps]      PYTHON names a python with torch; else one is made in target/peers
set -euo pipefail
rounds=${1:-3}
steps=${2:-4}
threads=$(nproc)
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-}
if [ -z "$python" ]; then
  python=$root/target/peers/torch/bin/python
  if [ ! -x "$python" ]; then
    python3 -m venv "$root/target/peers/torch"
    "$root/target/peers/torch/bin/pip" install -q torch numpy
  fi
fi
cd "$root"
ours=$(cargo bench --bench finetune --no-run --message-format=json 2>/dev/null |
  "$python" -c 'import json,sys; print([o["executable"] for o in map(json.loads, sys.stdin) if o.get("executable") and o["target"]["name"] == "finetune"][-1])')
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
for round in $(seq "$rounds"); do
  echo "round $round of $rounds" >&2
  echo "unstuck $("$ours" "$steps")" | tee -a "$lines" >&2
  echo "torch $("$python" benches/finetune.py "$steps" "$threads")" | tee -a "$lines" >&2
done
"$python" - "$lines" <<'PY'
import json, statistics, sys
rounds = {"unstuck": [], "torch": []}
for line in open(sys.argv[1]):
    who, facts = line.split(" ", 1)
    rounds[who].append(json.loads(facts))
step = {who: [statistics.median(r["step_s"]) for r in all] for who, all in rounds.items()}
ratios = [theirs / ours for ours, theirs in zip(step["unstuck"], step["torch"])]
for who, all in rounds.items():
    seconds, peak = statistics.median(step[who]), max(r["peak_kib"] for r in all)
    print(f"{who:8} {seconds:6.2f} s a step  {1024 / seconds:6.0f} tokens/s  {peak / 1024:6.0f} MiB")
print(f"ratio    {statistics.median(ratios):.2f}x (of each round: {', '.join(f'{r:.2f}' for r in ratios)})")
PY
