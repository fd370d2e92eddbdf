//! What a call fails with where the peer can answer with an error.

use std::fmt;

use await_layer::PackerError;

/// Why a message did not pack or unpack, or what the peer answered instead:
/// `E` is the peer's error, `B` says what is wrong with the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure<E, B> {
    /// The peer answered with an error: read it.
    Remote(E),
    /// The value has no form on this wire, or the message is not what was
    /// expected. Change the value, or agree with the peer on the type.
    Body(B),
}

/// A message that is not as this protocol wants it. Correct what the text names,
/// at the end that made the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

impl<E, P, U> From<PackerError<P, U>> for Failure<E, PackerError<P, U>> {
    fn from(error: PackerError<P, U>) -> Self {
        Self::Body(error)
    }
}

impl<E: fmt::Display, B: fmt::Display> fmt::Display for Failure<E, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(error) => write!(f, "the peer answers: {error}"),
            Self::Body(error) => error.fmt(f),
        }
    }
}

impl<E, B> std::error::Error for Failure<E, B>
where
    E: std::error::Error + 'static,
    B: std::error::Error + 'static,
{
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match self {
            Self::Remote(error) => error,
            Self::Body(error) => error,
        })
    }
}
