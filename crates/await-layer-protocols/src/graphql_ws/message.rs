//! What passes between the layer and the session.

use std::fmt;

use await_layer::TextId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One message, read but for its payload.
#[derive(Clone)]
pub struct Message {
    pub(super) kind: Kind,
    /// Operations have one, as soon as it is put on and until it is taken off.
    pub(super) id: Option<TextId>,
    pub(super) payload: Option<Box<RawValue>>,
    /// Of an operation: one result is wanted. Of a result: it is the last.
    pub(super) single: bool,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// The client's first message. A server sees it; the session answers it.
    ConnectionInit,
    /// The server's answer, which a client sees.
    ConnectionAck,
    /// Answered by the session, which nobody sees.
    Ping,
    /// The answer to a ping.
    Pong,
    /// An operation begins.
    Subscribe,
    /// A result of an operation.
    Next,
    /// An operation ends with errors.
    Error,
    /// An operation ends.
    Complete,
    /// The client no longer wants an operation: also `complete` on the wire.
    #[serde(skip)]
    Cancel,
}

impl Message {
    pub(super) fn new(kind: Kind, payload: Option<Box<RawValue>>) -> Self {
        Self {
            kind,
            id: None,
            payload,
            single: false,
        }
    }

    pub(super) fn of(kind: Kind, id: &TextId) -> Self {
        let mut message = Self::new(kind, None);
        message.id = Some(id.clone());
        message
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The JSON that it carries, if any: of the handshake, what a client says
    /// of itself and a server answers.
    #[must_use]
    pub fn payload(&self) -> Option<&str> {
        self.payload.as_deref().map(RawValue::get)
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            kind, id, single, ..
        } = self;
        (*kind, id, *single) == (other.kind, &other.id, other.single)
            && self.payload() == other.payload()
    }
}

/// Prints no payload.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
