//! What stands before the body.

use super::body::{Values, align, put_string, put_uint32};

pub(super) const CALL: u8 = 1;
pub(super) const RETURN: u8 = 2;
pub(super) const ERROR: u8 = 3;
pub(super) const SIGNAL: u8 = 4;

/// The flag that no reply is expected.
pub(super) const NO_REPLY: u8 = 1;

/// Bytes before the fields, the length of the fields included.
pub(super) const FIXED: usize = 16;

// Fields by their number on the wire.
pub(super) const PATH: usize = 1;
pub(super) const INTERFACE: usize = 2;
pub(super) const MEMBER: usize = 3;
pub(super) const ERROR_NAME: usize = 4;
pub(super) const REPLY_SERIAL: usize = 5;
pub(super) const DESTINATION: usize = 6;
pub(super) const SENDER: usize = 7;
pub(super) const SIGNATURE: usize = 8;

/// Bytes of the whole message, of which at least the first 16 are there.
pub(super) fn length(wire: &[u8]) -> Result<Option<usize>, &'static str> {
    let big_end_first = match (wire.first(), wire.get(3)) {
        (None, _) => return Ok(None),
        (Some(b'l'), None | Some(1)) => false,
        (Some(b'B'), None | Some(1)) => true,
        (Some(b'l' | b'B'), Some(_)) => return Err("a message is not of version 1"),
        _ => return Err("a message does not begin with its byte order"),
    };
    let number = |at| {
        let mut values = Values::new(wire, big_end_first);
        values.at = at;
        values.uint32().map(u64::from)
    };
    let (Some(body), Some(fields)) = (number(4), number(12)) else {
        return Ok(None);
    };
    let header = fields.saturating_add(FIXED as u64).next_multiple_of(8);
    let length = header.saturating_add(body);
    Ok(Some(usize::try_from(length).unwrap_or(usize::MAX)))
}

/// A whole header that was read.
pub(super) struct Header<'a> {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) serial: u32,
    pub(super) reply_serial: Option<u32>,
    pub(super) big_end_first: bool,
    pub(super) body: &'a [u8],
    texts: [Option<&'a str>; SIGNATURE + 1],
}

impl<'a> Header<'a> {
    /// `None` of what is no message.
    pub(super) fn read(wire: &'a [u8]) -> Option<Self> {
        let [order, kind, flags, _, ..] = *wire else {
            return None;
        };
        if length(wire) != Ok(Some(wire.len())) {
            return None;
        }
        let big_end_first = order == b'B';
        let mut values = Values::new(wire, big_end_first);
        values.at = 8;
        let serial = values.uint32().filter(|serial| *serial != 0)?;
        let fields = usize::try_from(values.uint32()?).ok()?;
        let end = FIXED.checked_add(fields)?;
        let mut texts = [None; SIGNATURE + 1];
        let mut reply_serial = None;
        while values.at < end {
            values.align(8)?;
            let field = usize::from(values.byte()?);
            let text = match values.signature()? {
                "s" | "o" => Some(values.string()?),
                "g" => Some(values.signature()?),
                "u" => {
                    let number = values.uint32()?;
                    if field == REPLY_SERIAL {
                        reply_serial = Some(number);
                    }
                    None
                }
                // No field has another type.
                _ => return None,
            };
            if let Some(place) = texts.get_mut(field) {
                *place = text;
            }
        }
        if values.at != end {
            return None;
        }
        values.align(8)?;
        Some(Self {
            kind,
            flags,
            serial,
            reply_serial,
            big_end_first,
            body: wire.get(values.at..)?,
            texts,
        })
    }

    pub(super) fn text(&self, field: usize) -> Option<&'a str> {
        self.texts.get(field).copied().flatten()
    }
}

/// Appends a field that is text.
pub(super) fn put_text(wire: &mut Vec<u8>, field: usize, value: &str) {
    let kind = match field {
        PATH => b'o',
        SIGNATURE => b'g',
        _ => b's',
    };
    put_kind(wire, field, kind);
    if field == SIGNATURE {
        wire.push(u8::try_from(value.len()).unwrap_or(u8::MAX));
        wire.extend_from_slice(value.as_bytes());
        wire.push(0);
    } else {
        put_string(wire, value);
    }
}

/// Appends the field that says what is answered.
pub(super) fn put_reply_serial(wire: &mut Vec<u8>, serial: u32) {
    put_kind(wire, REPLY_SERIAL, b'u');
    put_uint32(wire, serial);
}

fn put_kind(wire: &mut Vec<u8>, field: usize, kind: u8) {
    align(wire, 8);
    let field = u8::try_from(field).unwrap_or_default();
    wire.extend_from_slice(&[field, 1, kind, 0]);
}
