//! The encoding of a draft's file: UTF-8, and UTF-16 with a byte order mark. For any other file, what it probably is and
//! how to convert it.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use std::path::Path;

/// How a file's text is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8 without a byte order mark, as new files have it.
    #[default]
    Utf8,
    /// UTF-8 with a byte order mark.
    Utf8Marked,
    /// UTF-16 with a byte order mark, the low byte first.
    Utf16Le,
    /// UTF-16 with a byte order mark, the high byte first.
    Utf16Be,
}

impl Encoding {
    /// Find the encoding of a file by its first bytes. Gives the number of bytes that the byte order mark has.
    fn of(bytes: &[u8]) -> (Self, usize) {
        match bytes {
            // The mark of UTF-32 begins like that of UTF-16.
            [0xff, 0xfe, 0, 0, ..] => (Self::Utf8, 0),
            [0xff, 0xfe, ..] => (Self::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Self::Utf16Be, 2),
            [0xef, 0xbb, 0xbf, ..] => (Self::Utf8Marked, 3),
            _ => (Self::Utf8, 0),
        }
    }

    /// The bytes of a text in this encoding, without the mark.
    pub fn encode(self, text: &str, out: &mut Vec<u8>) {
        match self {
            Self::Utf16Le => out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Self::Utf16Be => out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            Self::Utf8 | Self::Utf8Marked => out.extend(text.as_bytes()),
        }
    }

    /// Its byte order mark.
    pub fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf16Le => b"\xff\xfe",
            Self::Utf16Be => b"\xfe\xff",
            Self::Utf8Marked => b"\xef\xbb\xbf",
            Self::Utf8 => b"",
        }
    }
}

/// The text of a file.
pub(crate) struct Decoded {
    pub text: String,
    pub encoding: Encoding,
    /// What is wrong with the file, if it can't be read without loss; the text then has `�` in some places.
    pub wrong: Option<Wrong>,
}

/// Why a file can't be edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// What it is, in words.
    is: &'static str,
    /// The name that `iconv` has for its encoding; `None` when it isn't text.
    iconv: Option<&'static str>,
    /// The first byte that can't be read.
    byte: usize,
}

impl Wrong {
    /// A sentence for the writer, with the way out.
    pub fn say(self, path: &Path) -> String {
        let title = path.file_name().unwrap_or_default().to_string_lossy();
        let head =
            format!("{title} {} (byte {}), so it is shown but never changed", self.is, self.byte);
        let Some(name) = self.iconv else {
            return format!("{head}; save it as plain text in the program that wrote it");
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let new = |number: usize| {
            let number = if number == 1 { String::new() } else { format!("-{number}") };
            path.with_file_name(format!("{stem}-utf8{number}.md"))
        };
        // The shell would replace a file that is there.
        let new = (1..).map(new).find(|new| !new.exists()).unwrap_or_else(|| new(0));
        format!(
            "{head}; convert it first: iconv -f {name} -t UTF-8 {} > {}",
            quoted(path),
            quoted(&new)
        )
    }
}

/// A path as a shell needs it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,".contains(c);
    if path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// Read the bytes of a file as text.
pub(crate) fn decode(bytes: &[u8]) -> Decoded {
    let (encoding, mark) = Encoding::of(bytes);
    let body = &bytes[mark..];
    let (text, wrong) = match encoding {
        Encoding::Utf16Le => utf16(body, u16::from_le_bytes),
        Encoding::Utf16Be => utf16(body, u16::from_be_bytes),
        Encoding::Utf8 | Encoding::Utf8Marked => match str::from_utf8(body) {
            Ok(text) => (text.to_owned(), zeros(body)),
            Err(error) => {
                let wrong = guess(bytes, error.valid_up_to() + mark);
                (String::from_utf8_lossy(body).into_owned(), Some(wrong))
            }
        },
    };
    Decoded { text, encoding, wrong }
}

fn utf16(body: &[u8], unit: fn([u8; 2]) -> u16) -> (String, Option<Wrong>) {
    let (pairs, rest) = body.as_chunks::<2>();
    let (mut text, mut broken) = (String::with_capacity(body.len()), None);
    let mut at = 0;
    for read in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        if read.is_err() {
            broken.get_or_insert(2 + at);
        }
        let char = read.unwrap_or('�');
        at += 2 * char.len_utf16();
        text.push(char);
    }
    if !rest.is_empty() {
        broken.get_or_insert(2 + at);
    }
    let is = "is UTF-16 with an invalid character";
    (text, broken.map(|byte| Wrong { is, iconv: Some("UTF-16 -c"), byte }))
}

