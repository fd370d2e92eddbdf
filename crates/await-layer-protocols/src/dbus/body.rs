//! What a message carries: values, aligned, in either byte order.

use std::fmt;

/// The arguments of a call or a signal, or what a call returns.
///
/// ```
/// use await_layer_protocols::dbus::Body;
///
/// let body = Body::new().string("org.example").uint32(4);
/// assert_eq!(body.signature(), "su");
/// let mut values = body.values();
/// assert_eq!(values.string(), Some("org.example"));
/// assert_eq!(values.uint32(), Some(4));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Body {
    pub(super) signature: String,
    pub(super) bytes: Vec<u8>,
    pub(super) big_end_first: bool,
    /// Why it cannot be sent.
    pub(super) flaw: Option<&'static str>,
}

impl Body {
    /// No arguments.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Values that another encoder wrote, little end first, and their types.
    /// Neither is checked: a bus ends the connection over what is malformed.
    pub fn encoded(signature: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            signature: signature.into(),
            bytes: bytes.into(),
            ..Self::new()
        }
    }

    /// Appends a string. One with a NUL in it, which D-Bus strings cannot
    /// hold, keeps the message from being packed.
    #[must_use]
    pub fn string(mut self, value: &str) -> Self {
        if value.contains('\0') {
            self.flaw = Some("a string has a NUL in it: leave it out");
        }
        self.signature.push('s');
        put_string(&mut self.bytes, value);
        self
    }

    /// Appends a number.
    #[must_use]
    pub fn uint32(mut self, value: u32) -> Self {
        self.signature.push('u');
        put_uint32(&mut self.bytes, value);
        self
    }

    /// The types of the values.
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// The values as they are on the wire. They begin at an address that is
    /// aligned to eight.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the peer wrote the values big end first.
    #[must_use]
    pub fn is_big_end_first(&self) -> bool {
        self.big_end_first
    }

    /// Reads the values one by one.
    #[must_use]
    pub fn values(&self) -> Values<'_> {
        Values::new(&self.bytes, self.big_end_first)
    }
}

/// Prints no values.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("signature", &self.signature)
            .finish_non_exhaustive()
    }
}

pub(super) fn align(bytes: &mut Vec<u8>, to: usize) {
    bytes.resize(bytes.len().next_multiple_of(to), 0);
}

pub(super) fn put_uint32(bytes: &mut Vec<u8>, value: u32) {
    align(bytes, 4);
    bytes.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn put_string(bytes: &mut Vec<u8>, value: &str) {
    // What is longer does not pack: no message is as long.
    put_uint32(bytes, u32::try_from(value.len()).unwrap_or(u32::MAX));
    bytes.extend_from_slice(value.as_bytes());
    bytes.push(0);
}

/// The values of a [`Body`], to be taken from the first to the last as its
/// [signature](Body::signature) has them. What does not fit is `None`.
#[derive(Clone)]
pub struct Values<'a> {
    bytes: &'a [u8],
    /// Never past the end.
    pub(super) at: usize,
    big_end_first: bool,
}

impl<'a> Values<'a> {
    pub(super) fn new(bytes: &'a [u8], big_end_first: bool) -> Self {
        Self {
            bytes,
            at: 0,
            big_end_first,
        }
    }

    /// The next string or object path.
    pub fn string(&mut self) -> Option<&'a str> {
        let length = self.uint32()?;
        self.text(usize::try_from(length).ok()?)
    }

    /// The next number of 32 bits, or length of an array in bytes.
    pub fn uint32(&mut self) -> Option<u32> {
        self.align(4)?;
        let bytes = self.take(4)?.first_chunk()?;
        Some(match self.big_end_first {
            true => u32::from_be_bytes(*bytes),
            false => u32::from_le_bytes(*bytes),
        })
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn signature(&mut self) -> Option<&'a str> {
        let length = self.byte()?;
        self.text(length.into())
    }

    /// Text and the NUL behind it.
    fn text(&mut self, length: usize) -> Option<&'a str> {
        let text = std::str::from_utf8(self.take(length)?).ok()?;
        (self.byte()? == 0).then_some(text)
    }

    pub(super) fn align(&mut self, to: usize) -> Option<()> {
        let padding = self.at.checked_next_multiple_of(to)?.checked_sub(self.at)?;
        self.take(padding).map(drop)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }
}

/// Prints no values.
impl fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
