#!/usr/bin/env bash
# A sitting in plain mode is exported in every form, and programs that aren't ours read it: asciinema plays the recording,
# a terminal emulator (pyte) shows the draft at its end, webvtt-py reads the subtitles, jsonschema checks the chapters,
# and headless Chromium renders the page. The receipts of the same sitting are repeated.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/peers/python.bash
. tests/peers/python.bash
python_with "$room/venv" asciinema==2.4.0 pyte webvtt-py jsonschema

cargo build --release --quiet
unstuck="$PWD/${CARGO_TARGET_DIR:-target}/release/unstuck"
export XDG_STATE_HOME="$room/state" XDG_DATA_HOME="$room/data" XDG_CONFIG_HOME="$room/config"
draft="$room/draft.md"
{
    echo 'The lamps along the bay were out, and nobody on the island could say why. Then the bell rang.'
    printf '/ask\n/take 1\n "No & <never>," she said.\n/ask\n/take 2\n/save\n/quit\n'
} | "$unstuck" --plain "$draft" > "$room/log"
grep -q '^Taken' "$room/log" || { cat "$room/log" >&2; echo "nothing was taken" >&2; exit 1; }

"$unstuck" verify "$draft"
for format in md html json notes vtt; do
    "$unstuck" export "$draft" --format "$format" -o "$room/out.$format"
done
"$unstuck" export "$draft" --format cast -o "$room/out3.cast"
"$unstuck" export "$draft" --format cast --asciicast 2 -o "$room/out2.cast"
"$unstuck" export "$draft" --format chapters -o "$room/chapters.json"
"$unstuck" export "$draft" --format chapters -o "$room/labels.txt"

# The player of a package plays version 2; both versions leave the draft on the screen.
"$room/venv/bin/asciinema" cat "$room/out2.cast" > "$room/played"
cat > "$room/check.py" <<'PY'
import json, re, sys
import jsonschema, pyte, webvtt

room = sys.argv[1]
draft = " ".join(open(f"{room}/draft.md").read().split())

def screen(text):
    terminal = pyte.Screen(80, 24)
    pyte.Stream(terminal).feed(text)
    return " ".join(" ".join(line for line in terminal.display[:23]).split())

def cast(path):
    head, *events = [json.loads(line) for line in open(path)]
    times = [event[0] for event in events]
    return head, events, times

head, events, times = cast(f"{room}/out2.cast")
assert head["version"] == 2 and (head["width"], head["height"]) == (80, 24), head
assert times == sorted(times), "times of version 2 go forward"
second = "".join(event[2] for event in events if event[1] == "o")
head, three, intervals = cast(f"{room}/out3.cast")
assert head["version"] == 3 and head["term"] == {"cols": 80, "rows": 24}, head
assert all(interval >= 0 for interval in intervals) and abs(sum(intervals) - times[-1]) < 0.01
assert [event[1:] for event in three] == [event[1:] for event in events]
played = open(f"{room}/played", newline="").read()
for text in (second, played):
    assert screen(text) == draft, (screen(text), draft)

cues = webvtt.read(f"{room}/out.vtt")
said = " ".join(cue.text for cue in cues)
voices = {cue.voice for cue in cues}
assert "Then the bell rang." in said and {"Writer", "inkwell"} <= voices, (said, voices)
starts = [cue.start_in_seconds for cue in cues]
assert starts == sorted(starts)

# The podcast namespace's JSON chapters, version 1.2.0.
chapters = json.load(open(f"{room}/chapters.json"))
jsonschema.validate(chapters, {
    "type": "object", "required": ["version", "chapters"],
    "properties": {
        "version": {"type": "string", "pattern": r"^1\.[0-2]\.0$"}, "title": {"type": "string"},
        "chapters": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["startTime"],
            "properties": {"startTime": {"type": "number", "minimum": 0}, "title": {"type": "string"}},
        }},
    },
})
assert chapters["chapters"][0]["startTime"] == 0
labels = open(f"{room}/labels.txt").read().splitlines()
assert len(labels) == len(chapters["chapters"])
assert all(re.fullmatch(r"\d+\.\d{6}\t\d+\.\d{6}\t[^\t]+", label) for label in labels), labels
whole = json.load(open(f"{room}/out.json"))
assert " ".join(whole["text"].split()) == draft and whole["requests"] and whole["machine"]
print(f"{len(events)} events, {len(cues)} cues, {len(labels)} chapters")
PY
"$python" "$room/check.py" "$room"

if ! command -v chromium >/dev/null; then
    echo "no Chromium here: the page is not looked at"
    exit 0
fi
chromium --headless=new --no-sandbox --disable-gpu --user-data-dir="$room/browser" --window-size=900,700 \
    --screenshot="$room/page.png" "file://$room/out.html" >/dev/null 2>&1
chromium --headless=new --no-sandbox --disable-gpu --user-data-dir="$room/browser" --dump-dom \
    "file://$room/out.html" 2>/dev/null > "$room/dom.html"
[ -s "$room/page.png" ]
grep -q '<span class="machine" title="By inkwell' "$room/dom.html"
grep -qE '<span class="r[0-3]" title="rank [0-9]+' "$room/dom.html"
grep -q '&lt;never&gt;' "$room/dom.html"
! grep -qE 'https?://|<script' "$room/out.html" || { echo "the page needs a network" >&2; exit 1; }
[ -z "${UNSTUCK_KEEP:-}" ] || cp -r "$room"/out* "$room"/page.png "$room"/chapters.json "$room"/labels.txt "$draft" "$UNSTUCK_KEEP"
echo "verified, played by asciinema, read by webvtt-py and jsonschema, rendered by $(chromium --version 2>/dev/null)"
