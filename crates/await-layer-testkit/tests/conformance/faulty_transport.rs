//! A sound transport, and one fault in it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use await_layer::memory::{Disconnected, Duplex};
use futures::{Sink, Stream};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Swaps neighbours.
    Reorders,
    /// Sends every frame twice.
    Doubles,
    /// Loses the wake for what comes in.
    Sleeps,
    /// Refuses to be closed.
    CloseFails,
    /// Ends with an error.
    EndsBadly,
}

pub(crate) struct Faulty {
    inner: Duplex<String>,
    fault: Fault,
    held: Option<String>,
    sent: u64,
}

impl Faulty {
    pub(crate) fn new(inner: Duplex<String>, fault: Fault) -> Self {
        Self {
            inner,
            fault,
            held: None,
            sent: 0,
        }
    }

    fn inner(&mut self) -> Pin<&mut Duplex<String>> {
        Pin::new(&mut self.inner)
    }
}

impl Sink<String> for Faulty {
    type Error = Disconnected;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Disconnected>> {
        self.inner().poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: String) -> Result<(), Disconnected> {
        self.sent += 1;
        if self.fault == Fault::Doubles {
            self.inner().start_send(frame.clone())?;
        }
        if self.fault == Fault::Reorders && self.sent % 2 == 1 {
            self.held = Some(frame);
            return Ok(());
        }
        self.inner().start_send(frame)?;
        match self.held.take() {
            Some(held) => self.inner().start_send(held),
            None => Ok(()),
        }
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Disconnected>> {
        if let Some(held) = self.held.take() {
            self.inner().start_send(held)?;
        }
        self.inner().poll_flush(cx)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Disconnected>> {
        if self.fault == Fault::CloseFails {
            return Poll::Ready(Err(Disconnected));
        }
        self.inner().poll_close(cx)
    }
}

impl Stream for Faulty {
    type Item = Result<String, Disconnected>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.fault == Fault::Sleeps {
            let mut deaf = Context::from_waker(std::task::Waker::noop());
            return self.inner().poll_next(&mut deaf);
        }
        Poll::Ready(match ready!(self.inner().poll_next(cx)) {
            None if self.fault == Fault::EndsBadly => Some(Err(Disconnected)),
            item => item,
        })
    }
}
