//! Letters that are drawn with several characters, such as `rn` for m and `|<` for k.

use super::letters::{Letter, Sign, Unit, bits};

/// Sequences, and the letters that each may be read as. An `l` stands for everything that looks like one (I, 1, |).
const SEQUENCES: [(&str, &str); 40] = [
    ("rn", "m"),
    ("nn", "m"),
    ("vv", "w"),
    ("uu", "w"),
    ("cl", "d"),
    ("lc", "k"),
    ("cj", "g"),
    ("ri", "n"),
    ("ii", "u"),
    ("ij", "y"),
    ("ph", "f"),
    ("l<", "k"),
    ("l{", "k"),
    ("l)", "d"),
    ("l>", "dp"),
    ("l3", "b"),
    ("l2", "r"),
    ("l=", "f"),
    ("l_", "l"),
    ("_l", "j"),
    ("l_l", "u"),
    ("(_)", "u"),
    ("l-l", "h"),
    ("]-[", "h"),
    (")-(", "h"),
    ("l\\l", "n"),
    ("/\\/", "n"),
    ("l\\/l", "m"),
    ("/\\/\\", "m"),
    ("\\/\\/", "w"),
    ("\\/", "v"),
    ("/\\", "a"),
    ("/-\\", "a"),
    ("()", "o"),
    ("[]", "o"),
    ("<>", "o"),
    ("><", "x"),
    (")(", "x"),
    ("}{", "x"),
    ("-l-", "t"),
];

/// What a unit and those after it may be read as together.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// How many units are read together, and as which letters, one bit each.
    spans: Vec<(usize, u32)>,
    /// The letters that the rest of the text may become when more text follows.
    open: u32,
}

impl Drawn {
    /// It is nothing but the unit itself.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty() && self.open == 0
    }

    /// Whether it is, or may become, a letter.
    pub fn may_be(&self, letter: Letter) -> bool {
        self.spans(letter).next().is_some() || self.may_become(letter)
    }

    /// Whether it may become a letter when more text follows.
    pub fn may_become(&self, letter: Letter) -> bool {
        self.open & letter.looks != 0
    }

    /// The numbers of units that may be a letter together.
    pub fn spans(&self, letter: Letter) -> impl Iterator<Item = usize> {
        let of_letter = move |span: &&(usize, u32)| span.1 & letter.looks != 0;
        self.spans.iter().filter(of_letter).map(|span| span.0)
    }
}

/// The sequences that begin at each unit. `whole`: no more text will follow.
pub fn drawn(units: &[Unit], whole: bool) -> Vec<Drawn> {
    let at = |start: usize| {
        let (rest, mut drawn) = (&units[start..], Drawn::default());
        for (sequence, letters) in SEQUENCES {
            let same = rest.iter().zip(sequence.chars()).take_while(|(unit, c)| is(unit.sign, *c));
            let (same, length) = (same.count(), sequence.chars().count());
            if same == length {
                drawn.spans.push((length, bits(letters)));
            } else if same == rest.len() && !whole {
                drawn.open |= bits(letters);
            }
        }
        drawn
    };
    (0..units.len()).map(at).collect()
}

/// Whether a sign is a character of a sequence.
fn is(sign: Sign, c: char) -> bool {
    match sign {
        Sign::Letter(letter) => {
            letter.own == c || letter.looks & bits(c.encode_utf8(&mut [0; 4])) != 0
        }
        Sign::Mark(mark) => mark == c,
        Sign::Apostrophe | Sign::Space | Sign::Line => false,
    }
}
