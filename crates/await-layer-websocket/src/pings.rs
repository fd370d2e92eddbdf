//! Asking a silent peer for a sign of life.

use await_layer::Heartbeat;
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
