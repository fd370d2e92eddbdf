//! What a connection may hold.

use await_layer::{KeepAlive, Limits};
use await_layer_deflate::Deflate;

use crate::{ConnectError, Settings};

/// How to set up a connection: the [`Settings`], which can be changed later,
/// and limits, which cannot. All are finite by default.
///
/// `Settings` alone will do: `connect(url, Settings::new())`.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the original has settings for.
    pub settings: Settings,
    /// What the layer may hold. Its `call_timeout` is not used: `await_timeout`
    /// takes its place.
    pub limits: Limits,
    /// Bytes of one message, in either direction. A larger one of the peer's
    /// ends the connection with code 1009, a larger one of ours fails alone.
    /// Default 1 MiB.
    pub max_message: usize,
    /// Compression to offer to the server, or to accept of the client
    /// (permessage-deflate, the original's `perMessageDeflate`). If the other
    /// end agrees, [`SendOptions::compress`](crate::SendOptions::compress)
    /// decides for each message; if not, there is none. Default `None`.
    pub deflate: Option<Deflate>,
    /// Pings a peer that is silent, and ends the connection if it stays so, with
    /// [`Cause::Silent`](crate::Cause::Silent). The pongs that answer are
    /// events as others are. Not looked at by
    /// [`over`](crate::WebSocketAwait::over). Default `None`, as in the original:
    /// a peer that goes without a word is not noticed.
    pub keep_alive: Option<KeepAlive>,
}

impl Default for Config {
    fn default() -> Self {
        Settings::default().into()
    }
}

impl From<Settings> for Config {
    fn from(settings: Settings) -> Self {
        Self {
            settings,
            limits: Limits::default(),
            max_message: 1 << 20,
            deflate: None,
            keep_alive: None,
        }
    }
}

/// Gathered in the adapter's write buffer, and room for headers.
const BESIDE: usize = 256 * 1024;

impl Config {
    /// For tungstenite: its buffer must always have room for one message.
    pub(crate) fn adapter(&self) -> await_layer_tungstenite::Config {
        let max_message = self.max_message;
        let usual = await_layer_tungstenite::Config::default();
        let least = max_message.saturating_add(BESIDE);
        await_layer_tungstenite::Config {
            max_message,
            max_frame: max_message,
            max_write_buffer: usual.max_write_buffer.max(least),
            ..usual
        }
    }

    /// For the transport that compresses, if that is asked for.
    pub(crate) fn compressing(&self) -> Result<Option<await_layer_deflate::Config>, ConnectError> {
        let Some(deflate) = self.deflate else {
            return Ok(None);
        };
        let config = await_layer_deflate::Config {
            max_message: self.max_message,
            deflate: Some(deflate),
            ..await_layer_deflate::Config::default()
        };
        config.check()?;
        Ok(Some(config))
    }
}
