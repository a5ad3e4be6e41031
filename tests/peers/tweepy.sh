#!/usr/bin/env bash
# `tweepy`, the most used client, against our stand-in for X: what it signs, our code verifies; what the stand-in answers,
# it understands. Needs Python with pip, Rust, and a network to install it from; without, it is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/peers/python.bash
python_with "$room/venv" tweepy==4.17.0
cargo test --release --quiet --test bot --no-run >/dev/null 2>&1
mkfifo "$room/in"
cargo test --release --quiet --test bot -- --ignored --exact serve::serve --nocapture < "$room/in" > "$room/log" 2>/dev/null &
exec 9> "$room/in"
for _ in $(seq 300); do grep -q 'serving' "$room/log" && break; sleep 0.1; done
read -r url mention < <(grep -o 'serving .*' "$room/log" | awk '{print $2, $4}')
"$python" - "$url" "$mention" <<'PY'
import sys, requests, tweepy
base, mention = sys.argv[1:]


client = tweepy.Client(consumer_key="ck/Kk+Public9", consumer_secret="cs/Hush+hush=Secret1",
    access_token="4200-at/Token+Visible7", access_token_secret="as/Very=Hush+Secret2")
request = client.session.request
client.session.request = lambda method, url, **more: request(method, url.replace("https://api.twitter.com", base).replace("https://api.x.com", base), **more)
me = client.get_me(user_auth=True)
assert me.data.username == "inkbot", me
found = client.get_users_mentions("4200", user_auth=True, tweet_fields=["author_id", "conversation_id"], max_results=100)
assert [str(tweet.id) for tweet in found.data] == [mention], found
reply = client.create_tweet(text="It rained, and nobody minded.", in_reply_to_tweet_id=mention, user_auth=True)
assert reply.data["text"] == "It rained, and nobody minded."
try:
    client.create_tweet(text="It rained, and nobody minded.", in_reply_to_tweet_id=mention, user_auth=True)
    raise SystemExit("a duplicate passed")
except tweepy.Forbidden as no:
    assert "duplicate content" in str(no), no
own = client.get_users_tweets("4200", user_auth=True, tweet_fields=["referenced_tweets"])
assert str(own.data[0].referenced_tweets[0].id) == mention
client.delete_tweet(reply.data["id"], user_auth=True)
wrong = tweepy.Client(consumer_key="ck/Kk+Public9", consumer_secret="no", access_token="4200-at/Token+Visible7", access_token_secret="no")
request2 = wrong.session.request
wrong.session.request = lambda method, url, **more: request2(method, url.replace("https://api.twitter.com", base), **more)
try:
    wrong.get_me(user_auth=True)
    raise SystemExit("a wrong key passed")
except tweepy.Unauthorized:
    pass
PY
echo >&9
wait
cat "$room/log" | grep request
echo "tweepy and the stand-in understand each other"
