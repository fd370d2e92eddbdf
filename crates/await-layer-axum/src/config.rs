//! What the sockets of a server may hold, and what they speak.

use std::error::Error;
use std::fmt;

use await_layer::{KeepAlive, Limits, WsAwait};
use await_layer_websocket::tungstenite::protocol::WebSocketConfig;
use axum::extract::ws::WebSocketUpgrade;

use crate::{Frame, Origins};

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

    /// The part of it that is of WebSockets, wherever they come from.
    pub(crate) fn websocket(&self) -> await_layer_websocket::Config<P>
    where
        P: Clone,
    {
        await_layer_websocket::Config {
            protocol: self.protocol.clone(),
            limits: self.limits.clone(),
            max_message: self.max_message,
            max_frame: self.max_frame,
            max_write_buffer: self.max_write_buffer,
            keep_alive: self.keep_alive,
        }
    }

    /// Tungstenite's limits, if it can work.
    pub(crate) fn check(&self) -> Result<WebSocketConfig, ConfigError>
    where
        P: Clone,
    {
        let limits = self.websocket().websocket();
        let limits = limits.map_err(|_| ConfigError::WriteBuffer(self.max_write_buffer))?;
        match self.subprotocols.iter().find(|name| !is_token(name)) {
            Some(name) => Err(ConfigError::Subprotocol(name.clone())),
            None => Ok(limits),
        }
    }
}

/// axum's own upgrade with these limits.
pub(crate) fn bound(upgrade: WebSocketUpgrade, limits: &WebSocketConfig) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(limits.read_buffer_size)
        .write_buffer_size(limits.write_buffer_size)
        .max_write_buffer_size(limits.max_write_buffer_size)
        .max_message_size(limits.max_message_size.unwrap_or(usize::MAX))
        .max_frame_size(limits.max_frame_size.unwrap_or(usize::MAX))
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
    /// `max_write_buffer` is this, which holds no message. Raise it to 1,024 or
    /// more.
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
