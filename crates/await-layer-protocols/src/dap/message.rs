//! Messages as an application sees them.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

/// The command to call and its arguments, `()` for none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Command<'a, A = ()>(pub &'a str, pub A);

/// Prints no arguments.
impl<A> fmt::Debug for Command<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Command")
            .field(&self.0)
            .finish_non_exhaustive()
    }
}

/// The name of an event and its body, `()` for none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Event<'a, B = ()>(pub &'a str, pub B);

/// Prints no body.
impl<B> fmt::Debug for Event<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Event")
            .field(&self.0)
            .finish_non_exhaustive()
    }
}

/// A request of the peer's.
#[derive(Clone)]
pub struct Received {
    /// What it wants.
    pub command: String,
    pub(super) arguments: Option<Box<RawValue>>,
}

impl Received {
    /// The arguments as an `A`; none are `null`.
    ///
    /// # Errors
    /// What to answer: the arguments are not an `A`.
    pub fn arguments<A: DeserializeOwned>(&self) -> Result<A, ErrorReply> {
        let text = self.arguments.as_deref().map_or("null", RawValue::get);
        serde_json::from_str(text).map_err(|_| "invalid arguments".into())
    }
}

/// Prints no arguments.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("command", &self.command)
            .finish_non_exhaustive()
    }
}

/// An event of the peer's.
#[derive(Clone)]
pub struct Happened {
    /// Its name.
    pub event: String,
    /// What there is to know about it.
    pub body: Value,
}

/// Prints no body.
impl fmt::Debug for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Happened")
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

/// How a handler answers: with a body, or with an error.
pub type Outcome<B = Value> = Result<B, ErrorReply>;

/// Why a request failed, in the words of whoever should have answered it.
#[derive(Clone, PartialEq, Deserialize)]
pub struct ErrorReply {
    /// `cancelled`, `notStopped`, or text for people.
    #[serde(default)]
    pub message: String,
    /// The structured error, if there is one.
    #[serde(default)]
    pub body: Value,
}

impl From<&str> for ErrorReply {
    fn from(message: &str) -> Self {
        let (message, body) = (message.to_owned(), Value::Null);
        Self { message, body }
    }
}

impl fmt::Display for ErrorReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Prints no body.
impl fmt::Debug for ErrorReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorReply")
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for ErrorReply {}
