//! One small error per operation. Each says how far the message got, and
//! gives back a frame that certainly was not written.

use std::fmt;

use crate::machine::{BeginError, CloseReason, Failure, Outcome, Refused, SendOutcome, Sent};

/// Why a call has no reply. `F` is the frame, `E` the packer's error.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError<F, E> {
    /// The request did not pack. Fix the request.
    Pack(E),
    /// A reply came and the packer returned it as an error: the peer's own
    /// error reply, or a body that is not what was asked for. Read the error;
    /// if it is not the peer's own, agree on the type. The request was handled:
    /// do not repeat it blindly.
    Unpack(E),
    /// No reply in time. Call again if `sent` is `No` or repeating is harmless.
    Timeout {
        /// How far the request got.
        sent: Sent,
        /// The request, if it was certainly not written.
        frame: Option<F>,
    },
    /// The connection ended. Call again on another one, as for `Timeout`.
    Closed {
        /// The reason that everybody gets.
        reason: CloseReason,
        /// How far the request got.
        sent: Sent,
        /// The request, if it was certainly not written.
        frame: Option<F>,
    },
    /// The request was turned away and not written: see the reason.
    Refused {
        /// Why.
        why: Refused,
        /// The request, unchanged.
        frame: Option<F>,
    },
    /// The peer ended its answer without one. Nothing to repeat.
    Ended,
    /// The peer streams its answer. Use `send_stream` for this request.
    Streamed,
    /// Parts came faster than they were taken, and the stream was cancelled.
    /// Take them faster or raise `max_parts`.
    Overrun,
}

impl<F, E> CallError<F, E> {
    /// How far the request got.
    #[must_use]
    pub fn sent(&self) -> Sent {
        match self {
            Self::Pack(_) | Self::Refused { .. } => Sent::No,
            Self::Timeout { sent, .. } | Self::Closed { sent, .. } => *sent,
            Self::Unpack(_) | Self::Ended | Self::Streamed | Self::Overrun => Sent::Yes,
        }
    }

    /// The request, if it was certainly not written.
    pub fn into_frame(self) -> Option<F> {
        match self {
            Self::Timeout { frame, .. }
            | Self::Closed { frame, .. }
            | Self::Refused { frame, .. } => frame,
            _ => None,
        }
    }

    pub(crate) fn begin(error: BeginError, frame: Option<F>) -> Self {
        match error {
            BeginError::Closing => Self::Refused {
                why: Refused::Closing,
                frame,
            },
            BeginError::Full => Self::Refused {
                why: Refused::IdExhausted,
                frame,
            },
            BeginError::Closed(reason) => Self::Closed {
                reason,
                sent: Sent::No,
                frame,
            },
        }
    }

    /// The reply, or why there is none.
    pub(crate) fn outcome(outcome: Outcome<F>) -> Result<F, Self> {
        let failure = match outcome {
            Outcome::Reply(frame) => return Ok(frame),
            Outcome::Failed(failure) => *failure,
        };
        Err(match failure {
            Failure::Ended => Self::Ended,
            Failure::Streamed => Self::Streamed,
            Failure::Overrun => Self::Overrun,
            Failure::Expired { sent, frame } => Self::Timeout { sent, frame },
            Failure::Closed {
                reason,
                sent,
                frame,
            } => Self::Closed {
                reason,
                sent,
                frame,
            },
            Failure::Refused { why, frame } => Self::Refused { why, frame },
        })
    }
}

impl<F, E: fmt::Debug> fmt::Debug for CallError<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pack(error) => f.debug_tuple("Pack").field(error).finish(),
            Self::Unpack(error) => f.debug_tuple("Unpack").field(error).finish(),
            Self::Timeout { sent, .. } => f
                .debug_struct("Timeout")
                .field("sent", sent)
                .finish_non_exhaustive(),
            Self::Closed { reason, sent, .. } => f
                .debug_struct("Closed")
                .field("reason", reason)
                .field("sent", sent)
                .finish_non_exhaustive(),
            Self::Refused { why, .. } => f
                .debug_struct("Refused")
                .field("why", why)
                .finish_non_exhaustive(),
            Self::Ended => f.write_str("Ended"),
            Self::Streamed => f.write_str("Streamed"),
            Self::Overrun => f.write_str("Overrun"),
        }
    }
}

