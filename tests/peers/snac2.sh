#!/usr/bin/env bash
# The bot on a real server that nobody here wrote: snac2, an ActivityPub server with Mastodon's client API, from Debian's
# backports. A mention gets one reply, whatever is killed in between; visibility and content warning are kept; "stop" is
# heard. snac2 ignores `Idempotency-Key` and `since_id`. It is unpacked into a temporary folder, without root. Needs apt, a
# network to fetch the package from, python3, and libcurl and libssl; without, it is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
room=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$room"' EXIT
trap 'cat "$room/log" "$room/said" >&2 || true' ERR
skip() { echo "$1"; exit 77; }

command -v apt-get >/dev/null && command -v dpkg >/dev/null || skip "no apt here, so no snac2"
command -v python3 >/dev/null || skip "no python3 here"
snac=$(command -v snac || true)
if [ -z "$snac" ]; then
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    case $codename in
        bookworm) suite=bookworm-backports ;;
        *) suite=trixie ;;
    esac
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -e "$keyring" ] || skip "no Debian here, so no snac2"
    mkdir -p "$room/lists/partial" "$room/cache/archives/partial"
    echo "deb [signed-by=$keyring] http://deb.debian.org/debian $suite main" > "$room/list"
    apt=(-o "Dir::Etc::sourcelist=$room/list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$room/lists"
         -o "Dir::Cache=$room/cache" -o APT::Sandbox::User=root)
    (cd "$room" && timeout 200 apt-get "${apt[@]}" update -qq && timeout 200 apt-get "${apt[@]}" download -qq snac2 &&
        dpkg -x snac2_*.deb root) > "$room/apt.log" 2>&1 || skip "snac2 can't be fetched here"
    snac=$room/root/usr/bin/snac
fi
{ "$snac" 2>&1 || true; } | grep -qi snac || skip "snac2 doesn't run here"

cargo build --release --quiet
unstuck="${CARGO_TARGET_DIR:-target}/release/unstuck"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port
printf '127.0.0.1\n%s\nlocalhost:%s\n\n\n' "$port" "$port" | "$snac" init "$room/data" > /dev/null
python3 - "$room/data/server.json" <<'PY'
import json, sys
settings = json.load(open(sys.argv[1]))
settings.update(protocol="http", disable_email_notifications=True, disable_inbox_collection=True)
json.dump(settings, open(sys.argv[1], "w"))
PY
for user in robo alice; do
    "$snac" adduser "$room/data" $user < /dev/null > "$room/$user.log"
done
"$snac" httpd "$room/data" > "$room/snac.log" 2>&1 &
server=$!

# Somebody with an account: `who USER METHOD PATH [FIELD=VALUE...]` prints the answer.
cat > "$room/who.py" <<'PY'
import json, re, sys, time, urllib.parse, urllib.request
base, room, user, method, path, *fields = sys.argv[1:]

def call(path, form=None, token=None, method=None):
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(base + path, data=data, method=method)
    if token:
        request.add_header("Authorization", "Bearer " + token)
    for _ in range(100):
        try:
            return urllib.request.urlopen(request).read().decode()
        except ConnectionError:
            time.sleep(0.1)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
            time.sleep(0.1)

try:
    token = open(f"{room}/{user}.token").read()
except FileNotFoundError:
    password = re.search(r"password is (\S+)", open(f"{room}/{user}.log").read()).group(1)
    to = "urn:ietf:wg:oauth:2.0:oob"
    app = json.loads(call("/api/v1/apps", dict(client_name="peer", redirect_uris=to, scopes="read write")))
    page = call("/oauth/x-snac-login", dict(login=user, passwd=password, redir=to, cid=app["client_id"], state=""))
    code = re.search(r"[0-9a-f]{20,}", page).group(0)
    form = dict(grant_type="authorization_code", code=code, client_id=app["client_id"],
                client_secret=app["client_secret"], redirect_uri=to)
    token = json.loads(call("/oauth/token", form))["access_token"]
    open(f"{room}/{user}.token", "w").write(token)
