#!/usr/bin/env bash
# One cache for both: `huggingface_hub`, which we didn't write, finds what the program pulled, and the program opens what
# `huggingface_hub` fetched; both from a stand-in on this machine. Needs Python with pip, Rust, and a network to install
# the library from; without, it is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/peers/python.bash
python_with "$room/venv" huggingface_hub==2.4.0
cargo build --release --quiet

serve <<'PY'
import hashlib, http.server, json, os, sys
ROOT, COMMIT = "tests/fixtures/micro", "607a30d783dfa663caf39e06633721c8d4cfcd7e"
NAMES = ["config.json", "vocab.json", "merges.txt", "model.safetensors"]
read = lambda name: open(os.path.join(ROOT, name), "rb").read()

class Server(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def send(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD": self.wfile.write(body)
    def do_GET(self):
        path = self.path.split("?")[0]
        print(self.command, path, flush=True)
        if path.startswith("/content/"):
            return self.send(200, {}, read(path.removeprefix("/content/")))
        if path.startswith("/api/models/me/micro"):
            body = {"id": "me/micro", "modelId": "me/micro", "sha": COMMIT, "private": False, "tags": ["license:mit"],
                    "siblings": [{"rfilename": name} for name in NAMES]}
            if "/tree/" in path:
                body = [{"type": "file", "path": n, "size": len(read(n)), "oid": "0" * 40} for n in NAMES]
            return self.send(200, {"content-type": "application/json"}, json.dumps(body).encode())
        name = path.rsplit("/", 1)[-1]
        if "/resolve/" not in path or name not in NAMES:
            return self.send(404, {"x-error-code": "EntryNotFound"})
        body = read(name)
        if name.endswith(".safetensors"):
            return self.send(302, {"x-linked-etag": '"%s"' % hashlib.sha256(body).hexdigest(),
                "x-linked-size": str(len(body)), "x-repo-commit": COMMIT,
                "location": "http://%s/content/%s" % (self.headers["host"].replace("127.0.0.1", "localhost"), name)})
        git = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
        self.send(200, {"etag": '"%s"' % git, "x-repo-commit": COMMIT}, body)
    do_HEAD = do_GET
PY
export HF_ENDPOINT="$url" HOME="$room" XDG_DATA_HOME="$room" XDG_CONFIG_HOME="$room" XDG_STATE_HOME="$room"
unset HF_TOKEN HF_HUB_CACHE HF_HUB_OFFLINE

# ours, read by theirs
HF_HOME="$room/ours" target/release/unstuck models pull me/micro
HF_HOME="$room/ours" HF_HUB_OFFLINE=1 "$python" - <<'PY'
import huggingface_hub as hub
folder = hub.snapshot_download("me/micro", local_files_only=True)
for name in ["config.json", "vocab.json", "merges.txt", "model.safetensors"]:
    found = hub.hf_hub_download("me/micro", name, local_files_only=True)
    assert open(found, "rb").read() == open("tests/fixtures/micro/" + name, "rb").read(), name
info = hub.scan_cache_dir()
assert not info.warnings, info.warnings
[repo] = info.repos
assert repo.repo_id == "me/micro" and repo.nb_files == 4 and "main" in repo.refs, repo
print("huggingface_hub", hub.__version__, "finds what was pulled")
PY
HF_HOME="$room/ours" "$python" -c '
import huggingface_hub as hub
hub.snapshot_download("me/micro")'
[ "$(grep -c '^GET /content/' "$room/log")" -eq 1 ] # it didn't fetch the weights again

# theirs, read by ours
HF_HOME="$room/theirs" "$python" -c '
import huggingface_hub as hub
for name in ["config.json", "vocab.json", "merges.txt", "model.safetensors"]:
    hub.hf_hub_download("me/micro", name)'
[ "$(grep -c '^GET /content/' "$room/log")" -eq 2 ]
export HF_HOME="$room/theirs"
target/release/unstuck models list | grep -q 'me/micro'
target/release/unstuck models verify me/micro | grep -q sound
target/release/unstuck generate --model me/micro --max-tokens 3 "the" > /dev/null
target/release/unstuck models pull me/micro | grep -q 'already here'
[ "$(grep -c '^GET /content/' "$room/log")" -eq 2 ]
echo "one cache for both: what either fetched, the other uses"
