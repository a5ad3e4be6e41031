#!/usr/bin/env bash
# The platform's own library judges what `clean::post` lets through, and every text that the stand-in for X accepted in
# the bot's tests: no links, pings or tags in it, and no longer than we say. Needs Node and npm; without them, or without a network, it is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
command -v node >/dev/null && command -v npm >/dev/null || { echo "no Node here"; exit 77; }
(cd "$room" && timeout 120 npm install --silent --no-audit --no-fund twitter-text@3.1.0 >/dev/null 2>&1) ||
    { echo "twitter-text can't be fetched here"; exit 77; }

cat > "$room/make.js" <<'JS'
// Texts made of pieces that go wrong together; the same ones each time.
let state = 20261122;
const random = n => (state = (Math.imul(state, 1103515245) + 12345) >>> 0, Math.floor(state / 4294967296 * n));
const pieces = ['The lamp went out', ' and ', '. ', '! ', '? ', '… ', '.', 'So', 'end', 'example', '.com', '.co', '.jp',
  'www.', 'http://', 'HTTPS://', 't.co/', '/a?b=c', 'xn--', 'ü', 'é', 'e\u0301', '漢字', 'かな', '한글', '。', '@', '＠', 'ash',
  '/list', '$', 'INK', '#', '＃', 'tag', '1', '5', ' ', ' ', ' ', '\n', '\n\n', '(', ')', '"', "'", '-', '_', '&amp;', '&lt;',
  '&#46;', '&#64;', '<|endoftext|>', '<|pad|>', '👩\u200d🚀', '❤\ufe0f', '©', '™', '🇫🇷', '1\ufe0f\u20e3', '\u200b', '\u202e', '😀',
  '🇩🇪', '🇽🇽', '👍🏽', '👨\u200d👩\u200d👧', '👩🏽\u200d🚀', '👁\ufe0f\u200d🗨\ufe0f', '🏴\u200d☠\ufe0f', '🧑\u200d🎄',
  'U.S.', 'a.m.', 'Mr.', 'привет', '.рф', 'मानक', '.भारत', 'عربي', '.مصر', '：', '．', '‼', 'ﬁ', 'İ', 'ß', '\u0958', ':', ',', '~', '|'];
for (let i = 0; i < 60000; i++) {
  let text = '';
  for (let n = 1 + random(24); n > 0; n--) text += pieces[random(pieces.length)];
  console.log(JSON.stringify(text + (random(3) ? '.' : '')));
}
JS
cat > "$room/judge.js" <<'JS'
const twitter = require('twitter-text').default || require('twitter-text');
const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n');
let posts = 0, bad = 0;
for (const line of lines) {
  const post = JSON.parse(line);
  if (!post) continue;
  posts++;
  const [text, weight] = post;
  const found = ['extractUrls', 'extractMentions', 'extractHashtags', 'extractCashtags'].flatMap(name => twitter[name](text));
  const verdict = twitter.parseTweet(text);
  if (found.length || !verdict.valid || verdict.weightedLength > weight) {
    if (bad++ < 10) console.error(JSON.stringify({ text, found, weight, theirs: verdict.weightedLength, valid: verdict.valid }));
  }
}
console.log(`${posts} posts of ${lines.length} texts judged, ${bad} of them bad`, ...process.argv.slice(2));
process.exit(bad || posts < 300 ? 1 : 0);
JS
node "$room/make.js" > "$room/texts"
cargo run --release --quiet --example posts < "$room/texts" > "$room/posts"
(cd "$room" && node judge.js < posts)
BOT_ACCEPTED_TEXTS="$room/accepted" cargo test --release --quiet --test bot -- --skip crash:: >/dev/null
sort -u "$room/accepted" > "$room/posts"
cd "$room" && node judge.js accepted by the stand-in < posts