/// How many pairs of bytes show that every second one is 0.
const PAIRS: usize = 8;

/// UTF-16 without a mark: in most scripts with letters and in English always, every second byte is 0.
fn zeros(bytes: &[u8]) -> Option<Wrong> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let pairs = &pairs[..pairs.len().min(4096)];
    if pairs.len() < PAIRS || rest.len() > 1 {
        return None;
    }
    let count = |which: usize| pairs.iter().filter(|pair| pair[which] == 0).count();
    let (first, second) = (count(0), count(1));
    let most = pairs.len() * 9 / 10;
    let is = "is UTF-16 without a byte order mark";
    match () {
        () if second > most && first == 0 => Some(Wrong { is, iconv: Some("UTF-16LE"), byte: 1 }),
        () if first > most && second == 0 => Some(Wrong { is, iconv: Some("UTF-16BE"), byte: 0 }),
        () => None,
    }
}

/// What a file is that isn't UTF-8. `byte` is the first one that isn't.
fn guess(bytes: &[u8], byte: usize) -> Wrong {
    let wrong = |is, iconv| Wrong { is, iconv, byte };
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            return wrong("is UTF-32", Some("UTF-32"));
        }
        [b'%', b'P', b'D', b'F', ..] => return wrong("is a PDF, not text", None),
        [b'P', b'K', 3, 4, ..] => {
            return wrong("is a packed document (such as .docx or .odt), not text", None);
        }
        [0xd0, 0xcf, 0x11, 0xe0, ..] => return wrong("is a document of an office program", None),
        _ => {}
    }
    if let Some(found) = zeros(bytes) {
        return Wrong { byte, ..found };
    }
    if bytes.contains(&0) {
        return wrong("isn't text", None);
    }
    let (mut valid, mut invalid) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    if valid > 3 * invalid {
        return wrong("is UTF-8 with an invalid byte", Some("UTF-8 -c"));
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let name = detector.guess(None, Utf8Detection::Deny).name();
    let known = KNOWN.iter().find(|(known, ..)| *known == name);
    known
        .map_or(wrong("isn't UTF-8", Some("WINDOWS-1252")), |(_, is, iconv)| wrong(is, Some(iconv)))
}

