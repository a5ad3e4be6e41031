#!/usr/bin/env bash
# A browser shows what is on air: the page of `unstuck --live --overlay`, in headless Chromium, as a streaming program
# has it. It sees the text come, bleeped and as text, and it sees it go when the screen is blank. Three takes stand in
# numbered columns without scroll bars, the query changes the looks, and a style sheet that the streaming program inserts
# applies.
set -euo pipefail
cd "$(dirname "$0")/../.."
room=$(mktemp -d)
session="unstuck-chromium-$$"
browser=
leave() {
    tmux -L "$session" kill-server 2>/dev/null || true
    if [ -n "$browser" ]; then
        kill "$browser" 2>/dev/null || true
        wait "$browser" 2>/dev/null || true
    fi
    # its helpers may write a moment longer
    rm -rf "$room" 2>/dev/null || { sleep 1; rm -rf "$room"; } || true
}
trap leave EXIT

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
for need in chromium tmux curl python3; do
    command -v "$need" >/dev/null && continue
    { as_root apt-get update -qq && as_root apt-get install -y -qq --no-install-recommends "$need"; } >/dev/null 2>&1 ||
        { echo "no $need here, and it can't be installed"; exit 77; }
done

cargo build --release --quiet
unstuck="$PWD/${CARGO_TARGET_DIR:-target}/release/unstuck"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
page="http://127.0.0.1:$port"
cat > "$room/show.md" <<'MD'
# A show

## the door
seed: 7
writer: that nobody had knocked, and the grimble slept.

The <b>keeper</b> & the grimble opened the door, and
MD
echo 'grimble' > "$room/list.txt"
export XDG_STATE_HOME="$room/state" XDG_DATA_HOME="$room/data" XDG_CONFIG_HOME="$room/config" TERM=xterm-256color
tmux -L "$session" new-session -d -x 100 -y 30 \
    "'$unstuck' --live --rundown '$room/show.md' --bleep '$room/list.txt' --pace 900 --overlay '$page' 2>'$room/log'"
for _ in $(seq 100); do
    curl -sf "$page/text" >"$room/text" 2>/dev/null && break
    sleep 0.1
done
[ -s "$room/text" ] || { cat "$room/log" >&2; echo "the page isn't there" >&2; exit 1; }

# One browser for the whole show; what it shows is asked through its own debugging protocol.
chromium --headless=new --no-sandbox --disable-gpu --no-first-run --user-data-dir="$room/browser" \
    --remote-debugging-port=0 "$page/" >"$room/chromium.log" 2>&1 &
browser=$!
for _ in $(seq 300); do
    [ -s "$room/browser/DevToolsActivePort" ] && break
    sleep 0.1
done
[ -s "$room/browser/DevToolsActivePort" ] || { cat "$room/chromium.log" >&2; echo "Chromium doesn't start here"; exit 77; }
debug=$(head -1 "$room/browser/DevToolsActivePort")

cat > "$room/look.py" <<'PY'
# Asks the browser's page what it shows, over a WebSocket that is written by hand: nothing has to be installed.
import base64, json, os, socket, struct, sys, time, urllib.request

debug, page, wanted = sys.argv[1], sys.argv[2], sys.argv[3]

def connect():
    tabs = json.load(urllib.request.urlopen(f"http://127.0.0.1:{debug}/json/list"))
    path = next(t for t in tabs if t["url"].startswith(page))["webSocketDebuggerUrl"].split(debug, 1)[1]
    s = socket.create_connection(("127.0.0.1", int(debug)), timeout=20)
    key = base64.b64encode(os.urandom(16)).decode()
    s.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{debug}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += s.recv(1)
    return s

def exactly(s, n):
    data = b""
    while len(data) < n:
        data += s.recv(n - len(data))
    return data

