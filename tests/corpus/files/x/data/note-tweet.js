window.YTD.note_tweet.part0 = [
 {
  "noteTweet": {
   "lifecycle": {},
   "core": {
    "urls": [],
    "text": "It begins on the stairs, where the lamp hums and nobody listens, and so it went on and on, and so it went on and on, and so it went on and on, and so it went on and on, and so it went on and on, and so it went on and on, and so it went on and on, and so it went on and on, and so it went on and on, until the last step gave way and I stood in the dark."
   },
   "noteTweetId": "5",
   "createdAt": "2025-06-04T10:00:00.000Z"
  }
 }
];
