//! Values as LDAP encodes them: BER with lengths that are known and tags of
//! one byte.

use std::fmt;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const TEXT: u8 = 0x04;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Encoded values, one after another; for operations and filters that have no
/// function of their own here.
///
/// ```
/// use await_layer_protocols::ldap::Ber;
///
/// let inner = Ber::new().integer(0x02, 5).bytes(0x04, "cn=a");
/// let outer = Ber::new().nested(0x30, &inner);
/// assert_eq!(outer.as_bytes(), b"\x30\x09\x02\x01\x05\x04\x04cn=a");
/// let mut values = outer.values();
/// let mut values = values.nested(0x30).unwrap();
/// assert_eq!(values.integer(0x02), Some(5));
/// assert_eq!(values.bytes(0x04), Some(&b"cn=a"[..]));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Ber(pub(super) Vec<u8>);

impl Ber {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends `value` under `tag`: the byte with class, form and number.
    #[must_use]
    pub fn bytes(mut self, tag: u8, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        self.0.push(tag);
        match u8::try_from(value.len()) {
            Ok(length @ ..0x80) => self.0.push(length),
            _ => {
                let length = value.len().to_be_bytes();
                let zeros = length.iter().take_while(|byte| **byte == 0).count();
                let length = length.get(zeros..).unwrap_or_default();
                self.0
                    .push(0x80 | u8::try_from(length.len()).unwrap_or_default());
                self.0.extend_from_slice(length);
            }
        }
        self.0.extend_from_slice(value);
        self
    }

    /// Appends a number.
    #[must_use]
    pub fn integer(self, tag: u8, value: i32) -> Self {
        let bytes = value.to_be_bytes();
        // Bytes that only repeat the sign are left out.
        let spare = bytes.windows(2).take_while(|pair| {
            matches!(pair, [0, next] if next & 0x80 == 0)
                || matches!(pair, [0xff, next] if next & 0x80 != 0)
        });
        self.bytes(tag, bytes.get(spare.count()..).unwrap_or_default())
    }

    /// Appends `values` as one.
    #[must_use]
    pub fn nested(self, tag: u8, values: &Self) -> Self {
        self.bytes(tag, &values.0)
    }

    /// As they are on the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads them one by one.
    #[must_use]
    pub fn values(&self) -> Values<'_> {
        Values(&self.0)
    }
}

/// Prints no values.
impl fmt::Debug for Ber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ber").finish_non_exhaustive()
    }
}

/// Values that are read from the first to the last. What has another tag, or
/// is broken, is `None`, and stays.
#[derive(Clone)]
pub struct Values<'a>(&'a [u8]);

impl<'a> Values<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether all of them are taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next value, whatever its tag.
    pub fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (start, length) = header(self.0).ok()??;
        let (value, rest) = self.0.get(start..)?.split_at_checked(length)?;
        let tag = *self.0.first()?;
        self.0 = rest;
        Some((tag, value))
    }

    /// The next value, if it has this tag.
    pub fn bytes(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.0.first() != Some(&tag) {
            return None;
        }
        self.any().map(|(_, value)| value)
    }

    /// The next value as text.
    pub fn text(&mut self, tag: u8) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(tag)?).ok()
    }

    /// The next value as a number.
    pub fn integer(&mut self, tag: u8) -> Option<i32> {
        integer(self.bytes(tag)?)
    }

    /// The values in the next one.
    pub fn nested(&mut self, tag: u8) -> Option<Self> {
        self.bytes(tag).map(Self)
    }
}

/// Prints no values.
impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").finish_non_exhaustive()
    }
}

/// A number of at most 32 bits.
pub(super) fn integer(bytes: &[u8]) -> Option<i32> {
    let sign = if bytes.first()? & 0x80 == 0 { 0 } else { -1 };
    (bytes.len() <= 4).then(|| {
        let next = |number: i32, byte: &u8| number << 8 | i32::from(*byte);
        bytes.iter().fold(sign, next)
    })
}

/// Bytes before a value, and in it; `None` while that cannot be told. Lengths
/// may be longer than they need be: Active Directory writes all in four bytes.
pub(super) fn header(wire: &[u8]) -> Result<Option<(usize, usize)>, &'static str> {
    let (Some(tag), Some(first)) = (wire.first(), wire.get(1)) else {
        return Ok(None);
    };
    if tag & 0x1f == 0x1f {
        return Err("a tag has more than one byte, which LDAP never uses");
    }
    let bytes = match first {
        ..=0x7f => return Ok(Some((2, (*first).into()))),
        0x81..=0x84 => usize::from(first & 0x7f),
        _ => return Err("a length is unknown, or beyond 4 GiB"),
    };
    let start = bytes.saturating_add(2);
    Ok(wire.get(2..start).map(|length| {
        let next = |length: usize, byte: &u8| length << 8 | usize::from(*byte);
        (start, length.iter().fold(0, next))
    }))
}
