#!/usr/bin/env bash
# The bot signs, and `oauthlib`, which we didn't write, verifies every request as a server does. Needs Python with pip,
# Rust, and a network to install the library from; without, it is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/peers/python.bash
python_with "$room/venv" oauthlib==3.3.1
cargo test --release --quiet --test bot --no-run >/dev/null 2>&1 # builds the program too
unstuck="${CARGO_TARGET_DIR:-target}/release/unstuck"

serve <<'PY'
import http.server, json, sys, time
from oauthlib.oauth1 import RequestValidator, ResourceEndpoint

KEYS = dict(ck="consumer+Key/1", cs="consumer=Secret/2", at="4200-token+3", ats="token/Secret=4")

class Judge(RequestValidator):
    enforce_ssl = False
    client_key_length = (3, 100)
    access_token_length = (3, 100)
    nonce_length = (16, 100)
    timestamp_lifetime = 300
    seen = set()
    # keys of X have signs in them that the library would not expect
    def check_client_key(self, key): return True
    def check_access_token(self, token): return True
    def check_nonce(self, nonce): return len(nonce) >= 16
    def validate_client_key(self, key, request): return key == KEYS["ck"]
    def validate_access_token(self, key, token, request): return token == KEYS["at"]
    def get_client_secret(self, key, request): return KEYS["cs"]
    def get_access_token_secret(self, key, token, request): return KEYS["ats"]
    def get_default_realms(self, key, request): return []
    def validate_realms(self, *args, **kwargs): return True
    def validate_timestamp_and_nonce(self, key, stamp, nonce, request, request_token=None, access_token=None):
        fresh = (stamp, nonce) not in self.seen and abs(int(stamp) - time.time()) < 300
        self.seen.add((stamp, nonce))
        return fresh

    @property
    def dummy_client(self): return "dummy"
    @property
    def dummy_access_token(self): return "dummy"

endpoint = ResourceEndpoint(Judge())
log = []
now = int(time.time() * 1000)
mention = str((now + 2000 - 1288834974657) << 22)

class Server(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def answer(self):
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size).decode()
        url = "http://%s%s" % (self.headers["host"], self.path)
        # JSON is not signed: the library gets no body
        valid, _ = endpoint.validate_protected_resource_request(url, self.command, None, dict(self.headers), [])
        print(self.command, self.path.split("?")[0], "valid" if valid else "INVALID", flush=True)
        path = self.path.split("?")[0]
        if not valid: status, reply = 401, {"title": "Unauthorized"}
        elif path == "/2/users/me": status, reply = 200, {"data": {"id": "4200", "username": "inkbot"}}
        elif path.endswith("/mentions"):
            status, reply = 200, {"data": [{"id": mention, "text": "@inkbot help", "author_id": "7"}],
                "includes": {"users": [{"id": "7", "username": "ash"}]}, "meta": {"result_count": 1}}
        elif path.endswith("/tweets") and self.command == "GET": status, reply = 200, {"meta": {"result_count": 0}}
        else: status, reply = 201, {"data": {"id": str(int(mention) + 1), "text": json.loads(body)["text"]}}
        data = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    do_GET = do_POST = answer
PY
cat > "$room/bot.toml" <<TOML
[bot]
platform = "x"
posting = "auto"
ledger = "$room/x.sqlite"
[bot.x]
base_url = "$url"
[bot.attestation]
operator = "@ash"
approved_by_platform = true
labelled = true
opt_out_told = true
TOML
export UNSTUCK_X_CONSUMER_KEY="consumer+Key/1" UNSTUCK_X_CONSUMER_SECRET="consumer=Secret/2"
export UNSTUCK_X_ACCESS_TOKEN="4200-token+3" UNSTUCK_X_ACCESS_SECRET="token/Secret=4"
"$unstuck" bot once --config "$room/bot.toml" > "$room/said"
cat "$room/log"
if grep -q INVALID "$room/log"; then exit 1; fi
[ "$(grep -c ' valid$' "$room/log")" -ge 4 ]
grep -q '^POST /2/tweets valid' "$room/log"
grep -q '"decision":"help"' "$room/said"
# and with one wrong letter nothing is valid
UNSTUCK_X_ACCESS_SECRET="token/Secret=5" "$unstuck" bot once --config "$room/bot.toml" 2>/dev/null && exit 1
grep -q '^GET /2/users/me INVALID' "$room/log"
echo "oauthlib verified every request of the bot, and refused one signed with a wrong key"
