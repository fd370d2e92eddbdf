//! Results and errors.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a server answers: with data, or with errors that end the operation.
pub type Outcome<D = Value> = Result<D, Errors>;

/// One result whole: data, errors of single fields, or both.
#[derive(Clone, PartialEq, Serialize)]
pub struct Response<D = Value> {
    /// What was asked for; fields that failed are null.
    pub data: Option<D>,
    /// Why they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorObject>,
    /// Whatever else the server says.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub extensions: Value,
}

/// Prints no data.
impl<D> fmt::Debug for Response<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("errors", &self.errors)
            .finish_non_exhaustive()
    }
}

/// All that the peer has to say about a failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Errors(pub Vec<ErrorObject>);

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, others)) = self.0.split_first() else {
            return f.write_str("no reason given");
        };
        f.write_str(&first.message)?;
        match others.len() {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl std::error::Error for Errors {}

impl From<ErrorObject> for Errors {
    fn from(error: ErrorObject) -> Self {
        Self(vec![error])
    }
}

/// One thing that went wrong.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorObject {
    /// For developers.
    pub message: String,
    /// Whatever else there is to say: `locations`, `path`, `extensions`.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl ErrorObject {
    /// An error with a message alone.
    pub fn new(message: impl Into<String>) -> Self {
        let (message, more) = (message.into(), Map::new());
        Self { message, more }
    }
}

/// Prints the message alone.
impl fmt::Debug for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErrorObject")
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}
