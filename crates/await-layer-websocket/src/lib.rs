//! What [await-layer](await_layer)'s adapters for WebSocket have in common,
//! whatever the runtime and the library. `await-layer-tungstenite` (tokio),
//! `await-layer-async-std` (smol, async-std) and `await-layer-axum` hand it on;
//! this crate is for whoever writes one more.
//!
//! | room | question it answers |
//! |---|---|
//! | [`Config`] | what may a connection hold, and what does it speak? |
//! | [`Frame`], [`Binary`] | what goes over it? |
//! | [`WebSocket`], [`Messages`], [`Fault`] | how does a library's stream of messages fit the layer? |
//! | [`close`], [`Parting`] | how do I end it with a code? |
//! | [`WebSocketError`], [`HandshakeError`] | why did it end, or never begin? |
#![cfg_attr(docsrs, feature(doc_cfg))]
// Nothing that a peer sends may end a thread.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod capped;
mod close;
mod config;
mod error;
mod fault;
mod frame;
mod parting;
mod pings;
mod transport;

pub use capped::{Capped, CappedCodec};
pub use close::{Goodbye, InvalidClose, close};
pub use config::Config;
pub use error::{HandshakeError, WebSocketError};
pub use fault::{Fault, FaultKind};
pub use frame::{Binary, Frame};
pub use parting::Parting;
pub use transport::{Messages, WebSocket};
pub use tungstenite;
