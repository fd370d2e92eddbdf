//! A call that takes one reply.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::asking::{Asking, CallErrorOf, PackerErrorOf};
use crate::connection::Connection;
use crate::error::CallError;
use crate::packer::Unpack;

/// One request and the reply to it, as an `R`.
///
/// Made by [`Handle::send_await`](crate::Handle::send_await). It takes its
/// place in the queue at its first poll; if it is never polled nothing is
/// sent. While it is polled it drives the connection if nobody else does, so
/// it needs no task beside it.
///
/// # Errors
/// A [`CallError`]: the request did not pack, was refused, got no reply in time
/// or the connection ended, or its reply did not unpack.
///
/// # Cancel safety
/// Dropping it cancels the call: a request that is not written is never
/// written; for one that is, the protocol's cancel message is sent, if it has
/// one, by whoever drives next. A late reply reaches nobody.
///
/// # Panics
/// When it is polled after it has finished.
#[must_use = "a call sends nothing unless it is polled"]
pub struct Call<L: Connection, R> {
    asking: Asking<L>,
    reply: PhantomData<fn() -> R>,
}

impl<L: Connection, R> Call<L, R> {
    pub(crate) fn new(link: &Arc<L>, packed: Result<L::Frame, PackerErrorOf<L>>) -> Self {
        Self::with(Asking::new(link, packed))
    }

    pub(crate) fn with(asking: Asking<L>) -> Self {
        Self {
            asking,
            reply: PhantomData,
        }
    }

    /// Gives this call `timeout` from now instead of the connection's
    /// [`call_timeout`](crate::Limits::call_timeout). It covers the wait for a
    /// permit, the queue, the write and the reply. [`Duration::MAX`] is for
    /// ever; zero fails unless the reply is there already. No effect once the
    /// call was polled.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.asking.set_timeout(timeout);
        self
    }

    /// Sends the request under `id` instead of a generated one. If it is in
    /// use or retired the call fails with
    /// [`Refused::IdInUse`](crate::Refused::IdInUse) and nothing is sent. No
    /// effect once the call was polled.
    pub fn with_id(mut self, id: L::Id) -> Self {
        self.asking.set_id(id);
        self
    }
}

impl<L: Connection, R> Unpin for Call<L, R> {}

impl<L, R> Future for Call<L, R>
where
    L: Connection<Packer: Unpack<L::Frame, R>>,
{
    type Output = Result<R, CallErrorOf<L>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let asking = &mut self.get_mut().asking;
        let outcome = match ready!(asking.poll(cx, None, |machine, call| machine.take(call))) {
            Ok(outcome) => outcome,
            Err(error) => return Poll::Ready(Err(error)),
        };
        asking.finish();
        Poll::Ready(CallError::outcome(outcome).and_then(|frame| {
            asking
                .link
                .packer()
                .unpack(frame)
                .map_err(CallError::Unpack)
        }))
    }
}

impl<L: Connection, R> fmt::Debug for Call<L, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("done", &self.asking.is_done())
            .finish_non_exhaustive()
    }
}
