//! What goes wrong on a WebSocket, and before there is one.

use std::error::Error;
use std::fmt;
use std::io;

use await_layer::{Cause, CloseReason};

/// Why a WebSocket ended. Its `source()` is the [`CloseReason`] that every
/// pending call gets. `Debug` prints no payload.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebSocketError {
    /// The peer closed, or vanished without a close frame (code 1006). A close
    /// frame without a code counts as 1005. Reconnect if code and text allow.
    Closed(CloseReason),
    /// A message was larger than `max_message` allows. Raise that limit or send
    /// less at a time.
    TooLarge(CloseReason),
    /// The peer sent what RFC 6455 or RFC 7692 forbids; the text says what.
    /// Mend or replace the peer.
    Protocol(CloseReason),
    /// The peer gave no sign of life for as long as [`Config::keep_alive`]
    /// allows. Reconnect; what was written may have been executed.
    ///
    /// [`Config::keep_alive`]: crate::Config::keep_alive
    Silent(CloseReason),
    /// The network failed, or this machine did; the text says how. Reconnect.
    Failed(CloseReason),
}

impl WebSocketError {
    /// The reason that every pending call gets.
    #[must_use]
    pub fn reason(&self) -> &CloseReason {
        match self {
            Self::Closed(reason)
            | Self::TooLarge(reason)
            | Self::Protocol(reason)
            | Self::Silent(reason)
            | Self::Failed(reason) => reason,
        }
    }

    pub(crate) fn too_large(why: &str) -> Self {
        Self::TooLarge(CloseReason::new(Cause::Transport, why).with_code(1009))
    }

    pub(crate) fn protocol(why: &str) -> Self {
        Self::Protocol(CloseReason::new(Cause::Transport, why).with_code(1002))
    }

    pub(crate) fn not_utf8() -> Self {
        let why = "the peer sent text that is not UTF-8";
        Self::Protocol(CloseReason::new(Cause::Transport, why).with_code(1007))
    }

    pub(crate) fn corrupt() -> Self {
        let why = "the peer sent a compressed message that is damaged";
        Self::Protocol(CloseReason::new(Cause::Transport, why).with_code(1007))
    }

    pub(crate) fn failed(error: &io::Error) -> Self {
        Self::broken(error.to_string())
    }

    pub(crate) fn broken(why: impl Into<std::sync::Arc<str>>) -> Self {
        Self::Failed(CloseReason::new(Cause::Transport, why))
    }

    /// Reading ended without the goodbye that WebSocket asks for.
    pub(crate) fn vanished() -> Self {
        let why = "the connection ended without a close frame";
        Self::Closed(CloseReason::new(Cause::Eof, why).with_code(1006))
    }

    pub(crate) fn read(error: &io::Error) -> Self {
        match error.kind() {
            // TLS insists on a goodbye of its own.
            io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => Self::vanished(),
            _ => Self::failed(error),
        }
    }
}

impl fmt::Display for WebSocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason().fmt(f)
    }
}

impl Error for WebSocketError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.reason())
    }
}

/// Why there is no connection. No message was sent.
#[derive(Debug)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The address is no WebSocket URL, or a `wss` one. Fix the address; for
    /// TLS, make the stream yourself and use
    /// [`connect_on`](crate::connect_on).
    Address(String),
    /// The network failed: the other end is down or unreachable. Try again
    /// later.
    Network(io::Error),
    /// The server answered with this HTTP status instead of switching to
    /// WebSocket. Check path and credentials.
    Rejected(u16),
    /// The check that was given to the server refused the client with this HTTP
    /// status, which the client was told. Nothing to do.
    Refused(u16),
    /// The other end does not speak WebSocket as it should. Check that it is
    /// the right port.
    Protocol(tungstenite::Error),
    /// The server answered the offer of compression as it must not; the text
    /// says how. Connect with `deflate: None`, or mend the server.
    Extension(&'static str),
    /// The configuration cannot work. Change the field that the text names.
    Config(&'static str),
}

impl From<tungstenite::Error> for HandshakeError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Io(error) => Self::Network(error),
            tungstenite::Error::Url(error) => Self::Address(error.to_string()),
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
            Self::Address(why) => write!(f, "the address cannot be used: {why}"),
            Self::Network(error) => write!(f, "there is no connection: {error}"),
            Self::Rejected(status) => write!(
                f,
                "the server refused with HTTP status {status}: check path and credentials"
            ),
            Self::Refused(status) => write!(f, "the client was refused with HTTP status {status}"),
            Self::Protocol(error) => write!(f, "the other end is no WebSocket: {error}"),
            Self::Extension(why) | Self::Config(why) => f.write_str(why),
        }
    }
}

impl Error for HandshakeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Protocol(error) => Some(error),
            Self::Network(error) => Some(error),
            _ => None,
        }
    }
}