impl<F, E: fmt::Display> fmt::Display for CallError<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pack(error) => write!(f, "the request did not pack: {error}"),
            Self::Unpack(error) => write!(f, "the reply did not unpack: {error}"),
            Self::Timeout { sent, .. } => write!(f, "no reply in time ({})", how_far(*sent)),
            Self::Closed { reason, sent, .. } => write!(f, "{reason} ({})", how_far(*sent)),
            Self::Refused { why, .. } => why.fmt(f),
            Self::Ended => f.write_str("the peer ended its answer without one"),
            Self::Streamed => f.write_str("the peer streams its answer; use `send_stream`"),
            Self::Overrun => f.write_str(
                "parts came faster than they were taken; take them faster or raise max_parts",
            ),
        }
    }
}

impl<F, E: fmt::Debug + fmt::Display> std::error::Error for CallError<F, E> {}

/// Why a message or an answer was not sent.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError<F, E> {
    /// The value did not pack. Fix it.
    Pack(E),
    /// The connection ended. Send again on another one if `sent` is `No` or
    /// repeating is harmless.
    Closed {
        /// The reason that everybody gets.
        reason: CloseReason,
        /// How far the message got.
        sent: Sent,
        /// The message, if it was certainly not written.
        frame: Option<F>,
    },
    /// The message was turned away and not written: see the reason.
    Refused {
        /// Why.
        why: Refused,
        /// The message, unchanged.
        frame: Option<F>,
    },
    /// The peer cancelled the request, and the wire forbids an answer to a
    /// cancelled request. Nothing to do.
    Withdrawn {
        /// The answer.
        frame: Option<F>,
    },
}

impl<F, E> SendError<F, E> {
    /// How far the message got.
    #[must_use]
    pub fn sent(&self) -> Sent {
        match self {
            Self::Closed { sent, .. } => *sent,
            _ => Sent::No,
        }
    }

    /// The message, if it was certainly not written.
    pub fn into_frame(self) -> Option<F> {
        match self {
            Self::Pack(_) => None,
            Self::Closed { frame, .. }
            | Self::Refused { frame, .. }
            | Self::Withdrawn { frame } => frame,
        }
    }

    pub(crate) fn begin(error: BeginError, frame: Option<F>) -> Self {
        match error {
            BeginError::Closing => Self::Refused {
                why: Refused::Closing,
                frame,
            },
            BeginError::Full => Self::Refused {
                why: Refused::Overloaded,
                frame,
            },
            BeginError::Closed(reason) => Self::Closed {
                reason,
                sent: Sent::No,
                frame,
            },
        }
    }

    pub(crate) fn outcome(outcome: SendOutcome<F>) -> Result<(), Self> {
        Err(match outcome {
            SendOutcome::Sent => return Ok(()),
            SendOutcome::Closed {
                reason,
                sent,
                frame,
            } => Self::Closed {
                reason,
                sent,
                frame,
            },
            SendOutcome::Refused { why, frame } => Self::Refused {
                why: Refused::Seal(why),
                frame,
            },
            SendOutcome::Withdrawn { frame } => Self::Withdrawn { frame },
        })
    }
}

impl<F, E: fmt::Debug> fmt::Debug for SendError<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pack(error) => f.debug_tuple("Pack").field(error).finish(),
            Self::Closed { reason, sent, .. } => f
                .debug_struct("Closed")
                .field("reason", reason)
                .field("sent", sent)
                .finish_non_exhaustive(),
            Self::Refused { why, .. } => f
                .debug_struct("Refused")
                .field("why", why)
                .finish_non_exhaustive(),
            Self::Withdrawn { .. } => f.debug_struct("Withdrawn").finish_non_exhaustive(),
        }
    }
}

impl<F, E: fmt::Display> fmt::Display for SendError<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pack(error) => write!(f, "the value did not pack: {error}"),
            Self::Closed { reason, sent, .. } => write!(f, "{reason} ({})", how_far(*sent)),
            Self::Refused { why, .. } => why.fmt(f),
            Self::Withdrawn { .. } => {
                f.write_str("the peer cancelled the request and wants no answer")
            }
        }
    }
}

impl<F, E: fmt::Debug + fmt::Display> std::error::Error for SendError<F, E> {}

fn how_far(sent: Sent) -> &'static str {
    match sent {
        Sent::No => "not sent",
        Sent::Maybe => "maybe sent",
        Sent::Yes => "sent",
    }
}
