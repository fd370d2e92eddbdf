//! The transport, and one turn of it.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_channel::Sender;
use pin_project_lite::pin_project;

use super::alarms::Alarms;
use super::desk::{Desk, Next};
use crate::Protocol;
use crate::caught;
use crate::connection::{Connection, Drive, MachineOf};
use crate::hub::{Hub, Wakers};
use crate::incoming::Queued;
use crate::link::{ErrorOf, Link};
use crate::machine::directory::Directory;
use crate::machine::{Cause, CloseReason};
use crate::timer::{Sleep, Timer};
use crate::transport::Transport;

pin_project! {
    /// What only the driver touches: the transport, the codec, the generator
    /// and the names of everything live.
    pub(crate) struct Pump<S, P, T>
    where
        S: Transport<P::Frame>,
        P: Protocol,
        T: Timer,
    {
        #[pin]
        pub(super) io: Option<S>,
        pub(super) inner: Inner<Link<S, P, T>, T::Sleep>,
        // The hub's, and all that the transport sees.
        waker: Waker,
    }
}

/// Everything of the driver's but the transport.
pub(super) struct Inner<L: Connection, Z> {
    pub(super) codec: L::Codec,
    pub(super) ids: L::Ids,
    pub(super) directory: Directory<L::Id, L::Ask>,
    pub(super) desk: Desk<L>,
    pub(super) events: Sender<Queued<L::Frame, L::Error>>,
    pub(super) alarms: Alarms<Z>,
    /// Frames read, and frames written, in one turn at most.
    pub(super) budget: usize,
    /// `poll_ready` was ready and no frame has gone since.
    pub(super) ready: bool,
    /// Frames have gone and the transport has not flushed them all.
    pub(super) unflushed: bool,
    /// Turns that have left the flush to the next one.
    pub(super) put_off: usize,
    /// `poll_close` has begun: nothing is written any more.
    pub(super) closing: bool,
    /// Writing has failed: what can be read is read, then it ends with this.
    pub(super) broken: Option<CloseReason>,
    /// The transport is gone.
    pub(super) ended: bool,
    /// An event was queued in this turn.
    pub(super) delivered: bool,
    pub(super) turn: Turn,
}

/// How many turns that wrote all they may leave the flush to the next one: a
/// burst that takes several turns leaves in one flush, and a queue that never
/// ends is flushed all the same.
pub(super) const PUT_OFF: usize = 7;

/// How far a turn has got.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Frames that may still be read, and written.
    pub(super) reads: usize,
    pub(super) writes: usize,
    /// Reading is over.
    pub(super) read: bool,
    /// The transport has no room.
    pub(super) blocked: bool,
    /// It had none in the turn before.
    pub(super) stuck: bool,
    /// Something was written and `poll_flush` not called.
    pub(super) must_flush: bool,
    /// A sleep has rung and what has expired was not ended.
    pub(super) rung: bool,
    /// The alarms are set.
    pub(super) armed: bool,
    /// A drain took too long.
    pub(super) overdue: bool,
    /// There is more to do at once.
    pub(super) again: bool,
    /// The clock, if it was read.
    pub(super) now: Option<u64>,
}

/// Why a phase of a turn ended the connection.
pub(super) enum End<E> {
    Eof,
    /// Reading failed.
    Failed(E),
    Because(CloseReason),
}

