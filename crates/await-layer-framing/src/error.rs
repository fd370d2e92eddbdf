//! What ends a framed stream.

use std::error::Error;
use std::fmt;
use std::io;

use await_layer::{Cause, CloseReason, SealError};

/// Why a framed stream ended. Its `source()` is the [`CloseReason`] that every
/// pending call gets. Neither `Debug` nor `Display` prints a payload.
#[derive(Debug)]
#[non_exhaustive]
pub enum FramingError {
    /// A frame was larger than a limit that the reason names. Raise that limit
    /// or have less sent at a time.
    TooLarge(CloseReason),
    /// The bytes are not framed as they should be: the reason names what is
    /// wrong. Check that both ends use the same framing.
    Malformed(CloseReason),
    /// The stream ended inside a frame. Reconnect.
    CutOff(CloseReason),
    /// The stream itself knows why it ended: a child that has exited, say.
    /// Start it again if the reason allows.
    Closed(CloseReason),
    /// Reading or writing failed. Reconnect.
    Io(CloseReason, io::Error),
}

impl FramingError {
    /// The reason that every pending call gets.
    #[must_use]
    pub fn reason(&self) -> &CloseReason {
        match self {
            Self::TooLarge(reason)
            | Self::Malformed(reason)
            | Self::CutOff(reason)
            | Self::Closed(reason)
            | Self::Io(reason, _) => reason,
        }
    }

    /// `why` names the limit and the two numbers.
    #[must_use]
    pub fn too_large(why: impl fmt::Display) -> Self {
        Self::TooLarge(CloseReason::new(Cause::Transport, why.to_string()))
    }

    /// `why` names the field or the byte that is wrong, never a payload.
    #[must_use]
    pub fn malformed(why: impl fmt::Display) -> Self {
        Self::Malformed(CloseReason::new(Cause::Transport, why.to_string()))
    }
}

/// A frame of ours that was encoded unchecked.
impl From<SealError> for FramingError {
    fn from(error: SealError) -> Self {
        Self::malformed(error)
    }
}

/// An error made of a [`CloseReason`] (`io::Error::other(reason)`) keeps that
/// reason: so a stream tells why it ended.
impl From<io::Error> for FramingError {
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        match inner {
            Some(reason) => Self::Closed(CloseReason::clone(reason)),
            None => {
                let reason = CloseReason::new(Cause::Transport, error.to_string());
                Self::Io(reason, error)
            }
        }
    }
}

impl fmt::Display for FramingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason().fmt(f)
    }
}

impl Error for FramingError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.reason())
    }
}
