//! The right to answer one request, once.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::connection::{Connection, MachineOf};
use crate::hub::{Kind, Work};
use crate::machine::arena::Key;
use crate::machine::{AskState, ReplyKind};
use crate::packer::{PackedBy, Unpack};
use crate::party::Party;
use crate::sending::{Sending, What};

/// A request of the peer's: its frame, without the id, and the right to
/// answer it.
pub struct Request<L: Connection> {
    /// What the peer sent.
    pub frame: L::Frame,
    /// Answers it. Dropping it refuses the request, if the protocol can.
    pub responder: Responder<L>,
}

impl<L: Connection> Request<L> {
    /// The request as a `T`, and its responder. Runs in this task.
    ///
    /// # Errors
    /// What the packer says of the frame, and the responder to say it with.
    pub fn unpack<T>(
        self,
    ) -> Result<(T, Responder<L>), (crate::asking::PackerErrorOf<L>, Responder<L>)>
    where
        L::Packer: Unpack<L::Frame, T>,
    {
        match self.responder.link.packer().unpack(self.frame) {
            Ok(value) => Ok((value, self.responder)),
            Err(error) => Err((error, self.responder)),
        }
    }
}

impl<L: Connection> fmt::Debug for Request<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").finish_non_exhaustive()
    }
}

/// Answers one request of the peer's.
///
/// It is used up by its last answer:
///
/// ```
/// # use await_layer::{Connection, PackedBy, Responder};
/// # fn once<L: Connection>(responder: Responder<L>, yes: &impl PackedBy<L::Frame, L::Packer>) {
/// let _ = responder.reply(yes);
/// # }
/// ```
///
/// So a second one does not compile:
///
/// ```compile_fail,E0382
/// # use await_layer::{Connection, PackedBy, Responder};
/// # fn twice<L: Connection>(responder: Responder<L>, yes: &impl PackedBy<L::Frame, L::Packer>) {
/// let _ = responder.reply(yes);
/// let _ = responder.reply(yes);
/// # }
/// ```
///
/// Dropping it sends the protocol's refusal, or counts the request as
/// [`unanswered`](crate::Stats::unanswered) where there is none.
#[must_use = "dropping a responder refuses the request"]
pub struct Responder<L: Connection> {
    link: Arc<L>,
    ask: Key,
    done: bool,
}

impl<L: Connection> Responder<L> {
    pub(crate) fn new(link: &Arc<L>, ask: Key) -> Self {
        Self {
            link: link.clone(),
            ask,
            done: false,
        }
    }

    /// The last or only answer. It packs now and is queued when the returned
    /// future is polled; that future drives, so a handler needs no task
    /// beside it.
    pub fn reply<T>(mut self, value: &T) -> Sending<L>
    where
        T: PackedBy<L::Frame, L::Packer> + ?Sized,
    {
        // A packer that panics leaves the responder to refuse.
        let packed = value.pack_by(self.link.packer()).map(Some);
        self.done = true;
        Sending::new(&self.link, What::Answer(self.ask, ReplyKind::Last), packed)
    }

    /// The last or only answer, as a frame of your own making.
    pub fn reply_frame(mut self, frame: L::Frame) -> Sending<L> {
        self.done = true;
        let what = What::Answer(self.ask, ReplyKind::Last);
        Sending::new(&self.link, what, Ok(Some(frame)))
    }

    /// One of several answers. Await it before the next: that is the
    /// backpressure.
    pub fn reply_part<T>(&mut self, value: &T) -> Sending<L>
    where
        T: PackedBy<L::Frame, L::Packer> + ?Sized,
    {
        let packed = value.pack_by(self.link.packer()).map(Some);
        Sending::new(&self.link, What::Answer(self.ask, ReplyKind::Part), packed)
    }

    /// Ends a streamed answer without data. Where the protocol has no end mark
    /// it is ready at once and writes nothing.
    pub fn end(mut self) -> Sending<L> {
        self.done = true;
        Sending::new(&self.link, What::Answer(self.ask, ReplyKind::End), Ok(None))
    }

    /// Whether the peer has cancelled the request or the connection is closed.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.link.with(|machine| machine.watch(self.ask, None)) == AskState::Withdrawn
    }

    /// Ready once that is so. Race it against the work to stop early.
    pub fn cancelled(&mut self) -> Cancelled<'_, L> {
        Cancelled {
            responder: self,
            party: Party::new(Kind::Call),
        }
    }
}

impl<L: Connection> Drop for Responder<L> {
    fn drop(&mut self) {
        if !self.done && self.link.with(|machine| machine.drop_responder(self.ask)) {
            self.link.hub().notify();
        }
    }
}

impl<L: Connection> fmt::Debug for Responder<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder").finish_non_exhaustive()
    }
}

/// Ready once the peer no longer wants an answer, or the connection is closed.
/// Cancel safe.
#[must_use = "futures do nothing unless they are polled"]
pub struct Cancelled<'a, L: Connection> {
    responder: &'a mut Responder<L>,
    party: Party,
}

impl<L: Connection> Unpin for Cancelled<'_, L> {}

impl<L: Connection> Future for Cancelled<'_, L> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let (link, ask) = (&*this.responder.link, this.responder.ask);
        let seat = this.party.seat(link);
        let look = |machine: &mut MachineOf<L>| {
            let state = machine.watch(ask, Some(seat));
            (state == AskState::Withdrawn).then_some(())
        };
        let polled = match link.with(look) {
            Some(()) => Poll::Ready(()),
            None => this.party.poll(link, cx, Work::None, look),
        };
        if polled.is_ready() {
            this.party.leave(link);
        }
        polled
    }
}

impl<L: Connection> Drop for Cancelled<'_, L> {
    fn drop(&mut self) {
        self.party.leave(&*self.responder.link);
    }
}

impl<L: Connection> fmt::Debug for Cancelled<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled").finish_non_exhaustive()
    }
}
