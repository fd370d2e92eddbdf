//! Why there is no connection, and why a call has no reply.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use await_layer::{CallError, Connection, Packer, Sent};

use crate::Connect;

/// A call's error on the connections of `C`.
pub type CallFault<C> = CallError<
    <<C as Connect>::Link as Connection>::Frame,
    <<<C as Connect>::Link as Connection>::Packer as Packer>::Error,
>;

/// Which bound ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// [`Backoff::attempts`](crate::Backoff::attempts) failures in a row. See
    /// the last one;
    /// [`Reconnect::try_again`](crate::Reconnect::try_again) begins anew.
    Attempts,
    /// The outage was longer than [`Backoff::within`](crate::Backoff::within). Do
    /// as for `Attempts`.
    Time,
    /// An attempt panicked, or the timer did. Fix it: the panic hook has printed what it said.
    Panicked,
    /// [`Reconnect::stop`](crate::Reconnect::stop) was called. Nothing to do.
    Stopped,
}

/// There will be no further connection, unless somebody
/// [tries again](crate::Reconnect::try_again). Everybody gets the same; cloning
/// is cheap.
pub struct GaveUp<E> {
    pub(crate) bound: Bound,
    pub(crate) failures: u32,
    pub(crate) last: Option<Arc<E>>,
}

impl<E> GaveUp<E> {
    /// Which bound ended it.
    #[must_use]
    pub fn bound(&self) -> Bound {
        self.bound
    }

    /// How many failures in a row there were, connections that did not last
    /// included.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The error of the last attempt; `None` if that took too long, or there
    /// was a connection since.
    #[must_use]
    pub fn last(&self) -> Option<&E> {
        self.last.as_deref()
    }
}

impl<E> Clone for GaveUp<E> {
    fn clone(&self) -> Self {
        Self {
            bound: self.bound,
            failures: self.failures,
            last: self.last.clone(),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for GaveUp<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GaveUp")
            .field("bound", &self.bound)
            .field("failures", &self.failures)
            .field("last", &self.last)
            .finish()
    }
}

impl<E: fmt::Display> fmt::Display for GaveUp<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = self.failures;
        match self.bound {
            Bound::Attempts => write!(f, "gave up connecting after {failures} failures")?,
            Bound::Time => write!(f, "out of time to connect, after {failures} failures")?,
            Bound::Panicked => return f.write_str("an attempt to connect panicked"),
            Bound::Stopped => return f.write_str("reconnecting was stopped"),
        }
        match &self.last {
            Some(last) => write!(f, ": {last}"),
            None => f.write_str(": the last attempt took too long or did not last"),
        }
    }
}

/// What the last attempt failed with is in its words.
impl<E: fmt::Debug + fmt::Display> Error for GaveUp<E> {}

/// Why a call has no reply. `Debug` prints no payload.
#[non_exhaustive]
pub enum ReconnectError<C: Connect> {
    /// The call failed, on one connection or on the last of several. Do as the
    /// error says, but go by the `sent` that stands beside it.
    Call {
        /// As the core says it. Its own `sent` is of the last attempt alone.
        error: CallFault<C>,
        /// How far the request got on any connection.
        sent: Sent,
    },
    /// The call's time ran out before there was a connection to send it on.
    /// Wait longer, or tell whoever waits that the server cannot be reached.
    Down {
        /// Of the last attempt, as [`GaveUp::last`].
        last: Option<Arc<C::Error>>,
        /// How far the request got on any connection.
        sent: Sent,
    },
    /// As many calls as [`Config::max_waiting`](crate::Config::max_waiting)
    /// wait for a connection already. Shed load, or await
    /// [`connected`](crate::Reconnect::connected) first.
    Full {
        /// How far the request got on any connection.
        sent: Sent,
    },
    /// There will be no connection to call on: see [`Bound`] for what to do.
    GaveUp {
        /// Why.
        why: GaveUp<C::Error>,
        /// How far the request got on any connection.
        sent: Sent,
    },
}

impl<C: Connect> ReconnectError<C> {
    /// How far the request got on any connection: repeat it if this is `No` or
    /// repeating is harmless.
    #[must_use]
    pub fn sent(&self) -> Sent {
        match self {
            Self::Call { sent, .. }
            | Self::Down { sent, .. }
            | Self::Full { sent }
            | Self::GaveUp { sent, .. } => *sent,
        }
    }
}

impl<C: Connect> fmt::Debug for ReconnectError<C>
where
    CallFault<C>: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { error, sent } => f
                .debug_struct("Call")
                .field("error", error)
                .field("sent", sent)
                .finish(),
            Self::Down { last, sent } => f
                .debug_struct("Down")
                .field("last", last)
                .field("sent", sent)
                .finish(),
            Self::Full { sent } => f.debug_struct("Full").field("sent", sent).finish(),
            Self::GaveUp { why, sent } => f
                .debug_struct("GaveUp")
                .field("why", why)
                .field("sent", sent)
                .finish(),
        }
    }
}

impl<C: Connect> fmt::Display for ReconnectError<C>
where
    CallFault<C>: fmt::Display,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { error, .. } => error.fmt(f),
            Self::Down { last: None, .. } => f.write_str("timed out without a connection"),
            Self::Down {
                last: Some(last), ..
            } => write!(f, "timed out without a connection: {last}"),
            Self::Full { .. } => {
                f.write_str("too many calls wait for a connection: make fewer, or wait for it")
            }
            Self::GaveUp { why, .. } => why.fmt(f),
        }
    }
}

impl<C: Connect> Error for ReconnectError<C> where CallFault<C>: fmt::Debug + fmt::Display {}

/// The farther of two.
pub(crate) fn farther(one: Sent, other: Sent) -> Sent {
    match (one, other) {
        (Sent::Yes, _) | (_, Sent::Yes) => Sent::Yes,
        (Sent::Maybe, _) | (_, Sent::Maybe) => Sent::Maybe,
        (Sent::No, Sent::No) => Sent::No,
    }
}
