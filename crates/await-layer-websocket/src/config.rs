//! What a connection may hold, and what it speaks.

use await_layer::{KeepAlive, Limits, WsAwait};
use tungstenite::protocol::WebSocketConfig;

use crate::{Frame, HandshakeError};

/// Bytes that wait together before they are written without being flushed.
const GATHERED: usize = 128 * 1024;
/// Allocated for each connection at once.
const READ_BUFFER: usize = 16 * 1024;
/// A frame's header, and pongs that got in before it.
const SLACK: usize = 512;

/// How to set up a connection. All limits are finite by default.
///
/// Change the fields you need and keep the rest:
/// `Config { max_message: 4 << 20, ..Config::default() }`.
#[derive(Clone, Debug)]
pub struct Config<P = WsAwait<Frame>> {
    /// What messages mean: the ws-await JSON wire unless you choose another.
    pub protocol: P,
    /// What the layer may hold, and how long calls may take.
    pub limits: Limits,
    /// Bytes of one message. A larger one from the peer ends the connection
    /// with code 1009, since memory must not be the peer's to spend; a larger
    /// one of ours fails alone and is not written. Default 1 MiB.
    pub max_message: usize,
    /// Bytes of one frame of a message from the peer, which may come in
    /// several. A buffer of the size that a frame's header names is reserved
    /// up to this limit. Default 1 MiB.
    pub max_frame: usize,
    /// Bytes that wait for the network at this end: what a peer that does not
    /// read makes us keep, which tungstenite itself does not bound. One message of ours must
    /// fit beside what is gathered there (up to 128 KiB, or half of this if
    /// that is less). Default 2 MiB.
    pub max_write_buffer: usize,
    /// Pings a peer that is silent, and ends the connection if it stays so.
    /// Default `None`: a peer that goes without a word is not noticed.
    pub keep_alive: Option<KeepAlive>,
}

impl<P> Config<P> {
    /// The default limits with this protocol.
    pub fn new(protocol: P) -> Self {
        Self {
            protocol,
            limits: Limits::default(),
            max_message: 1 << 20,
            max_frame: 1 << 20,
            max_write_buffer: 2 << 20,
            keep_alive: None,
        }
    }

    /// The same with another protocol.
    pub fn protocol<Q>(self, protocol: Q) -> Config<Q> {
        Config {
            protocol,
            limits: self.limits,
            max_message: self.max_message,
            max_frame: self.max_frame,
            max_write_buffer: self.max_write_buffer,
            keep_alive: self.keep_alive,
        }
    }

    /// For whoever makes tungstenite's stream without this crate: its limits
    /// as tungstenite has them.
    ///
    /// # Errors
    /// [`HandshakeError::Config`] when a buffer is too small to work.
    pub fn websocket(&self) -> Result<WebSocketConfig, HandshakeError> {
        if self.max_write_buffer < 2 * SLACK {
            return Err(HandshakeError::Config(
                "max_write_buffer must be 1024 bytes or more",
            ));
        }
        Ok(WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(self.gathered())
            .max_write_buffer_size(self.max_write_buffer)
            .max_message_size(Some(self.max_message))
            .max_frame_size(Some(self.max_frame)))
    }

    /// The largest message of ours that always fits, and the limit it obeys.
    pub(crate) fn largest_sent(&self) -> (usize, &'static str) {
        let fits = self
            .max_write_buffer
            .saturating_sub(self.gathered())
            .saturating_sub(SLACK);
        if fits < self.max_message {
            (fits, "max_write_buffer")
        } else {
            (self.max_message, "max_message")
        }
    }

    fn gathered(&self) -> usize {
        GATHERED.min(self.max_write_buffer / 2)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new(WsAwait::new())
    }
}
