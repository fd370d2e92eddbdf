//! What a user holds to call, send and close.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::asking::PackerErrorOf;
use crate::call::Call;
use crate::call_all::CallAll;
use crate::closed::Closed;
use crate::connection::{Connection, size_of_frame};
use crate::driver::Driver;
use crate::error::SendError;
use crate::machine::{CloseReason, Refused, Stats, nanos};
use crate::packer::{PackedBy, Unpack};
use crate::replies::Replies;
use crate::reserve::Reserve;
use crate::sending::{SendErrorOf, Sending, What};

/// One end of a connection, to call and send with. Cheap to clone.
///
/// The connection lives as long as a handle, the layer, its `Incoming`, or
/// anything that waits on it. Dropping the last one drops the transport
/// without flushing; await [`close`](Self::close) to end it well.
pub struct Handle<L: Connection> {
    pub(crate) link: Arc<L>,
}

impl<L: Connection> Handle<L> {
    /// Sends `request` with an id; the returned future is the reply that
    /// carries it.
    ///
    /// A plain function: it packs and starts the timeout now. What the future
    /// does, and when, is said at [`Call`].
    pub fn send_await<R>(
        &self,
        request: &(impl PackedBy<L::Frame, L::Packer> + ?Sized),
    ) -> Call<L, R>
    where
        L::Packer: Unpack<L::Frame, R>,
    {
        Call::new(&self.link, request.pack_by(self.link.packer()))
    }

    /// Sends each of `requests` with an id; the returned future is all the
    /// replies, in the order of the requests.
    ///
    /// Cheaper than as many calls, because one task waits for all of them: see
    /// [`CallAll`]. Packs, and starts the timeout, now.
    pub fn send_await_all<'a, R, T>(
        &self,
        requests: impl IntoIterator<Item = &'a T>,
    ) -> CallAll<L, R>
    where
        T: PackedBy<L::Frame, L::Packer> + ?Sized + 'a,
        L::Packer: Unpack<L::Frame, R>,
    {
        let packed = requests
            .into_iter()
            .map(|request| request.pack_by(self.link.packer()));
        CallAll::new(&self.link, packed)
    }

    /// Sends `request` with an id; the returned stream is every reply that
    /// carries it.
    pub fn send_stream<R>(
        &self,
        request: &(impl PackedBy<L::Frame, L::Packer> + ?Sized),
    ) -> Replies<L, R>
    where
        L::Packer: Unpack<L::Frame, R>,
    {
        Replies::new(&self.link, request.pack_by(self.link.packer()))
    }

    /// Waits for one of the permits of
    /// [`max_in_flight`](crate::Limits::max_in_flight) now, for a call that is
    /// made later. For whoever must know, before there is a request, that
    /// another one can go out; calls need none of it.
    pub fn reserve(&self) -> Reserve<L> {
        Reserve::new(&self.link)
    }

    /// Sends `message` without an id; ready once it is flushed.
    pub fn send(&self, message: &(impl PackedBy<L::Frame, L::Packer> + ?Sized)) -> Sending<L> {
        let packed = message.pack_by(self.link.packer()).map(Some);
        Sending::new(&self.link, What::Message, packed)
    }

    /// Queues `message` and does not wait. It leaves when somebody drives.
    ///
    /// # Errors
    /// [`Refused::Overloaded`] when `max_outbound` frames or bytes are queued
    /// like this: the frame comes back. Else as [`send`](Self::send).
    pub fn try_send(
        &self,
        message: &(impl PackedBy<L::Frame, L::Packer> + ?Sized),
    ) -> Result<(), SendErrorOf<L>> {
        let frame = message
            .pack_by(self.link.packer())
            .map_err(SendError::Pack)?;
        try_send_frame(&*self.link, frame)
    }

    /// Ends the connection well: nothing new may start; calls in flight,
    /// answers that are due and all that is queued may finish within
    /// [`close_timeout`](crate::Limits::close_timeout); then the transport is
    /// closed. Closing twice is the same as closing once.
    pub fn close(&self) -> Closed<L> {
        Closed::new(&self.link, true)
    }

    /// Ready once the connection has ended, whoever ended it.
    pub fn closed(&self) -> Closed<L> {
        Closed::new(&self.link, false)
    }

    /// Why the connection has ended, if it has.
    #[must_use]
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.link.with(|machine| machine.close_reason().cloned())
    }

    /// Whether it takes no further calls: it is being closed, or has ended.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.link.with(|machine| machine.is_closing())
    }

    /// A future that drives the connection until it ends. Needed only by a
    /// connection that must react while nobody calls or reads.
    pub fn driver(&self) -> Driver<L> {
        Driver::new(&self.link)
    }

    /// Calls that still wait for their reply.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.link.with(|machine| machine.in_flight())
    }

    /// What has happened so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.link.with(|machine| machine.stats)
    }

    /// Changes how long calls that start from now on may take unless they say
    /// otherwise, for every handle of this connection.
    pub fn set_call_timeout(&self, timeout: Duration) {
        let timeout = nanos(timeout).unwrap_or(u64::MAX);
        self.link.call_timeout().store(timeout, Ordering::Relaxed);
    }

    /// Unpacks a frame of this connection, such as that of a message.
    ///
    /// # Errors
    /// What the packer says of the frame.
    pub fn unpack<T>(&self, frame: L::Frame) -> Result<T, PackerErrorOf<L>>
    where
        L::Packer: Unpack<L::Frame, T>,
    {
        self.link.packer().unpack(frame)
    }
}

/// Queues a frame that nobody waits for.
pub(crate) fn try_send_frame<L: Connection, E>(
    link: &L,
    frame: L::Frame,
) -> Result<(), SendError<L::Frame, E>> {
    let size = size_of_frame::<L>(&frame);
    let queued = link.with(|machine| {
        if machine.has_room() {
            machine.push_loose(frame, size).map_err(Ok)
        } else {
            Err(Err(frame))
        }
    });
    match queued {
        Ok(()) => {
            link.hub().notify();
            Ok(())
        }
        Err(Ok((error, frame))) => Err(SendError::begin(error, Some(frame))),
        Err(Err(frame)) => Err(SendError::Refused {
            why: Refused::Overloaded,
            frame: Some(frame),
        }),
    }
}

impl<L: Connection> Clone for Handle<L> {
    fn clone(&self) -> Self {
        Self {
            link: self.link.clone(),
        }
    }
}

impl<L: Connection> fmt::Debug for Handle<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
