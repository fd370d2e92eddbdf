//! Messages as an application sees them.

use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::Failure;
use super::packer::read;

/// The method to call and its parameters: a tuple, an array, a `Vec`, or `()`
/// for none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Method<'a, P = ()>(pub &'a str, pub P);

/// Prints no parameters.
impl<P> fmt::Debug for Method<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({:?}, ..)", self.0)
    }
}

/// A request or a notification of the peer's.
#[derive(Clone)]
pub struct Received {
    /// What it wants.
    pub method: String,
    pub(super) params: Bytes,
}

impl Received {
    /// The parameters: a tuple, say.
    ///
    /// # Errors
    /// The error to answer with: these are other parameters.
    pub fn params<P: DeserializeOwned>(&self) -> Result<P, String> {
        read(&self.params).map_err(|_| "invalid params".to_owned())
    }
}

/// Prints no parameters.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received({:?}, ..)", self.method)
    }
}

/// How a handler answers: with the result, or with an error, which may be
/// anything but nil.
pub type Outcome<R, E = String> = Result<R, E>;

/// The error that the peer answered with, of whatever shape it is.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteError(pub(super) Bytes);

impl RemoteError {
    /// The error as an `E`; neovim's is an `(i64, String)`.
    ///
    /// # Errors
    /// It has another shape.
    pub fn get<E: DeserializeOwned>(&self) -> Result<E, Failure> {
        read(&self.0)
    }
}

/// Prints the text that the error is, or that is the second of its two items.
impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = || self.get::<(IgnoredAny, String)>().map(|(_, text)| text);
        let text = self.get::<String>().or_else(|_| second());
        f.write_str(text.as_deref().unwrap_or("an error without a text"))
    }
}

/// Prints nothing of it.
impl fmt::Debug for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RemoteError(..)")
    }
}

impl std::error::Error for RemoteError {}
