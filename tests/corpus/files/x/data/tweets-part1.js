window.YTD.tweets.part1 = [
 {
  "tweet": {
   "id_str": "1",
   "full_text": "It begins on the stairs, where the lamp hums and nobody listens, and so it went on and on, and so it went on and on, and so it went on and on, and so it went on and on, and so it went on and on, and so it went on and on, and so it went on and on, and so it went on and\u2026 https://t.co/abc",
   "truncated": false
  }
 },
 {
  "tweet": {
   "full_text": "Salt &amp; ash, one of each."
  }
 },
 {
  "tweet": {
   "full_text": "RT @elm: not mine"
  }
 }
]