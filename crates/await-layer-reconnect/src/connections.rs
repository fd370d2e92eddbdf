//! One connection after the other.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use await_layer::{Closed, Handle};
use futures_core::Stream;

use crate::Connect;
use crate::connected::Connected;
use crate::reconnect::Reconnect;

/// A handle on every connection, as it is made: to show that there is one, or
/// to do what need not be done before others use it. It ends when the
/// `Reconnect` gives up or is stopped.
///
/// Made by [`Reconnect::connections`]. The next item is waited for, and dialed,
/// once the connection of the last has ended. Connections that come and go
/// while nobody polls are left out.
///
/// # Cancel safety
/// Dropping it loses nothing: others dial and drive as far as they wait.
#[must_use = "streams do nothing unless they are polled"]
pub struct Connections<C: Connect> {
    connected: Connected<C>,
    last: Option<Closed<C::Link>>,
    over: bool,
}

impl<C: Connect> Connections<C> {
    pub(crate) fn new(reconnect: Reconnect<C>) -> Self {
        Self {
            connected: Connected::new(reconnect),
            last: None,
            over: false,
        }
    }
}

impl<C: Connect> Unpin for Connections<C> {}

impl<C: Connect> Stream for Connections<C> {
    type Item = Handle<C::Link>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.over {
            return Poll::Ready(None);
        }
        if let Some(last) = &mut this.last {
            ready!(Pin::new(last).poll(cx));
            this.last = None;
        }
        let found = ready!(Pin::new(&mut this.connected).poll(cx)).ok();
        this.over = found.is_none();
        this.last = found.as_ref().map(Handle::closed);
        Poll::Ready(found)
    }
}

impl<C: Connect> fmt::Debug for Connections<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections")
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}
