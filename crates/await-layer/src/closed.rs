//! Waiting for the end of a connection, and asking for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::connection::{Connection, MachineOf};
use crate::hub::{Kind, Work};
use crate::machine::CloseReason;
use crate::party::Party;

/// Ready once the connection has ended, with the reason that everybody gets.
///
/// Made by [`Handle::closed`](crate::Handle::closed) and, asking for the end,
/// by [`Handle::close`](crate::Handle::close). It drives the connection.
///
/// # Cancel safety
/// Dropping it loses nothing: ask again and get the same reason. A close that
/// was polled once goes on, driven by others.
#[must_use = "futures do nothing unless they are polled"]
pub struct Closed<L: Connection> {
    link: Arc<L>,
    /// Asks for the end at its first poll.
    asks: bool,
    party: Party,
}

impl<L: Connection> Closed<L> {
    pub(crate) fn new(link: &Arc<L>, asks: bool) -> Self {
        Self {
            link: link.clone(),
            asks,
            party: Party::new(Kind::Call),
        }
    }
}

impl<L: Connection> Unpin for Closed<L> {}

impl<L: Connection> Future for Closed<L> {
    type Output = CloseReason;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let this = self.get_mut();
        let asks = std::mem::take(&mut this.asks);
        if asks {
            let now = this.link.now();
            // A poll with work is a wake; a close that is under way needs none.
            this.link.with(|machine| machine.drain(now));
        }
        let reason = |machine: &mut MachineOf<L>| machine.close_reason().cloned();
        let work = if asks { Work::Queued } else { Work::None };
        let polled = match this.link.with(reason) {
            Some(reason) => Poll::Ready(reason),
            None => this.party.poll(&*this.link, cx, work, reason),
        };
        if polled.is_ready() {
            this.party.leave(&*this.link);
        }
        polled
    }
}

impl<L: Connection> Drop for Closed<L> {
    fn drop(&mut self) {
        self.party.leave(&*self.link);
    }
}

impl<L: Connection> fmt::Debug for Closed<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
