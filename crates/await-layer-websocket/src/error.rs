//! What goes wrong on a WebSocket, and before there is one.

use std::error::Error;
use std::fmt;
use std::io;

use await_layer::{Cause, CloseReason};
use tungstenite::protocol::WebSocketConfig;

use crate::{Fault, FaultKind};

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
    /// The network or the peer failed: reconnect. What the library said, such
    /// as a [`tungstenite::Error`], may hold a payload in its `Debug`.
    Failed(CloseReason, Box<dyn Error + Send + Sync>),
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
    pub(crate) fn read(error: impl Fault, limits: &WebSocketConfig) -> Self {
        let max_message = limits.max_message_size.unwrap_or(usize::MAX);
        let max_frame = limits.max_frame_size.unwrap_or(usize::MAX);
        match error.kind() {
            FaultKind::Vanished => {
                let why = "the connection ended without a close frame";
                Self::Closed(CloseReason::new(Cause::Eof, why).with_code(1006))
            }
            FaultKind::TooLarge(Some((size, max))) => {
                let limit = match (max == max_message, max == max_frame) {
                    (true, false) => "max_message",
                    (false, true) => "max_frame",
                    _ => "max_message and max_frame",
                };
                Self::too_large(&format!(
                    "the peer sent {size} bytes at once; {limit} allows {max}"
                ))
            }
            FaultKind::TooLarge(None) => Self::too_large(&format!(
                "the peer sent too much at once ({error}): max_message is {max_message}, \
                 max_frame {max_frame}"
            )),
            _ => Self::failed(error),
        }
    }

    pub(crate) fn too_large(why: &str) -> Self {
        Self::TooLarge(CloseReason::new(Cause::Transport, why).with_code(1009))
    }

    pub(crate) fn failed(error: impl Fault) -> Self {
        let reason = CloseReason::new(Cause::Transport, error.to_string());
        let reason = match error.kind().code() {
            Some(code) => reason.with_code(code),
            None => reason,
        };
        Self::Failed(reason, Box::new(error))
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
    /// The network failed: the other end is down or unreachable. Try again
    /// later.
    Network(io::Error),
    /// TLS failed: the other end is not trusted, or speaks no TLS. Check the
    /// certificate and the connector.
    Tls(tungstenite::Error),
    /// The server answered with this HTTP status instead of switching to
    /// WebSocket. Check path and credentials.
    Rejected(u16),
    /// The other end does not speak WebSocket as it should. Check that it is
    /// the right port.
    Protocol(tungstenite::Error),
    /// The configuration cannot work. Change the field that the text names.
    Config(&'static str),
}

impl From<tungstenite::Error> for HandshakeError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            // Where rustls puts what it found wrong; a network never says so.
            tungstenite::Error::Io(ref io) if io.kind() == io::ErrorKind::InvalidData => {
                Self::Tls(error)
            }
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
            Self::Rejected(status) => write!(
                f,
                "the server refused with HTTP status {status}: check path and credentials"
            ),
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
