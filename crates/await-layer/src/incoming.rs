//! What the peer starts.

use std::fmt;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_channel::TryRecvError;
use futures_core::Stream;

use crate::caught;
use crate::connection::Connection;
use crate::hub::{Kind, Work};
use crate::link::Events;
use crate::machine::arena::Key;
use crate::party::Party;
use crate::responder::{Request, Responder};

/// What the driver queues.
pub(crate) enum Queued<F, E> {
    Message {
        frame: F,
        size: usize,
    },
    Request {
        frame: F,
        ask: Key,
    },
    Lagged(u64),
    /// The transport's last word.
    Failed(E),
}

/// Something that the peer started.
#[non_exhaustive]
pub enum Event<L: Connection> {
    /// A message that belongs to no request.
    Message(L::Frame),
    /// A request, to be answered through its responder.
    Request(Request<L>),
    /// This many messages came here and were dropped, because those before
    /// them were not taken in time ([`Overflow::Lag`](crate::Overflow::Lag)).
    Lagged(u64),
}

impl<L: Connection> fmt::Debug for Event<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(_) => f.write_str("Message(..)"),
            Self::Request(_) => f.write_str("Request(..)"),
            Self::Lagged(n) => f.debug_tuple("Lagged").field(n).finish(),
        }
    }
}

/// The messages and requests of the peer, in wire order.
///
/// A stream that ends with the connection. Polling it drives the connection.
/// Dropping it refuses the requests that are queued and those that still come;
/// messages are dropped and counted from then on.
///
/// Taking the next event is cancel safe.
#[must_use = "streams do nothing unless they are polled"]
pub struct Incoming<L: Connection> {
    pub(crate) link: Arc<L>,
    events: Events<L::Frame, L::Error>,
    party: Party,
}

impl<L: Connection> Incoming<L> {
    pub(crate) fn new(link: Arc<L>, events: Events<L::Frame, L::Error>) -> Self {
        Self {
            link,
            events,
            party: Party::new(Kind::Stream),
        }
    }

    /// The next thing queued, driving if there is none.
    pub(crate) fn poll_queued(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Queued<L::Frame, L::Error>>> {
        let events = &self.events;
        loop {
            if let Some(queued) = pop(&*self.link, events) {
                return Poll::Ready(queued);
            }
            let polled = self.party.poll(&*self.link, cx, Work::None, |machine| {
                (!events.is_empty() || events.is_closed() || machine.has_lagged()).then_some(())
            });
            // What came before it stood among those that wait has woken nobody.
            if polled.is_pending() && events.is_empty() {
                return Poll::Pending;
            }
            self.party.rest(&*self.link);
        }
    }

    /// Drives, takes nothing and is never ready.
    pub(crate) fn poll_drive(&mut self, cx: &mut Context<'_>) {
        let _: Poll<()> = self.party.poll(&*self.link, cx, Work::None, |_| None);
    }

    pub(crate) fn event(&self, queued: Queued<L::Frame, L::Error>) -> Option<Event<L>> {
        match queued {
            Queued::Message { frame, .. } => Some(Event::Message(frame)),
            Queued::Request { frame, ask } => Some(Event::Request(Request {
                frame,
                responder: Responder::new(&self.link, ask),
            })),
            Queued::Lagged(n) => Some(Event::Lagged(n)),
            Queued::Failed(_) => None,
        }
    }
}

/// `None`: nothing there. `Some(None)`: nothing will come.
fn pop<L: Connection>(
    link: &L,
    events: &Events<L::Frame, L::Error>,
) -> Option<Option<Queued<L::Frame, L::Error>>> {
    let queued = match events.try_recv() {
        Ok(queued) => queued,
        Err(error) => {
            let lagged = link.with(|machine| machine.take_lagged());
            return match error {
                _ if lagged > 0 => Some(Some(Queued::Lagged(lagged))),
                TryRecvError::Closed => Some(None),
                TryRecvError::Empty => None,
            };
        }
    };
    let resumes = link.with(|machine| match &queued {
        Queued::Message { size, .. } => machine.message_taken(*size),
        Queued::Request { ask, .. } => {
            machine.ask_is_taken(*ask);
            false
        }
        Queued::Lagged(_) | Queued::Failed(_) => false,
    });
    if resumes {
        // There is room again: reading goes on.
        link.hub().notify();
    }
    Some(Some(queued))
}

impl<L: Connection> Unpin for Incoming<L> {}

impl<L: Connection> Stream for Incoming<L> {
    type Item = Event<L>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event<L>>> {
        let this = self.get_mut();
        this.poll_queued(cx)
            .map(|queued| queued.and_then(|queued| this.event(queued)))
    }
}

impl<L: Connection> Drop for Incoming<L> {
    fn drop(&mut self) {
        // First: what the driver would queue from now on it drops or gets back.
        let paused = self.link.with(|machine| machine.forsake_messages());
        self.events.close();
        let mut panic = None;
        while let Ok(queued) = self.events.try_recv() {
            let event = self.event(queued);
            // An event that is dropped refuses its request; a frame may panic.
            caught::run(&mut panic, || drop(event));
        }
        caught::run(&mut panic, || self.party.leave(&*self.link));
        if paused {
            self.link.hub().notify();
        }
        if let Some(panic) = panic {
            if !std::thread::panicking() {
                resume_unwind(panic);
            }
        }
    }
}

impl<L: Connection> fmt::Debug for Incoming<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("queued", &self.events.len())
            .finish_non_exhaustive()
    }
}
