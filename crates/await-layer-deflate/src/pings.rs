//! Asking a silent peer for a sign of life.

use std::task::{Context, Poll};

use await_layer::{Heartbeat, Sleep, Timer};
use bytes::Bytes;

use crate::reader::Received;

/// WebSocket's own pings, which every peer answers.
pub(crate) struct Pings;

impl Heartbeat for Pings {
    type Frame = Received;

    fn beat(&mut self) -> Received {
        Received::Ping(Bytes::new())
    }

    /// What is none is dropped above, with or without this.
    fn is_sign(&mut self, _: &Received) -> bool {
        false
    }
}

/// In place of the timer of a [`WebSocket`](crate::WebSocket) that does not
/// watch its peer: see [`kept_alive`](crate::WebSocket::kept_alive).
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Timer for Unwatched {
    type Sleep = Self;

    fn now(&self) -> u64 {
        0
    }

    fn sleep(&self) -> Self {
        Self
    }
}

impl Sleep for Unwatched {
    fn poll_until(&mut self, _: u64, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}
