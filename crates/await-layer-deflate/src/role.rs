//! Which end this is.

/// Which end of a WebSocket this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The one that asked for the connection. It masks what it sends.
    Client,
    /// The one that was asked.
    Server,
}

impl Role {
    pub(crate) fn masks(self) -> bool {
        self == Self::Client
    }
}
