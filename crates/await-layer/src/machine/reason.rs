//! Why a connection ended, why a message was turned away, and how far it got.

use std::fmt;
use std::sync::Arc;

use crate::codec::SealError;

/// Whether the peer may have seen a message that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Certainly not. Send it again, on this or another connection, as you like.
    No,
    /// Handed to the transport, which may or may not have passed it on. Send it
    /// again only if it may be executed twice.
    Maybe,
    /// Flushed: the peer may have acted on it. Send it again only if it may be
    /// executed twice.
    Yes,
}

/// What ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// We closed it. Open another one to go on.
    Local,
    /// We closed it, and calls, answers or the transport took longer than
    /// `close_timeout`. Raise that limit if the peer needs longer.
    CloseTimeout,
    /// The last handle, layer and `Incoming` were dropped. Keep one of them.
    Dropped,
    /// The peer ended it. Reconnect if its code and text allow.
    Eof,
    /// The transport failed. Reconnect.
    Transport,
    /// The peer gave no sign of life for as long as its
    /// [`KeepAlive`](crate::KeepAlive) allows. Reconnect; calls that were
    /// written may have been executed.
    Silent,
    /// The peer sent more replies to nothing than `unmatched_budget`. One of
    /// the two ends is confused: look at the codec.
    Unmatched,
    /// Messages were not taken in time and [`Overflow::Close`](crate::Overflow::Close)
    /// is set. Read faster or raise `max_inbound`.
    Overflow,
    /// A codec, an id generator, the transport or the timer panicked. Fix it:
    /// the panic hook has printed what it said.
    Panicked,
    /// The protocol's parts do not fit together. Fix them: the text says which.
    Protocol,
}

/// Why a connection is closed: see its [`Cause`] for what to do. Every waiter
/// gets the same one; cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReason {
    cause: Cause,
    code: Option<u16>,
    text: Arc<str>,
}

impl CloseReason {
    /// `text` is for people: it should say what happened, without payloads.
    pub fn new(cause: Cause, text: impl Into<Arc<str>>) -> Self {
        Self {
            cause,
            code: None,
            text: text.into(),
        }
    }

    /// Adds the transport's own close code.
    #[must_use]
    pub fn with_code(mut self, code: u16) -> Self {
        self.code = Some(code);
        self
    }

    /// What ended the connection.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// The transport's close code, where it has one.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        self.code
    }

    /// What the transport or the peer said, possibly nothing.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.cause {
            Cause::Local => "closed here",
            Cause::CloseTimeout => "closed here, not in time",
            Cause::Dropped => "every handle was dropped",
            Cause::Eof => "closed by the peer",
            Cause::Transport => "the transport failed",
            Cause::Silent => "the peer has gone silent",
            Cause::Unmatched => "too many replies to nothing",
            Cause::Overflow => "messages were not taken in time",
            Cause::Panicked => "the protocol, the transport or the timer panicked",
            Cause::Protocol => "the protocol's parts do not fit",
        })?;
        if let Some(code) = self.code {
            write!(f, " (code {code})")?;
        }
        if !self.text.is_empty() {
            write!(f, ": {}", self.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for CloseReason {}

/// Why a message was turned away before it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// The connection is being closed. Open another one.
    Closing,
    /// The chosen id is in use or retired. Choose another one, or none.
    IdInUse,
    /// The id generator had no free id to give, a few times over. Lower
    /// `max_in_flight` or take a wider id.
    IdExhausted,
    /// The codec cannot put an id on this frame: see its text.
    Seal(SealError),
    /// Too much is queued that nobody waits for. Use `send`, which waits.
    Overloaded,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closing => f.write_str("the connection is being closed"),
            Self::IdInUse => f.write_str("the chosen id is in use; choose another one"),
            Self::IdExhausted => f.write_str("no free id: allow fewer calls or use wider ids"),
            Self::Seal(error) => write!(f, "the codec refused the frame: {error}"),
            Self::Overloaded => f.write_str("the outgoing queue is full; await `send` instead"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_what_is_known() {
        let reason = CloseReason::new(Cause::Eof, "");
        assert_eq!((reason.code(), reason.text()), (None, ""));
        assert_eq!(reason.to_string(), "closed by the peer");
        let reason = CloseReason::new(Cause::Transport, "no route").with_code(1006);
        assert_eq!((reason.code(), reason.text()), (Some(1006), "no route"));
        let said = "the transport failed (code 1006): no route";
        assert_eq!(reason.to_string(), said);
        let refused = Refused::Seal(SealError::new("no object"));
        let said = "the codec refused the frame: no object";
        assert_eq!(refused.to_string(), said);
    }
}
