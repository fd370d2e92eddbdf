//! [await-layer](await_layer) over WebSocket with compression, chosen for each
//! message.
//!
//! permessage-deflate (RFC 7692) is agreed on when both ends can; then
//! [`SendOptions`] say for each message whether it is compressed, and whether
//! it goes out in fragments. Without further choice it speaks the JSON wire of
//! the npm package ws-await.
//!
//! ```
//! # #[cfg(feature = "tokio")]
//! # use await_layer_deflate::{Config, Event, SendOptions, With, accept, connect};
//! # use futures::StreamExt;
//! # use serde_json::{Value, json};
//! # #[cfg(feature = "tokio")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let url = format!("ws://{}", listener.local_addr()?);
//! let server = async {
//!     let (stream, _) = listener.accept().await?;
//!     let (_, mut incoming) = accept(stream, Config::default()).await?.split();
//!     while let Some(event) = incoming.next().await {
//!         if let Event::Request(it) = event {
//!             // Large enough to be compressed.
//!             it.responder.reply(&json!({ "is": "so ".repeat(1000) })).await?;
//!         }
//!     }
//!     Ok::<_, Box<dyn std::error::Error>>(())
//! };
//! let client = async {
//!     let layer = connect(url, Config::default()).await?;
//!     let plain = SendOptions { compress: Some(false), ..SendOptions::default() };
//!     let reply: Value = layer.send_await(&With(json!({ "what": "is it?" }), plain)).await?;
//!     Ok(reply)
//! };
//! assert_eq!(tokio::try_join!(server, client)?.1, json!({ "is": "so ".repeat(1000) }));
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "tokio"))]
//! # fn main() {}
//! ```
//!
//! | room | question it answers |
//! |---|---|
//! | `connect`, `accept`, [`connect_on`], [`accept_on`] | how do I get a connection? |
//! | [`Config`], [`Deflate`] | what may it hold, what does it speak, how does it compress? |
//! | [`Frame`], [`SendOptions`], [`With`] | what goes over it, and how? |
//! | [`Unsupported`], [`Ignored`] | what if an option cannot be had? |
//! | [`WebSocket`], [`Agreed`], [`Unwatched`] | how does it fit the layer, and what did the ends agree on? |
//! | [`close`] | how do I end it with a code? |
//! | [`WebSocketError`], [`HandshakeError`] | why did it end, or never begin? |
//!
//! `Config { keep_alive: Some(KeepAlive::default()), ..Config::default() }` pings
//! a peer that is silent and ends the connection if it stays so.
//!
//! A connection that must answer pings and see its end while nobody calls or
//! reads wants `tokio::spawn(handle.driver())`.
//!
//! # Features
//!
//! | feature | gives |
//! |---|---|
//! | `tokio` (default) | `connect` and `accept` over tokio's TCP |
//!
//! Without it nothing of a runtime is pulled in: `connect_on` and `accept_on`
//! take any stream of `futures-io` and the timer of its runtime.
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

#[cfg(all(doctest, feature = "tokio"))]
#[doc = include_str!("../README.md")]
struct Readme;

mod accept;
mod capped;
mod compress;
mod config;
mod connect;
mod error;
mod extension;
mod frame;
mod handshake;
mod inflate;
mod mask;
mod options;
mod pings;
mod reader;
mod role;
mod rules;
mod transport;
mod wire;
mod writer;

#[cfg(feature = "tokio")]
pub use accept::accept;
pub use accept::accept_on;
pub use await_layer::KeepAlive;
pub use await_layer_websocket::{Goodbye, InvalidClose, close};
pub use capped::{Capped, CappedCodec};
pub use config::{Config, Deflate};
#[cfg(feature = "tokio")]
pub use connect::connect;
pub use connect::{connect_on, layer};
pub use error::{HandshakeError, WebSocketError};
pub use extension::Agreed;
pub use frame::Frame;
pub use options::{Ignored, SendOptions, Unsupported, With};
pub use pings::Unwatched;
pub use role::Role;
pub use transport::WebSocket;
pub use tungstenite;

#[cfg(feature = "tokio")]
pub use aliases::{Call, Event, Handle, Incoming, Layer, Link, Request, Responder, Tcp};

/// A connection, as [`connect_on`] and [`accept_on`] return it.
#[cfg(not(feature = "tokio"))]
pub type Layer<T, P, M> = await_layer::AwaitLayer<WebSocket<T, M>, Capped<P>, M>;
/// Names the kind of connection.
#[cfg(not(feature = "tokio"))]
pub type Link<T, P, M> = await_layer::Link<WebSocket<T, M>, Capped<P>, M>;

/// Their parameters default to ws-await over TCP, so that a struct can hold a
/// `Handle` and have no parameters itself.
#[cfg(feature = "tokio")]
mod aliases {
    use await_layer::{AwaitLayer, TokioTimer, WsAwait};

    use crate::{Capped, Frame, WebSocket};

    /// tokio's TCP.
    pub type Tcp = tokio_util::compat::Compat<tokio::net::TcpStream>;
    /// A connection, as [`connect()`](crate::connect()) and
    /// [`accept()`](crate::accept()) return it.
    pub type Layer<T = Tcp, P = WsAwait<Frame>, M = TokioTimer> =
        AwaitLayer<WebSocket<T, M>, Capped<P>, M>;
    /// Names the kind of connection.
    pub type Link<T = Tcp, P = WsAwait<Frame>, M = TokioTimer> =
        await_layer::Link<WebSocket<T, M>, Capped<P>, M>;
    /// To call and send with.
    pub type Handle<L = Link> = await_layer::Handle<L>;
    /// A call whose reply is an `R`.
    pub type Call<R, L = Link> = await_layer::Call<L, R>;
    /// What the peer starts.
    pub type Incoming<L = Link> = await_layer::Incoming<L>;
    /// A message or a request of the peer's.
    pub type Event<L = Link> = await_layer::Event<L>;
    /// A request of the peer's.
    pub type Request<L = Link> = await_layer::Request<L>;
    /// The right to answer a request.
    pub type Responder<L = Link> = await_layer::Responder<L>;
}
