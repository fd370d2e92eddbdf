//! What a connection may hold, what it speaks, and how it compresses.

use await_layer::{KeepAlive, Limits, WsAwait};

use crate::{Frame, HandshakeError, Unsupported};

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
    /// Bytes of one message, after decompression. A larger one from the peer
    /// ends the connection with code 1009 as soon as it passes the limit,
    /// since memory must not be the peer's to spend; a larger one of ours
    /// fails alone and is not written. Default 1 MiB.
    pub max_message: usize,
    /// Compression to offer or accept; `None` for none. Whether there is any
    /// is up to both ends: see [`WebSocket::agreed`](crate::WebSocket::agreed).
    pub deflate: Option<Deflate>,
    /// What becomes of options that cannot be had. They are refused by default.
    pub unsupported: Unsupported,
    /// Pings a peer that is silent, and ends the connection if it stays so.
    /// Default `None`: a peer that goes without a word is not noticed.
    pub keep_alive: Option<KeepAlive>,
}

/// How to compress, where both ends agree to (permessage-deflate, RFC 7692).
///
/// Compressing takes some 380 kB of memory for each connection, decompressing
/// some 48 kB, from the first compressed message on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflate {
    /// From 1, fast, to 9, small. Default 6.
    pub level: u32,
    /// Messages of fewer bytes are compressed only if their
    /// [options](crate::SendOptions) say so. Default 1024, as in npm's ws.
    pub threshold: usize,
    /// Whether what this end sent before helps to compress what it sends next.
    /// Better on small messages that resemble each other, unless one holds a
    /// secret and another what a stranger chose. The peer can forbid it.
    /// Default true.
    pub own_context: bool,
    /// The same for what the peer sends. `false` forbids it. Default true.
    pub peer_context: bool,
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            level: 6,
            threshold: 1024,
            own_context: true,
            peer_context: true,
        }
    }
}

impl<P> Config<P> {
    /// The default limits with this protocol.
    pub fn new(protocol: P) -> Self {
        Self {
            protocol,
            limits: Limits::default(),
            max_message: 1 << 20,
            deflate: Some(Deflate::default()),
            unsupported: Unsupported::default(),
            keep_alive: None,
        }
    }

    /// Whether it can work. Connecting and accepting ask first.
    ///
    /// # Errors
    /// [`HandshakeError::Config`], with the field to change.
    pub fn check(&self) -> Result<(), HandshakeError> {
        match self.deflate {
            Some(Deflate { level, .. }) if !(1..=9).contains(&level) => {
                Err(HandshakeError::Config(
                    "deflate.level must be 1 to 9; for no compression, set deflate to None",
                ))
            }
            _ => Ok(()),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new(WsAwait::new())
    }
}
