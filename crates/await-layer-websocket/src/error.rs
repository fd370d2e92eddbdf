//! What goes wrong on a WebSocket, and before there is one.

use std::error::Error;
use std::fmt;
use std::io;

use await_layer::{Cause, CloseReason};

use tungstenite::error::{CapacityError, ProtocolError};

/// Why a WebSocket ended. Its `source()` is the [`CloseReason`] that every
/// pending call gets. `Debug` prints no payload.
#[non_exhaustive]
pub enum WebSocketError {
    /// The peer closed, or vanished without a close frame (code 1006). A close
    /// frame without a code counts as 1005. Reconnect if code and text allow.
    Closed(CloseReason),
    /// A message was larger than a limit that the reason names. Raise that
    /// limit or send less at a time.
    TooLarge(CloseReason),
    /// The peer gave no sign of life for as long as [`Config::keep_alive`]
    /// allows. Reconnect; what was written may have been executed.
    ///
    /// [`Config::keep_alive`]: crate::Config::keep_alive
    Silent(CloseReason),
    /// The network or the peer failed: reconnect. What tungstenite said may
    /// hold a payload in its `Debug`.
    Failed(CloseReason, tungstenite::Error),
}

impl WebSocketError {
    /// The reason that every pending call gets.
    #[must_use]
    pub fn reason(&self) -> &CloseReason {
        match self {
            Self::Closed(reason)
            | Self::TooLarge(reason)
            | Self::Silent(reason)
            | Self::Failed(reason, _) => reason,
        }
    }

    /// What reading failed with.
    pub(crate) fn read(error: tungstenite::Error, max_message: usize, max_frame: usize) -> Self {
        if vanished(&error) {
            let why = "the connection ended without a close frame";
            return Self::Closed(CloseReason::new(Cause::Eof, why).with_code(1006));
        }
        let tungstenite::Error::Capacity(CapacityError::MessageTooLong { size, max_size }) = error
        else {
            return Self::failed(error);
        };
        let limit = match (max_size == max_message, max_size == max_frame) {
            (true, false) => "max_message",
            (false, true) => "max_frame",
            _ => "max_message and max_frame",
        };
        Self::too_large(&format!(
            "the peer sent {size} bytes at once; {limit} allows {max_size}"
        ))
    }

    pub(crate) fn too_large(why: &str) -> Self {
        Self::TooLarge(CloseReason::new(Cause::Transport, why).with_code(1009))
    }

    pub(crate) fn failed(error: tungstenite::Error) -> Self {
        let reason = CloseReason::new(Cause::Transport, error.to_string());
        match code_for(&error) {
            Some(code) => Self::Failed(reason.with_code(code), error),
            None => Self::Failed(reason, error),
        }
    }
}

/// The end of the stream, without the goodbye that WebSocket asks for.
fn vanished(error: &tungstenite::Error) -> bool {
    match error {
        tungstenite::Error::Protocol(error) => {
            *error == ProtocolError::ResetWithoutClosingHandshake
        }
        // TLS insists on a goodbye of its own.
        tungstenite::Error::Io(error) => error.kind() == io::ErrorKind::UnexpectedEof,
        _ => false,
    }
}

/// What to tell the peer of a failure that is its fault.
fn code_for(error: &tungstenite::Error) -> Option<u16> {
    match error {
        tungstenite::Error::Protocol(_) => Some(1002),
        tungstenite::Error::Utf8(_) => Some(1007),
        _ => None,
    }
}

impl fmt::Display for WebSocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason().fmt(f)
    }
}

impl fmt::Debug for WebSocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Closed(_) => "Closed",
            Self::TooLarge(_) => "TooLarge",
            Self::Silent(_) => "Silent",
            Self::Failed(..) => "Failed",
        };
        f.debug_tuple(name).field(self.reason()).finish()
    }
}

impl Error for WebSocketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.reason())
    }
}

/// Why there is no connection. No request was sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The address is no WebSocket URL, or a `wss` one and the adapter was
    /// built without TLS. Fix the address, turn on a TLS feature of the adapter
    /// if it has one, or connect over a TLS stream of your own.
    Address(tungstenite::Error),
    /// The network failed, or the TLS handshake of rustls did: the other end
    /// is down, unreachable or not trusted. Try again later if it is the first.
    Network(io::Error),
    /// TLS failed. Check the certificate and the connector.
    Tls(tungstenite::Error),
    /// The server answered with this HTTP status instead of switching to
    /// WebSocket. Check path and credentials.
    Rejected(u16),
    /// The other end does not speak WebSocket as it should. Check that it is
    /// the right port.
    Protocol(tungstenite::Error),
    /// The configuration cannot work: the text says which field to change.
    Config(&'static str),
}

impl From<tungstenite::Error> for HandshakeError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Io(error) => Self::Network(error),
            tungstenite::Error::Url(_) => Self::Address(error),
            tungstenite::Error::Tls(_) => Self::Tls(error),
            tungstenite::Error::Http(response) => Self::Rejected(response.status().as_u16()),
            other => Self::Protocol(other),
        }
    }
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> Self {
        Self::Network(error)
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(error) => write!(f, "the address cannot be used: {error}"),
            Self::Network(error) => write!(f, "there is no connection: {error}"),
            Self::Tls(error) => write!(f, "TLS failed: {error}"),
            Self::Rejected(status) => write!(f, "the server refused with HTTP status {status}"),
            Self::Protocol(error) => write!(f, "the other end is no WebSocket: {error}"),
            Self::Config(why) => f.write_str(why),
        }
    }
}

impl Error for HandshakeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Address(error) | Self::Tls(error) | Self::Protocol(error) => Some(error),
            Self::Network(error) => Some(error),
            Self::Rejected(_) | Self::Config(_) => None,
        }
    }
}
