//! The transport, and one turn of it.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_channel::Sender;
use pin_project_lite::pin_project;

use super::alarms::Alarms;
use crate::connection::{Connection, Drive};
use crate::hub::Hub;
use crate::incoming::Queued;
use crate::link::{ErrorOf, Link};
use crate::machine::arena::Key;
use crate::machine::directory::Directory;
use crate::machine::{Cause, CloseReason};
use crate::transport::Transport;
use crate::{Protocol, Timer};

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
    }
}

/// Everything of the driver's but the transport.
pub(super) struct Inner<L: Connection, Z> {
    pub(super) codec: L::Codec,
    pub(super) ids: L::Ids,
    pub(super) directory: Directory<L::Id, L::Ask>,
    pub(super) events: Sender<Queued<L::Frame, L::Error>>,
    pub(super) alarms: Alarms<Z>,
    pub(super) waker: Waker,
    /// Frames read, and frames written, in one turn at most.
    pub(super) budget: usize,
    /// `poll_ready` was ready and no frame has gone since.
    pub(super) ready: bool,
    /// `poll_close` has begun: nothing is written any more.
    pub(super) closing: bool,
    /// Writing has failed: what can be read is read, then it ends with this.
    pub(super) broken: Option<CloseReason>,
    /// An event was queued in this turn.
    pub(super) delivered: bool,
    parties: Vec<Key>,
    released: Vec<Key>,
    wake: Vec<Waker>,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    /// Tick and watchdog are armed.
    pub(crate) ticking: bool,
    /// There is more to do at once.
    pub(crate) again: bool,
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
            inner: Inner {
                codec,
                ids,
                directory: Directory::new(),
                events,
                alarms: Alarms::new(timer, hub),
                waker: hub.clone().into(),
                budget: budget.max(1),
                ready: false,
                closing: false,
                broken: None,
                delivered: false,
                parties: Vec::new(),
                released: Vec::new(),
                wake: Vec::new(),
            },
        }
    }

    /// One turn. Never panics on its own account; the protocol and the
    /// transport may.
    pub(crate) fn turn(mut self: Pin<&mut Self>, link: &Link<S, P, T>, now: u64) -> Done {
        self.as_mut().project().inner.alarms.check(now);
        let again = match self.as_mut().exchange(link, now) {
            Ok(again) => again,
            Err(end) => {
                self.as_mut().finish(link, end);
                false
            }
        };
        let inner = self.project().inner;
        let deadline = inner.settle(link);
        let (ticking, due) = inner.alarms.arm(now, deadline, link.hub().is_shared());
        Done {
            ticking,
            again: again || due,
        }
    }

    /// Reads, expires, writes, flushes, and closes the transport once all is
    /// drained. Reading comes first: a reply that is there beats a deadline
    /// that has passed, however late this turn is.
    fn exchange(
        mut self: Pin<&mut Self>,
        link: &Link<S, P, T>,
        now: u64,
    ) -> Result<bool, End<ErrorOf<S, P>>> {
        let waker = self.inner.waker.clone();
        let cx = &mut Context::from_waker(&waker);
        let mut this = self.as_mut().project();
        let Some(mut io) = this.io.as_mut().as_pin_mut() else {
            return Ok(false);
        };
        let mut again = this.inner.read(link, io.as_mut(), cx, now)?;
        this.inner.expire(link, now);
        if let Some(end) = &this.inner.broken {
            // Replies that are there, and the peer's own last word, come before
            // the error that we met writing.
            return if again {
                Ok(true)
            } else {
                Err(End::Because(end.clone()))
            };
        }
        if !this.inner.closing {
            match this.inner.write(link, io.as_mut(), cx, now) {
                Ok(more) => again |= more,
                Err(broken) => return this.inner.breaks(broken, again),
            }
            let (flushed, drained) =
                link.with(|machine| (!machine.unflushed(), machine.is_drained()));
            this.inner.closing = flushed && drained;
            if !flushed {
                match io.as_mut().poll_flush(cx) {
                    Poll::Ready(Ok(())) => {
                        this.inner.closing = link.with(|machine| {
                            machine.flushed();
                            machine.is_drained()
                        });
                    }
                    Poll::Ready(Err(error)) => {
                        return this.inner.breaks(reason_of(&error), again);
                    }
                    Poll::Pending => {}
                }
            }
        }
        if this.inner.closing {
            match io.poll_close(cx) {
                Poll::Ready(Ok(())) => {
                    return Err(End::Because(CloseReason::new(Cause::Local, "")));
                }
                Poll::Ready(Err(error)) => return Err(End::Because(reason_of(&error))),
                Poll::Pending => {}
            }
        }
        if link.with(|machine| machine.drain_is_overdue(now)) {
            return Err(End::Because(CloseReason::new(Cause::CloseTimeout, "")));
        }
        Ok(again)
    }

    /// Ends the connection: fails what is pending, tells everybody, drops the
    /// transport.
    fn finish(self: Pin<&mut Self>, link: &Link<S, P, T>, end: End<ErrorOf<S, P>>) {
        let mut this = self.project();
        let reason = match &end {
            End::Because(reason) => reason.clone(),
            // The answer to our own closing of the transport.
            End::Eof if this.inner.closing => CloseReason::new(Cause::Local, ""),
            End::Eof => CloseReason::new(Cause::Eof, ""),
            End::Failed(error) => reason_of(error),
        };
        link.with(|machine| machine.close(&reason));
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
        this.inner.settle(link);
        link.hub().stop(&mut this.inner.wake);
        this.inner.directory = Directory::new();
        this.io.set(None);
    }

    /// Something of the protocol's, the transport's or the timer's panicked in
    /// a turn. What it said may quote a payload and is not passed on: the panic
    /// hook has printed it.
    pub(crate) fn panicked(mut self: Pin<&mut Self>, link: &Link<S, P, T>) -> Done {
        let reason = CloseReason::new(Cause::Panicked, "see what the panic hook printed");
        // Dropping what panicked may panic again; everybody is told before.
        let finish = || self.as_mut().finish(link, End::Because(reason));
        drop(catch_unwind(AssertUnwindSafe(finish)));
        Done {
            ticking: false,
            again: false,
        }
    }

    /// The wakers to be woken when nothing is held. `spare` takes their place,
    /// so that nothing is allocated for the next ones.
    pub(crate) fn take_wakers(self: Pin<&mut Self>, spare: &mut Vec<Waker>) -> Vec<Waker> {
        let wake = &mut self.project().inner.wake;
        if wake.is_empty() {
            return Vec::new();
        }
        std::mem::replace(wake, std::mem::take(spare))
    }
}

impl<L: Connection, Z> Inner<L, Z> {
    /// Ends what has run out of time.
    fn expire(&mut self, link: &L, now: u64) {
        link.with(|machine| machine.expire(now, &mut self.released));
        for call in self.released.drain(..) {
            self.directory.release(call);
        }
    }

    /// Writing has failed. `again` if there may be more to read.
    fn breaks(&mut self, reason: CloseReason, again: bool) -> Result<bool, End<L::Error>> {
        self.broken = Some(reason.clone());
        if again {
            Ok(true)
        } else {
            Err(End::Because(reason))
        }
    }

    /// Collects the wakers of everybody for whom something has come. Returns
    /// the next deadline.
    fn settle(&mut self, link: &L) -> Option<u64> {
        let deadline = link.with(|machine| {
            machine.take_woken(&mut self.parties);
            machine.next_deadline()
        });
        if !self.parties.is_empty() {
            link.hub().settle(&mut self.parties, &mut self.wake);
        }
        if std::mem::take(&mut self.delivered) {
            link.hub().settle_streams(&mut self.wake);
        }
        deadline
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