def evaluate(s, expression):
    body = json.dumps({"id": 1, "method": "Runtime.evaluate", "params": {"expression": expression, "returnByValue": True}}).encode()
    mask = os.urandom(4)
    s.sendall(b"\x81" + struct.pack(">BH", 0xFE, len(body)) + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(body)))
    while True:
        length = exactly(s, 2)[1] & 0x7F
        if length == 126:
            length = struct.unpack(">H", exactly(s, 2))[0]
        elif length == 127:
            length = struct.unpack(">Q", exactly(s, 8))[0]
        answer = json.loads(exactly(s, length))
        if answer.get("id") == 1:
            return answer["result"]["result"].get("value")

shows = {
    # the prompt, bleeped, its markup as text
    "prompt": lambda text, tags: "The <b>keeper</b> & the ███████ opened the door, and" in text and tags == 0,
    # and words of the model behind it
    "take": lambda text, tags: len(text.split("and", 1)[-1].split()) >= 10 and tags == 0,
    "nothing": lambda text, tags: text == "",
    # three takes in columns side by side, numbered, and the writer's own continuation
    "columns": lambda text, tags: evaluate(s, """(() => {
        const boxes = [...document.querySelectorAll('.takes > section')].map((part) => part.getBoundingClientRect());
        const numbers = [...document.querySelectorAll('.number')].map((part) => part.textContent).join(' ');
        const page = document.documentElement;
        return boxes.length === 4 && new Set(boxes.map((box) => box.left)).size === 4
            && boxes.every((box) => box.bottom <= innerHeight && box.right <= innerWidth)
            && numbers === '1 2 3 the writer' && getComputedStyle(page).overflowY === 'hidden'
            && innerWidth === page.clientWidth && document.querySelector('.writer').textContent.includes('the ███████ slept');
    })()"""),
    # what the query says, and bars for the candidates of a token
    "looks": lambda text, tags: evaluate(s, """(() => {
        const prompt = document.querySelector('.prompt');
        const size = parseFloat(getComputedStyle(prompt).fontSize);
        return document.querySelectorAll('.bars i').length >= 5 && document.querySelectorAll('.bars .drawn').length >= 1
            && Math.abs(size - innerHeight * 0.04) < 1 && prompt.getBoundingClientRect().top < innerHeight / 4;
    })()"""),
    # a style sheet of the streaming program's user
    "own style": lambda text, tags: evaluate(s, """(() => {
        if (!document.getElementById('own')) {
            const style = document.createElement('style');
            style.id = 'own';
            style.textContent = '.prompt { color: rgb(1, 2, 3); }';
            document.head.append(style);
        }
        return getComputedStyle(document.querySelector('.prompt')).color === 'rgb(1, 2, 3)';
    })()"""),
}
if wanted.startswith("/"):
    s = connect()
    evaluate(s, f"location.assign({wanted!r})")
    sys.exit()
end = time.time() + 60
while True:
    s = connect()
    text = evaluate(s, "document.body.innerText.trim()")
    tags = evaluate(s, "document.querySelectorAll('b').length")
    if shows[wanted](text, tags):
        print(f"{wanted}: {text!r}")
        break
    assert time.time() < end, (wanted, text, tags)
    time.sleep(0.2)
PY
look() { python3 "$room/look.py" "$debug" "$page" "$1"; }

look prompt
# The model is there when the state says so.
for _ in $(seq 600); do
    tmux -L "$session" capture-pane -p | grep -q '○ ready' && break
    sleep 0.1
done
tmux -L "$session" send-keys Space
look take
tmux -L "$session" send-keys b
look nothing
tmux -L "$session" send-keys b
look take
tmux -L "$session" send-keys 3
sleep 3
tmux -L "$session" send-keys o
look columns
look 'own style'
tmux -L "$session" send-keys o
tmux -L "$session" send-keys Enter
look /?size=4\&at=top\&bars=1
tmux -L "$session" send-keys t
look looks
tmux -L "$session" send-keys Escape
# By another name it is no page; neither is it for other machines.
code=$(curl -s -o /dev/null -w '%{http_code}' -H "Host: evil.example:$port" "$page/")
[ "$code" = 403 ] || { echo "another name got $code" >&2; exit 1; }
# Off air nothing stays on the picture.
tmux -L "$session" send-keys F8
look nothing
echo "the page in $(chromium --version 2>/dev/null): prompt, words, blank, columns, looks, own style, off air"
