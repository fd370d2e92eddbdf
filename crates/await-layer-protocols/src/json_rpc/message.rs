//! Messages as an application sees them.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The method to call and its parameters: an object, an array, or `()` for
/// none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Method<'a, P = ()>(pub &'a str, pub P);

/// Prints no parameters.
impl<P> fmt::Debug for Method<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Method")
            .field(&self.0)
            .finish_non_exhaustive()
    }
}

/// A request or a notification of the peer's.
#[derive(Clone)]
pub struct Received {
    /// What it wants.
    pub method: String,
    pub(super) params: Option<Box<RawValue>>,
}

impl Received {
    /// The parameters as a `P`; none are `null`.
    ///
    /// # Errors
    /// The error object to answer with: invalid params (-32602).
    pub fn params<P: DeserializeOwned>(&self) -> Result<P, ErrorObject> {
        let text = self.params.as_deref().map_or("null", RawValue::get);
        serde_json::from_str(text).map_err(|_| ErrorObject::new(-32602, "Invalid params"))
    }
}

/// Prints no parameters.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// How a handler answers: with the result, or with an error object.
pub type Outcome<R = Value> = Result<R, ErrorObject>;

/// Why a request failed, in the words of whoever should have answered it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorObject {
    /// Below -32000 the codes are JSON-RPC's and the dialect's own.
    pub code: i64,
    /// One sentence.
    pub message: String,
    /// Whatever else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl ErrorObject {
    /// An error without data.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        let (message, data) = (message.into(), None);
        Self {
            code,
            message,
            data,
        }
    }

    /// No such method (-32601): what a handler answers to what it does not know.
    pub fn method_not_found() -> Self {
        Self::new(-32601, "Method not found")
    }
}

impl fmt::Display for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

/// Prints no data.
impl fmt::Debug for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorObject")
            .field("code", &self.code)
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for ErrorObject {}
