//! The adapter around a transport.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;

use crate::call::Call;
use crate::connection::Drive;
use crate::error::SendError;
use crate::handle::Handle;
use crate::incoming::{Incoming, Queued};
use crate::link::Link;
use crate::machine::Limits;
use crate::outlet::Outlet;
use crate::packer::{PackedBy, Unpack};
use crate::transport::Transport;
use crate::{Protocol, Timer};

/// A transport with `send_await`.
///
/// Wraps any `Sink + Stream` of frames and is one itself: frames that carry no
/// id pass through unchanged and in order, so it fits wherever the transport
/// did. Requests of the peer's are refused until [`split`](Self::split) hands
/// out an [`Incoming`] that takes them.
///
/// Three ways to use it, with the same meaning: poll it as a stream, spawn
/// [`Handle::driver`], or do neither: whatever is awaited drives.
///
/// What that does not give: while nothing is polled, pings go unanswered, the
/// end of the connection goes unseen, and a cancel or a refusal waits. A
/// connection that lives long wants its driver spawned or its stream polled.
#[must_use = "a layer does nothing unless it or something of it is polled"]
pub struct AwaitLayer<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    incoming: Incoming<Link<S, P, T>>,
    outlet: Outlet<Link<S, P, T>>,
}

#[cfg(feature = "default-timer")]
impl<S, P> AwaitLayer<S, P, crate::DefaultTimer>
where
    S: Transport<P::Frame>,
    P: Protocol,
{
    /// Wraps `io`, with the timer that needs no runtime and the default limits.
    pub fn new(io: S, protocol: P) -> Self {
        Self::with(io, protocol, crate::DefaultTimer::new(), Limits::default())
    }
}

impl<S, P, T> AwaitLayer<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    /// Wraps `io`, with your own timer and limits.
    pub fn with(io: S, protocol: P, timer: T, limits: Limits) -> Self {
        let (link, events) = Link::open(io, protocol, timer, limits);
        Self {
            incoming: Incoming::new(link.clone(), events),
            outlet: Outlet::new(link),
        }
    }

    /// A handle on the connection.
    pub fn handle(&self) -> Handle<Link<S, P, T>> {
        Handle {
            link: self.incoming.link.clone(),
        }
    }

    /// As [`Handle::send_await`].
    pub fn send_await<R>(
        &self,
        request: &(impl PackedBy<P::Frame, P::Packer> + ?Sized),
    ) -> Call<Link<S, P, T>, R>
    where
        P::Packer: Unpack<P::Frame, R>,
    {
        self.handle().send_await(request)
    }

    /// A handle, and the peer's messages and requests. From now on requests
    /// are taken.
    pub fn split(self) -> (Handle<Link<S, P, T>>, Incoming<Link<S, P, T>>) {
        self.incoming.link.serves().store(true, Ordering::Relaxed);
        (self.handle(), self.incoming)
    }
}

impl<S, P, T> Unpin for AwaitLayer<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
}

/// The peer's plain frames, as the transport yields them; then its error, if
/// it ended with one.
impl<S, P, T> Stream for AwaitLayer<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    type Item = Result<P::Frame, S::ReadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let incoming = &mut self.get_mut().incoming;
        loop {
            return Poll::Ready(match ready!(incoming.poll_queued(cx)) {
                None => None,
                Some(Queued::Message { frame, .. }) => Some(Ok(frame)),
                Some(Queued::Failed(error)) => Some(Err(error)),
                // Counted in the stats; a plain stream has no place to say it.
                Some(Queued::Lagged(_)) => continue,
                Some(queued @ Queued::Request { .. }) => {
                    drop(incoming.event(queued));
                    continue;
                }
            });
        }
    }
}

/// Plain frames, queued in order with calls and answers. Flushing is ready
/// once all frames that were sent here are flushed; closing is
/// [`Handle::close`].
///
/// # Errors
/// A [`SendError`] with the reason once the connection has ended.
impl<S, P, T> Sink<P::Frame> for AwaitLayer<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    type Error = SendError<P::Frame, Infallible>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.get_mut().outlet.poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, frame: P::Frame) -> Result<(), Self::Error> {
        self.outlet.start_send(frame)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.get_mut().outlet.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.get_mut().outlet.poll_close(cx)
    }
}

impl<S, P, T> fmt::Debug for AwaitLayer<S, P, T>
where
    S: Transport<P::Frame>,
    P: Protocol,
    T: Timer,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitLayer")
            .field("handle", &self.handle())
            .finish_non_exhaustive()
    }
}
