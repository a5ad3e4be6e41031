//! Decodes the parts of the Protocol Buffers wire format that TensorFlow's index entries use: varints, fixed-size
//! values, and length-delimited values.

use anyhow::{Context, Result, bail};

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A varint.
    Number(u64),
    /// A 32-bit value.
    Word(u32),
    /// A length-delimited value: text, bytes or a nested message.
    Bytes(&'a [u8]),
}

/// Read a varint (at most ten bytes of seven bits each) and advance `bytes` past it.
///
/// # Errors
/// When the bytes end within it, or it does not fit into 64 bits.
pub fn varint(bytes: &mut &[u8]) -> Result<u64> {
    let mut number = 0u64;
    for shift in (0..70).step_by(7) {
        let (&byte, rest) = bytes.split_first().context("it ends within a number")?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            break;
        }
        number |= bits << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    bail!("a number longer than 64 bits")
}

/// Take `count` bytes from the front and advance `bytes` past them.
///
/// # Errors
/// When there are fewer.
pub fn take<'a>(bytes: &mut &'a [u8], count: u64) -> Result<&'a [u8]> {
    let count = usize::try_from(count).ok().filter(|n| *n <= bytes.len());
    let (taken, rest) = bytes.split_at(count.context("a length leads past the end")?);
    *bytes = rest;
    Ok(taken)
}

/// Read a message's next field: its number and its value; `None` at the end of the message.
///
/// # Errors
/// When the message is truncated, or the field has a deprecated or unknown wire type.
pub fn field<'a>(bytes: &mut &'a [u8]) -> Result<Option<(u64, Value<'a>)>> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let key = varint(bytes)?;
    let value = match key & 7 {
        0 => Value::Number(varint(bytes)?),
        1 => Value::Bytes(take(bytes, 8)?),
        2 => {
            let length = varint(bytes)?;
            Value::Bytes(take(bytes, length)?)
        }
        5 => {
            let word = take(bytes, 4)?.try_into().context("four bytes")?;
            Value::Word(u32::from_le_bytes(word))
        }
        kind => bail!("a field of kind {kind}"),
    };
    Ok(Some((key >> 3, value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_they_say() {
        assert_eq!(varint(&mut [0x96, 0x01, 7].as_slice()).unwrap(), 150);
        let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(varint(&mut most.as_slice()).unwrap(), u64::MAX);
        let past = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        assert!(varint(&mut past.as_slice()).is_err());
        assert!(varint(&mut [0x80].as_slice()).is_err());
        assert!(varint(&mut [0x80; 12].as_slice()).is_err());
    }

    #[test]
    fn a_length_past_the_end_is_an_error() {
        let mut torn = [0x12, 0x05, 1, 2].as_slice();
        assert!(field(&mut torn).is_err());
        let mut whole = [0x12, 0x02, 1, 2, 0x08, 3].as_slice();
        assert_eq!(field(&mut whole).unwrap(), Some((2, Value::Bytes(&[1, 2]))));
        assert_eq!(field(&mut whole).unwrap(), Some((1, Value::Number(3))));
        assert_eq!(field(&mut whole).unwrap(), None);
    }
}