form = dict(field.split("=", 1) for field in fields) or None
print(call(path, form, token, method))
PY
who() { python3 "$room/who.py" "$url" "$room" "$@"; }
# The id of a new post by alice.
says() { who alice POST /api/v1/statuses "$@" | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])'; }
# The bot's replies to a post, one a line: visibility, content warning, text.
below() {
    { who robo GET "/api/v1/accounts/$me/statuses?limit=40"; who robo GET "/api/v1/statuses/$1/context" || echo '{}'; } |
        python3 -c '
import html, json, re, sys
decoder, text = json.JSONDecoder(), sys.stdin.read().strip()
listed, end = decoder.raw_decode(text)
context = json.loads(text[end:])
posts = {post["id"]: post for post in listed + context.get("descendants", [])}
for post in posts.values():
    if post["in_reply_to_id"] == sys.argv[1] and post["account"]["acct"].split("@")[0] == "robo":
        print(post["visibility"], repr(post["spoiler_text"]), html.unescape(re.sub("<[^>]*>", " ", post["content"])))' "$1"
}
until_seen() {
    for _ in $(seq 60); do
        who robo GET '/api/v1/notifications?types[]=mention' | grep "\"$1\"" > /dev/null && return
        sleep 0.5
    done
    echo "snac2 doesn't deliver the mention" >&2
    exit 1
}

who robo PATCH /api/v1/accounts/update_credentials bot=true > /dev/null
me=$(who robo GET /api/v1/accounts/verify_credentials | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
cat > "$room/bot.toml" <<TOML
[bot]
platform = "mastodon"
posting = "auto"
handle = "robo"
index_lag_seconds = 10
secrets = "$room/token.toml"
ledger = "$room/ledger.sqlite"
[bot.policy]
per_author_hour = 100
per_author_day = 100
quick_seconds = 0
[bot.mastodon]
server = "$url"
[bot.attestation]
operator = "@alice"
approved_by_platform = true
labelled = true
opt_out_told = true
TOML
export HOME="$room" XDG_STATE_HOME="$room" XDG_CONFIG_HOME="$room" XDG_DATA_HOME="$room"
bot() { "$unstuck" bot "$@" --config "$room/bot.toml"; }
bot login < "$room/robo.token" 2> /dev/null
bot check
bot once 2> "$room/log"
sleep 1.1 # snac2's times are whole seconds, and what is older than the ledger is not answered

# one mention, one reply, not wider than the mention
first=$(says 'status=@robo The lamp went out, and' visibility=public)
until_seen "$first"
bot once >> "$room/said" 2>> "$room/log"
below "$first" | tee "$room/below"
[ "$(wc -l < "$room/below")" -eq 1 ]
# snac2 calls an unlisted post public
grep -Eq '^(unlisted|public) .*The lamp went out, and' "$room/below"
bot once >> "$room/said" 2>> "$room/log"
[ "$(below "$first" | wc -l)" -eq 1 ]

# killed after each of its steps: still one reply
for steps in $(seq 4 16); do
    mention=$(says "status=@robo Night number $steps was dark, and")
    until_seen "$mention"
    UNSTUCK_BOT_TEST="die=$steps" bot once >> "$room/said" 2>> "$room/log" || true
    UNSTUCK_BOT_TEST="ahead=60000" bot once >> "$room/said" 2>> "$room/log" || true
    UNSTUCK_BOT_TEST="ahead=120000" bot once >> "$room/said" 2>> "$room/log" || true
    UNSTUCK_BOT_TEST="ahead=180000" bot once >> "$room/said" 2>> "$room/log" || true
    count=$(below "$mention" | wc -l)
    echo "killed after $steps steps: $count replies"
    [ "$count" -eq 1 ]
done

# a post for followers is answered directly, and a content warning is kept
quiet=$(says 'status=@robo The sea was quiet, and' visibility=direct 'spoiler_text=the sea')
until_seen "$quiet"
bot once >> "$room/said" 2>> "$room/log"
below "$quiet" | tee "$room/below"
grep -Eq "^(direct|private) 'the sea'" "$room/below"

# a reply to the bot that doesn't call it starts no talk, and "stop" is heard
stop=$(says 'status=@robo please stop')
until_seen "$stop"
bot once >> "$room/said" 2>> "$room/log"
after=$(says 'status=@robo The bell rang twice, and')
until_seen "$after"
bot once >> "$room/said" 2>> "$room/log"
[ "$(below "$after" | wc -l)" -eq 0 ]
bot status | grep -q '^opted out  1'

# snac2 deletes no posts by this API, and answers as if there were none: that is not taken for done
if bot retract "$first" 2> "$room/retract"; then
    [ "$(below "$first" | wc -l)" -eq 0 ]
else
    grep -q "doesn't delete it" "$room/retract"
fi
if grep -rF "$(cat "$room/robo.token")" "$room/said" "$room/log" "$room/ledger.sqlite" > /dev/null; then
    echo "the token got out" >&2
    exit 1
fi
echo "snac2: $(grep -c '"decision":"reply"' "$room/said") replies, none twice"
