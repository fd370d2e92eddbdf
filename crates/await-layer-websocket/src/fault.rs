//! What the error of a WebSocket library means.

use std::error::Error;
use std::io;

use tungstenite::error::{CapacityError, ProtocolError};

/// The error of whatever library moves the messages.
pub trait Fault: Error + Send + Sync + 'static {
    /// What it means here.
    fn kind(&self) -> FaultKind;
}

/// What an error means for a connection, and what the peer is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The network failed. Reconnect.
    Network,
    /// The stream ended without the goodbye that WebSocket asks for. Reconnect.
    Vanished,
    /// The peer sent more at once than a limit allows: how many bytes, and how
    /// many are allowed, if the library tells. Raise that limit, or have less
    /// sent at a time.
    TooLarge(Option<(usize, usize)>),
    /// A message of ours does not fit beside what waits to be written. Write
    /// that out, then try again.
    BufferFull,
    /// The peer broke the rules of the protocol. Correct or replace the peer.
    Protocol,
    /// The peer sent text that is none. Correct the peer, or have it send binary.
    Utf8,
    /// Anything else. Read the error itself.
    Other,
}

impl FaultKind {
    /// Whether what is written is lost, while the peer may still be read.
    pub(crate) fn is_loss(self) -> bool {
        matches!(self, Self::Network | Self::Vanished)
    }

    /// What to tell the peer of a failure that is its fault.
    pub(crate) fn code(self) -> Option<u16> {
        match self {
            Self::Protocol => Some(1002),
            Self::Utf8 => Some(1007),
            _ => None,
        }
    }

    /// What an error of the network is. TLS insists on a goodbye of its own.
    pub fn of_network(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Vanished,
            _ => Self::Network,
        }
    }
}

impl Fault for tungstenite::Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Io(error) => FaultKind::of_network(error),
            Self::Protocol(ProtocolError::ResetWithoutClosingHandshake) => FaultKind::Vanished,
            Self::Protocol(_) => FaultKind::Protocol,
            Self::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
                FaultKind::TooLarge(Some((*size, *max_size)))
            }
            Self::WriteBufferFull(_) => FaultKind::BufferFull,
            Self::Utf8(_) => FaultKind::Utf8,
            _ => FaultKind::Other,
        }
    }
}
