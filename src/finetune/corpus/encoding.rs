//! Decodes a file to UTF-8 while it is read. A byte order mark decides. Without one, UTF-16 is recognised by its zero
//! bytes, and the first bytes that aren't ASCII decide between UTF-8 and an older encoding. A file that is UTF-8 up to
//! there stays UTF-8, so that a few damaged bytes in it are counted and not read as something else.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::{
    cell::Cell,
    io::{self, BufRead, Read},
    rc::Rc,
};

/// How many bytes are read at once.
const PIECE: usize = 1 << 18;
/// How many bytes are looked at, at most, when the first piece has too few bytes that aren't ASCII.
const MOST: usize = 1 << 22;
/// With fewer such bytes that don't fit UTF-8, more of the file is looked at.
const FEW: usize = 32;

/// With fewer bytes that aren't ASCII, text is read as Windows-1252 if it makes sense as that.
const FEWEST: usize = 4;

/// The encoding of a file that isn't UTF-8, once it is known.
pub type Told = Rc<Cell<Option<&'static Encoding>>>;

/// What is known about a file's encoding before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it is found out. What the file itself says (HTML, XML) is preferred to a guess.
    Guess(Option<&'static Encoding>),
    /// It is UTF-8, or UTF-16 with a mark. Everything else is damage.
    Utf8,
    /// The writer named it.
    Named(&'static Encoding),
    /// The file isn't text as a whole: its bytes are passed on.
    Bytes,
}

/// A file's text as UTF-8.
pub struct Utf8<R> {
    input: R,
    state: State,
    known: Known,
    /// Decoded bytes. Those before `at` were taken.
    out: Vec<u8>,
    at: usize,
    told: Told,
    over: bool,
}

enum State {
    /// Nothing was read yet.
    Start,
    /// Only ASCII so far.
    Ascii,
    /// UTF-8, passed on as it is.
    Utf8,
    Other(Box<Decoder>),
}

impl<R: Read> Utf8<R> {
    /// The text of `input`.
    pub fn new(input: R, known: Known) -> Self {
        let state = if known == Known::Bytes { State::Utf8 } else { State::Start };
        Self { input, state, known, out: Vec::new(), at: 0, told: Told::default(), over: false }
    }

    /// The encoding. It is known once the first bytes that aren't ASCII were read; `None` is UTF-8.
    pub fn told(&self) -> Told {
        self.told.clone()
    }

    /// Read and decode the next piece.
    fn more(&mut self) -> io::Result<()> {
        let mut raw = Vec::with_capacity(PIECE);
        self.input.by_ref().take(PIECE as u64).read_to_end(&mut raw)?;
        self.over = raw.is_empty();
        self.at = 0;
        if let State::Start = self.state {
            self.start(&mut raw);
        }
        if let State::Ascii = self.state
            && !raw.is_ascii()
        {
            self.decide(&mut raw)?;
        }
        let State::Other(decoder) = &mut self.state else {
            self.out = raw;
            return Ok(());
        };
        let room = decoder.max_utf8_buffer_length(raw.len()).unwrap_or(raw.len() * 3 + 16);
        self.out.resize(room, 0);
        let (_, _, written, _) = decoder.decode_to_utf8(&raw, &mut self.out, self.over);
        self.out.truncate(written);
        Ok(())
    }

    /// Look at the first bytes of the file.
    fn start(&mut self, raw: &mut Vec<u8>) {
        self.state = State::Ascii;
        if let Some((encoding, mark)) = Encoding::for_bom(raw) {
            raw.drain(..mark);
            if encoding == UTF_8 {
                self.state = State::Utf8;
            } else {
                self.begin(encoding);
            }
            return;
        }
        match self.known {
            Known::Named(encoding) if encoding != UTF_8 => self.begin(encoding),
            Known::Named(_) | Known::Utf8 | Known::Bytes => self.state = State::Utf8,
            Known::Guess(_) => {
                if let Some(encoding) = utf_16(raw) {
                    self.begin(encoding);
                }
            }
        }
    }

    /// Choose between UTF-8 and an older encoding, by the first piece that isn't ASCII.
    fn decide(&mut self, raw: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let (whole, broken) = count(raw);
            // a character may be cut at the end of the piece; of a few bytes nothing is concluded
            let cut = whole + broken == 1 && raw.iter().rev().take(4).any(|byte| !byte.is_ascii());
            if broken > 0 && (whole + broken < FEW || cut) && raw.len() < MOST {
                let before = raw.len();
                self.input.by_ref().take(PIECE as u64).read_to_end(raw)?;
                if raw.len() > before {
                    continue;
                }
            }
            if broken <= whole {
                self.state = State::Utf8;
            } else {
                let Known::Guess(hint) = self.known else { return Ok(()) };
                self.begin(hint.filter(|hint| *hint != UTF_8).unwrap_or_else(|| older(raw)));
            }
            return Ok(());
        }
    }

    fn begin(&mut self, encoding: &'static Encoding) {
        self.told.set(Some(encoding));
        self.state = State::Other(Box::new(encoding.new_decoder_without_bom_handling()));
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for Utf8<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at >= self.out.len() && !self.over {
            self.more()?;
        }
        Ok(&self.out[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

/// UTF-16 without a mark: ASCII in it has a zero in every second byte.
fn utf_16(head: &[u8]) -> Option<&'static Encoding> {
    let head = &head[..head.len().min(4096) & !1];
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), head.len() / 2);
    let binary = head.chunks_exact(2).any(|pair| pair == [0, 0]);
    if pairs < 4 || binary {
        None
    } else if odd * 10 > pairs * 3 && even * 20 < pairs {
        Some(UTF_16LE)
    } else if even * 10 > pairs * 3 && odd * 20 < pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// How many characters that aren't ASCII are UTF-8, and how many sequences are not.
fn count(text: &[u8]) -> (usize, usize) {
    text.utf8_chunks().fold((0, 0), |(whole, broken), chunk| {
        let others = chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        (whole + others, broken + usize::from(!chunk.invalid().is_empty()))
    })
}

/// The likely encoding of text that isn't UTF-8.
fn older(text: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(text, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    if !guess.is_single_byte() {
        return guess;
    }
    let windows = oddities(text, WINDOWS_1252);
    // the detector doesn't know the old Macintosh encoding
    let mac = oddities(text, MACINTOSH);
    if mac < oddities(text, guess) && mac * 2 < windows {
        return MACINTOSH;
    }
    // from a few letters it concludes too much
    let letters = text.iter().filter(|byte| !byte.is_ascii()).take(FEWEST + 1).count();
    if letters <= FEWEST && windows == 0 { WINDOWS_1252 } else { guess }
}

/// How many characters would be in places where nobody writes them: capitals after small letters, symbols within
/// words, control characters.
fn oddities(text: &[u8], encoding: &'static Encoding) -> usize {
    let (text, _) = encoding.decode_without_bom_handling(&text[..text.len().min(1 << 16)]);
    let mut before = ' ';
    let mut odd = 0;
    for c in text.chars() {
        if !c.is_ascii() {
            let symbol = !c.is_alphanumeric() && !is_punctuation(c);
            let capital = c.is_uppercase() && before.is_lowercase();
            odd += usize::from(capital || c.is_control() || symbol && before.is_alphabetic());
        }
        before = c;
    }
    odd
}

/// Quotes, dashes and the like, which may follow a letter.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2027}' | '\u{a0}' | '«' | '»' | '‹' | '›' | '€' | '™' | '°')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(bytes: &[u8]) -> (String, Option<&'static str>) {
        let mut input = Utf8::new(bytes, Known::Guess(None));
        let told = input.told();
        let mut text = Vec::new();
        input.read_to_end(&mut text).unwrap();
        (String::from_utf8_lossy(&text).into_owned(), told.get().map(Encoding::name))
    }

    #[test]
    fn every_encoding_is_read_and_named() {
        assert_eq!(decoded("Plain é.".as_bytes()), ("Plain é.".into(), None));
        assert_eq!(decoded("\u{feff}Mark.".as_bytes()), ("Mark.".into(), None));
        assert_eq!(decoded(b""), (String::new(), None));
        let cp1252 = b"He said \x93the stove hums\x94 and it wasn\x92t \x96 caf\xe9.";
        let text = "He said “the stove hums” and it wasn’t – café.".to_owned();
        assert_eq!(decoded(cp1252), (text, Some("windows-1252")));
        let mac = b"He said \xd2the stove hums\xd3 and it wasn\xd5t \xd0 caf\x8e.";
        let text = "He said “the stove hums” and it wasn’t – café.".to_owned();
        assert_eq!(decoded(mac), (text, Some("macintosh")));
        let wide = |text: &str, mark: bool, big: bool| -> Vec<u8> {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            units
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect()
        };
        for (mark, big) in [(true, true), (true, false), (false, true), (false, false)] {
            let name = if big { "UTF-16BE" } else { "UTF-16LE" };
            let text = "The stove – 🙂 hums.";
            assert_eq!(decoded(&wide(text, mark, big)), (text.into(), Some(name)));
        }
        for (text, encoding) in [
            ("Печь гудит, и никто её не слушает. Опять дождь.", "windows-1251"),
            ("Zażółć gęślą jaźń, a piec wciąż buczy pod oknem.", "windows-1250"),
            ("ストーブが鳴っている。また雨だ。誰も聞いていない。", "Shift_JIS"),
        ] {
            let encoding = Encoding::for_label(encoding.as_bytes()).unwrap();
            let (bytes, _, _) = encoding.encode(text);
            assert_eq!(decoded(&bytes), (text.into(), Some(encoding.name())));
        }
    }

    #[test]
    fn a_damaged_byte_in_utf8_stays_one() {
        let text = [b"caf\xc3\xa9 \xe2\x80\x94 cr\xc3\xa8me ", &b"\xff"[..], b" end"].concat();
        assert_eq!(decoded(&text), ("café — crème \u{fffd} end".into(), None));
        // it is decided by the first bytes that aren't ASCII, wherever they are
        let far = ["x".repeat(3 * PIECE).into_bytes(), b"caf\xe9".to_vec()].concat();
        assert!(decoded(&far).0.ends_with("xcafé"));
        let cut = ["x".repeat(PIECE - 1).into_bytes(), "é and more é".into()].concat();
        assert!(decoded(&cut).0.ends_with("xé and more é"));
        // one damaged byte before much that is UTF-8
        let early = [&b"\xff "[..], "x".repeat(PIECE).as_bytes(), "é — é".as_bytes()].concat();
        assert!(decoded(&early).0.ends_with("xé — é"));
    }

    #[test]
    fn what_the_writer_says_is_believed() {
        let read = |bytes: &[u8], known| {
            let mut text = String::new();
            Utf8::new(bytes, known).read_to_string(&mut text).unwrap();
            text
        };
        assert_eq!(read(b"caf\x8e", Known::Named(MACINTOSH)), "café");
        assert_eq!(read(b"\xff\xfea\0", Known::Utf8), "a");
        let koi = Encoding::for_label(b"koi8-r");
        assert_eq!(read(b"\xd0\xc5\xde\xd8", Known::Guess(koi)), "печь");
        assert_eq!(read("печь".as_bytes(), Known::Guess(koi)), "печь");
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let (text, name) = decoded(&bytes);
            if std::str::from_utf8(&bytes).is_ok() && name.is_none() {
                let text = text.trim_start_matches('\u{feff}');
                let whole = String::from_utf8_lossy(&bytes);
                prop_assert_eq!(text, whole.trim_start_matches('\u{feff}'));
            }
        }
    }
}