impl<S, P, T> Pump<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    pub(crate) fn new(
        io: S,
        codec: P::Codec,
        ids: P::Ids,
        timer: &T,
        hub: &Arc<Hub>,
        events: Sender<Queued<P::Frame, ErrorOf<S, P>>>,
        budget: usize,
    ) -> Self {
        Self {
            io: Some(io),
            waker: hub.clone().into(),
            inner: Inner {
                codec,
                ids,
                directory: Directory::new(),
                desk: Desk::new(),
                events,
                alarms: Alarms::new(timer, hub),
                budget: budget.max(1),
                ready: false,
                unflushed: false,
                put_off: 0,
                closing: false,
                broken: None,
                ended: false,
                delivered: false,
                turn: Turn::default(),
            },
        }
    }

    /// Opens a turn, under the lock.
    pub(crate) fn open(self: Pin<&mut Self>, machine: &mut MachineOf<Link<S, P, T>>) {
        self.project().inner.open(machine);
    }

    /// Exchanges with the machine, under the lock: see [`Next`].
    pub(crate) fn exchange<R>(
        self: Pin<&mut Self>,
        machine: &mut MachineOf<Link<S, P, T>>,
        hub: &Hub,
        wake: &mut Wakers,
        found: &mut Option<R>,
        look: impl FnOnce(&mut MachineOf<Link<S, P, T>>) -> Option<R>,
    ) -> Next {
        let inner = self.project().inner;
        inner.exchange(machine, hub, wake, found, look)
    }

    /// What is to be done without the lock. Never panics on its own account;
    /// the protocol, the transport and the timer may.
    pub(crate) fn advance(mut self: Pin<&mut Self>, link: &Link<S, P, T>) {
        if let Err(end) = self.as_mut().work(link) {
            self.as_mut().flush_put_off();
            self.as_mut().say_goodbye(&end);
            self.finish(link, end);
        }
    }

    /// The connection ends before the turn to which a flush was left: it is
    /// tried now, and whatever comes of it, it ends.
    fn flush_put_off(self: Pin<&mut Self>) {
        let this = self.project();
        let owed = std::mem::take(&mut this.inner.put_off) > 0 && this.inner.broken.is_none();
        if let (true, Some(io)) = (owed, this.io.as_pin_mut()) {
            let flushed = io.poll_flush(&mut Context::from_waker(this.waker));
            if let Poll::Ready(Err(_)) = flushed {
                // Nothing more is asked of it.
                this.inner.broken = Some(CloseReason::new(Cause::Transport, ""));
            }
        }
    }

    /// An end that we choose is announced: the transport is asked to close,
    /// once, and whatever comes of it, it ends.
    fn say_goodbye(self: Pin<&mut Self>, end: &End<ErrorOf<S, P>>) {
        let End::Because(reason) = end else { return };
        let ours = matches!(
            reason.cause(),
            Cause::CloseTimeout | Cause::Unmatched | Cause::Overflow | Cause::Protocol
        );
        let this = self.project();
        if let (true, None, Some(io)) = (ours, &this.inner.broken, this.io.as_pin_mut()) {
            drop(io.poll_close(&mut Context::from_waker(this.waker)));
        }
    }

    /// Reads, writes, flushes, and closes the transport once all is drained.
    /// Reading comes first: a reply that is there beats a deadline that has
    /// passed, however late this turn is.
    fn work(mut self: Pin<&mut Self>, link: &Link<S, P, T>) -> Result<(), End<ErrorOf<S, P>>> {
        let mut this = self.as_mut().project();
        let inner = this.inner;
        inner.prepare(link)?;
        let Some(mut io) = this.io.as_mut().as_pin_mut() else {
            return Ok(());
        };
        let cx = &mut Context::from_waker(this.waker);
        if !std::mem::replace(&mut inner.turn.read, true) {
            inner.turn.again |= inner.read(link, io.as_mut(), cx)?;
        }
        if inner.broken.is_none() {
            if let Err(broken) = inner.write_and_flush(link, io.as_mut(), cx) {
                inner.broken = Some(broken);
            }
        }
        if let Some(broken) = &inner.broken {
            // Replies that are there, and the peer's own last word, come before
            // the error that we met writing.
            return match inner.turn.again {
                true => Ok(()),
                false => Err(End::Because(broken.clone())),
            };
        }
        if std::mem::take(&mut inner.desk.drained) && !inner.closing {
            inner.closing = true;
            inner.turn.again |= !inner.desk.may_read;
        }
        if inner.closing {
            match io.poll_close(cx) {
                Poll::Ready(Ok(())) => {
                    return Err(End::Because(CloseReason::new(Cause::Local, "")));
                }
                Poll::Ready(Err(error)) => return Err(End::Because(reason_of(&error))),
                Poll::Pending => {}
            }
        }
        Ok(())
    }

    /// Ends the connection: fails what is pending, tells everybody, drops the
    /// transport.
    fn finish(self: Pin<&mut Self>, link: &Link<S, P, T>, end: End<ErrorOf<S, P>>) {
        let mut this = self.project();
        if this.inner.ended {
            return;
        }
        // An error may panic when it is asked.
        let reason = match &end {
            End::Because(reason) => reason.clone(),
            // The answer to our own closing of the transport.
            End::Eof if this.inner.closing => CloseReason::new(Cause::Local, ""),
            End::Eof => CloseReason::new(Cause::Eof, ""),
            End::Failed(error) => reason_of(error),
        };
        let inner = &mut *this.inner;
        inner.ended = true;
        let discarded = link.with(|machine| {
            // Replies that have come beat the end.
            inner.desk.hand_over(machine, inner.turn.now.unwrap_or(0));
            inner.desk.unstage(machine);
            machine.close(&reason);
            machine.take_discarded()
        });
        if let End::Failed(error) = end {
            // The error ends the stream: what was dropped is told before it.
            let lagged = link.with(|machine| machine.take_lagged());
            if lagged > 0 {
                drop(this.inner.events.try_send(Queued::Lagged(lagged)));
            }
            // Whoever polls the layer as a stream gets the transport's own error.
            drop(this.inner.events.try_send(Queued::Failed(error)));
        }
        this.inner.events.close();
        this.io.set(None);
        // What is the user's may panic when it is dropped: the rest is done.
        this.inner.directory = Directory::new();
        drop(discarded);
    }

    /// Something of the protocol's, the transport's or the timer's panicked in
    /// a turn. What it said may quote a payload and is not passed on: the panic
    /// hook has printed it.
    pub(crate) fn panicked(mut self: Pin<&mut Self>, link: &Link<S, P, T>) {
        let reason = CloseReason::new(Cause::Panicked, "see what the panic hook printed");
        // Dropping what panicked may panic again.
        let finish = || self.as_mut().finish(link, End::Because(reason));
        if let Err(payload) = catch_unwind(AssertUnwindSafe(finish)) {
            caught::discard(payload);
        }
    }
}

