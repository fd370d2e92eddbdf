//! What goes wrong on a WebSocket.

use std::error::Error;
use std::fmt;
use std::io;

use await_layer::{Cause, CloseReason};

/// Why a WebSocket ended. Its `source()` is the [`CloseReason`] that every
/// pending call gets. `Debug` prints no payload.
#[non_exhaustive]
pub enum WebSocketError {
    /// The peer closed, or vanished without a close frame (code 1006). A close
    /// frame without a code counts as 1005. The client may come back.
    Closed(CloseReason),
    /// A message was larger than a limit that the reason names. Raise that
    /// limit or send less at a time.
    TooLarge(CloseReason),
    /// The client gave no sign of life for as long as [`Config::keep_alive`]
    /// allows. It may come back; what was written may have been executed.
    ///
    /// [`Config::keep_alive`]: crate::Config::keep_alive
    Silent(CloseReason),
    /// The network or the peer failed: the client may come back. What axum
    /// said may hold a payload in its `Debug`.
    Failed(CloseReason, axum::Error),
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
    pub(crate) fn read(error: axum::Error) -> Self {
        match Fault::of(&error) {
            Fault::Vanished => {
                let why = "the connection ended without a close frame";
                Self::Closed(CloseReason::new(Cause::Eof, why).with_code(1006))
            }
            Fault::Capacity => Self::too_large(&format!(
                "the peer sent too much at once: max_message and max_frame limit it ({error})"
            )),
            _ => Self::failed(error),
        }
    }

    pub(crate) fn too_large(why: &str) -> Self {
        Self::TooLarge(CloseReason::new(Cause::Transport, why).with_code(1009))
    }

    pub(crate) fn failed(error: axum::Error) -> Self {
        let reason = CloseReason::new(Cause::Transport, error.to_string());
        // What to tell the peer of a failure that is its fault.
        let reason = match Fault::of(&error) {
            Fault::Protocol => reason.with_code(1002),
            Fault::Utf8 => reason.with_code(1007),
            _ => reason,
        };
        Self::Failed(reason, error)
    }
}

/// What kind of error axum hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The network.
    Io,
    /// The end of the stream, without the goodbye that WebSocket asks for.
    Vanished,
    /// The peer sent more than it may.
    Capacity,
    /// A message of ours does not fit.
    BufferFull,
    Protocol,
    Utf8,
    Other,
}

impl Fault {
    /// axum's error holds one of tungstenite, of a version that axum may change
    /// at any time: asking for its type would fail silently then. Its words
    /// have been the same for years, and the tests of the close codes tell if
    /// they change.
    pub(crate) fn of(error: &axum::Error) -> Self {
        if let Some(error) = io_error(error) {
            // TLS insists on a goodbye of its own.
            return match error.kind() {
                io::ErrorKind::UnexpectedEof => Self::Vanished,
                _ => Self::Io,
            };
        }
        let said = error.to_string();
        [
            ("WebSocket protocol error: Connection reset", Self::Vanished),
            ("WebSocket protocol error", Self::Protocol),
            ("Space limit exceeded", Self::Capacity),
            ("Write buffer is full", Self::BufferFull),
            ("UTF-8 encoding error", Self::Utf8),
        ]
        .into_iter()
        .find(|(words, _)| said.starts_with(words))
        .map_or(Self::Other, |(_, fault)| fault)
    }
}

/// The network's error, if it is one.
fn io_error(error: &axum::Error) -> Option<&io::Error> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref() {
            return Some(error);
        }
        next = error.source();
    }
    None
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
