//! What a character may represent in a disguised word: letters by their shape, digits and signs read as letters,
//! invisible characters, separators.

use super::super::visible::is_plain;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// One visible character and its position in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its first byte.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// What it may represent.
    pub sign: Sign,
}

/// What a character may represent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A letter, or a sign read as one.
    Letter(Letter),
    /// An apostrophe or a single quotation mark.
    Apostrophe,
    /// A space.
    Space,
    /// A line break.
    Line,
    /// Any other sign.
    Mark(char),
}

/// A character that is read as a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The letters a to z that it may represent, one bit each.
    pub looks: u32,
    /// The character itself in lower case.
    pub own: char,
    /// How certain it is that it is a letter.
    pub kind: Kind,
    /// Whether it is upper case.
    pub capital: bool,
}

/// How certain it is that a character is a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A letter of an alphabet.
    Sure,
    /// A digit.
    Digit,
    /// A sign that is also used as punctuation.
    Sign,
}

impl Letter {
    /// A letter of a listed word: a plain letter is only itself.
    pub fn as_listed(self) -> Self {
        let plain = self.own.is_ascii_lowercase();
        Self { looks: if plain { bit(self.own) } else { self.looks }, ..self }
    }

    /// Whether both may be the same letter.
    pub fn is(self, other: Self) -> bool {
        self.own == other.own || self.looks & other.looks != 0
    }
}

impl Sign {
    /// The letter that it may represent.
    pub fn letter(self) -> Option<Letter> {
        match self {
            Self::Letter(letter) => Some(letter),
            _ => None,
        }
    }

    /// Whether it is a letter of an alphabet, so that a word continues there.
    pub fn is_sure(self) -> bool {
        self.letter().is_some_and(|letter| letter.kind == Kind::Sure)
    }

    /// Whether it may separate letters that are spelt out.
    pub fn is_gap(self) -> bool {
        match self {
            Self::Letter(letter) => letter.kind == Kind::Sign,
            Self::Apostrophe => false,
            _ => true,
        }
    }
}

/// The units of a text. Invisible characters are left out.
pub fn units(text: &str) -> Vec<Unit> {
    let mut units = Vec::with_capacity(text.len());
    for (start, c) in text.char_indices() {
        let end = start + c.len_utf8();
        let mut put = |sign| units.push(Unit { start, end, sign });
        match c {
            // In many fonts these two can't be told apart.
            'I' => put(sure('i', bits("il"), true)),
            'l' => put(sure('l', bits("il"), false)),
            'a'..='z' => put(sure(c, bit(c), false)),
            'A'..='Z' => put(sure(c.to_ascii_lowercase(), bit(c.to_ascii_lowercase()), true)),
            '\n' | '\r' => put(Sign::Line),
            _ if c.is_whitespace() => put(Sign::Space),
            '\'' | '’' | '‘' | 'ʼ' | '`' | '´' | '＇' | 'ʹ' | '′' => {
                put(Sign::Apostrophe)
            }
            '\u{e0061}'..='\u{e007a}' => {}
            _ if c.is_control() || is_combining_mark(c) || !is_plain(c) => {}
            _ => fold(c).into_iter().for_each(put),
        }
    }
    units
}

