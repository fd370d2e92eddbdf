//! What a call fails with where the peer can answer with an error.

use std::fmt;

use await_layer::PackerError;

/// Why a message did not pack or unpack, or what the peer answered instead:
/// `E` is the peer's error, `P` and `U` are those of the encoding.
#[derive(Debug)]
pub enum Failure<E, P, U = P> {
    /// The peer answered with an error: read it.
    Remote(E),
    /// The value has no form on this wire, or the message is not what was
    /// expected.
    Body(PackerError<P, U>),
}

impl<E, P, U> From<PackerError<P, U>> for Failure<E, P, U> {
    fn from(error: PackerError<P, U>) -> Self {
        Self::Body(error)
    }
}

impl<E: fmt::Display, P, U> fmt::Display for Failure<E, P, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(error) => write!(f, "the peer answers: {error}"),
            Self::Body(error) => error.fmt(f),
        }
    }
}

impl<E, P, U> std::error::Error for Failure<E, P, U>
where
    E: std::error::Error + 'static,
    P: fmt::Debug + 'static,
    U: fmt::Debug + 'static,
{
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match self {
            Self::Remote(error) => error,
            Self::Body(error) => error,
        })
    }
}
