window.YTD.tweets.part0 = [
  {
    "tweet" : {
      "edit_info" : { "initial" : { "editTweetIds" : [ "1001" ], "isEditEligible" : true } },
      "retweeted" : false,
      "entities" : { "hashtags" : [ { "text" : "lamps", "indices" : [ "0", "6" ] } ], "urls" : [ { "url" : "https://t.co/aB3dE5fG7h", "expanded_url" : "https://example.org/lamps" } ] },
      "id_str" : "1001",
      "full_text" : "Trimmed the wick &amp; filled the lamp. #lamps https://t.co/aB3dE5fG7h",
      "lang" : "en"
    }
  },
  {
    "tweet" : {
      "retweeted" : false,
      "entities" : { "user_mentions" : [ { "screen_name" : "elm_street" } ] },
      "id_str" : "1002",
      "full_text" : "RT @elm_street: Lamps are for people who go to bed too late.",
      "lang" : "en"
    }
  },
  {
    "tweet" : {
      "retweeted" : false,
      "id_str" : "1003",
      "full_text" : "@elm_street Two lines from me:\n\none for the lamp, one for the dark.",
      "lang" : "en"
    }
  },
  {
    "tweet" : {
      "retweeted" : false,
      "id_str" : "1004",
      "full_text" : "https://t.co/xY1zW2vU3t",
      "lang" : "zxx"
    }
  }
]
