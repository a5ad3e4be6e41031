window.YTD.tweet.part0 = [ {
  "retweeted" : false,
  "source" : "<a href=\"https://example.org\">A telephone</a>",
  "id" : "901",
  "full_text" : "The landing smells of paraffin again. Nobody owns up.",
  "lang" : "en"
}, {
  "retweeted" : false,
  "id" : "902",
  "full_text" : "\"@elm_street: It was the cat.\" It was not the cat.",
  "lang" : "en"
} ]
