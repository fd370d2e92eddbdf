//! Waiting for a connection.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use await_layer::Handle;

use crate::Connect;
use crate::error::GaveUp;
use crate::reconnect::{Current, Outage, Reconnect};

/// Ready when there is a connection, with a handle on it.
///
/// Made by [`Reconnect::connected`]. While it is polled it dials, if nobody
/// else does.
///
/// # Errors
/// [`GaveUp`], the same for everybody.
///
/// # Cancel safety
/// Dropping it loses nothing: the attempt goes on when somebody else waits.
#[must_use = "futures do nothing unless they are polled"]
pub struct Connected<C: Connect> {
    reconnect: Reconnect<C>,
    outage: Option<(Outage<C>, u64)>,
}

impl<C: Connect> Connected<C> {
    pub(crate) fn new(reconnect: Reconnect<C>) -> Self {
        Self {
            reconnect,
            outage: None,
        }
    }

    /// With the epoch of the connection.
    #[allow(clippy::type_complexity)]
    pub(crate) fn poll_epoch(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(Handle<C::Link>, u64), GaveUp<C::Error>>> {
        loop {
            if let Some((outage, epoch)) = &mut self.outage {
                let end = ready!(Pin::new(outage).poll(cx));
                self.reconnect.arrived(*epoch, &end);
                self.outage = None;
            }
            match self.reconnect.current() {
                Current::Now(handle, epoch) => return Poll::Ready(Ok((handle, epoch))),
                Current::Soon(outage, epoch) => self.outage = Some((outage, epoch)),
                Current::Never(why) => return Poll::Ready(Err(why)),
            }
        }
    }
}

impl<C: Connect> Unpin for Connected<C> {}

impl<C: Connect> Future for Connected<C> {
    type Output = Result<Handle<C::Link>, GaveUp<C::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let found = ready!(self.get_mut().poll_epoch(cx));
        Poll::Ready(found.map(|(handle, _)| handle))
    }
}

impl<C: Connect> fmt::Debug for Connected<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connected").finish_non_exhaustive()
    }
}