impl<L: Connection, Z: Sleep> Inner<L, Z> {
    /// The clock, read once per turn and only if it is needed.
    pub(super) fn now(&mut self, link: &L) -> u64 {
        *self.turn.now.get_or_insert_with(|| link.now())
    }

    /// What the last exchange, or the alarms, left to do.
    fn prepare(&mut self, link: &L) -> Result<(), End<L::Error>> {
        for place in self.desk.released.drain(..) {
            self.directory.release(place);
        }
        if self.ended {
            return Ok(());
        }
        if self.turn.rung {
            let now = self.now(link);
            self.alarms.check(now);
        }
        if let Some((deadline, shared)) = self.desk.arm.take() {
            let now = self.now(link);
            self.turn.again |= self.alarms.arm(now, deadline, shared);
            self.turn.armed = true;
        }
        if std::mem::take(&mut self.desk.unbearable) {
            return Err(End::Because(CloseReason::new(Cause::Unmatched, "")));
        }
        if std::mem::take(&mut self.turn.overdue) {
            return Err(End::Because(CloseReason::new(Cause::CloseTimeout, "")));
        }
        Ok(())
    }

    fn write_and_flush<S>(
        &mut self,
        link: &L,
        mut io: Pin<&mut S>,
        cx: &mut Context<'_>,
    ) -> Result<(), CloseReason>
    where
        S: Transport<L::Frame>,
    {
        self.write(link, io.as_mut(), cx)?;
        if !self.turn.must_flush {
            return Ok(());
        }
        // What is about to be written shares the flush.
        let more = self.desk.more && self.may_write();
        if more && self.turn.writes > 0 {
            return Ok(());
        }
        self.turn.must_flush = false;
        if more && self.put_off < PUT_OFF {
            self.put_off += 1;
            return Ok(());
        }
        self.put_off = 0;
        match io.poll_flush(cx) {
            Poll::Ready(Ok(())) => {
                self.unflushed = false;
                self.desk.flushed = true;
            }
            Poll::Ready(Err(error)) => return Err(reason_of(&error)),
            Poll::Pending => {}
        }
        Ok(())
    }
}

/// The reason in a transport's error: its own, if a [`CloseReason`] is among
/// its sources.
pub(super) fn reason_of(error: &(dyn Error + 'static)) -> CloseReason {
    let mut source = Some(error);
    while let Some(error) = source {
        if let Some(reason) = error.downcast_ref::<CloseReason>() {
            return reason.clone();
        }
        source = error.source();
    }
    CloseReason::new(Cause::Transport, error.to_string())
}
