//! The JSON wire of the npm package ws-await, versions 3 and 4.
//!
//! A request and its reply have the same shape: a JSON object whose first
//! field, `awaitId` unless both ends say otherwise, holds an id. Any other
//! message is plain.

mod codec;
mod field;
mod plain;
#[cfg(test)]
mod tests;

use std::fmt;
use std::marker::PhantomData;

pub use codec::{WsAsk, WsAwaitCodec};

use crate::{Json, JsonFrame, Protocol, RandomText};

/// The ws-await wire over frames `F`.
///
/// ```
/// use await_layer::WsAwait;
///
/// let usual = WsAwait::<String>::new();
/// let other = WsAwait::<String>::new().field("rid").leave_await_id(true);
/// # let _ = (usual, other);
/// ```
///
/// The wire cannot say no, cancel or stream: a request that nobody answers
/// ends at the peer's timeout.
pub struct WsAwait<F> {
    codec: WsAwaitCodec,
    frame: PhantomData<fn() -> F>,
}

impl<F> WsAwait<F> {
    /// The field is `awaitId`, and it is taken off what is delivered.
    pub fn new() -> Self {
        Self {
            codec: WsAwaitCodec::new(),
            frame: PhantomData,
        }
    }

    /// Names the field that holds the id. Both ends must agree on it.
    #[must_use]
    pub fn field(mut self, name: &str) -> Self {
        self.codec = self.codec.field(name);
        self
    }

    /// Whether delivered messages keep the field. A message that kept it can
    /// not be sent on as it is: see [`WsAwaitCodec`].
    #[must_use]
    pub fn leave_await_id(mut self, leave: bool) -> Self {
        self.codec = self.codec.leave_await_id(leave);
        self
    }
}

impl<F> Clone for WsAwait<F> {
    fn clone(&self) -> Self {
        Self {
            codec: self.codec.clone(),
            frame: PhantomData,
        }
    }
}

impl<F> Default for WsAwait<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> fmt::Debug for WsAwait<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WsAwait").field(&self.codec).finish()
    }
}

impl<F: JsonFrame> Protocol for WsAwait<F> {
    type Frame = F;
    type Packer = Json;
    type Codec = WsAwaitCodec;
    type Ids = RandomText;

    fn into_parts(self) -> (Json, WsAwaitCodec, RandomText) {
        (Json, self.codec, RandomText::new())
    }
}
