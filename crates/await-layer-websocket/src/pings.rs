//! Asking a silent peer for a sign of life.

use std::time::Duration;

use await_layer::{Heartbeat, KeepAlive};
use bytes::Bytes;
use tungstenite::Message;

/// WebSocket's own pings, which every peer answers.
pub(crate) struct Pings;

impl Heartbeat for Pings {
    type Frame = Message;

    fn beat(&mut self) -> Message {
        Message::Ping(Bytes::new())
    }

    /// Pongs are dropped above, with or without this.
    fn is_sign(&mut self, _: &Message) -> bool {
        false
    }
}

/// Without settings nobody is watched.
pub(crate) fn settings(keep_alive: Option<KeepAlive>) -> KeepAlive {
    keep_alive.unwrap_or_else(|| KeepAlive {
        interval: Duration::MAX,
        ..KeepAlive::default()
    })
}