/// Interprets a character that isn't plain ASCII: by the table, by its compatibility form (NFKD), by Unicode's
/// look-alikes.
fn fold(c: char) -> Vec<Sign> {
    if let Some((looks, kind)) = read_as(c) {
        return vec![Sign::Letter(Letter { looks, own: c, kind, capital: false })];
    }
    let capital = c.is_uppercase();
    let small = c.to_lowercase().next().unwrap_or(c);
    let large = c.to_uppercase().next().unwrap_or(c);
    let mut looks = [c, small, large].into_iter().map(alike).fold(0, |all, looks| all | looks);
    if let Some(letter) = boxed(c) {
        looks |= bit(letter);
    }
    let parts: Vec<char> = c.nfkd().flat_map(char::to_lowercase).filter(|c| !hides(*c)).collect();
    let letters: Vec<char> = parts.iter().copied().filter(|c| c.is_alphanumeric()).collect();
    match letters[..] {
        // A wide or small form of a sign.
        [] if looks == 0 => {
            let form = parts.first().copied().filter(|form| *form != c);
            match form {
                Some(form) if form.is_whitespace() => vec![Sign::Space],
                Some(form) => fold(form),
                None if c.is_alphabetic() => vec![sure(small, 0, capital)],
                None => vec![Sign::Mark(c)],
            }
        }
        [] => vec![sure(small, looks, capital)],
        [one] if one == small || !one.is_ascii() => {
            if looks == 0 {
                looks = skeleton(c) | skeleton(small);
            }
            if !one.is_alphabetic() && looks == 0 {
                return vec![Sign::Letter(Letter { looks, own: one, kind: Kind::Digit, capital })];
            }
            let looks = looks | if one.is_ascii() { bit(one) } else { alike(one) };
            vec![sure(one, looks, capital)]
        }
        // NFKD removes accents, replaces forms and splits ligatures.
        _ => letters
            .into_iter()
            .map(|one| match read_as(one) {
                Some((looks, kind)) => {
                    Sign::Letter(Letter { looks, own: one, kind, capital: false })
                }
                None => sure(one, looks | bit(one) | alike(one), capital),
            })
            .collect(),
    }
}

fn hides(c: char) -> bool {
    is_combining_mark(c) || c.is_control()
}

fn sure(own: char, looks: u32, capital: bool) -> Sign {
    Sign::Letter(Letter { looks, own, kind: Kind::Sure, capital })
}

fn bit(c: char) -> u32 {
    if c.is_ascii_lowercase() { 1 << (c as u32 - 'a' as u32) } else { 0 }
}

/// The bits of letters.
pub fn bits(letters: &str) -> u32 {
    letters.chars().map(bit).fold(0, |all, one| all | one)
}

/// Digits and signs that are read as letters.
fn read_as(c: char) -> Option<(u32, Kind)> {
    let (letters, kind) = match c {
        '0' => ("o", Kind::Digit),
        '1' => ("il", Kind::Digit),
        '2' => ("z", Kind::Digit),
        '3' => ("e", Kind::Digit),
        '4' => ("a", Kind::Digit),
        '5' => ("s", Kind::Digit),
        '6' => ("bg", Kind::Digit),
        '7' => ("t", Kind::Digit),
        '8' => ("b", Kind::Digit),
        '9' => ("g", Kind::Digit),
        '@' => ("a", Kind::Sign),
        '$' => ("s", Kind::Sign),
        '!' | '|' | '¡' => ("il", Kind::Sign),
        '(' | '<' | '¢' | '©' => ("c", Kind::Sign),
        '+' | '†' => ("t", Kind::Sign),
        '€' => ("e", Kind::Sign),
        '£' => ("l", Kind::Sign),
        '¥' => ("y", Kind::Sign),
        '§' => ("s", Kind::Sign),
        _ => return None,
    };
    Some((bits(letters), kind))
}

/// Letters in flags, black circles and black squares, which have no compatibility form.
fn boxed(c: char) -> Option<char> {
    let first = match c {
        '\u{1f1e6}'..='\u{1f1ff}' => 0x1f1e6,
        '\u{1f150}'..='\u{1f169}' => 0x1f150,
        '\u{1f170}'..='\u{1f189}' => 0x1f170,
        _ => return None,
    };
    char::from_u32('a' as u32 + c as u32 - first)
}

/// The letters that a letter of another alphabet may be read as.
fn alike(c: char) -> u32 {
    let found = ALIKE.iter().filter(|(_, others)| others.contains(c));
    found.map(|(letter, _)| bit(*letter)).fold(0, |all, one| all | one)
}

/// Unicode's look-alikes (UTS 39) of one character.
fn skeleton(c: char) -> u32 {
    let mut text = [0; 4];
    let text: &str = c.encode_utf8(&mut text);
    let mut letters = unicode_security::skeleton(text).flat_map(char::to_lowercase);
    match (letters.next(), letters.next()) {
        (Some(one), None) => bit(one) | read_as(one).map_or(0, |(looks, _)| looks),
        _ => 0,
    }
}

