//! A future that drives and does nothing else.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use crate::connection::Connection;
use crate::hub::{Kind, Work};
use crate::machine::{Cause, CloseReason};
use crate::party::Party;

/// Drives a connection until it ends, and says why it did. Spawn it, or poll
/// it beside your own futures.
///
/// A connection needs none: calls drive it too. One that lives long wants one,
/// so that pings are answered and its end is seen while nobody calls.
///
/// It does not keep the connection alive. Dropping it loses nothing: others
/// drive from then on.
#[must_use = "a driver does nothing unless it is polled"]
pub struct Driver<L: Connection> {
    link: Weak<L>,
    party: Party,
}

impl<L: Connection> Driver<L> {
    pub(crate) fn new(link: &Arc<L>) -> Self {
        Self {
            link: Arc::downgrade(link),
            party: Party::new(Kind::Driver),
        }
    }
}

impl<L: Connection> Unpin for Driver<L> {}

impl<L: Connection> Future for Driver<L> {
    type Output = CloseReason;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let this = self.get_mut();
        let dropped = || CloseReason::new(Cause::Dropped, "");
        let Some(link) = this.link.upgrade() else {
            return Poll::Ready(dropped());
        };
        let polled = this.party.poll(&*link, cx, Work::None, |machine| {
            machine.close_reason().cloned()
        });
        if polled.is_ready() {
            this.party.leave(&*link);
        }
        drop(link);
        if polled.is_pending() && this.link.strong_count() == 0 {
            return Poll::Ready(dropped());
        }
        polled
    }
}

impl<L: Connection> Drop for Driver<L> {
    fn drop(&mut self) {
        // If the connection is gone, so is its hub.
        if let Some(link) = self.link.upgrade() {
            self.party.leave(&*link);
        }
    }
}

impl<L: Connection> fmt::Debug for Driver<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}
