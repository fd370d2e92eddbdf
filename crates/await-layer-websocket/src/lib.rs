//! What [await-layer](await_layer)'s adapters for WebSocket by tungstenite
//! have in common, whatever the runtime. `await-layer-tungstenite` (tokio) and
//! `await-layer-async-std` (smol, async-std) hand all of it on; this crate is
//! for whoever writes one more.
//!
//! | room | question it answers |
//! |---|---|
//! | [`Config`] | what may a connection hold, and what does it speak? |
//! | [`Frame`], [`Binary`] | what goes over it? |
//! | [`WebSocket`], [`Messages`] | how does a stream of messages fit the layer? |
//! | [`close`] | how do I end it with a code? |
//! | [`WebSocketError`], [`HandshakeError`] | why did it end, or never begin? |
#![cfg_attr(docsrs, feature(doc_cfg))]

mod capped;
mod close;
mod config;
mod error;
mod frame;
mod pings;
mod transport;

pub use capped::{Capped, CappedCodec};
pub use close::{InvalidClose, close};
pub use config::Config;
pub use error::{HandshakeError, WebSocketError};
pub use frame::{Binary, Frame};
pub use transport::{Messages, WebSocket};
pub use tungstenite;