/// Look-alikes in Cyrillic, Greek, Armenian, Cherokee, Coptic, Lisu, Canadian, Runic, Chinese, phonetic, small-capital and
/// inverted letters. Unicode's tables compare shapes in fonts; this one also covers letters that readers take for each
/// other.
const ALIKE: [(char, &str); 26] = [
    ('a', "аαɑᴀɐдΑАλԱƛᎪᗩꓮⲀɒ卂⍺"),
    ('b', "ьвьбβʙɓЬВҍƅḃᏼᏴᗷꓐⲂ乃ᛒ"),
    ('c', "сϲᴄɔçсСϹςƈᏟᑕꓚⲤↄ匚"),
    ('d', "ԁɗđᴅðժɖᎠᗪꓓↁ"),
    ('e', "еёεєэɛᴇəЕΕѐҽєᎬᗴꓰⲈⴹƎǝ乇℮"),
    ('f', "ғƒꜰϝփſᖴꓝɟ千ᚠ"),
    ('g', "ɡɢցğԌġᎶᏀꓖƃᘜ"),
    ('h', "һнʜнհНΗћђɦℎᎻᕼꓧⲎɥ卄"),
    ('i', "іїιɪıіΙІЇյɩїᎥꓲⲒᴉⵏ工丨ᛁ"),
    ('j', "јϳᴊʝјᎫᒍꓙʲ"),
    ('k', "кκᴋĸќҟқΚКқɱҝᏦᛕꓗⲔʞ长"),
    ('l', "ӏʟɭłℓ|ǀⅼӀᏞᒪꓡⲖㄥᛚ"),
    ('m', "мᴍмΜМɱᎷᗰꓟⲘ爪"),
    ('n', "пηɴиńñпήՈոΝṅրᑎꓠⲚ几冂"),
    ('o', "оοᴏσөøõ0ОΟօߋంоʘᎾᗝꓳⲞⵔ口"),
    ('p', "рρᴘþРΡрᏢᑭꓑⲢ尸卩"),
    ('q', "ԛզգφϙᑫϘႳ"),
    ('r', "гʀɾяɼгяɹᏒᖇꓣᖆᎡ尺ᚱ"),
    ('s', "ѕꜱʂšѕЅՏᏚᔕꓢႽƨꙅ丂"),
    ('t', "тτᴛţŧТΤтէᎢꓔⲦʇ丅ㄒ七"),
    ('u', "υцμᴜսџʉùµцևսᏌᑌꓴᑗㄩ"),
    ('v', "νѵᴠѵʋᏙᐯꓦⴸʌ"),
    ('w', "ωшѡᴡшщաɯᎳᗯꓪⲰʍ山ᏇᏔ"),
    ('x', "хχжхΧХ×᙭ꓫⲬⵝ乂"),
    ('y', "уγүʏýуУΥўұᎽᎩꓬⲨʎㄚ丫"),
    ('z', "ᴢʐžżΖᏃꓜⲌ乙"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A text as it is interpreted, with `?` for what isn't a letter.
    fn read(text: &str) -> String {
        let name = |letter: Letter| match letter.looks.trailing_zeros() {
            n @ 0..26 => char::from(b'a' + n as u8),
            _ => letter.own,
        };
        units(text).into_iter().map(|unit| unit.sign.letter().map_or('?', name)).collect()
    }

    #[test]
    fn letters_by_their_looks() {
        for (text, reads) in [
            ("Boat", "boat"),
            ("ｂｏａｔ", "boat"),
            ("𝐛𝓸𝖆𝘵", "boat"),
            ("ⓑⓞⓐⓣ", "boat"),
            ("🅱🅾🅰🆃", "boat"),
            ("🇧🇴🇦🇹", "boat"),
            ("b\u{200b}o\u{301}\u{ad}a\u{fe0f}t", "boat"),
            ("böåṫ", "boat"),
            ("Ьоат", "boat"),
            ("ʙᴏᴀᴛ", "boat"),
            ("80@7", "boat"),
            ("boⒶt", "boat"),
            ("⒝⒪⒜⒯", "boat"),
            ("oﬀ", "off"),
            ("雨", "雨"),
            ("— .", "???"),
        ] {
            assert_eq!(read(text), reads, "{text}");
        }
    }
}
