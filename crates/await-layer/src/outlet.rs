//! The `Sink` half of a layer.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::connection::{Connection, MachineOf};
use crate::error::SendError;
use crate::handle::try_send_frame;
use crate::hub::{Kind, Work};
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
        self.poll(cx, Sent::No, |machine| machine.has_room())
    }

    pub(crate) fn start_send(&self, frame: L::Frame) -> Result<(), Error<L>> {
        try_send_frame(&*self.link, frame)
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error<L>>> {
        self.poll(cx, Sent::Maybe, |machine| machine.is_flushed())
    }

    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error<L>>> {
        let now = self.link.now();
        if self.link.with(|machine| machine.drain(now)) {
            self.link.hub().notify();
        }
        self.poll(cx, Sent::Maybe, |_| false)
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
        is_ready: impl Fn(&MachineOf<L>) -> bool,
    ) -> Poll<Result<(), Error<L>>> {
        let link = &*self.link;
        let seat = self.party.seat(link);
        let look = |machine: &mut MachineOf<L>| {
            machine.set_sink_party(seat);
            match machine.close_reason().cloned() {
                None => is_ready(machine).then_some(Ok(())),
                Some(reason) => Some(Err(SendError::Closed {
                    reason,
                    sent,
                    frame: None,
                })),
            }
        };
        let polled = match link.with(look) {
            Some(found) => Poll::Ready(found),
            None => self.party.poll(link, cx, Work::None, look),
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
