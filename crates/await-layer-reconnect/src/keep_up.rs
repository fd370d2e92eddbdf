//! Having a connection all the time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use await_layer::Driver;

use crate::Connect;
use crate::connected::Connected;
use crate::error::GaveUp;
use crate::reconnect::Reconnect;

/// Drives each connection and makes the next. Ready when it gives up.
///
/// Made by [`Reconnect::keep_up`]; meant to be spawned. It keeps the
/// `Reconnect` and its connection alive until [`Reconnect::stop`] is called or
/// it is dropped.
///
/// # Cancel safety
/// Dropping it loses nothing: others dial and drive as far as they wait.
#[must_use = "futures do nothing unless they are polled"]
pub struct KeepUp<C: Connect> {
    connected: Connected<C>,
    driver: Option<Driver<C::Link>>,
}

impl<C: Connect> KeepUp<C> {
    pub(crate) fn new(reconnect: Reconnect<C>) -> Self {
        Self {
            connected: Connected::new(reconnect),
            driver: None,
        }
    }
}

impl<C: Connect> Unpin for KeepUp<C> {}

impl<C: Connect> Future for KeepUp<C> {
    type Output = GaveUp<C::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            if let Some(driver) = &mut this.driver {
                ready!(Pin::new(driver).poll(cx));
                this.driver = None;
            }
            match ready!(Pin::new(&mut this.connected).poll(cx)) {
                Ok(handle) => this.driver = Some(handle.driver()),
                Err(why) => return Poll::Ready(why),
            }
        }
    }
}

impl<C: Connect> fmt::Debug for KeepUp<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeepUp")
            .field("drives", &self.driver.is_some())
            .finish_non_exhaustive()
    }
}
