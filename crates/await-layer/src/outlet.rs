//! The `Sink` half of a layer.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::connection::Connection;
use crate::error::SendError;
use crate::handle::try_send_frame;
use crate::hub::Kind;
use crate::machine::{Cause, Sent};
use crate::party::Party;

type Error<L> = SendError<<L as Connection>::Frame, Infallible>;

/// Queues plain frames in wire order with everything else that leaves.
pub(crate) struct Outlet<L: Connection> {
    link: Arc<L>,
    party: Party,
}

impl<L: Connection> Outlet<L> {
    pub(crate) fn new(link: Arc<L>) -> Self {
        Self {
            link,
            party: Party::new(Kind::Call),
        }
    }

    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error<L>>> {
        self.poll(cx, Sent::No, |link| {
            link.with(|machine| machine.has_room()).then_some(Ok(()))
        })
    }

    pub(crate) fn start_send(&self, frame: L::Frame) -> Result<(), Error<L>> {
        try_send_frame(&*self.link, frame)
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error<L>>> {
        self.poll(cx, Sent::Maybe, |link| {
            link.with(|machine| machine.is_flushed()).then_some(Ok(()))
        })
    }

    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error<L>>> {
        let now = self.link.now();
        if self.link.with(|machine| machine.drain(now)) {
            self.link.hub().notify();
        }
        self.poll(cx, Sent::Maybe, |_| None)
            .map(|closed| match closed {
                Err(SendError::Closed { reason, .. }) if reason.cause() == Cause::Local => Ok(()),
                closed => closed,
            })
    }

    /// Waits until `look` finds what it wants or the connection is closed,
    /// with what that means for the frames that were queued before.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        sent: Sent,
        look: impl Fn(&L) -> Option<Result<(), Error<L>>>,
    ) -> Poll<Result<(), Error<L>>> {
        let link = &*self.link;
        let party = self.party.join(link);
        let look = |link: &L| {
            let reason = link.with(|machine| {
                machine.set_sink_party(party);
                machine.close_reason().cloned()
            });
            match reason {
                None => look(link),
                Some(reason) => Some(Err(SendError::Closed {
                    reason,
                    sent,
                    frame: None,
                })),
            }
        };
        let polled = match look(link) {
            Some(found) => Poll::Ready(found),
            None => self.party.poll(link, cx, false, look),
        };
        if polled.is_ready() {
            self.party.rest(link);
        }
        polled
    }
}

impl<L: Connection> Drop for Outlet<L> {
    fn drop(&mut self) {
        self.party.leave(&*self.link);
    }
}
