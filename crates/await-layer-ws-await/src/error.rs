//! The original's error kinds; [`ValidationError`](crate::ValidationError) is
//! the fifth.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use await_layer::{CloseReason, Refused, Sent};

use crate::{Payload, Unsupported};

/// Why a request has no reply. The texts are the original's; the cause is the
/// `source()`. Nothing here prints a payload, unless a function of the settings
/// puts it in its error.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AwaitError {
    /// The request was not sent. See [`SendError::cause`] for what to change.
    Send(SendError),
    /// No reply in time. Ask again if repeating is harmless.
    Timeout(TimeoutError),
    /// The connection ended first. Ask again on another one, as for `Timeout`.
    ConnectionClose(ConnectionCloseError),
    /// The reply came and a function of the settings failed on it. The request
    /// was handled: do not repeat it blindly.
    Processed(ProcessedError),
}

impl AwaitError {
    /// How far the request got: `No` means that it is safe to repeat.
    #[must_use]
    pub fn sent(&self) -> Sent {
        match self {
            Self::Send(error) => error.sent(),
            Self::Timeout(error) => error.sent,
            Self::ConnectionClose(error) => error.sent,
            Self::Processed(_) => Sent::Yes,
        }
    }
}

impl fmt::Display for AwaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(error) => error.fmt(f),
            Self::Timeout(error) => error.fmt(f),
            Self::ConnectionClose(error) => error.fmt(f),
            Self::Processed(error) => error.fmt(f),
        }
    }
}

impl Error for AwaitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Send(error) => error.source(),
            Self::Timeout(error) => error.source(),
            Self::ConnectionClose(error) => error.source(),
            Self::Processed(error) => error.source(),
        }
    }
}

/// A message was not sent: see its [`cause`](Self::cause) for what to change. The
/// original's `WebSocketAwaitSendError`.
#[derive(Clone, Debug)]
pub struct SendError {
    cause: SendCause,
    sent: Sent,
}

/// Why a message was not sent.
#[derive(Clone)]
#[non_exhaustive]
pub enum SendCause {
    /// `pack_message`, `generate_await_id` or `attach_await_id` failed, with
    /// this. Fix the data or the function.
    Hook(Arc<dyn Error + Send + Sync>),
    /// The transport cannot do an option. Leave it out.
    Unsupported(Unsupported),
    /// The message is larger than `max_message`, with the fragments before it:
    /// send less at a time or raise that limit. Or a ping or pong has more than
    /// 125 bytes.
    TooLarge {
        /// Its size.
        bytes: usize,
        /// What is allowed.
        max: usize,
    },
    /// `binary: false` for bytes that are not UTF-8, which text must be. Leave
    /// the option out.
    NotText,
    /// It does not go with the fragments that were sent before: the text says
    /// why. Send it as those were, or their last one first.
    Fragment(&'static str),
    /// The generated id is falsy in JavaScript: the peer would see none. Make
    /// another.
    FalsyId,
    /// The connection has ended: open another one.
    Closed(CloseReason),
    /// The layer turned it away: see the reason.
    Refused(Refused),
}

impl SendError {
    pub(crate) fn new(cause: SendCause, sent: Sent) -> Self {
        Self { cause, sent }
    }

    /// Why.
    #[must_use]
    pub fn cause(&self) -> &SendCause {
        &self.cause
    }

    /// How far it got. Only a connection that ended while the message was on
    /// its way leaves a doubt.
    #[must_use]
    pub fn sent(&self) -> Sent {
        self.sent
    }
}

impl From<SendCause> for SendError {
    fn from(cause: SendCause) -> Self {
        Self::new(cause, Sent::No)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The message is not sent: {}", self.cause)
    }
}

impl Error for SendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            SendCause::Hook(error) => Some(&**error),
            SendCause::Unsupported(error) => Some(error),
            SendCause::Closed(reason) => Some(reason),
            _ => None,
        }
    }
}

impl fmt::Display for SendCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hook(error) => error.fmt(f),
            Self::Unsupported(error) => error.fmt(f),
            Self::TooLarge { bytes, max } => {
                let whose = "max_message, or 125 in a ping or pong";
                write!(f, "it has {bytes} bytes, and {max} are allowed: {whose}")
            }
            Self::NotText => f.write_str("binary: false needs UTF-8: leave it out"),
            Self::Fragment(why) => f.write_str(why),
            Self::FalsyId => f.write_str("its id is falsy in JavaScript: make another"),
            Self::Closed(reason) => reason.fmt(f),
            Self::Refused(why) => why.fmt(f),
        }
    }
}

impl fmt::Debug for SendCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A function's error may hold what it was given.
        match self {
            Self::Hook(_) => f.write_str("Hook(..)"),
            other => write!(f, "{other}"),
        }
    }
}

/// No reply in time. Ask again if repeating is harmless. The original's
/// `WebSocketAwaitTimeoutAwaitError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeoutError {
    /// How far the request got.
    pub sent: Sent,
}

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("No response is received: Response timeout expired")
    }
}

impl Error for TimeoutError {}

/// The connection ended before the reply. Ask again on another one if repeating
/// is harmless. The original's `WebSocketAwaitConnectionCloseError`, with the
/// reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionCloseError {
    /// Why it ended, with the close code and text.
    pub reason: CloseReason,
    /// How far the request got.
    pub sent: Sent,
}

impl fmt::Display for ConnectionCloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The message is not sent or not response is received: Connection close")
    }
}

impl Error for ConnectionCloseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.reason)
    }
}

/// A message came and a function of the settings failed on it. Correct that
/// function, or what the peer sends. The original's
/// `WebSocketAwaitProcessedError`, without the payload in its text.
#[derive(Clone)]
pub struct ProcessedError {
    cause: Arc<dyn Error + Send + Sync>,
    payload: Option<Payload>,
}

impl ProcessedError {
    pub(crate) fn new(cause: Box<dyn Error + Send + Sync>, payload: Option<Payload>) -> Self {
        let cause = cause.into();
        Self { cause, payload }
    }

    /// What came, unless it was unpacked already.
    #[must_use]
    pub fn payload(&self) -> Option<&Payload> {
        self.payload.as_ref()
    }
}

impl fmt::Display for ProcessedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The message received but not processed: {}", self.cause)
    }
}

impl fmt::Debug for ProcessedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessedError")
            .field("payload", &self.payload)
            .finish_non_exhaustive()
    }
}

impl Error for ProcessedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.cause)
    }
}
