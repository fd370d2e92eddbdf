//! What the sockets of a server may hold, and what they speak.

use std::error::Error;
use std::fmt;

use await_layer::{KeepAlive, Limits, WsAwait};
use axum::extract::ws::WebSocketUpgrade;

use crate::capped::Cap;
use crate::{Frame, Origins};

/// Bytes that wait together before they are written without being flushed.
const GATHERED: usize = 128 * 1024;
/// Allocated for each connection at once.
const READ_BUFFER: usize = 16 * 1024;
/// A frame's header, and pongs that got in before it.
const SLACK: usize = 512;

/// How to set up connections. All limits are finite by default, and only pages
/// of the server's own origin may connect.
///
/// Change the fields you need and keep the rest:
/// `Config { max_message: 4 << 20, ..Config::default() }`.
#[derive(Clone, Debug)]
pub struct Config<P = WsAwait<Frame>> {
    /// What messages mean: the ws-await JSON wire unless you choose another.
    pub protocol: P,
    /// Which web pages may connect. Default: those of this server, over http.
    pub origins: Origins,
    /// The subprotocols that are spoken, best first. The first that the client
    /// offers is chosen; a client whose offers are all unknown is refused; one
    /// that offers none is not. Default empty: offers are ignored.
    pub subprotocols: Vec<String>,
    /// What each layer may hold, and how long calls and closing may take.
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
    /// read makes us keep, which axum itself does not bound. One message of
    /// ours must fit beside what is gathered there (up to 128 KiB, or half of
    /// this if that is less). At least 1,024. Default 2 MiB.
    pub max_write_buffer: usize,
    /// Pings a client that is silent, and ends the connection if it stays so.
    /// Default `None`: a client that goes without a word is not noticed.
    pub keep_alive: Option<KeepAlive>,
}

impl<P> Config<P> {
    /// The defaults with this protocol.
    pub fn new(protocol: P) -> Self {
        Self {
            protocol,
            origins: Origins::default(),
            subprotocols: Vec::new(),
            limits: Limits::default(),
            max_message: 1 << 20,
            max_frame: 1 << 20,
            max_write_buffer: 2 << 20,
            keep_alive: None,
        }
    }

    /// axum's own upgrade with the limits of this configuration.
    pub(crate) fn bound(&self, upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
        upgrade
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(self.gathered())
            .max_write_buffer_size(self.max_write_buffer)
            .max_message_size(self.max_message)
            .max_frame_size(self.max_frame)
    }

    /// Whether it can work.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.max_write_buffer < 2 * SLACK {
            return Err(ConfigError::WriteBuffer(self.max_write_buffer));
        }
        match self.subprotocols.iter().find(|name| !is_token(name)) {
            Some(name) => Err(ConfigError::Subprotocol(name.clone())),
            None => Ok(()),
        }
    }

    /// The largest message of ours that always fits, and the limit it obeys.
    pub(crate) fn largest_sent(&self) -> Cap {
        let fits = self
            .max_write_buffer
            .saturating_sub(self.gathered())
            .saturating_sub(SLACK);
        let (bytes, limit) = if fits < self.max_message {
            (fits, "max_write_buffer")
        } else {
            (self.max_message, "max_message")
        };
        Cap { bytes, limit }
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

/// What RFC 9110 calls a token, as a subprotocol must be.
fn is_token(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(allowed)
}

/// A configuration that cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// `max_write_buffer` is this, and must be 1,024 or more.
    WriteBuffer(usize),
    /// `subprotocols` holds this, which cannot stand in a header. Use letters,
    /// digits, `-` and `.`.
    Subprotocol(String),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WriteBuffer(bytes) => {
                write!(f, "max_write_buffer is {bytes}; it must be 1024 or more")
            }
            Self::Subprotocol(name) => {
                write!(
                    f,
                    "the subprotocol {name:?} is no token: use letters, digits, - and ."
                )
            }
        }
    }
}

impl Error for ConfigError {}
