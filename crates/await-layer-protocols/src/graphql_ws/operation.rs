//! Operations, as they are asked for and as they come in.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{ErrorObject, Errors};

/// A query, a mutation or a subscription, with its variables: an object, or
/// `()` for none.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Operation<'a, V = ()> {
    query: &'a str,
    #[serde(rename = "operationName", skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    variables: V,
    #[serde(skip)]
    pub(super) single: bool,
}

impl<'a, V> Operation<'a, V> {
    /// One that has one result, as queries and mutations have: for
    /// [`send_await`](await_layer::Handle::send_await).
    pub fn single(query: &'a str, variables: V) -> Self {
        Self {
            query,
            name: None,
            variables,
            single: true,
        }
    }

    /// One that has any number of results, as subscriptions have: for
    /// [`send_stream`](await_layer::Handle::send_stream).
    pub fn streamed(query: &'a str, variables: V) -> Self {
        let single = false;
        Self {
            single,
            ..Self::single(query, variables)
        }
    }

    /// Which of the operations in the document.
    #[must_use]
    pub fn named(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }
}

/// Prints neither text nor variables.
impl<V> fmt::Debug for Operation<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("single", &self.single)
            .finish_non_exhaustive()
    }
}

/// An operation of a client's.
#[derive(Clone)]
pub struct Received {
    /// The document.
    pub query: String,
    /// Which of the operations in it, if it says so.
    pub name: Option<String>,
    pub(super) variables: Option<Box<RawValue>>,
}

impl Received {
    /// The variables as a `V`; none are `null`.
    ///
    /// # Errors
    /// What to answer: the variables are not a `V`.
    pub fn variables<V: DeserializeOwned>(&self) -> Result<V, Errors> {
        let text = self.variables.as_deref().map_or("null", RawValue::get);
        serde_json::from_str(text).map_err(|_| ErrorObject::new("Invalid variables").into())
    }
}

/// Prints neither text nor variables.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
