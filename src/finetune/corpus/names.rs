//! The names by which text, authors and marks are found: columns of tables and fields of JSON alike. Case, spaces, `_`
//! and `-` don't count, so `fullText`, `full_text` and `Full Text` are one name.

/// Names of text, most specific first. Names in other languages come last.
const TEXTS: &[&str] = &[
    "fulltext",
    "rawcontent",
    "text",
    "tweettext",
    "tweet",
    "tweets",
    "content",
    "contents",
    "body",
    "selftext",
    "post",
    "posttext",
    "message",
    "messagetext",
    "comment",
    "commenttext",
    "status",
    "caption",
    "sentence",
    "document",
    "textcontent",
    "lyrics",
    "poem",
    "textentities",
    "texto",
    "texte",
    "testo",
    "tekst",
    "inhalt",
    "nachricht",
    "beitrag",
    "kommentar",
    "mensaje",
    "contenido",
    "comentario",
    "contenu",
    "commentaire",
    "messaggio",
    "contenuto",
    "mensagem",
    "conteudo",
    "conteúdo",
    "bericht",
    "inhoud",
    "wiadomość",
    "treść",
    "meddelande",
    "innehåll",
    "metin",
    "mesaj",
    "текст",
    "сообщение",
    "комментарий",
    "κείμενο",
    "本文",
    "内容",
    "文本",
    "テキスト",
    "メッセージ",
    "내용",
    "메시지",
];
/// Fields with an object that has the text: the tweet in an archive, its full form, the object of an activity
/// (Mastodon), the record of a post (Bluesky).
const INSIDE: &[&str] = &[
    "tweet",
    "notetweet",
    "extendedtweet",
    "core",
    "object",
    "record",
    "value",
    "post",
    "comment",
];
/// Fields that name the author.
const AUTHORS: &[&str] = &[
    "from",
    "fromid",
    "sender",
    "sendername",
    "author",
    "authorname",
    "user",
    "username",
    "screenname",
    "account",
];
/// Those of chats, in which others have their say too.
const SPEAKERS: &[&str] = &["from", "fromid", "sender", "sendername"];
/// Fields of an author with a name.
const OF_AUTHOR: &[&str] = &[
    "username",
    "name",
    "id",
    "handle",
    "screenname",
    "displayname",
    "nickname",
    "globalname",
    "realname",
    "acct",
    "did",
];
/// Marks of what somebody else wrote first. `true`, 1 or any object in such a field counts.
const SHARED: &[&str] = &[
    "isretweet",
    "isrepost",
    "isreblog",
    "retweetedstatus",
    "retweetedtweet",
    "reblog",
    "forwardedfrom",
    "forwardedfromid",
];
/// Fields whose content isn't searched for records: other people's words, and what belongs to a record.
const OTHERS: &[&str] = &[
    "quotedstatus",
    "quotedtweet",
    "quote",
    "reply",
    "parent",
    "root",
    "embed",
    "embeds",
    "mentions",
    "entities",
    "reactions",
    "likes",
    "bookmarks",
    "contacts",
    "replies",
    "contentmap",
    "viewer",
    "profile",
    "personalinformation",
];

/// Whether two names are the same. `plain` is in lower case, without spaces, `_` and `-`.
pub fn is(name: &str, plain: &str) -> bool {
    let mut wanted = plain.chars();
    let mut letters =
        name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_lowercase);
    loop {
        match (letters.next(), wanted.next()) {
            (None, None) => return true,
            (one, other) if one == other => {}
            _ => return false,
        }
    }
}

fn one_of(name: &str, names: &[&str]) -> bool {
    name.len() <= 24 && names.iter().any(|one| is(name, one))
}

/// How specific the name of a text is; higher is better. `None` if it is not one.
pub fn rank(name: &str) -> Option<usize> {
    let name = name.trim();
    let at = TEXTS.iter().position(|text| name.len() <= 32 && is(name, text))?;
    Some(TEXTS.len() - at)
}

/// Whether the object in a field of this name has the text of the object around it.
pub fn is_inside(name: &str) -> bool {
    one_of(name, INSIDE)
}

/// Whether a field names the author.
pub fn is_author(name: &str) -> bool {
    one_of(name, AUTHORS)
}

/// Whether a field names the author of a message in a chat.
pub fn is_speaker(name: &str) -> bool {
    one_of(name, SPEAKERS)
}

/// Whether a field of an author has a name.
pub fn is_of_author(name: &str) -> bool {
    one_of(name, OF_AUTHOR)
}

/// Whether a field or column marks retweets and the like.
pub fn is_shared(name: &str) -> bool {
    one_of(name.trim(), SHARED)
}

/// Whether a field has other people's words, or no words.
pub fn is_others(name: &str) -> bool {
    one_of(name, OTHERS)
}

/// Whether a value means true.
pub fn is_true(field: &str) -> bool {
    ["true", "t", "1", "yes"].iter().any(|yes| field.trim().eq_ignore_ascii_case(yes))
}

/// Whether a text is prose: several words, or several characters of a script without spaces. Links, dates and numbers
/// are none.
pub fn is_prose(text: &str) -> bool {
    let is_word = |word: &&str| {
        word.contains(char::is_alphabetic)
            && !word.contains(['/', '@', '_', '='])
            && !word.contains(|c: char| c.is_ascii_digit())
    };
    text.split_whitespace().filter(is_word).take(3).count() == 3
        || text.chars().filter(|c| *c >= '\u{2e80}' && c.is_alphabetic()).take(5).count() == 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_many_spellings() {
        for name in ["full_text", "fullText", "Full Text", "FULLTEXT", " full-text"] {
            assert_eq!(rank(name), rank("full_text"), "{name}");
        }
        assert!(rank("full_text") > rank("text") && rank("text") > rank("body"));
        assert!(rank("Inhalt").is_some() && rank("本文").is_some() && rank("Conteúdo").is_some());
        assert!(rank("").is_none() && rank("texts of mine").is_none() && rank("id").is_none());
        assert!(is_author("senderName") && is_shared("isRetweet") && is_inside("noteTweet"));
    }

    #[test]
    fn prose_has_words() {
        for text in ["The stove hums.", "ストーブが鳴る", "Мне так холодно"] {
            assert!(is_prose(text), "{text}");
        }
        for text in
            ["", "https://x.example/a/b", "2024-01-01 12:00 UTC", "a b 1", "one two", "日本"]
        {
            assert!(!is_prose(text), "{text}");
        }
    }
}
