//! A transport whose peer makes frames as fast as they are read, and takes
//! what is written or never does. Nothing is stored in it: what is held is held
//! by the layer.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use await_layer::{Link, ManualTimer, Protocol};
use futures::{Sink, Stream};

use crate::peak::Peak;

/// The next frame of the peer's; `None` while it has none.
pub(crate) type Source<F> = Box<dyn FnMut() -> Option<F>>;
/// Woken when the peer has frames again.
pub(crate) type Reader = Rc<RefCell<Option<Waker>>>;
/// What the peer reads.
pub(crate) type Drain<F> = Box<dyn FnMut(F)>;

pub(crate) struct Hose<F> {
    source: Source<F>,
    reader: Reader,
    /// `None`: the sink is pending for ever.
    drain: Option<Drain<F>>,
    peak: Peak,
}

pub(crate) type LinkOf<P> = Link<Hose<<P as Protocol>::Frame>, P, ManualTimer>;

impl<F> Hose<F> {
    /// A peer that writes and reads.
    pub(crate) fn new(
        peak: &Peak,
        reader: &Reader,
        source: impl FnMut() -> Option<F> + 'static,
        drain: impl FnMut(F) + 'static,
    ) -> Self {
        Self {
            source: Box::new(source),
            reader: reader.clone(),
            drain: Some(Box::new(drain)),
            peak: peak.clone(),
        }
    }

    /// A peer that writes and does not read.
    pub(crate) fn stuck(
        peak: &Peak,
        reader: &Reader,
        source: impl FnMut() -> Option<F> + 'static,
    ) -> Self {
        Self {
            source: Box::new(source),
            reader: reader.clone(),
            drain: None,
            peak: peak.clone(),
        }
    }
}

/// Polls once, whoever was woken.
pub(crate) fn poll<T: Future + Unpin>(future: &mut T) -> Poll<T::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

impl<F> Unpin for Hose<F> {}

impl<F> Stream for Hose<F> {
    type Item = Result<F, Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.peak.look();
        match (this.source)() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => {
                *this.reader.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<F> Sink<F> for Hose<F> {
    type Error = Infallible;

    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        match self.drain {
            Some(_) => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    }

    fn start_send(self: Pin<&mut Self>, frame: F) -> Result<(), Infallible> {
        let drain = self.get_mut().drain.as_mut();
        drain.expect("ready before it is sent to")(frame);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.poll_ready(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.poll_ready(cx)
    }
}
