//! Chunks of a stream: their bytes as whole characters, and as tokens.

use super::wire::Told;

/// Joins the halves of a character that was sent as two surrogates, each in a chunk of its own. `surrogate` keeps the
/// first half.
pub fn joined(surrogate: &mut Vec<u8>, bytes: Vec<u8>) -> Vec<u8> {
    if surrogate.is_empty() && !bytes.contains(&0xed) {
        return bytes;
    }
    let mut bytes = [std::mem::take(surrogate), bytes].concat();
    let mut at = 0;
    while at + 3 <= bytes.len() {
        let is_high = bytes[at] == 0xed && (0xa0..0xb0).contains(&bytes[at + 1]);
        if !is_high {
            at += 1;
            continue;
        }
        let Some(low) = bytes.get(at + 3..at + 6) else {
            if at + 3 == bytes.len() {
                *surrogate = bytes.split_off(at);
            }
            break;
        };
        let unit = |b: &[u8]| {
            (u16::from(b[0] & 0xf) << 12) | (u16::from(b[1] & 0x3f) << 6) | u16::from(b[2] & 0x3f)
        };
        let pair = [unit(&bytes[at..at + 3]), unit(low)];
        if let Some(Ok(c)) = char::decode_utf16(pair).next() {
            let whole = c.to_string().into_bytes();
            bytes.splice(at..at + 6, whole);
        }
        at += 3;
    }
    bytes
}

/// A chunk as its tokens with their bytes. If the tokens' texts aren't the chunk's, because text was held back or a
/// character is split, the last token gets all of it.
pub fn split(text: Vec<u8>, mut told: Vec<Told>) -> Vec<(Told, Vec<u8>)> {
    if told.is_empty() && !text.is_empty() {
        told.push(Told::default());
    }
    let joined: String = told.iter().map(|token| &*token.text).collect();
    if joined.as_bytes() == text {
        return told.into_iter().map(|token| (token.clone(), token.text.into_bytes())).collect();
    }
    let last = told.len().saturating_sub(1);
    let mut text = Some(text);
    let parts = told.into_iter().enumerate().map(|(i, token)| {
        (token, if i == last { text.take().unwrap_or_default() } else { Vec::new() })
    });
    parts.collect()
}