/// The names that the detector has for encodings, what is said of a file, and the names that `iconv` has.
const KNOWN: [(&str, &str, &str); 26] = [
    ("windows-1252", "isn't UTF-8 but probably windows-1252 (Western)", "WINDOWS-1252"),
    ("windows-1250", "isn't UTF-8 but probably windows-1250 (Central European)", "WINDOWS-1250"),
    ("windows-1251", "isn't UTF-8 but probably windows-1251 (Cyrillic)", "WINDOWS-1251"),
    ("windows-1253", "isn't UTF-8 but probably windows-1253 (Greek)", "WINDOWS-1253"),
    ("windows-1254", "isn't UTF-8 but probably windows-1254 (Turkish)", "WINDOWS-1254"),
    ("windows-1255", "isn't UTF-8 but probably windows-1255 (Hebrew)", "WINDOWS-1255"),
    ("windows-1256", "isn't UTF-8 but probably windows-1256 (Arabic)", "WINDOWS-1256"),
    ("windows-1257", "isn't UTF-8 but probably windows-1257 (Baltic)", "WINDOWS-1257"),
    ("windows-1258", "isn't UTF-8 but probably windows-1258 (Vietnamese)", "WINDOWS-1258"),
    ("windows-874", "isn't UTF-8 but probably windows-874 (Thai)", "WINDOWS-874"),
    ("ISO-8859-2", "isn't UTF-8 but probably ISO 8859-2 (Central European)", "ISO-8859-2"),
    ("ISO-8859-4", "isn't UTF-8 but probably ISO 8859-4 (Baltic)", "ISO-8859-4"),
    ("ISO-8859-5", "isn't UTF-8 but probably ISO 8859-5 (Cyrillic)", "ISO-8859-5"),
    ("ISO-8859-6", "isn't UTF-8 but probably ISO 8859-6 (Arabic)", "ISO-8859-6"),
    ("ISO-8859-7", "isn't UTF-8 but probably ISO 8859-7 (Greek)", "ISO-8859-7"),
    ("ISO-8859-8", "isn't UTF-8 but probably ISO 8859-8 (Hebrew)", "ISO-8859-8"),
    ("ISO-8859-8-I", "isn't UTF-8 but probably ISO 8859-8 (Hebrew)", "ISO-8859-8"),
    ("KOI8-U", "isn't UTF-8 but probably KOI8 (Cyrillic)", "KOI8-U"),
    ("IBM866", "isn't UTF-8 but probably IBM 866 (Cyrillic)", "IBM866"),
    ("Shift_JIS", "isn't UTF-8 but probably Shift JIS (Japanese)", "CP932"),
    ("EUC-JP", "isn't UTF-8 but probably EUC-JP (Japanese)", "EUC-JP"),
    ("EUC-KR", "isn't UTF-8 but probably EUC-KR (Korean)", "CP949"),
    ("Big5", "isn't UTF-8 but probably Big5 (Chinese)", "BIG5-HKSCS"),
    ("GBK", "isn't UTF-8 but probably GBK (Chinese)", "GB18030"),
    ("gb18030", "isn't UTF-8 but probably GB 18030 (Chinese)", "GB18030"),
    ("ISO-2022-JP", "isn't UTF-8 but probably ISO-2022-JP (Japanese)", "ISO-2022-JP"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(bytes: &[u8]) -> String {
        decode(bytes).wrong.map(|wrong| wrong.say(Path::new("my draft.md"))).unwrap_or_default()
    }

    #[test]
    fn text_with_a_mark_is_read_and_written_back() {
        let text = "Tea.\r\nRäin 🌧\n";
        for encoding in [Encoding::Utf8, Encoding::Utf8Marked, Encoding::Utf16Le, Encoding::Utf16Be]
        {
            let mut bytes = encoding.mark().to_vec();
            encoding.encode(text, &mut bytes);
            let read = decode(&bytes);
            assert_eq!((read.text.as_str(), read.encoding), (text, encoding));
            assert_eq!(read.wrong, None);
        }
    }

    #[test]
    fn the_advice_fits_what_is_there() {
        let utf16: Vec<u8> =
            "The kettle sings.".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "The kettle sings.".encode_utf16().flat_map(u16::to_be_bytes).collect();
        // In windows-1251, Shift JIS and windows-1252.
        let cyrillic = b"\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0! \xca\xe0\xea \xe4\xe5\xeb\xe0 \xf1\xe5\xe3\xee\xe4\xed\xff?";
        let japanese = b"\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd\x81A\x90\xa2\x8aE\x81B";
        for (bytes, expected) in [
            (&utf16[..], "iconv -f UTF-16LE -t UTF-8 'my draft.md' > 'my draft-utf8.md'"),
            (&big, "iconv -f UTF-16BE "),
            (&[&b"\xff\xfe"[..], &utf16, b"x"].concat(), "iconv -f UTF-16 -c "),
            (b"\xff\xfe\0\0T\0\0\0", "iconv -f UTF-32 "),
            (cyrillic, "iconv -f WINDOWS-1251 "),
            (japanese, "iconv -f CP932 "),
            (b"caf\xe9 noir", "iconv -f WINDOWS-1252 "),
            ("Ünïcödé überall\u{fffd}".as_bytes().strip_suffix(b"\xbd").unwrap(), "UTF-8 -c"),
            (b"%PDF-1.7\n%\xe2\xe3", "is a PDF, not text"),
            (b"PK\x03\x04\x14\0\x08\xff", "such as .docx"),
            (b"\x7fELF\x02\x01\0\0\0\xff\xff", "isn't text"),
        ] {
            assert!(advice(bytes).contains(expected), "{expected}: {}", advice(bytes));
        }
        assert_eq!(advice("plain".as_bytes()), "");
    }
}
