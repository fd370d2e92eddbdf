//! How bytes are framed, what the frames mean, and what may be held.

use await_layer::{Limits, WsAwait};
use bytes::Bytes;

use crate::{ContentLength, LengthDelimited, Lines};

/// How to set up a connection. All limits are finite by default.
///
/// Change the fields you need and keep the rest:
/// `Config { framing: Lines::new().max_line(4096), ..Config::lines() }`.
#[derive(Clone, Debug)]
pub struct Config<C, P = WsAwait<Bytes>> {
    /// Where frames end, and how large they may be.
    pub framing: C,
    /// What they mean: the ws-await JSON wire unless you choose another.
    pub protocol: P,
    /// What the layer may hold, and how long calls may take.
    pub limits: Limits,
}

impl<C, P> Config<C, P> {
    /// This framing and protocol with the default limits.
    pub fn new(framing: C, protocol: P) -> Self {
        Self {
            framing,
            protocol,
            limits: Limits::default(),
        }
    }

    /// The same with another protocol.
    pub fn protocol<Q>(self, protocol: Q) -> Config<C, Q> {
        Config {
            framing: self.framing,
            protocol,
            limits: self.limits,
        }
    }
}

impl Config<LengthDelimited> {
    /// ws-await JSON in frames with a length before them.
    #[must_use]
    pub fn length_delimited() -> Self {
        Self::new(LengthDelimited::new(), WsAwait::new())
    }
}

impl Config<Lines> {
    /// ws-await JSON, one message to a line.
    #[must_use]
    pub fn lines() -> Self {
        Self::new(Lines::new(), WsAwait::new())
    }
}

impl Config<ContentLength> {
    /// ws-await JSON in frames with headers, as language servers have them.
    #[must_use]
    pub fn content_length() -> Self {
        Self::new(ContentLength::new(), WsAwait::new())
    }
}

impl Default for Config<LengthDelimited> {
    fn default() -> Self {
        Self::length_delimited()
    }
}
