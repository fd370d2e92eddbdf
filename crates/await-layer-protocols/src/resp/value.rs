//! Values as an application sees them.

use std::fmt;

use bytes::{Buf, Bytes};
use memchr::memchr;

use super::header::{Rest, rest};

/// What a reply or a push holds.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Yes or no.
    Boolean(bool),
    /// A number without a fraction.
    Integer(i64),
    /// A number that may have one.
    Double(f64),
    /// Text or bytes, and the digits of numbers that fit nowhere else.
    Text(Bytes),
    /// Arrays, sets and pushes.
    List(Vec<Self>),
    /// Pairs, in the order in which they came.
    Map(Vec<(Self, Self)>),
    /// An error among others: of one command of a transaction, say.
    Error(RemoteError),
}

impl Value {
    /// The text, if it is one and UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => std::str::from_utf8(text).ok(),
            _ => None,
        }
    }

    /// Takes the value off the front of `bytes`; `None` if there is none, or
    /// one that nests too deep. What attributes say of it is dropped.
    pub(super) fn take(bytes: &mut Bytes, depth: usize) -> Option<Self> {
        let end = memchr(b'\n', bytes)?.checked_add(1)?;
        let mut line = bytes.split_to(end);
        line.truncate(line.strip_suffix(b"\r\n")?.len());
        let kind = *line.first()?;
        line.advance(1);
        let count = match rest(kind, &line)? {
            Rest::Nothing => return Self::scalar(kind, line),
            Rest::Bytes(length) => {
                let text = bytes.get(..length)?.len();
                let end = bytes.get(text..)?.strip_prefix(b"\r\n")?.len();
                let mut text = bytes.split_to(bytes.len().saturating_sub(end));
                text.truncate(length);
                return Self::blob(kind, text);
            }
            Rest::Values(count) => count,
        };
        let depth = depth.checked_sub(1)?;
        let values = (0..count).map(|_| Self::take(bytes, depth));
        let mut values = values.collect::<Option<Vec<_>>>()?;
        Some(match kind {
            b'|' => values.pop()?,
            b'%' => {
                let mut values = values.into_iter();
                let pairs = std::iter::from_fn(|| values.next().zip(values.next()));
                Self::Map(pairs.collect())
            }
            _ => Self::List(values),
        })
    }

    fn scalar(kind: u8, line: Bytes) -> Option<Self> {
        let text = || std::str::from_utf8(&line).ok();
        Some(match kind {
            b'_' | b'$' | b'*' => Self::Null,
            b'#' => Self::Boolean(match &*line {
                b"t" => true,
                b"f" => false,
                _ => return None,
            }),
            b':' => Self::Integer(text()?.parse().ok()?),
            b',' => Self::Double(text()?.parse().ok()?),
            b'-' => Self::Error(RemoteError(line)),
            _ => Self::Text(line),
        })
    }

    fn blob(kind: u8, mut text: Bytes) -> Option<Self> {
        Some(match kind {
            b'!' => Self::Error(RemoteError(text)),
            // Three letters and a colon say how to show it.
            b'=' if text.get(3) == Some(&b':') => Self::Text(text.split_off(4)),
            b'=' => return None,
            _ => Self::Text(text),
        })
    }
}

/// Prints the shape and no content.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Boolean(_) => f.write_str("Boolean(..)"),
            Self::Integer(_) => f.write_str("Integer(..)"),
            Self::Double(_) => f.write_str("Double(..)"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::List(values) => write!(f, "List{values:?}"),
            Self::Map(pairs) => write!(f, "Map{pairs:?}"),
            Self::Error(error) => error.fmt(f),
        }
    }
}

/// The error that the server answered with.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteError(Bytes);

impl RemoteError {
    /// The first word, which says what kind of error it is: `ERR`, `WRONGTYPE`.
    #[must_use]
    pub fn code(&self) -> &str {
        let code = self.0.split(|byte| *byte == b' ').next();
        code.and_then(|code| std::str::from_utf8(code).ok())
            .unwrap_or_default()
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// Prints the code alone.
impl fmt::Debug for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteError({:?}, ..)", self.code())
    }
}

impl std::error::Error for RemoteError {}
